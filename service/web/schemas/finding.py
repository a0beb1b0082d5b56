"""Findings of an engine about a revision."""

from __future__ import annotations

from marshmallow import fields

from service.model.finding import Severity
from service.web.schemas.base import Choice, ReadySchema
from service.web.schemas.flow import PolicyReferenceSchema
from service.web.schemas.network import text
from service.web.schemas.paging import PageQuerySchema, PageSchema


class FindingQuerySchema(PageQuerySchema):
    """Which findings."""

    engine = text("Name of an engine, or a text such as cilium:1.17; else the cluster's.", "npm")
    severity = Choice("Severity", [each.value for each in Severity])


class FindingSchema(ReadySchema):
    """What an engine does not read, does not apply, or reads otherwise than the API's text."""

    EXAMPLES = (
        {
            "code": "NpmIpv6Cidr",
            "severity": "High",
            "detail": "NPM on linux does not apply the policy at all: IPv6 block fd00::/8",
            "policy": {"kind": "NetworkPolicy", "namespace": "shop", "name": "db"},
            "pointer": "/spec/ingress/0/from/0/ipBlock/cidr",
        },
    )

    code = fields.String(required=True)
    severity = Choice("Severity", [each.value for each in Severity], required=True)
    detail = fields.String(required=True)
    policy = fields.Nested(PolicyReferenceSchema)
    pointer = fields.String(metadata={"description": "JSON pointer into the uploaded document."})


class FindingPageSchema(PageSchema):
    """Findings in a stable order."""

    items = fields.List(fields.Nested(FindingSchema), required=True)
