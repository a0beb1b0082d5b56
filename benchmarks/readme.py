"""The README's table of figures, written from what was measured and never by hand."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.results import section

BEGIN = "<!-- what `make bench` measured: written by python -m benchmarks --readme -->"
END = "<!-- end of what was measured -->"


def put_into_readme(results: Path, readme: Path) -> None:
    """Write the table between the two marks; `ValueError` where they are not there."""
    text = readme.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme} has no place for the table: {BEGIN} ... {END}")
    body = json.loads(results.read_text(encoding="utf-8"))
    readme.write_text(f"{head}{begin}\n\n{section(body)}\n{end}{tail}", encoding="utf-8")
