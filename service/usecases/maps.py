"""Connectivity maps of revisions: pages, streams, numbers, and what differs between two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from service.analysis.filters import MapFilter
from service.model.cluster import EngineChoice
from service.storage import contents
from service.usecases.context import Context
from service.usecases.difference_queries import DifferenceFilter
from service.usecases.errors import NotFound
from service.usecases.map_queries import Chunk
from service.usecases.map_worker import (
    ContentNeeded,
    DifferenceQuestion,
    MapContent,
    MapKey,
    MapQuestion,
    answer,
    answer_difference,
)
from service.usecases.paging import Page, PageRequest, pair_after
from service.usecases.policy_changes import PolicyChanges, policy_changes
from service.usecases.selecting import find_revision
from service.usecases.snapshots import PartKeys, facts_of, load_policies, profile_for

STREAM_PAIRS = 20_000
Body = dict[str, Any]
Reply = TypeVar("Reply")


@dataclass(frozen=True, slots=True)
class MapOf:
    """Which map: a cluster's revision under an engine (default: the cluster's)."""

    cluster: str
    revision: str
    engine: EngineChoice | None = None


@dataclass(frozen=True, slots=True)
class MapName:
    """What a map was made of, for the answer and its ETag."""

    revision: int
    digest: str
    engine: str
    key: MapKey

    @property
    def version(self) -> str:
        """Told apart from every other map, also where only the cluster's record differs."""
        facts = sha256(repr(self.key.facts).encode()).hexdigest()
        return f"{self.revision}.{self.digest}.{self.engine}.{facts[:16]}"


def name_map(context: Context, which: MapOf) -> MapName:
    """The revision and engine profile of a map."""
    _, record, row = find_revision(context, which.cluster, which.revision)
    profile = profile_for(record, which.engine)
    keys = PartKeys.of(row)
    key = MapKey(keys.policies, keys.inventory, facts_of(record), profile)
    return MapName(row.number, row.digest, str(profile), key)


def list_connections(
    context: Context, name: MapName, wanted: MapFilter, page: PageRequest, *, group: bool
) -> Page[Body]:
    """Connections, or groups of them, as JSON values in a stable order."""
    form = "groups" if group else "connections"
    question = MapQuestion(form, wanted, pair_after(page), page.limit)
    found: Chunk = _ask(context, name.key, question)
    return Page(found.items, found.after)


def stream_connections(
    context: Context, name: MapName, wanted: MapFilter, form: str
) -> Iterator[str]:
    """The whole answer as text in the form `ndjson`, `csv` or `dot`."""
    after = None
    while True:
        chunk: Chunk = _ask(context, name.key, MapQuestion(form, wanted, after, STREAM_PAIRS))
        yield "".join(chunk.items)
        if chunk.after is None:
            return
        after = chunk.after


def summarize_connectivity(context: Context, name: MapName) -> Body:
    """The numbers of a map."""
    found: Body = _ask(context, name.key, MapQuestion("summary"))
    return found


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between two maps: policies, numbers, and a page of connections."""

    policies: PolicyChanges
    summary: Body
    page: Page[Body]


def compare_maps(
    context: Context,
    before: MapName,
    after: MapName,
    wanted: DifferenceFilter,
    page: PageRequest,
    *,
    group: bool,
) -> Differences:
    """From the first map to the second: revisions, engines, or both may differ."""
    form = "groups" if group else "differences"
    question = DifferenceQuestion(form, wanted, pair_after(page), page.limit)
    keys = (before.key, after.key)
    summary: Body = _ask_difference(context, keys, DifferenceQuestion("summary"))
    found: Chunk = _ask_difference(context, keys, question)
    return Differences(
        policy_changes(
            load_policies(context, before.key.policies), load_policies(context, after.key.policies)
        ),
        summary,
        Page(found.items, found.after),
    )


def _ask(context: Context, key: MapKey, question: MapQuestion) -> Any:
    pool = context.pool
    return with_content(
        lambda: pool.run(key.inventory, answer, key, None, question),
        lambda: pool.run(key.inventory, answer, key, stored_content(context, key), question),
    )


def _ask_difference(
    context: Context, keys: tuple[MapKey, MapKey], question: DifferenceQuestion
) -> Any:
    pool, place = context.pool, keys[0].inventory
    return with_content(
        lambda: pool.run(place, answer_difference, keys, None, question),
        lambda: pool.run(
            place,
            answer_difference,
            keys,
            (stored_content(context, keys[0]), stored_content(context, keys[1])),
            question,
        ),
    )


def with_content(first: Callable[[], Reply], again: Callable[[], Reply]) -> Reply:
    """Ask a worker, and again with the stored content where it does not hold it."""
    try:
        return first()
    except ContentNeeded:
        return again()


def stored_content(context: Context, key: MapKey) -> MapContent:
    """The bytes that a key names, or `NotFound`."""
    try:
        with context.database.read() as session:
            return MapContent(
                contents.load(session, key.policies), contents.load(session, key.inventory)
            )
    except LookupError as error:
        raise NotFound("RevisionNotFound", "the revision has just been deleted") from error
