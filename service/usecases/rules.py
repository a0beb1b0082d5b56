"""The rulebook as data: every rule with what it looks at, its remedy and its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.analysis.rulebook.rules import Area, Rule, conflicts_about, rules
from service.engines.registry import engine_named
from service.knowledge import edition
from service.model.finding import Severity
from service.usecases.errors import FieldError, InvalidParameter, NotFound
from service.usecases.paging import Page, PageRequest, page_of_sorted

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RuleFilters:
    """Which rules: about an engine, or about a change from one or to one."""

    area: Area | None = None
    severity: Severity | None = None
    engine: str | None = None
    source: str | None = None
    target: str | None = None


def rulebook_edition() -> str:
    """The digest of all facts, which reports name as their rulebook."""
    return edition()


def list_rules(filters: RuleFilters, page: PageRequest) -> Page[Body]:
    """Rules in the order of the book."""
    engine = _engine(filters.engine, "engine")
    source, target = _engine(filters.source, "from"), _engine(filters.target, "to")
    numbered = [
        (number, each)
        for number, each in enumerate(rules().values())
        if filters.area in {None, each.area}
        and filters.severity in {None, each.severity}
        and (engine is None or each.asks_about(engine))
        and _moves(each, source, target)
    ]
    found = page_of_sorted(numbered, page, lambda each: (each[0],))
    return Page(tuple(rule_body(each) for _, each in found.items), found.next_cursor)


def get_rule(rule: str) -> Body:
    """One rule by its id, or `NotFound`."""
    found = rules().get(rule)
    if found is None:
        raise NotFound("RuleNotFound", f"there is no rule {rule[:80]!r}")
    return rule_body(found)


def rule_body(rule: Rule) -> Body:
    """A rule as JSON values; what it does not have is left out."""
    body: Body = {
        "id": rule.id,
        "name": rule.name,
        "area": rule.area.value,
        "severity": rule.severity.value,
        "title": rule.title,
        "evidence": rule.evidence,
        "remedy": rule.remedy,
        "engines": sorted(rule.engines),
        "from": sorted(rule.sources),
        "to": sorted(rule.targets),
        "looksAt": list(rule.looks_at),
        "wholeCluster": rule.whole_cluster,
        "source": rule.source,
        "asOf": rule.as_of,
        "confidence": rule.confidence,
    }
    conflicts = [_conflict_body(each) for each in conflicts_about(rule)]
    if conflicts:
        body["conflicts"] = conflicts
    if rule.change:
        body["change"] = rule.change
    if rule.remedy_when:
        body["remedyWhen"] = rule.remedy_when
    return body


def _conflict_body(conflict: Mapping[str, Any]) -> Body:
    """What the sources say, each for itself, and what the rule makes of it."""
    return {name: conflict[name] for name in ("id", "subject", "values", "treatment")}


def _moves(rule: Rule, source: str | None, target: str | None) -> bool:
    if source is None and target is None:
        return True
    return rule.asks_between(source or _some(rule.sources), target or _some(rule.targets))


def _some(engines: frozenset[str]) -> str:
    """Any engine that a rule asks about, where the question leaves it open."""
    return min(engines, default="")


def _engine(text: str | None, parameter: str) -> str | None:
    if text is None:
        return None
    try:
        return engine_named(text).name
    except ValueError as error:
        fault = FieldError(f"/{parameter}", str(error), "InvalidEngine")
        raise InvalidParameter("InvalidEngine", str(error), [fault]) from error
