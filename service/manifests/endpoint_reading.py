"""What a reader of an engine's endpoints answers: a pod such as the API server would take.

Such objects come from dumps of what an engine wrote, so what is wrong with one is told and
does not refuse the upload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from service.manifests.calico_fields import Members, Notes
from service.manifests.cidrs import plain_address
from service.manifests.names import (
    dns_label_fault,
    dns_subdomain_fault,
    label_key_fault,
    label_value_fault,
    port_name_fault,
    port_number_fault,
    protocol_fault,
)
from service.model.inventory import ContainerPort, Pod


@dataclass(frozen=True, slots=True)
class EndpointReading:
    """The pod behind an endpoint.

    `namespace_labels` is what it tells of its namespace, `node_address` an address of its node
    where the node's name is not told.
    """

    pod: Pod
    namespace_labels: Mapping[str, str]
    node_address: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where an endpoint says what it is, as pointers."""

    name: str = "/metadata/name"
    namespace: str = "/metadata/namespace"
    labels: str = "/metadata/labels"


def sound(reading: EndpointReading, notes: Notes, at: Places = Places()) -> EndpointReading | None:
    """The reading without labels that no pod can have; None where no pod is called so."""
    pod = reading.pod
    wrong_name, wrong_namespace = dns_subdomain_fault(pod.name), dns_label_fault(pod.namespace)
    if wrong_name:
        notes.wrong("InvalidName", f"the pod's name {pod.name!r} {wrong_name}", at.name)
    if wrong_namespace:
        detail = f"the namespace {pod.namespace!r} {wrong_namespace}"
        notes.wrong("InvalidNamespace", detail, at.namespace)
    if wrong_name or wrong_namespace:
        return None
    labels = _labels(pod.labels, notes, at.labels)
    if labels != pod.labels:
        pod = replace(pod, labels=labels)
    of_namespace = _labels(reading.namespace_labels, notes, at.labels)
    return replace(reading, pod=pod, namespace_labels=of_namespace)


def _labels(labels: Mapping[str, str], notes: Notes, pointer: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for key, value in labels.items():
        if wrong := label_key_fault(key):
            notes.wrong("InvalidLabelKey", f"the label key {key!r} {wrong}", pointer)
        elif wrong := label_value_fault(value):
            notes.wrong("InvalidLabelValue", f"the label value {value!r} {wrong}", pointer)
        else:
            found[key] = value
    return found


def read_port(members: Members, protocol: str) -> ContainerPort | None:
    """A port of an endpoint; None, with a note, for what no container can declare."""
    number, name = members.number("port"), members.text("name")
    checks: tuple[tuple[str, str, Callable[[], str]], ...] = (
        ("port", "InvalidPort", lambda: port_number_fault(0 if number is None else number)),
        ("protocol", "InvalidProtocol", lambda: protocol_fault(protocol)),
        ("name", "InvalidPortName", lambda: port_name_fault(name) if name else ""),
    )
    for key, code, check in checks:
        if wrong := check():
            members.wrong(key, code, f"{key} {wrong}; the port is left out")
            return None
    return None if number is None else ContainerPort(number, protocol, name)


def address_of(text: str, pointer: str, notes: Notes) -> str | None:
    """An address in plain notation; None, with a note, where it is none."""
    found = plain_address(text)
    if found is None:
        notes.wrong("InvalidAddress", f"{text!r} is no address", pointer)
    return found
