"""Connectivity maps solved from stored content and kept by digest.

Runs where CPU-heavy work runs: in a worker process beside the request threads, or in the
process of the command line. Everything here is a plain function of picklable values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from service.analysis.filters import EVERY_UNIT, MapFilter, UnitFilter, chosen_places
from service.analysis.incremental import Solution, solve_afresh, solve_again, solve_moved
from service.analysis.listing import Listing
from service.analysis.solve import Connectivity, solve, space_of
from service.analysis.space import Space
from service.analysis.units import Seating, seat_units
from service.engines.registry import compile_pipeline
from service.manifests.pausing import paused_collection
from service.model.addresses import Family, family_of
from service.model.engine import EngineProfile
from service.model.intervals import Intervals
from service.model.inventory import Inventory
from service.model.pipeline import Pipeline
from service.model.snapshot import Snapshot
from service.usecases.map_names import Known, Names

#: Building a map makes many values and no cycles.
collection_paused = paused_collection


@dataclass(slots=True)
class SolvedMap:
    """A revision under an engine: its pipeline, and its map once somebody asks for all of it."""

    inventory: Inventory
    pipeline: Pipeline
    space: Space
    seating: Seating
    view: int = 0
    solution: Solution | None = None
    """What solving a similar map can start from; there is none over two address families."""
    _whole: Connectivity | None = None
    _listings: dict[MapFilter, Listing] = field(default_factory=dict)
    _names: Names | None = None
    _wider: SolvedMap | None = None

    def whole(self) -> Connectivity:
        """The map of every pair."""
        if self._whole is None:
            with collection_paused():
                if len(self.space.families) == 1:
                    self.solution = solve_afresh(self.pipeline, self.space, self.view)
                    self._whole = self.solution.connectivity
                else:
                    self._whole = solve(self.pipeline, self.space, self.view)
        return self._whole

    def listing(self, wanted: MapFilter) -> Listing:
        """The lines that a filter leaves; a narrow one does not solve the rest.

        `InvalidParameter` where it names what the revision does not have.
        """
        known = self._listings.get(wanted)
        if known is None:
            if len(self._listings) >= _LISTINGS:
                self._listings.clear()
            settled = wanted.with_ends(self.names.settle)
            wide = self.for_families(families_asked_for(settled.source, settled.destination))
            known = self._listings[wanted] = wide._listing(settled)
        return known

    def for_families(self, families: Iterable[Family]) -> SolvedMap:
        """The map with addresses of some families, where nothing has to do with one of them too."""
        if set(families) <= set(self.space.families):
            return self
        if self._wider is None:
            with collection_paused():
                space = space_of(self.pipeline, families=Family)
                seating = seat_units(space, self.inventory)
                self._wider = SolvedMap(self.inventory, self.pipeline, space, seating)
        return self._wider

    @property
    def known(self) -> Known:
        """What is known of its ends."""
        return Known(self.inventory, self.seating, self.pipeline.surroundings)

    @property
    def names(self) -> Names:
        """What filters can name."""
        if self._names is None:
            self._names = Names(self.known)
        return self._names

    def _listing(self, wanted: MapFilter) -> Listing:
        narrow = wanted.source != EVERY_UNIT or wanted.destination != EVERY_UNIT
        if self._whole is None and narrow:
            chosen = chosen_places(wanted, self.space, self.seating)
            with collection_paused():
                solved = solve(
                    self.pipeline,
                    self.space,
                    self.view,
                    sources=chosen.sources,
                    destinations=chosen.destinations,
                )
        else:
            solved = self.whole()
        return Listing(solved, self.seating, wanted)


_LISTINGS = 8


def families_asked_for(*ends: UnitFilter) -> set[Family]:
    """The families of the addresses that filters of ends name."""
    spans = [low for end in ends for low, _ in end.addresses or Intervals()]
    return set(map(family_of, spans))


def solved_map(
    snapshot: Snapshot, profile: EngineProfile, like: SolvedMap | None = None
) -> SolvedMap:
    """The map of a snapshot under one engine.

    It is solved when it is asked for, or at once where that is quick: `like` is a map of a
    snapshot that may differ in a few policies or pods only.
    """
    inventory = snapshot.inventory
    with collection_paused():
        pipeline = compile_pipeline(snapshot, profile)
        again = None if like is None else _solved_again(like, pipeline, inventory)
        if like is not None and again is not None:
            space = again.connectivity.space
            # The space may tell more apart than this pipeline does, and no answer may show it.
            seating = seat_units(space_of(pipeline), inventory).over(space)
            solved = SolvedMap(inventory, pipeline, space, seating, like.view, again)
            solved._whole = again.connectivity
            return solved
        space = space_of(pipeline)
        seating = seat_units(space, inventory)
        return SolvedMap(inventory, pipeline, space, seating)


def _solved_again(like: SolvedMap, pipeline: Pipeline, inventory: Inventory) -> Solution | None:
    known = like.solution
    if known is None:
        return None
    same_ends = like.pipeline.endpoints == pipeline.endpoints
    if same_ends and like.pipeline.surroundings == pipeline.surroundings:
        return solve_again(known, pipeline)
    return solve_moved(known, pipeline) if _is_alike(like.inventory, inventory) else None


def _is_alike(one: Inventory, other: Inventory) -> bool:
    """Whether most pods are in both, so that trying is worth its time."""
    mine, theirs = ({(pod.namespace, pod.name) for pod in each.pods} for each in (one, other))
    return 2 * len(mine & theirs) >= max(len(mine), len(theirs))


def solved_pair(
    first: tuple[Snapshot, EngineProfile], second: tuple[Snapshot, EngineProfile]
) -> tuple[SolvedMap, SolvedMap]:
    """Two maps to compare; over one space where both have the same inventory."""
    if first[0].inventory != second[0].inventory:
        return _for_the_same_families(solved_map(*first), solved_map(*second))
    with collection_paused():
        one, other = (compile_pipeline(*each) for each in (first, second))
        return _over_one_space(first[0].inventory, (one, other))


def pair_for_families(
    first: SolvedMap, second: SolvedMap, families: Iterable[Family]
) -> tuple[SolvedMap, SolvedMap]:
    """Two maps to compare with addresses of some families, still over one space if they are."""
    if first.space is not second.space:
        return first.for_families(families), second.for_families(families)
    return _over_one_space(
        first.inventory,
        (first.pipeline, second.pipeline),
        families,
    )


def _over_one_space(
    inventory: Inventory,
    pipelines: tuple[Pipeline, Pipeline],
    families: Iterable[Family] = (),
) -> tuple[SolvedMap, SolvedMap]:
    space = space_of(*pipelines, families=families)
    seating = seat_units(space, inventory)
    one, other = (
        SolvedMap(inventory, pipeline, space, seating, view)
        for view, pipeline in enumerate(pipelines)
    )
    return one, other


def _for_the_same_families(one: SolvedMap, other: SolvedMap) -> tuple[SolvedMap, SolvedMap]:
    return pair_for_families(one, other, {*one.space.families, *other.space.families})
