"""What an engine profile does, asked by trait instead of by name."""

from __future__ import annotations

from service.knowledge import entry_at, value
from service.model.engine import EngineProfile, Version

#: Whatever engine is not in the table counts as one that does what the API says.
REFERENCE = "kubernetes"


def trait(profile: EngineProfile, name: str) -> bool | str | None:
    """A trait of `service/knowledge/traits.json` for one profile.

    None where it depends on the version and the profile has none.
    """
    table = value("traits", "traits")
    found: bool | str | dict[str, str] = table.get(profile.engine, table[REFERENCE])[name]
    if not isinstance(found, dict):
        return found
    if "unlessOption" in found:
        return profile.options.get(found["unlessOption"]) != str(entry_at(found["is"]))
    if profile.version is None:
        return None
    bound = Version.parse(entry_at(found["since"] if "since" in found else found["before"]))
    return profile.version >= bound if "since" in found else profile.version < bound


def has_trait(profile: EngineProfile, name: str) -> bool:
    """Whether a trait holds for certain."""
    return trait(profile, name) is True


def azure_name(engine: str) -> str | None:
    """The value of `--network-policy` that stands for an engine."""
    found = value("traits", "traits").get(engine, {}).get("azureName")
    return found if isinstance(found, str) else None
