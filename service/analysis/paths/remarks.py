"""What a plan says besides its steps: leftovers, conflicts of sources, other ways, or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from service.analysis.paths.graph import Goal
from service.analysis.paths.plan import (
    ClusterState,
    ConflictNote,
    Leftover,
    Plan,
    Rollback,
    Step,
    Support,
)
from service.knowledge import value


def conflict_notes(ids: Iterable[str]) -> Iterator[ConflictNote]:
    """The conflicts between sources with these ids, each once."""
    wanted = set(ids)
    for each in value("conflicts", "conflicts"):
        if each["id"] in wanted:
            yield ConflictNote(
                each["id"],
                each["subject"],
                tuple(f"{found['value']} ({found['source']})" for found in each["values"]),
                each["treatment"],
            )


def leftovers(source: str, end: ClusterState, steps: Iterable[Step]) -> Iterator[Leftover]:
    """What stays in the cluster after some steps."""
    ids = {each.id for each in steps}
    for each in value("steps", "leftovers"):
        when = each["when"]
        if not ids & set(each["after"]):
            continue
        if "targetEngine" in when and end.engine not in when["targetEngine"]:
            continue
        if "sourceFamily" in when and source != when["sourceFamily"]:
            continue
        if "targetNotFamily" in when and end.engine == when["targetNotFamily"]:
            continue
        yield Leftover(each["what"], each["detail"], each["removableAfter"])


def alternatives(steps: Iterable[Step]) -> Iterator[str]:
    """Other ways that are worth a thought."""
    return (each["detail"] for each in _other_ways(steps))


def conflicts_of(steps: Sequence[Step]) -> Iterator[str]:
    """The conflicts that some steps, or the other ways to them, touch."""
    for step in steps:
        yield from step.conflicts
    for each in _other_ways(steps):
        yield from each["conflicts"]


def _other_ways(steps: Iterable[Step]) -> Iterator[Mapping[str, Any]]:
    ids = {each.id for each in steps}
    return (each for each in value("steps", "alternatives") if set(each["has"]) <= ids)


def no_way(start: ClusterState, goal: Goal) -> Plan:
    """A plan without steps, with the reasons."""
    reasons: list[str] = []
    conflicts: list[str] = []
    for each in value("steps", "noWay"):
        if _matches(each["from"], start) and _asks(each["to"], goal):
            reasons.append(each["detail"])
            conflicts += each["conflicts"]
    if not reasons:
        reasons.append("no documented step leads there")
    return Plan(
        start,
        ClusterState(goal.engine, None, start.auto_provisioning, start.windows),
        Support.NOT_SUPPORTED,
        conflicts=tuple(conflict_notes(conflicts)),
        rollback=Rollback(True, "nothing changes"),
        reasons=tuple(reasons),
    )


def _matches(conditions: Mapping[str, Any], state: ClusterState) -> bool:
    return all(state.value(name) in allowed for name, allowed in conditions.items())


def _asks(conditions: Mapping[str, Any], goal: Goal) -> bool:
    wanted = {"engine": goal.engine, "ipam": goal.ipam}
    return all(wanted[name] in allowed for name, allowed in conditions.items())
