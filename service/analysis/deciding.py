"""The decision of one direction: walk the stages, keep every outcome that is possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.analysis.asking import Answer, Encounter, ask, every, some
from service.analysis.explaining import Failure, describe, fewest, lacking, traffic_failure
from service.model.addresses import Family
from service.model.assumption import Assumption
from service.model.condition import ALWAYS, Condition
from service.model.endpoint import Endpoint, EndpointKind
from service.model.pipeline import (
    Direction,
    Effect,
    Peer,
    Pipeline,
    Rule,
    Stage,
    StagePolicy,
    Traffic,
)
from service.model.policy import PolicyRef
from service.model.verdict import Decision, DirectionVerdict, Evidence

NO_MATCH = "NoMatch"
ISOLATES = "Isolates"
#: Why a rule does not match: a condition and about whom, its traffic, or what needs no asking.
_Reason = tuple[Condition, Encounter] | Traffic | Failure
_NO_PEER = Failure("NoPeer", lambda: "the rule's list of peers is empty")

#: Decisions of one end that do not stop a connection.
LET_THROUGH = frozenset({Decision.ALLOW, Decision.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Connection:
    """One concrete connection: two endpoints, and protocol and port as a point.

    `same_node` supposes whether both ends are on one node, where the input does not tell.
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


@dataclass(slots=True)
class _Trace:
    """What was met on the way through the stages of one direction."""

    outcomes: set[Effect]
    assumptions: set[Assumption]
    evidence: list[Evidence]
    isolated_by: list[PolicyRef]
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


def traffic_answer(traffic: Traffic, point: int, destination: Endpoint) -> Answer:
    """Whether a protocol and port are among a rule's; names are those of the destination."""
    if point in traffic.numbered:
        return True
    if not traffic.named:
        return False
    protocol, number = point >> 16, point & 0xFFFF
    return some(
        True if port.assumption is None else frozenset((port.assumption,))
        for name in traffic.named
        for port in destination.ports
        if port.name == name.name
        and port.number == number
        and port.protocol == protocol
        and name.protocol in {None, protocol}
    )


def decide(
    index: PolicyIndex, direction: Direction, connection: Connection, *, explains: bool = True
) -> DirectionVerdict:
    """What the policed end of one direction says to a connection, with the evidence.

    Without `explains` nothing is told of rules that do not match.
    """
    ingress = direction is Direction.INGRESS
    subject = connection.destination if ingress else connection.source
    peer = connection.source if ingress else connection.destination
    trace = _Trace(set(), set(), [], [])
    as_subject = Encounter(subject, peer, connection.family, connection.same_node)
    as_peer = Encounter(peer, subject, connection.family, connection.same_node)
    asked = _Asked(as_subject, as_peer, connection.point, connection.destination, explains)
    policed, reached, gate = False, True, ""
    for stage, policies in index.policies_for(subject):
        if stage.gate != gate:
            reached, trace.past_gate, gate = reached or trace.past_gate, False, stage.gate
        if not reached:
            continue
        selecting: list[tuple[StagePolicy, Answer]] = [
            (policy, answer)
            for policy in policies
            if (answer := ask(policy.subject, as_subject)) is not False
        ]
        policed = policed or bool(selecting)
        reached = not _stage_decides(stage, selecting, asked, trace)
        if not reached and not trace.past_gate:
            break
    if reached or trace.past_gate:
        trace.outcomes.add(Effect.ALLOW)
    if not policed and subject.kind is not EndpointKind.POD:
        return DirectionVerdict(Decision.NOT_APPLICABLE)
    return DirectionVerdict(
        decision=_decision(trace.outcomes),
        isolated=trace.isolated,
        isolated_by=tuple(trace.isolated_by),
        evidence=tuple(trace.evidence),
        assumptions=tuple(sorted(trace.assumptions)) if len(trace.outcomes) > 1 else (),
    )


def _decision(outcomes: set[Effect]) -> Decision:
    if outcomes == {Effect.ALLOW}:
        return Decision.ALLOW
    return Decision.DENY if outcomes == {Effect.DENY} else Decision.UNKNOWN


