"""Flows as JSON, in the shapes of design.md; HTTP and the command line share them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from hashlib import sha256
from json import JSONEncoder
from typing import Any

from service.manifests.selectors import parse_label_selector
from service.model.flow import (
    AddressEnd,
    DestinationEnd,
    Flow,
    NodeEnd,
    PodEnd,
    SelectorEnd,
    ServiceEnd,
    SourceEnd,
    WorkloadEnd,
)
from service.model.ports import HIGHEST_PORT, LOWEST_PORT, PORT_PROTOCOLS, Protocol
from service.usecases.documents import pointer_to
from service.usecases.errors import FieldError, Invalid
from service.usecases.texts import fault_of_text

LONGEST_NAME = 253

_canonical = JSONEncoder(sort_keys=True, separators=(",", ":")).encode

_PROTOCOLS = {each.name.upper(): each.name for each in Protocol}
_WITH_PORTS = {each.name for each in PORT_PROTOCOLS} | {Protocol.UDPLite.name}

#: The members that say what an end is, each with those that must and that may stand beside it.
_SOURCE_FORMS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "pod": (frozenset({"namespace"}), frozenset()),
    "workload": (frozenset({"namespace"}), frozenset()),
    "labelSelector": (frozenset({"namespace"}), frozenset()),
    "node": (frozenset(), frozenset()),
    "ip": (frozenset(), frozenset()),
}
_DESTINATION_FORMS = {
    **_SOURCE_FORMS,
    "service": (frozenset({"namespace"}), frozenset({"backend", "receivingNode"})),
}
#: What an end is that has just the members it needs.
_PLAIN_FORMS = {
    frozenset({form, *needed}): form for form, (needed, _) in _DESTINATION_FORMS.items()
}
_MEMBERS = frozenset({"source", "destination", "protocol", "port"})


def read_flow(document: Any, pointer: str = "") -> Flow:
    """The flow of a JSON object; `Invalid` lists every fault below `pointer`."""
    faults: list[FieldError] = []
    flow = _flow(document, pointer, faults)
    if faults or flow is None:
        raise Invalid("InvalidFlow", "the flow cannot be read", faults)
    return flow


def flow_body(flow: Flow) -> dict[str, Any]:
    """The flow as JSON values; `port` is left out where the protocol has none."""
    body: dict[str, Any] = {
        "source": _end_body(flow.source),
        "destination": _end_body(flow.destination),
        "protocol": flow.protocol,
    }
    return body if flow.port is None else {**body, "port": flow.port}


def flow_key(flow: Flow) -> str:
    """The digest of the flow's canonical JSON: equal for flows that ask the same."""
    text = _canonical(flow_body(flow))
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def describe_end(end: DestinationEnd) -> str:
    """A short text to filter by.

    `pod:web/front-7d9`, `workload:web/Deployment/front`, `selector:web?app=front`, `node:aks-1`,
    `ip:203.0.113.9`, `service:web/front`.
    """
    match end:
        case PodEnd():
            return f"pod:{end.namespace}/{end.pod}"
        case WorkloadEnd():
            return f"workload:{end.namespace}/{end.workload}"
        case SelectorEnd():
            return f"selector:{end.namespace}?{_selector_text(end)}"
        case NodeEnd():
            return f"node:{end.node}"
        case AddressEnd():
            return f"ip:{end.address}"
        case ServiceEnd():
            return f"service:{end.namespace}/{end.service}"


def _end_body(end: DestinationEnd) -> dict[str, Any]:
    match end:
        case PodEnd():
            return {"namespace": end.namespace, "pod": end.pod}
        case WorkloadEnd():
            return {"namespace": end.namespace, "workload": end.workload}
        case SelectorEnd():
            return {"namespace": end.namespace, "labelSelector": _selector_text(end)}
        case NodeEnd():
            return {"node": end.node}
        case AddressEnd():
            return {"ip": end.address}
        case ServiceEnd():
            body = {"namespace": end.namespace, "service": end.service}
            if end.backend:
                body["backend"] = end.backend
            if end.receiving_node:
                body["receivingNode"] = end.receiving_node
            return body


def _selector_text(end: SelectorEnd) -> str:
    # Nothing at all selects everything; the model prints that as {}, which cannot be read back.
    return end.text or (str(end.selector) if end.selector.requirements else "")


def _flow(document: Any, pointer: str, faults: list[FieldError]) -> Flow | None:
    if not isinstance(document, Mapping):
        faults.append(FieldError(pointer, "must be an object", "NotAnObject"))
        return None
    if not document.keys() <= _MEMBERS:
        faults.extend(
            FieldError(pointer_to(pointer, key), "is not known", "UnknownField")
            for key in document
            if key not in _MEMBERS
        )
    source = _end(document.get("source"), f"{pointer}/source", _SOURCE_FORMS, faults)
    destination = _end(
        document.get("destination"), f"{pointer}/destination", _DESTINATION_FORMS, faults
    )
    protocol = _protocol(document.get("protocol"), f"{pointer}/protocol", faults)
    port = _port(document.get("port"), protocol, f"{pointer}/port", faults)
    if faults or source is None or destination is None or isinstance(source, ServiceEnd):
        return None
    return Flow(source, destination, protocol, port)


