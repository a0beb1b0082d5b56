"""The rows of one direction: made once for all endpoints under the same rules."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from service.analysis.answers import Answers, Questioner
from service.analysis.outcomes import Block, Entry, Row, StageBlocks, make_row
from service.analysis.space import bits
from service.model.assumption import Assumption
from service.model.condition import ALWAYS
from service.model.endpoint import Endpoint, EndpointPort
from service.model.intervals import Intervals
from service.model.pipeline import ANY_PEER, Direction, Rule, Stage, StagePolicy
from service.model.ports import NamedPort, ports_of

Key = tuple[tuple[int, bool], ...]


@dataclass(slots=True)
class _Asked:
    """What one policy selects, and what its rules say; kept no longer than the policy is."""

    subject: Answers
    needs_subject: bool
    """Whether what the rules say differs between the endpoints that the policy selects."""
    entries: tuple[Entry, ...] | None = None
    peers: dict[int, Answers] = field(default_factory=dict)
    """By the identity of the policy's rules, where they are asked for several subjects."""


class RowMaker:
    """Rows of one direction of a pipeline over a space."""

    def __init__(
        self,
        direction: Direction,
        stages: Sequence[Stage],
        questioner: Questioner,
        view: Sequence[Endpoint],
        known: RowMaker | None = None,
    ) -> None:
        """`known`: rows of another pipeline over the same view, whose policies may recur."""
        self._direction = direction
        self._stages = stages
        self._questioner = questioner
        self._view = view
        self._policies: list[tuple[int, StagePolicy]] = [
            (place, policy) for place, stage in enumerate(stages) for policy in stage.policies
        ]
        earlier = known._asked_by_policy if known else {}
        self._asked: list[_Asked] = [
            earlier.get(id(policy)) or self._ask(policy) for _, policy in self._policies
        ]
        self._asked_by_policy: dict[int, _Asked] = {
            id(policy): asked
            for (_, policy), asked in zip(self._policies, self._asked, strict=True)
        }
        self._named: dict[NamedPort, list[tuple[int, Answers]]] = {}

    def _ask(self, policy: StagePolicy) -> _Asked:
        needs_subject = any(map(self._rule_needs_subject, policy.rules))
        return _Asked(self._questioner.ask(policy.subject), needs_subject)

    def changed_places(self, other: RowMaker) -> int:
        """The places that a policy of one of two pipelines selects and the other has not."""
        mine, theirs = self._asked_by_policy, other._asked_by_policy
        found = 0
        for one, another in ((mine, theirs), (theirs, mine)):
            for policy in one.keys() - another.keys():
                found |= one[policy].subject.may
        return found

    def has_same_stages(self, other: RowMaker) -> bool:
        """Whether stages end alike, so that a place's row depends on its policies alone."""
        mine, theirs = ([(e.name, e.end, e.gate) for e in r._stages] for r in (self, other))
        return mine == theirs

    def united_rows(self, places: int) -> Iterator[tuple[int, Row]]:
        """As `rows`, with one entry for all peers of the same traffic."""
        for members, row in self.rows(places):
            by_traffic: dict[Intervals, int] = {}
            for traffic, peers in row.certain:
                by_traffic[traffic] = by_traffic.get(traffic, 0) | peers
            yield members, Row(tuple(by_traffic.items()), row.unknown)

    def rows(self, places: int) -> Iterator[tuple[int, Row]]:
        """Places, as disjoint bit sets, with the row that they share."""
        everything = self._questioner.space.everything
        for members, stages in self.stages(places):
            yield members, make_row(stages, everything)

    def stages(self, places: int) -> Iterator[tuple[int, list[StageBlocks]]]:
        """Places, as disjoint bit sets, with the rules that their row is made of."""
        for key, members in self._by_policies(places).items():
            if not any(self._asked[number].needs_subject for number, _ in key):
                yield members, self._stage_blocks(key, None)
                continue
            groups: dict[Hashable, tuple[int, int]] = {}
            for place in bits(members):
                part = self._subject_signature(key, place)
                first, found = groups.get(part, (place, 0))
                groups[part] = (first, found | 1 << place)
            for first, found in groups.values():
                yield found, self._stage_blocks(key, first)

    def _by_policies(self, places: int) -> dict[Key, int]:
        """Places by the policies that select them, certainly (True) or perhaps (False)."""
        selecting: dict[int, list[tuple[int, bool]]] = {place: [] for place in bits(places)}
        for number, asked in enumerate(self._asked):
            certain = asked.subject.must
            for place in bits(asked.subject.may & places):
                selecting[place].append((number, bool(certain >> place & 1)))
        found: dict[Key, int] = {}
        for place, policies in selecting.items():
            key = tuple(policies)
            found[key] = found.get(key, 0) | 1 << place
        return found

    def _stage_blocks(self, key: Key, subject: int | None) -> list[StageBlocks]:
        by_stage: dict[int, list[Block]] = {}
        for number, certain in key:
            place, policy = self._policies[number]
            assumptions = frozenset() if certain else _assumptions(self._asked[number].subject)
            block = Block(
                self._policy_entries(number, policy, subject), policy.isolates, assumptions
            )
            by_stage.setdefault(place, []).append(block)
        return [
            StageBlocks(tuple(blocks), self._stages[place].end, self._stages[place].gate)
            for place, blocks in by_stage.items()
        ]

    def _policy_entries(
        self, number: int, policy: StagePolicy, subject: int | None
    ) -> tuple[Entry, ...]:
        asked = self._asked[number]
        if asked.needs_subject and subject is not None:
            return tuple(self._all_entries(policy, asked, subject))
        if asked.entries is None:
            asked.entries = tuple(self._all_entries(policy, asked, None))
        return asked.entries

    def _all_entries(
        self, policy: StagePolicy, asked: _Asked, subject: int | None
    ) -> Iterator[Entry]:
        for rule in policy.rules:
            peers = self._peer_answers(rule, asked)
            yield from self._rule_entries(rule, peers, subject)

    def _rule_entries(self, rule: Rule, peers: Answers, subject: int | None) -> Iterator[Entry]:
        if rule.local is not ALWAYS and subject is not None:
            local = self._questioner.ask(rule.local)
            one = 1 << subject
            if not local.may & one:
                return
            if not local.must & one:
                peers = _doubted_peers(peers, _assumptions(local))
        if not peers.may:
            return
        if rule.traffic.numbered:
            yield Entry(rule.effect, rule.traffic.numbered, peers)
        for name in rule.traffic.named:
            if self._direction is Direction.INGRESS:
                if subject is not None:
                    yield from self._own_port(rule, name, peers, self._view[subject])
            else:
                yield from self._peer_port(rule, name, peers)

    def _peer_answers(self, rule: Rule, asked: _Asked) -> Answers:
        if rule.peers is ANY_PEER:
            everything = self._questioner.space.everything
            return Answers(everything, everything)
        found = asked.peers.get(id(rule))
        if found is None:
            must = may = 0
            doubts: list[tuple[int, frozenset[Assumption]]] = []
            for peer in rule.peers:
                answers = self._questioner.ask(peer.condition)
                must |= answers.must
                may |= answers.may
                doubts.extend(answers.doubts)
            kept = may & ~must
            found = Answers(
                must, may, tuple((each & kept, why) for each, why in doubts if each & kept)
            )
            if asked.needs_subject:
                asked.peers[id(rule)] = found
        return found

    def _own_port(
        self, rule: Rule, name: NamedPort, peers: Answers, subject: Endpoint
    ) -> Iterator[Entry]:
        for port in subject.ports:
            if _is_called(port, name):
                found = peers
                if port.assumption is not None:
                    found = _doubted_peers(peers, frozenset((port.assumption,)))
                yield Entry(rule.effect, ports_of(port.protocol, port.number, port.number), found)

    def _peer_port(self, rule: Rule, name: NamedPort, peers: Answers) -> Iterator[Entry]:
        """At egress a name is looked up at each destination: one entry per number."""
        known = self._named.get(name)
        if known is None:
            known = self._named[name] = self._destinations(name)
        for point, having in known:
            both = _both(peers, having)
            if both.may:
                yield Entry(
                    rule.effect, ports_of(point >> 16, point & 0xFFFF, point & 0xFFFF), both
                )

    def _destinations(self, name: NamedPort) -> list[tuple[int, Answers]]:
        found: dict[int, tuple[int, int, list[tuple[int, frozenset[Assumption]]]]] = {}
        for place, endpoint in enumerate(self._view):
            for port in endpoint.ports:
                if not _is_called(port, name):
                    continue
                point = port.protocol << 16 | port.number
                must, may, doubts = found.get(point, (0, 0, []))
                one = 1 << place
                if port.assumption is None:
                    must |= one
                else:
                    doubts.append((one, frozenset((port.assumption,))))
                found[point] = (must, may | one, doubts)
        return [
            (point, Answers(must, may, tuple(doubts)))
            for point, (must, may, doubts) in found.items()
        ]

    def _rule_needs_subject(self, rule: Rule) -> bool:
        named = bool(rule.traffic.named) and self._direction is Direction.INGRESS
        return named or rule.local is not ALWAYS

    def _subject_signature(self, key: Key, place: int) -> Hashable:
        parts: list[Hashable] = []
        names: set[str] = set()
        for number, _ in key:
            if not self._asked[number].needs_subject:
                continue
            for rule in self._policies[number][1].rules:
                names.update(each.name for each in rule.traffic.named)
                if rule.local is not ALWAYS:
                    local = self._questioner.ask(rule.local)
                    parts.append((local.may >> place & 1, local.must >> place & 1))
        ports = frozenset(each for each in self._view[place].ports if each.name in names)
        return (tuple(parts), ports)


def _is_called(port: EndpointPort, name: NamedPort) -> bool:
    return port.name == name.name and name.protocol in {None, port.protocol}


def _assumptions(answers: Answers) -> frozenset[Assumption]:
    return frozenset(each for _, why in answers.doubts for each in why)


def _doubted_peers(peers: Answers, why: frozenset[Assumption]) -> Answers:
    return Answers(0, peers.may, (*peers.doubts, (peers.may, why)))


def _both(first: Answers, second: Answers) -> Answers:
    must, may = first.must & second.must, first.may & second.may
    kept = may & ~must
    doubts = (*first.doubts, *second.doubts)
    return Answers(must, may, tuple((each & kept, why) for each, why in doubts if each & kept))
