"""Flows and verdicts, in the shapes that the command line prints too."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, fields

from service.model.pipeline import Direction
from service.model.verdict import Decision
from service.web.schemas.base import AnswerSchema, ApiSchema, Choice, Flag
from service.web.schemas.network import text
from service.web.schemas.plain import PlainField

_DECISION = "Allow and Deny hold whatever the assumptions; Unknown depends on one of them."
FLOW: dict[str, Any] = {
    "source": {"namespace": "demo", "pod": "client"},
    "destination": {"namespace": "demo", "pod": "server"},
    "protocol": "TCP",
    "port": 80,
}


def decision(**kwargs: Any) -> Choice:
    """Allow, Deny or Unknown."""
    values = [each for each in Decision if each is not Decision.NOT_APPLICABLE]
    return Choice("Decision", values, description=_DECISION, **kwargs)


class Port(PlainField):
    """A port's number, or its name, which is looked up at the destination."""

    def is_plain(self, value: Any) -> bool:
        return type(value) in {int, str}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValidationError("Not a number or a name.")
        return value


class FlowPartSchema(ApiSchema):
    """A part of a flow. Requests with members that are not listed are refused."""

    class Meta:
        unknown = ma.EXCLUDE


class FlowEndSchema(FlowPartSchema):
    """What both ends of a flow can be."""

    namespace = text("Of the pod, workload, selector or service.", "demo")
    pod = text("A pod by name.", "client")
    workload = text("All pods of Kind/name.", "Deployment/front")
    label_selector = text("All pods that match, as kubectl writes selectors.", "app=front")
    node = text("A node.", "aks-1")
    ip = text("An address inside or outside of the cluster.", "203.0.113.9")


class FlowSourceSchema(FlowEndSchema):
    """Where a flow starts. Exactly one of pod, workload, labelSelector, node and ip."""

    EXAMPLES = (
        {"namespace": "demo", "pod": "client"},
        {"namespace": "demo", "workload": "Deployment/front"},
        {"namespace": "demo", "labelSelector": "app=front"},
        {"node": "aks-1"},
        {"ip": "203.0.113.9"},
    )


class FlowDestinationSchema(FlowEndSchema):
    """Where a flow ends: as a source, or a service, perhaps narrowed to one way through it."""

    EXAMPLES = ({"namespace": "demo", "pod": "server"}, {"namespace": "demo", "service": "web"})

    service = text("A Service.", "web")
    backend = text("With a service: the pod that it chooses.", "web-0")
    receiving_node = text("With a service: the node that a client from outside reaches.", "aks-1")


class FlowSchema(FlowPartSchema):
    """A question about one connection."""

    EXAMPLES = (FLOW,)

    source = fields.Nested(FlowSourceSchema, required=True)
    destination = fields.Nested(FlowDestinationSchema, required=True)
    protocol = fields.String(
        metadata={
            "description": "TCP (the default), UDP, SCTP, ICMP, ICMPv6 or UDPLite.",
            "examples": ["TCP"],
        }
    )
    port = Port(
        metadata={
            "anyOf": [{"type": "integer", "minimum": 1, "maximum": 65535}, {"type": "string"}],
            "description": "A number or the name of a container port; not with ICMP.",
        }
    )


class PolicyReferenceSchema(AnswerSchema):
    """Which policy."""

    kind = fields.String(required=True, metadata={"examples": ["NetworkPolicy"]})
    namespace = fields.String(metadata={"description": "Not of cluster-scoped kinds."})
    name = fields.String(required=True)


class EvidenceSchema(AnswerSchema):
    """A rule and what it did, or the nearest rule and why it did not match."""

    policy = fields.Nested(
        PolicyReferenceSchema,
        metadata={"description": "Absent where the engine itself decides."},
    )
    rule = fields.String(metadata={"description": "JSON pointer into the policy as uploaded."})
    effect = fields.String(
        required=True,
        metadata={
            "description": "What a rule that matches does: `Allow`, `Deny` or `Pass`. `NoMatch` "
            "names the rule that came nearest, `Isolates` what closes an end without any rule, "
            "and `Unknown` what is open about the way itself."
        },
    )
    reason = fields.String(required=True, metadata={"description": "Stable, for programs."})
    detail = fields.String(required=True, metadata={"description": "For people."})


class FlipEvidenceSchema(EvidenceSchema):
    """A rule that decided, and on which end."""

    direction = Choice("Direction", Direction, required=True)


class AssumptionSchema(AnswerSchema):
    """Something unknown on which an answer depends, and what would settle it."""

    code = fields.String(required=True)
    detail = fields.String(required=True)


class DirectionVerdictSchema(AnswerSchema):
    """What one end of the connection says."""

    decision = Choice(
        "DirectionDecision",
        Decision,
        required=True,
        description="NotApplicable: nothing polices that end.",
    )
    isolated = Flag(required=True)
    isolated_by = fields.List(fields.Nested(PolicyReferenceSchema), required=True)
    evidence = fields.List(fields.Nested(EvidenceSchema), required=True)
    assumptions = fields.List(fields.Nested(AssumptionSchema))


class AnsweredSchema(AnswerSchema):
    """A decision with what led to it."""

    verdict = decision(required=True)
    egress = fields.Nested(DirectionVerdictSchema, required=True)
    ingress = fields.Nested(DirectionVerdictSchema, required=True)
    assumptions = fields.List(fields.Nested(AssumptionSchema), required=True)


class VerdictGroupSchema(AnsweredSchema):
    """Connections of one flow that share an answer."""

    sources = fields.List(fields.String(), required=True)
    destinations = fields.List(fields.String(), required=True)
    connections = fields.Integer(required=True, metadata={"description": "How many they are."})


VERDICT: dict[str, Any] = {
    "flow": FLOW,
    "verdict": "Deny",
    "egress": {"decision": "Allow", "isolated": False, "isolatedBy": [], "evidence": []},
    "ingress": {
        "decision": "Deny",
        "isolated": True,
        "isolatedBy": [{"kind": "NetworkPolicy", "namespace": "demo", "name": "demo-policy"}],
        "evidence": [
            {
                "policy": {"kind": "NetworkPolicy", "namespace": "demo", "name": "demo-policy"},
                "rule": "/spec/ingress/0",
                "effect": "NoMatch",
                "reason": "PodSelectorMismatch",
                "detail": "app=client is required; pod demo/client has no label app",
            }
        ],
    },
    "assumptions": [],
}


class VerdictSchema(AnsweredSchema):
    """The answer to one flow."""

    EXAMPLES = (VERDICT,)

    flow = fields.Nested(FlowSchema, required=True)
    groups = fields.List(
        fields.Nested(VerdictGroupSchema),
        metadata={
            "description": "Where it stands for several connections: those that share an answer."
        },
    )
