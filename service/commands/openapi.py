"""`netverdict openapi`: the description of the HTTP API, generated from the code."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from service.app import create_app, openapi_text
from service.commands.faults import BAD_INPUT, complain
from service.commands.streams import answering
from service.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--output", type=Path, metavar="FILE", help="write it to a file")
    group.add_argument(
        "--check", type=Path, metavar="FILE", help="exit status 1 unless the file holds it"
    )


def run(arguments: argparse.Namespace) -> int:
    # Settings have no part in the description.
    text = openapi_text(create_app(Settings()))
    try:
        if arguments.output is not None:
            arguments.output.write_text(text, encoding="utf-8")
        elif arguments.check is not None:
            return _check(arguments.check, text)
        else:
            with answering(lambda: 0):
                sys.stdout.write(text)
    except (OSError, UnicodeDecodeError) as error:
        complain(str(error))
        return BAD_INPUT
    return 0


def _check(path: Path, text: str) -> int:
    written = path.read_text(encoding="utf-8")
    if written == text:
        return 0
    difference = difflib.unified_diff(
        written.splitlines(), text.splitlines(), str(path), "the code", lineterm=""
    )
    complain("\n".join(difference))
    return 1
