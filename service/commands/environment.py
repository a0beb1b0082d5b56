"""The settings, for commands that need the same ones as the service."""

from __future__ import annotations

import sys

from service.commands.faults import Refused
from service.settings import Settings, SettingsError


def read_settings() -> Settings:
    """The settings, or `Refused` with every fault of them."""
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        raise Refused(error.lines()) from error
    for name in settings.unknown_variables:
        print(f"warning: {name} means nothing here", file=sys.stderr)
    return settings
