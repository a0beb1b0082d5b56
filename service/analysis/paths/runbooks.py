"""Runbooks: the plans of the 2024 AKS article and their successors, without its faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.analysis.paths.commands import Command, Names, render, requests
from service.analysis.paths.plan import Floors, StepKind
from service.analysis.paths.steps import floors_of, placeholders
from service.knowledge import value


@dataclass(frozen=True, slots=True)
class RunbookStep:
    """One step of a runbook."""

    id: str
    kind: StepKind
    title: str
    detail: str
    commands: tuple[Command, ...]
    verify: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class RunbookWarning:
    """Something that ends, or has ended, and that the runbook builds on."""

    what: str
    date: str
    is_past: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Runbook:
    """A plan that stands for itself."""

    id: str
    title: str
    engine: str | None
    floors: Floors
    requests: tuple[Command, ...]
    steps: tuple[RunbookStep, ...]
    warnings: tuple[RunbookWarning, ...]
    source: str
    as_of: str

    @property
    def is_retired(self) -> bool:
        """Whether it builds on something that is past its end."""
        return any(each.is_past for each in self.warnings)


def runbook_ids() -> tuple[str, ...]:
    """Every runbook, in the order of the file."""
    return tuple(each["id"] for each in value("runbooks", "runbooks"))


def parameters_of(runbook: str) -> tuple[str, ...]:
    """The values that a runbook asks for."""
    found: dict[str, None] = {}
    for step in _entry(runbook)["steps"]:
        found.update(dict.fromkeys(placeholders(step)))
    return tuple(found)


def make_runbook(runbook: str, values: Mapping[str, str], as_of: date) -> Runbook:
    """A runbook with its commands filled in; raises `KeyError` for an unknown one.

    Values that are not given take their default, and become shell variables where there is none.
    """
    entry = _entry(runbook)
    asked = parameters_of(runbook)
    defaults = value("runbooks", "parameters")
    filled = {name: values.get(name) or (defaults.get(name) or {}).get("default") for name in asked}
    names = Names({name: text for name, text in filled.items() if text})
    return Runbook(
        id=entry["id"],
        title=entry["title"],
        engine=entry["engine"],
        floors=floors_of(entry["operation"]) if entry["operation"] else Floors(),
        requests=requests(asked, names),
        steps=tuple(_step(each, names) for each in entry["steps"]),
        warnings=tuple(_warning(each, as_of) for each in entry["retirements"]),
        source=entry["source"],
        as_of=entry["asOf"],
    )


def _entry(runbook: str) -> Mapping[str, Any]:
    for each in value("runbooks", "runbooks"):
        if each["id"] == runbook:
            return each  # type: ignore[no-any-return]
    raise KeyError(runbook)


def _step(entry: Mapping[str, Any], names: Names) -> RunbookStep:
    return RunbookStep(
        entry["id"],
        StepKind(entry["kind"]),
        entry["title"],
        entry["detail"],
        tuple(render(each, names) for each in entry["commands"]),
        tuple(render(each, names) for each in entry.get("verify", ())),
    )


def _warning(retirement: str, as_of: date) -> RunbookWarning:
    entry = next(e for e in value("retirements", "retirements") if e["id"] == retirement)
    past = as_of >= date.fromisoformat(entry["date"])
    return RunbookWarning(entry["what"], entry["date"], past, entry["detail"])
