"""The application: the one place where everything meets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from flask import Flask

from service.identifiers import new_id
from service.manifests.limits import Limits
from service.settings import Settings
from service.storage import schema
from service.storage.database import Database
from service.telemetry import logs
from service.usecases.analysis_pool import AnalysisPool
from service.usecases.context import Context
from service.web import api, conditional, docs, health, problems, request_scope
from service.web.routes import (
    clusters,
    compatibility_reports,
    connectivity,
    engines,
    evaluations,
    findings,
    migration_reports,
    revisions,
    rules,
)
from service.web.scope import Check, WebScope
from service.web.scope import install as install_scope
from service.web.strict_json import JsonProvider

BLUEPRINTS = (
    health.blueprint,
    engines.blueprint,
    clusters.blueprint,
    revisions.blueprint,
    evaluations.blueprint,
    connectivity.blueprint,
    findings.blueprint,
    compatibility_reports.blueprint,
    migration_reports.blueprint,
    rules.blueprint,
)

log = logs.logger("netverdict.app")


class Application(Flask):
    """Flask without what is looked for in every request and never there."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view and no hook of ours is asynchronous."""
        return func


def create_app(settings: Settings, context: Context | None = None) -> Flask:
    """The WSGI application. Nothing is opened here: a server may fork after it."""
    chosen = context or create_context(settings)
    app = Application("service", static_folder=None, template_folder=None)
    app.json = JsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    # A path is looked up as it is; neither redirect nor guess.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    install_scope(app, WebScope(chosen, settings.signing_key, _readiness(chosen.database)))
    # What is installed first sees an answer last.
    request_scope.install(app)
    conditional.install(app)
    problems.install(app)
    description = api.install(app, version("netverdict"))
    for blueprint in BLUEPRINTS:
        description.register_blueprint(blueprint)
    app.register_blueprint(docs.blueprint)
    return app


def create_context(settings: Settings) -> Context:
    """What use cases ask for; nothing is opened or started before it is needed."""
    return Context(
        database=Database(settings.database_url, pool_size=settings.threads),
        clock=lambda: datetime.now(UTC),
        new_id=new_id,
        limits=limits_of(settings),
        pool=AnalysisPool(settings.analysis_processes),
    )


def limits_of(settings: Settings) -> Limits:
    """What an upload may cost."""
    return Limits(
        sent_bytes=settings.max_upload_bytes,
        unpacked_bytes=settings.max_unpacked_bytes,
        ratio=settings.max_unpacked_ratio,
        documents=settings.max_documents,
        depth=settings.max_document_depth,
        aliases=settings.max_document_aliases,
    )


def openapi_document(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of an application as JSON values."""
    return api.document(app.extensions["flask-smorest"]["apis"][""]["ext_obj"])


def openapi_text(app: Flask) -> str:
    """The OpenAPI document as YAML."""
    return api.document_text(openapi_document(app))


def _readiness(database: Database) -> tuple[Check, ...]:
    def reachable() -> str:
        database.ping()
        return ""

    def newest() -> str:
        found = schema.state(database)
        if found.is_newest:
            return ""
        return f"The database is at migration {found.current or 'none'}, not at {found.head}."

    return (
        Check("database", _guarded(reachable)),
        Check("migrations", _guarded(newest)),
    )


def _guarded(look: Callable[[], str]) -> Callable[[], str]:
    def fault() -> str:
        # What a driver raises is its own affair, and its text can hold the address.
        try:
            return look()
        except Exception:
            log.exception("not ready")
            return "The database cannot be reached."

    return fault
