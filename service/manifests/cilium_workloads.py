"""Reads CiliumEndpoints as pods, for dumps that hold no pods.

An endpoint's identity holds the labels that Cilium does not ignore, those of the namespace
included. Labels that no identity holds are not known then.
Source: cilium/cilium pkg/k8s/apis/cilium.io/v2/types.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.manifests.calico_fields import Members
from service.manifests.endpoint_reading import (
    EndpointReading,
    Places,
    address_of,
    read_port,
    sound,
)
from service.manifests.pod_owners import owner_by_labels
from service.model.cilium import (
    K8S_SOURCE,
    NAMESPACE_LABELS_PREFIX,
    POD_NAMESPACE_KEY,
    RESERVED_SOURCE,
    SERVICE_ACCOUNT_KEY,
)
from service.model.finding import Severity
from service.model.inventory import ContainerPort, Owner, Pod

_OWN_LABELS = "io.cilium.k8s."
_PLACES = Places(labels="/status/identity/labels")


def read_endpoint(document: Members) -> EndpointReading | None:
    """The pod behind a CiliumEndpoint; None where it stands for something else."""
    empty = Members({}, "", document.notes)
    metadata = document.member("metadata") or empty
    status = document.member("status") or empty
    identity = status.member("identity") or empty
    if f"{RESERVED_SOURCE}:health" in identity.texts("labels"):
        return None
    labels = dict(_labels(identity))
    if not labels:
        document.notes.tell(
            "CiliumEndpointWithoutIdentity",
            Severity.HIGH,
            "the endpoint has no identity with labels, so its pod counts as one without labels",
            "/status/identity/labels",
        )
    name = metadata.text("name")
    own = {
        key: value
        for key, value in labels.items()
        if key != POD_NAMESPACE_KEY and not key.startswith(_OWN_LABELS)
    }
    networking = status.member("networking") or empty
    addresses = dict.fromkeys(_addresses(networking))
    node = networking.text("node")
    pod = Pod(
        metadata.text("namespace") or labels.get(POD_NAMESPACE_KEY, "default"),
        name,
        own,
        owner=_owner(metadata) or owner_by_labels(name, own),
        addresses=tuple(addresses),
        service_account=labels.get(SERVICE_ACCOUNT_KEY) or "default",
        ports=tuple(_ports(status)),
    )
    reading = EndpointReading(
        pod,
        {
            key.removeprefix(NAMESPACE_LABELS_PREFIX): value
            for key, value in labels.items()
            if key.startswith(NAMESPACE_LABELS_PREFIX)
        },
        address_of(node, networking.at("node"), document.notes) or "" if node else "",
    )
    return sound(reading, document.notes, _PLACES)


def _labels(identity: Members) -> Iterator[tuple[str, str]]:
    for text in identity.texts("labels"):
        source, colon, rest = text.partition(":")
        if colon and source == K8S_SOURCE:
            key, _, value = rest.partition("=")
            yield key, value


def _owner(metadata: Members) -> Owner | None:
    for each in metadata.members("ownerReferences"):
        kind, name = each.text("kind"), each.text("name")
        # The endpoint of a pod is owned by that pod.
        if each.value("controller") is True and kind not in {"", "Node", "Pod"} and name:
            return Owner(kind, name)
    return None


def _addresses(networking: Members) -> Iterator[str]:
    for each in networking.members("addressing"):
        for family in ("ipv4", "ipv6"):
            if text := each.text(family):
                found = address_of(text, each.at(family), each.notes)
                if found is not None:
                    yield found


def _ports(status: Members) -> Iterator[ContainerPort]:
    for each in status.members("named-ports"):
        found = read_port(each, each.text("protocol") or "TCP")
        if found is not None:
            yield found
