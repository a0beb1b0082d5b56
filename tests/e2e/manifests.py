"""Manifests in bulk, each set unlike every other."""

from __future__ import annotations

import json
from typing import Any


def policies(mark: str, count: int) -> str:
    """YAML with a namespace and this many policies that carry the mark."""
    return "".join(
        f"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata: {{name: p{number:04}, namespace: demo}}\n"
        f"spec:\n  podSelector: {{matchLabels: {{app: a{number}, mark: {mark}}}}}\n"
        f"  ingress:\n  - from: [{{podSelector: {{matchLabels: {{app: b{number}}}}}}}]\n"
        f"    ports: [{{port: {number % 60000 + 1}}}]\n"
        for number in range(count)
    )


def pod(number: int, mark: str) -> dict[str, Any]:
    """A pod as `kubectl get -o json` prints it, with much that policies cannot see."""
    labels = {"app": f"app{number % 200}", "mark": mark}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"pod-{number:05}",
            "namespace": f"ns{number % 50}",
            "labels": labels,
            "uid": f"00000000-0000-0000-0000-{number:012}",
            "annotations": {"checksum/config": f"{number:064x}", "note": "x" * 900},
        },
        "spec": {
            "nodeName": f"aks-{number % 40}",
            "serviceAccountName": "default",
            "containers": [
                {
                    "name": "main",
                    "image": f"registry/app{number % 200}:1.0.{number}",
                    "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
                    "env": [{"name": f"VARIABLE_{n}", "value": "y" * 60} for n in range(12)],
                }
            ],
        },
        "status": {
            "phase": "Running",
            "podIP": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            "podIPs": [{"ip": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}],
        },
    }


def pod_list(count: int, mark: str = "a") -> bytes:
    """A List of pods, about 2.4 kB each."""
    items = [pod(number, mark) for number in range(count)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode()
