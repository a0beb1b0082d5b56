"""The verdict on a change of engine, with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from service.analysis.compare import Change
from service.analysis.impact import Impact, ImpactGroup
from service.analysis.paths.plan import Plan, Support
from service.analysis.remedy import Remedy
from service.analysis.rulebook.answers import Missing, Outcome
from service.analysis.rulebook.book import Answer, asked_for
from service.analysis.rulebook.rules import Area
from service.model.finding import Severity
from service.model.policy import PolicyRef
from service.model.ports import Protocol, whole_protocol


class Opinion(StrEnum):
    """Whether to make a change."""

    SAFE = "Safe"
    """Proved: nothing is decided differently."""
    SAFE_WITH_FIXES = "SafeWithFixes"
    """Everything that differs has a remedy."""
    UNSAFE = "Unsafe"
    """Something differs for which there is no remedy."""
    BLOCKED = "Blocked"
    """AKS refuses it as things are."""
    UNKNOWN = "Unknown"
    """The input does not tell enough."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """An opinion with its reasons, and what would settle an Unknown."""

    opinion: Opinion
    reasons: tuple[str, ...] = ()
    settles: tuple[Missing, ...] = ()


_Cured = set[tuple[str, PolicyRef | None]]


def judge(
    plan: Plan, found: Iterable[Answer], cures: Iterable[Remedy], impact: Impact | None
) -> Judgement:
    """The verdict: blocked first, then what is not known, then what differs."""
    answers = tuple(found)
    blocked = tuple(dict.fromkeys(_blockers(plan, answers)))
    if blocked:
        return Judgement(Opinion.BLOCKED, blocked)
    if plan.support is Support.NOTHING_TO_DO:
        return Judgement(Opinion.SAFE, ("the cluster is there already",))
    of_change = [each for each in answers if each.rule.area is Area.MIGRATION]
    missing = asked_for(of_change)
    if impact is None:
        return Judgement(Opinion.UNKNOWN, ("the connections were not compared",), missing)
    counted = [each for each in impact.groups if not is_hypothetical(each, answers)]
    return _weigh(counted, {(each.rule, each.policy) for each in cures}, missing)


def _weigh(groups: list[ImpactGroup], cured: _Cured, missing: tuple[Missing, ...]) -> Judgement:
    """What the changes themselves say."""
    unexplained = sum(each.pairs for each in groups if each.cause is None)
    if unexplained:
        return Judgement(Opinion.UNSAFE, (f"{unexplained} pairs change and no rule explains it",))
    still_open = tuple(_open_reasons(groups))
    settles = missing if still_open else ()
    sure = [each for each in groups if each.change is not Change.NEWLY_UNKNOWN]
    if not sure:
        if still_open:
            return Judgement(Opinion.UNKNOWN, still_open, settles)
        return Judgement(Opinion.SAFE, ("no connection is decided differently",))
    without = [each for each in sure if not _has_remedy(each, cured)]
    opinion = Opinion.UNSAFE if without else Opinion.SAFE_WITH_FIXES
    return Judgement(opinion, (*_reasons(without or sure), *still_open), settles)


def _blockers(plan: Plan, answers: Iterable[Answer]) -> Iterator[str]:
    if plan.support is Support.NOT_SUPPORTED:
        yield from plan.reasons
    for each in answers:
        if each.outcome is not Outcome.HIT:
            continue
        for sighting in each.sightings:
            if sighting.severity is Severity.BLOCKER and not sighting.settled_by:
                yield f"{each.rule.id}: {sighting.detail}"
    if plan.support is Support.BLOCKED:
        yield from plan.reasons


def is_hypothetical(group: ImpactGroup, answers: Iterable[Answer]) -> bool:
    """Whether a change is about traffic that nothing in the revision speaks of.

    Whether Cilium on AKS carries SCTP is not known, so whoever comes to it or leaves it has such
    a change between all pods, whatever rule explains it.
    """
    only_sctp = whole_protocol(Protocol.SCTP).covers(group.traffic)
    used = any(each.rule.id == "MIG-023" and each.outcome is Outcome.HIT for each in answers)
    return only_sctp and not used


def _has_remedy(group: ImpactGroup, cured: _Cured) -> bool:
    """Whether something can be done about a change, in general words or with a ready patch."""
    assert group.cause is not None
    responsible = (None, *(policy for policy, _ in group.cause.policies))
    if any((group.rule, policy) in cured for policy in responsible):
        return True
    closes = group.change is Change.NEWLY_DENIED
    return closes and group.cause.remedy_when in {"Before", "After"}


def _reasons(groups: Iterable[ImpactGroup]) -> Iterator[str]:
    totals: dict[tuple[str, str, str], int] = {}
    for each in groups:
        assert each.cause is not None
        key = (each.rule, each.change.value, each.cause.rule.title)
        totals[key] = totals.get(key, 0) + each.pairs
    for (rule, change, title), pairs in totals.items():
        yield f"{rule}: {title} ({pairs} pairs {_words(change)})"


def _open_reasons(groups: Iterable[ImpactGroup]) -> Iterator[str]:
    unknown = sum(each.pairs for each in groups if each.change is Change.NEWLY_UNKNOWN)
    if unknown:
        yield f"{unknown} pairs depend on what the input does not tell"


def _words(change: str) -> str:
    return {"newlyAllowed": "open", "newlyDenied": "close"}.get(change, "become unknown")
