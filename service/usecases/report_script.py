"""The commands of a plan as one bash script: what it asks for first, then step by step."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service.analysis.judging import Opinion
from service.usecases.report_content import ReportContent

Body = Mapping[str, Any]

#: Stands before commands that do not run as the script is.
_INERT = "#$ "
_REFUSING = frozenset({"Blocked", "NotSupported"})


def render_script(report: Body, _content: ReportContent) -> str:
    """The path of a migration report as a script that stops at the first failure.

    Where AKS refuses the change as things are, or a blocker stands in its way, the script says so
    and ends before it does anything, unless NETVERDICT_PROCEED is set to yes.
    """
    path = report["path"]
    source, target = report["source"]["profile"], report["target"]["profile"]
    cluster = f" of {report['cluster']}" if "cluster" in report else ""
    lines = [
        *_comment(f"Migration{cluster}: {source} to {target}, as of {report['asOf']}"),
        *_comment(f"Verdict: {report['verdict']}"),
        *(line for each in report["reasons"] for line in _comment(f"- {each}")),
        *(_comment(f"Report {report['digest']}") if "digest" in report else ()),
    ]
    return script(lines, path["requests"], path["steps"], [*_guard(report)], [*_rollback(path)])


def script(
    head: Iterable[str],
    requests: Iterable[Body],
    steps: Iterable[Body],
    before: Iterable[str] = (),
    after: Iterable[str] = (),
) -> str:
    """A script of steps with something before and after them."""
    lines = ["#!/usr/bin/env bash", *head, "#", "# Stops at the first command that fails."]
    lines += ["set -euo pipefail", *before]
    asked = [line for each in requests for line in _command(each)]
    if asked:
        lines += [
            "",
            *_comment("Values that are not known here: set them and run this again."),
            *asked,
        ]
    for number, step in enumerate(steps, 1):
        lines += ["", *_step(number, step)]
    return "\n".join([*lines, *after]) + "\n"


def _guard(report: Body) -> Iterator[str]:
    path = report["path"]
    if path["support"] in _REFUSING:
        why = "; ".join(path["reasons"]) or "AKS does not support this change"
        text = f"AKS refuses this as things are: {why}"
    elif report["verdict"] == Opinion.BLOCKED:
        text = f"The report says Blocked: {'; '.join(report['reasons'])}"
    else:
        return
    words = shlex.quote(_line(text))
    yield ""
    if not path["steps"]:
        yield f"echo {words} >&2"
        yield "exit 1"
        return
    yield 'if [ "${NETVERDICT_PROCEED:-}" != yes ]; then'
    yield f"  echo {words} >&2"
    yield "  echo 'set NETVERDICT_PROCEED=yes once that has been dealt with' >&2"
    yield "  exit 1"
    yield "fi"


def _step(number: int, step: Body) -> Iterator[str]:
    yield from _comment(f"{number}. {step['title']} ({step['id']}, {step['kind']})")
    if step.get("detail"):
        yield from _comment(step["detail"])
    for remark in _remarks(step):
        yield from _comment(remark)
    optional = bool(step.get("optional"))
    for each in step["commands"]:
        yield from _command(each, inert=optional)
    verify = step.get("verify", ())
    if verify:
        yield from _comment("Then look:")
    for each in verify:
        yield from _command(each, inert=optional)


def _remarks(step: Body) -> Iterator[str]:
    if step.get("optional"):
        yield f"Optional: take {_INERT.strip()} away from what you want."
    if step.get("irreversible"):
        yield "Cannot be undone, or no way back is documented."
    if step.get("reimages"):
        yield f"All nodes are reimaged {step['reimages']} time(s)."
    if step.get("disruption"):
        yield f"Disruption: {step['disruption']}"


def _command(command: Body, *, inert: bool = False) -> Iterator[str]:
    """A command; what deletes, or is wanted at times only, is inert: its user has to decide."""
    if command.get("purpose"):
        yield from _comment(command["purpose"])
    if command["prompts"]:
        yield from _comment("Asks at the keyboard.")
    if command["destructive"] and not inert:
        yield from _comment(f"Deletes: look first, then take {_INERT.strip()} away.")
    mark = _INERT if inert or command["destructive"] or command["conditional"] else ""
    for line in str(command["text"]).split("\n"):
        yield f"{mark}{line}".rstrip()


def _rollback(path: Body) -> Iterator[str]:
    rollback = path["rollback"]
    if not rollback["commands"]:
        return
    yield ""
    yield from _comment(f"The way back: {rollback['detail']}")
    for each in rollback["commands"]:
        yield from _command(each, inert=True)


def _comment(text: object) -> Iterator[str]:
    yield f"# {_line(text)}".rstrip()


def _line(text: object) -> str:
    return " ".join(str(text).split())
