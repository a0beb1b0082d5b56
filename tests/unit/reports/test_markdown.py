"""Markdown: complete, in order, and nothing that others wrote becomes markup."""

from __future__ import annotations

import re
from typing import Any

import pytest

from service.usecases import markdown_findings, markdown_impact
from service.usecases.markdown_text import code, fenced, listed, paragraph, plain, table
from service.usecases.report_content import ReportContent
from service.usecases.report_markdown import render_markdown
from tests.unit.reports.making import compatibility_ask, make, migration_ask
from tests.web.report_story import BLOCKED, FACTS, SAFE, WITH_FIXES


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("a|b", r"a\|b"),
        ("<script>", r"\<script\>"),
        ("*_`[x](y)~&amp;", r"\*\_\`\[x\](y)\~\&amp;"),
        ("two\nlines\r\n and more", "two lines and more"),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_texts_stay_texts(text: str, markup: str) -> None:
    assert plain(text) == markup


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("# no heading", r"\# no heading"),
        ("- no item", r"\- no item"),
        ("1. no item", r"1\. no item"),
        ("2026-11-22", "2026-11-22"),
        ("=== no heading", r"\=== no heading"),
        ("plain", "plain"),
    ],
)
def test_lines_stay_paragraphs(text: str, markup: str) -> None:
    assert paragraph(text) == markup


@pytest.mark.parametrize(
    ("text", "span"),
    [("a b", "`a b`"), ("a`b", "``a`b``"), ("`a`", "`` `a` ``"), ("a|b", r"`a\|b`"), ("", "")],
)
def test_code_spans(text: str, span: str) -> None:
    assert code(text) == span


def test_a_fence_is_longer_than_any_inside() -> None:
    assert fenced("a\n```\nb\n", "bash") == "````bash\na\n```\nb\n````"


def test_lists_are_cut() -> None:
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert listed(["a", "b"], 2, 40) == "a, b and 38 more"
    assert listed(["a"], 2) == "a"


def test_tables() -> None:
    assert table(("A", "B"), [("1", "2")]) == "| A | B |\n| --- | --- |\n| 1 | 2 |"


def sections_of(text: str) -> list[str]:
    return [line for line in outside_code(text) if line.startswith("#")]


def outside_code(text: str) -> list[str]:
    """The lines that are no code."""
    found: list[str] = []
    fence = ""
    for line in text.splitlines():
        opening = re.match(r"`{3,}", line)
        if fence:
            fence = "" if line == fence else fence
        elif opening:
            fence = opening[0]
        else:
            found.append(line)
    assert not fence
    return found


def test_a_migration_report() -> None:
    report, content = make(migration_ask(), WITH_FIXES)
    text = render_markdown(report, content)
    found = sections_of(text)
    assert found[0] == "# Migration of shop: npm:1.8.12 to cilium:1.18"
    assert [each for each in found if each.startswith("## ")] == [
        "## Path",
        "## While it runs",
        "## What changes",
        "## Remedies that can be applied",
        "## Findings",
        "## Rules",
    ]
    assert text.index("**Verdict: SafeWithFixes**") < text.index("## Path")
    assert "- MIG-001: An ipBlock stops matching pods" in text
    assert report["digest"] in text


def test_the_verdict_is_followed_by_what_blocks() -> None:
    report, content = make(migration_ask(), BLOCKED)
    text = render_markdown(report, content)
    second = next(each for each in sections_of(text) if each.startswith("## "))
    assert second == "## Blockers"
    assert "- **ENG-004** Windows nodes: akswin-1" in text


def test_every_command_can_be_pasted() -> None:
    report, content = make(migration_ask(), WITH_FIXES)
    text = render_markdown(report, content)
    for step in report["path"]["steps"]:
        for command in (*step["commands"], *step["verify"]):
            assert f"\n{command['text']}\n" in text


def test_what_would_settle_an_unknown() -> None:
    ask = compatibility_ask("cilium:1.18", {"azureCli": "2.80.0"})
    report, content = make(ask, BLOCKED)
    text = render_markdown(report, content)
    assert "## What the input does not tell" in text
    assert "| `osSku` | give the node pools with their osSku (az aks show) |" in text


def test_a_compatibility_report() -> None:
    report, content = make(compatibility_ask("npm"), WITH_FIXES)
    text = render_markdown(report, content)
    assert sections_of(text)[0] == "# Compatibility of shop with npm:1.8.12"
    assert "| Azure Network Policy Manager on Linux nodes | 2028-09-30 |" in text
    report, content = make(compatibility_ask("cilium:1.18"), WITH_FIXES)
    text = render_markdown(report, content)
    assert "1 of its flags are confirmed here." in text
    assert "| V2 | shop/back Ingress | Confirmed |" in text


def test_where_nothing_was_found() -> None:
    report, content = make(compatibility_ask("cilium:1.18"), SAFE)
    text = render_markdown(report, content)
    assert "## Findings\n\nNone." in text
    assert "## Blockers" not in text


@pytest.mark.parametrize("target", ["cilium:1.18", "calico", "none", "npm"])
@pytest.mark.parametrize("manifests", [BLOCKED, WITH_FIXES, SAFE])
def test_rows_are_as_wide_as_their_tables(target: str, manifests: str) -> None:
    report, content = make(migration_ask(target), manifests)
    check_tables(render_markdown(report, content))


def check_tables(text: str) -> None:
    width = 0
    for line in outside_code(text):
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not (width and cells) or cells == width, line
        width = cells


_SPAN = re.compile(r"(?<![\\`])(`+)(?!`).+?(?<!`)\1(?!`)")
NASTY = "a|b\n# c `d` <img src=x>"


def test_no_text_breaks_out() -> None:
    report, content = make(migration_ask(), WITH_FIXES)
    spoilt = _spoilt(report), _spoilt_content(content)
    text = render_markdown(*spoilt)
    check_tables(text)
    bare = [_SPAN.sub("", line) for line in outside_code(text)]
    assert any(r"\<img" in line for line in bare)
    assert not any("<img" in line.replace(r"\<img", "") for line in bare)
    assert sections_of(text) == sections_of(render_markdown(report, content))


def _spoilt(value: Any) -> Any:
    """Every text that comes from the input, with markup in it."""
    if isinstance(value, dict):
        return {
            name: f"{each}{NASTY}"
            if isinstance(each, str) and name in {"detail", "reason", "name", "namespace", "why"}
            else _spoilt(each)
            for name, each in value.items()
        }
    return [_spoilt(each) for each in value] if isinstance(value, (list, tuple)) else value


def _spoilt_content(content: ReportContent) -> ReportContent:
    return ReportContent(
        content.body,
        tuple(map(_spoilt, content.findings)),
        tuple(map(_spoilt, content.groups)),
        tuple(map(_spoilt, content.remedies)),
    )


def test_what_is_left_out_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown_findings, "MOST_FINDINGS", 1)
    monkeypatch.setattr(markdown_impact, "MOST_GROUPS", 1)
    monkeypatch.setattr(markdown_impact, "MOST_REMEDIES", 0)
    report, content = make(migration_ask(), WITH_FIXES)
    text = render_markdown(report, content)
    assert f"{len(content.findings) - 1} more findings are not shown here." in text
    assert f"{len(content.groups) - 1} more groups are not shown here." in text
    assert "1 more remedies are not shown here." in text


def test_facts_do_not_change_the_form() -> None:
    report, content = make(migration_ask(facts={**FACTS, "terraform": True}), WITH_FIXES)
    check_tables(render_markdown(report, content))
