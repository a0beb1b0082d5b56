"""Filters of connectivity maps on the command line."""

from __future__ import annotations

import argparse

from service.analysis.filters import EVERY_UNIT, ListedVerdict, MapFilter, UnitFilter
from service.commands import ends
from service.commands.faults import Refused, refusing
from service.manifests.selectors import parse_label_selector
from service.usecases.map_filters import traffic_filter, unit_filter


def add_filters(parser: argparse.ArgumentParser) -> None:
    """The options that narrow a map."""
    parser.add_argument("--source", metavar="END", help=ends.HELP)
    parser.add_argument("--destination", metavar="END", help=ends.HELP)
    parser.add_argument("--namespace", help="lines with an end in this namespace")
    parser.add_argument("--selector", metavar="LABELS", help="lines with an end of these labels")
    parser.add_argument(
        "--external",
        action=argparse.BooleanOptionalAction,
        help="only lines with an address outside the cluster, or none of them",
    )
    parser.add_argument("--port", type=int, help="only what this port is open for")
    parser.add_argument("--protocol", help="TCP, UDP or SCTP")
    parser.add_argument("--verdict", choices=[each.value for each in ListedVerdict])


def filter_of(arguments: argparse.Namespace) -> MapFilter:
    """The filter that options describe; `Refused` with what is wrong."""
    with refusing():
        if arguments.selector == "":
            raise Refused(["--selector is empty"])
        selector = parse_label_selector(arguments.selector) if arguments.selector else None
        found = MapFilter(
            source=end_filter(arguments.source),
            destination=end_filter(arguments.destination),
            either=UnitFilter(namespace=arguments.namespace, selector=selector),
            traffic=traffic_filter(arguments.protocol, arguments.port),
            verdict=ListedVerdict(arguments.verdict) if arguments.verdict else None,
        )
        return found.about_outside(external=arguments.external)


def end_filter(text: str | None) -> UnitFilter:
    """The filter of one end given as a text; `ValueError` and `UsecaseError` for bad ones."""
    if text is None:
        return EVERY_UNIT
    document = ends.end_document(text)
    if not document:
        raise ValueError(f"{text} names no end")
    return unit_filter(document)
