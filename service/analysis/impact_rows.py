"""The impact of a change of engine, found row by row and exact to the pair.

What decides at one end depends on the rules that the end shares with others of its row, so each
difference of a row is asked for its cause once for all peers that the same rules speak of. Which
pairs really change is known from the comparison of both maps, piece of traffic by piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from service.analysis.causes import Cause
from service.analysis.changed_pieces import Matrix, Piece, Way
from service.analysis.compare import Change
from service.analysis.gathering import Gathering, Share
from service.analysis.impact_units import ImpactUnits
from service.analysis.layers import Layer
from service.analysis.peer_classes import PeerClass
from service.analysis.responsible import step
from service.analysis.row_causes import RowCauses
from service.analysis.row_changes import RowPair
from service.analysis.space import Standing
from service.model.intervals import Intervals
from service.model.pipeline import Direction


@dataclass(slots=True)
class _Touched:
    """Peers of a row with one cause, the pairs that really change, and the traffic of it."""

    pair: RowPair
    peers: int
    traffic: Intervals
    rises: bool
    cause: Cause | None
    pairs: dict[Change, dict[int, int]] = field(default_factory=dict)
    firsts: dict[Change, tuple[Intervals, int, int]] = field(default_factory=dict)
    """One pair of each change, with the first piece of traffic on which it changes."""
    pieces: dict[Change, list[Intervals]] = field(default_factory=dict)


class RowImpact:
    """Gathers the impact of one change over one space."""

    def __init__(
        self,
        layers: Sequence[Layer],
        units: ImpactUnits,
        causes: RowCauses,
    ) -> None:
        self._layers = layers
        self._places = layers[0].space.places
        self._units = units
        self._causes = causes
        self._meeting: dict[int, Matrix] = {}

    def gather(
        self, into: Gathering, pieces: Iterable[Piece], classes: Iterable[PeerClass]
    ) -> None:
        """Put every change of every row where it belongs."""
        touched: dict[Intervals, list[_Touched]] = {}
        for each in classes:
            touched.setdefault(each.traffic, []).extend(self._divided(each))
        for piece in pieces:
            speaking = [
                one
                for traffic, found in touched.items()
                if traffic.overlaps(piece.traffic)
                for one in found
            ]
            for way, matrix in piece.matrices(self._units.met).items():
                self._touch(way, matrix, piece.traffic, speaking)
        for found in touched.values():
            for one in found:
                for change in one.pairs:
                    into.take(self._share(one, change))

    def gather_opening(
        self, into: Gathering, classes: Iterable[PeerClass], but: tuple[Intervals, int]
    ) -> None:
        """The same where nothing is enforced any more: whatever one end closes opens.

        `but`: ports of places that no row tells of.
        """
        for chosen in classes:
            for one, subjects in self._told(chosen, *but):
                found = {
                    each: one.peers & self._met(one.pair, each)
                    for each in one.pair.members
                    if subjects >> each & 1
                }
                pairs = {each: peers for each, peers in found.items() if peers}
                if pairs:
                    change = Change.NEWLY_ALLOWED
                    subject, peers = next(iter(pairs.items()))
                    one.pairs[change] = pairs
                    one.pieces[change] = [one.traffic]
                    peer = (peers & -peers).bit_length() - 1
                    one.firsts[change] = (one.traffic, subject, peer)
                    into.take(self._share(one, change))

    def _told(
        self, chosen: PeerClass, ports: Intervals, places: int
    ) -> Iterator[tuple[_Touched, int]]:
        """A class by cause without some ports of some places, and the subjects it is about."""
        outwards = chosen.pair.direction is Direction.EGRESS
        for one in self._divided(chosen):
            if not one.traffic.overlaps(ports):
                yield one, -1
                continue
            for at, traffic in ((~places, one.traffic), (places, one.traffic - ports)):
                peers = one.peers & at if outwards else one.peers
                if peers and traffic:
                    part = _Touched(one.pair, peers, traffic, one.rises, one.cause)
                    yield part, -1 if outwards else at

    def _met(self, pair: RowPair, subject: int) -> int:
        """The places that a place makes pairs with, in the address family of a row.

        None of them is a range that nobody outside has an address of.
        """
        joint = self._units.comparison.joint
        outwards = pair.direction is Direction.EGRESS
        met = self._units.met(subject) & ~(joint.called_inside if outwards else joint.inside)
        if len(self._layers) > 1:
            met &= self._valid(pair.layer, pair.direction)[subject]
        return met

    def _divided(self, chosen: PeerClass) -> Iterator[_Touched]:
        """A class by the causes of its peers; most often all have the same."""
        pair = chosen.pair
        rest = chosen.peers
        for subject in pair.members:
            met = self._met(pair, subject)
            while peers := rest & met:
                peer = (peers & -peers).bit_length() - 1
                cause, alike = self._cause(chosen, subject, peer)
                yield _Touched(
                    pair,
                    rest & alike,
                    chosen.traffic,
                    step(chosen.before, chosen.after) > 0,
                    cause,
                )
                rest &= ~alike

    def _cause(self, chosen: PeerClass, subject: int, peer: int) -> tuple[Cause | None, int]:
        known = self._causes.known(chosen, peer)
        if known is not None:
            return known
        direction = chosen.pair.direction
        at, others = next(self._units.existing(subject, 1 << peer))
        return self._causes.ask(
            chosen,
            peer,
            self._units.ends(direction, at, others.bit_length() - 1, self._causes.courts[0]),
            same_node=self._share_node(subject, peer),
        )

    def _touch(
        self, way: Way, matrix: Matrix, traffic: Intervals, speaking: Iterable[_Touched]
    ) -> None:
        several = len(self._layers) > 1
        change = way.change
        for each in speaking:
            if each.rises is not way.rises:
                continue
            pair = each.pair
            inwards = pair.direction is Direction.INGRESS
            rows = matrix.by_destination if inwards else matrix.by_source
            hit = False
            for subject in pair.members:
                found = rows[subject] & each.peers
                if found and several:
                    found &= self._valid(pair.layer, pair.direction)[subject]
                if found:
                    pairs = each.pairs.setdefault(change, {})
                    pairs[subject] = pairs.get(subject, 0) | found
                    if change not in each.firsts:
                        peer = (found & -found).bit_length() - 1
                        each.firsts[change] = (traffic, subject, peer)
                    hit = True
            if hit:
                each.pieces.setdefault(change, []).append(traffic)

    def _valid(self, layer: int, direction: Direction) -> list[int]:
        """Per place at one end the places that it speaks with in an address family."""
        known = self._meeting.get(layer)
        if known is None:
            matrix = Matrix(len(self._places))
            chosen = self._layers[layer]
            matrix.by_destination = list(map(chosen.valid_sources, range(len(self._places))))
            known = self._meeting[layer] = matrix
        return known.by_destination if direction is Direction.INGRESS else known.by_source

    def _share(self, touched: _Touched, change: Change) -> Share:
        traffic, subject, peer = touched.firsts[change]
        at, others = next(self._units.existing(subject, 1 << peer))
        spans = (span for each in touched.pieces[change] for span in each)
        return Share(
            change,
            touched.pair.direction,
            touched.cause,
            self._units.existing_among(touched.pairs[change]),
            Intervals.of(spans) & touched.traffic,
            (traffic & touched.traffic, at, others.bit_length() - 1),
        )

    def _share_node(self, subject: int, peer: int) -> bool:
        return Standing.OWN_NODE in {self._places[subject].standing, self._places[peer].standing}
