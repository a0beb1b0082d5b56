"""Figures are kept as they come in, and written into the README between two marks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.readme import BEGIN, END, put_into_readme
from benchmarks.report import Machine, Row, shown
from benchmarks.results import Results, rows_of

MACHINE: Machine = {
    "cores": 2,
    "memory_gib": 8.0,
    "processor": "P",
    "python": "3.11",
    "system": "S",
}
ORDER = ("dump", "files")
DUMP = Row("dump", "whole", (3.0, 1.0, 2.0), peak=90.4, goal="< 5 s", met=True)
FILES = Row("files", "read", (0.02,), beside="bound", bound=0.04, ratio=0.5, met=False)


def _body(folder: Path) -> Any:
    return json.loads((folder / "results.json").read_text())


def _results(folder: Path, machine: Machine, *, keep: bool) -> Results:
    return Results(folder, machine, ORDER, keep=keep)


def test_each_piece_of_work_is_kept_at_once(tmp_path: Path) -> None:
    results = _results(tmp_path, MACHINE, keep=False)
    results.add("files", [FILES], runs=5, load_before=0.4)
    assert [row.what for row in rows_of(_body(tmp_path))] == ["read"]
    results.add("dump", [DUMP], runs=5, load_before=0.2)
    # In the order of the works, whichever came first.
    assert [row.what for row in rows_of(_body(tmp_path))] == ["whole", "read"]
    assert _body(tmp_path)["works"][0]["rows"][0]["median"] == 2.0
    text = (tmp_path / "results.md").read_text()
    assert "medians of 5 runs, at a load of at most 0.4" in text
    assert "| dump | whole | 2.00 s | 1.00 s to 3.00 s | 90 |  |  | < 5 s | yes |" in text
    assert "| files | read | 20.0 ms |  |  | bound 40.0 ms | 0.50 |  | no |" in text


@pytest.mark.parametrize(
    ("keep", "cores", "expected"),
    [(True, 2, ["whole", "read"]), (True, 4, ["read"]), (False, 2, ["read"])],
)
def test_what_is_not_measured_again_stays_on_the_same_machine(
    tmp_path: Path, keep: bool, cores: int, expected: list[str]
) -> None:
    _results(tmp_path, MACHINE, keep=False).add("dump", [DUMP], runs=5, load_before=0.2)
    again = _results(tmp_path, {**MACHINE, "cores": cores}, keep=keep)
    again.add("files", [FILES], runs=5, load_before=0.4)
    assert [row.what for row in rows_of(_body(tmp_path))] == expected


def test_the_readme_has_the_table_between_its_marks(tmp_path: Path) -> None:
    readme, results = tmp_path / "README.md", tmp_path / "results.json"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    _results(tmp_path, MACHINE, keep=False).add("dump", [DUMP], runs=5, load_before=0.2)
    for _ in range(2):
        put_into_readme(results, readme)
        text = readme.read_text()
        assert text.startswith(f"before\n{BEGIN}\n\nMeasured on 2 cores (P)")
        assert text.endswith(f"| yes |\n\n{END}\nafter\n")
        assert "old" not in text
    readme.write_text("no marks")
    with pytest.raises(ValueError, match="has no place for the table"):
        put_into_readme(results, readme)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.345, "s", "2.35 s"),
        (0.05, "s", "50.0 ms"),
        (0.0012, "s", "1.20 ms"),
        (2.234, "times", "2.23 times"),
        (1234.5, "/s", "1,234 /s"),
    ],
)
def test_figures_have_as_many_digits_as_they_need(value: float, unit: str, text: str) -> None:
    assert shown(value, unit) == text
