"""Connectivity maps of a revision, and what differs from another revision or engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response
from flask.views import MethodView

from service.analysis.compare import Change
from service.analysis.filters import EVERY_UNIT, ListedVerdict, MapFilter, UnitFilter
from service.model.pipeline import Direction
from service.usecases import maps
from service.usecases.difference_queries import DifferenceFilter
from service.usecases.errors import FieldError, Invalid, InvalidParameter
from service.usecases.map_filters import traffic_filter, unit_filter
from service.usecases.maps import Differences, MapName, MapOf
from service.usecases.revisions import get_revision
from service.usecases.verdict_json import policy_body
from service.web import bodies
from service.web import problem_types as types
from service.web.blueprint import ETAG, IF_NONE_MATCH, LINK, ApiBlueprint
from service.web.conditional import tagged
from service.web.negotiation import choose
from service.web.paging import page_answer, page_request, refuse_pages
from service.web.parser import JSON
from service.web.routes.evaluations import engine_choice
from service.web.schemas.base import camel
from service.web.schemas.connectivity import (
    ConnectionGroupPageSchema,
    ConnectionGroupQuerySchema,
    ConnectionPageSchema,
    ConnectivityQuerySchema,
    ConnectivitySummarySchema,
    EngineQuerySchema,
)
from service.web.schemas.difference import (
    DifferenceGroupPageSchema,
    DifferencePageSchema,
    DifferenceQuerySchema,
)
from service.web.schemas.engine import profile_body
from service.web.scope import context

CSV = "text/csv"
DOT = "text/vnd.graphviz"
_FORMS = {bodies.NDJSON: "ndjson", CSV: "csv", DOT: "dot"}
_REVISION = "/v1/clusters/<cluster:cluster>/revisions/<revision:revision>"

blueprint = ApiBlueprint(
    "connectivity",
    __name__,
    description="Connectivity: who can talk to whom on a revision under an engine.",
)


@blueprint.resource(f"{_REVISION}/connectivity")
class Connections(MethodView):
    @blueprint.operation("listConnections", refuses=[types.NOT_FOUND, types.NOT_READY])
    @blueprint.arguments(ConnectivityQuerySchema, location="query")
    @blueprint.response(200, ConnectionPageSchema, headers=[LINK], negotiated=True)
    @blueprint.also(
        200,
        {"type": "string"},
        content_type=bodies.NDJSON,
        description="Every connection, each a line, without pages.",
    )
    @blueprint.also(200, {"type": "string"}, content_type=CSV, description="Every connection.")
    @blueprint.also(200, {"type": "string"}, content_type=DOT, description="The whole graph.")
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """List who can talk to whom: pages of JSON, or everything as NDJSON, CSV or DOT.

        Pairs without a line are denied. `pageSize` counts pairs of endpoints; a pair gives two
        connections where a part of what it may send is unknown.
        """
        media_type = choose(JSON, *_FORMS)
        if media_type != JSON:
            refuse_pages(media_type)
        name, wanted = _asked(query, cluster, revision)
        page = page_request(query, name.version)
        if media_type == JSON:
            found = maps.list_connections(context(), name, wanted, page, group=False)
            body, headers = page_answer(found, content=name.version)
            return body, {**headers, "Vary": "Accept"}
        text = maps.stream_connections(context(), name, wanted, _FORMS[media_type])
        # The first piece is made before the answer begins, so that a fault is still a problem.
        first = next(text)
        response = Response(chained(first, text), content_type=media_type)
        response.headers["Vary"] = "Accept"
        return response


@blueprint.resource(f"{_REVISION}/connectivity/groups")
class ConnectionGroups(MethodView):
    @blueprint.operation("listConnectionGroups", refuses=[types.NOT_FOUND, types.NOT_READY])
    @blueprint.arguments(ConnectionGroupQuerySchema, location="query")
    @blueprint.response(200, ConnectionGroupPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """List who can talk to whom in groups of endpoints that share an answer."""
        name, wanted = _asked(query, cluster, revision)
        page = page_request(query, name.version)
        found = maps.list_connections(context(), name, wanted, page, group=True)
        return page_answer(found, content=name.version)


@blueprint.resource(f"{_REVISION}/connectivity/summary")
class Summary(MethodView):
    @blueprint.operation(
        "getConnectivitySummary",
        refuses=[types.NOT_FOUND, types.NOT_READY],
        conditions=[IF_NONE_MATCH],
    )
    @blueprint.arguments(EngineQuerySchema, location="query")
    @blueprint.response(200, ConnectivitySummarySchema, headers=[ETAG])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """Count who can talk to whom, and name the most exposed workloads."""
        name = _named(cluster, revision, query.get("engine"))
        body = maps.summarize_connectivity(context(), name)
        answer = {"revision": name.revision, "engine": profile_body(name.engine), **body}
        return answer, 200, tagged(name.version)


@blueprint.resource(f"{_REVISION}/diff")
class Diff(MethodView):
    @blueprint.operation("listDifferences", refuses=[types.NOT_FOUND, types.NOT_READY])
    @blueprint.arguments(DifferenceQuerySchema, location="query")
    @blueprint.response(200, DifferencePageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """Compare with another revision, another engine, or both: policies and connections.

        Filters are about the pods that they name, in whichever of the two has them. Where pods run
        is taken from the later side as far as that tells it: ends on the node network, and
        `placement`, are of where pods run there, and a pod that only moved to another node is no
        difference. Both sides decide a witness so, wherever the base runs it. What is in the base
        only met the others where they ran then.

        A pair is listed once for each change of its decision. Where only the base tells the pods of
        a workload apart, it is so for each kind of them, and their traffic may overlap.
        """
        return _difference(query, cluster, revision, group=False)


@blueprint.resource(f"{_REVISION}/diff/groups")
class DiffGroups(MethodView):
    @blueprint.operation("listDifferenceGroups", refuses=[types.NOT_FOUND, types.NOT_READY])
    @blueprint.arguments(DifferenceQuerySchema, location="query")
    @blueprint.response(200, DifferenceGroupPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """Compare as `diff` does, with connections that differ alike put together.

        What `diff` says of where pods run holds here as well.
        """
        return _difference(query, cluster, revision, group=True)


def chained(first: str, rest: Any) -> Any:
    """A piece of an answer that is made already, and the rest as it is asked for."""
    yield first
    yield from rest


def _named(cluster: str, revision: str, engine: str | None) -> MapName:
    return maps.name_map(context(), MapOf(cluster, revision, engine_choice(engine)))


def _asked(query: Mapping[str, Any], cluster: str, revision: str) -> tuple[MapName, MapFilter]:
    return _named(cluster, revision, query.get("engine")), _filter(query)


def _filter(query: Mapping[str, Any]) -> MapFilter:
    ends = {
        "source": unit_filter(_end(query, "source_"), place="/source"),
        "destination": unit_filter(_end(query, "destination_"), place="/destination"),
    }
    inside = unit_filter({key: query[name] for name, key in _EITHER.items() if name in query})
    outside = unit_filter({}, query.get("external"))
    either = _narrowed(ends, inside, outside, query.get("direction"))
    verdict = query.get("verdict")
    found = MapFilter(
        source=ends["source"],
        destination=ends["destination"],
        either=either,
        traffic=traffic_filter(query.get("protocol"), query.get("port")),
        verdict=ListedVerdict(verdict) if verdict else None,
        itself=query.get("include_self", False),
    )
    # An end inside is what nearly every line has: asked of either, it means both.
    return found if "direction" in query else found.about_outside(external=query.get("external"))


def _narrowed(
    ends: dict[str, UnitFilter], inside: UnitFilter, outside: UnitFilter, direction: str | None
) -> UnitFilter:
    """What either end has to meet; what one certain end has to is put to the filter of that.

    The direction is that of the end with the namespace and labels; `external` is about the other
    end then, and else about the same.
    """
    both = EVERY_UNIT not in {inside, outside}
    if direction is None:
        return inside
    if inside == outside == EVERY_UNIT:
        raise _wrong("direction", "direction goes with namespace, labelSelector or external")
    side, other = (
        ("destination", "source")
        if direction == Direction.INGRESS.value
        else ("source", "destination")
    )
    asked = (
        {side: inside, other: outside}
        if both
        else {side: inside if outside == EVERY_UNIT else outside}
    )
    for end, wanted in asked.items():
        if ends[end] != EVERY_UNIT:
            raise _wrong("direction", f"direction cannot go with filters of the {end}")
        ends[end] = wanted
    return EVERY_UNIT


def _wrong(parameter: str, detail: str) -> InvalidParameter:
    fault = FieldError(f"/{parameter}", detail, "InvalidFilter")
    return InvalidParameter("InvalidFilter", detail, [fault])


_EITHER = {"namespace": "namespace", "label_selector": "labelSelector"}


def _end(query: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {
        camel(name.removeprefix(prefix)): value
        for name, value in query.items()
        if name.startswith(prefix)
    }


def _difference(query: dict[str, Any], cluster: str, revision: str, *, group: bool) -> Any:
    target = _named(cluster, revision, query.get("engine"))
    base_engine = query.get("base_engine")
    try:
        base = _named(
            cluster,
            _base(cluster, query.get("base"), revision, target),
            query.get("engine") if base_engine is None else base_engine,
        )
    except Invalid as error:
        if base_engine is None:
            raise
        faults = [replace(each, pointer="/baseEngine") for each in error.errors]
        raise type(error)(error.code, error.detail, faults) from error
    content = f"{base.version} {target.version}"
    page = page_request(query, content)
    change = query.get("change")
    wanted = DifferenceFilter(
        Change(change) if change else None,
        difference_end(query, "source_"),
        difference_end(query, "destination_"),
    )
    found = maps.compare_maps(context(), base, target, wanted, page, group=group)
    body, headers = page_answer(found.page, content=content)
    return {**body, **_sides(base, target, found)}, headers


def _base(cluster: str, wanted: str | None, revision: str, target: MapName) -> str:
    """The revision to compare with: by default the one that the target followed.

    The first revision is compared with itself. While somebody uploads, `latest` can be another
    one at every look, so what it meant for the target is asked for by its number.
    """
    if wanted is None:
        found = get_revision(context(), cluster, str(target.revision))
        return str(found.parent or found.number)
    return str(target.revision) if wanted == revision else wanted


def difference_end(query: Mapping[str, Any], prefix: str) -> UnitFilter:
    """The filter that the parameters of one end ask for."""
    return unit_filter(_end(query, prefix), place=f"/{prefix.removesuffix('_')}")


def _sides(base: MapName, target: MapName, found: Differences) -> dict[str, Any]:
    return {
        "base": _side(base),
        "target": _side(target),
        "policies": {
            "added": list(map(policy_body, found.policies.added)),
            "removed": list(map(policy_body, found.policies.removed)),
            "changed": list(map(policy_body, found.policies.changed)),
        },
        "summary": found.summary,
    }


def _side(name: MapName) -> dict[str, Any]:
    return {
        "revision": name.revision,
        "digest": name.digest,
        "engine": profile_body(name.engine),
    }
