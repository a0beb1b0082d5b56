"""What was measured, kept in results.json and results.md after each piece of work."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.report import Machine, Row, described, markdown

_JSON, _MARKDOWN = "results.json", "results.md"


class Results:
    """The rows of each piece of work, with how often it was run and what else went on."""

    def __init__(self, folder: Path, machine: Machine, order: Sequence[str], *, keep: bool) -> None:
        """`keep`: leave what was measured on the same machine before and is not measured now."""
        self._folder = folder
        self._machine = machine
        self._order = list(order)
        self._works: dict[str, dict[str, Any]] = {}
        if keep and (folder / _JSON).exists():
            body = json.loads((folder / _JSON).read_text(encoding="utf-8"))
            if body.get("machine") == machine:
                self._works = {each["name"]: each for each in body["works"]}

    def add(self, name: str, rows: Sequence[Row], *, runs: int, load_before: float) -> None:
        """Take in a piece of work and write everything down."""
        self._works[name] = {
            "name": name,
            "runs": runs,
            "load_before": load_before,
            "rows": [{**asdict(row), "median": row.figure} for row in rows],
        }
        known = [self._works[each] for each in self._order if each in self._works]
        body = {"machine": self._machine, "works": known}
        (self._folder / _JSON).write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
        (self._folder / _MARKDOWN).write_text(section(body), encoding="utf-8")


def rows_of(body: Mapping[str, Any]) -> list[Row]:
    """The rows of a results.json."""
    return [
        Row(**{name: value for name, value in each.items() if name != "median"})
        for work in body["works"]
        for each in work["rows"]
    ]


def section(body: Mapping[str, Any]) -> str:
    """A results.json as Markdown: what it was measured on, and the table."""
    works = body["works"]
    runs = sorted({each["runs"] for each in works})
    load = max((each["load_before"] for each in works), default=0)
    repeated = " or ".join(map(str, runs))
    return (
        f"Measured on {described(body['machine'])}; medians of {repeated} runs, at a load of at "
        f"most {load} before a piece of work.\n\n{markdown(rows_of(body))}"
    )
