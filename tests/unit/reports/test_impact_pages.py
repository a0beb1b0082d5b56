"""The exact connections of a migration: page after page, with filters and causes."""

from __future__ import annotations

from typing import Any

import pytest

from service.analysis.compare import Change
from service.analysis.filters import UnitFilter
from service.usecases import report_worker
from service.usecases.difference_queries import DifferenceFilter
from service.usecases.map_queries import Position
from service.usecases.map_worker import ContentNeeded, MapContent, MapKey
from service.usecases.report_worker import ImpactFilter, impact_page, make_report
from tests.unit.reports.making import make, migration_ask, stored
from tests.web.report_story import WITH_FIXES

EVERY = ImpactFilter()
Keys = tuple[MapKey, MapKey]


def pair(manifests: str = WITH_FIXES) -> tuple[Keys, MapContent]:
    (before, after), content = stored(manifests, "npm", "cilium:1.18")
    return (before, after), content


def lines(wanted: ImpactFilter = EVERY, size: int = 1000) -> list[dict[str, Any]]:
    keys, content = pair()
    found: list[dict[str, Any]] = []
    after: Position | None = None
    while True:
        page = impact_page(keys, (content, content), wanted, after, size, False)
        assert len(page.items) <= size
        found += page.items
        after = page.after
        if after is None:
            return found


def test_lines_are_those_that_the_report_counts() -> None:
    report, _ = make(migration_ask(), WITH_FIXES)
    found = lines()
    for change, pairs in report["impact"]["pairs"].items():
        ends = [
            (repr(each["source"]), repr(each["destination"]))
            for each in found
            if each["change"] == change
        ]
        assert len(ends) == pairs


def test_a_line_has_its_causes() -> None:
    (denied,) = [each for each in lines() if each["change"] == "newlyDenied"]
    (cause,) = denied["causes"]
    assert (cause["rule"], cause["direction"], cause["severity"]) == ("MIG-001", "Ingress", "High")
    assert cause["policies"][0]["policy"]["name"] == "back"
    assert denied["witness"]["port"] == 8080
    assert (denied["before"], denied["after"]) == ("Allow", "Deny")
    assert denied["decidedAfter"]["verdict"] == "Deny"


@pytest.mark.parametrize("size", [1, 2, 7])
def test_pages_of_any_size(size: int) -> None:
    assert lines(size=size) == lines()


def test_a_page_ends_after_enough_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ImpactFilter(rule="MIG-001")
    whole = lines(wanted)
    monkeypatch.setattr(report_worker, "_LOOKED_AT", 3)
    keys, content = pair()
    first = impact_page(keys, (content, content), ImpactFilter(rule="MIG-999"), None, 50, False)
    assert (first.items, first.after is None) == ((), False)
    assert lines(wanted) == whole != []


@pytest.mark.parametrize(
    ("wanted", "accepts"),
    [
        (ImpactFilter(rule="MIG-023"), lambda line: line["causes"][0]["rule"] == "MIG-023"),
        (ImpactFilter(rule="MIG-001"), lambda line: line["causes"][0]["rule"] == "MIG-001"),
        (ImpactFilter(rule=""), lambda line: not line["causes"]),
        (
            ImpactFilter(DifferenceFilter(Change.NEWLY_DENIED)),
            lambda line: line["change"] == "newlyDenied",
        ),
        (
            ImpactFilter(DifferenceFilter(source=UnitFilter(external=True))),
            lambda line: line["source"]["kind"] == "External",
        ),
        (
            ImpactFilter(DifferenceFilter(destination=UnitFilter(external=True))),
            lambda line: line["destination"]["kind"] == "External",
        ),
    ],
)
def test_filters(wanted: ImpactFilter, accepts: Any) -> None:
    assert lines(wanted) == list(filter(accepts, lines()))


def test_content_is_asked_for_once() -> None:
    keys, content = pair("# another revision\n" + WITH_FIXES)
    with pytest.raises(ContentNeeded):
        impact_page(keys, None, EVERY, None, 10, False)
    with pytest.raises(ContentNeeded):
        make_report(keys[0], None, migration_ask())
    report = make_report(keys[0], content, migration_ask())
    assert report == make_report(keys[0], None, migration_ask())
    assert impact_page(keys, None, EVERY, None, 10, False).items
