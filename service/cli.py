"""The command line: `netverdict COMMAND`."""

from __future__ import annotations

import argparse
import gc
import importlib
import sys
import traceback
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

from service.commands.faults import BAD_INPUT, Refused, complain, report
from service.commands.once import refuse_repeats
from service.commands.streams import ReaderGone, answering, prepare

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

#: Modules of `service.commands`, loaded when asked for: most need a part of the program only.
COMMANDS: Mapping[str, str] = {
    "check": "tell what an engine makes of manifests in files: a compatibility report",
    "connectivity": "list who can talk to whom over manifests in files, without a server",
    "diff": "tell what two sets of manifests, or two engines, allow differently",
    "evaluate": "answer flows over manifests in files, without a server",
    "migrate": "tell what a move to another engine takes and changes: a migration report",
    "openapi": "write the OpenAPI document, or check a written one",
    "serve": "check the settings and the database, then become gunicorn",
    "upgrade-database": "bring the database to the newest migration, or check that it is",
}
#: What no command expects; EX_SOFTWARE of sysexits.h. Python's own 1 is a condition that is met.
UNEXPECTED = 70
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command: 0 done, 1 a condition that was asked for failed, 2 bad usage or input."""
    try:
        prepare()
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except Refused as refused:
        return report(refused)
    except ReaderGone as gone:
        return gone.status
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:
        complain(traceback.format_exc().rstrip())
        return UNEXPECTED


def program() -> int:
    """As `main`, for a process that ends with it."""
    status = main()
    # Nothing that is left has to be looked through for garbage: of a large map that takes longer
    # than many answers.
    gc.freeze()
    return status


class Parser(argparse.ArgumentParser):
    """A parser that tells where help cannot be written, and does without standard error."""

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        (file or sys.stdout).write(self.format_help())

    def error(self, message: str) -> NoReturn:
        complain(f"{self.format_usage()}{self.prog}: error: {message}")
        sys.exit(BAD_INPUT)


def _run(given: list[str]) -> int:
    # Help is an answer too.
    with answering(lambda: 0):
        name = _parser().parse_args(given[:1]).command
    module = importlib.import_module(f"service.commands.{name.replace('-', '_')}")
    command = Parser(prog=f"netverdict {name}", description=COMMANDS[name])
    refuse_repeats(command)
    module.configure(command)
    # What follows the command is the command's to read.
    with answering(lambda: 0):
        arguments = _parsed(command, given[1:], module)
    status: int = module.run(arguments)
    return status


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:<17} {text}" for name, text in COMMANDS.items())
    parser = Parser(
        prog="netverdict",
        description="What Kubernetes network policies really do on each AKS policy engine.",
        epilog=f"commands:\n{listed}\n\n`netverdict COMMAND --help` tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    return parser


def _parsed(
    command: argparse.ArgumentParser, given: list[str], module: ModuleType
) -> argparse.Namespace:
    """The arguments; a command that takes two sets finds the one behind `--` in `second`."""
    second: list[str] | None = None
    if getattr(module, "TAKES_TWO_SETS", False) and "--" in given:
        place = given.index("--")
        behind = given[place + 1 :]
        if "--" in behind:
            command.error("-- may be given once")
        options = next((at for at, text in enumerate(behind) if text.startswith("--")), len(behind))
        given, second = given[:place] + behind[options:], behind[:options]
        if not second:
            # As when a variable of the shell is empty: not a comparison with an empty cluster.
            command.error("there are no files behind --")
    return command.parse_args(given, argparse.Namespace(second=second))


if __name__ == "__main__":
    sys.exit(program())
