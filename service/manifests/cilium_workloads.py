"""Reads CiliumEndpoints as pods, for dumps that hold no pods.

An endpoint's identity holds the labels that Cilium does not ignore, those of the namespace
included. Labels that no identity holds are not known then.
Source: cilium/cilium pkg/k8s/apis/cilium.io/v2/types.go.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.manifests.calico_fields import Members
from service.model.cilium import (
    K8S_SOURCE,
    NAMESPACE_LABELS_PREFIX,
    POD_NAMESPACE_KEY,
    RESERVED_SOURCE,
    SERVICE_ACCOUNT_KEY,
)
from service.model.inventory import ContainerPort, Owner, Pod
from service.model.ports import HIGHEST_PORT, LOWEST_PORT

_OWN_LABELS = "io.cilium.k8s."
_PROTOCOLS = ("TCP", "UDP", "SCTP")


@dataclass(frozen=True, slots=True)
class EndpointReading:
    """The pod behind an endpoint, and what its identity tells of the namespace's labels."""

    pod: Pod
    namespace_labels: Mapping[str, str]


def read_endpoint(document: Members) -> EndpointReading | None:
    """The pod behind a CiliumEndpoint; None where it stands for something else."""
    empty = Members({}, "", document.notes)
    metadata = document.member("metadata") or empty
    status = document.member("status") or empty
    name, namespace = metadata.text("name"), metadata.text("namespace")
    identity = status.member("identity") or empty
    labels = dict(_labels(identity))
    if not name or not namespace or f"{RESERVED_SOURCE}:health" in identity.texts("labels"):
        return None
    networking = status.member("networking") or empty
    pod = Pod(
        namespace,
        name,
        {
            key: value
            for key, value in labels.items()
            if key != POD_NAMESPACE_KEY and not key.startswith(_OWN_LABELS)
        },
        owner=_owner(metadata),
        addresses=tuple(_addresses(networking)),
        service_account=labels.get(SERVICE_ACCOUNT_KEY, "default"),
        ports=tuple(_ports(status)),
    )
    return EndpointReading(
        pod,
        {
            key.removeprefix(NAMESPACE_LABELS_PREFIX): value
            for key, value in labels.items()
            if key.startswith(NAMESPACE_LABELS_PREFIX)
        },
    )


def _labels(identity: Members) -> Iterator[tuple[str, str]]:
    for text in identity.texts("labels"):
        source, colon, rest = text.partition(":")
        if colon and source == K8S_SOURCE:
            key, _, value = rest.partition("=")
            yield key, value


def _owner(metadata: Members) -> Owner | None:
    for each in metadata.members("ownerReferences"):
        # The endpoint of a pod is owned by that pod.
        if each.value("controller") is True and each.text("kind") != "Pod":
            return Owner(each.text("kind"), each.text("name"))
    return None


def _addresses(networking: Members) -> Iterator[str]:
    for each in networking.members("addressing"):
        for family in ("ipv4", "ipv6"):
            text = each.text(family)
            if not text:
                continue
            try:
                yield str(ipaddress.ip_address(text))
            except ValueError:
                each.wrong(family, "InvalidAddress", f"{text!r} is no address")


def _ports(status: Members) -> Iterator[ContainerPort]:
    for each in status.members("named-ports"):
        number, protocol = each.number("port"), each.text("protocol") or "TCP"
        if number is None or not LOWEST_PORT <= number <= HIGHEST_PORT:
            continue
        if protocol in _PROTOCOLS:
            yield ContainerPort(number, protocol, each.text("name"))
