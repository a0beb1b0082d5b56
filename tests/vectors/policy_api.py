"""The shorthand of admin policies and of Cilium's policies in the shared vectors, as manifests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.builders import Manifest

KINDS = {
    "anp": ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
    "banp": ("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy"),
    "cnp2": ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"),
    "cnp": ("cilium.io/v2", "CiliumNetworkPolicy"),
    "ccnp": ("cilium.io/v2", "CiliumClusterwideNetworkPolicy"),
}


def policy_object(key: str, given: Mapping[str, Any], name: str) -> Manifest:
    """What stands under a key is the spec, with the namespace as `ns`."""
    api_version, kind = KINDS[key]
    spec = {field: value for field, value in given[key].items() if field != "ns"}
    metadata = {"name": "default" if key == "banp" else name}
    if "ns" in given[key]:
        metadata["namespace"] = given[key]["ns"]
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def _shorthand(key: str) -> Any:
    return lambda given, name: policy_object(key, given, name)


MANIFEST_OF = {key: _shorthand(key) for key in KINDS}
