"""Cluster records as JSON documents and back, and what a record must meet to be stored."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from service.engines.registry import resolve_profile
from service.manifests.aks_record import stated_engine
from service.model.addresses import parse_cidr
from service.model.cluster import ClusterRecord, EngineChoice, NetworkProfile, NodePool
from service.model.engine import Version
from service.usecases.documents import read_document, write_document
from service.usecases.errors import FieldError, Invalid

_RESOURCE_ID = re.compile(
    r"/subscriptions/[^/\s]+/resourcegroups/[^/\s]+"
    r"/providers/microsoft\.containerservice/managedclusters/[^/\s]+",
    re.IGNORECASE,
)


def record_document(record: ClusterRecord) -> dict[str, Any]:
    """The record as JSON values in camelCase; what is not known is left out."""
    document: dict[str, Any] = write_document(record)
    return document


def read_record(document: Any, *, engine_required: bool = True) -> ClusterRecord:
    """The record of a document, checked; `Invalid` lists every fault with its JSON pointer.

    Where the document has no engine, its network profile says which one; where that does not
    either, it is `Invalid` unless `engine_required` is False.
    """
    faults: list[FieldError] = []
    record = read_document(ClusterRecord, document, "", faults)
    if record is not None:
        faults.extend(_faults(record))
        record = _with_engine(record, faults, required=engine_required)
    if record is None or faults:
        raise Invalid("InvalidCluster", "the cluster record breaks a rule", faults)
    return record


def check_record(record: ClusterRecord, *, engine_required: bool = True) -> ClusterRecord:
    """The record as it is stored, `Invalid` as for `read_record`."""
    return read_record(record_document(record), engine_required=engine_required)


def stored_record(document: Mapping[str, Any]) -> ClusterRecord:
    """The record of a document that was checked when it was stored."""
    faults: list[FieldError] = []
    record = read_document(ClusterRecord, document, "", faults)
    if record is None:
        raise ValueError(f"the stored record cannot be read: {faults}")
    return record


def merge(target: Any, patch: Any) -> Any:
    """A JSON merge patch applied (RFC 7396); nothing given is changed in place."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def _with_engine(
    record: ClusterRecord, faults: list[FieldError], *, required: bool
) -> ClusterRecord:
    network, choice = record.network_profile, record.engine
    if choice is None:
        why = "is required, for no networkProfile.networkPolicy says it"
        if network.network_policy or network.network_dataplane == "cilium":
            choice, why = stated_engine(network)
        if choice is None:
            if required:
                faults.append(FieldError("/engine", why, "Required"))
            return record
    try:
        # What an unreadable Kubernetes version would decide does not matter: it is a fault itself.
        profile = resolve_profile(choice.name, choice.version, choice.options)
        # Only a version that was asked for is kept; the others follow the Kubernetes version.
        stated = choice.version is not None or ":" in choice.name
    except ValueError as error:
        faults.append(FieldError("/engine", str(error), "InvalidEngine"))
        return record
    version = str(profile.version) if stated and profile.version else None
    return replace(record, engine=EngineChoice(profile.engine, version, dict(profile.options)))


def _faults(record: ClusterRecord) -> Iterator[FieldError]:
    if record.kubernetes_version is not None:
        try:
            Version.parse(record.kubernetes_version)
        except ValueError as error:
            yield FieldError("/kubernetesVersion", str(error), "BadValue")
    if record.azure_resource_id and not _RESOURCE_ID.fullmatch(record.azure_resource_id):
        detail = (
            "must be /subscriptions/.../resourceGroups/.../providers/"
            "Microsoft.ContainerService/managedClusters/..."
        )
        yield FieldError("/azureResourceId", detail, "BadValue")
    yield from _network_faults(record.network_profile)
    yield from _pool_faults(record.node_pools)


def _network_faults(network: NetworkProfile) -> Iterator[FieldError]:
    for member, cidrs in (("podCidrs", network.pod_cidrs), ("serviceCidrs", network.service_cidrs)):
        for index, cidr in enumerate(cidrs):
            try:
                parse_cidr(cidr)
            except ValueError as error:
                yield FieldError(f"/networkProfile/{member}/{index}", str(error), "BadValue")
    for index, family in enumerate(network.ip_families):
        if family not in {"IPv4", "IPv6"}:
            pointer = f"/networkProfile/ipFamilies/{index}"
            yield FieldError(pointer, "must be IPv4 or IPv6", "BadValue")
    if network.dns_service_ip is not None:
        try:
            ipaddress.ip_address(network.dns_service_ip)
        except ValueError as error:
            yield FieldError("/networkProfile/dnsServiceIp", str(error), "BadValue")


def _pool_faults(pools: tuple[NodePool, ...]) -> Iterator[FieldError]:
    names = Counter(pool.name for pool in pools)
    for index, pool in enumerate(pools):
        if not pool.name:
            yield FieldError(f"/nodePools/{index}/name", "must not be empty", "BadValue")
        elif names[pool.name] > 1:
            yield FieldError(f"/nodePools/{index}/name", "is used twice", "BadValue")
        if (pool.min_count or 0) > (pool.max_count if pool.max_count is not None else 1 << 31):
            detail = "must not be less than minCount"
            yield FieldError(f"/nodePools/{index}/maxCount", detail, "BadValue")
