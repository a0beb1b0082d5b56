"""The service as it runs, on each kind of database in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import RunningService, running_service

REVISIONS = "/v1/clusters/demo/revisions"


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[RunningService]:
    with running_service(database_url, tmp_path) as running:
        register(running)
        yield running


@pytest.fixture
def sqlite_service(sqlite_url: str, tmp_path: Path) -> Iterator[RunningService]:
    with running_service(sqlite_url, tmp_path) as running:
        register(running)
        yield running


@pytest.fixture
def http(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    name = "service" if "service" in request.fixturenames else "sqlite_service"
    running: RunningService = request.getfixturevalue(name)
    with httpx.Client(base_url=running.base, timeout=60) as client:
        yield client


def register(running: RunningService) -> None:
    body = {"name": "demo", "engine": "npm"}
    answer = httpx.post(f"{running.base}/v1/clusters", json=body, timeout=30)
    assert answer.status_code == 201, answer.text


def pages(http: httpx.Client, path: str) -> Iterator[Any]:
    """All items of a list."""
    following = f"{path}?pageSize=200"
    while following:
        answer = http.get(following)
        assert answer.status_code == 200, answer.text
        yield from answer.json()["items"]
        following = answer.links.get("next", {}).get("url", "")
