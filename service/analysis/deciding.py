"""The decision of one direction: walk the stages, keep every outcome that is possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from service.analysis.asking import Answer, Encounter, ask, every, some
from service.analysis.matching import Meeting
from service.analysis.nearest import isolation, nearest, written_rules
from service.model.addresses import Family
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind
from service.model.pipeline import Direction, Effect, Rule, Stage, StagePolicy
from service.model.policy import PolicyRef
from service.model.verdict import Decision, DirectionVerdict, Evidence

#: Decisions of one end that do not stop a connection.
LET_THROUGH = frozenset({Decision.ALLOW, Decision.NOT_APPLICABLE})


class Connection(NamedTuple):
    """One concrete connection: two endpoints, and protocol and port as a point.

    `same_node` supposes whether both ends are on one node, whatever the input tells.
    """

    source: Endpoint
    destination: Endpoint
    point: int
    family: Family
    same_node: bool | None = None


def suppositions(source: Endpoint, destination: Endpoint) -> tuple[bool | None, ...]:
    """What to suppose about two ends being on one node, to decide every case there is."""
    both = (source, destination)
    open_question = (
        any(each.is_on_node_network for each in both)
        and any(each.node is None for each in both)
        and all(each.kind is not EndpointKind.EXTERNAL for each in both)
    )
    return (True, False) if open_question else (None,)


class Selection(NamedTuple):
    """The policies of a stage that select an endpoint, or may, each with that answer."""

    stage: Stage
    policies: Sequence[tuple[StagePolicy, Answer]]
    isolating: tuple[StagePolicy, ...]
    isolated_by: tuple[PolicyRef, ...]
    written: tuple[Rule, ...]
    """The rules of those that isolate, without the engine's own."""

    @classmethod
    def of(cls, stage: Stage, policies: Sequence[tuple[StagePolicy, Answer]]) -> Selection:
        """What follows from the policies is found with them."""
        isolating = tuple(policy for policy, _ in policies if policy.isolates)
        refs = (policy.origin.policy for policy in isolating)
        distinct = dict.fromkeys(ref for ref in refs if ref is not None)
        return cls(stage, policies, isolating, tuple(distinct), tuple(written_rules(isolating)))


@dataclass(slots=True)
class _Trace:
    """What was met on the way through the stages of one direction."""

    outcomes: set[Effect]
    assumptions: set[Assumption]
    evidence: list[Evidence]
    isolated_by: tuple[PolicyRef, ...] = ()
    isolated: bool = False
    past_gate: bool = False
    """Whether a rule may have led past the gate that is being walked."""

    def take(self, effect: Effect, gate: str) -> bool:
        """Note what a rule may do; True where it leads to the next stage."""
        if effect is Effect.PASS:
            return True
        if effect is Effect.ALLOW and gate:
            self.past_gate = True
        else:
            self.outcomes.add(effect)
        return False

    def note(self, answer: Answer) -> None:
        if isinstance(answer, frozenset):
            self.assumptions |= answer

    def note_isolation(self, selected: Selection) -> None:
        if selected.isolating:
            self.isolated = True
            self.isolated_by = (
                tuple(dict.fromkeys((*self.isolated_by, *selected.isolated_by)))
                if self.isolated_by
                else selected.isolated_by
            )


class PolicyIndex:
    """The policies of each stage by the namespace of their subjects, in stage order."""

    def __init__(self, stages: Iterable[Stage]) -> None:
        self.stages: list[tuple[Stage, dict[str | None, list[tuple[int, StagePolicy]]]]] = []
        for stage in stages:
            scopes: dict[str | None, list[tuple[int, StagePolicy]]] = {}
            for place, policy in enumerate(stage.policies):
                scopes.setdefault(policy.scope, []).append((place, policy))
            self.stages.append((stage, scopes))

    def policies_for(self, endpoint: Endpoint) -> Iterator[tuple[Stage, list[StagePolicy]]]:
        """Per stage the policies whose scope admits the endpoint."""
        has_namespace = endpoint.kind in {EndpointKind.POD, EndpointKind.HOST_POD}
        for stage, scopes in self.stages:
            found = list(scopes.get(None, ()))
            if has_namespace:
                found.extend(scopes.get(endpoint.namespace, ()))
                found.sort(key=lambda each: each[0])
            yield stage, [policy for _, policy in found]

    def selections(self, about: Encounter) -> Iterable[Selection]:
        """Per stage the policies that select the endpoint of an encounter, or may."""
        for stage, policies in self.policies_for(about.endpoint):
            answers = ((policy, ask(policy.subject, about)) for policy in policies)
            yield Selection.of(stage, [each for each in answers if each[1] is not False])


