"""What can be told of a connection that two engines decide differently, as plain signals.

A signal is a name with one or several words. `causes` looks the words up in a table; nothing
here knows what they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.analysis.asking import Encounter, ask
from service.analysis.deciding import Connection
from service.analysis.explaining import Failure, failures, traffic_failure
from service.analysis.matching import traffic_answer
from service.analysis.responsible import deciding
from service.analysis.rule_marks import RuleMarks
from service.model.endpoint import Endpoint, EndpointKind
from service.model.finding import Finding
from service.model.pipeline import Direction, Pipeline, Rule, StagePolicy
from service.model.policy import PolicyRef
from service.model.ports import Protocol
from service.model.verdict import Decision, DirectionVerdict, Evidence

#: Protocols whose ports the signal `port` tells.
ASKED_BY_PORT = (Protocol.TCP, Protocol.UDP)

ALLOWING = frozenset({Decision.ALLOW, Decision.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Changed:
    """One end of a connection that two engines decide differently.

    The connections are the same one as each engine sees it. `point_is_known` is False where it
    went through a Service, whose target port the verdict does not tell.
    """

    direction: Direction
    before: DirectionVerdict
    after: DirectionVerdict
    connection_before: Connection
    connection_after: Connection
    point_is_known: bool = True


class RuleFinder:
    """Where the rules and subjects of each policy are in a pipeline."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._parts: dict[tuple[Direction, PolicyRef], list[StagePolicy]] = {}
        for direction in Direction:
            for stage in pipeline.stages(direction):
                for part in stage.policies:
                    if part.origin.policy is not None:
                        key = (direction, part.origin.policy)
                        self._parts.setdefault(key, []).append(part)
        self.findings: dict[PolicyRef, list[Finding]] = {}
        for each in pipeline.findings:
            if each.policy is not None:
                self.findings.setdefault(each.policy, []).append(each)

    def parts(self, direction: Direction, policy: PolicyRef) -> list[StagePolicy]:
        """What a policy became in one direction; nothing where the engine left it out."""
        return self._parts.get((direction, policy), [])

    def why_not(self, changed: Changed, connection: Connection, evidence: Evidence) -> set[str]:
        """Why the rule of some evidence does not decide this connection in this pipeline."""
        if evidence.policy is None:
            return set()
        parts = self.parts(changed.direction, evidence.policy)
        if not parts:
            return {"PolicyGone"}
        subject, peer = _ends(changed.direction, connection)
        about = Encounter(subject, peer, connection.family)
        selecting = [each for each in parts if ask(each.subject, about) is not False]
        if not selecting:
            return {"SubjectGone"} | {
                each.reason for part in parts for each in failures(part.subject, about)
            }
        rules = [rule for part in selecting for rule in part.rules]
        same = [rule for rule in rules if rule.origin.pointer == evidence.rule]
        if not same:
            return {"RuleGone"}
        return {
            each.reason
            for rule in same
            for each in _rule_failures(rule, subject, peer, connection, changed)
        }


def _rule_failures(
    rule: Rule, subject: Endpoint, peer: Endpoint, connection: Connection, changed: Changed
) -> Iterator[Failure]:
    yield from failures(rule.local, Encounter(subject, peer, connection.family))
    about = Encounter(peer, subject, connection.family)
    answers = [ask(each.condition, about) for each in rule.peers]
    # A peer that may still match does not take the place of one that did for certain.
    if not any(answer is True for answer in answers):
        for each in rule.peers:
            yield from failures(each.condition, about)
    if not changed.point_is_known:
        return
    point, destination = connection.point, connection.destination
    if traffic_answer(rule.traffic, point, destination) is False:
        failure = traffic_failure(rule.traffic, point, destination)
        if failure is not None:
            yield failure


def _ends(direction: Direction, connection: Connection) -> tuple[Endpoint, Endpoint]:
    """Subject and peer of one direction."""
    if direction is Direction.INGRESS:
        return connection.destination, connection.source
    return connection.source, connection.destination


def _words(evidence: Iterable[Evidence]) -> frozenset[str]:
    return frozenset(each.reason for each in evidence)


def _step(before: Decision, after: Decision) -> str:
    names = {Decision.ALLOW: "Allow", Decision.NOT_APPLICABLE: "Allow"}
    return f"{names.get(before, before.value)}To{names.get(after, after.value)}"


