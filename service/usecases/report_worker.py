"""What runs in an analysis process for reports: a whole report, or a page of its connections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from service.analysis.causes import Cause
from service.analysis.compare import Difference
from service.analysis.impacts import EngineChange, engine_changes, impacts_between
from service.engines.registry import compile_pipeline
from service.model.intervals import Intervals
from service.usecases.caches import Recent
from service.usecases.difference_queries import DifferenceFilter, DifferenceList, difference_body
from service.usecases.impact_body import cause_bodies, service_line_body
from service.usecases.impact_body import impact_digest as digest_of_impact
from service.usecases.map_names import Known, Names
from service.usecases.map_queries import Chunk, Position
from service.usecases.map_solving import collection_paused
from service.usecases.map_worker import (
    ContentNeeded,
    MapContent,
    MapKey,
    read_revision,
)
from service.usecases.report_content import (
    Body,
    ReportContent,
    ReportKind,
    decode_content,
    encode_content,
    report_digest,
)
from service.usecases.report_making import ReportAsk, report_of

__all__ = [
    "ContentNeeded",
    "ImpactFilter",
    "ReportAsk",
    "ReportContent",
    "ReportKind",
    "decode_content",
    "encode_content",
    "impact_digest",
    "impact_page",
    "make_report",
    "report_digest",
]

#: A page ends after so many connections were looked at, however few of them were wanted.
_LOOKED_AT = 2_000

_lines: Recent[ImpactLines] = Recent(2)
_digests: Recent[str] = Recent(64)


@dataclass(frozen=True, slots=True)
class ImpactFilter:
    """Which lines of an impact are wanted; `rule` "" means those that no rule explains."""

    differences: DifferenceFilter = field(default_factory=DifferenceFilter)
    rule: str | None = None

    def accepts(self, causes: Iterable[Cause | None]) -> bool:
        """Whether a line with these causes is one of them."""
        if self.rule is None:
            return True
        rules = {each.rule.id if each else "" for each in causes} or {""}
        return "" in rules if not self.rule else self.rule in rules and "" not in rules


def make_report(key: MapKey, content: MapContent | None, ask: ReportAsk) -> ReportContent:
    """The report on the content that a key names; raises `ContentNeeded`."""
    made = report_of(read_revision(key, content), ask)
    if ask.source is not None and ask.target is not None:
        # Whoever reads the report asks for its connections next, and this need not be made again.
        keys = (replace(key, profile=ask.source), replace(key, profile=ask.target.profile))
        _digests.get((keys, made.body["basis"]["localDns"]), lambda: made.impact_digest)
    return made


def impact_digest(
    keys: tuple[MapKey, MapKey], contents: tuple[MapContent, MapContent] | None, local_dns: bool
) -> str:
    """The digest of an impact as a report states it, made again; raises `ContentNeeded`."""

    def make() -> str:
        snapshot = read_revision(keys[0], contents[0] if contents else None).snapshot
        with collection_paused():
            before, after = (compile_pipeline(snapshot, key.profile) for key in keys)
            (impact,) = impacts_between(before, [after], snapshot, local_dns=local_dns)
        return digest_of_impact(impact)

    return _digests.get((keys, local_dns), make)


def impact_page(
    keys: tuple[MapKey, MapKey],
    contents: tuple[MapContent, MapContent] | None,
    wanted: ImpactFilter,
    after: Position | None,
    size: int,
    local_dns: bool,
) -> Chunk:
    """The exact connections that change between two engines, with the causes of each.

    A page can hold fewer lines than asked for and still not be the last. `size` counts pairs, of
    which one may give several lines. Raises `ContentNeeded`.
    """
    snapshot = read_revision(keys[0], contents[0] if contents else None).snapshot

    def make() -> ImpactLines:
        with collection_paused():
            before, after = (compile_pipeline(snapshot, key.profile) for key in keys)
            (change,) = engine_changes(before, [after], snapshot, local_dns=local_dns)
            known = Known(snapshot.inventory, change.seating, change.surroundings)
            return ImpactLines(change, known)

    lines = _lines.get((keys, local_dns), make)
    items: list[Body] = []
    place = after
    for looked, (found, bodies) in enumerate(lines.behind(wanted, after)):
        if len(items) >= size or looked == _LOOKED_AT:
            return Chunk(tuple(items), place)
        place = found
        items += bodies
    return Chunk(tuple(items), None)


class ImpactLines(DifferenceList):
    """Every connection that changes, one line for each set of ports with reasons of its own."""

    def __init__(self, change: EngineChange, known: Known) -> None:
        super().__init__(change.comparison)
        self._change = change
        self._names = Names(known)

    def behind(
        self, wanted: ImpactFilter, after: Position | None
    ) -> Iterator[tuple[Position, list[Body]]]:
        """Every position behind one with its lines that are wanted; calls of Services last."""
        wanted = replace(wanted, differences=wanted.differences.settled(self._names))
        for place, difference in self.differences(wanted.differences, after):
            yield (
                place,
                [
                    {
                        **difference_body(_part(difference, each.traffic), each.witness),
                        "causes": cause_bodies(each.causes),
                    }
                    for each in self._change.causes_of_parts(difference)
                    if wanted.accepts(each.causes)
                ],
            )
        first = after[1] + 1 if after and after[0] == self.end else 0
        calls = self._change.service_changes
        for number, call in enumerate(calls[first:], first):
            if wanted.differences.accepts_call(call, self._change.seating):
                lines = [service_line_body(call)] if wanted.accepts(call.causes) else []
                yield (self.end, number), lines


def _part(difference: Difference, traffic: Intervals) -> Difference:
    return replace(difference, block=replace(difference.block, traffic=traffic))
