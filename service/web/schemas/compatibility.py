"""Compatibility reports: what an engine makes of a revision and of its cluster."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.analysis.fitness import Fitness
from service.analysis.rulebook.answers import Outcome
from service.analysis.validator.proofs import Mark
from service.web.schemas.base import Choice, DocumentSchema, Flag, ReadySchema
from service.web.schemas.engine import EngineProfileSchema, EngineSelection
from service.web.schemas.flow import PolicyReferenceSchema
from service.web.schemas.network import text
from service.web.schemas.paging import PageQuerySchema, PageSchema
from service.web.schemas.report import (
    NAME,
    PROFILE,
    RULE_HEAD,
    SEVERITIES,
    ReportBodySchema,
    ReportNameSchema,
    as_of_wish,
    day,
)
from service.web.schemas.stated import StatedFactsSchema

_SUMMARY: dict[str, Any] = {
    **NAME,
    "kind": "Compatibility",
    "engine": PROFILE,
    "verdict": "CompatibleWithFindings",
    "reasons": ["FEAT-001: an ipBlock does not match pods (1 findings)"],
    "severities": SEVERITIES,
    "findingCount": 1,
}


def fitness(**options: Any) -> Choice:
    """The verdict of a compatibility report."""
    return Choice(
        "CompatibilityVerdict",
        [each.value for each in Fitness],
        description="Unknown: the input does not tell whether something forbids the engine.",
        **options,
    )


class CompatibilityReportCreateSchema(DocumentSchema):
    """What to report on: an engine, on a day, with what else is known."""

    EXAMPLES = (
        {"engine": "cilium", "asOf": "2026-11-22", "facts": {"terraform": False}},
        {"engine": {"name": "cilium", "version": "1.17"}},
    )

    engine = EngineSelection(
        metadata={"description": "An engine, or a text such as `cilium:1.17`; else the cluster's."}
    )
    as_of = as_of_wish()
    facts = fields.Nested(StatedFactsSchema)


class ReportRetirementSchema(ReadySchema):
    """Something that ends, or has ended."""

    what = fields.String(required=True)
    date = day("Its end.", required=True)
    is_past = Flag(required=True)
    detail = fields.String(required=True)
    source = fields.String(required=True)
    as_of = day("When the source was read.", required=True)


class ValidatorFlagSchema(ReadySchema):
    """One flag of Microsoft's validator, and what it is worth."""

    subject = fields.String(required=True, metadata={"examples": ["demo/demo-policy"]})
    direction = text("Of a policy.", "Ingress")
    policy = fields.Nested(PolicyReferenceSchema)
    pointer = text("JSON pointer into the policy.", "/spec/ingress")
    mark = Choice("ValidatorMark", [each.value for each in Mark], required=True)
    code = text("Stable name of the reason.")
    reason = fields.String(required=True)


class ValidatorRowSchema(ReadySchema):
    """One line of the validator's table."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    condition = fields.String(required=True)
    count = fields.Integer(required=True)
    compatible = Flag(required=True)
    flags = fields.List(fields.Nested(ValidatorFlagSchema), required=True)
    omitted = fields.Integer(metadata={"description": "Flags that are not listed."})


class ValidatorBlindSpotSchema(ReadySchema):
    """Something that the validator does not see, and what the rules say of it here."""

    id = fields.String(required=True)
    detail = fields.String(required=True)
    outcome = Choice("RuleOutcome", [each.value for each in Outcome], required=True)
    rules = fields.List(fields.String(), required=True)
    hits = fields.List(fields.String(), required=True)


class MicrosoftValidatorSchema(ReadySchema):
    """Microsoft's check of a move from NPM to Cilium, beside our answer to it."""

    rows = fields.List(fields.Nested(ValidatorRowSchema), required=True)
    closing = fields.String(required=True)
    confirmed = fields.Integer(required=True)
    blind_spots = fields.List(fields.Nested(ValidatorBlindSpotSchema), required=True)


class CompatibilityReportSummarySchema(ReportNameSchema):
    """A compatibility report in a list."""

    EXAMPLES = (_SUMMARY,)

    engine = fields.Nested(EngineProfileSchema, required=True)
    verdict = fitness(required=True)


class CompatibilityReportSchema(ReportBodySchema):
    """What the rulebook says of an engine on a revision. It never changes."""

    EXAMPLES = (
        {
            **_SUMMARY,
            "rules": [{**RULE_HEAD, "outcome": "Clear", "findings": 0, "missing": []}],
            "missing": [],
            "retirements": [],
            "record": {"engine": {"name": "npm"}},
            "facts": {"terraform": False},
            "basis": {"podCidrs": [], "localDns": False},
        },
    )

    engine = fields.Nested(EngineProfileSchema, required=True)
    verdict = fitness(required=True)
    retirements = fields.List(fields.Nested(ReportRetirementSchema), required=True)
    microsoft_validator = fields.Nested(
        MicrosoftValidatorSchema,
        metadata={"description": "Of engines that the tool checks a move to."},
    )


class CompatibilityReportPageSchema(PageSchema):
    """Compatibility reports, newest first."""

    items = fields.List(fields.Nested(CompatibilityReportSummarySchema), required=True)


class CompatibilityReportQuerySchema(PageQuerySchema):
    """Which compatibility reports."""

    engine = text("Name of an engine, or a profile such as cilium:1.17.", "cilium")
