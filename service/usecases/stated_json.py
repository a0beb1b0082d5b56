"""Stated facts as JSON documents and back, every fault with its pointer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from service.analysis.stated import StatedFacts
from service.model.addresses import parse_cidr
from service.model.engine import Version
from service.model.ports import HIGHEST_PORT, LOWEST_PORT, PORT_PROTOCOLS
from service.usecases.documents import camel, pointer_to, read_document, write_document
from service.usecases.errors import FieldError
from service.usecases.texts import fault_of_text

#: What the validator prints for a cluster with findings in every namespace.
LONGEST_OUTPUT = 1_000_000

_OUTPUT = "validatorOutput"
_VERSIONS = ("azure_cli", "azurerm")
_RANGES = ("node_cidrs", "pod_cidrs", "vnet_cidrs")
_PROTOCOLS = frozenset(each.name for each in PORT_PROTOCOLS)


def read_facts(document: Any, pointer: str, faults: list[FieldError]) -> StatedFacts | None:
    """The facts of a document; None where they cannot be read, and then `faults` say why.

    Other than in a cluster record, an empty list is told: there are none.
    """
    before = len(faults)
    short, output = _without_output(document, pointer, faults)
    found = read_document(StatedFacts, short, pointer, faults)
    if found is not None:
        faults.extend(_faults(found, pointer))
    if found is None or len(faults) > before:
        return None
    members = {field.name: getattr(found, field.name) for field in fields(found)}
    return StatedFacts(**{**members, "validator_output": output})


def facts_document(stated: StatedFacts) -> dict[str, Any]:
    """The facts that are told as JSON values; reading them gives the same facts."""
    members = ((field.name, getattr(stated, field.name)) for field in fields(stated))
    return {camel(name): write_document(each) for name, each in members if each is not None}


def check_range(cidr: str, pointer: str) -> Iterator[FieldError]:
    """The fault of a text that is no CIDR block."""
    try:
        if "/" not in cidr:
            raise ValueError(f"{cidr!r} is an address, not a block such as 10.244.0.0/16")
        parse_cidr(cidr)
    except ValueError as error:
        yield FieldError(pointer, str(error), "BadValue")


def _without_output(
    document: Any, pointer: str, faults: list[FieldError]
) -> tuple[Any, str | None]:
    """The output of a tool apart from the rest: it alone may be long."""
    if not isinstance(document, Mapping) or not isinstance(document.get(_OUTPUT), str):
        return document, None
    output: str = document[_OUTPUT]
    if fault := fault_of_text(output, LONGEST_OUTPUT):
        faults.append(FieldError(pointer_to(pointer, _OUTPUT), fault, "BadValue"))
    return {name: each for name, each in document.items() if name != _OUTPUT}, output


def _faults(stated: StatedFacts, pointer: str) -> Iterator[FieldError]:
    for name in _VERSIONS:
        text = getattr(stated, name)
        if text is not None:
            yield from _fault_of(Version.parse, text, pointer_to(pointer, camel(name)))
    for name in _RANGES:
        place = pointer_to(pointer, camel(name))
        for index, cidr in enumerate(getattr(stated, name) or ()):
            yield from check_range(cidr, pointer_to(place, index))
    for index, backend in enumerate(stated.webhooks or ()):
        place = pointer_to(pointer_to(pointer, "webhooks"), index)
        yield from _port_faults(backend.port, place)
    for index, host in enumerate(stated.host_ports or ()):
        place = pointer_to(pointer_to(pointer, "hostPorts"), index)
        yield from _port_faults(host.port, place)
        if host.protocol not in _PROTOCOLS:
            detail = f"must be one of {', '.join(sorted(_PROTOCOLS))}"
            yield FieldError(pointer_to(place, "protocol"), detail, "BadValue")


def _port_faults(port: int, pointer: str) -> Iterator[FieldError]:
    if not LOWEST_PORT <= port <= HIGHEST_PORT:
        detail = f"must be from {LOWEST_PORT} to {HIGHEST_PORT}"
        yield FieldError(pointer_to(pointer, "port"), detail, "BadValue")


def _fault_of(read: Callable[[str], Any], text: str, pointer: str) -> Iterator[FieldError]:
    try:
        read(text)
    except ValueError as error:
        yield FieldError(pointer, str(error), "BadValue")