class SignalReader:
    """Reads the signals of changes between two pipelines."""

    def __init__(self, before: Pipeline, after: Pipeline, marks: RuleMarks) -> None:
        self.before = RuleFinder(before)
        self.after = RuleFinder(after)
        self.marks = marks

    def signals(self, changed: Changed) -> dict[str, frozenset[str]]:
        """Everything that can be told of a change."""
        was, now = changed.before, changed.after
        subject, peer = _ends(changed.direction, changed.connection_before)
        lost = self._lost(changed)
        gained = self._gained(changed)
        named = {*was.isolated_by, *now.isolated_by}
        named |= {each.policy for each in (*was.evidence, *now.evidence) if each.policy}
        old, new = set(was.isolated_by), set(now.isolated_by)
        begins = tuple(each for each in now.isolated_by if each not in old)
        ends = tuple(each for each in was.isolated_by if each not in new)
        return {
            "direction": frozenset({changed.direction.value}),
            "step": frozenset({_step(was.decision, now.decision)}),
            "before": _words(deciding(was)),
            "after": _words(now.evidence),
            "peer": frozenset({peer.kind.value}),
            "place": frozenset({_place(subject, peer, changed.connection_before.same_node)}),
            "subjectOs": frozenset({subject.os or "unknown"}),
            "protocol": frozenset({str(changed.connection_before.point >> 16)}),
            "port": _port(changed.connection_before.point),
            "assumptionsBefore": frozenset(each.code for each in was.assumptions),
            "assumptionsAfter": frozenset(each.code for each in now.assumptions),
            "lost": frozenset(lost),
            "gained": frozenset(gained),
            "lostHas": self._has(deciding(was) if lost else (), peer),
            "gainedHas": self._has(deciding(now) if gained else (), peer),
            "families": frozenset(map(self.marks.family, named)),
            "itself": frozenset({"yes"} if _is_itself(changed.connection_before) else ()),
            "clientBlock": self._client_block(changed, now.isolated_by),
            "isolates": self._isolation(changed.direction, begins, self.before),
            "releases": self._isolation(changed.direction, ends, self.after),
            "findingsBefore": _codes(self.before, named),
            "findingsAfter": _codes(self.after, named),
        }

    def _lost(self, changed: Changed) -> set[str]:
        """Why what allowed before does not allow any more."""
        found: set[str] = set()
        if changed.before.decision is not Decision.DENY and changed.after.decision not in ALLOWING:
            for each in deciding(changed.before):
                if each.effect == "Allow":
                    found |= self.after.why_not(changed, changed.connection_after, each)
        return found

    def _gained(self, changed: Changed) -> set[str]:
        """Why what allows now did not allow before."""
        found: set[str] = set()
        if changed.after.decision is not Decision.DENY and changed.before.decision not in ALLOWING:
            for each in deciding(changed.after):
                if each.effect == "Allow":
                    found |= self.before.why_not(changed, changed.connection_before, each)
        return found

    def _has(self, evidence: Iterable[Evidence], peer: Endpoint) -> frozenset[str]:
        found: set[str] = set()
        for each in evidence:
            if each.policy is not None:
                found |= self.marks.of_rule(each.policy, each.rule, peer)
        return frozenset(found)

    def _client_block(self, changed: Changed, policies: Iterable[PolicyRef]) -> frozenset[str]:
        """Whether a policy that isolates the destination admits the source by a block."""
        client = changed.connection_before.source
        if changed.direction is Direction.EGRESS or client.kind is not EndpointKind.EXTERNAL:
            return frozenset()
        admits = any(self.marks.block_admits(each, client) for each in policies)
        return frozenset({"yes"} if admits else ())

    def _isolation(
        self, direction: Direction, policies: Iterable[PolicyRef], other: RuleFinder
    ) -> frozenset[str]:
        """Why policies isolate under one engine and not under the other."""
        found: set[str] = set()
        for each in policies:
            found.add("Differs")
            found |= self.marks.of_isolation(each, direction)
            found |= {finding.code for finding in other.findings.get(each, ())}
            if not other.parts(direction, each):
                found.add("NotRead")
        return frozenset(found)


def _port(point: int) -> frozenset[str]:
    # What rules ask for by its port is a service that nobody offers over SCTP.
    return frozenset({str(point & 0xFFFF)} if point >> 16 in ASKED_BY_PORT else ())


def _is_itself(connection: Connection) -> bool:
    source, destination = connection.source, connection.destination
    return source.kind is EndpointKind.POD and source == destination


def _codes(finder: RuleFinder, policies: Iterable[PolicyRef]) -> frozenset[str]:
    if not finder.findings:
        return frozenset()
    return frozenset(finding.code for each in policies for finding in finder.findings.get(each, ()))


def _place(subject: Endpoint, peer: Endpoint, supposed: bool | None) -> str:
    if not peer.is_on_node_network:
        return "Elsewhere"
    same = supposed
    if subject.node is not None and peer.node is not None:
        same = subject.node == peer.node
    if same is None:
        return "Unknown"
    return "OwnNode" if same else "OtherNode"
