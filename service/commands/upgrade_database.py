"""`netverdict upgrade-database`: the database's schema."""

from __future__ import annotations

import argparse

from service.commands.environment import read_settings
from service.commands.faults import Refused, complain, report
from service.commands.streams import answering
from service.settings import Settings, without_password
from service.storage import schema
from service.storage.database import Database


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--check",
        action="store_true",
        help="change nothing; exit status 1 unless the database is at the newest migration",
    )


def run(arguments: argparse.Namespace) -> int:
    try:
        settings = read_settings()
        before = state_of(settings)
        if arguments.check:
            return _check(before)
        if not before.is_newest:
            schema.upgrade(settings.database_url)
        with answering(lambda: 0):
            _tell(settings, before)
    except Refused as refused:
        return report(refused)
    return 0


def state_of(settings: Settings) -> schema.SchemaState:
    """Where the database stands, or `Refused` where it cannot be asked."""
    database = Database(settings.database_url, pool_size=1)
    try:
        return schema.state(database)
    # Every driver has exceptions of its own, and storage does not hide them.
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        place = without_password(settings.database_url)
        raise Refused([f"the database at {place} cannot be used: {reason}"]) from error
    finally:
        database.close()


def _check(found: schema.SchemaState) -> int:
    if found.is_newest:
        with answering(lambda: 0):
            print(f"at the newest migration {found.head}")
        return 0
    complain(f"at migration {found.current or 'none'}, not at {found.head}")
    return 1


def _tell(settings: Settings, before: schema.SchemaState) -> None:
    place = without_password(settings.database_url)
    if before.is_newest:
        print(f"{place} is at the newest migration {before.head}")
    else:
        print(f"{place} went from {before.current or 'nothing'} to migration {before.head}")
