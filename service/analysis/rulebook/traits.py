"""What an engine profile does, asked by trait instead of by name."""

from __future__ import annotations

from typing import Any

from service.knowledge import entry_at, value
from service.model.engine import EngineProfile, Version

REFERENCE = "kubernetes"


def trait(profile: EngineProfile, name: str) -> bool | str | None:
    """A trait of `service/knowledge/traits.json` for one profile.

    None where it depends on the version and the profile has none.
    """
    table = value("traits", "traits")
    # Whatever engine is not in the table counts as one that does what the API says.
    own = table.get(profile.engine, table[REFERENCE])
    found = {**own, **_chosen(profile, own.get("overlay", {}))}[name]
    found = _chosen(profile, found)
    if not isinstance(found, dict):
        settled: bool | str | None = found
        return settled
    if profile.version is None:
        return None
    bound = Version.parse(entry_at(found["since"] if "since" in found else found["before"]))
    return profile.version >= bound if "since" in found else profile.version < bound


def _chosen(profile: EngineProfile, found: Any) -> Any:
    """What holds under the options of a profile."""
    while isinstance(found, dict) and "option" in found:
        wanted = str(entry_at(found["isEntry"])) if "isEntry" in found else found["is"]
        found = found["then" if profile.options.get(found["option"]) == wanted else "else"]
    return found


def has_trait(profile: EngineProfile, name: str) -> bool:
    """Whether a trait holds for certain."""
    return trait(profile, name) is True


def azure_name(engine: str) -> str | None:
    """The value of `--network-policy` that stands for an engine."""
    found = value("traits", "traits").get(engine, {}).get("azureName")
    return found if isinstance(found, str) else None
