"""The cause of a change at one end, asked of one pair for all that share it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from service.analysis.alike import atoms_of
from service.analysis.attempts import echo
from service.analysis.cause_signals import Changed
from service.analysis.causes import Cause, Causes
from service.analysis.deciding import Connection, decide, suppositions
from service.analysis.engine_views import EngineView
from service.analysis.peer_classes import PeerClass
from service.analysis.responsible import Element, deciding
from service.analysis.witness import Court
from service.model.addresses import Family
from service.model.endpoint import Endpoint
from service.model.pipeline import Direction
from service.model.verdict import DirectionVerdict

#: Sets of places that the reasons of a change may tell apart.
_Masks = tuple[int, ...]
Ends = tuple[Endpoint, Endpoint]


class RowCauses:
    """Finds the causes of classes of peers; what was asked once is not asked again."""

    def __init__(
        self,
        causes: Causes,
        courts: tuple[Court, Court],
        views: tuple[EngineView, EngineView],
        families: Sequence[Family],
    ) -> None:
        self._causes = causes
        self.courts = courts
        self._views = views
        self._families = families
        self._masks: dict[Hashable, _Masks] = {}
        self._found: dict[Hashable, Cause | None] = {}
        self._by_element: dict[tuple[int, Direction, Element], _Masks] = {}

    def known(self, chosen: PeerClass, peer: int) -> tuple[Cause | None, int] | None:
        """The cause for a peer and the peers that share it, where that was asked already."""
        key = _key(chosen)
        masks = self._masks.get(key)
        if masks is None:
            return None
        cause_key = (key, _signature(masks, peer))
        if cause_key not in self._found:
            return None
        return self._found[cause_key], _alike(masks, peer)

    def ask(
        self, chosen: PeerClass, peer: int, ends: Ends, *, same_node: bool
    ) -> tuple[Cause | None, int]:
        """The cause for a peer, and the peers that share it.

        `same_node` is what to suppose where the input does not tell where the ends run.
        """
        key = _key(chosen)
        changed = self._changed(chosen, ends, same_node=same_node)
        masks = self._masks.get(key)
        if masks is None:
            masks = () if chosen.is_blanket else self._masks_of(chosen, changed)
            self._masks[key] = masks
        cause = self._causes.of_change(changed)
        self._found[key, _signature(masks, peer)] = cause
        return cause, _alike(masks, peer)

    def _changed(self, chosen: PeerClass, ends: Ends, *, same_node: bool) -> Changed:
        family = self._families[chosen.pair.layer]
        direction = chosen.pair.direction
        point = echo(chosen.traffic.spans[0][0], family)
        sides: list[tuple[DirectionVerdict, Connection]] = []
        for court in self.courts:
            source, destination = (court.endpoint(each) or each for each in ends)
            supposed = same_node if None not in suppositions(source, destination) else None
            connection = Connection(source, destination, point, family, supposed)
            verdict = decide(court.index[direction], direction, connection, explains=False)
            sides.append((verdict, connection))
        (was, before), (now, after) = sides
        return Changed(direction, was, now, before, after)

    def _masks_of(self, chosen: PeerClass, changed: Changed) -> _Masks:
        if self._causes.asks_nothing:
            return ()
        found: dict[int, None] = {}
        for verdict in (changed.before, changed.after):
            for each in deciding(verdict):
                if each.policy is not None:
                    element = (each.policy, each.rule)
                    found.update(dict.fromkeys(self._told_apart(chosen, element)))
        return tuple(found)

    def _told_apart(self, chosen: PeerClass, element: Element) -> _Masks:
        """The places that some condition of a rule, under either engine, sets apart."""
        pair = chosen.pair
        key = (pair.layer, pair.direction, element)
        known = self._by_element.get(key)
        if known is None:
            known = self._by_element[key] = tuple(dict.fromkeys(self._answers(*key)))
        return known

    def _answers(self, number: int, direction: Direction, element: Element) -> Iterator[int]:
        policy, pointer = element
        for view, finder in zip(self._views, self._causes.finders, strict=True):
            questioner = view.layers[number].layer.questioner
            for part in finder.parts(direction, policy):
                for rule in part.rules:
                    if rule.origin.pointer == pointer:
                        for atom in atoms_of(each.condition for each in rule.peers):
                            answers = questioner.ask(atom)
                            yield answers.may
                            yield answers.must


def _key(chosen: PeerClass) -> Hashable:
    if chosen.is_blanket:
        return chosen.pair.direction, chosen.before, chosen.after
    return chosen.pair.number, chosen.key, chosen.before, chosen.after


def _signature(masks: _Masks, peer: int) -> tuple[bool, ...]:
    return tuple(bool(mask >> peer & 1) for mask in masks)


def _alike(masks: _Masks, peer: int) -> int:
    found = -1
    for mask in masks:
        found &= mask if mask >> peer & 1 else ~mask
    return found
