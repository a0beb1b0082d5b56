"""What an object says it is, and lists of objects."""

from __future__ import annotations

from typing import Any, NamedTuple

from service.manifests.report import Place, Report


class Identity(NamedTuple):
    """apiVersion and kind."""

    api_version: str
    kind: str


#: What the items of an untyped `List` inherit.
NO_IDENTITY = Identity("", "")


def is_list(kind: Any, items: Any) -> bool:
    """Whether an object is a `List`, or a typed one such as a `PodList`."""
    return isinstance(kind, str) and kind.endswith("List") and isinstance(items, list)


def identity_of_items(api_version: Any, kind: str) -> Identity:
    """What the items of a typed list are, where they do not say it themselves."""
    if kind == "List" or not isinstance(api_version, str):
        return NO_IDENTITY
    return Identity(api_version, kind.removesuffix("List"))


def identify(
    api_version: Any, kind: Any, inherited: Identity, place: Place, report: Report
) -> Identity | None:
    """apiVersion and kind of an object, or None with the faults noted."""
    if not isinstance(api_version, str | None):
        report.fault(place, "WrongType", "apiVersion must be a string", "/apiVersion")
    if not isinstance(kind, str | None):
        report.fault(place, "WrongType", "kind must be a string", "/kind")
    if not isinstance(api_version, str | None) or not isinstance(kind, str | None):
        return None
    identity = Identity(api_version or inherited.api_version, kind or inherited.kind)
    if not identity.api_version:
        report.fault(place, "MissingApiVersion", "apiVersion is missing", "/apiVersion")
    if not identity.kind:
        report.fault(place, "MissingKind", "kind is missing", "/kind")
    return identity if all(identity) else None
