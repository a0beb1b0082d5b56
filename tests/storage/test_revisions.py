"""How the revision of a request is found."""

from __future__ import annotations

from typing import Any

import pytest

from service.storage import revisions
from service.storage.database import Database
from service.storage.revisions import Place
from tests.storage.rows import DIGEST, add_cluster, add_revision

OTHER = "sha256:" + "cd" * 32


@pytest.fixture
def filled(database: Database) -> Database:
    """Two revisions with one digest around one with another; a cluster that has none."""
    with database.write() as session:
        cluster = add_cluster(session, version=7, record={"engine": {"name": "npm"}})
        for digest in (DIGEST, OTHER, DIGEST):
            add_revision(session, cluster, digest=digest)
        add_cluster(session, "empty")
    return database


def _locate(database: Database, cluster: str, **which: Any) -> Place | None:
    return revisions.locate(database, cluster, **which)


@pytest.mark.parametrize(
    ("which", "number"),
    [
        ({}, 3),
        ({"number": 1}, 1),
        ({"number": 3}, 3),
        ({"digest": OTHER}, 2),
        ({"digest": DIGEST}, 3),
    ],
)
def test_a_revision_is_found_with_its_cluster(
    filled: Database, which: dict[str, int | str], number: int
) -> None:
    found = _locate(filled, "payments", **which)
    with filled.read() as session:
        (row,) = revisions.before(session, 1, 1, number + 1)
    assert found == Place(
        cluster_id=1,
        version=7,
        updated_at=found.updated_at if found else "",
        record=found.record if found else "",
        revision_id=row.id,
        number=number,
        policy_set_content=row.policy_set_content,
        inventory_content=row.inventory_content,
    )


def test_the_record_is_the_text_that_was_stored(filled: Database) -> None:
    found = _locate(filled, "payments")
    assert found is not None
    assert found.record.replace(" ", "") == '{"engine":{"name":"npm"}}'


@pytest.mark.parametrize(
    "which", [{"number": 4}, {"number": 1 << 62}, {"digest": f"{OTHER[:-1]}f"}]
)
def test_a_revision_that_is_not_there(filled: Database, which: dict[str, int | str]) -> None:
    found = _locate(filled, "payments", **which)
    assert found is not None
    assert found.revision_id is None


def test_a_cluster_without_revisions_and_one_that_is_not_there(filled: Database) -> None:
    found = _locate(filled, "empty")
    assert found is not None
    assert found.revision_id is None
    assert _locate(filled, "nowhere") is None


def test_a_question_leaves_no_transaction_behind(filled: Database) -> None:
    """On the connection that was used to ask, others write and see what was written."""
    single = Database(filled.url, pool_size=1)
    try:
        assert _locate(single, "late") is None
        with single.write() as session:
            add_cluster(session, "late")
        assert _locate(single, "late") is not None
        with filled.write() as session:
            add_cluster(session, "later")
        assert _locate(single, "later") is not None
    finally:
        single.close()
