"""`netverdict serve`: look before gunicorn starts its workers, then become gunicorn."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import service
from service.commands.environment import read_settings
from service.commands.faults import Refused, report
from service.commands.upgrade_database import state_of
from service.storage import schema

CONFIGURATION = "gunicorn.conf.py"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--upgrade-database",
        action="store_true",
        help="bring the database to the newest migration first",
    )


def run(arguments: argparse.Namespace) -> int:
    try:
        settings = read_settings()
        found = state_of(settings)
        if not found.is_newest and not arguments.upgrade_database:
            raise Refused(
                [
                    f"the database is at migration {found.current or 'none'}, not at {found.head}: "
                    "run `netverdict upgrade-database`"
                ]
            )
        configuration = _configuration()
    except Refused as refused:
        return report(refused)
    if not found.is_newest:
        schema.upgrade(settings.database_url)
    sys.stdout.flush()
    command = [sys.executable, "-m", "gunicorn", "--config", str(configuration)]
    os.execv(sys.executable, command)


def _configuration() -> Path:
    root = Path(service.__file__).resolve().parent.parent
    for folder in (root, Path.cwd()):
        if (folder / CONFIGURATION).is_file():
            return folder / CONFIGURATION
    raise Refused([f"{CONFIGURATION} is neither beside the package nor here"])
