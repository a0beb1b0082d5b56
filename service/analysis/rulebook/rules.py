"""The rules as they stand in `service/knowledge/rules_*.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from service.knowledge import value
from service.model.finding import Severity

ANY = "*"


class Area(StrEnum):
    """What a rule is about; the first part of its id."""

    ENGINE = "ENG"
    FEATURE = "FEAT"
    MIGRATION = "MIG"
    PATH = "PATH"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it means and what to do, without the predicate.

    ENG and FEAT rules ask about one engine of `engines`; MIG and PATH rules about a change from
    one of `sources` to one of `targets`. `*` stands for every engine.
    """

    id: str
    name: str
    area: Area
    severity: Severity
    title: str
    evidence: str
    remedy: str
    source: str
    as_of: str
    confidence: str
    engines: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    looks_at: tuple[str, ...] = ()
    change: str = ""
    remedy_when: str = ""
    """Of MIG rules: `Before`, `After` or `None`, when the remedy can be applied."""
    whole_cluster: bool = False
    """The engine itself makes the difference, whatever the policies are."""
    beyond_map: bool = False
    """It speaks of calls that no connection between listed endpoints stands for."""
    hypothetical: bool = False
    """Its being open is about traffic that nothing may use, so a verdict can be given."""
    extends: bool = False
    """Not among the rules of knowledge/engines.md section 8: found by comparing pipelines."""

    def asks_about(self, engine: str) -> bool:
        """Whether it belongs to the report about one engine."""
        return engine in self.engines or ANY in self.engines

    def asks_between(self, source: str, target: str) -> bool:
        """Whether it belongs to the report about a change between two engines."""
        return bool(self.sources & {source, ANY}) and bool(self.targets & {target, ANY})


def _rule(area: Area, entry: Mapping[str, Any]) -> Rule:
    return Rule(
        id=entry["id"],
        name=entry["name"],
        area=area,
        severity=Severity(entry["severity"]),
        title=entry["title"],
        evidence=entry["evidence"],
        remedy=entry["remedy"],
        source=entry["source"],
        as_of=entry["asOf"],
        confidence=entry["confidence"],
        engines=frozenset(entry.get("engines", ())),
        sources=frozenset(entry.get("from", ())),
        targets=frozenset(entry.get("to", ())),
        looks_at=tuple(entry.get("looksAt", ())),
        change=entry.get("change", ""),
        remedy_when=entry.get("remedyWhen", ""),
        whole_cluster=entry.get("wholeCluster", False),
        beyond_map=entry.get("beyondMap", False),
        hypothetical=entry.get("hypothetical", False),
        extends=entry.get("extends", False),
    )


def conflicts_about(rule: Rule) -> tuple[Mapping[str, Any], ...]:
    """Where the sources that a rule rests on disagree: what each says, and what is made of it."""
    return tuple(each for each in value("conflicts", "conflicts") if rule.id in each["rules"])


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id, in the order of the files."""
    found = (
        _rule(area, entry)
        for area in Area
        for entry in value(f"rules_{area.value.lower()}", "rules")
    )
    return {each.id: each for each in found}