@dataclass(frozen=True, slots=True)
class _Asked:
    subject: Encounter
    peer: Encounter
    point: int
    destination: Endpoint
    explains: bool

    def peer_answer(self, rule: Rule) -> tuple[Answer, Peer | None]:
        best: Peer | None = None
        answers: list[Answer] = []
        for each in rule.peers:
            answer = ask(each.condition, self.peer)
            if answer is True:
                return True, each
            if answer is not False:
                best = best or each
            answers.append(answer)
        return some(answers), best

    def rule_answer(self, rule: Rule) -> Answer:
        traffic = traffic_answer(rule.traffic, self.point, self.destination)
        if traffic is False:
            return False
        local = ask(rule.local, self.subject)
        return local if local is False else every((traffic, local, self.peer_answer(rule)[0]))

    def rule_failures(self, rule: Rule) -> list[_Reason]:
        local, subject, peer = rule.local, self.subject, self.peer
        found: list[_Reason] = []
        if local is not ALWAYS:
            found.extend((each, subject) for each in lacking(local, subject))
        if rule.peers:
            # A peer that lacks nothing matches, or may.
            alternatives = [lacking(each.condition, peer) for each in rule.peers]
            found.extend((each, peer) for each in fewest(alternatives))
        else:
            found.append(_NO_PEER)
        if traffic_answer(rule.traffic, self.point, self.destination) is False:
            found.append(rule.traffic)
        return found

    def failure(self, reason: _Reason) -> Failure:
        """What is told of a reason why a rule does not match."""
        if isinstance(reason, Traffic):
            return traffic_failure(reason, self.point, self.destination)
        return reason if isinstance(reason, Failure) else describe(*reason)


def _stage_decides(
    stage: Stage, selecting: list[tuple[StagePolicy, Answer]], asked: _Asked, trace: _Trace
) -> bool:
    """Add a stage's outcomes to the trace; True where later stages cannot be reached."""
    isolation: Answer = False
    may_pass = False
    for policy, selects in selecting:
        for rule in policy.rules:
            matches = asked.rule_answer(rule)
            answer = every((selects, matches))
            if answer is False:
                continue
            trace.note(answer)
            trace.evidence.append(_match_evidence(rule))
            may_pass = trace.take(rule.effect, stage.gate) or may_pass
            if answer is True:
                _note_isolation(selecting, trace)
                return not may_pass and rule.effect is not Effect.PASS
            if matches is True:
                # If the policy selects at all, this rule decides: it isolates nothing any more.
                break
        else:
            if policy.isolates:
                isolation = some((isolation, selects))
    _note_isolation(selecting, trace)
    if isolation is False:
        return False
    trace.note(isolation)
    nearest = _nearest(selecting, asked)
    if nearest is not None and not trace.outcomes:
        trace.evidence.append(nearest)
    if stage.end is Effect.PASS:
        return False
    trace.outcomes.add(stage.end)
    return isolation is True and not may_pass


def _note_isolation(selecting: list[tuple[StagePolicy, Answer]], trace: _Trace) -> None:
    known = set(trace.isolated_by)
    for policy, _ in selecting:
        if policy.isolates:
            trace.isolated = True
            ref = policy.origin.policy
            if ref is not None and ref not in known:
                known.add(ref)
                trace.isolated_by.append(ref)


def _match_evidence(rule: Rule) -> Evidence:
    origin = rule.origin
    return Evidence(rule.effect.value, origin.reason, origin.detail, origin.policy, origin.pointer)


def _nearest(selecting: list[tuple[StagePolicy, Answer]], asked: _Asked) -> Evidence | None:
    """The rule that lacks least, with the condition that failed."""
    best: tuple[int, Rule, _Reason] | None = None
    isolating = [policy for policy, _ in selecting if policy.isolates]
    for policy in isolating:
        for rule in policy.rules:
            if rule.origin.policy is None:
                continue  # the engine's own, which nobody can edit
            if not asked.explains:
                return None
            found = asked.rule_failures(rule)
            if found and (best is None or len(found) < best[0]):
                best = (len(found), rule, found[0])
    if best is not None:
        count, rule, reason = best
        failure = asked.failure(reason)
        others = f" (and {count - 1} more)" if count > 1 else ""
        return Evidence(
            NO_MATCH,
            failure.reason,
            failure.detail + others,
            rule.origin.policy,
            rule.origin.pointer,
        )
    if not isolating:
        return None
    origin = isolating[0].origin
    return Evidence(
        ISOLATES,
        origin.reason if origin.policy is None else "NoRules",
        origin.detail or "the policy isolates the pod and has no rule that could allow anything",
        origin.policy,
        origin.pointer,
    )


def index_of(pipeline: Pipeline) -> dict[Direction, PolicyIndex]:
    """An index per direction."""
    return {each: PolicyIndex(pipeline.stages(each)) for each in Direction}


def both(egress: Decision, ingress: Decision) -> Decision:
    """A connection passes when both ends let it; one certain Deny is enough to stop it."""
    found = {egress, ingress}
    if Decision.DENY in found:
        return Decision.DENY
    return Decision.ALLOW if found <= LET_THROUGH else Decision.UNKNOWN
