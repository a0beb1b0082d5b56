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
from service.analysis.unlisted_nodes import NodeChange
from service.model.finding import Severity
from service.model.policy import PolicyRef
from service.model.ports import Protocol, whole_protocol
from service.model.verdict import Decision


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


NODES = Missing("nodes", "give the nodes, so that what changes between them and pods is listed")

_ONLY_SCTP = (
    "whether Cilium carries SCTP is not known, so SCTP may change between all pods; no policy "
    "speaks of it, and it is not counted"
)

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
    nodes = [each for each in impact.with_nodes if not is_hypothetical(each, answers)]
    cured = {(each.rule, each.policy) for each in cures}
    judgement = _weigh(counted, nodes, cured, of_change, impact)
    left_out = len(counted) < len(impact.groups) or len(nodes) < len(impact.with_nodes)
    notes = (_ONLY_SCTP,) if left_out else ()
    return replace(judgement, reasons=(*judgement.reasons, *notes, *_caveats(answers)))


def _weigh(
    groups: list[ImpactGroup],
    nodes: list[NodeChange],
    cured: _Cured,
    of_change: list[Answer],
    impact: Impact,
) -> Judgement:
    """What the changes themselves say: those that count, of all that there are.

    A remedy for what is known does not make safe what is not: whatever could change a connection
    and is not told leaves the verdict open.
    """
    unexplained = sum(each.pairs for each in groups if each.cause is None)
    if unexplained or any(each.cause is None for each in nodes):
        return Judgement(Opinion.UNSAFE, (f"{unexplained} pairs change and no rule explains it",))
    sure = [each for each in groups if each.change is not Change.NEWLY_UNKNOWN]
    with_nodes = [each for each in nodes if each.change is not Change.NEWLY_UNKNOWN]
    beyond = [each for each in of_change if each.rule.beyond_map and each.sightings]
    without = [each for each in sure if not _has_remedy(each, cured)]
    without_nodes = [each for each in with_nodes if not _has_remedy(each, cured)]
    questions = [each for each in of_change if _is_open(each)]
    pairs = tuple(_open_reasons(groups, nodes))
    still_open = (*pairs, *_questions(questions))
    known = (
        *_reasons(sure, impact),
        *_node_reasons(with_nodes),
        *(f"{each.rule.id}: {each.rule.title}" for each in beyond),
    )
    settles = (*asked_for(of_change if pairs else questions), *((NODES,) if nodes else ()))
    if without or without_nodes:
        reasons = (*_reasons(without, impact), *_node_reasons(without_nodes), *still_open)
        return Judgement(Opinion.UNSAFE, reasons, settles)
    if still_open:
        return Judgement(Opinion.UNKNOWN, (*still_open, *known), settles)
    if known:
        return Judgement(Opinion.SAFE_WITH_FIXES, known, (NODES,) if nodes else ())
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


def is_hypothetical(group: ImpactGroup | NodeChange, answers: Iterable[Answer]) -> bool:
    """Whether a change is about traffic that nothing in the revision speaks of.

    Whether Cilium on AKS carries SCTP is not known, so whoever comes to it or leaves it has such
    a change between all pods, whatever rule explains it.
    """
    if not whole_protocol(Protocol.SCTP).covers(group.traffic):
        return False
    used = any(each.rule.id == "MIG-023" and each.outcome is Outcome.HIT for each in answers)
    return not used and (group.rule == "MIG-023" or _is_open_on_a_side(group))


def _is_open_on_a_side(group: ImpactGroup | NodeChange) -> bool:
    if group.change is Change.NEWLY_UNKNOWN or isinstance(group, NodeChange):
        return group.change is Change.NEWLY_UNKNOWN
    before = group.witness.before
    return before is not None and before.decision is Decision.UNKNOWN


def _has_remedy(group: ImpactGroup | NodeChange, cured: _Cured) -> bool:
    """Whether something can be done about a change, in general words or with a ready patch."""
    assert group.cause is not None
    responsible = {None, *(policy for policy, _ in group.cause.policies)}
    if isinstance(group, NodeChange):
        # It stands for all policies of its rule.
        responsible.update(policy for rule, policy in cured if rule == group.rule)
    if any((group.rule, policy) in cured for policy in responsible):
        return True
    closes = group.change is Change.NEWLY_DENIED
    return closes and group.cause.remedy_when in {"Before", "After"}


def _reasons(groups: Iterable[ImpactGroup], impact: Impact) -> Iterator[str]:
    """What changes, by rule.

    A connection that opens at both ends is in a group for each, so that the pairs of several
    groups are not more than their sum, and never more than there are in all.
    """
    found: dict[tuple[str, str, bool], list[ImpactGroup]] = {}
    for each in groups:
        key = (each.rule, each.change.value, each.service is not None)
        found.setdefault(key, []).append(each)
    for (_, change, calls), same in found.items():
        cause = same[0].cause
        assert cause is not None
        counts = impact.calls if calls else impact.pairs
        number = sum(each.pairs for each in same)
        in_all = counts.get(same[0].change, number)
        everything = len(same) == sum(
            each.change is same[0].change and (each.service is not None) is calls
            for each in impact.groups
        )
        if everything:
            number = in_all
        bound = "" if everything or len(same) == 1 else "up to "
        noun = "calls of Services" if calls else "pairs"
        yield (
            f"{same[0].rule}: {cause.rule.title} "
            f"({bound}{min(number, in_all)} {noun} {_words(change)})"
        )


def _node_reasons(changes: Iterable[NodeChange]) -> Iterator[str]:
    for each in changes:
        assert each.cause is not None
        yield (
            f"{each.rule}: {each.cause.rule.title} (connections of {each.workloads} workloads with "
            f"nodes {_words(each.change.value)}; the nodes are not listed)"
        )


def _open_reasons(groups: Iterable[ImpactGroup], nodes: Iterable[NodeChange]) -> Iterator[str]:
    unknown = [each.pairs for each in groups if each.change is Change.NEWLY_UNKNOWN]
    if unknown:
        bound = "up to " if len(unknown) > 1 else ""
        yield f"{bound}{sum(unknown)} pairs depend on what the input does not tell"
    if any(each.change is Change.NEWLY_UNKNOWN for each in nodes):
        yield "what pods do with nodes depends on what the input does not tell"


def _words(change: str) -> str:
    return {"newlyAllowed": "open", "newlyDenied": "close"}.get(change, "become unknown")
