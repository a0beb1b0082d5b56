"""The catalogue of engines."""

from __future__ import annotations

from service.engines.registry import EngineDescription
from service.usecases.context import Context


def list_engines(context: Context) -> tuple[EngineDescription, ...]:
    """Every engine in the registry's order."""
    raise NotImplementedError


def get_engine(context: Context, name: str) -> EngineDescription:
    """One engine by its name, or `NotFound`."""
    raise NotImplementedError
