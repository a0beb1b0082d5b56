"""Seeded clusters for the benchmarks, as plain Kubernetes objects.

`microservices` and `large` are made up to a stated shape; `observed` follows the statistics of a
real cluster that npinaeva/k8s-netpol-scale publishes (yaml-analysis/README).
"""

from __future__ import annotations

import random
from typing import Any

Manifest = dict[str, Any]

SEED = 20261122
DNS_PORTS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


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


def microservices(workloads: int, seed: int = SEED) -> list[Manifest]:
    """Workloads in namespaces of ten, with 4.3 policies for each workload.

    Per namespace: default deny both ways, DNS egress. Per workload: one ingress policy with
    three peers on a TCP port and the three matching egress policies; every tenth ingress
    policy has an ipBlock /16 except a /24 as one more peer.
    """
    rng = random.Random(seed)
    objects: list[Manifest] = []
    names = [(f"team-{index // 10}", f"app-{index}") for index in range(workloads)]
    ports = [rng.choice(range(8000, 8020)) for _ in names]
    for group in dict.fromkeys(each for each, _ in names):
        objects.append(namespace(group, {"team": group}))
        objects.append(
            network_policy(group, "deny-ingress", {"podSelector": {}, "policyTypes": ["Ingress"]})
        )
        objects.append(
            network_policy(group, "deny-egress", {"podSelector": {}, "policyTypes": ["Egress"]})
        )
        objects.append(
            network_policy(
                group,
                "dns",
                {
                    "podSelector": {},
                    "policyTypes": ["Egress"],
                    "egress": [
                        {
                            "to": [
                                {
                                    "namespaceSelector": {},
                                    "podSelector": selector(**{"k8s-app": "kube-dns"}),
                                }
                            ],
                            "ports": DNS_PORTS,
                        }
                    ],
                },
            )
        )
    for index, (group, name) in enumerate(names):
        objects.append(deployment(group, name, {"app": name}, ports[index]))
        callers = rng.sample(
            [each for each in range(workloads) if each != index], min(3, workloads - 1)
        )
        entry = [{"protocol": "TCP", "port": ports[index]}]
        peers = [_workload_peer(names[each]) for each in callers]
        if index % 10 == 0:
            second = rng.randrange(256)
            block = {
                "cidr": f"{rng.choice((172, 192, 203))}.{second}.0.0/16",
            }
            block["except"] = [block["cidr"].replace(".0.0/16", f".{rng.randrange(256)}.0/24")]  # type: ignore[assignment]
            peers.append({"ipBlock": block})
        objects.append(
            network_policy(
                group,
                f"to-{name}",
                {
                    "podSelector": selector(app=name),
                    "policyTypes": ["Ingress"],
                    "ingress": [{"from": peers, "ports": entry}],
                },
            )
        )
        for each in callers:
            caller_group, caller = names[each]
            objects.append(
                network_policy(
                    caller_group,
                    f"{caller}-to-{name}",
                    {
                        "podSelector": selector(app=caller),
                        "policyTypes": ["Egress"],
                        "egress": [{"to": [_workload_peer((group, name))], "ports": entry}],
                    },
                )
            )
    objects.append(namespace("kube-system"))
    objects.append(deployment("kube-system", "coredns", {"k8s-app": "kube-dns"}, 53))
    return objects


def _workload_peer(name: tuple[str, str]) -> Manifest:
    return {
        "namespaceSelector": selector(**{"kubernetes.io/metadata.name": name[0]}),
        "podSelector": selector(app=name[1]),
    }


