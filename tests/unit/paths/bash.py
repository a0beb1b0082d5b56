"""Reading commands the way a shell does."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.analysis.paths.commands import Command
from service.analysis.paths.plan import Plan
from service.analysis.paths.runbooks import Runbook

DOCUMENTED: dict[str, Any] = json.loads(
    Path(__file__).with_name("documented_options.json").read_text(encoding="utf-8")
)


def commands_of(plan: Plan) -> Iterator[Command]:
    """Every command of a plan."""
    yield from plan.requests
    for step in plan.steps:
        yield from step.commands
        yield from step.verify
    for each in plan.prerequisites:
        yield from each.commands
    yield from plan.rollback.commands


def commands_in(runbook: Runbook) -> Iterator[Command]:
    """Every command of a runbook."""
    yield from runbook.requests
    for step in runbook.steps:
        yield from step.commands
        yield from step.verify


def check_syntax(texts: list[str]) -> None:
    """Let bash parse some commands, one after the other, without running them."""
    script = "\n".join(texts) + "\n"
    found = subprocess.run(
        ["bash", "-n"], input=script, text=True, capture_output=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert not found.stderr


def pipeline(text: str) -> list[list[str]]:
    """The words of each command of a pipeline; here-documents and redirections left out."""
    line = text.split(" <<'", maxsplit=1)[0] if " <<'" in text else text
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|>")
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    skip = False
    for word in lexer:
        if word == "|":
            commands.append([])
        elif word == ">":
            skip = True
        elif skip:
            skip = False
        else:
            commands[-1].append(word)
    return commands


def check_documented(words: list[str]) -> None:
    """The options of a command are those that its documentation names."""
    if words[0] == "az":
        _check_az(words[1:])
    elif words[0] == "kubectl":
        _check_kubectl(words[1:])
    else:
        assert words[0] in {"grep", "xargs", ":"}, words
        if words[0] == "xargs":
            start = words.index("kubectl")
            _check_kubectl(words[start + 1 :])


def _check_az(words: list[str]) -> None:
    count = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    name = " ".join(words[:count])
    assert name in DOCUMENTED["az"], name
    known = DOCUMENTED["az"][name]
    everywhere = DOCUMENTED["global"]
    options = {*known["options"], *everywhere["options"]}
    flags = {*known["flags"], *everywhere["flags"]}
    rest = iter(words[count:])
    for word in rest:
        option, _, bound = word.partition("=")
        assert option in options | flags, f"{name}: {option}"
        if option in flags:
            continue
        given = bound or next(rest)
        allowed = known["values"].get(option)
        assert allowed is None or given in allowed, f"{name}: {option} {given}"


def _check_kubectl(words: list[str]) -> None:
    known = DOCUMENTED["kubectl"][words[0]]
    options = {*known["options"], *DOCUMENTED["kubectl"]["global"]}
    rest = iter(words[1:])
    for word in rest:
        if word == "--":
            return
        if word.startswith("--"):
            assert word in {*options, *known["flags"]}, word
            if word in options:
                next(rest)
