"""Reports: what the rulebook says of one engine, and of a change between two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from service.analysis.impact import Impact
from service.analysis.judging import Judgement, judge
from service.analysis.paths.plan import Enforcement, Plan
from service.analysis.paths.planner import Change, plan_change
from service.analysis.remedies import apply_commands, patch_commands, remedies
from service.analysis.remedy import Remedy
from service.analysis.rulebook.answers import Affected, Found, Missing, Outcome
from service.analysis.rulebook.book import (
    PREDICATES,
    Answer,
    answers,
    asked_for,
    change_rules_between,
    engine_rules,
)
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.rules import Area, rules
from service.analysis.rulebook.sight import workloads
from service.analysis.stated import Target
from service.analysis.validator.view import ValidatorView, validator_view
from service.knowledge import edition
from service.model.engine import EngineProfile
from service.model.finding import Severity
from service.model.network_policy import PolicyType


@dataclass(frozen=True, slots=True)
class CompatibilityReport:
    """Everything that the rulebook says of one engine on one revision."""

    profile: EngineProfile
    as_of: date
    rulebook: str
    answers: tuple[Answer, ...]
    validator: ValidatorView | None = None

    @property
    def hits(self) -> tuple[Answer, ...]:
        """The rules that apply."""
        return tuple(each for each in self.answers if each.outcome is Outcome.HIT)

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What would settle the open questions."""
        return asked_for(self.answers)


@dataclass(frozen=True, slots=True)
class IsolatedWorkload:
    """A workload that policies isolate, with how deliberately.

    `named_by` counts the policies that select it by labels of its own; `closed_by` those that
    leave a direction without any rule.
    """

    workload: Affected
    directions: tuple[str, ...]
    policies: int
    named_by: int
    closed_by: int


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """What holds while nodes are reimaged and enforcement is not certain: the worst is none."""

    steps: tuple[str, ...]
    worst: Enforcement
    isolated: tuple[IsolatedWorkload, ...]
    impact: Impact | None = None
    """What opens if nothing is enforced at all."""


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """A change of engine: the way, what it changes, and whether to do it."""

    source: EngineProfile
    target: Target
    as_of: date
    rulebook: str
    plan: Plan
    answers: tuple[Answer, ...]
    remedies: tuple[Remedy, ...]
    during: OpenWindow | None
    impact: Impact | None
    judgement: Judgement
    dead_policies: int = 0
    """Policies that stay stored and are not enforced any more."""

    @property
    def hits(self) -> tuple[Answer, ...]:
        """The rules that apply."""
        return tuple(each for each in self.answers if each.outcome is Outcome.HIT)

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What would settle the open questions."""
        return asked_for(self.answers)


def count_severities(found: tuple[Answer, ...]) -> Mapping[Severity, int]:
    """How many sightings there are of each severity, the gravest first."""
    counts = Counter(each.severity for answer in found for each in answer.sightings)
    return {severity: counts[severity] for severity in Severity}


def compatibility_report(asked: RuleInput) -> CompatibilityReport:
    """The report of one engine profile."""
    engine = asked.profile.engine
    compared = engine in rules()["PATH-023"].targets
    # The validator's rows are about a move, so its view asks as if NPM were the source.
    from_npm = asked.about(source=asked.source or EngineProfile("npm"))
    found = answers(engine_rules(engine), asked)
    answered = {each.rule.id: Found(each.sightings, each.missing) for each in found}
    known = {**PREDICATES, **{id_: _constant(each) for id_, each in answered.items()}}
    return CompatibilityReport(
        asked.profile,
        asked.as_of,
        edition(),
        found,
        validator_view(from_npm, known) if compared else None,
    )


def _constant(found: Found) -> Predicate:
    return lambda _: found


def migration_report(
    asked: RuleInput,
    *,
    impact: Impact | None = None,
    opened: Impact | None = None,
    cluster_name: str | None = None,
) -> MigrationReport:
    """The report of a change; `asked` states source and target, its plan is made here.

    `impact` is the difference between the two engines, `opened` that between the source and no
    engine at all; None where they were not computed.
    """
    assert asked.source is not None
    assert asked.target is not None
    source, target = asked.source.engine, asked.target.profile.engine
    chosen = change_rules_between(source, target)
    of_change = answers([each for each in chosen if each.area is Area.MIGRATION], asked)
    cures = remedies(asked, of_change)
    plan = plan_change(
        Change(
            source,
            asked.target,
            asked.cluster,
            asked.snapshot.inventory,
            asked.stated,
            cluster_name,
            apply_commands(cures),
            patch_commands(cures),
        )
    )
    with_plan = asked.about(plan=plan)
    of_path = answers([each for each in chosen if each.area is Area.PATH], with_plan)
    of_target = answers(engine_rules(target), with_plan)
    found = (*of_target, *of_change, *of_path)
    during = _during(with_plan, plan, opened)
    enforces = any(each.id == "MIG-020" for each in chosen)
    return MigrationReport(
        asked.source,
        asked.target,
        asked.as_of,
        edition(),
        plan,
        found,
        cures,
        during,
        impact,
        judge(plan, found, cures, impact),
        len(asked.snapshot.policy_set.policies) if enforces else 0,
    )


def with_impacts(
    report: MigrationReport, impact: Impact, opened: Impact | None = None
) -> MigrationReport:
    """The report of a change, judged by the connections that were compared after it was made."""
    return replace(
        report,
        impact=impact,
        during=replace(report.during, impact=opened) if report.during else None,
        judgement=judge(report.plan, report.answers, report.remedies, impact),
    )


def _during(asked: RuleInput, plan: Plan, opened: Impact | None) -> OpenWindow | None:
    gaps = [each for each in plan.steps if each.enforcement is not Enforcement.KEPT]
    if not gaps:
        return None
    absent = any(each.enforcement is Enforcement.ABSENT for each in gaps)
    return OpenWindow(
        tuple(each.id for each in gaps),
        Enforcement.ABSENT if absent else Enforcement.UNCERTAIN,
        isolated_workloads(asked),
        opened,
    )


def isolated_workloads(asked: RuleInput) -> tuple[IsolatedWorkload, ...]:
    """The workloads that policies isolate, those that were isolated most deliberately first."""
    sight = asked.sight
    found: list[IsolatedWorkload] = []
    for group in sight.kinds:
        selecting = sight.selecting(group[0])
        kinds = sorted({kind for each in selecting for kind in each.policy_types})
        if not kinds:
            continue
        named = sum(1 for each in selecting if each.pod_selector.requirements)
        closed = sum(
            1
            for each in selecting
            for kind in PolicyType
            if kind in each.policy_types and not each.rules(kind)
        )
        found += [
            IsolatedWorkload(
                each, tuple(kind.value for kind in kinds), len(selecting), named, closed
            )
            for each in workloads(group)
        ]
    return tuple(
        sorted(
            found,
            key=lambda each: (-each.named_by, -each.closed_by, -each.policies, each.workload),
        )
    )
