from __future__ import annotations

import multiprocessing
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from sqlalchemy import text

from service.storage.database import Database
from service.usecases import clusters, reports, revisions
from service.usecases.errors import NotFound
from service.usecases.paging import PageRequest
from service.usecases.report_content import ReportKind
from tests.storage.posting import die_in_the_middle, make_reports, post_revisions
from tests.unit.usecases.stories import (
    CLIENT,
    NAMESPACE,
    NPM,
    POLICY,
    SERVER,
    make_context,
    upload,
)

BY_SELECTOR = "podSelector: {matchLabels: {app: client}}"

WRITERS = 8
EACH = 10


def test_eight_processes_post_to_one_cluster(database: Database) -> None:
    context = make_context(database)
    clusters.create_cluster(context, "shared", NPM)
    spawning = multiprocessing.get_context("spawn")
    with (
        spawning.Manager() as manager,
        ProcessPoolExecutor(WRITERS, mp_context=spawning) as pool,
    ):
        barrier = manager.Barrier(WRITERS)
        futures = [
            pool.submit(post_revisions, database.url, writer, EACH, barrier)
            for writer in range(WRITERS)
        ]
        posted = dict(pair for future in futures for pair in future.result(timeout=120))
    # Gapless, none given twice, and none lost.
    assert sorted(posted) == list(range(1, WRITERS * EACH + 1))
    stored = revisions.list_revisions(context, "shared", PageRequest(1000)).items
    assert {each.number: each.note for each in stored} == posted
    assert clusters.get_cluster(context, "shared").latest_revision == WRITERS * EACH
    # Whatever a revision did not replace is its parent's, not that of an older one.
    parents = {each.number: each for each in stored}
    for each in stored:
        if each.parent is None:
            continue
        parent = parents[each.parent]
        assert each.number == parent.number + 1
        if each.replaced == "policies":
            assert each.inventory_digest == parent.inventory_digest
        else:
            assert each.policy_set_digest == parent.policy_set_digest


def test_eight_processes_make_the_same_reports(database: Database) -> None:
    """Each of them comes to the same report, whatever the order of its sets, and one stores it."""
    context = make_context(database)
    clusters.create_cluster(context, "shared", NPM)
    block = POLICY.replace(BY_SELECTOR, "ipBlock: {cidr: 10.0.0.0/8}")
    revisions.create_revision(context, "shared", upload(NAMESPACE, SERVER, CLIENT, block))
    spawning = multiprocessing.get_context("spawn")
    with (
        spawning.Manager() as manager,
        ProcessPoolExecutor(WRITERS, mp_context=spawning) as pool,
    ):
        barrier = manager.Barrier(WRITERS)
        futures = [pool.submit(make_reports, database.url, barrier) for _ in range(WRITERS)]
        made = [future.result(timeout=120) for future in futures]
    for kind, of_kind in zip(ReportKind, zip(*made, strict=True), strict=True):
        assert len({(id_, digest) for id_, digest, _ in of_kind}) == 1
        assert sum(created for _, _, created in of_kind) == 1
        listed = reports.list_reports(context, kind, "shared", "1", PageRequest()).items
        assert [each.name.id for each in listed] == [of_kind[0][0]]
    with database.read() as session:
        query = text("SELECT count(*) FROM contents WHERE kind = 'report'")
        assert session.scalar(query) == len(ReportKind)


def test_reports_while_their_cluster_is_deleted(database: Database) -> None:
    """A report is stored whole with its revision there, or not at all."""
    context = make_context(database)
    failures: list[BaseException] = []
    stop = threading.Event()

    def report() -> None:
        while not stop.is_set():
            try:
                reports.create_report(context, ReportKind.COMPATIBILITY, "a", "1", {})
            except NotFound:
                continue
            except BaseException as failure:
                failures.append(failure)
                return

    threads = [threading.Thread(target=report) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(6):
        clusters.create_cluster(context, "a", NPM)
        revisions.create_revision(context, "a", upload(NAMESPACE, SERVER, POLICY))
        stop.wait(0.2)
        clusters.delete_cluster(context, "a", cascade=True)
    stop.set()
    for thread in threads:
        thread.join(timeout=120)
    assert failures == []
    with database.read() as session:
        for table in ("reports", "contents"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table


def test_a_killed_writer_leaves_nothing_and_blocks_nobody(database: Database) -> None:
    context = make_context(database)
    clusters.create_cluster(context, "a", NPM)
    child = multiprocessing.get_context("spawn").Process(
        target=die_in_the_middle, args=(database.url, "a")
    )
    child.start()
    child.join(timeout=60)
    assert child.exitcode == -signal.SIGKILL
    assert revisions.list_revisions(context, "a", PageRequest()).items == ()
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM contents")) == 0
    made, created = revisions.create_revision(context, "a", upload(NAMESPACE, SERVER))
    assert (made.number, created) == (1, True)


def test_shared_contents_while_clusters_come_and_go(database: Database) -> None:
    """A content must not be removed between being found and being referred to."""
    context = make_context(database)
    failures: list[BaseException] = []

    def live_and_die(name: str) -> None:
        try:
            for _ in range(8):
                clusters.create_cluster(context, name, NPM)
                revisions.create_revision(context, name, upload(NAMESPACE, SERVER))
                clusters.delete_cluster(context, name, cascade=True)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=partial(live_and_die, f"c{number}")) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert failures == []
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM contents")) == 0
