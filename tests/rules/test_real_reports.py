"""Real manifests on AKS clusters of every engine: a report to each other engine, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from tests.corpus.mending import mended
from tests.corpus.test_real_maps import REAL, SETS, SUFFIXES, is_taken
from tests.rules.asking import make_report
from tests.rules.commands import check_commands, check_script, commands_of_path
from tests.rules.lines import confirm
from tests.shared_corpus import requires_corpus
from tests.web.conftest import Api, Json

pytestmark = [requires_corpus, pytest.mark.slow]

#: The engine that each of the cluster descriptions tells.
VARIANTS = {
    "npm": "derived-variant-azure-npm",
    "calico": "derived-variant-calico",
    "cilium": "derived-variant-cilium-overlay",
    "none": "derived-variant-byo-cni-none",
}
#: Connections of a report that are evaluated again, the first of its pages.
CONFIRMED = 200
DAY = "2026-11-22"


@cache
def content_of(name: str) -> bytes:
    """The objects of a set that an API server would take."""
    files: Iterable[Path] = sorted((REAL / name).rglob("*"))
    return mended(each for each in files if each.suffix in SUFFIXES and is_taken(each)).content


@pytest.fixture(scope="module")
def clusters(api: Api) -> dict[str, str]:
    """A cluster of each description; the engine is what the description says."""
    found = {}
    for engine, variant in VARIANTS.items():
        document = json.loads((REAL / "aks-show" / f"{variant}.json").read_text())
        # All four describe one cluster of Azure, and that can be registered once.
        document["id"] += engine
        name = f"real-{engine}"
        made = api.post(f"/v1/clusters:import?name={name}", document)
        assert made["cluster"]["engine"]["name"] == engine
        found[engine] = f"/v1/clusters/{name}"
    return found


@pytest.mark.parametrize("source", VARIANTS)
@pytest.mark.parametrize("name", SETS)
def test_reports_to_each_engine(api: Api, clusters: dict[str, str], name: str, source: str) -> None:
    made = api(
        "POST",
        f"{clusters[source]}/revisions",
        201,
        data=content_of(name),
        content_type="application/json",
    ).get_json()
    revision = f"{clusters[source]}/revisions/{made['number']}"
    texts: list[str] = []
    for target in VARIANTS:
        if target == source:
            continue
        asked = {"target": target, "asOf": DAY}
        found = make_report(api, f"{revision}/migration-reports", asked)
        check_numbers(found.body)
        assert found.body["source"]["name"] == source
        lines = api.get(f"{found.path}/impacts?pageSize={CONFIRMED}")["items"]
        counts = (found.body["impact"][each] for each in ("pairs", "serviceCalls"))
        assert bool(lines) == any(count for each in counts for count in each.values())
        assert all(each["causes"] for each in lines)
        if lines:
            confirm(api, revision, found.body, lines)
        again = api("POST", f"{revision}/migration-reports", 200, json=asked)
        assert again.get_json()["digest"] == found.body["digest"]
        path = list(commands_of_path(found.body["path"]))
        shell = api("GET", found.path, headers={"Accept": "text/x-shellscript"})
        check_script(shell.get_data(as_text=True), of_script(found.body["path"]))
        texts += path
    check_commands(texts)


def check_numbers(body: Json) -> None:
    """Nothing changes without a rule that says why."""
    impact = body["impact"]
    assert impact["unexplainedCount"] == 0
    assert impact["unexplained"] == []
    assert all(each["cause"] for each in impact["groups"])
    assert sum(impact["pairs"].values()) + sum(impact["serviceCalls"].values()) >= len(
        {json.dumps(each["witness"]) for each in impact["groups"]}
    )
    if body["path"]["support"] in {"Blocked", "NotSupported"}:
        assert body["verdict"] == "Blocked"
    elif body["verdict"] == "Blocked":
        assert body["severities"]["Blocker"]


def of_script(path: Json) -> list[str]:
    """What a script has of a path: everything but the remedies of what is not met."""
    return list(commands_of_path({**path, "prerequisites": []}))
