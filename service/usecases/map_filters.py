"""Filters of connectivity maps from the short forms in which users give them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from service.analysis.filters import UnitFilter
from service.manifests.selectors import parse_label_selector
from service.model.addresses import parse_cidr
from service.model.intervals import Intervals
from service.model.ports import (
    ALL_PORTS,
    HIGHEST_PORT,
    LOWEST_PORT,
    PORT_PROTOCOLS,
    Protocol,
    ports_of,
)
from service.usecases.errors import FieldError, InvalidParameter


def unit_filter(
    document: Mapping[str, Any], external: bool | None = None, place: str = ""
) -> UnitFilter:
    """Units by one end of a flow: pod, workload, selector, namespace, node, address or CIDR.

    `external` asks for what is outside the cluster, or for what is inside. `place` is the pointer
    to the end, for faults.
    """
    known = {"namespace", "pod", "workload", "labelSelector", "node", "ip"}
    unknown = sorted(set(document) - known)
    if unknown:
        raise _wrong("InvalidFilter", f"a map has no ends by {', '.join(unknown)}", place, *unknown)
    for name, value in document.items():
        if not isinstance(value, str) or not (value or name == "labelSelector"):
            raise _wrong("InvalidFilter", f"{name} must be a text", place, name)
    for alone in ("ip", "node"):
        if alone in document and len(document) > 1:
            others = ", ".join(sorted(set(document) - {alone}))
            raise _wrong("InvalidFilter", f"{alone} does not go with {others}", place, alone)
    if "ip" in document:
        return UnitFilter(addresses=_addresses(str(document["ip"]), place))
    selector = None
    if "labelSelector" in document:
        try:
            selector = parse_label_selector(str(document["labelSelector"]))
        except ValueError as error:
            raise _wrong("InvalidSelector", str(error), place, "labelSelector") from error
    return UnitFilter(
        namespace=document.get("namespace"),
        workload=document.get("workload"),
        pod=document.get("pod"),
        selector=selector,
        node=document.get("node"),
        external=external,
    )


def traffic_filter(protocol: str | None, port: int | None) -> Intervals:
    """The traffic of a protocol, of a port, or of both; without either, every port."""
    chosen: tuple[Protocol, ...] = PORT_PROTOCOLS
    if protocol is not None:
        chosen = tuple(each for each in PORT_PROTOCOLS if each.name == protocol.upper())
        if not chosen:
            names = ", ".join(each.name for each in PORT_PROTOCOLS)
            detail = f"a map lists {names}, not {protocol[:80]!r}"
            raise _wrong("UnknownProtocol", detail, "", "protocol")
    if port is None and protocol is None:
        return ALL_PORTS
    if port is not None and not LOWEST_PORT <= port <= HIGHEST_PORT:
        raise _wrong("InvalidPort", f"port {port} is not between 1 and 65535", "", "port")
    return Intervals.of(span for each in chosen for span in _ports(each, port).spans)


def _ports(protocol: Protocol, port: int | None) -> Intervals:
    return ports_of(protocol) if port is None else ports_of(protocol, port, port)


def _wrong(code: str, detail: str, place: str, *members: str) -> InvalidParameter:
    faults = [FieldError(f"{place}/{each}", detail, code) for each in members]
    return InvalidParameter(code, detail, faults)


def _addresses(text: str, place: str) -> Intervals:
    # Policies may have older forms of blocks, which are not to be guessed at here.
    try:
        network = ipaddress.ip_network(text, strict=False)
        is_plain = "%" not in text and (
            "/" not in text or text.partition("/")[2] == str(network.prefixlen)
        )
        if is_plain:
            return Intervals.of((parse_cidr(str(network)),))
    except ValueError:
        pass
    detail = f"{text[:80]!r} is neither an IP address nor a CIDR"
    raise _wrong("InvalidAddress", detail, place, "ip")
