"""The catalogue of engines."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.knowledge import value
from service.web.schemas.base import AnswerSchema, Choice, Flag
from service.web.schemas.engine import engine_name
from service.web.schemas.paging import PageSchema

_SOURCED: dict[str, Any] = {
    "source": "use-network-policies.md",
    "asOf": "2026-08-18",
}


def source_field() -> fields.String:
    return fields.String(required=True, metadata={"description": "Where it was read."})


def as_of_field() -> fields.String:
    return fields.String(
        required=True, metadata={"format": "date", "description": "When it was read."}
    )


class EngineOptionSchema(AnswerSchema):
    """An option of an engine; the first allowed value is the default."""

    name = fields.String(required=True)
    allowed = fields.List(fields.String(), required=True)
    description = fields.String(required=True)


class KubernetesPairingSchema(AnswerSchema):
    """The engine version that AKS runs on a Kubernetes version."""

    kubernetes = fields.String(required=True, metadata={"examples": ["1.33"]})
    version = fields.String(required=True, metadata={"examples": ["1.17"]})


class CapabilityEditionSchema(AnswerSchema):
    """What one reading of the sources says."""

    EXAMPLES = ({"edition": "newest", "support": "Yes", "note": "", **_SOURCED},)

    edition = fields.String(
        required=True,
        metadata={"description": "`2024`: the article of that year; `newest`: the latest text."},
    )
    support = Choice(
        "Support",
        value("capabilities", "support"),
        required=True,
        description="; ".join(f"{k}: {v}" for k, v in value("capabilities", "support").items()),
    )
    note = fields.String(required=True)
    source = source_field()
    as_of = as_of_field()


class CapabilitySchema(AnswerSchema):
    """What an engine can do on nodes of one operating system."""

    capability = fields.String(required=True, metadata={"description": "Stable key."})
    title = fields.String(required=True)
    node_os = fields.String(required=True, metadata={"examples": ["linux"]})
    editions = fields.List(fields.Nested(CapabilityEditionSchema), required=True)


class RetirementSchema(AnswerSchema):
    """A day from which something is out of support."""

    id = fields.String(required=True)
    what = fields.String(required=True)
    date = fields.String(required=True, metadata={"format": "date"})
    node_os = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True)
    source = source_field()
    as_of = as_of_field()


class EngineSummarySchema(AnswerSchema):
    """An engine in the list."""

    EXAMPLES = (
        {
            "name": "cilium",
            "title": "Azure CNI powered by Cilium",
            "migrationTarget": True,
            "versions": ["1.16", "1.17"],
            "defaultVersion": "1.17",
            "retirements": [],
        },
    )

    name = engine_name(required=True)
    title = fields.String(required=True)
    migration_target = Flag(
        required=True, metadata={"description": "Whether a cluster can be moved to it."}
    )
    versions = fields.List(
        fields.String(), required=True, metadata={"description": "Empty where it has none."}
    )
    default_version = fields.String(required=True, allow_none=True)
    retirements = fields.List(fields.Nested(RetirementSchema), required=True)


class EngineSchema(EngineSummarySchema):
    """An engine: versions, options, capabilities with their sources, and days of retirement."""

    versions_by_kubernetes = fields.List(fields.Nested(KubernetesPairingSchema), required=True)
    options = fields.List(fields.Nested(EngineOptionSchema), required=True)
    capabilities = fields.List(fields.Nested(CapabilitySchema), required=True)


class EnginePageSchema(PageSchema):
    """All engines."""

    items = fields.List(fields.Nested(EngineSummarySchema), required=True)
