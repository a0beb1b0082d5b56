"""What differs between two connectivity maps."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.analysis.compare import Change
from service.web.schemas.base import (
    REVISION,
    AnswerSchema,
    Choice,
    Pattern,
    ReadySchema,
)
from service.web.schemas.connectivity import (
    CLIENT,
    ENGINE,
    SERVER,
    EndpointSchema,
    EndsQuerySchema,
    PortRangesSchema,
)
from service.web.schemas.engine import EngineProfileSchema
from service.web.schemas.flow import (
    FLOW,
    AssumptionSchema,
    DirectionVerdictSchema,
    FlowSchema,
    PolicyReferenceSchema,
    decision,
)
from service.web.schemas.network import text
from service.web.schemas.paging import PageSchema


class DifferenceQuerySchema(EndsQuerySchema):
    """Which differences, between which maps."""

    base = fields.String(
        validate=Pattern(REVISION, error="Neither a number nor latest nor a digest."),
        metadata={
            "description": "The revision to compare with: a number, latest or a digest; else the "
            "parent.",
            "examples": ["1"],
        },
    )
    engine = text(ENGINE, "cilium:1.17")
    base_engine = text("The engine on the side of the base; else the same.", "npm")
    change = Choice("ConnectionChange", [each.value for each in Change])


class DecidedSchema(ReadySchema):
    """What one map says to the witness."""

    verdict = decision(required=True)
    egress = fields.Nested(DirectionVerdictSchema, required=True)
    ingress = fields.Nested(DirectionVerdictSchema, required=True)


def placement() -> Choice:
    """The field of where the ends of a change are."""
    return Choice(
        "Placement",
        ("SameNode", "OtherNode"),
        description="Where a node is an end: whether the change is about pods on it or elsewhere. "
        "Of two revisions the later one says where pods run.",
    )


class DifferenceAnswerSchema(ReadySchema):
    """A change, with one concrete flow that shows it."""

    change = Choice("ConnectionChange", [each.value for each in Change], required=True)
    before = decision(required=True)
    after = decision(required=True)
    connections = fields.List(fields.Nested(PortRangesSchema), required=True)
    assumptions = fields.List(fields.Nested(AssumptionSchema))
    placement = placement()
    witness = fields.Nested(FlowSchema, required=True)
    decided_before = fields.Nested(
        DecidedSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null where an end of the witness is not in that map."},
    )
    decided_after = fields.Nested(DecidedSchema, required=True, allow_none=True)


_CHANGED: dict[str, Any] = {
    "change": "newlyDenied",
    "before": "Allow",
    "after": "Deny",
    "connections": [{"protocol": "TCP", "ports": "80"}],
    "witness": FLOW,
    "decidedBefore": None,
    "decidedAfter": None,
}


class DifferenceSchema(DifferenceAnswerSchema):
    """What one endpoint may send to another on one side only."""

    EXAMPLES = ({"source": CLIENT, "destination": SERVER, **_CHANGED},)

    source = fields.Nested(EndpointSchema, required=True)
    destination = fields.Nested(EndpointSchema, required=True)


class DifferenceGroupSchema(DifferenceAnswerSchema):
    """What differs alike from every source to every destination, with one witness.

    An endpoint is not paired with itself. Only a group of one endpoint with itself is about what
    the pods of this one send to each other. So a group stands for as many differences as `pairs`
    says.
    """

    EXAMPLES = ({"sources": [CLIENT], "destinations": [SERVER], "pairs": 1, **_CHANGED},)

    sources = fields.List(fields.Nested(EndpointSchema), required=True)
    destinations = fields.List(fields.Nested(EndpointSchema), required=True)
    pairs = fields.Integer(required=True)


class MapSideSchema(AnswerSchema):
    """One of two compared maps."""

    revision = fields.Integer(required=True)
    digest = fields.String(required=True)
    engine = fields.Nested(EngineProfileSchema, required=True)


class PolicyDifferencesSchema(AnswerSchema):
    """Policies that are not the same on both sides."""

    added = fields.List(fields.Nested(PolicyReferenceSchema), required=True)
    removed = fields.List(fields.Nested(PolicyReferenceSchema), required=True)
    changed = fields.List(fields.Nested(PolicyReferenceSchema), required=True)


class DifferenceSummarySchema(ReadySchema):
    """How many connections differ, by change, and workloads that came or went.

    A pair of endpoints counts once for each decision before and after, and for what an Unknown one
    rests on: as often as the pages list it.
    """

    newly_allowed = fields.Integer(required=True)
    newly_denied = fields.Integer(required=True)
    newly_unknown = fields.Integer(required=True)
    workloads_added = fields.List(fields.Nested(EndpointSchema), required=True)
    workloads_removed = fields.List(fields.Nested(EndpointSchema), required=True)


class DifferencePageSchema(PageSchema):
    """What differs from the base, and a page of the connections that do."""

    base = fields.Nested(MapSideSchema, required=True)
    target = fields.Nested(MapSideSchema, required=True)
    policies = fields.Nested(PolicyDifferencesSchema, required=True)
    summary = fields.Nested(DifferenceSummarySchema, required=True)
    items = fields.List(fields.Nested(DifferenceSchema), required=True)


class DifferenceGroupPageSchema(DifferencePageSchema):
    """What differs from the base, and a page of groups of connections that do."""

    items = fields.List(fields.Nested(DifferenceGroupSchema), required=True)
