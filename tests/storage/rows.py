"""Rows with everything filled in, so that a test says only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from service.storage import clusters, contents, evaluations, reports, revisions
from service.storage.contents import Content
from service.storage.database import Session
from service.storage.evaluations import NewEvaluation
from service.storage.tables import ClusterRow, EvaluationRow, ReportRow, RevisionRow

NOW = datetime(2026, 11, 22, 20, 45, 0, 123456, tzinfo=UTC)
DIGEST = "sha256:" + "ab" * 32
#: Keys out of order, and what databases like to trip over.
VERDICT_BODY = {"zebra": 1, "apple": {"b": None, "a": "é\u2028\x00\ud800"}}


def add_cluster(session: Session, name: str = "payments", **columns: Any) -> ClusterRow:
    values = {
        "name": name,
        "version": 1,
        "last_revision": 0,
        "record": {},
        "created_at": NOW,
        "updated_at": NOW,
        **columns,
    }
    row = ClusterRow(**values)
    clusters.insert(session, row)
    return row


def add_revision(session: Session, cluster: ClusterRow, **columns: Any) -> RevisionRow:
    policies = Content.of("policy-set", b"policies")
    inventory = Content.of("inventory", b"inventory")
    contents.store(session, [policies, inventory])
    cluster.last_revision += 1
    values = {
        "cluster_id": cluster.id,
        "number": cluster.last_revision,
        "digest": DIGEST,
        "policy_set_digest": DIGEST,
        "policy_set_content": policies.key,
        "inventory_digest": DIGEST,
        "inventory_content": inventory.key,
        "replaced": "all",
        "note": "",
        "counts": {},
        "problems": [],
        "created_at": NOW,
        **columns,
    }
    row = RevisionRow(**values)
    revisions.insert(session, row)
    return row


def add_evaluation(
    session: Session, revision: RevisionRow, key: str = "e1", verdicts: int = 2, **columns: Any
) -> EvaluationRow:
    values = {
        "id": key,
        "revision_id": revision.id,
        "engine": "cilium:1.17",
        "engine_name": "cilium",
        "engine_version": "1.17",
        "engine_options": {},
        "flow_count": verdicts,
        "decisions": {"Deny": verdicts},
        "created_at": NOW,
        **columns,
    }
    verdict = {
        "flow_key": DIGEST,
        "source": "pod:web/a",
        "destination": "pod:web/b",
        "protocol": "TCP",
        "port": "80",
        "decision": "Deny",
        "body": VERDICT_BODY,
    }
    for statement, rows in evaluations.additions(NewEvaluation(**values), [verdict] * verdicts):
        session.execute(statement, rows)
    return session.scalars(select(EvaluationRow).where(EvaluationRow.id == key)).one()


def add_report(
    session: Session,
    revision: RevisionRow,
    key: str = "r1",
    body: bytes = b"report",
    **columns: Any,
) -> ReportRow:
    """A report whose content and digest follow from its body."""
    content = Content.of("report", body)
    contents.store(session, [content])
    values = {
        "id": key,
        "revision_id": revision.id,
        "kind": "Migration",
        "digest": content.key,
        "source": "npm",
        "source_name": "npm",
        "engine": "cilium:1.17",
        "engine_name": "cilium",
        "as_of": "2026-11-22",
        "rulebook": DIGEST,
        "impact_digest": DIGEST,
        "asked": {"record": {}},
        "summary": {"verdict": "Safe"},
        "content": content.key,
        "created_at": NOW,
        **columns,
    }
    row = ReportRow(**values)
    reports.insert(session, row)
    return row
