"""Probes, the description of the API, and the page that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text

from service.app import create_app, create_context
from service.settings import Settings
from service.usecases.context import Context
from tests.web.conftest import Api


def api_of(settings: Settings) -> Api:
    return Api(create_app(settings).test_client())


def test_a_service_that_is_ready(api: Api) -> None:
    assert api.get("/livez") == {"status": "ok"}
    assert api.get("/readyz") == {"status": "ok"}
    names = [each["name"] for each in api.get("/readyz?verbose")["checks"]]
    assert names == ["database", "migrations"]
    assert api.get("/readyz?verbose=true") == api.get("/readyz?verbose")
    assert api.get("/readyz?verbose=false") == {"status": "ok"}
    api.problem("GET", "/readyz?verbose=loud", 400)


def test_a_database_that_was_never_migrated(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    context = create_context(settings)
    api = Api(create_app(settings, context).test_client())
    problem = api.problem("GET", "/readyz", 503)
    assert [each["code"] for each in problem["errors"]] == ["migrations"]
    assert "migration none" in problem["detail"]
    api("GET", "/livez")
    api.problem("GET", "/v1/clusters", 503)
    context.database.close()


def test_a_database_at_another_migration(api: Api, context: Context) -> None:
    with context.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert "migration 0000" in api.problem("GET", "/readyz", 503)["detail"]


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all.sqlite3", "postgresql://user:secret@127.0.0.1:1/none"],
)
def test_a_database_that_is_away(url: str) -> None:
    api = api_of(Settings(database_url=url))
    answer = api("GET", "/readyz", 503)
    assert answer.headers["Retry-After"]
    assert "secret" not in answer.get_data(as_text=True)
    api("GET", "/livez")
    assert api.problem("GET", "/v1/clusters", 503)["code"] == "DatabaseUnavailable"


def test_the_description_in_both_forms(api: Api) -> None:
    described = api.get("/openapi.json")
    answer = api("GET", "/openapi.yaml")
    assert answer.content_type == "application/yaml"
    assert yaml.safe_load(answer.data) == described
    assert described["openapi"] == "3.1.0"
    api("GET", "/openapi.yaml", 304, headers={"If-None-Match": answer.headers["ETag"]})


def test_the_docs_need_nobody_else(api: Api) -> None:
    page = api("GET", "/docs")
    assert page.content_type == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "http" not in policy
    body = page.get_data(as_text=True)
    assert "http" not in body
    assert "<script>" not in body
    for address in re.findall(r'(?:src|href)="([^"]+)"', body):
        # Relative to /docs, so a proxy may add a path in front.
        assert api("GET", f"/{address}").data
    start = api("GET", "/docs/start.js").get_data(as_text=True)
    assert "http" not in start
    assert "validatorUrl: null" in start


@pytest.mark.parametrize("name", ["none.js", "../__init__.py", "..%2f__init__.py", "LICENSE/x"])
def test_only_what_the_page_needs_is_served(api: Api, name: str) -> None:
    api("GET", f"/docs/{name}", 404)
