"""Rules met by one connection: whether a rule matches, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass

from service.analysis.asking import Answer, Encounter, ask, every, some
from service.analysis.explaining import Failure, describe, fewest, lacking, traffic_failure
from service.model.assumption import Assumption
from service.model.condition import ALWAYS, Condition
from service.model.endpoint import Endpoint
from service.model.pipeline import Rule, Traffic

#: Why a rule does not match: a condition and about whom, its traffic, or what needs no asking.
Reason = tuple[Condition, Encounter] | Traffic | Failure
_NO_PEER = Failure("NoPeer", lambda: "the rule's list of peers is empty")


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


@dataclass(slots=True)
class Meeting:
    """One connection as the rules of one direction meet it.

    `subject` is about the policed end, `peer` about the other one.
    """

    subject: Encounter
    peer: Encounter
    point: int
    destination: Endpoint

    def answer(self, rule: Rule) -> Answer:
        """Whether a rule matches."""
        traffic = traffic_answer(rule.traffic, self.point, self.destination)
        if traffic is False:
            return False
        local = rule.local is ALWAYS or ask(rule.local, self.subject)
        if local is False:
            return False
        peer = self._peer_answer(rule)
        return peer if traffic is True and local is True else every((traffic, local, peer))

    def _peer_answer(self, rule: Rule) -> Answer:
        # `some` without a generator: this is asked of every rule.
        open_questions: frozenset[Assumption] = frozenset()
        for each in rule.peers:
            answer = ask(each.condition, self.peer)
            if answer is True:
                return True
            if answer is not False:
                open_questions |= answer
        return open_questions or False

    def reasons(self, rule: Rule) -> list[Reason]:
        """Everything that keeps a rule from matching; of its peers, the one that lacks least."""
        local, subject, peer = rule.local, self.subject, self.peer
        found: list[Reason] = []
        if local is not ALWAYS:
            found.extend((each, subject) for each in lacking(local, subject))
        if rule.peers:
            # A peer that lacks nothing matches, or may.
            lacks = (
                lacking(rule.peers[0].condition, peer)
                if len(rule.peers) == 1
                else fewest([lacking(each.condition, peer) for each in rule.peers])
            )
            found.extend([(each, peer) for each in lacks])
        else:
            found.append(_NO_PEER)
        if traffic_answer(rule.traffic, self.point, self.destination) is False:
            found.append(rule.traffic)
        return found

    def failure(self, reason: Reason) -> Failure:
        """What is told of a reason why a rule does not match."""
        if isinstance(reason, Traffic):
            return traffic_failure(reason, self.point, self.destination)
        return reason if isinstance(reason, Failure) else describe(*reason)
