"""The README's table of figures, written from what was measured and never by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.report import described, shown

BEGIN = "<!-- what `make bench` measured: written by python -m benchmarks --readme -->"
END = "<!-- end of what was measured -->"
COLUMNS = ("work", "what", "median", "peak MiB", "beside", "ratio", "goal", "met")


def put_into_readme(results: Path, readme: Path) -> None:
    """Write the table between the two marks; `ValueError` where they are not there."""
    text = readme.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme} has no place for the table: {BEGIN} ... {END}")
    body = json.loads(results.read_text(encoding="utf-8"))
    readme.write_text(f"{head}{begin}\n\n{_section(body)}\n{end}{tail}", encoding="utf-8")


def _section(body: Mapping[str, Any]) -> str:
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *map(_cells, body["rows"])]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"Measured on {described(body['machine'])}.\n\n{table}\n"


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    beside = row["beside"]
    if row["bound"] is not None:
        beside += f" {shown(row['bound'], row['unit'])}"
    return (
        row["work"],
        row["what"],
        shown(row["median"], row["unit"]),
        "" if row["peak"] is None else f"{row['peak']:.0f}",
        beside,
        "" if row["ratio"] is None else f"{row['ratio']:.2f}",
        row["goal"],
        {True: "yes", False: "**no**", None: ""}[row["met"]],
    )
