"""Reports as the service makes them: in an analysis process, which is handed stored content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from service.settings import Settings
from service.usecases import reports
from service.usecases.context import Context
from tests.web.conftest import Api
from tests.web.report_story import compatibility, migration, shop

__all__ = ["shop"]


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(database_url=sqlite_url, threads=2, analysis_processes=1)


@pytest.fixture(autouse=True)
def _no_process_is_left(context: Context) -> Iterator[None]:
    yield
    context.pool.close()


def test_reports_and_their_connections(shop: Api, context: Context) -> None:
    assert compatibility(shop, 2, engine="cilium")["verdict"] == "CompatibleWithFindings"
    made = migration(shop, 2)
    assert made["verdict"] == "SafeWithFixes"
    path = f"/v1/migration-reports/{made['id']}/impacts"
    found = shop.get(f"{path}?change=newlyDenied")["items"]
    accept = {"Accept": "application/x-ndjson"}
    streamed = shop("GET", f"{path}?change=newlyDenied", headers=accept)
    assert [json.loads(each) for each in streamed.get_data(as_text=True).splitlines()] == found
    assert [each["causes"][0]["rule"] for each in found] == ["MIG-001"]
    # Another process, as after a restart, comes to the same.
    context.pool.close()
    assert shop.get(f"{path}?change=newlyDenied")["items"] == found
    assert migration(shop, 2, 200) == made


def test_a_report_of_a_service_that_decided_otherwise(
    shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if another version had made it: its impact is not the one that is found now."""
    made_row = reports._row

    def older(*given: Any) -> Any:
        row = made_row(*given)
        row.impact_digest = f"sha256:{'0' * 64}"
        return row

    monkeypatch.setattr(reports, "_row", older)
    path = f"/v1/migration-reports/{migration(shop, 2)['id']}"
    assert shop.problem("GET", f"{path}/impacts", 409)["code"] == "ImpactChanged"
    assert shop.get(f"{path}/impacts/groups")["items"]
