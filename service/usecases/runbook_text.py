"""Runbooks as Markdown for people and as scripts for bash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.usecases.markdown_path import commands_block, floors_text
from service.usecases.markdown_text import bullets, code, paragraph, plain, sections, table
from service.usecases.report_script import script

Body = Mapping[str, Any]


def render_runbook(runbook: Body) -> str:
    """A runbook as one Markdown document: what it builds on that ends, then step by step."""
    floors = floors_text(runbook["floors"])
    read = f"{plain(runbook['source'])} (read {runbook['sourceAsOf']})"
    parts = [
        f"# {plain(runbook['title'])}",
        _warnings(runbook["warnings"]),
        f"Needs at least {floors}." if floors else "",
        _parameters(runbook["parameters"]),
        _requests(runbook["requests"]),
        *(_step(number, each) for number, each in enumerate(runbook["steps"], 1)),
        f"Source: {read}. As of {runbook['asOf']}.",
    ]
    return sections(parts) + "\n"


def render_runbook_script(runbook: Body) -> str:
    """A runbook as a script that stops at the first failure."""
    lines = [f"# {runbook['title']}", f"# Source: {runbook['source']}, as of {runbook['asOf']}"]
    lines += [f"# {_warning_text(each)}" for each in runbook["warnings"]]
    return script(lines, runbook["requests"], runbook["steps"])


def _warnings(warnings: Iterable[Body]) -> str:
    return bullets(
        f"**{plain(_warning_text(each))}**" if each["isPast"] else plain(_warning_text(each))
        for each in warnings
    )


def _warning_text(warning: Body) -> str:
    word = "ended" if warning["isPast"] else "ends"
    return f"{warning['what']} {word} on {warning['date']}: {warning['detail']}"


def _parameters(parameters: Iterable[Body]) -> str:
    rows = [
        (
            code(each["name"]),
            code(each.get("value", each.get("default", ""))),
            plain(each.get("detail", "")),
        )
        for each in parameters
    ]
    return table(("Parameter", "Value", "What it is"), rows) if rows else ""


def _requests(requests: list[Body]) -> str:
    if not requests:
        return ""
    return sections(["## Values to set first", commands_block(requests)])


def _step(number: int, step: Body) -> str:
    verify = commands_block(step["verify"])
    return sections(
        [
            f"## {number}. {plain(step['title'])}",
            paragraph(step.get("detail", "")),
            commands_block(step["commands"]),
            sections(["Then look:", verify]) if verify else "",
        ]
    )
