"""One admin policy of each kind, and ways to change it."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from service.manifests.admin_policy import read_admin_policy
from service.model.admin_policy import AdminPolicy
from tests.builders import Manifest

INGRESS, EGRESS = "spec/ingress/0", "spec/egress/0"

OBJECTS = {
    "anp": """
        apiVersion: policy.networking.k8s.io/v1alpha1
        kind: AdminNetworkPolicy
        metadata: {name: p}
        spec:
          priority: 10
          subject: {namespaces: {}}
          ingress:
          - {action: Allow, from: [{namespaces: {}}], ports: [{portNumber: {port: 80}}]}
          egress:
          - {action: Deny, to: [{networks: [10.0.0.0/8]}]}
        """,
    "banp": """
        apiVersion: policy.networking.k8s.io/v1alpha1
        kind: BaselineAdminNetworkPolicy
        metadata: {name: default}
        spec:
          subject: {namespaces: {}}
          ingress:
          - {action: Allow, from: [{namespaces: {}}], ports: [{portNumber: {port: 80}}]}
          egress:
          - {action: Deny, to: [{networks: [10.0.0.0/8]}]}
        """,
    "cnp2": """
        apiVersion: policy.networking.k8s.io/v1alpha2
        kind: ClusterNetworkPolicy
        metadata: {name: p}
        spec:
          tier: Admin
          priority: 10
          subject: {namespaces: {}}
          ingress:
          - action: Accept
            from: [{namespaces: {}}]
            protocols: [{tcp: {destinationPort: {number: 80}}}]
          egress:
          - {action: Deny, to: [{networks: [10.0.0.0/8]}]}
        """,
}
DROP = object()


def changed(kind: str, path: str, value: Any) -> Manifest:
    """One of the objects with another value at a place; `DROP` takes it away."""
    found: Manifest = copy.deepcopy(yaml.safe_load(OBJECTS[kind]))
    *steps, last = (int(each) if each.isdecimal() else each for each in path.split("/"))
    place: Any = found
    for step in steps:
        place = place[step]
    if value is DROP:
        del place[last]
    else:
        place[last] = value
    return found


def faults(manifest: Manifest) -> list[tuple[str, str]]:
    return [
        (each.code, each.pointer) for each in read_admin_policy(manifest).notes if not each.severity
    ]


def policy(manifest: Manifest) -> AdminPolicy:
    found = read_admin_policy(manifest).value
    assert isinstance(found, AdminPolicy)
    return found
