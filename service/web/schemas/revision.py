"""Revisions, and what they hold: policies and workloads."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from service.model.finding import Severity
from service.model.inventory import ContainerRole
from service.usecases.revisions import Replace
from service.web.schemas.base import (
    DIGEST,
    AnswerSchema,
    Choice,
    Flag,
    Pattern,
    QueryFlag,
    RequestSchema,
    TextMap,
    Timestamp,
)
from service.web.schemas.network import text
from service.web.schemas.paging import PageQuerySchema, PageSchema

_DIGEST = "sha256:9f2c6d1b0e7a4c58b3f1d2e6a7908b1c2d3e4f5061728394a5b6c7d8e9f0a1b2"
# Percent-encoded, as many characters as a request line has room for.
LONGEST_NOTE = 500


def replaced_field(**kwargs: Any) -> Choice:
    """Which half of a cluster an upload replaces."""
    return Choice("ReplacedPart", Replace, **kwargs)


def digest_field(description: str) -> fields.String:
    return fields.String(
        required=True,
        validate=Pattern(DIGEST),
        metadata={"description": description, "examples": [_DIGEST]},
    )


class RevisionCountsSchema(AnswerSchema):
    """How much a revision holds."""

    documents = fields.Integer(required=True, metadata={"description": "In the upload."})
    policies = fields.Integer(required=True)
    namespaces = fields.Integer(required=True)
    workloads = fields.Integer(required=True)
    pods = fields.Integer(required=True)
    nodes = fields.Integer(required=True)
    services = fields.Integer(required=True)
    ignored = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={
            "description": "Objects of the upload that say nothing about connections, by kind.",
            "examples": [{"v1/ConfigMap": 3}],
        },
    )


class ManifestProblemSchema(AnswerSchema):
    """Something worth knowing about an upload that was accepted."""

    EXAMPLES = (
        {
            "code": "NamespaceCreated",
            "severity": "Info",
            "detail": "Namespace demo is only named.",
            "document": 2,
            "line": 7,
        },
    )

    code = fields.String(required=True)
    severity = Choice("Severity", Severity, required=True, description="The gravest first.")
    detail = fields.String(required=True)
    document = fields.Integer(metadata={"description": "Number of the document, from 1."})
    line = fields.Integer(metadata={"description": "Line in the upload, from 1."})
    pointer = fields.String(metadata={"description": "JSON pointer into the document."})
    part = fields.String(metadata={"description": "Name of the file, where several were sent."})

    @ma.post_dump
    def leave_out_unknown(self, body: dict[str, Any], **_: Any) -> dict[str, Any]:
        optional = ("document", "line", "pointer", "part")
        return {key: value for key, value in body.items() if value or key not in optional}


class RevisionSummarySchema(AnswerSchema):
    """A revision in a list: one upload. It never changes."""

    cluster = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "1, 2, 3 ...", "minimum": 1})
    digest = digest_field("Of everything in it; equal content, equal digest.")
    policy_set_digest = digest_field("Of its policies.")
    inventory_digest = digest_field("Of its inventory.")
    parent = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The revision before it."}
    )
    replaced = replaced_field(required=True, description="`all`, or the half that was uploaded.")
    note = fields.String(required=True)
    counts = fields.Nested(RevisionCountsSchema, required=True)
    created_at = Timestamp(required=True)


class RevisionSchema(RevisionSummarySchema):
    """A revision: what one upload made of a cluster. It never changes."""

    EXAMPLES = (
        {
            "cluster": "payments-weu",
            "number": 3,
            "digest": _DIGEST,
            "policySetDigest": _DIGEST,
            "inventoryDigest": _DIGEST,
            "parent": 2,
            "replaced": "policies",
            "note": "gitops 4be1",
            "counts": {
                "documents": 12,
                "policies": 12,
                "namespaces": 4,
                "workloads": 14,
                "pods": 31,
                "nodes": 3,
                "services": 9,
                "ignored": {},
            },
            "problems": [],
            "createdAt": "2026-11-22T20:46:10Z",
        },
    )

    problems = fields.List(fields.Nested(ManifestProblemSchema), required=True)


class RevisionPageSchema(PageSchema):
    """Revisions, newest first, without their problems."""

    items = fields.List(fields.Nested(RevisionSummarySchema), required=True)


class RevisionCreateQuerySchema(RequestSchema):
    """What an upload replaces."""

    replace = replaced_field(
        load_default=Replace.ALL.value,
        metadata={"description": "The part to replace; the other is the latest revision's."},
    )
    dry_run = QueryFlag(
        load_default=False, metadata={"description": "Read and report, store nothing."}
    )
    note = fields.String(
        load_default="",
        validate=ma.validate.Length(max=LONGEST_NOTE),
        metadata={"description": "For people, for example a commit."},
    )


class ManifestQuerySchema(RequestSchema):
    """Which manifests."""

    part = replaced_field(load_default=Replace.ALL.value)


class PolicySchema(AnswerSchema):
    """A policy of a revision: as uploaded, and with the API server's defaults."""

    EXAMPLES = (
        {
            "kind": "NetworkPolicy",
            "apiVersion": "networking.k8s.io/v1",
            "namespace": "demo",
            "name": "deny-all",
            "digest": _DIGEST,
            "document": 1,
            "line": 1,
            "text": "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
            "metadata: {name: deny-all, namespace: demo}\nspec: {podSelector: {}}\n",
            "manifest": {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": "deny-all", "namespace": "demo"},
                "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
            },
        },
    )

    kind = fields.String(
        required=True, attribute="ref.kind", metadata={"examples": ["NetworkPolicy"]}
    )
    api_version = fields.String(
        required=True, attribute="ref.api_version", metadata={"examples": ["networking.k8s.io/v1"]}
    )
    namespace = fields.String(
        required=True,
        attribute="ref.namespace",
        metadata={"description": "Empty for cluster-scoped kinds.", "examples": ["demo"]},
    )
    name = fields.String(
        required=True, attribute="ref.name", metadata={"examples": ["demo-policy"]}
    )
    digest = digest_field("Of the policy with its defaults.")
    document = fields.Integer(required=True, metadata={"description": "Number in its upload."})
    line = fields.Integer(required=True, metadata={"description": "First line in its upload."})
    text = fields.String(required=True, metadata={"description": "Exactly as uploaded."})
    manifest = fields.Dict(
        required=True, metadata={"description": "With the API server's defaults."}
    )


