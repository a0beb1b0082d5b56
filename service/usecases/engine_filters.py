"""Filters by engine on what is stored with the profile that it was made for."""

from __future__ import annotations

from service.engines.registry import engine_named
from service.model.engine import EngineProfile, split_profile
from service.usecases.errors import FieldError, InvalidParameter
from service.usecases.texts import is_storable


def engine_filter(text: str | None, parameter: str = "engine") -> dict[str, str]:
    """The column and value that an engine's name, or the text of a profile, asks for."""
    if text is None:
        return {}
    if "?" in text:
        # A profile with options, as answers print it.
        return {"engine": text} if is_storable(text) else {"engine": ""}
    try:
        name, version = split_profile(text)
        known = engine_named(name).name
    except ValueError as error:
        fault = FieldError(f"/{parameter}", str(error), "InvalidEngine")
        raise InvalidParameter("InvalidEngine", str(error), [fault]) from error
    if version is None:
        return {"engine_name": known}
    return {"engine": str(EngineProfile(known, version))}
