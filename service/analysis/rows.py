"""The rows of one direction: made once for all endpoints under the same rules."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from service.analysis.answers import Answers, Questioner
from service.analysis.blocks import Block, Certain, Entry, StageBlocks, doubtful_traffic
from service.analysis.outcomes import Row, grants_of, make_row, united_row, with_doubts
from service.analysis.space import bits
from service.analysis.stoppable import could_stop
from service.model.assumption import Assumption
from service.model.condition import ALWAYS
from service.model.endpoint import Endpoint, EndpointPort
from service.model.intervals import Intervals
from service.model.pipeline import ANY_PEER, Direction, Rule, Stage, StagePolicy
from service.model.ports import NamedPort, ports_of, whole_protocol

#: The policies that select a place: twice their number, and one more where that is certain.
Key = tuple[int, ...]


@dataclass(slots=True, eq=False)
class _Asked:
    """What one policy selects, and what its rules say; kept no longer than the policy is."""

    subject: Answers
    needs_subject: bool
    """Whether what the rules say differs between the endpoints that the policy selects."""
    block: Block | None = None
    """What they say to every endpoint that the policy certainly selects."""
    peers: dict[int, Answers] = field(default_factory=dict)
    """By the identity of the policy's rules, where they are asked for several subjects."""


#: Traffic that is let out, to whom, and what that rests on.
Outgoing = tuple[Intervals, int, frozenset[Assumption]]
NO_ASSUMPTION: frozenset[Assumption] = frozenset()


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
        self._policies: list[StagePolicy] = []
        self._stage_of: list[int] = []
        for place, stage in enumerate(stages):
            self._policies.extend(stage.policies)
            self._stage_of.extend([place] * len(stage.policies))
        numbers = list(map(id, self._policies))
        earlier: dict[int, _Asked] = known._asked_by_policy if known else {}
        found = list(map(earlier.get, numbers))
        self.added = [
            policy for policy, asked in zip(self._policies, found, strict=True) if asked is None
        ]
        """The policies that the other pipeline does not have."""
        self._asked: list[_Asked] = [
            asked or self._ask(policy) for policy, asked in zip(self._policies, found, strict=True)
        ]
        self._asked_by_policy: dict[int, _Asked] = dict(zip(numbers, self._asked, strict=True))
        self.changed_places = 0
        """The places that a policy selects which only one of both pipelines has."""
        for policy in self.added:
            self.changed_places |= self._asked_by_policy[id(policy)].subject.may
        for number in earlier.keys() - self._asked_by_policy.keys():
            self.changed_places |= earlier[number].subject.may
        self._named: dict[NamedPort, list[tuple[int, Answers]]] = {}
        self._stopping: dict[int, int] = {}

    def _ask(self, policy: StagePolicy) -> _Asked:
        needs_subject = any(map(self._rule_needs_subject, policy.rules))
        return _Asked(self._questioner.ask(policy.subject), needs_subject)

    def stopping(self, protocol: int) -> int:
        """The places at which some policy could stop a protocol, whatever the other end is.

        As `stoppable.may_stop` says it of one endpoint.
        """
        known = self._stopping.get(protocol)
        if known is None:
            whole, known = whole_protocol(protocol), 0
            for policy, asked in zip(self._policies, self._asked, strict=True):
                if could_stop(policy, whole):
                    known |= asked.subject.may
            self._stopping[protocol] = known
        return known

    def has_same_stages(self, other: RowMaker) -> bool:
        """Whether stages end alike, so that a place's row depends on its policies alone."""
        mine, theirs = ([(e.name, e.end, e.gate) for e in r._stages] for r in (self, other))
        return mine == theirs

    def united_rows(self, places: int) -> Iterator[tuple[int, Row]]:
        """As `rows`, with one entry for all peers of the same traffic."""
        everything = self._questioner.space.everything
        for members, stages in self.stages(places):
            yield members, united_row(stages, everything)

    def outgoing(self, places: int) -> dict[Outgoing, int]:
        """What places let out, and to whom, with the places that do."""
        everything = self._questioner.space.everything
        found: dict[Outgoing, int] = {}
        #: What policies grant, with the places under them: there are fewer policies than rows.
        shared: dict[int, tuple[Certain, int]] = {}
        for members, stages in self.stages(places):
            doubtful = doubtful_traffic(stages)
            grants = grants_of(stages, doubtful)
            if grants is None:
                add_row(found, members, make_row(stages, everything))
                continue
            for each in grants.granted:
                _, before = shared.get(id(each), (each, 0))
                shared[id(each)] = each, before | members
            certain: dict[tuple[Intervals, int], None] = {}
            if grants.is_open:
                certain[grants.clear, everything] = None
            add_row(found, members, with_doubts(stages, doubtful, everything, certain))
        for granted, members in shared.values():
            add_row(found, members, Row(granted))
        return found

    def rows(self, places: int) -> Iterator[tuple[int, Row]]:
        """Places, as disjoint bit sets, with the row that they share."""
        everything = self._questioner.space.everything
        for members, stages in self.stages(places):
            yield members, make_row(stages, everything)

    def stages(self, places: int) -> Iterator[tuple[int, list[StageBlocks]]]:
        """Places, as disjoint bit sets, with the rules that their row is made of."""
        needs_subject = self._asking_for_subject
        for key, members in self._by_policies(places).items():
            if not needs_subject or needs_subject.isdisjoint(code >> 1 for code in key):
                yield members, self._stage_blocks(key, None)
                continue
            groups: dict[Hashable, tuple[int, int]] = {}
            for place in bits(members):
                part = self._subject_signature(key, place)
                first, found = groups.get(part, (place, 0))
                groups[part] = (first, found | 1 << place)
            for first, found in groups.values():
                yield found, self._stage_blocks(key, first)

    @cached_property
    def _asking_for_subject(self) -> set[int]:
        """The numbers of policies whose rules speak of the subject, too."""
        return {number for number, asked in enumerate(self._asked) if asked.needs_subject}

    def _by_policies(self, places: int) -> dict[Key, int]:
        """Places by the policies that select them."""
        if not places:
            return {}
        selecting: dict[int, list[int]] = {place: [] for place in bits(places)}
        for number, asked in enumerate(self._asked):
            chosen = asked.subject.may & places
            if not chosen:
                continue
            certain = asked.subject.must
            for place in bits(chosen & certain):
                selecting[place].append(number << 1 | 1)
            for place in bits(chosen & ~certain):
                selecting[place].append(number << 1)
        found: dict[Key, int] = {}
        for place, policies in selecting.items():
            key = tuple(policies)
            found[key] = found.get(key, 0) | 1 << place
        return found

    def _stage_blocks(self, key: Key, subject: int | None) -> list[StageBlocks]:
        by_stage: dict[int, list[Block]] = {}
        for code in key:
            stage = self._stage_of[code >> 1]
            by_stage.setdefault(stage, []).append(self._block(code, subject))
        return [
            StageBlocks(tuple(blocks), self._stages[place].end, self._stages[place].gate)
            for place, blocks in by_stage.items()
        ]

    def _block(self, code: int, subject: int | None) -> Block:
        asked, policy = self._asked[code >> 1], self._policies[code >> 1]
        if asked.needs_subject and subject is not None:
            entries = tuple(self._all_entries(policy, asked, subject))
            certain = Block(entries, policy.isolates)
        else:
            if asked.block is None:
                entries = tuple(self._all_entries(policy, asked, None))
                asked.block = Block(entries, policy.isolates)
            certain = asked.block
        if code & 1:
            return certain
        return Block(certain.entries, policy.isolates, _assumptions(asked.subject))

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
        for code in key:
            if not self._asked[code >> 1].needs_subject:
                continue
            for rule in self._policies[code >> 1].rules:
                names.update(each.name for each in rule.traffic.named)
                if rule.local is not ALWAYS:
                    local = self._questioner.ask(rule.local)
                    parts.append((local.may >> place & 1, local.must >> place & 1))
        ports = frozenset(each for each in self._view[place].ports if each.name in names)
        return (tuple(parts), ports)


def add_row(found: dict[Outgoing, int], members: int, row: Row) -> None:
    """Add what places with a row let out."""
    for traffic, peers in row.certain:
        sure = (traffic, peers, NO_ASSUMPTION)
        found[sure] = found.get(sure, 0) | members
    for unsure in row.unknown:
        found[unsure] = found.get(unsure, 0) | members


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
