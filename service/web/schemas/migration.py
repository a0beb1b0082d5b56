"""Migration reports: what a change of engine needs, changes and leaves behind."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from service.analysis.judging import Opinion
from service.web.schemas.base import Choice, DocumentSchema, ReadySchema, TextMap
from service.web.schemas.engine import EngineProfileSchema, EngineSelection
from service.web.schemas.impact import (
    GROUP,
    REMEDY,
    ImpactGroupSchema,
    ImpactSchema,
    PairCountsSchema,
    RemedySchema,
)
from service.web.schemas.migration_path import (
    PATH,
    MigrationPathSchema,
    enforcement,
    ipam,
    texts,
)
from service.web.schemas.network import text
from service.web.schemas.paging import PageQuerySchema, PageSchema
from service.web.schemas.report import (
    NAME,
    NPM,
    PROFILE,
    RULE_HEAD,
    SEVERITIES,
    AffectedSchema,
    MissingSchema,
    ReportBodySchema,
    ReportNameSchema,
    as_of_wish,
)
from service.web.schemas.stated import StatedFactsSchema

PAIRS: dict[str, int] = {"newlyAllowed": 0, "newlyDenied": 1, "newlyUnknown": 0}
_SUMMARY: dict[str, Any] = {
    **NAME,
    "kind": "Migration",
    "source": NPM,
    "target": PROFILE,
    "verdict": "SafeWithFixes",
    "reasons": ["MIG-001: An ipBlock stops matching pods (1 pairs close)"],
    "severities": SEVERITIES,
    "findingCount": 1,
    "remedyCount": 1,
}
_DURING: dict[str, Any] = {
    "steps": ["C1"],
    "worst": "Uncertain",
    "pairs": {"newlyAllowed": 1, "newlyDenied": 0, "newlyUnknown": 0},
    "isolatedCount": 1,
    "isolated": [
        {
            "workload": {"kind": "Workload", "namespace": "demo", "name": "Pod/server"},
            "directions": ["Ingress"],
            "policies": 1,
            "namedBy": 1,
            "closedBy": 0,
        }
    ],
    "groupCount": 0,
    "groups": [],
}


def opinion(**options: Any) -> Choice:
    """The verdict of a migration report."""
    return Choice(
        "MigrationVerdict",
        [each.value for each in Opinion],
        description="Safe: proved that no connection changes. SafeWithFixes: everything that "
        "changes has a remedy. Blocked: AKS refuses it as things are.",
        **options,
    )


def support(**options: Any) -> Choice:
    """What AKS says to a change."""
    found = MigrationPathSchema._declared_fields["support"]
    assert isinstance(found, Choice)
    return Choice(found.component, found.values, description=found.description, **options)


class MigrationReportCreateSchema(DocumentSchema):
    """Where the cluster is to go, on what day, and what else is known."""

    EXAMPLES = (
        {"target": "cilium"},
        {
            "target": "cilium",
            "targetVersion": "1.17",
            "targetIpam": "Overlay",
            "targetPodCidr": "10.244.0.0/16",
            "source": "npm",
            "asOf": "2026-11-22",
            "facts": {"terraform": False, "disruptionBudgets": []},
        },
    )

    target = fields.String(
        required=True,
        metadata={
            "description": "Name of an engine, or a text such as cilium:1.17.",
            "examples": ["cilium"],
        },
    )
    target_version = text("Its version; else what AKS runs on the Kubernetes version.", "1.17")
    target_options = TextMap(metadata={"description": "Options that the engine has."})
    target_ipam = fields.String(
        validate=ma.validate.Length(max=40),
        metadata={
            "description": "Overlay, PodSubnet, NodeSubnet or Kubenet; else as it is.",
            "examples": ["Overlay"],
        },
    )
    target_pod_cidr = text("Address range of pods with Overlay.", "10.244.0.0/16")
    source = EngineSelection(
        metadata={"description": "The engine that the cluster has; else that of its record."}
    )
    as_of = as_of_wish()
    facts = fields.Nested(StatedFactsSchema)


class IsolatedWorkloadSchema(ReadySchema):
    """A workload that policies isolate, with how deliberately."""

    workload = fields.Nested(AffectedSchema, required=True)
    directions = texts()
    policies = fields.Integer(required=True)
    named_by = fields.Integer(
        required=True, metadata={"description": "Policies that select it by labels of its own."}
    )
    closed_by = fields.Integer(
        required=True, metadata={"description": "Policies that leave a direction without a rule."}
    )


class OpenWindowSchema(ReadySchema):
    """What holds while nodes are reimaged and enforcement is not certain: at worst none."""

    steps = texts("Ids of steps.")
    worst = enforcement(required=True)
    pairs = fields.Nested(PairCountsSchema, required=True)
    isolated_count = fields.Integer(required=True)
    isolated = fields.List(
        fields.Nested(IsolatedWorkloadSchema),
        required=True,
        metadata={"description": "The first 50, those isolated most deliberately first."},
    )
    group_count = fields.Integer(required=True)
    groups = fields.List(
        fields.Nested(ImpactGroupSchema),
        required=True,
        metadata={"description": "The first 20 of what opens."},
    )


class MigrationNameSchema(ReportNameSchema):
    """What lists and reports tell of a migration."""

    source = fields.Nested(EngineProfileSchema, required=True)
    target = fields.Nested(EngineProfileSchema, required=True)
    target_ipam = ipam()
    target_pod_cidr = text("Where it was asked for.", "10.244.0.0/16")
    verdict = opinion(required=True)
    remedy_count = fields.Integer(required=True)


class MigrationReportSummarySchema(MigrationNameSchema):
    """A migration report in a list."""

    EXAMPLES = ({**_SUMMARY, "support": "InPlace", "pairs": PAIRS, "unexplainedCount": 0},)

    support = support(required=True)
    pairs = fields.Nested(PairCountsSchema, required=True)
    unexplained_count = fields.Integer(required=True)


class MigrationReportSchema(MigrationNameSchema, ReportBodySchema):
    """A change of engine: the way, what it changes, and whether to do it. It never changes."""

    EXAMPLES = (
        {
            **_SUMMARY,
            "rules": [{**RULE_HEAD, "outcome": "Hit", "findings": 1, "missing": []}],
            "missing": [],
            "settledBy": [],
            "path": PATH,
            "impact": {
                "pairs": PAIRS,
                "serviceCalls": {"newlyAllowed": 0, "newlyDenied": 0, "newlyUnknown": 0},
                "groupCount": 1,
                "groups": [GROUP],
                "unexplainedCount": 0,
                "unexplained": [],
                "isSampled": False,
            },
            "during": _DURING,
            "remedies": [REMEDY],
            "deadPolicies": 0,
            "record": {"engine": {"name": "npm"}, "resourceGroup": "rg-demo"},
            "facts": {"terraform": False},
            "basis": {"podCidrs": ["10.244.0.0/16"], "localDns": False},
        },
    )

    settled_by = fields.List(
        fields.Nested(MissingSchema),
        required=True,
        metadata={"description": "What would settle a verdict of Unknown."},
    )
    path = fields.Nested(MigrationPathSchema, required=True)
    impact = fields.Nested(ImpactSchema, required=True)
    during = fields.Nested(OpenWindowSchema)
    remedies = fields.List(
        fields.Nested(RemedySchema),
        required=True,
        metadata={"description": "The first 20; all of them are under `/remedies`."},
    )
    dead_policies = fields.Integer(
        required=True,
        metadata={"description": "Policies that stay stored and are not enforced any more."},
    )


class MigrationReportPageSchema(PageSchema):
    """Migration reports, newest first."""

    items = fields.List(fields.Nested(MigrationReportSummarySchema), required=True)


class MigrationReportQuerySchema(PageQuerySchema):
    """Which migration reports."""

    target = text("Name of an engine, or a profile such as cilium:1.17.", "cilium")
