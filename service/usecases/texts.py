"""Which texts of a caller are accepted."""

from __future__ import annotations

import re

from service.manifests.selectors import parse_label_selector
from service.model.labels import LabelSelector
from service.usecases.errors import FieldError, InvalidParameter

SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


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


def filter_selector(text: str | None) -> LabelSelector:
    """The label selector of a filter; none selects everything."""
    try:
        return parse_label_selector(text or "")
    except ValueError as error:
        fault = FieldError("/labelSelector", str(error), "BadValue")
        raise InvalidParameter("InvalidLabelSelector", str(error), [fault]) from error
