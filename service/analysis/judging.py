"""The verdict on a change of engine, with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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
    if impact is None:
        why = ("the connections were not compared",)
        return Judgement(Opinion.UNKNOWN, why, asked_for(of_change))
    counted = [each for each in impact.groups if not is_hypothetical(each, answers)]
    judgement = _weigh(counted, {(each.rule, each.policy) for each in cures}, of_change)
    return replace(judgement, reasons=(*judgement.reasons, *_caveats(answers)))


def _weigh(groups: list[ImpactGroup], cured: _Cured, of_change: list[Answer]) -> Judgement:
    """What the changes themselves say.

    A remedy for what is known does not make safe what is not: whatever could change a connection
    and is not told leaves the verdict open.
    """
    unexplained = sum(each.pairs for each in groups if each.cause is None)
    if unexplained:
        return Judgement(Opinion.UNSAFE, (f"{unexplained} pairs change and no rule explains it",))
    sure = [each for each in groups if each.change is not Change.NEWLY_UNKNOWN]
    beyond = [each for each in of_change if each.rule.beyond_map and each.sightings]
    without = [each for each in sure if not _has_remedy(each, cured)]
    questions = [each for each in of_change if _is_open(each)]
    pairs = tuple(_open_reasons(groups))
    still_open = (*pairs, *_questions(questions))
    known = (*_reasons(sure), *(f"{each.rule.id}: {each.rule.title}" for each in beyond))
    if without:
        settles = asked_for(of_change if pairs else questions)
        return Judgement(Opinion.UNSAFE, (*_reasons(without), *still_open), settles)
    if still_open:
        settles = asked_for(of_change if pairs else questions)
        return Judgement(Opinion.UNKNOWN, (*still_open, *known), settles)
    if known:
        return Judgement(Opinion.SAFE_WITH_FIXES, known)
    return Judgement(Opinion.SAFE, ("no connection is decided differently",))


def _is_open(answer: Answer) -> bool:
    """Whether a rule could find connections that change, if only it were told more."""
    grave = answer.rule.severity in {Severity.BLOCKER, Severity.HIGH, Severity.MEDIUM}
    return bool(answer.missing) and grave and not answer.rule.hypothetical


def _questions(answers: Iterable[Answer]) -> Iterator[str]:
    for each in answers:
        what = "; ".join(dict.fromkeys(missing.detail for missing in each.missing))
        yield f"{each.rule.id}: {each.rule.title}? Not told: {what}"


def _caveats(answers: Iterable[Answer]) -> Iterator[str]:
    """What AKS may refuse: that stops the move before it changes a connection."""
    for each in answers:
        if each.outcome is Outcome.UNKNOWN and each.rule.severity is Severity.BLOCKER:
            what = "; ".join(dict.fromkeys(missing.detail for missing in each.missing))
            yield f"{each.rule.id}: AKS may refuse it: {each.rule.title}. Not told: {what}"


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