class PolicyPageSchema(PageSchema):
    """Policies by kind, namespace and name."""

    items = fields.List(fields.Nested(PolicySchema), required=True)


class PolicyQuerySchema(PageQuerySchema):
    """Which policies."""

    namespace = text(example="demo")
    kind = text(example="NetworkPolicy")
    name = text(example="demo-policy")


class ContainerPortSchema(AnswerSchema):
    """A port that a container declares."""

    port = fields.Integer(required=True, attribute="number")
    protocol = fields.String(required=True, metadata={"examples": ["TCP"]})
    name = fields.String(required=True, metadata={"description": "Empty where it has none."})
    role = Choice("ContainerRole", ContainerRole, required=True)


class WorkloadSchema(AnswerSchema):
    """Pods of one owner with the same labels, ports, account, network and operating system."""

    EXAMPLES = (
        {
            "namespace": "demo",
            "workload": "Deployment/front",
            "variant": 1,
            "labels": {"app": "front"},
            "ports": [{"port": 8080, "protocol": "TCP", "name": "http", "role": "Regular"}],
            "serviceAccount": "default",
            "hostNetwork": False,
            "os": "linux",
            "finished": False,
            "pods": ["front-7d9f8b6c5-2xkqz", "front-7d9f8b6c5-9wvtm"],
        },
    )

    namespace = fields.String(required=True)
    workload = fields.String(
        required=True,
        metadata={
            "description": "Kind/name; a bare pod is Pod/name.",
            "examples": ["Deployment/a"],
        },
    )
    variant = fields.Integer(
        required=True,
        metadata={
            "description": "Counts up where pods of one owner differ in any of that. A map counts "
            "what its own policies tell apart, so that its `variant` may be another."
        },
    )
    labels = TextMap(required=True)
    ports = fields.List(fields.Nested(ContainerPortSchema), required=True)
    service_account = fields.String(required=True)
    host_network = Flag(required=True)
    os = fields.String(
        required=True, allow_none=True, metadata={"description": "Of its node, where known."}
    )
    finished = Flag(required=True, metadata={"description": "Its pods have ended."})
    pods = fields.List(fields.String(), required=True)

    @ma.pre_dump
    def read_labels(self, endpoint: Any, **_: Any) -> Any:
        return {
            **{name: getattr(endpoint, name) for name in self.fields},
            "labels": dict(endpoint.labels),
        }


class WorkloadPageSchema(PageSchema):
    """Workloads by namespace and name."""

    items = fields.List(fields.Nested(WorkloadSchema), required=True)


class WorkloadQuerySchema(PageQuerySchema):
    """Which workloads."""

    namespace = text(example="demo")
    workload = text("Kind/name.", "Deployment/front")
    label_selector = text("Labels, as kubectl writes selectors.", "app=server")
