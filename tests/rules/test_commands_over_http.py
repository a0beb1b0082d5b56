"""Commands of reports and runbooks as the API answers them."""

from __future__ import annotations

from itertools import permutations

import pytest

from service.analysis.paths.runbooks import parameters_of, runbook_ids
from service.model.cluster import ClusterRecord, Ipam
from tests.rules.asking import pages, report
from tests.rules.commands import (
    check_commands,
    check_script,
    commands_of_path,
    commands_of_runbook,
)
from tests.unit.rulebook.feat_cases import DB, L1, block, egress
from tests.unit.rulebook.questions import NOTHING, cluster, linux, question, windows
from tests.web.conftest import Api

RECORDS = {
    "node subnet": cluster(),
    "overlay": cluster(mode="overlay"),
    "pod subnet": cluster(pools=(linux(pod_subnet_id="/x"),)),
    "kubenet": cluster("kubenet", identity_type="SystemAssigned", kubernetes="1.26.0"),
    "windows": cluster(pools=(linux(), windows())),
    "auto-provisioning": cluster(provisioning="Auto"),
    "nothing told": NOTHING,
    "a hard name": cluster(resource_group='it\'s $(a) "group" `b` #c', resource_id=None),
}
ENGINES = ("npm", "calico", "cilium", "none")


@pytest.mark.parametrize(("source", "target"), list(permutations(ENGINES, 2)))
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_commands_of_a_report(api: Api, source: str, target: str, record: ClusterRecord) -> None:
    """With remedies for afterwards where there are any, and on the way to overlay too."""
    manifests = (DB, L1, block("192.168.0.0/24"), egress("{ports: [{port: 443}]}", "{}") | NAMED)
    texts: list[str] = []
    for ipam in (None, Ipam.OVERLAY):
        found = report(
            api,
            question(
                *manifests,
                source=source,
                engine=target,
                record=record,
                ipam=ipam,
                pod_cidr="10.244.0.0/16" if ipam else None,
                plans_l7=True,
            ),
        )
        path = found.body["path"]
        script = api("GET", found.path, headers={"Accept": "text/x-shellscript"})
        check_script(script.get_data(as_text=True), commands_of_path({**path, "prerequisites": []}))
        texts += commands_of_path(path)
        if path["steps"]:
            assert path["support"] != "NotSupported"
            assert any("az aks" in each for each in texts)
        else:
            assert path["support"] in {"NotSupported", "NothingToDo"}
    check_commands(texts)


def test_a_blocked_change_is_not_begun(api: Api) -> None:
    """NPM on Windows nodes is past its end: no step is refused, and it is wrong all the same."""
    asked = question(source="none", engine="npm", record=RECORDS["windows"])
    found = report(api, asked)
    script = api("GET", found.path, headers={"Accept": "text/x-shellscript"}).get_data(as_text=True)
    head = script.partition("# 1. ")[0]

    assert (found.body["verdict"], found.body["path"]["support"]) == ("Blocked", "InPlace")
    assert "echo 'The report says Blocked: ENG-009: " in head
    assert "exit 1" in head


#: Two policies that select the same pods.
NAMED = {"metadata": {"name": "to-443", "namespace": "shop"}}


@pytest.mark.parametrize("runbook", runbook_ids())
def test_commands_of_a_runbook(api: Api, runbook: str) -> None:
    values = {name: f'a {name}\'s "value"' for name in parameters_of(runbook)}
    for query in ({}, values):
        found = api.get(f"/v1/runbooks/{runbook}", query_string={**query, "asOf": "2026-11-22"})
        texts = list(commands_of_runbook(found))

        assert texts
        check_commands(texts)
        if not query:
            assert found["requests"] or not values


def test_every_runbook_is_listed(api: Api) -> None:
    assert [each["id"] for each in pages(api, "/v1/runbooks", {})] == list(runbook_ids())
