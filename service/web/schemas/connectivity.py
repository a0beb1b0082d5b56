"""Connectivity maps, and what differs between two of them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.analysis.compare import Change
from service.analysis.filters import ListedVerdict
from service.model.pipeline import Direction
from service.web.schemas.base import (
    REVISION,
    AnswerSchema,
    Choice,
    Pattern,
    QueryFlag,
    QueryNumber,
    ReadySchema,
    RequestSchema,
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
from service.web.schemas.paging import PageQuerySchema, PageSchema

_CLIENT = {"kind": "Workload", "namespace": "demo", "workload": "Pod/client"}
_SERVER = {"kind": "Workload", "namespace": "demo", "workload": "Pod/server"}
_CONNECTIONS = [{"protocol": "TCP", "ports": "80,443,8000-9000"}]


class EndpointSchema(ReadySchema):
    """A workload, a node, or a range of addresses outside the cluster."""

    EXAMPLES = (
        {"kind": "Workload", "namespace": "web", "workload": "Deployment/front"},
        {"kind": "Node", "node": "aks-1"},
        {"kind": "External", "addresses": "10.0.0.0-10.0.255.255"},
    )

    kind = Choice("EndpointKind", ("Workload", "Node", "External"), required=True)
    namespace = text("Of a workload.", "web")
    workload = text("Kind/name of the nearest controller; a bare pod is Pod/name.")
    variant = fields.Integer(
        metadata={
            "description": "Where the policies of this map, or of these two, tell pods of one "
            "owner apart: which of them. It need not be the `variant` of the revision's workloads, "
            "which counts whatever differs."
        }
    )
    node = text("Name of a node.", "aks-1")
    addresses = text(
        "First and last address of a range, or its only one. Those in it that pods and nodes have "
        "are not meant: these are told by themselves.",
        "10.0.0.0-10.0.255.255",
    )


class PortRangesSchema(ReadySchema):
    """Ports of one protocol; every port is 1-65535."""

    EXAMPLES = (_CONNECTIONS[0],)

    protocol = Choice("ConnectionProtocol", ("TCP", "UDP", "SCTP"), required=True)
    ports = fields.String(required=True)


class ChangedPortsSchema(ReadySchema):
    """Ports of one protocol; ICMP, an echo request, has none."""

    EXAMPLES = (_CONNECTIONS[0], {"protocol": "ICMP"})

    protocol = Choice("ChangedProtocol", ("TCP", "UDP", "SCTP", "ICMP"), required=True)
    ports = fields.String()


class ListedAnswerSchema(ReadySchema):
    """What gets through, surely (Allow) or under assumptions (Unknown); all else is denied."""

    verdict = Choice("ListedVerdict", [each.value for each in ListedVerdict], required=True)
    connections = fields.List(fields.Nested(PortRangesSchema), required=True)
    assumptions = fields.List(fields.Nested(AssumptionSchema))


class ConnectionSchema(ListedAnswerSchema):
    """What one endpoint may send to another."""

    EXAMPLES = (
        {
            "source": _CLIENT,
            "destination": _SERVER,
            "verdict": "Allow",
            "connections": _CONNECTIONS,
        },
    )

    source = fields.Nested(EndpointSchema, required=True)
    destination = fields.Nested(EndpointSchema, required=True)


class ConnectionGroupSchema(ListedAnswerSchema):
    """What every source may send to every destination; an endpoint is not paired with itself.

    Only a group of one endpoint with itself, listed where two pods of one workload are asked for,
    is about what these send to each other.
    """

    EXAMPLES = (
        {
            "sources": [_CLIENT],
            "destinations": [_SERVER],
            "verdict": "Allow",
            "connections": _CONNECTIONS,
        },
    )

    sources = fields.List(fields.Nested(EndpointSchema), required=True)
    destinations = fields.List(fields.Nested(EndpointSchema), required=True)


class ConnectionPageSchema(PageSchema):
    """Connections by destination and then by source."""

    items = fields.List(fields.Nested(ConnectionSchema), required=True)


class ConnectionGroupPageSchema(PageSchema):
    """Connections with the same answer and the same ends as one."""

    items = fields.List(fields.Nested(ConnectionGroupSchema), required=True)


class ExposureSchema(ReadySchema):
    """How exposed a workload is."""

    endpoint = fields.Nested(EndpointSchema, required=True)
    sources = fields.Integer(required=True, metadata={"description": "Workloads that reach it."})
    unknown_sources = fields.Integer(required=True)
    sources_on_every_port = fields.Integer(required=True)
    from_outside = fields.Boolean(required=True)


class ConnectivitySummarySchema(ReadySchema):
    """The numbers of a map."""

    revision = fields.Integer(required=True)
    engine = fields.Nested(EngineProfileSchema, required=True)
    workloads = fields.Integer(required=True)
    nodes = fields.Integer(required=True)
    external_ranges = fields.Integer(required=True)
    workload_pairs = fields.Integer(required=True)
    allowed_pairs = fields.Integer(required=True)
    unknown_pairs = fields.Integer(required=True)
    reached_from_outside = fields.Integer(required=True)
    most_exposed = fields.List(fields.Nested(ExposureSchema), required=True)


_ENGINE = "Name of an engine, or a text such as cilium:1.17; else the cluster's."


class EngineQuerySchema(RequestSchema):
    """Which engine."""

    engine = text(_ENGINE, "cilium:1.17")


_ADDRESS = "An address or a CIDR: who has one of them, in the cluster or outside."


class EndsQuerySchema(PageQuerySchema):
    """Between which ends; a pod, workload, node or namespace that is not there is refused."""

    source_namespace = text(example="demo")
    source_pod = text(example="client")
    source_workload = text(example="Deployment/front")
    source_label_selector = text(example="app=front")
    source_node = text(example="aks-1")
    source_ip = text(_ADDRESS, "203.0.113.0/24")
    destination_namespace = text(example="demo")
    destination_pod = text(example="server")
    destination_workload = text(example="Deployment/back")
    destination_label_selector = text(example="app=server")
    destination_node = text(example="aks-1")
    destination_ip = text(_ADDRESS, "203.0.113.9")


class ConnectionGroupQuerySchema(EndsQuerySchema):
    """Which connections; those of a workload with itself are in no group."""

    engine = text(_ENGINE, "cilium:1.17")
    namespace = text("With an end in this namespace.", "demo")
    label_selector = text("With an end that has these labels.", "app=server")
    external = QueryFlag(metadata={"description": "With an end outside the cluster, or without."})
    direction = Choice(
        "TrafficDirection",
        [each.value for each in Direction],
        description="Of the end that namespace, labelSelector and external speak of.",
    )
    protocol = text(example="TCP")
    port = QueryNumber(metadata={"examples": [5432]})
    verdict = Choice("ListedVerdict", [each.value for each in ListedVerdict])


class ConnectivityQuerySchema(ConnectionGroupQuerySchema):
    """Which connections."""

    include_self = QueryFlag(
        load_default=False,
        metadata={"description": "Also what the pods of one workload may send to each other."},
    )


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
    engine = text(_ENGINE, "cilium:1.17")
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

    EXAMPLES = ({"source": _CLIENT, "destination": _SERVER, **_CHANGED},)

    source = fields.Nested(EndpointSchema, required=True)
    destination = fields.Nested(EndpointSchema, required=True)


class DifferenceGroupSchema(DifferenceAnswerSchema):
    """What differs alike from every source to every destination, with one witness.

    An endpoint is not paired with itself. Only a group of one endpoint with itself is about what
    the pods of this one send to each other. So a group stands for as many differences as `pairs`
    says.
    """

    EXAMPLES = ({"sources": [_CLIENT], "destinations": [_SERVER], "pairs": 1, **_CHANGED},)

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
