"""Clusters."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

from service.web.schemas.base import (
    CLUSTER_NAME,
    AnswerSchema,
    ApiSchema,
    DocumentSchema,
    Flag,
    Pattern,
    QueryFlag,
    ReadySchema,
    RequestSchema,
    TextMap,
    Timestamp,
)
from service.web.schemas.engine import EngineChoiceSchema, EngineSelection
from service.web.schemas.network import NetworkProfileSchema, NodePoolSchema, SkuSchema, text
from service.web.schemas.paging import PageQuerySchema, PageSchema
from service.web.schemas.revision import ManifestProblemSchema

_RECORD = {
    "engine": {"name": "npm"},
    "displayName": "Payments, West Europe",
    "kubernetesVersion": "1.33.5",
    "networkProfile": {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkPolicy": "azure",
        "podCidrs": ["10.244.0.0/16"],
    },
    "nodePools": [{"name": "nodepool1", "osType": "Linux", "count": 3}],
    "labels": {"env": "prod"},
}
_NAME = {
    "description": "Chosen by the client; the cluster's address.",
    "examples": ["payments-weu"],
}


class RecordSchema(ApiSchema):
    """What is known of a cluster."""

    display_name = text("For people.", "Payments, West Europe")
    kubernetes_version = text("The version that runs.", "1.33.5")
    network_profile = fields.Nested(NetworkProfileSchema)
    node_pools = fields.List(fields.Nested(NodePoolSchema))
    azure_resource_id = text("Azure id of the managed cluster; unique where given.")
    resource_group = text(example="rg-payments")
    node_resource_group = text()
    location = text(example="westeurope")
    sku = fields.Nested(SkuSchema)
    node_provisioning_mode = text("`Auto` where nodes are provisioned automatically.", "Manual")
    identity_type = text(example="UserAssigned")
    private_cluster = Flag()
    provisioning_state = text(example="Succeeded")
    power_state = text(example="Running")
    labels = TextMap(metadata={"description": "For filters.", "examples": [{"env": "prod"}]})


def _engine() -> EngineSelection:
    return EngineSelection(
        metadata={
            "description": "An engine, or a text such as `cilium:1.17`. May be left out where "
            "`networkProfile` says it."
        }
    )


class ClusterCreateSchema(DocumentSchema, RecordSchema):
    """A cluster to register."""

    EXAMPLES = ({"name": "payments-weu", **_RECORD}, {"name": "demo", "engine": "npm"})

    name = fields.String(required=True, validate=Pattern(CLUSTER_NAME), metadata=_NAME)
    engine = _engine()


class ClusterReplaceSchema(DocumentSchema, RecordSchema):
    """A cluster's whole record. What was read may be put back as it is."""

    EXAMPLES = (_RECORD,)

    engine = _engine()
    name = fields.String(metadata={"description": "The name in the path, if any."})
    latest_revision = fields.Raw(allow_none=True, metadata={"description": "Ignored."})
    created_at = fields.Raw(allow_none=True, metadata={"description": "Ignored."})
    updated_at = fields.Raw(allow_none=True, metadata={"description": "Ignored."})


class ClusterPatchSchema(DocumentSchema):
    """A JSON merge patch (RFC 7396) of a cluster's record; null removes a member."""

    EXAMPLES = ({"engine": {"name": "cilium", "version": "1.17"}, "displayName": None},)

    class Meta:
        unknown = ma.INCLUDE


class ClusterSchema(ReadySchema, RecordSchema):
    """A cluster: what is known of it, and its latest revision."""

    EXAMPLES = (
        {
            "name": "payments-weu",
            **_RECORD,
            "latestRevision": 3,
            "createdAt": "2026-11-22T20:45:00Z",
            "updatedAt": "2026-11-22T20:45:00Z",
        },
    )

    name = fields.String(required=True, metadata=_NAME)
    engine = fields.Nested(EngineChoiceSchema)
    latest_revision = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null before the first upload."}
    )
    created_at = Timestamp(required=True)
    updated_at = Timestamp(required=True)


class ClusterPageSchema(PageSchema):
    """Clusters by name."""

    items = fields.List(fields.Nested(ClusterSchema), required=True)


class ClusterQuerySchema(PageQuerySchema):
    """Which clusters."""

    engine = text("Name of an engine.", "npm")
    location = text("Azure region.", "westeurope")
    azure_resource_id = text("Azure id of the managed cluster.")
    label_selector = text("Labels, as kubectl writes selectors.", "env=prod")


class ClusterDeleteQuerySchema(RequestSchema):
    """How a cluster is deleted."""

    cascade = QueryFlag(
        load_default=False,
        metadata={"description": "Also delete its revisions, evaluations, verdicts and reports."},
    )


class AksRecordSchema(DocumentSchema):
    """The output of `az aks show -o json`, or the resource as ARM and Resource Graph have it."""

    EXAMPLES = (
        {
            "name": "payments-weu",
            "location": "westeurope",
            "kubernetesVersion": "1.33",
            "networkProfile": {"networkPlugin": "azure", "networkPolicy": "azure"},
            "agentPoolProfiles": [{"name": "nodepool1", "osType": "Linux", "count": 3}],
        },
    )

    class Meta:
        unknown = ma.INCLUDE


class ClusterImportQuerySchema(RequestSchema):
    """How a record is imported."""

    name = fields.String(
        validate=Pattern(CLUSTER_NAME),
        metadata={"description": "The cluster's name here; that of the record without it."},
    )
    replace = QueryFlag(
        load_default=False, metadata={"description": "Replace a cluster that exists."}
    )


class ImportedClusterSchema(AnswerSchema):
    """What became of an imported record."""

    EXAMPLES = (
        {
            "cluster": ClusterSchema.EXAMPLES[0],
            "created": True,
            "problems": [
                {
                    "code": "DataplaneWithoutPolicy",
                    "severity": "High",
                    "detail": "networkDataplane is cilium and networkPolicy is azure",
                    "pointer": "/networkProfile/networkPolicy",
                }
            ],
        },
    )

    cluster = fields.Nested(ClusterSchema, required=True)
    created = Flag(required=True, metadata={"description": "False where it was replaced."})
    problems = fields.List(fields.Nested(ManifestProblemSchema), required=True)
