"""Uploads: manifests read, joined with what they do not replace, and stored as a revision.

Reading takes seconds where a lock may take milliseconds. So everything is read and counted
first, and the write transaction only checks that what was inherited is still the latest; if
somebody was faster, the join is made again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.manifests.reader import read_upload
from service.manifests.upload import UploadPart
from service.storage import contents
from service.storage import revisions as rows
from service.storage.tables import ClusterRow, RevisionRow
from service.usecases.cluster_json import stored_record
from service.usecases.cluster_rows import find_row
from service.usecases.context import Context
from service.usecases.drafting import Draft, draft
from service.usecases.errors import EmptyUpload, FieldError, InvalidParameter, PreconditionFailed
from service.usecases.selecting import Replace, revision_view
from service.usecases.texts import fault_of_text
from service.usecases.views import RevisionView

LONGEST_NOTE = 1000
ATTEMPTS = 4

_Join = Callable[[ClusterRow, RevisionRow | None], Draft]


@dataclass(frozen=True, slots=True)
class _Wish:
    """What goes with an upload."""

    note: str
    if_match: str | None


def create_revision(
    context: Context,
    cluster: str,
    parts: Sequence[UploadPart],
    *,
    replace: Replace = Replace.ALL,
    note: str = "",
    dry_run: bool = False,
    if_match: str | None = None,
) -> tuple[RevisionView, bool]:
    """Store an upload as the next revision; says whether that made one.

    An upload without any document is refused; an empty list is one, and says that there is nothing.
    An upload that changes nothing answers the latest revision and False. `if_match` is the digest
    that the latest revision must have. A dry run stores nothing and answers False with the
    revision as it would be.
    """
    if fault := fault_of_text(note, LONGEST_NOTE):
        raise InvalidParameter("InvalidNote", f"the note {fault}", [FieldError("/note", fault)])
    with context.database.read() as session:
        find_row(session, cluster)
    upload = read_upload(parts, context.limits)
    if upload.is_blank:
        # Most often the command that should have written it has failed.
        raise EmptyUpload("EmptyBody", "the upload holds nothing but white space and comments")

    def join(row: ClusterRow, parent: RevisionRow | None) -> Draft:
        return draft(context, stored_record(row.record), parent, upload, replace)

    for attempt in range(ATTEMPTS):
        with context.database.read() as session:
            row = find_row(session, cluster)
            parent = rows.latest(session, row.id)
        drafted = join(row, parent)
        if dry_run:
            break
        # Somebody who is always faster must not keep others out: at last join under the lock.
        again = join if attempt == ATTEMPTS - 1 else None
        stored = _store(context, cluster, drafted, again, _Wish(note, if_match))
        if stored is not None:
            return stored
    _check_match(cluster, parent, if_match)
    if parent is not None and parent.digest == drafted.digest:
        return revision_view(cluster, parent), False
    return revision_view(cluster, _row(context, row, parent, drafted, note)), False


def _store(
    context: Context, cluster: str, drafted: Draft, join: _Join | None, wish: _Wish
) -> tuple[RevisionView, bool] | None:
    """The revision and whether it is new; None where the draft's parent is outdated."""
    with context.database.write() as session:
        contents.lock_for_storing(session)
        row = find_row(session, cluster, lock=True)
        parent = rows.latest(session, row.id)
        _check_match(cluster, parent, wish.if_match)
        if not drafted.inherits_from(parent):
            if join is None:
                return None
            drafted = join(row, parent)
        if parent is not None and parent.digest == drafted.digest:
            return revision_view(cluster, parent), False
        contents.store(session, drafted.contents)
        revision = _row(context, row, parent, drafted, wish.note)
        rows.insert(session, revision)
        row.last_revision = revision.number
        # The cluster shows its latest revision, so this is a new version of it.
        row.version += 1
        return revision_view(cluster, revision), True


def _row(
    context: Context, row: ClusterRow, parent: RevisionRow | None, drafted: Draft, note: str
) -> RevisionRow:
    return RevisionRow(
        cluster_id=row.id,
        number=row.last_revision + 1,
        parent=parent.number if parent else None,
        digest=drafted.digest,
        policy_set_digest=drafted.policies.digest,
        policy_set_content=drafted.policies.key,
        inventory_digest=drafted.inventory.digest,
        inventory_content=drafted.inventory.key,
        replaced=drafted.replaced.value,
        note=note,
        counts=drafted.counts,
        problems=drafted.problems,
        created_at=context.clock(),
    )


def _check_match(cluster: str, parent: RevisionRow | None, if_match: str | None) -> None:
    if if_match is not None and (parent is None or parent.digest != if_match):
        latest = f"revision {parent.number}" if parent else "none"
        detail = f"the latest revision of cluster {cluster} is another one now: {latest}"
        raise PreconditionFailed("RevisionChanged", detail)
