"""The settings, for commands that need the same ones as the service."""

from __future__ import annotations

from service.commands.faults import Refused, complain
from service.settings import Settings, SettingsError


def read_settings() -> Settings:
    """The settings, or `Refused` with every fault of them."""
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        raise Refused(error.lines()) from error
    for name in settings.unknown_variables:
        complain(f"warning: {name} means nothing here")
    return settings
