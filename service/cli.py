"""The command line: `netverdict COMMAND`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

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
BAD_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command: 0 done, 1 a condition that was asked for failed, 2 bad usage or input."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    listed = "\n".join(f"  {name:<17} {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="netverdict",
        description="What Kubernetes network policies really do on each AKS policy engine.",
        epilog=f"commands:\n{listed}\n\n`netverdict COMMAND --help` tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    # What follows the command is the command's to read.
    name = parser.parse_args(given[:1]).command
    module = importlib.import_module(f"service.commands.{name.replace('-', '_')}")
    command = argparse.ArgumentParser(prog=f"netverdict {name}", description=COMMANDS[name])
    module.configure(command)
    try:
        status: int = module.run(_parsed(command, given[1:], module))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has had enough. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return status


def _parsed(
    command: argparse.ArgumentParser, given: list[str], module: ModuleType
) -> argparse.Namespace:
    """The arguments; a command that takes two sets finds the one behind `--` in `second`."""
    second: list[str] | None = None
    if getattr(module, "TAKES_TWO_SETS", False) and "--" in given:
        place = given.index("--")
        behind = given[place + 1 :]
        options = next((at for at, text in enumerate(behind) if text.startswith("--")), len(behind))
        given, second = given[:place] + behind[options:], behind[:options]
    return command.parse_args(given, argparse.Namespace(second=second))


if __name__ == "__main__":
    sys.exit(main())
