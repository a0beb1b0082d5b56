"""What runs in an analysis process: maps by digest, made from stored content when missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.analysis.filters import MapFilter
from service.manifests.archive import decode_inventory, decode_policies
from service.manifests.snapshot import build_snapshot
from service.manifests.upload import PolicyDocument
from service.model.engine import EngineProfile
from service.model.policy import PolicyRef
from service.model.snapshot import ClusterFacts, Snapshot
from service.usecases.caches import Recent
from service.usecases.difference_queries import ComparedMaps, DifferenceFilter
from service.usecases.map_queries import (
    Chunk,
    Position,
    connection_page,
    connection_text,
    group_page,
    map_summary,
)
from service.usecases.map_solving import (
    SolvedMap,
    collection_paused,
    solved_map,
    solved_pair,
)


@dataclass(frozen=True, slots=True)
class MapKey:
    """A revision's content under an engine: what a map depends on and nothing else."""

    policies: str
    inventory: str
    facts: ClusterFacts
    profile: EngineProfile


@dataclass(frozen=True, slots=True)
class MapContent:
    """The stored bytes that a key names."""

    policies: bytes
    inventory: bytes


class ContentNeeded(Exception):
    """The worker does not hold the map; ask again with its content."""


@dataclass(frozen=True, slots=True)
class MapQuestion:
    """One question about a map.

    `form` is `connections`, `groups` or `summary`, or that of a text: `ndjson`, `csv`, `dot`.
    """

    form: str
    wanted: MapFilter = field(default_factory=MapFilter)
    after: Position | None = None
    size: int = 50


@dataclass(frozen=True, slots=True)
class RevisionReading:
    """A revision's content as read.

    `with_expressions` names the policies whose podSelector was written with matchExpressions: a
    typed policy does not tell any more.
    """

    snapshot: Snapshot
    with_expressions: frozenset[PolicyRef] = frozenset()


_readings: Recent[RevisionReading] = Recent(4)
_MAPS = 4
_maps: Recent[SolvedMap] = Recent(_MAPS)
#: The maps that were asked for last, per inventory and engine: the next one may be like them.
_latest: dict[tuple[str, ClusterFacts, EngineProfile], SolvedMap] = {}
#: Policies by digest, so that a policy that did not change is the same object again.
_policies: dict[str, PolicyDocument] = {}
_POLICIES = 100_000
_compared: Recent[ComparedMaps] = Recent(2)


def answer(key: MapKey, content: MapContent | None, question: MapQuestion) -> Any:
    """Answer a question about a map; raises `ContentNeeded`."""

    def make() -> SolvedMap:
        snapshot = read_revision(key, content).snapshot
        return solved_map(snapshot, key.profile, _like(key))

    alike = (key.inventory, key.facts, key.profile)
    found = _maps.get(key, make)
    _latest.pop(alike, None)
    while len(_latest) >= _MAPS:
        del _latest[next(iter(_latest))]
    _latest[alike] = found
    match question.form:
        case "summary":
            return map_summary(found)
        case "groups":
            return group_page(found, question.wanted, question.after, question.size)
        case "connections":
            return connection_page(found, question.wanted, question.after, question.size)
        case form:
            return connection_text(found, question.wanted, form, question.after, question.size)


def _like(key: MapKey) -> SolvedMap | None:
    """A map that was asked for lately and may differ in little: of the same pods, or of others."""
    same = _latest.get((key.inventory, key.facts, key.profile))
    if same is not None:
        return same
    others = (
        found
        for (_, facts, profile), found in reversed(list(_latest.items()))
        if (facts, profile) == (key.facts, key.profile)
    )
    return next(others, None)


@dataclass(frozen=True, slots=True)
class DifferenceQuestion:
    """One question about two maps: `summary`, `differences` or `groups`."""

    form: str
    wanted: DifferenceFilter = field(default_factory=DifferenceFilter)
    after: Position | None = None
    size: int = 50


def answer_difference(
    keys: tuple[MapKey, MapKey],
    contents: tuple[MapContent, MapContent] | None,
    question: DifferenceQuestion,
) -> Any:
    """Answer a question about what differs between two maps; raises `ContentNeeded`."""
    found = compared_maps(keys, contents)
    match question.form:
        case "summary":
            return found.summary()
        case "groups":
            return found.group_page(question.wanted, question.after, question.size)
        case _:
            return found.page(question.wanted, question.after, question.size)


def compared_maps(
    keys: tuple[MapKey, MapKey], contents: tuple[MapContent, MapContent] | None
) -> ComparedMaps:
    """Two maps and what differs, kept for the next question; raises `ContentNeeded`."""

    def make() -> ComparedMaps:
        first, second = (
            (read_revision(key, contents[number] if contents else None).snapshot, key.profile)
            for number, key in enumerate(keys)
        )
        pair = solved_pair(first, second)
        with collection_paused():
            return ComparedMaps(*pair)

    return _compared.get(keys, make)


def read_revision(key: MapKey, content: MapContent | None) -> RevisionReading:
    """The content that a key names, whatever its engine; raises `ContentNeeded`."""

    def make() -> RevisionReading:
        if content is None:
            raise ContentNeeded
        with collection_paused():
            documents = _recognised(decode_policies(content.policies))
            snapshot, _ = build_snapshot(decode_inventory(content.inventory), documents, key.facts)
        return RevisionReading(snapshot, written_with_expressions(documents))

    return _readings.get((key.policies, key.inventory, key.facts), make)


def written_with_expressions(documents: Iterable[PolicyDocument]) -> frozenset[PolicyRef]:
    """The policies whose podSelector was written with matchExpressions."""
    return frozenset(each.ref for each in documents if _has_expressions(each.normalised))


def _has_expressions(document: Mapping[str, Any]) -> bool:
    spec = document.get("spec")
    selector = spec.get("podSelector") if isinstance(spec, Mapping) else None
    return isinstance(selector, Mapping) and bool(selector.get("matchExpressions"))


def _recognised(documents: Iterable[PolicyDocument]) -> tuple[PolicyDocument, ...]:
    if len(_policies) > _POLICIES:
        _policies.clear()
    return tuple(_policies.setdefault(each.digest, each) for each in documents)


__all__ = [
    "Chunk",
    "ContentNeeded",
    "MapContent",
    "MapKey",
    "RevisionReading",
    "answer",
    "answer_difference",
    "compared_maps",
    "read_revision",
    "written_with_expressions",
]
