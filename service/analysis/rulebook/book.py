"""The whole book: every rule with its predicate, and the answers to one question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from service.analysis.rulebook import (
    block_rules,
    change_rules,
    cilium_rules,
    cluster_rules,
    dns_rules,
    kind_rules,
    limit_rules,
    npm_rules,
    plan_rules,
    published_rules,
    readiness_rules,
    reading_rules,
    record_rules,
    scope_rules,
    service_rules,
    traffic_rules,
)
from service.analysis.rulebook.answers import Found, Missing, Outcome, Sighting, gravest
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.predicates import Predicate, once
from service.analysis.rulebook.rules import Area, Rule, rules
from service.analysis.validator.view import validator_gap
from service.model.finding import Severity

_LOCAL: Mapping[str, Predicate] = {
    **cluster_rules.PREDICATES,
    **limit_rules.PREDICATES,
    **record_rules.PREDICATES,
    **npm_rules.PREDICATES,
    **block_rules.PREDICATES,
    **cilium_rules.PREDICATES,
    **kind_rules.PREDICATES,
    **traffic_rules.PREDICATES,
    **dns_rules.PREDICATES,
    **change_rules.PREDICATES,
    **service_rules.PREDICATES,
    **published_rules.PREDICATES,
    **scope_rules.PREDICATES,
    **reading_rules.PREDICATES,
    **plan_rules.PREDICATES,
    **readiness_rules.PREDICATES,
}

#: Every predicate by the id of its rule.
PREDICATES: Mapping[str, Predicate] = {**_LOCAL, "PATH-023": validator_gap(_LOCAL)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rule answers; every sighting has its severity and its remedy."""

    rule: Rule
    outcome: Outcome
    sightings: tuple[Sighting, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def severity(self) -> Severity:
        """The gravest of its sightings; the rule's own where there is none."""
        found = gravest(each.severity for each in self.sightings if each.severity is not None)
        return found or self.rule.severity

    @property
    def is_settled(self) -> bool:
        """Whether the plan deals with every sighting."""
        return bool(self.sightings) and all(each.settled_by for each in self.sightings)


def ask(rule: Rule, asked: RuleInput) -> Answer:
    """What one rule answers."""
    found = _found(rule, asked)
    return Answer(
        rule,
        found.outcome,
        tuple(
            replace(
                each,
                severity=each.severity or rule.severity,
                remedy=each.remedy or rule.remedy,
            )
            for each in found.sightings
        ),
        found.missing,
    )


def _found(rule: Rule, asked: RuleInput) -> Found:
    predicate = PREDICATES[rule.id]
    return once(rule.id, predicate, asked) if rule.area is Area.MIGRATION else predicate(asked)


def engine_rules(engine: str) -> tuple[Rule, ...]:
    """The rules about one engine."""
    return tuple(
        each
        for each in rules().values()
        if each.area in {Area.ENGINE, Area.FEATURE} and each.asks_about(engine)
    )


def change_rules_between(source: str, target: str) -> tuple[Rule, ...]:
    """The rules about a change between two engines, of MIG and PATH."""
    return tuple(
        each
        for each in rules().values()
        if each.area in {Area.MIGRATION, Area.PATH} and each.asks_between(source, target)
    )


def answers(chosen: Iterable[Rule], asked: RuleInput) -> tuple[Answer, ...]:
    """The answers of some rules, in their order."""
    return tuple(ask(each, asked) for each in chosen)


def asked_for(found: Iterable[Answer]) -> tuple[Missing, ...]:
    """Everything that some answers miss, each once."""
    return tuple(sorted(set(chain.from_iterable(each.missing for each in found))))
