"""What runs in an analysis process for reports: a whole report, or a page of its connections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from service.analysis.causes import Cause, Causes
from service.analysis.impacts import impacts_between
from service.analysis.service_changes import ServiceChange, ServiceComparer, unit_names
from service.analysis.witness import Court
from service.engines.registry import compile_pipeline
from service.model.snapshot import Snapshot
from service.usecases.caches import Recent
from service.usecases.impact_body import cause_bodies, service_line_body
from service.usecases.impact_body import impact_digest as digest_of_impact
from service.usecases.map_queries import Chunk, ComparedMaps, DifferenceFilter, Position
from service.usecases.map_solving import collection_paused
from service.usecases.map_worker import (
    ContentNeeded,
    MapContent,
    MapKey,
    compared_maps,
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

_causes: Recent[Causes] = Recent(2)
_calls: Recent[tuple[ServiceChange, ...]] = Recent(2)
_digests: Recent[str] = Recent(64)


@dataclass(frozen=True, slots=True)
class ImpactFilter:
    """Which lines of an impact are wanted; `rule` "" means those that no rule explains."""

    differences: DifferenceFilter = DifferenceFilter()  # noqa: RUF009 - frozen
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

    A page can hold fewer lines than asked for and still not be the last. Raises `ContentNeeded`.
    """
    maps = compared_maps(keys, contents)
    snapshot = read_revision(keys[0], contents[0] if contents else None).snapshot
    basis = (keys, local_dns)

    def causes() -> Causes:
        before, after = maps.before.pipeline, maps.after.pipeline
        return Causes(before, after, snapshot, local_dns=local_dns)

    known = _causes.get(basis, causes)
    calls = _calls.get(basis, lambda: _service_changes(maps, snapshot, known))
    items: list[Body] = []
    place = after
    for looked, (found, body) in enumerate(_lines(maps, known, calls, wanted, after)):
        if len(items) == size or looked == _LOOKED_AT:
            return Chunk(tuple(items), place)
        place = found
        if body is not None:
            items.append(body)
    return Chunk(tuple(items), None)


def _service_changes(
    maps: ComparedMaps, snapshot: Snapshot, causes: Causes
) -> tuple[ServiceChange, ...]:
    pod_cidrs = snapshot.facts.pod_cidrs
    courts = Court(maps.before.pipeline, pod_cidrs), Court(maps.after.pipeline, pod_cidrs)
    comparer = ServiceComparer(courts, snapshot, causes, unit_names(maps.seating))
    return tuple(comparer.changes())


def _lines(
    maps: ComparedMaps,
    causes: Causes,
    calls: tuple[ServiceChange, ...],
    wanted: ImpactFilter,
    after: Position | None,
) -> Iterator[tuple[Position, Body | None]]:
    """Every position with its line, None where the rules of that are not wanted; calls last."""
    for place, difference in maps.differences(wanted.differences, after):
        witness = maps.witness(difference)
        named = causes.of_witness(witness)
        line = None
        if wanted.accepts(named):
            line = {**maps.body(difference, witness), "causes": cause_bodies(named)}
        yield place, line
    first = after[1] + 1 if after and after[0] == maps.end else 0
    for number, call in enumerate(calls[first:], first):
        if wanted.differences.accepts_call(call, maps.seating):
            line = service_line_body(call) if wanted.accepts(call.causes) else None
            yield (maps.end, number), line