def pod(
    namespace_name: str,
    name: str,
    labels: dict[str, str],
    owner: tuple[str, str],
    node: str,
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
            "uid": f"00000000-0000-4000-8000-{abs(hash((namespace_name, name))) % 10**12:012d}",
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
            "nodeName": node,
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
            "hostIP": "10.240.0.4",
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


def node(index: int) -> Manifest:
    """A Linux node with one internal address."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": f"aks-{index}",
            "labels": {"kubernetes.io/os": "linux", "kubernetes.io/hostname": f"aks-{index}"},
        },
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": f"10.240.{index // 250}.{index % 250 + 4}"},
                {"type": "Hostname", "address": f"aks-{index}"},
            ],
            "nodeInfo": {"operatingSystem": "linux"},
        },
    }


def _address(index: int) -> str:
    return f"10.{244 + index // 65000}.{index % 65000 // 250}.{index % 250 + 2}"


def large(
    pods: int = 20_000, nodes: int = 250, policies: int = 2_000, seed: int = SEED
) -> list[Manifest]:
    """A cluster at the edge of what NPM supports: `pods` on `nodes` under `policies`."""
    rng = random.Random(seed)
    groups = max(1, policies // 10)
    objects: list[Manifest] = [node(index) for index in range(nodes)]
    objects.extend(namespace(f"ns-{index}", {"team": f"t{index % 20}"}) for index in range(groups))
    applications: list[tuple[str, str, int]] = []
    for index in range(pods):
        replica = index % 10
        group = f"ns-{index // 10 % groups}"
        name = f"app-{index // 10}"
        port = 8000 + index // 10 % 20
        if replica == 0:
            applications.append((group, name, port))
        objects.append(
            pod(
                group,
                f"{name}-5d4f8c7b9-{replica:05d}",
                {
                    "app": name,
                    "tier": ("web", "api", "db")[index // 10 % 3],
                    "pod-template-hash": "5d4f8c7b9",
                },
                ("ReplicaSet", f"{name}-5d4f8c7b9"),
                f"aks-{rng.randrange(nodes)}",
                _address(index),
                port,
            )
        )
    for number in range(policies):
        group = f"ns-{number % groups}"
        own = [each for each in applications[number % groups :: groups]] or applications[:1]
        _, name, port = rng.choice(own)
        other_group, other, _ = rng.choice(applications)
        match number // groups:
            case 0:
                spec: Manifest = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
            case 1:
                spec = {
                    "podSelector": {},
                    "policyTypes": ["Egress"],
                    "egress": [{"to": [{"namespaceSelector": {}}], "ports": DNS_PORTS}],
                }
            case 2:
                spec = {
                    "podSelector": selector(tier="web"),
                    "ingress": [
                        {
                            "from": [
                                {
                                    "ipBlock": {
                                        "cidr": f"203.{number % 250}.0.0/16",
                                        "except": [f"203.{number % 250}.7.0/24"],
                                    }
                                }
                            ],
                            "ports": [{"port": port}],
                        }
                    ],
                }
            case each if each % 2:
                spec = {
                    "podSelector": selector(app=name),
                    "ingress": [
                        {
                            "from": [
                                _workload_peer((other_group, other)),
                                {"podSelector": selector(tier="api")},
                            ],
                            "ports": [{"port": port}],
                        }
                    ],
                }
            case _:
                spec = {
                    "podSelector": selector(app=name),
                    "policyTypes": ["Egress"],
                    "egress": [
                        {
                            "to": [{"namespaceSelector": selector(team=f"t{rng.randrange(20)}")}],
                            "ports": [{"port": port}],
                        }
                    ],
                }
        objects.append(network_policy(group, f"policy-{number}", spec))
    return objects


def observed(seed: int = SEED) -> list[Manifest]:
    """5,413 pods, 604 namespaces, 13,678 policies with 15,423 peers.

    3,559 policies select no pod, 495 only deny; a policy selects 13.1 pods and a peer 35.4 on
    average, 70 peers select 3,578; 0.54 CIDRs and 0.88 single ports a policy.
    """
    rng = random.Random(seed)
    namespaces, pods, policies = 604, 5_413, 13_678
    # Few large and many small namespaces, so that a selected set is larger than a namespace is
    # on average.
    weights = [1 / (rank + 12) ** 0.75 for rank in range(namespaces)]
    sizes = [1] * namespaces
    for chosen in rng.choices(range(namespaces), weights, k=pods - namespaces):
        sizes[chosen] += 1
    objects: list[Manifest] = []
    shared = set(rng.sample(range(namespaces), namespaces * 2 // 3))
    for index in range(namespaces):
        labels = {"env": f"e{index % 15}"}
        if index in shared:
            labels["mesh"] = "on"
        objects.append(namespace(f"ns-{index}", labels))
    serial = 0
    for index, size in enumerate(sizes):
        for number in range(size):
            name = f"app-{number // 2}"
            objects.append(
                pod(
                    f"ns-{index}",
                    f"{name}-7c9d-{number:05d}",
                    {"app": name, "part": f"p{number % 3}", "release": f"r{number // 2 % 7}"},
                    ("ReplicaSet", f"{name}-7c9d"),
                    f"aks-{rng.randrange(120)}",
                    _address(serial),
                    8080,
                )
            )
            serial += 1
    objects.extend(node(index) for index in range(120))
    homes = rng.choices(range(namespaces), [size**1.15 for size in sizes], k=policies)
    wide = set(rng.sample(range(policies), 70))
    for number, home in enumerate(homes):
        objects.append(
            network_policy(
                f"ns-{home}",
                f"policy-{number}",
                _observed_spec(rng, number, home, sizes, number in wide),
            )
        )
    return objects


def _observed_spec(
    rng: random.Random, number: int, home: int, sizes: list[int], wide: bool
) -> Manifest:
    kind = rng.random()
    if kind < 3_559 / 13_678:
        subject: Manifest = selector(app="retired")
    elif kind < 0.62:
        subject = {}
    else:
        subject = selector(part=f"p{rng.randrange(3)}")
    if rng.random() < 495 / 13_678:
        return {"podSelector": subject, "policyTypes": [rng.choice(["Ingress", "Egress"])]}
    peers: list[Manifest] = []
    for _ in range(rng.choice((1, 1, 1, 1, 1, 1, 1, 1, 1, 2))):
        draw = rng.random()
        if wide:
            peers.append({"namespaceSelector": selector(mesh="on")})
        elif draw < 0.45:
            peers.append({"podSelector": {}})
        elif draw < 0.6:
            peers.append({"podSelector": selector(part=f"p{rng.randrange(3)}")})
        elif draw < 0.72:
            other = rng.randrange(len(sizes))
            peers.append(
                {"namespaceSelector": selector(**{"kubernetes.io/metadata.name": f"ns-{other}"})}
            )
        elif draw < 0.735:
            peers.append({"namespaceSelector": selector(env=f"e{rng.randrange(15)}")})
    for _ in range(rng.choice((0, 0, 0, 1, 1, 1))):
        peers.append(
            {
                "ipBlock": {
                    "cidr": f"{rng.choice((100, 172, 192, 198))}.{rng.randrange(16, 32)}.{rng.randrange(256)}.0/24"
                }
            }
        )
    rule: Manifest = {}
    if peers:
        rule["from"] = peers
    count = rng.choice((0, 0, 1, 1, 1, 1, 1, 2))
    if count:
        rule["ports"] = [
            {
                "protocol": rng.choice(("TCP", "TCP", "TCP", "UDP")),
                "port": rng.choice(
                    (80, 443, 5432, 6379, 8080, 8443, 9090, 9092, 27017, 3306, 53, 15012, 15021)
                ),
            }
            for _ in range(count)
        ]
    if number % 3:
        return {"podSelector": subject, "policyTypes": ["Ingress"], "ingress": [rule]}
    if "from" in rule:
        rule["to"] = rule.pop("from")
    return {"podSelector": subject, "policyTypes": ["Egress"], "egress": [rule]}
