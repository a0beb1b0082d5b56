"""What the processes of the concurrency tests run; importable, for they are spawned."""

from __future__ import annotations

import os
import signal
from dataclasses import replace as with_changes
from typing import Protocol

from service.identifiers import new_id
from service.storage import clusters, contents
from service.storage.contents import Content
from service.storage.database import Database
from service.usecases import reports, revisions
from service.usecases.report_content import ReportKind
from service.usecases.revisions import Replace
from tests.storage.rows import add_revision
from tests.unit.usecases.stories import NAMESPACE, POLICY, make_context, upload


class Barrier(Protocol):
    def wait(self) -> int: ...


def post_revisions(url: str, writer: int, count: int, barrier: Barrier) -> list[tuple[int, str]]:
    """Post distinct revisions, every other one inheriting what others change meanwhile."""
    database = Database(url)
    context = make_context(database)
    barrier.wait()
    posted: list[tuple[int, str]] = []
    for step in range(count):
        note = f"{writer}/{step}"
        name = f"w{writer}-{step}"
        if step % 2:
            document, replace = POLICY.replace("demo-policy", name), Replace.POLICIES
        else:
            document, replace = NAMESPACE.replace("demo", name), Replace.INVENTORY
        revision, created = revisions.create_revision(
            context, "shared", upload(document), replace=replace, note=note
        )
        assert created
        posted.append((revision.number, note))
    database.close()
    return posted


def make_reports(url: str, barrier: Barrier) -> list[tuple[str, str, bool]]:
    """Ask for one report of each kind; their ids, digests, and whether this process stored them."""
    database = Database(url)
    context = with_changes(make_context(database), new_id=new_id)
    made: list[tuple[str, str, bool]] = []
    for kind, wish in (
        (ReportKind.COMPATIBILITY, {"asOf": "2026-11-22"}),
        (ReportKind.MIGRATION, {"target": "cilium", "asOf": "2026-11-22"}),
    ):
        barrier.wait()
        view, created = reports.create_report(context, kind, "shared", "1", wish)
        made.append((view.name.id, view.name.digest, created))
    database.close()
    return made


def die_in_the_middle(url: str, cluster: str) -> None:
    """Be killed with everything of a revision written and nothing committed."""
    with Database(url).write() as session:
        contents.lock_for_storing(session)
        row = clusters.find(session, cluster, lock=True)
        assert row is not None
        contents.store(session, [Content.of("inventory", os.urandom(1 << 20))])
        add_revision(session, row)
        session.flush()
        os.kill(os.getpid(), signal.SIGKILL)
