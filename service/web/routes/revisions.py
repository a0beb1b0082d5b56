"""Revisions of a cluster and what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from flask.views import MethodView

from service.usecases import revisions
from service.usecases.errors import NotFound, PreconditionFailed
from service.usecases.revisions import ManifestForm, PolicyFilters, Replace, WorkloadFilters
from service.usecases.views import RevisionView
from service.web import bodies
from service.web import problem_types as types
from service.web.blueprint import ETAG, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, ApiBlueprint
from service.web.conditional import check_tags, tagged
from service.web.negotiation import choose
from service.web.paging import page_answer, page_request
from service.web.schemas.paging import PageQuerySchema
from service.web.schemas.revision import (
    ManifestQuerySchema,
    PolicyPageSchema,
    PolicyQuerySchema,
    RevisionCreateQuerySchema,
    RevisionPageSchema,
    RevisionSchema,
    WorkloadPageSchema,
    WorkloadQuerySchema,
)
from service.web.scope import context

Answer = tuple[Any, int, Mapping[str, str]]
_OF_REVISION = {"cluster": "$response.body#/cluster", "revision": "$response.body#/number"}
_FROM_REVISION = {
    name: {"operationId": name, "parameters": _OF_REVISION}
    for name in (
        "getRevision",
        "listPolicies",
        "listWorkloads",
        "createEvaluation",
        "createCompatibilityReport",
        "createMigrationReport",
    )
}
_FORMS = {bodies.YAML: ManifestForm.YAML, bodies.NDJSON: ManifestForm.NDJSON}

blueprint = ApiBlueprint(
    "revisions", __name__, description="Revisions: one for each upload, and none ever changes."
)


@blueprint.resource("/v1/clusters/<cluster:cluster>/revisions")
class Revisions(MethodView):
    @blueprint.operation("listRevisions", refuses=[types.NOT_FOUND])
    @blueprint.arguments(PageQuerySchema, location="query")
    @blueprint.response(200, RevisionPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str) -> Any:
        """List the revisions of a cluster, newest first."""
        page = page_request(query)
        return page_answer(revisions.list_revisions(context(), cluster, page))

    @blueprint.operation(
        "createRevision",
        refuses=[types.NOT_FOUND, types.CONFLICT],
        conditions=[IF_MATCH],
        links={201: _FROM_REVISION},
        body=bodies.DOCUMENTATION,
    )
    @blueprint.arguments(RevisionCreateQuerySchema, location="query")
    @blueprint.response(201, RevisionSchema, headers=[ETAG, LOCATION])
    @blueprint.also(
        200,
        RevisionSchema,
        description="Nothing was stored: a dry run, or nothing changes.",
        headers=[ETAG, LOCATION],
    )
    def post(self, query: dict[str, Any], cluster: str) -> Answer:
        """Upload manifests: all or nothing.

        A faulty upload is refused with every fault. One that changes nothing answers the latest
        revision. `If-Match` takes the ETag of the latest revision.
        """
        made, created = revisions.create_revision(
            context(),
            cluster,
            bodies.read_parts(request, context().limits),
            replace=Replace(query["replace"]),
            note=query["note"],
            dry_run=query["dry_run"],
            if_match=_expected_digest(cluster),
        )
        if query["dry_run"]:
            return made, 200, {"Cache-Control": "no-store"}
        location = f"/v1/clusters/{cluster}/revisions/{made.number}"
        return made, 201 if created else 200, {"Location": location, **tagged(version(made))}


@blueprint.resource("/v1/clusters/<cluster:cluster>/revisions/<revision:revision>")
class Revision(MethodView):
    @blueprint.operation("getRevision", refuses=[types.NOT_FOUND], conditions=[IF_NONE_MATCH])
    @blueprint.response(200, RevisionSchema, headers=[ETAG])
    def get(self, cluster: str, revision: str) -> Answer:
        """Read a revision and the problems found in its upload."""
        found = revisions.get_revision(context(), cluster, revision)
        return found, 200, tagged(version(found))


@blueprint.resource("/v1/clusters/<cluster:cluster>/revisions/<revision:revision>/policies")
class Policies(MethodView):
    @blueprint.operation("listPolicies", refuses=[types.NOT_FOUND])
    @blueprint.arguments(PolicyQuerySchema, location="query")
    @blueprint.response(200, PolicyPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """List the policies of a revision, as uploaded and with the API server's defaults."""
        page = page_request(query)
        filters = PolicyFilters(**query)
        return page_answer(revisions.list_policies(context(), cluster, revision, filters, page))


@blueprint.resource("/v1/clusters/<cluster:cluster>/revisions/<revision:revision>/workloads")
class Workloads(MethodView):
    @blueprint.operation("listWorkloads", refuses=[types.NOT_FOUND])
    @blueprint.arguments(WorkloadQuerySchema, location="query")
    @blueprint.response(200, WorkloadPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """List the workloads of a revision."""
        page = page_request(query)
        filters = WorkloadFilters(**query)
        return page_answer(revisions.list_workloads(context(), cluster, revision, filters, page))


@blueprint.resource("/v1/clusters/<cluster:cluster>/revisions/<revision:revision>/manifests")
class Manifests(MethodView):
    @blueprint.operation("getManifests", refuses=[types.NOT_FOUND], conditions=[IF_NONE_MATCH])
    @blueprint.arguments(ManifestQuerySchema, location="query")
    @blueprint.response(
        200,
        {"type": "string"},
        content_type=bodies.YAML,
        headers=[ETAG],
        negotiated=True,
        description="The manifests, in the form that `Accept` prefers.",
    )
    @blueprint.also(
        200,
        {"type": "string"},
        content_type=bodies.NDJSON,
        description="The manifests, in the form that `Accept` prefers.",
    )
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Response:
        """Read the manifests of a revision back.

        Policies are exactly as uploaded. Of other objects that is kept which policies can see.
        """
        media_type = choose(*_FORMS)
        found, text = revisions.read_manifests(
            context(), cluster, revision, _FORMS[media_type], Replace(query["part"])
        )
        response = Response(text, content_type=media_type)
        tag = f"{version(found)}.{_FORMS[media_type]}.{query['part']}"
        response.headers.update({"Vary": "Accept", **tagged(tag)})
        return response


def version(view: RevisionView) -> str:
    """The version of a revision's representation.

    More than the digest, because the same content can come back as a later revision, or under
    the same number in a cluster that was deleted and registered again.
    """
    made = int(view.created_at.timestamp() * 1_000_000)
    return f"{view.number}.{made:x}.{view.digest}"


def _expected_digest(cluster: str) -> str | None:
    """The digest that `If-Match` says the latest revision has; its ETag or its digest will do."""
    if "If-Match" not in request.headers:
        return None
    check_tags()
    try:
        latest = revisions.get_revision(context(), cluster, "latest")
    except NotFound as error:
        if error.code == "ClusterNotFound":
            raise
        raise PreconditionFailed("RevisionNotFound", "there is no revision yet") from error
    wanted = request.if_match
    if wanted.star_tag or any(map(wanted.is_strong, (latest.digest, version(latest)))):
        return latest.digest
    raise PreconditionFailed("RevisionChanged", f"the latest revision is {latest.number}")
