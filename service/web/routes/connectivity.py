"""Connectivity maps of a revision, and what differs from another revision or engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.views import MethodView

from service.analysis.compare import Change
from service.analysis.filters import EVERY_UNIT, ListedVerdict, MapFilter, UnitFilter
from service.model.pipeline import Direction
from service.usecases import maps
from service.usecases.errors import InvalidParameter
from service.usecases.map_filters import traffic_filter, unit_filter
from service.usecases.map_queries import DifferenceFilter
from service.usecases.maps import Differences, MapName, MapOf
from service.usecases.revisions import get_revision
from service.usecases.verdict_json import policy_body
from service.web import bodies
from service.web import problem_types as types
from service.web.blueprint import ETAG, IF_NONE_MATCH, LINK, ApiBlueprint
from service.web.conditional import tagged
from service.web.negotiation import choose
from service.web.paging import page_answer, page_request
from service.web.parser import JSON
from service.web.routes.evaluations import engine_choice
from service.web.schemas.base import camel
from service.web.schemas.connectivity import (
    ConnectionGroupPageSchema,
    ConnectionPageSchema,
    ConnectivityQuerySchema,
    ConnectivitySummarySchema,
    DifferenceGroupPageSchema,
    DifferencePageSchema,
    DifferenceQuerySchema,
    EngineQuerySchema,
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
    @blueprint.operation("listConnections", refuses=[types.NOT_FOUND])
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
        page = page_request(query)
        name, wanted = _asked(query, cluster, revision)
        if media_type == JSON:
            found = maps.list_connections(context(), name, wanted, page, group=False)
            return page_answer(found)
        text = maps.stream_connections(context(), name, wanted, _FORMS[media_type])
        # The first piece is made before the answer begins, so that a fault is still a problem.
        first = next(text)
        response = Response(chained(first, text), content_type=media_type)
        response.headers["Vary"] = "Accept"
        return response


@blueprint.resource(f"{_REVISION}/connectivity/groups")
class ConnectionGroups(MethodView):
    @blueprint.operation("listConnectionGroups", refuses=[types.NOT_FOUND])
    @blueprint.arguments(ConnectivityQuerySchema, location="query")
    @blueprint.response(200, ConnectionGroupPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """List who can talk to whom in groups of endpoints that share an answer."""
        page = page_request(query)
        name, wanted = _asked(query, cluster, revision)
        return page_answer(maps.list_connections(context(), name, wanted, page, group=True))


@blueprint.resource(f"{_REVISION}/connectivity/summary")
class Summary(MethodView):
    @blueprint.operation(
        "getConnectivitySummary", refuses=[types.NOT_FOUND], conditions=[IF_NONE_MATCH]
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
    @blueprint.operation("listDifferences", refuses=[types.NOT_FOUND])
    @blueprint.arguments(DifferenceQuerySchema, location="query")
    @blueprint.response(200, DifferencePageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """Compare with another revision, another engine, or both: policies and connections."""
        return _difference(query, cluster, revision, group=False)


@blueprint.resource(f"{_REVISION}/diff/groups")
class DiffGroups(MethodView):
    @blueprint.operation("listDifferenceGroups", refuses=[types.NOT_FOUND])
    @blueprint.arguments(DifferenceQuerySchema, location="query")
    @blueprint.response(200, DifferenceGroupPageSchema, headers=[LINK])
    def get(self, query: dict[str, Any], cluster: str, revision: str) -> Any:
        """Compare as `diff` does, with connections that differ alike put together."""
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
        "source": unit_filter(_end(query, "source_")),
        "destination": unit_filter(_end(query, "destination_")),
    }
    either = unit_filter(
        {key: query[name] for name, key in _EITHER.items() if name in query}, query.get("external")
    )
    match query.get("direction"):
        case None:
            side = ""
        case Direction.INGRESS.value:
            side = "destination"
        case _:
            side = "source"
    if side and either != EVERY_UNIT:
        if ends[side] != EVERY_UNIT:
            detail = f"direction cannot go with filters of the {side}"
            raise InvalidParameter("InvalidFilter", detail)
        ends[side], either = either, EVERY_UNIT
    verdict = query.get("verdict")
    found = MapFilter(
        **ends,
        either=either,
        traffic=traffic_filter(query.get("protocol"), query.get("port")),
        verdict=ListedVerdict(verdict) if verdict else None,
        itself=query["include_self"],
    )
    # An end inside is what nearly every line has: asked of either, it means both.
    return found.without_outside() if either.external is False else found


_EITHER = {"namespace": "namespace", "label_selector": "labelSelector"}


def _end(query: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {
        camel(name.removeprefix(prefix)): value
        for name, value in query.items()
        if name.startswith(prefix)
    }


def _difference(query: dict[str, Any], cluster: str, revision: str, *, group: bool) -> Any:
    page = page_request(query)
    target = _named(cluster, revision, query.get("engine"))
    base = _named(
        cluster,
        query.get("base") or _parent(cluster, revision),
        query.get("base_engine") or query.get("engine"),
    )
    change = query.get("change")
    wanted = DifferenceFilter(
        Change(change) if change else None,
        difference_end(query, "source_"),
        difference_end(query, "destination_"),
    )
    found = maps.compare_maps(context(), base, target, wanted, page, group=group)
    body, headers = page_answer(found.page)
    return {**body, **_sides(base, target, found)}, headers


def _parent(cluster: str, revision: str) -> str:
    """The revision that another one followed; the first one is compared with itself."""
    found = get_revision(context(), cluster, revision)
    return str(found.parent or found.number)


def difference_end(query: Mapping[str, Any], prefix: str) -> UnitFilter:
    """The filter that the parameters of one end ask for."""
    return unit_filter(_end(query, prefix))


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
