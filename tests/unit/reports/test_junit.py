"""JUnit XML: what fails, what is skipped, and what XML cannot hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from service.usecases.report_junit import render_junit
from service.usecases.report_making import ReportAsk
from tests.unit.reports.making import compatibility_ask, make, migration_ask
from tests.web.report_story import BLOCKED, SAFE, WITH_FIXES


def suites_of(ask: ReportAsk, manifests: str) -> Element:
    report, content = make(ask, manifests)
    return ElementTree.fromstring(render_junit(report, content))


def case(suites: Element, start: str) -> Element:
    (found,) = (
        each for each in suites.iter("testcase") if each.attrib["name"].startswith(f"{start} ")
    )
    return found


@pytest.mark.parametrize(
    ("rule", "tag"),
    [
        ("ENG-004", "failure"),
        ("FEAT-010", "failure"),
        ("ENG-013", "skipped"),
        ("ENG-005", None),
    ],
)
def test_rules(rule: str, tag: str | None) -> None:
    found = case(suites_of(compatibility_ask("cilium:1.18"), BLOCKED), rule)
    assert [each.tag for each in found] == ([tag] if tag else [])


def test_a_failure_says_where_and_what_to_do() -> None:
    failure = case(suites_of(compatibility_ask("cilium:1.18"), WITH_FIXES), "FEAT-010")[0]
    assert failure.attrib["type"] == "High"
    assert failure.text is not None
    assert "NetworkPolicy shop/back /spec/ingress/0/from/0/ipBlock/cidr" in failure.text
    assert "remedy: " in failure.text


def test_what_is_missing_is_said() -> None:
    skipped = case(suites_of(compatibility_ask("cilium:1.18"), BLOCKED), "ENG-013")[0]
    assert skipped.attrib["message"].startswith("osSku: ")


def test_a_finding_that_the_path_settles_does_not_fail() -> None:
    found = case(suites_of(migration_ask(), WITH_FIXES), "PATH-001")
    assert [each.tag for each in found] == ["system-out"]
    assert "(settled by C1)" in (found[0].text or "")


def test_a_lesser_finding_does_not_fail() -> None:
    found = case(suites_of(compatibility_ask("npm"), WITH_FIXES), "ENG-011")
    assert [each.tag for each in found] == ["system-out"]


def test_groups_of_connections() -> None:
    suites = suites_of(migration_ask(), WITH_FIXES)
    denied, unknown = suites[1].iter("testcase")
    assert denied.attrib == {
        "classname": "netverdict.newlyDenied",
        "name": "1. MIG-001: shop/Pod/front -> shop/Pod/back on TCP 8080",
    }
    assert denied[0].tag == "failure"
    assert denied[0].attrib["type"] == "MIG-001"
    assert "witness: shop/front -> shop/back TCP 8080" in (denied[0].text or "")
    assert unknown[0].tag == "skipped"


@pytest.mark.parametrize("manifests", [BLOCKED, WITH_FIXES, SAFE])
@pytest.mark.parametrize("ask", [migration_ask(), compatibility_ask("cilium:1.18")])
def test_the_counts(ask: ReportAsk, manifests: str) -> None:
    suites = suites_of(ask, manifests)
    assert len(suites) == (2 if ask.target else 1)
    for found in (suites, *suites):
        for count, path in (
            ("tests", ".//testcase"),
            ("failures", ".//failure"),
            ("skipped", ".//skipped"),
        ):
            assert int(found.attrib[count]) == len(found.findall(path))
        assert found.attrib["errors"] == "0"


def test_what_xml_cannot_hold() -> None:
    report, content = make(compatibility_ask("cilium:1.18"), WITH_FIXES)
    spoilt: tuple[dict[str, Any], ...] = tuple(
        {**each, "detail": "a\x00b\x1b]]> <x> \ud800"} for each in content.findings
    )
    text = render_junit(report, replace(content, findings=spoilt))
    found = case(ElementTree.fromstring(text), "FEAT-010")
    assert "a\ufffdb\ufffd]]> <x> \ufffd" in (found[0].text or "")
