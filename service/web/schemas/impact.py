"""What a change of engine changes: groups by cause, exact connections, and remedies."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.analysis.compare import Change
from service.analysis.remedy import When
from service.model.pipeline import Direction
from service.web.schemas.base import Choice, Flag, ReadySchema
from service.web.schemas.connectivity import (
    CLIENT,
    SERVER,
    ChangedPortsSchema,
    EndpointSchema,
    EndsQuerySchema,
)
from service.web.schemas.difference import DecidedSchema, DifferenceSchema, placement
from service.web.schemas.flow import FLOW, FlowSchema, PolicyReferenceSchema
from service.web.schemas.network import text
from service.web.schemas.paging import PageQuerySchema, PageSchema
from service.web.schemas.report import POLICY, RULE, severity

_CAUSE: dict[str, Any] = {
    "rule": RULE,
    "title": "An ipBlock stops matching pods",
    "why": "a block matches the outside only, and the peer is a pod",
    "direction": "Ingress",
    "severity": "High",
    "remedy": "Add selector peers for exactly those pods to the rule.",
    "remedyWhen": "Before",
}
_RESPONSIBLE = [{"policy": POLICY, "rule": "/spec/ingress/0"}]
REMEDY: dict[str, Any] = {
    "rule": RULE,
    "when": "Before",
    "detail": "admit the pods that the block covers by their labels",
    "isExact": True,
    "policy": POLICY,
    "patch": [
        {
            "op": "add",
            "path": "/spec/ingress/0/from/-",
            "value": {"podSelector": {"matchLabels": {"app": "client"}}},
        }
    ],
}
_CHANGED: dict[str, Any] = {
    "change": "newlyDenied",
    "connections": [{"protocol": "TCP", "ports": "80"}],
    "witness": FLOW,
    "decidedBefore": None,
    "decidedAfter": None,
}
GROUP: dict[str, Any] = {
    **_CHANGED,
    "cause": _CAUSE,
    "policies": _RESPONSIBLE,
    "sources": [CLIENT],
    "sourceCount": 1,
    "destinations": [SERVER],
    "destinationCount": 1,
    "pairs": 1,
    "isSampled": False,
    "remedies": [REMEDY],
}


def change(**options: Any) -> Choice:
    """How connections change."""
    return Choice("ConnectionChange", [each.value for each in Change], **options)


class PairCountsSchema(ReadySchema):
    """How many pairs of endpoints change, by change."""

    EXAMPLES = ({"newlyAllowed": 0, "newlyDenied": 1, "newlyUnknown": 0},)

    newly_allowed = fields.Integer(required=True)
    newly_denied = fields.Integer(required=True)
    newly_unknown = fields.Integer(required=True)


class ResponsiblePolicySchema(ReadySchema):
    """A policy with the element that matters."""

    EXAMPLES = (_RESPONSIBLE[0],)

    policy = fields.Nested(PolicyReferenceSchema, required=True)
    rule = fields.String(
        required=True, metadata={"description": "JSON pointer into the policy as uploaded."}
    )


class ImpactCauseSchema(ReadySchema):
    """The rule that explains a change, and what can be done."""

    EXAMPLES = (_CAUSE,)

    rule = fields.String(required=True)
    title = fields.String(required=True)
    why = fields.String(required=True)
    direction = Choice("Direction", Direction, required=True)
    severity = severity(required=True)
    remedy = fields.String(required=True)
    remedy_when = fields.String(
        required=True, metadata={"description": "`Before` the move, `After` it, or `None`."}
    )


class LineCauseSchema(ImpactCauseSchema):
    """The same with the policies that are responsible."""

    EXAMPLES = ({**_CAUSE, "policies": _RESPONSIBLE},)

    policies = fields.List(fields.Nested(ResponsiblePolicySchema), required=True)


class PatchOperationSchema(ReadySchema):
    """One operation of a JSON patch (RFC 6902)."""

    EXAMPLES = (REMEDY["patch"][0],)

    op = fields.String(required=True, metadata={"examples": ["add"]})
    path = fields.String(required=True)
    value = fields.Raw()


class RemedySchema(ReadySchema):
    """Something that undoes a change: a patch of a policy, or an object to add."""

    EXAMPLES = (REMEDY,)

    rule = fields.String(required=True)
    when = Choice(
        "RemedyTime",
        [each.value for each in When],
        required=True,
        description="Whether it is applied before or after the change of engine.",
    )
    detail = fields.String(required=True)
    is_exact = Flag(
        required=True,
        metadata={"description": "Whether it opens just what is lost, and nothing besides."},
    )
    policy = fields.Nested(PolicyReferenceSchema)
    patch = fields.List(
        fields.Nested(PatchOperationSchema),
        metadata={"description": "Of the policy as uploaded."},
    )
    manifest = fields.Dict(metadata={"description": "A whole object."})


class CalledServiceSchema(ReadySchema):
    """A Service."""

    EXAMPLES = ({"namespace": "demo", "name": "server"},)

    namespace = fields.String(required=True)
    name = fields.String(required=True)


class CalledServicePortSchema(CalledServiceSchema):
    """A port of a Service."""

    EXAMPLES = ({"namespace": "demo", "name": "server", "port": 80},)

    port = fields.Integer(required=True)


class IsolationSchema(ReadySchema):
    """How deliberately policies closed what opens."""

    EXAMPLES = ({"namedBy": 1, "closedBy": 1},)

    named_by = fields.Integer(
        required=True,
        metadata={"description": "Policies that select by labels of the pods themselves."},
    )
    closed_by = fields.Integer(
        required=True, metadata={"description": "Policies that let nothing through."}
    )


class ImpactGroupSchema(ReadySchema):
    """Connections that change for the same reason, through the same policies."""

    EXAMPLES = (GROUP,)

    change = change(required=True)
    cause = fields.Nested(
        ImpactCauseSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null where no rule explains it; there should be none."},
    )
    policies = fields.List(fields.Nested(ResponsiblePolicySchema), required=True)
    sources = fields.List(
        fields.Nested(EndpointSchema), required=True, metadata={"description": "The first 50."}
    )
    source_count = fields.Integer(required=True)
    destinations = fields.List(
        fields.Nested(EndpointSchema), required=True, metadata={"description": "The first 50."}
    )
    destination_count = fields.Integer(required=True)
    connections = fields.List(fields.Nested(ChangedPortsSchema), required=True)
    pairs = fields.Integer(required=True)
    is_sampled = Flag(
        required=True,
        metadata={"description": "Whether there may be more calls of Services than were asked."},
    )
    isolation = fields.Nested(
        IsolationSchema,
        metadata={"description": "Of what opens because nothing is enforced any more."},
    )
    placement = placement()
    service = fields.Nested(
        CalledServiceSchema,
        metadata={
            "description": "Where only calls through this Service change, and not what reaches "
            "its backends directly."
        },
    )
    witness = fields.Nested(FlowSchema, required=True)
    decided_before = fields.Nested(DecidedSchema, required=True, allow_none=True)
    decided_after = fields.Nested(DecidedSchema, required=True, allow_none=True)
    remedies = fields.List(
        fields.Nested(RemedySchema), required=True, metadata={"description": "At most 5."}
    )


class ImpactSchema(ReadySchema):
    """The numbers of an impact with its first groups."""

    pairs = fields.Nested(PairCountsSchema, required=True)
    service_calls = fields.Nested(
        PairCountsSchema,
        required=True,
        metadata={"description": "Calls through Services that change beyond the pairs."},
    )
    group_count = fields.Integer(required=True)
    groups = fields.List(
        fields.Nested(ImpactGroupSchema),
        required=True,
        metadata={"description": "The first 20; all of them are under `/impacts/groups`."},
    )
    unexplained_count = fields.Integer(required=True)
    unexplained = fields.List(fields.Nested(ImpactGroupSchema), required=True)
    is_sampled = Flag(required=True)


class ImpactLineSchema(DifferenceSchema):
    """What changes between one pair of endpoints, with the causes; none: unexplained."""

    EXAMPLES = (
        {
            **_CHANGED,
            "source": CLIENT,
            "destination": SERVER,
            "before": "Allow",
            "after": "Deny",
            "causes": [{**_CAUSE, "policies": _RESPONSIBLE}],
        },
    )

    service = fields.Nested(
        CalledServicePortSchema,
        metadata={
            "description": "The call goes through it; `placement` then tells whether the node "
            "that receives it runs the backend. Such lines come last."
        },
    )
    connections = fields.List(fields.Nested(ChangedPortsSchema), required=True)
    causes = fields.List(fields.Nested(LineCauseSchema), required=True)


class ImpactPageSchema(PageSchema):
    """Exact connections that change. A page may hold fewer than asked for, even none."""

    items = fields.List(fields.Nested(ImpactLineSchema), required=True)


class ImpactGroupPageSchema(PageSchema):
    """Groups, the gravest and largest first."""

    items = fields.List(fields.Nested(ImpactGroupSchema), required=True)


class RemedyPageSchema(PageSchema):
    """Remedies."""

    items = fields.List(fields.Nested(RemedySchema), required=True)


class RemedyQuerySchema(PageQuerySchema):
    """Which remedies."""

    rule = text("Id of a rule.", RULE)


class ImpactQuerySchema(EndsQuerySchema):
    """Which connections."""

    change = change()
    rule = text("Id of a rule that explains them; empty: what nothing explains.", RULE)
