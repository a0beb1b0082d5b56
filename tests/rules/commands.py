"""Commands as the API answers them, read the way bash, the Azure CLI and kubectl do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.unit.paths.bash import check_documented, check_syntax, pipeline
from tests.web.conftest import Json

#: What stands before a line of a script that its user has to decide about.
INERT = "#$ "


def commands_of_path(path: Json) -> Iterator[str]:
    """Every command of the path of a migration report."""
    listed = [path["requests"], path["rollback"]["commands"]]
    for step in path["steps"]:
        listed += [step["commands"], step.get("verify", [])]
    listed += [each.get("commands", []) for each in path["prerequisites"]]
    for commands in listed:
        yield from (each["text"] for each in commands)


def commands_of_runbook(runbook: Json) -> Iterator[str]:
    """Every command of a runbook."""
    listed = [runbook["requests"]]
    for step in runbook["steps"]:
        listed += [step["commands"], step.get("verify", [])]
    for commands in listed:
        yield from (each["text"] for each in commands)


def check_commands(texts: Iterable[str]) -> None:
    """Bash reads them, and their options are documented."""
    found = list(dict.fromkeys(texts))
    check_syntax(found)
    for text in found:
        for words in pipeline(text):
            check_documented(words)


def check_script(script: str, texts: Iterable[str]) -> None:
    """A script holds some commands, and bash reads it as it is and with all of them in force."""
    assert script.startswith("#!/usr/bin/env bash\n")
    in_force = "\n".join(line.removeprefix(INERT) for line in script.splitlines())
    check_syntax([script])
    check_syntax([in_force])
    for text in texts:
        assert text in in_force, text
