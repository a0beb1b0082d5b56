"""Which texts of a caller are accepted, and how kubectl's label selectors are read."""

from __future__ import annotations

import re

from service.model.labels import LabelSelector, Operator, Requirement
from service.usecases.errors import FieldError, InvalidParameter

SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

_LABEL_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = re.compile(rf"(?:[a-z0-9](?:[-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_LABEL_NAME}")
_LABEL_VALUE = re.compile(rf"(?:{_LABEL_NAME})?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_EQUALITY = re.compile(r"(?P<key>[^\s=!,()]+)\s*(?P<sign>==|=|!=)\s*(?P<value>[^\s=!,()]*)")
_MEMBERSHIP = re.compile(r"(?P<key>[^\s=!,()]+)\s+(?P<word>in|not\s?in)\s*\((?P<values>[^()]*)\)")
_PRESENCE = re.compile(r"(?P<absent>!)?\s*(?P<key>[^\s=!,()]+)")


def is_storable(text: str) -> bool:
    """Whether a database takes a text; no text that is stored looks otherwise."""
    return "\x00" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def fault_of_text(text: str, longest: int) -> str:
    """What is wrong with a text for people, empty where nothing is."""
    if len(text) > longest:
        return f"must not be longer than {longest} characters"
    if _CONTROL.search(text):
        return "must not hold control characters"
    return ""


def read_label_selector(text: str) -> LabelSelector:
    """The selector of a text such as `app=web,tier in (a, b),!legacy`; an empty one selects all.

    Raises `ValueError` that names the part which cannot be read.
    """
    return LabelSelector(tuple(map(_requirement, _parts(text))))


def filter_selector(text: str | None) -> LabelSelector:
    """The label selector of a filter; none selects everything."""
    try:
        return read_label_selector(text or "")
    except ValueError as error:
        fault = FieldError("/labelSelector", str(error), "BadValue")
        raise InvalidParameter("InvalidLabelSelector", str(error), [fault]) from error


def _parts(text: str) -> list[str]:
    """The text cut at commas outside of parentheses."""
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", text)]
    return [] if parts == [""] else parts


def _requirement(part: str) -> Requirement:
    if match := _EQUALITY.fullmatch(part):
        operator = Operator.NOT_IN if match["sign"] == "!=" else Operator.IN
        return _checked(Requirement(match["key"], operator, (match["value"],)))
    if match := _MEMBERSHIP.fullmatch(part):
        operator = Operator.NOT_IN if match["word"] != "in" else Operator.IN
        values = tuple(sorted({value.strip() for value in match["values"].split(",")}))
        return _checked(Requirement(match["key"], operator, values))
    if match := _PRESENCE.fullmatch(part):
        operator = Operator.DOES_NOT_EXIST if match["absent"] else Operator.EXISTS
        return _checked(Requirement(match["key"], operator))
    raise ValueError(f"{part!r} is no requirement such as app=web, tier in (a, b) or !legacy")


def _checked(requirement: Requirement) -> Requirement:
    if not _LABEL_KEY.fullmatch(requirement.key):
        raise ValueError(f"{requirement.key!r} is no label key")
    for value in requirement.values:
        if not _LABEL_VALUE.fullmatch(value):
            raise ValueError(f"{value!r} is no label value")
    return requirement
