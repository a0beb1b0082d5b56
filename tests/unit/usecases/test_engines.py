from __future__ import annotations

import pytest

from service.engines.registry import engine_names
from service.storage.database import Database
from service.usecases.context import Context
from service.usecases.engines import get_engine, list_engines
from service.usecases.errors import NotFound
from tests.unit.usecases.stories import make_context


@pytest.fixture
def context() -> Context:
    """The catalogue is in the program: no database is asked."""
    return make_context(Database("sqlite:////nowhere/netverdict.sqlite3"))


def test_the_catalogue_lists_every_engine(context: Context) -> None:
    assert tuple(each.name for each in list_engines(context)) == engine_names()


@pytest.mark.parametrize(
    ("name", "found"), [("npm", "npm"), ("azure", "npm"), ("Cilium", "cilium"), ("none", "none")]
)
def test_an_engine_by_any_spelling(context: Context, name: str, found: str) -> None:
    assert get_engine(context, name).name == found


@pytest.mark.parametrize("name", ["", "weave", "cilium:1.17", "\x00"])
def test_engines_that_do_not_exist(context: Context, name: str) -> None:
    with pytest.raises(NotFound):
        get_engine(context, name)
