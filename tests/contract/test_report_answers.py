"""What reports answer is what openapi.yaml says, and nothing that it does not say."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import jsonschema_rs
import pytest

from service.app import create_app, create_context
from service.settings import Settings
from tests.web.conftest import Api
from tests.web.report_story import BLOCKED, FACTS, REVISIONS, SHOW, WITH_FIXES, YAML

Json = dict[str, Any]
_TARGETS = ("npm", "calico", "cilium", "none")


@pytest.fixture
def api(sqlite_url: str) -> Any:
    settings = Settings(database_url=sqlite_url, threads=2, analysis_processes=0)
    context = create_context(settings)
    made = Api(create_app(settings, context).test_client())
    made.post("/v1/clusters:import", SHOW)
    for text in (BLOCKED, WITH_FIXES):
        made("POST", REVISIONS, 201, data=text, content_type=YAML)
    yield made
    context.database.close()


@pytest.fixture(scope="module")
def closed(described: Json) -> Json:
    """The components with every object closed that lists its members."""
    components = deepcopy(described["components"])
    for schema in components["schemas"].values():
        if schema.get("type") == "object" and "properties" in schema:
            schema["additionalProperties"] = False
    return {"components": components}


def check(closed: Json, component: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{component}", **closed}
    faults = [
        (each.message[:300], list(each.instance_path))
        for each in jsonschema_rs.Draft202012Validator(schema).iter_errors(value)
    ]
    assert faults == []


@pytest.mark.parametrize("facts", [{}, FACTS], ids=["nothing told", "facts told"])
@pytest.mark.parametrize("engine", _TARGETS)
def test_compatibility_reports(api: Api, closed: Json, engine: str, facts: Json) -> None:
    path = f"{REVISIONS}/1/compatibility-reports"
    made = api.post(path, {"engine": engine, "facts": facts})
    check(closed, "CompatibilityReport", made)
    check(closed, "CompatibilityReportPage", api.get(path))
    found = api.get(f"/v1/compatibility-reports/{made['id']}/findings")
    check(closed, "ReportFindingPage", found)


@pytest.mark.parametrize("facts", [{}, FACTS], ids=["nothing told", "facts told"])
@pytest.mark.parametrize("target", _TARGETS)
@pytest.mark.parametrize("source", _TARGETS)
def test_migration_reports(api: Api, closed: Json, source: str, target: str, facts: Json) -> None:
    wish = {"source": source, "target": target, "facts": facts}
    path = f"{REVISIONS}/1/migration-reports"
    made = api.post(path, wish)
    check(closed, "MigrationReport", made)
    check(closed, "MigrationReportPage", api.get(path))
    resource = f"/v1/migration-reports/{made['id']}"
    for part, component in (
        ("findings", "ReportFindingPage"),
        ("impacts", "ImpactPage"),
        ("impacts/groups", "ImpactGroupPage"),
        ("remedies", "RemedyPage"),
    ):
        check(closed, component, api.get(f"{resource}/{part}?pageSize=1000"))


def test_readiness(api: Api, closed: Json) -> None:
    for revision in (1, 2):
        api.post(f"{REVISIONS}/{revision}/migration-reports", {"target": "cilium"})
    found = api.get("/v1/clusters/shop/readiness?target=cilium")
    assert len(found["items"]) == 2
    check(closed, "ReadinessPage", found)


def test_rules_and_runbooks(api: Api, closed: Json) -> None:
    check(closed, "RulePage", api.get("/v1/rules?pageSize=1000"))
    runbooks = api.get("/v1/runbooks")
    check(closed, "RunbookPage", runbooks)
    for each in runbooks["items"]:
        check(closed, "Runbook", api.get(f"/v1/runbooks/{each['id']}"))
