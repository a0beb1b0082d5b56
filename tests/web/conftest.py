"""The application on a fresh SQLite database, asked without a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app, create_context
from service.settings import Settings
from service.telemetry import logs
from service.usecases.context import Context

Json = dict[str, Any]


class Api:
    """A test client that says in one line what a request is and what it must answer."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def __call__(self, method: str, path: str, expect: int = 200, **options: Any) -> TestResponse:
        answer = self.client.open(path, method=method, **options)
        assert answer.status_code == expect, answer.get_data(as_text=True)
        return answer

    def get(self, path: str, expect: int = 200, **options: Any) -> Json:
        found: Json = self("GET", path, expect, **options).get_json()
        return found

    def post(self, path: str, body: Any, expect: int = 201, **options: Any) -> Json:
        found: Json = self("POST", path, expect, json=body, **options).get_json()
        return found

    def problem(self, method: str, path: str, expect: int, **options: Any) -> Json:
        """The problem that a request is refused with, checked for what all of them have."""
        answer = self(method, path, expect, **options)
        assert answer.content_type == "application/problem+json"
        body: Json = answer.get_json()
        assert body["status"] == expect
        assert body["type"].startswith("/problems/")
        assert body["requestId"] == answer.headers["X-Request-Id"]
        assert body["instance"] == path.partition("?")[0]
        assert body["code"]
        assert body["title"]
        assert body["detail"]
        return body

    def cluster(self, name: str = "demo", **record: Any) -> Json:
        return self.post("/v1/clusters", {"name": name, "engine": "npm", **record})


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    logs.join_standard_logging()


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(database_url=sqlite_url, threads=2)


@pytest.fixture
def context(settings: Settings) -> Iterator[Context]:
    made = create_context(settings)
    yield made
    made.database.close()


@pytest.fixture
def app(settings: Settings, context: Context) -> Flask:
    return create_app(settings, context)


@pytest.fixture
def api(app: Flask) -> Api:
    return Api(app.test_client())
