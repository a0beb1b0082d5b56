"""The rulebook as data."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.web.schemas.base import Flag, ReadySchema
from service.web.schemas.migration_path import texts
from service.web.schemas.network import text
from service.web.schemas.paging import PageQuerySchema, PageSchema
from service.web.schemas.report import RULE, area, day, severity

_RULE: dict[str, Any] = {
    "id": RULE,
    "name": "IPBLOCK-SELECTS-PODS",
    "area": "MIG",
    "severity": "High",
    "title": "An ipBlock stops matching pods",
    "evidence": "a block of a policy covers the address of a pod",
    "remedy": "Add selector peers for exactly those pods to the rule.",
    "engines": [],
    "from": ["calico", "npm"],
    "to": ["cilium"],
    "looksAt": ["policies", "pods"],
    "wholeCluster": False,
    "source": "azure-cni-powered-by-cilium.md",
    "asOf": "2026-08-18",
    "confidence": "A",
    "change": "Allow to Deny",
    "remedyWhen": "Before",
}


class RuleSourceSchema(ReadySchema):
    """What one source says."""

    EXAMPLES = ({"value": "the option alone", "source": "a page", "asOf": "2026-05-28"},)

    value = fields.String(required=True)
    source = fields.String(required=True)
    as_of = day("When it was read.", required=True)


class RuleConflictSchema(ReadySchema):
    """Sources that a rule rests on, and that disagree or leave something open."""

    EXAMPLES = (
        {
            "id": "G1",
            "subject": "Whether one option is enough",
            "values": [
                {"value": "the option alone", "source": "a page", "asOf": "2026-05-28"},
                {"value": "both options", "source": "an issue", "asOf": "2026-05-21"},
            ],
            "treatment": "commands carry both options",
        },
    )

    id = fields.String(required=True)
    subject = fields.String(required=True)
    values = fields.List(fields.Nested(RuleSourceSchema), required=True)
    treatment = fields.String(required=True, metadata={"description": "What the rule makes of it."})


class RuleSchema(ReadySchema):
    """A rule: what it means and what to do. `*` stands for every engine."""

    EXAMPLES = (_RULE,)

    id = fields.String(required=True)
    name = fields.String(required=True)
    area = area(required=True)
    severity = severity(required=True)
    title = fields.String(required=True)
    evidence = fields.String(required=True)
    remedy = fields.String(required=True)
    engines = texts("Of ENG and FEAT rules: the engines that they are about.")
    from_engines = fields.List(fields.String(), required=True, data_key="from")
    to_engines = fields.List(fields.String(), required=True, data_key="to")
    looks_at = texts("What it needs to be answered.")
    whole_cluster = Flag(
        required=True,
        metadata={"description": "The engine itself makes the difference, not a policy."},
    )
    source = fields.String(required=True, metadata={"description": "Where it was read."})
    as_of = day("When it was read.", required=True)
    confidence = fields.String(required=True)
    conflicts = fields.List(
        fields.Nested(RuleConflictSchema),
        metadata={"description": "Where its sources disagree; absent where they do not."},
    )
    change = text("What becomes of connections.")
    remedy_when = text("`Before`, `After` or `None`: when the remedy can be applied.", "Before")


class RulePageSchema(PageSchema):
    """Rules in the order of the book."""

    items = fields.List(fields.Nested(RuleSchema), required=True)


class RuleQuerySchema(PageQuerySchema):
    """Which rules."""

    area = area()
    severity = severity()
    engine = text("About this engine.", "npm")
    from_engine = fields.String(
        data_key="from", metadata={"description": "About a move from it.", "examples": ["npm"]}
    )
    to_engine = fields.String(
        data_key="to", metadata={"description": "About a move to it.", "examples": ["cilium"]}
    )
