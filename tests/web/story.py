"""The manifests of the story that the tests tell: a client, a server, and a policy between them."""

from __future__ import annotations

from typing import Any

YAML = "application/yaml"

PODS = """\
apiVersion: v1
kind: Namespace
metadata: {name: demo}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: demo}
spec: {containers: [{name: main, image: busybox}]}
status: {phase: Running, podIP: 10.244.0.5}
---
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: demo, labels: {app: server}}
spec: {containers: [{name: main, image: nginx, ports: [{containerPort: 80, name: http}]}]}
status: {phase: Running, podIP: 10.244.0.6}
"""
LABELLED = PODS.replace(
    "{name: client, namespace: demo}", "{name: client, namespace: demo, labels: {app: client}}"
)
POLICY = """\
# Only clients may reach the server.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: demo-policy, namespace: demo}
spec:
  podSelector: {matchLabels: {app: server}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: client}}}]
    ports: [{port: 80}]
"""
FLOW: dict[str, Any] = {
    "source": {"namespace": "demo", "pod": "client"},
    "destination": {"namespace": "demo", "pod": "server"},
    "protocol": "TCP",
    "port": 80,
}
REVISIONS = "/v1/clusters/demo/revisions"
