"""Ends of the naive evaluator in the words of the service."""

from __future__ import annotations

from service.model.flow import AddressEnd, NodeEnd, PodEnd, SourceEnd
from tests.property.naive import End


def source_end(end: End) -> SourceEnd:
    match end:
        case ("pod", namespace, name):
            return PodEnd(namespace, name)
        case ("node", name):
            return NodeEnd(name)
        case (_, address):
            return AddressEnd(address)
    raise AssertionError(end)
