"""Markdown out of texts that others wrote: whatever they hold stays a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")
#: What would begin a heading, a list or a quotation at the start of a line.
_OPENING = re.compile(r"^(\d*)(?:(?<!\d)(?=[#+=-])|(?=[.)]))")
_BACKTICKS = re.compile(r"`+")
_BREAKS = re.compile(r"\s*[\r\n\u2028\u2029\x85\x0b\x0c]\s*")


def plain(text: object) -> str:
    """A text on one line, its special characters escaped."""
    return _SPECIAL.sub(r"\\\1", _BREAKS.sub(" ", str(text)).strip())


def paragraph(text: object) -> str:
    """A text that stands on a line of its own."""
    return _OPENING.sub(r"\1\\", plain(text))


def code(text: object) -> str:
    """A code span; in a table cell too, where a bar has to be escaped even inside."""
    line = _BREAKS.sub(" ", str(text)).strip().replace("|", "\\|")
    if not line:
        return ""
    fence = "`" * (_longest(line) + 1)
    around = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{around}{line}{around}{fence}"


def fenced(text: str, language: str) -> str:
    """A block of code whose fence is longer than any in it."""
    fence = "`" * max(3, _longest(text) + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _longest(text: str) -> int:
    return max((len(each) for each in _BACKTICKS.findall(text)), default=0)


def bullets(texts: Iterable[str]) -> str:
    """A list; the items are Markdown already."""
    return "\n".join(f"- {each}" for each in texts)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are Markdown already."""
    lines = [_row(head), _row(["---"] * len(head)), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def sections(parts: Iterable[str]) -> str:
    """Blocks with an empty line between them."""
    return "\n\n".join(each for each in parts if each)


def listed(names: Sequence[str], most: int, total: int | None = None) -> str:
    """The first of some names, and how many more there are."""
    count = len(names) if total is None else total
    shown = ", ".join(names[:most])
    more = count - min(most, len(names))
    return f"{shown} and {more} more" if more > 0 else shown
