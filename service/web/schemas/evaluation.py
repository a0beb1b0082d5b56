"""Evaluations, recorded verdicts, and the history of a flow."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from service.model.verdict import Decision
from service.web.schemas.base import (
    AnswerSchema,
    DocumentSchema,
    Flag,
    QueryFlag,
    ReadySchema,
    RequestSchema,
    Timestamp,
)
from service.web.schemas.engine import EngineProfileSchema, EngineSelection
from service.web.schemas.flow import (
    FLOW,
    VERDICT,
    AssumptionSchema,
    DirectionVerdictSchema,
    FlipEvidenceSchema,
    FlowSchema,
    PolicyReferenceSchema,
    VerdictGroupSchema,
    VerdictSchema,
    decision,
)
from service.web.schemas.network import text
from service.web.schemas.paging import PageQuerySchema, PageSchema

MOST_FLOWS = 1000
_ID = "01KAQ3V7ZJ8W2M5T6X9B4C1D0E"
_PROFILE: dict[str, Any] = {
    "name": "cilium",
    "version": "1.17",
    "options": {},
    "profile": "cilium:1.17",
}


class EvaluationCreateSchema(DocumentSchema):
    """Flows to answer under an engine."""

    EXAMPLES = ({"engine": "cilium", "flows": [FLOW]},)

    engine = EngineSelection(
        metadata={"description": "An engine, or a text such as `cilium:1.17`; else the cluster's."}
    )
    flows = fields.List(
        fields.Nested(FlowSchema),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST_FLOWS),
    )


class EvaluationCreateQuerySchema(RequestSchema):
    """Whether to record."""

    dry_run = QueryFlag(load_default=False, metadata={"description": "Answer, record nothing."})


class DecisionCountsSchema(AnswerSchema):
    """How many flows got which answer."""

    allowed = fields.Integer(required=True, data_key=Decision.ALLOW.value)
    denied = fields.Integer(required=True, data_key=Decision.DENY.value)
    open = fields.Integer(required=True, data_key=Decision.UNKNOWN.value)


class EvaluationSummarySchema(ReadySchema):
    """An evaluation in a list: flows asked of a revision under an engine."""

    EXAMPLES = (
        {
            "id": _ID,
            "cluster": "demo",
            "revision": 2,
            "engine": _PROFILE,
            "flowCount": 1,
            "decisions": {"Allow": 0, "Deny": 1, "Unknown": 0},
            "createdAt": "2026-11-22T20:47:00Z",
        },
    )

    id = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Null for a dry run.", "examples": [_ID]},
    )
    cluster = fields.String(required=True)
    revision = fields.Integer(required=True)
    engine = fields.Nested(EngineProfileSchema, required=True)
    flow_count = fields.Integer(required=True)
    decisions = fields.Nested(DecisionCountsSchema, required=True)
    created_at = Timestamp(required=True)


class EvaluationSchema(EvaluationSummarySchema):
    """An evaluation with its verdicts, in the order of the flows."""

    EXAMPLES = (
        {
            "id": _ID,
            "cluster": "demo",
            "revision": 2,
            "engine": _PROFILE,
            "flowCount": 1,
            "decisions": {"Allow": 0, "Deny": 1, "Unknown": 0},
            "createdAt": "2026-11-22T20:47:00Z",
            "verdicts": [VERDICT],
        },
    )

    verdicts = fields.List(fields.Nested(VerdictSchema), required=True)


class EvaluationPageSchema(PageSchema):
    """Evaluations, newest first, without their verdicts."""

    items = fields.List(fields.Nested(EvaluationSummarySchema), required=True)


class EvaluationQuerySchema(PageQuerySchema):
    """Which evaluations."""

    engine = text("Name of an engine, or a profile such as cilium:1.17.", "cilium")


class RecordedVerdictSchema(ReadySchema, VerdictSchema):
    """A verdict as it was recorded. It never changes."""

    EXAMPLES = (
        {
            "id": _ID,
            "evaluation": _ID,
            "cluster": "demo",
            "revision": 2,
            "engine": _PROFILE,
            "recordedAt": "2026-11-22T20:47:00Z",
            **VERDICT,
        },
    )

    id = fields.String(required=True)
    evaluation = fields.String(required=True)
    cluster = fields.String(required=True)
    revision = fields.Integer(required=True)
    engine = fields.Nested(EngineProfileSchema, required=True)
    recorded_at = Timestamp(required=True)


class VerdictPageSchema(PageSchema):
    """Recorded verdicts, newest first."""

    items = fields.List(fields.Nested(RecordedVerdictSchema), required=True)


class VerdictQuerySchema(PageQuerySchema):
    """Which verdicts."""

    engine = text("Name of an engine, or a profile such as cilium:1.17.", "cilium")
    verdict = decision()
    source = text("The source as a text, such as pod:demo/client.", "pod:demo/client")
    destination = text("The destination as a text.", "service:demo/web")
    protocol = text(example="TCP")
    port = text("Number or name.", "80")
    evaluation = text("Id of an evaluation.", _ID)


class HistoryQuerySchema(PageQuerySchema):
    """One flow: for each end exactly one way of naming it."""

    source_namespace = text(example="demo")
    source_pod = text(example="client")
    source_workload = text(example="Deployment/front")
    source_label_selector = text(example="app=front")
    source_node = text(example="aks-1")
    source_ip = text(example="203.0.113.9")
    destination_namespace = text(example="demo")
    destination_pod = text(example="server")
    destination_workload = text(example="Deployment/back")
    destination_label_selector = text(example="app=server")
    destination_node = text(example="aks-1")
    destination_ip = text(example="203.0.113.9")
    destination_service = text(example="web")
    destination_backend = text("With a service: the pod that it chooses.")
    destination_receiving_node = text("With a service: the node that a client reaches.")
    protocol = text("TCP without it.", "TCP")
    port = text("Number or name.", "80")
    engine = text("Name of an engine, or a text such as cilium:1.17; else the cluster's.", "npm")


class PolicyChangeSchema(AnswerSchema):
    """A policy that differs between two revisions."""

    change = fields.String(required=True, metadata={"description": "added, removed or changed."})
    policy = fields.Nested(PolicyReferenceSchema, required=True)


class WorkloadChangeSchema(AnswerSchema):
    """A workload that differs between two revisions."""

    change = fields.String(required=True, metadata={"description": "added, removed or changed."})
    namespace = fields.String(required=True)
    workload = fields.String(required=True)


class FlipSchema(AnswerSchema):
    """Why the answer is another one than on the revision before."""

    from_decision = decision(required=True, data_key="from")
    to_decision = decision(required=True, data_key="to")
    previous_revision = fields.Integer(required=True)
    evidence = fields.List(fields.Nested(FlipEvidenceSchema), required=True)
    policies = fields.List(fields.Nested(PolicyChangeSchema), required=True)
    workloads = fields.List(fields.Nested(WorkloadChangeSchema), required=True)


class UnresolvedSchema(AnswerSchema):
    """An end of the flow that a revision does not have."""

    side = fields.String(required=True, metadata={"description": "source, destination or port."})
    code = fields.String(required=True)
    detail = fields.String(required=True)


class HistoryEntrySchema(ReadySchema):
    """One flow on one revision. Without a verdict where the revision lacks one of its ends."""

    EXAMPLES = (
        {
            "revision": 2,
            "revisionDigest": f"sha256:{'9f2c6d1b' * 8}",
            "revisionCreatedAt": "2026-11-22T20:46:10Z",
            "engine": _PROFILE,
            "recorded": True,
            "evaluation": _ID,
            "recordedAt": "2026-11-22T20:47:00Z",
            **VERDICT,
            "flip": {
                "from": "Allow",
                "to": "Deny",
                "previousRevision": 1,
                "evidence": [{**VERDICT["ingress"]["evidence"][0], "direction": "Ingress"}],
                "policies": [
                    {"change": "added", "policy": VERDICT["ingress"]["isolatedBy"][0]},
                ],
                "workloads": [],
            },
        },
    )

    revision = fields.Integer(required=True)
    revision_digest = fields.String(required=True)
    revision_created_at = Timestamp(required=True)
    engine = fields.Nested(EngineProfileSchema, required=True)
    verdict = decision(required=True, allow_none=True)
    recorded = Flag(
        required=True,
        metadata={"description": "Whether it was recorded then, or is made for this answer."},
    )
    evaluation = fields.String(required=True, allow_none=True)
    recorded_at = Timestamp(required=True, allow_none=True)
    flow = fields.Nested(FlowSchema)
    egress = fields.Nested(DirectionVerdictSchema)
    ingress = fields.Nested(DirectionVerdictSchema)
    assumptions = fields.List(fields.Nested(AssumptionSchema))
    groups = fields.List(fields.Nested(VerdictGroupSchema))
    unresolved = fields.Nested(UnresolvedSchema)
    flip = fields.Nested(
        FlipSchema, metadata={"description": "Where the answer differs from the one before."}
    )


class HistoryPageSchema(PageSchema):
    """One entry for each revision, oldest first."""

    items = fields.List(fields.Nested(HistoryEntrySchema), required=True)
