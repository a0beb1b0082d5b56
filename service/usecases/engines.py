"""The catalogue of engines."""

from __future__ import annotations

from service.engines.registry import EngineDescription, describe_engine, engine_names
from service.usecases.context import Context
from service.usecases.errors import NotFound


def list_engines(_context: Context) -> tuple[EngineDescription, ...]:
    """Every engine in the registry's order."""
    return tuple(map(describe_engine, engine_names()))


def get_engine(_context: Context, name: str) -> EngineDescription:
    """One engine by its name, or by another spelling of it; else `NotFound`."""
    try:
        return describe_engine(name)
    except ValueError as error:
        raise NotFound("EngineNotFound", f"there is no engine {name[:80]!r}") from error
