"""Connectivity maps."""

from __future__ import annotations

from marshmallow import fields

from service.analysis.filters import ListedVerdict
from service.model.pipeline import Direction
from service.web.schemas.base import (
    Choice,
    QueryFlag,
    QueryNumber,
    ReadySchema,
    RequestSchema,
)
from service.web.schemas.engine import EngineProfileSchema
from service.web.schemas.flow import (
    AssumptionSchema,
)
from service.web.schemas.network import text
from service.web.schemas.paging import PageQuerySchema, PageSchema

CLIENT = {"kind": "Workload", "namespace": "demo", "workload": "Pod/client"}
SERVER = {"kind": "Workload", "namespace": "demo", "workload": "Pod/server"}
CONNECTIONS = [{"protocol": "TCP", "ports": "80,443,8000-9000"}]


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

    EXAMPLES = (CONNECTIONS[0],)

    protocol = Choice("ConnectionProtocol", ("TCP", "UDP", "SCTP"), required=True)
    ports = fields.String(required=True)


class ChangedPortsSchema(ReadySchema):
    """Ports of one protocol; ICMP, an echo request, has none."""

    EXAMPLES = (CONNECTIONS[0], {"protocol": "ICMP"})

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
            "source": CLIENT,
            "destination": SERVER,
            "verdict": "Allow",
            "connections": CONNECTIONS,
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
            "sources": [CLIENT],
            "destinations": [SERVER],
            "verdict": "Allow",
            "connections": CONNECTIONS,
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


ENGINE = "Name of an engine, or a text such as cilium:1.17; else the cluster's."


class EngineQuerySchema(RequestSchema):
    """Which engine."""

    engine = text(ENGINE, "cilium:1.17")


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

    engine = text(ENGINE, "cilium:1.17")
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
        metadata={
            "description": "Also what the pods of one workload may send to each other. It is told "
            "without this where both ends name pods, addresses or labels, and not the same pods "
            "of it."
        },
    )
