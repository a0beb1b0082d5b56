"""Runbooks for people and for bash."""

from __future__ import annotations

import subprocess
from datetime import date

import pytest

from service.analysis.paths.runbooks import runbook_ids
from service.usecases.runbook_text import render_runbook, render_runbook_script
from service.usecases.runbooks import get_runbook
from tests.unit.reports.test_markdown import check_tables, sections_of

DAY = date(2026, 11, 22)


@pytest.mark.parametrize("runbook", runbook_ids())
def test_every_runbook(runbook: str) -> None:
    body = get_runbook(runbook, {}, DAY)
    text = render_runbook(body)
    check_tables(text)
    assert sections_of(text)[0] == f"# {body['title']}"
    script = render_runbook_script(body)
    checked = subprocess.run(
        ["bash", "-n"], input=script, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    for step in body["steps"]:
        for command in (*step["commands"], *step["verify"]):
            assert f"\n{command['text']}\n" in text
            first, *_ = command["text"].splitlines()
            assert f"\n{first}\n" in script or f"\n#$ {first}\n" in script


def test_what_has_ended_is_said_first() -> None:
    (ended,) = [each for each in runbook_ids() if each == "create-npm-windows"]
    text = render_runbook(get_runbook(ended, {}, DAY))
    warning = "**Azure Network Policy Manager on Windows nodes ended on 2026-09-30: "
    assert text.splitlines()[2].startswith(f"- {warning}")
    before = render_runbook(get_runbook(ended, {}, date(2026, 1, 1)))
    assert "nodes ends on 2026-09-30: " in before
    assert "**Azure" not in before
    script = render_runbook_script(get_runbook(ended, {}, DAY))
    assert "# Azure Network Policy Manager on Windows nodes ended on 2026-09-30" in script


def test_values_are_shown_and_used() -> None:
    body = get_runbook("create-npm-linux", {"resourceGroup": "rg one"}, DAY)
    text = render_runbook(body)
    assert "| `resourceGroup` | `rg one` |" in text
    assert "--resource-group 'rg one'" in text
    assert "| `nodeCount` | `3` |" in text
    assert ': "${CLUSTER:?' in render_runbook_script(body)
    assert "RESOURCE_GROUP" not in text
