"""Whether a cluster gets readier for an engine."""

from __future__ import annotations

from marshmallow import fields

from service.usecases.readiness import Trend
from service.web.schemas.base import Choice, ReadySchema, Timestamp
from service.web.schemas.engine import EngineProfileSchema
from service.web.schemas.impact import PairCountsSchema
from service.web.schemas.migration import PAIRS, opinion
from service.web.schemas.paging import PageQuerySchema, PageSchema
from service.web.schemas.report import (
    DIGEST_EXAMPLE,
    ID,
    NPM,
    PROFILE,
    SEVERITIES,
    SeverityCountsSchema,
    day,
    severity,
)


class RuleHitSchema(ReadySchema):
    """A rule that applies."""

    rule = fields.String(required=True)
    title = fields.String(required=True)
    severity = severity(required=True)
    findings = fields.Integer(required=True)


class ReadinessChangesSchema(ReadySchema):
    """What differs from the report of the revision before; numbers are differences."""

    since = fields.Integer(required=True, metadata={"description": "That revision."})
    verdict_before = opinion(metadata={"description": "Where the verdict is another one."})
    severities = fields.Nested(SeverityCountsSchema, required=True)
    pairs = fields.Nested(PairCountsSchema, required=True)
    resolved = fields.List(
        fields.Nested(RuleHitSchema),
        required=True,
        metadata={"description": "Rules that applied and do not any more."},
    )
    appeared = fields.List(
        fields.Nested(RuleHitSchema),
        required=True,
        metadata={"description": "Rules that did not apply before."},
    )


class ReadinessEntrySchema(ReadySchema):
    """The newest migration report of one revision."""

    EXAMPLES = (
        {
            "revision": 2,
            "revisionDigest": DIGEST_EXAMPLE,
            "report": ID,
            "createdAt": "2026-11-22T20:47:00Z",
            "source": NPM,
            "target": PROFILE,
            "asOf": "2026-11-22",
            "rulebook": DIGEST_EXAMPLE,
            "verdict": "SafeWithFixes",
            "severities": SEVERITIES,
            "pairs": PAIRS,
            "change": "Readier",
            "changes": {
                "since": 1,
                "verdictBefore": "Blocked",
                "severities": {**SEVERITIES, "Blocker": -1, "High": 0},
                "pairs": {**PAIRS, "newlyDenied": 0},
                "resolved": [],
                "appeared": [],
            },
        },
    )

    revision = fields.Integer(required=True)
    revision_digest = fields.String(required=True)
    report = fields.String(required=True, metadata={"description": "Id of the report."})
    created_at = Timestamp(required=True)
    source = fields.Nested(EngineProfileSchema, required=True)
    target = fields.Nested(EngineProfileSchema, required=True)
    as_of = day("The day that dates were compared with.", required=True)
    rulebook = fields.String(required=True)
    verdict = opinion(required=True)
    severities = fields.Nested(SeverityCountsSchema, required=True)
    pairs = fields.Nested(PairCountsSchema, required=True)
    change = Choice(
        "ReadinessChange",
        [each.value for each in Trend],
        required=True,
        allow_none=True,
        description="By the verdict, then by findings of each severity, then by connections that "
        "change; null for the first one.",
    )
    changes = fields.Nested(ReadinessChangesSchema, required=True, allow_none=True)


class ReadinessPageSchema(PageSchema):
    """One entry for each revision that has a report, oldest first."""

    items = fields.List(fields.Nested(ReadinessEntrySchema), required=True)


class ClusterReadinessQuerySchema(PageQuerySchema):
    """For which engine."""

    target = fields.String(
        required=True,
        metadata={
            "description": "Name of an engine, or a profile such as cilium:1.17.",
            "examples": ["cilium"],
        },
    )
