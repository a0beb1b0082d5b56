"""Kubernetes objects as plain values, for the generators."""

from __future__ import annotations

import zlib
from typing import Any

Manifest = dict[str, Any]


def namespace(name: str, labels: dict[str, str] | None = None) -> Manifest:
    """A Namespace."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/metadata.name": name, **(labels or {})},
        },
    }


def network_policy(namespace_name: str, name: str, spec: Manifest) -> Manifest:
    """A NetworkPolicy."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"namespace": namespace_name, "name": name},
        "spec": spec,
    }


def selector(**labels: str) -> Manifest:
    """A label selector."""
    return {"matchLabels": labels}


def deployment(namespace_name: str, name: str, labels: dict[str, str], port: int) -> Manifest:
    """A Deployment of two replicas with one container port."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": namespace_name, "name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "containers": [
                        {
                            "name": "main",
                            "image": f"registry.example/{name}:1",
                            "ports": [{"name": "main", "containerPort": port}],
                        }
                    ]
                },
            },
        },
    }


def pod(
    namespace_name: str,
    name: str,
    labels: dict[str, str],
    owner: tuple[str, str],
    node_number: int,
    address: str,
    port: int,
) -> Manifest:
    """A running Pod as `kubectl get -o json` prints it, with the fields that make it long."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace_name,
            "uid": _uid(namespace_name, name),
            "resourceVersion": "123456",
            "creationTimestamp": "2026-11-01T08:00:00Z",
            "generateName": f"{owner[1]}-",
            "labels": labels,
            "annotations": {"checksum/config": "0" * 64},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": owner[0],
                    "name": owner[1],
                    "uid": "00000000-0000-4000-8000-000000000001",
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": {
            "nodeName": node_name(node_number),
            "serviceAccountName": "default",
            "containers": [
                {
                    "name": "main",
                    "image": f"registry.example/{owner[1]}:1",
                    "imagePullPolicy": "IfNotPresent",
                    "ports": [{"name": "main", "containerPort": port, "protocol": "TCP"}],
                    "env": [{"name": f"SETTING_{index}", "value": "x" * 24} for index in range(12)],
                    "resources": {
                        "limits": {"memory": "256Mi"},
                        "requests": {"cpu": "100m", "memory": "128Mi"},
                    },
                    "livenessProbe": {
                        "httpGet": {"path": "/livez", "port": "main", "scheme": "HTTP"},
                        "periodSeconds": 10,
                        "timeoutSeconds": 1,
                        "successThreshold": 1,
                        "failureThreshold": 3,
                    },
                    "readinessProbe": {
                        "httpGet": {"path": "/readyz", "port": "main", "scheme": "HTTP"},
                        "periodSeconds": 10,
                        "timeoutSeconds": 1,
                        "successThreshold": 1,
                        "failureThreshold": 3,
                    },
                    "volumeMounts": [
                        {
                            "name": "token",
                            "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                            "readOnly": True,
                        }
                    ],
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                }
            ],
            "volumes": [
                {
                    "name": "token",
                    "projected": {
                        "defaultMode": 420,
                        "sources": [
                            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                            {
                                "configMap": {
                                    "name": "kube-root-ca.crt",
                                    "items": [{"key": "ca.crt", "path": "ca.crt"}],
                                }
                            },
                        ],
                    },
                }
            ],
            "tolerations": [
                {
                    "key": "node.kubernetes.io/not-ready",
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": 300,
                },
                {
                    "key": "node.kubernetes.io/unreachable",
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": 300,
                },
            ],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "terminationGracePeriodSeconds": 30,
        },
        "status": {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": node_address(node_number),
            "qosClass": "Burstable",
            "startTime": "2026-11-01T08:00:01Z",
            "conditions": [
                {
                    "type": kind,
                    "status": "True",
                    "lastProbeTime": None,
                    "lastTransitionTime": "2026-11-01T08:00:05Z",
                }
                for kind in (
                    "PodReadyToStartContainers",
                    "Initialized",
                    "Ready",
                    "ContainersReady",
                    "PodScheduled",
                )
            ],
            "containerStatuses": [
                {
                    "name": "main",
                    "ready": True,
                    "started": True,
                    "restartCount": 0,
                    "image": f"registry.example/{owner[1]}:1",
                    "imageID": "registry.example/x@sha256:" + "0" * 64,
                    "containerID": "containerd://" + "0" * 64,
                    "state": {"running": {"startedAt": "2026-11-01T08:00:04Z"}},
                    "lastState": {},
                }
            ],
        },
    }


def _uid(namespace_name: str, name: str) -> str:
    number = zlib.crc32(f"{namespace_name}/{name}".encode())
    return f"00000000-0000-4000-8000-{number:012d}"


def node(index: int) -> Manifest:
    """A Linux node with one internal address."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node_name(index),
            "labels": {"kubernetes.io/os": "linux", "kubernetes.io/hostname": node_name(index)},
        },
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": node_address(index)},
                {"type": "Hostname", "address": node_name(index)},
            ],
            "nodeInfo": {"operatingSystem": "linux"},
        },
    }


def node_name(index: int) -> str:
    """The name of a node by its number."""
    return f"aks-{index}"


def node_address(index: int) -> str:
    """The internal address of a node by its number."""
    return f"10.240.{index // 250}.{index % 250 + 4}"


def pod_address(index: int) -> str:
    """The address of a pod by its number."""
    return f"10.{244 + index // 65000}.{index % 65000 // 250}.{index % 250 + 2}"
