"""Revision rows as views, and the one that a request names."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import NamedTuple

from service.manifests.faults import Problem
from service.model.cluster import ClusterRecord
from service.model.finding import Severity
from service.storage import revisions as rows
from service.storage.database import Session
from service.storage.tables import ClusterRow, RevisionRow
from service.usecases.cluster_json import stored_record
from service.usecases.cluster_rows import find_row, no_cluster
from service.usecases.context import Context
from service.usecases.errors import NotFound
from service.usecases.snapshots import PartKeys
from service.usecases.texts import SLUG
from service.usecases.views import RevisionCounts, RevisionView


class Replace(StrEnum):
    """Which part of the cluster an upload replaces; the other is inherited from the parent."""

    ALL = "all"
    POLICIES = "policies"
    INVENTORY = "inventory"


LATEST = "latest"

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Located(NamedTuple):
    """What answering flows takes of a revision and its cluster."""

    id: int
    number: int
    keys: PartKeys
    record: ClusterRecord


def locate_revision(context: Context, cluster: str, selector: str) -> Located:
    """A revision as `find_revision` finds it, without what only its own page shows."""
    found: rows.Place | None = None
    number, digest = _NUMBER.fullmatch(selector), _DIGEST.fullmatch(selector)
    if SLUG.fullmatch(cluster):
        found = rows.locate(
            context.database,
            cluster,
            number=int(selector) if number else None,
            digest=selector if digest else None,
        )
    if found is None:
        raise no_cluster(cluster)
    if found.revision_id is None or not (number or digest or selector == LATEST):
        raise no_revision(cluster, selector)
    text = found.record
    version = (found.cluster_id, found.version, found.updated_at)
    return Located(
        found.revision_id,
        found.number,
        PartKeys(found.policy_set_content, found.inventory_content),
        context.caches.records.get(version, lambda: stored_record(json.loads(text))),
    )


def find_revision(
    context: Context, cluster: str, selector: str
) -> tuple[ClusterRow, ClusterRecord, RevisionRow]:
    """A cluster and its revision by number, `latest` or digest; `NotFound` otherwise."""
    with context.database.read() as session:
        row = find_row(session, cluster)
        return row, stored_record(row.record), select_revision(session, row, selector)


def select_revision(session: Session, cluster: ClusterRow, selector: str) -> RevisionRow:
    """A revision of a cluster, or `NotFound`."""
    found: RevisionRow | None = None
    if selector == LATEST:
        found = rows.latest(session, cluster.id)
    elif _NUMBER.fullmatch(selector):
        found = rows.by_number(session, cluster.id, int(selector))
    elif _DIGEST.fullmatch(selector):
        found = rows.by_digest(session, cluster.id, selector)
    if found is None:
        raise no_revision(cluster.name, selector)
    return found


def no_revision(cluster: str, selector: str) -> NotFound:
    """What to say of a revision that a cluster does not have."""
    detail = f"cluster {cluster} has no revision {selector[:80]!r}"
    return NotFound("RevisionNotFound", detail)


def revision_view(cluster: str, row: RevisionRow) -> RevisionView:
    """The revision of a row."""
    return RevisionView(
        cluster=cluster,
        number=row.number,
        digest=row.digest,
        policy_set_digest=row.policy_set_digest,
        inventory_digest=row.inventory_digest,
        parent=row.parent,
        replaced=row.replaced,
        note=row.note,
        counts=RevisionCounts(**row.counts),
        problems=tuple(
            Problem(**{**each, "severity": Severity(each["severity"])}) for each in row.problems
        ),
        created_at=row.created_at,
    )
