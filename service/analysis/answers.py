"""Conditions asked of every place of a space at once, as bit sets.

The counterpart of `asking.ask`, which asks about one endpoint.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.analysis.asking import label_value
from service.analysis.space import Space, Standing
from service.model.addresses import Family, addresses_of, family_of
from service.model.assumption import Assumption
from service.model.condition import (
    AddressIn,
    AllOf,
    Always,
    AnyOf,
    Assumed,
    Condition,
    EndpointIn,
    FamilyIs,
    KindIs,
    LabelIs,
    LabelScope,
    Negation,
    NodeNameIn,
    OsIs,
    Relation,
    RelationIs,
    RunsOn,
)
from service.model.endpoint import Endpoint, EndpointKind
from service.model.intervals import Intervals
from service.model.labels import Operator, Requirement

#: Of so many conditions the answers are kept; a large cluster's policies have fewer.
_REMEMBERED = 100_000

#: Places whose answer rests on assumptions, per set of assumptions.
Doubts = tuple[tuple[int, frozenset[Assumption]], ...]

ADDRESS_UNKNOWN = Assumption(
    "AddressUnknown",
    "the address of a pod or node is not given, so it is open whether an address block covers it",
)
SEVERAL_ADDRESSES = Assumption(
    "SeveralAddresses",
    "a pod or node has several addresses, of which an address block covers only some, and which of "
    "them it uses is not given",
)
PLACEMENT_UNKNOWN = Assumption("PlacementUnknown", "the node that a pod runs on is not given")
OS_UNKNOWN = Assumption(
    "NodeOsUnknown", "the operating system of the node that a pod runs on is not given"
)


@dataclass(frozen=True, slots=True)
class Answers:
    """Places for which a condition certainly holds, and those for which it may."""

    must: int
    may: int
    doubts: Doubts = ()

    @property
    def is_certain(self) -> bool:
        """Whether nothing is left open about any place."""
        return self.must == self.may


def doubts_within(doubts: Doubts, kept: int) -> Doubts:
    """The doubts about some places only."""
    return tuple((each & kept, why) for each, why in doubts if each & kept)


class Questioner:
    """Asks conditions of one pipeline's view of a space, for one address family."""

    def __init__(self, space: Space, view: Sequence[Endpoint], family: Family) -> None:
        self.space = space
        self.family = family
        self._everything = Answers(space.everything, space.everything)
        self._nothing = Answers(0, 0)
        self._labels: dict[tuple[LabelScope, str], dict[str, int]] = {}
        self._view = view
        self._kinds: dict[EndpointKind, int] = dict.fromkeys(EndpointKind, 0)
        self._standing: dict[Standing, int] = dict.fromkeys(Standing, 0)
        self._os: dict[str | None, int] = {}
        points: dict[int, int] = {}
        self._unknown: dict[Intervals, int] = {}
        #: Places with several addresses of the family.
        self._several: list[tuple[int, list[int]]] = []
        whole = addresses_of(family)
        for index, (place, endpoint) in enumerate(zip(space.places, view, strict=True)):
            one = 1 << index
            self._kinds[endpoint.kind] |= one
            self._standing[place.standing] |= one
            if place.is_external:
                continue
            if endpoint.kind is EndpointKind.POD or endpoint.os is not None:
                self._os[endpoint.os] = self._os.get(endpoint.os, 0) | one
            known = [point for point in endpoint.addresses if family_of(point) is family]
            for point in known:
                points[point] = points.get(point, 0) | one
            if len(known) > 1:
                self._several.append((one, known))
            if not endpoint.addresses:
                possible = endpoint.possible_addresses & whole
                self._unknown[possible] = self._unknown.get(possible, 0) | one
        self._points = sorted(points)
        self._at_point = points
        self._asked: dict[int, tuple[Condition, Answers]] = {}
        self._external_lows = [place.low for place in space.places[space.first_external :]]

    def ask(self, condition: Condition) -> Answers:
        """Which places a condition holds for; a condition that many rules share is asked once."""
        known = self._asked.get(id(condition))
        if known is None:
            if len(self._asked) >= _REMEMBERED:
                self._asked.clear()
            # The condition is kept with its answer, so that no other one gets its identity.
            known = self._asked[id(condition)] = (condition, self._answer(condition))
        return known[1]

    def _answer(self, condition: Condition) -> Answers:  # noqa: PLR0911, PLR0912 - one branch an atom
        match condition:
            case AllOf(parts):
                return self._all(parts)
            case LabelIs(scope, requirement):
                found = self._label(scope, requirement)
                return Answers(found, found)
            case KindIs(kinds):
                found = 0
                for kind in kinds:
                    found |= self._kinds[kind]
                return Answers(found, found)
            case Always():
                return self._everything
            case AnyOf(parts):
                return self._any(parts)
            case AddressIn(addresses):
                return self._address(addresses)
            case Negation(part):
                answers = self.ask(part)
                everything = self.space.everything
                return Answers(
                    everything & ~answers.may, everything & ~answers.must, answers.doubts
                )
            case RelationIs(relation):
                return self._relation(relation)
            case FamilyIs(family):
                return self._everything if family is self.family else self._nothing
            case OsIs(os):
                found, unknown = self._os.get(os, 0), self._os.get(None, 0)
                doubts = ((unknown, frozenset((OS_UNKNOWN,))),) if unknown else ()
                return Answers(found, found | unknown, doubts)
            case Assumed(assumption):
                everything = self.space.everything
                return Answers(0, everything, ((everything, frozenset((assumption,))),))
            case EndpointIn(pods):
                found = 0
                for pod in pods:
                    for place in self.space.places_of.get(pod, ()):
                        found |= 1 << place
                return Answers(found, found)
            case NodeNameIn(nodes):
                found = 0
                for index, endpoint in enumerate(self._view):
                    if endpoint.is_on_node_network and endpoint.node in nodes:
                        found |= 1 << index
                return Answers(found, found)

            case RunsOn(nodes):
                return self._placed(nodes)

    def _placed(self, nodes: frozenset[str]) -> Answers:
        found = unknown = 0
        for index, endpoint in enumerate(self._view[: self.space.first_external]):
            if endpoint.node is None:
                unknown |= 1 << index
            elif endpoint.node in nodes:
                found |= 1 << index
        doubts = ((unknown, frozenset((PLACEMENT_UNKNOWN,))),) if unknown else ()
        return Answers(found, found | unknown, doubts)

    def _all(self, parts: tuple[Condition, ...]) -> Answers:
        found = self.space.everything
        doubted: list[Answers] = []
        for part in parts:
            # By far most parts are labels, about which there is no doubt.
            if isinstance(part, LabelIs):
                found &= self._label(part.scope, part.requirement)
            else:
                answers = self.ask(part)
                if answers.is_certain:
                    found &= answers.must
                else:
                    doubted.append(answers)
            if not found:
                return self._nothing
        if not doubted:
            return Answers(found, found)
        must = may = found
        doubts: Doubts = ()
        for answers in doubted:
            must &= answers.must
            may &= answers.may
            doubts += answers.doubts
        return Answers(must, may, doubts_within(doubts, may & ~must)) if may else self._nothing

    def _any(self, parts: tuple[Condition, ...]) -> Answers:
        must = may = 0
        doubts: Doubts = ()
        for part in parts:
            answers = self.ask(part)
            must |= answers.must
            may |= answers.may
            doubts += answers.doubts
        return Answers(must, may, doubts_within(doubts, may & ~must) if doubts else ())

    def _label(self, scope: LabelScope, requirement: Requirement) -> int:
        by_value = self._labels.get((scope, requirement.key))
        if by_value is None:
            by_value = self._index(scope, requirement.key)
        match requirement.operator:
            case Operator.IN:
                found = 0
                for value in requirement.values:
                    found |= by_value.get(value, 0)
                return found
            case Operator.NOT_IN:
                excluded = _union(by_value.get(value, 0) for value in requirement.values)
                return self.space.everything & ~excluded
            case Operator.EXISTS:
                return _union(by_value.values())
            case Operator.DOES_NOT_EXIST:
                return self.space.everything & ~_union(by_value.values())
            case _:
                return _union(
                    found for value, found in by_value.items() if requirement.accepts(value)
                )

    def _index(self, scope: LabelScope, key: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for index, endpoint in enumerate(self._view):
            value = label_value(endpoint, scope, key)
            if value is not None:
                found[value] = found.get(value, 0) | 1 << index
        self._labels[scope, key] = found
        return found

    def _address(self, addresses: Intervals) -> Answers:
        must = 0
        for low, high in addresses:
            for point in self._points[
                bisect_left(self._points, low) : bisect_right(self._points, high)
            ]:
                must |= self._at_point[point]
            first = bisect_left(self._external_lows, low)
            after = bisect_right(self._external_lows, high)
            must |= ((1 << (after - first)) - 1) << (self.space.first_external + first)
        may = must
        doubts: list[tuple[int, frozenset[Assumption]]] = []
        whole = addresses_of(self.family)
        for one, known in self._several:
            if must & one and not all(point in addresses for point in known):
                must &= ~one
                doubts.append((one, frozenset((SEVERAL_ADDRESSES,))))
        for possible, places in self._unknown.items():
            inside = possible & addresses
            if not inside:
                continue
            may |= places
            # A pod range that a block covers whole settles the matter; "anywhere" does not.
            if inside == possible and possible != whole:
                must |= places
            else:
                doubts.append((places, frozenset((ADDRESS_UNKNOWN,))))
        return Answers(must, may, tuple(doubts))

    def _relation(self, relation: Relation) -> Answers:
        if relation is Relation.SELF:
            return self._nothing
        own = relation is Relation.OWN_NODE
        found = self._standing[Standing.OWN_NODE if own else Standing.OTHER_NODE]
        return Answers(found, found)


def _union(sets: Iterable[int]) -> int:
    found = 0
    for each in sets:
        found |= each
    return found