def decide(
    index: PolicyIndex, direction: Direction, connection: Connection, *, explains: bool = True
) -> DirectionVerdict:
    """What the policed end of one direction says to a connection, with the evidence.

    Without `explains` nothing is told of rules that do not match.
    """
    ingress = direction is Direction.INGRESS
    subject = connection.destination if ingress else connection.source
    peer = connection.source if ingress else connection.destination
    trace = _Trace(set(), set(), [])
    as_subject = Encounter(subject, peer, connection.family, connection.same_node)
    as_peer = Encounter(peer, subject, connection.family, connection.same_node)
    meeting = Meeting(as_subject, as_peer, connection.point, connection.destination)
    policed, reached, gate = False, True, ""
    for selected in index.selections(as_subject):
        stage = selected.stage
        if stage.gate != gate:
            reached, trace.past_gate, gate = reached or trace.past_gate, False, stage.gate
        if not reached:
            continue
        policed = policed or bool(selected.policies)
        reached = not _stage_decides(selected, meeting, trace, explains=explains)
        if not reached and not trace.past_gate:
            break
    if reached or trace.past_gate:
        trace.outcomes.add(Effect.ALLOW)
    if not policed and subject.kind is not EndpointKind.POD:
        return DirectionVerdict(Decision.NOT_APPLICABLE)
    return DirectionVerdict(
        decision=_decision(trace.outcomes),
        isolated=trace.isolated,
        isolated_by=trace.isolated_by,
        evidence=tuple(trace.evidence),
        assumptions=tuple(sorted(trace.assumptions)) if len(trace.outcomes) > 1 else (),
    )


def _decision(outcomes: set[Effect]) -> Decision:
    if len(outcomes) != 1:
        return Decision.UNKNOWN
    return Decision.ALLOW if Effect.ALLOW in outcomes else Decision.DENY


def _stage_decides(selected: Selection, meeting: Meeting, trace: _Trace, *, explains: bool) -> bool:
    """Add a stage's outcomes to the trace; True where later stages cannot be reached."""
    stage = selected.stage
    isolation: Answer = False
    may_pass = False
    for policy, selects in selected.policies:
        for rule in policy.rules:
            matches = meeting.answer(rule)
            if matches is False:
                continue
            answer = matches if selects is True else every((selects, matches))
            trace.note(answer)
            trace.evidence.append(_match_evidence(rule))
            may_pass = trace.take(rule.effect, stage.gate) or may_pass
            if answer is True:
                trace.note_isolation(selected)
                return not may_pass and rule.effect is not Effect.PASS
            if matches is True:
                # If the policy selects at all, this rule decides: it isolates nothing any more.
                break
        else:
            if policy.isolates:
                isolation = some((isolation, selects))
    trace.note_isolation(selected)
    if isolation is False:
        return False
    trace.note(isolation)
    if not trace.outcomes:
        _explain(selected, meeting, trace, explains=explains)
    if stage.end is Effect.PASS:
        return False
    trace.outcomes.add(stage.end)
    return isolation is True and not may_pass


def _explain(selected: Selection, meeting: Meeting, trace: _Trace, *, explains: bool) -> None:
    """Add what is told where no rule matches."""
    if selected.written and not explains:
        return
    found = nearest(selected.written, meeting)
    if found is None and selected.isolating:
        found = isolation(selected.isolating[0])
    if found is not None:
        trace.evidence.append(found)


def _match_evidence(rule: Rule) -> Evidence:
    origin = rule.origin
    return Evidence(rule.effect.value, origin.reason, origin.detail, origin.policy, origin.pointer)


def both(egress: Decision, ingress: Decision) -> Decision:
    """A connection passes when both ends let it; one certain Deny is enough to stop it."""
    if egress is Decision.DENY or ingress is Decision.DENY:
        return Decision.DENY
    passes = egress in LET_THROUGH and ingress in LET_THROUGH
    return Decision.ALLOW if passes else Decision.UNKNOWN
