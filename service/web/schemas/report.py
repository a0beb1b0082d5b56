"""What both kinds of report are made of."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from service.analysis.rulebook.answers import AffectedKind, Outcome
from service.analysis.rulebook.rules import Area
from service.model.finding import Severity
from service.usecases.report_content import ReportKind
from service.web.schemas.base import Choice, Flag, QueryFlag, ReadySchema, RequestSchema, Timestamp
from service.web.schemas.cluster import RecordSchema
from service.web.schemas.engine import EngineChoiceSchema
from service.web.schemas.flow import PolicyReferenceSchema
from service.web.schemas.network import text
from service.web.schemas.paging import PageQuerySchema, PageSchema
from service.web.schemas.stated import StatedFactsSchema

ID = "01KAQ3V7ZJ8W2M5T6X9B4C1D0E"
DIGEST_EXAMPLE = f"sha256:{'9f2c6d1b' * 8}"
RULE = "MIG-001"
PROFILE: dict[str, Any] = {
    "name": "cilium",
    "version": "1.17",
    "options": {},
    "profile": "cilium:1.17",
}
NPM: dict[str, Any] = {"name": "npm", "version": "1.8.12", "options": {}, "profile": "npm:1.8.12"}
POLICY: dict[str, Any] = {"kind": "NetworkPolicy", "namespace": "demo", "name": "demo-policy"}
SEVERITIES: dict[str, Any] = {"Blocker": 0, "High": 1, "Medium": 0, "Low": 0, "Info": 0}
RULE_HEAD: dict[str, Any] = {
    "rule": RULE,
    "name": "IPBLOCK-SELECTS-PODS",
    "area": "MIG",
    "severity": "High",
    "title": "An ipBlock stops matching pods",
}
NAME: dict[str, Any] = {
    "id": ID,
    "cluster": "demo",
    "revision": 2,
    "revisionDigest": DIGEST_EXAMPLE,
    "digest": DIGEST_EXAMPLE,
    "createdAt": "2026-11-22T20:47:00Z",
    "asOf": "2026-11-22",
    "rulebook": DIGEST_EXAMPLE,
}


def severity(**options: Any) -> Choice:
    """How much a finding matters."""
    return Choice("Severity", [each.value for each in Severity], **options)


def area(**options: Any) -> Choice:
    """What a rule is about."""
    return Choice(
        "RuleArea",
        [each.value for each in Area],
        description="ENG: an engine as such; FEAT: what it reads of policies; MIG: a change of "
        "engine; PATH: the way there.",
        **options,
    )


def day(description: str, **options: Any) -> fields.String:
    """A date as a text."""
    metadata = {"description": description, "format": "date", "examples": ["2026-11-22"]}
    return fields.String(metadata=metadata, **options)


class MissingSchema(ReadySchema):
    """What the input does not tell, and what would settle it."""

    EXAMPLES = ({"what": "disruptionBudgets", "detail": "give the PodDisruptionBudgets"},)

    what = fields.String(required=True, metadata={"description": "Stable name."})
    detail = fields.String(required=True)


class AffectedSchema(ReadySchema):
    """One thing that a finding concerns."""

    EXAMPLES = ({"kind": "Workload", "namespace": "demo", "name": "Pod/server"},)

    kind = Choice("AffectedKind", [each.value for each in AffectedKind], required=True)
    namespace = text("Where it has one.", "demo")
    name = fields.String(required=True)


class SeverityCountsSchema(ReadySchema):
    """How many findings there are of each severity."""

    EXAMPLES = (SEVERITIES,)

    blocker = fields.Integer(required=True, data_key=Severity.BLOCKER.value)
    high = fields.Integer(required=True, data_key=Severity.HIGH.value)
    medium = fields.Integer(required=True, data_key=Severity.MEDIUM.value)
    low = fields.Integer(required=True, data_key=Severity.LOW.value)
    info = fields.Integer(required=True, data_key=Severity.INFO.value)


class RuleHeadSchema(ReadySchema):
    """How reports name a rule."""

    rule = fields.String(required=True, metadata={"description": "Id.", "examples": [RULE]})
    name = fields.String(required=True)
    area = area(required=True)
    severity = severity(required=True)
    title = fields.String(required=True)


class RuleAnswerSchema(RuleHeadSchema):
    """What one rule answers; Unknown says what is missing."""

    EXAMPLES = ({**RULE_HEAD, "outcome": "Hit", "findings": 1, "missing": []},)

    outcome = Choice("RuleOutcome", [each.value for each in Outcome], required=True)
    findings = fields.Integer(required=True, metadata={"description": "How many there are."})
    missing = fields.List(fields.Nested(MissingSchema), required=True)


class ReportFindingSchema(RuleHeadSchema):
    """One place where a rule applies."""

    EXAMPLES = (
        {
            **RULE_HEAD,
            "detail": "10.0.0.0/8 covers pods of demo",
            "policy": POLICY,
            "pointer": "/spec/ingress/0/from/0/ipBlock/cidr",
            "endpoints": [{"kind": "Workload", "namespace": "demo", "name": "Pod/client"}],
            "values": {},
            "remedy": "Add selector peers for exactly those pods to the rule.",
            "settledBy": [],
            "source": "azure-cni-powered-by-cilium.md",
            "asOf": "2026-08-18",
            "confidence": "A",
        },
    )

    detail = fields.String(required=True)
    policy = fields.Nested(PolicyReferenceSchema)
    pointer = fields.String(
        metadata={"description": "JSON pointer into the policy; without a policy, into the record."}
    )
    endpoints = fields.List(fields.Nested(AffectedSchema), required=True)
    values = fields.Dict(
        required=True, metadata={"description": "What was found, by name, for programs."}
    )
    remedy = fields.String(required=True)
    settled_by = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Ids of the steps of the path that deal with it."},
    )
    source = fields.String(required=True, metadata={"description": "Where the rule was read."})
    as_of = day("When it was read.", required=True)
    confidence = fields.String(required=True)


class ReportFindingPageSchema(PageSchema):
    """Findings of a report, the gravest first."""

    items = fields.List(fields.Nested(ReportFindingSchema), required=True)


class ReportFindingQuerySchema(PageQuerySchema):
    """Which findings."""

    severity = severity()
    rule = text("Id of a rule.", RULE)


class ReportNameSchema(ReadySchema):
    """Where and when a report was made, and what it rests on."""

    id = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Null for a dry run.", "examples": [ID]},
    )
    kind = Choice("ReportKind", [each.value for each in ReportKind], required=True)
    cluster = fields.String(required=True)
    revision = fields.Integer(required=True)
    revision_digest = fields.String(required=True)
    digest = fields.String(
        required=True, metadata={"description": "Of all that it says; the same for equal reports."}
    )
    created_at = Timestamp(required=True)
    as_of = day("The day that dates were compared with.", required=True)
    rulebook = fields.String(
        required=True, metadata={"description": "Digest of the facts that rules rest on."}
    )
    severities = fields.Nested(SeverityCountsSchema, required=True)
    finding_count = fields.Integer(required=True)
    reasons = fields.List(
        fields.String(), required=True, metadata={"description": "Of the verdict."}
    )


class ClusterRecordSchema(ReadySchema, RecordSchema):
    """A cluster's record as it was when the report was made."""

    engine = fields.Nested(EngineChoiceSchema)


class ReportBasisSchema(ReadySchema):
    """What the connections were compared with, besides the revision."""

    EXAMPLES = ({"podCidrs": ["10.244.0.0/16"], "localDns": False},)

    pod_cidrs = fields.List(fields.String(), required=True)
    local_dns = Flag(required=True)


class ReportBodySchema(ReportNameSchema):
    """What every whole report has."""

    rules = fields.List(fields.Nested(RuleAnswerSchema), required=True)
    missing = fields.List(fields.Nested(MissingSchema), required=True)
    record = fields.Nested(ClusterRecordSchema, required=True)
    facts = fields.Nested(StatedFactsSchema, required=True)
    basis = fields.Nested(ReportBasisSchema, required=True)


class ReportCreateQuerySchema(RequestSchema):
    """Whether to store."""

    dry_run = QueryFlag(load_default=False, metadata={"description": "Answer, store nothing."})


def as_of_wish() -> fields.String:
    """The date of a request."""
    return fields.String(
        validate=ma.validate.Length(max=40),
        metadata={
            "format": "date",
            "description": "The day that dates are compared with; else today in UTC.",
            "examples": ["2026-11-22"],
        },
    )
