"""One application for all cases of a worker: each has a cluster of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.app import create_app, create_context
from service.settings import Settings
from service.telemetry import logs
from tests.web.conftest import Api


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    logs.join_standard_logging()


@pytest.fixture(scope="session")
def api(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    path = tmp_path_factory.mktemp("rules") / "netverdict.sqlite3"
    shutil.copyfile(_sqlite_template, path)
    settings = Settings(database_url=f"sqlite:///{path}", threads=2, analysis_processes=0)
    context = create_context(settings)
    yield Api(create_app(settings, context).test_client())
    context.database.close()