def _end(
    given: Any,
    pointer: str,
    forms: Mapping[str, tuple[frozenset[str], frozenset[str]]],
    faults: list[FieldError],
) -> DestinationEnd | None:
    if not isinstance(given, Mapping):
        faults.append(FieldError(pointer, "must be an object", "NotAnObject"))
        return None
    form = _PLAIN_FORMS.get(frozenset(given), "")
    if form in forms and all(map(_is_plain, given.values())):
        return _make_end(form, given, pointer, faults)
    members = {key: value for key, value in given.items() if value is not None}
    named = [form for form in forms if form in members]
    if len(named) != 1:
        detail = f"must have exactly one of {', '.join(forms)}"
        faults.append(FieldError(pointer, detail, "NotOneEnd"))
        return None
    needed, allowed = forms[named[0]]
    before = len(faults)
    for key, value in members.items():
        if key not in {named[0], *needed, *allowed}:
            detail = f"does not go with {named[0]}" if isinstance(key, str) else "is not known"
            faults.append(FieldError(pointer_to(pointer, key), detail, "UnknownField"))
        elif not isinstance(value, str) or (not value and key != "labelSelector"):
            faults.append(FieldError(pointer_to(pointer, key), "must be a text", "BadValue"))
        elif fault := fault_of_text(value, LONGEST_NAME if key != "labelSelector" else 4096):
            faults.append(FieldError(pointer_to(pointer, key), fault, "BadValue"))
    faults.extend(
        FieldError(pointer_to(pointer, key), f"is required beside {named[0]}", "Required")
        for key in sorted(needed - members.keys())
    )
    return _make_end(named[0], members, pointer, faults) if len(faults) == before else None


def _is_plain(value: Any) -> bool:
    # What is printable has no control characters and no surrogates.
    return type(value) is str and 0 < len(value) <= LONGEST_NAME and value.isprintable()


def _make_end(
    form: str, members: Mapping[str, str], pointer: str, faults: list[FieldError]
) -> DestinationEnd | None:
    namespace = members.get("namespace", "")
    try:
        return _end_of(form, namespace, members)
    except ValueError as error:
        faults.append(FieldError(f"{pointer}/{form}", str(error), "BadValue"))
        return None


def _end_of(form: str, namespace: str, members: Mapping[str, str]) -> SourceEnd | ServiceEnd:
    text = members[form]
    match form:
        case "pod":
            return PodEnd(namespace, text)
        case "workload":
            kind, _, name = text.partition("/")
            if not kind or not name:
                raise ValueError("must be Kind/name, such as Deployment/front")
            return WorkloadEnd(namespace, text)
        case "labelSelector":
            selector = parse_label_selector(text)
            return SelectorEnd(namespace, selector, text.strip())
        case "node":
            return NodeEnd(text)
        case "ip":
            return AddressEnd(_address(text))
        case _:
            return ServiceEnd(
                namespace, text, members.get("backend", ""), members.get("receivingNode", "")
            )


def _address(text: str) -> str:
    address = ipaddress.ip_address(text)
    if getattr(address, "scope_id", None) is not None:
        raise ValueError(f"{text!r} has a scope, and those mean something on one machine only")
    return str(address)


def _protocol(given: Any, pointer: str, faults: list[FieldError]) -> str:
    if given is None:
        return Protocol.TCP.name
    name = _PROTOCOLS.get(given.upper()) if isinstance(given, str) else None
    if name is None:
        known = ", ".join(_PROTOCOLS.values())
        faults.append(FieldError(pointer, f"must be one of {known}", "BadValue"))
        return ""
    return name


def _port(given: Any, protocol: str, pointer: str, faults: list[FieldError]) -> int | str | None:
    if given is None:
        if protocol in _WITH_PORTS:
            faults.append(FieldError(pointer, f"is required for {protocol}", "Required"))
        return None
    if protocol and protocol not in _WITH_PORTS:
        faults.append(FieldError(pointer, f"{protocol} has no ports", "BadValue"))
    elif isinstance(given, int) and not isinstance(given, bool):
        if not LOWEST_PORT <= given <= HIGHEST_PORT:
            detail = f"must be from {LOWEST_PORT} to {HIGHEST_PORT}"
            faults.append(FieldError(pointer, detail, "BadValue"))
        return given
    elif isinstance(given, str) and given and not fault_of_text(given, LONGEST_NAME):
        # A number in quotes is the number: port names always hold a letter.
        if given.isascii() and given.isdigit():
            return _port(int(given), protocol, pointer, faults)
        return given
    else:
        faults.append(FieldError(pointer, "must be a number or a name", "BadValue"))
    return None
