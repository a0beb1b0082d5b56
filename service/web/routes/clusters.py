"""Clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView

from service.model.cluster import ClusterRecord
from service.usecases import cluster_import, clusters
from service.usecases.cluster_json import read_record, record_document
from service.usecases.clusters import ClusterFilters
from service.usecases.errors import FieldError, Invalid
from service.usecases.views import ClusterView
from service.web import problem_types as types
from service.web.blueprint import (
    ETAG,
    IF_ABSENT,
    IF_MATCH,
    IF_NONE_MATCH,
    LINK,
    LOCATION,
    ApiBlueprint,
)
from service.web.conditional import expected_version, only_if_absent, tagged
from service.web.paging import page_answer, page_request
from service.web.schemas.base import Timestamp
from service.web.schemas.cluster import (
    AksRecordSchema,
    ClusterCreateSchema,
    ClusterDeleteQuerySchema,
    ClusterImportQuerySchema,
    ClusterPageSchema,
    ClusterPatchSchema,
    ClusterQuerySchema,
    ClusterReplaceSchema,
    ClusterSchema,
    ImportedClusterSchema,
)
from service.web.scope import context

Answer = tuple[Any, int, Mapping[str, str]]
READ_ONLY = frozenset({"name", "latestRevision", "createdAt", "updatedAt"})
_TO_CLUSTER = {"cluster": "$response.body#/name"}
_FROM_CLUSTER = {
    "getCluster": {"operationId": "getCluster", "parameters": _TO_CLUSTER},
    "listRevisions": {"operationId": "listRevisions", "parameters": _TO_CLUSTER},
}

blueprint = ApiBlueprint(
    "clusters", __name__, description="Clusters: what is known of them, and their engine."
)


@blueprint.resource("/v1/clusters")
class Clusters(MethodView):
    @blueprint.operation("listClusters")
    @blueprint.arguments(ClusterQuerySchema, location="query")
    @blueprint.response(200, ClusterPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any]) -> Any:
        """List clusters by name."""
        page = page_request(query)
        found = clusters.list_clusters(context(), ClusterFilters(**query), page)
        return page_answer(found, map(cluster_body, found.items))

    @blueprint.operation("createCluster", refuses=[types.CONFLICT], links={201: _FROM_CLUSTER})
    @blueprint.arguments(ClusterCreateSchema)
    @blueprint.response(201, ClusterSchema, headers=[ETAG, LOCATION])
    def post(self, document: Mapping[str, Any]) -> Answer:
        """Register a cluster."""
        made = clusters.create_cluster(context(), document["name"], record_of(document))
        return cluster_body(made), 201, created_headers(made)


@blueprint.resource("/v1/clusters:import")
class ClusterImport(MethodView):
    @blueprint.operation(
        "importCluster",
        refuses=[types.CONFLICT],
        links={
            201: {
                "getCluster": {
                    "operationId": "getCluster",
                    "parameters": {"cluster": "$response.body#/cluster/name"},
                }
            }
        },
    )
    @blueprint.arguments(ClusterImportQuerySchema, location="query")
    @blueprint.arguments(AksRecordSchema)
    @blueprint.response(201, ImportedClusterSchema, headers=[ETAG, LOCATION])
    @blueprint.also(200, ImportedClusterSchema, description="Replaced a cluster.", headers=[ETAG])
    def post(self, query: dict[str, Any], document: Mapping[str, Any]) -> Answer:
        """Register a cluster from the output of `az aks show -o json`.

        The flat form that the CLI prints and the nested one of ARM are both read, keys without
        regard to case. What contradicts itself in the record is told under `problems`.
        """
        found = cluster_import.import_cluster(
            context(), document, name=query.get("name"), replace_existing=query["replace"]
        )
        body = {
            "cluster": cluster_body(found.cluster),
            "created": found.created,
            "problems": found.problems,
        }
        if found.created:
            return body, 201, created_headers(found.cluster)
        return body, 200, tagged(found.cluster.version_token)


@blueprint.resource("/v1/clusters/<cluster:cluster>")
class Cluster(MethodView):
    @blueprint.operation("getCluster", refuses=[types.NOT_FOUND], conditions=[IF_NONE_MATCH])
    @blueprint.response(200, ClusterSchema, headers=[ETAG])
    def get(self, cluster: str) -> Answer:
        """Read a cluster."""
        return answer(clusters.get_cluster(context(), cluster))

    @blueprint.operation(
        "replaceCluster",
        refuses=[types.CONFLICT],
        conditions=[IF_MATCH, IF_ABSENT],
        links={201: _FROM_CLUSTER},
    )
    @blueprint.arguments(ClusterReplaceSchema)
    @blueprint.response(200, ClusterSchema, headers=[ETAG])
    @blueprint.also(
        201, ClusterSchema, description="Created the cluster.", headers=[ETAG, LOCATION]
    )
    def put(self, document: Mapping[str, Any], cluster: str) -> Answer:
        """Register a cluster under this name, or replace its whole record."""
        if document.get("name", cluster) != cluster:
            fault = FieldError("/name", "is not the name in the path", "NameDiffers")
            raise Invalid("NameDiffers", "the name in the body is not the one in the path", [fault])
        made, created = clusters.replace_cluster(
            context(),
            cluster,
            record_of(document),
            if_match=expected_version(current_version(cluster)),
            if_absent=only_if_absent(),
        )
        return (cluster_body(made), 201, created_headers(made)) if created else answer(made)

    @blueprint.operation(
        "updateCluster", refuses=[types.NOT_FOUND, types.CONFLICT], conditions=[IF_MATCH]
    )
    @blueprint.arguments(ClusterPatchSchema, location="merge_patch")
    @blueprint.response(200, ClusterSchema, headers=[ETAG])
    def patch(self, patch: Mapping[str, Any], cluster: str) -> Answer:
        """Change members of a cluster's record by a JSON merge patch (RFC 7396)."""
        if isinstance(patch.get("engine"), str):
            # The whole choice is replaced: what it does not say is removed.
            patch = {**patch, "engine": {"name": patch["engine"], "version": None, "options": None}}
        made = clusters.patch_cluster(
            context(), cluster, patch, if_match=expected_version(current_version(cluster))
        )
        return answer(made)

    @blueprint.operation(
        "deleteCluster", refuses=[types.NOT_FOUND, types.CONFLICT], conditions=[IF_MATCH]
    )
    @blueprint.arguments(ClusterDeleteQuerySchema, location="query")
    @blueprint.response(204)
    def delete(self, query: dict[str, bool], cluster: str) -> None:
        """Delete a cluster; one that has revisions only with `cascade=true`."""
        clusters.delete_cluster(
            context(),
            cluster,
            cascade=query["cascade"],
            if_match=expected_version(current_version(cluster)),
        )


def record_of(document: Mapping[str, Any]) -> ClusterRecord:
    """The record in a body, with an engine given as a text made an object."""
    record = {key: value for key, value in document.items() if key not in READ_ONLY}
    if isinstance(record.get("engine"), str):
        record["engine"] = {"name": record["engine"]}
    return read_record(record)


def cluster_body(view: ClusterView) -> dict[str, Any]:
    """A cluster as JSON values."""
    return {
        "name": view.name,
        **record_document(view.record),
        "latestRevision": view.latest_revision,
        "createdAt": Timestamp.text(view.created_at),
        "updatedAt": Timestamp.text(view.updated_at),
    }


def answer(view: ClusterView) -> Answer:
    return cluster_body(view), 200, tagged(view.version_token)


def created_headers(view: ClusterView) -> dict[str, str]:
    return {"Location": f"/v1/clusters/{view.name}", **tagged(view.version_token)}


def current_version(cluster: str) -> Any:
    return lambda: clusters.get_cluster(context(), cluster).version_token
