"""The catalogue of engines."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from flask.views import MethodView

from service.engines.registry import EngineDescription
from service.knowledge import edition
from service.usecases import engines
from service.usecases.paging import Page, page_of_sorted
from service.web import problem_types as types
from service.web.blueprint import ETAG, IF_NONE_MATCH, LINK, ApiBlueprint
from service.web.conditional import tagged
from service.web.paging import page_answer, page_request
from service.web.schemas.engine_catalogue import EnginePageSchema, EngineSchema
from service.web.schemas.paging import PageQuerySchema
from service.web.scope import context

blueprint = ApiBlueprint(
    "engines",
    __name__,
    description="Engines: what each can do, in which versions, and until when.",
)


@blueprint.resource("/v1/engines")
class Engines(MethodView):
    @blueprint.operation("listEngines")
    @blueprint.arguments(PageQuerySchema, location="query")
    @blueprint.response(200, EnginePageSchema, headers=[LINK])
    def get(self, query: dict[str, Any]) -> Any:
        """List the engines."""
        numbered = list(enumerate(engines.list_engines(context())))
        page: Page[tuple[int, EngineDescription]] = page_of_sorted(
            numbered, page_request(query), lambda each: (each[0],)
        )
        return page_answer(page, (found for _, found in page.items))


@blueprint.resource("/v1/engines/<engine:engine>")
class Engine(MethodView):
    @blueprint.operation("getEngine", refuses=[types.NOT_FOUND], conditions=[IF_NONE_MATCH])
    @blueprint.response(200, EngineSchema, headers=[ETAG])
    def get(self, engine: str) -> Any:
        """Read what is known of an engine, with sources."""
        found = engines.get_engine(context(), engine)
        # The catalogue is made of the program and of the facts that it carries.
        facts = edition().removeprefix("sha256:")[:32]
        return found, 200, tagged(f"{found.name}.{version('netverdict')}.{facts}")
