"""Flows on the command line: short texts for the ends, or a file of flows."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from service.commands.faults import Refused
from service.commands.json_values import RepeatedKey, read_json
from service.model.flow import Flow
from service.usecases.errors import Invalid
from service.usecases.flow_json import read_flow

HELP = (
    "namespace/pod, namespace/Kind/name, node:NAME, an IP address, "
    "selector:NAMESPACE?LABELS, or a JSON object"
)
HELP_DESTINATION = f"{HELP}; also svc:namespace/name"


def end_document(text: str) -> Any:
    """The JSON form of an end given as a text; raises `ValueError` where it has no such form."""
    if text.startswith("{"):
        return _json(text.encode(), "the end")
    try:
        ipaddress.ip_address(text)
    except ValueError:
        pass
    else:
        return {"ip": text}
    form, colon, rest = text.partition(":")
    if not colon:
        form, rest = "", text
    return _named(form, rest, text)


def _named(form: str, rest: str, text: str) -> Mapping[str, str]:
    match form, rest.split("/"):
        case ("node", [node]):
            return {"node": node}
        case ("ip", [address]):
            return {"ip": address}
        case ("svc" | "service", [namespace, service]):
            return {"namespace": namespace, "service": service}
        case ("" | "pod", [namespace, pod]):
            return {"namespace": namespace, "pod": pod}
        case ("" | "workload", [namespace, kind, name]):
            return {"namespace": namespace, "workload": f"{kind}/{name}"}
        case ("selector", _) if "?" in rest:
            namespace, _, labels = rest.partition("?")
            return {"namespace": namespace, "labelSelector": labels}
        case _:
            raise ValueError(f"{text!r} is no {HELP_DESTINATION}")


def flow_of(source: str, destination: str, port: str | None, protocol: str) -> Flow:
    """The flow that options describe; `Refused` with every fault."""
    document: dict[str, Any] = {"protocol": protocol}
    faults: list[str] = []
    for name, text in (("source", source), ("destination", destination)):
        try:
            document[name] = end_document(text)
        except ValueError as error:
            faults.append(f"--{name}: {error}")
    if faults:
        raise Refused(faults)
    if port is not None:
        document["port"] = port
    return _read(document, "")


def flows_of(content: bytes, name: str) -> list[Flow]:
    """The flows of a file: a JSON list, an object with `flows`, one flow, or one flow a line."""
    try:
        found = _json(content, name)
    except RepeatedKey as error:
        raise Refused([str(error)]) from error
    except ValueError as error:
        lines = [line for line in content.splitlines() if line.strip()]
        if len(lines) < 2:
            raise Refused([str(error)]) from error
        try:
            found = [_json(line, f"{name}, flow {n}") for n, line in enumerate(lines, start=1)]
        except ValueError as fault:
            raise Refused([str(fault)]) from fault
    if isinstance(found, Mapping):
        found = _listed(found, name)
    if not isinstance(found, list) or not found:
        raise Refused([f"{name}: no flows"])
    flows: list[Flow] = []
    faults: list[str] = []
    for index, document in enumerate(found):
        try:
            flows.append(_read(document, f"{name}: /flows/{index}"))
        except Refused as refused:
            faults.extend(refused.faults)
    if faults:
        raise Refused(faults)
    return flows


def _listed(found: Mapping[str, Any], name: str) -> Any:
    """The flows of an object, which is one itself unless it has `flows`."""
    if "flows" not in found:
        return [found]
    # An engine in there would be one that nobody asks.
    if strange := [key for key in found if key != "flows"]:
        raise Refused([f"{name}: unknown key {key!r} beside 'flows'" for key in strange])
    return found["flows"]


def _read(document: Any, pointer: str) -> Flow:
    try:
        return read_flow(document, pointer)
    except Invalid as error:
        lines = (f"{each.pointer.lstrip('/')} {each.detail}" for each in error.errors)
        raise Refused(lines) from error


def _json(content: bytes, name: str) -> Any:
    try:
        return read_json(content)
    except RepeatedKey as error:
        raise RepeatedKey(f"{name}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
