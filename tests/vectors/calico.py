"""The shorthand of Calico's objects in the shared vectors, as manifests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from service.model.calico import API
from tests.builders import Manifest

KINDS = {
    "calnp": "NetworkPolicy",
    "gnp": "GlobalNetworkPolicy",
    "snp": "StagedNetworkPolicy",
    "sgnp": "StagedGlobalNetworkPolicy",
    "netset": "NetworkSet",
    "gnetset": "GlobalNetworkSet",
    "hep": "HostEndpoint",
    "tier": "Tier",
    "profile": "Profile",
}
_METADATA = ("name", "ns", "labels")


def calico_object(key: str, given: Mapping[str, Any], name: str) -> Manifest:
    """What stands under a key is the spec, with `name`, `ns`, `labels` and the API's `form`."""
    body = {k: v for k, v in given[key].items() if k not in {*_METADATA, "form"}}
    named = {k: given[key][k] for k in _METADATA if k in given[key]}
    metadata = {"name": named.get("name", name)}
    if "ns" in named:
        metadata["namespace"] = named["ns"]
    if "labels" in named:
        metadata["labels"] = named["labels"]
    return {
        "apiVersion": given[key].get("form", API),
        "kind": KINDS[key],
        "metadata": metadata,
        "spec": body,
    }


def _of(key: str) -> Callable[[Mapping[str, Any], str], Manifest]:
    return lambda given, name: calico_object(key, given, name)


#: Joins `shorthand.MANIFEST_OF`.
CALICO_MANIFEST_OF: dict[str, Callable[[Mapping[str, Any], str], Manifest]] = {
    key: _of(key) for key in KINDS
}
