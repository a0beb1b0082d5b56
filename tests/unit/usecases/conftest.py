from __future__ import annotations

import pytest

from service.storage.database import Database
from service.usecases.context import Context
from tests.unit.usecases.stories import make_context


@pytest.fixture
def context(database: Database) -> Context:
    """On SQLite and on PostgreSQL in turn."""
    return make_context(database)
