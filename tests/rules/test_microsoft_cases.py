"""Microsoft's check over HTTP: its flags, what is proved of each, and what it does not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from service.model.inventory import Pod
from tests.builders import Manifest, node, pod, profile
from tests.corpus.npm_to_cilium import CASES, ROWS, objects_of, raw_snapshot
from tests.corpus.test_npm_to_cilium import (
    IDS,
    MARKS,
    NOT_STORABLE,
    RANGES,
    REFUSED,
    TRAFFIC,
    pods_for,
)
from tests.rules.asking import choice, make_report, register, report, report_on, upload
from tests.shared_corpus import requires_corpus
from tests.unit.rulebook.questions import Question
from tests.unit.rulebook.test_validator import CAUGHT
from tests.web.conftest import Api, Json

CILIUM = profile("cilium:1.18")
FACTS = {"nodeCidrs": ["192.168.0.0/24"]}


def manifest_of(found: Pod) -> Manifest:
    ports = " ".join(f"{each.name}={each.number}" for each in found.ports)
    place = f"{found.namespace}/{found.name}"
    return pod(place, found.labels, ips=found.addresses, on=found.node or "", ports=ports)


def cluster_of(case: dict[str, Any]) -> Iterator[Manifest]:
    """A pod for each policy and Service of a case, and a node."""
    snapshot = raw_snapshot(case)
    yield node("n1", "192.168.0.4")
    for each in pods_for(snapshot.policy_set.policies, snapshot.inventory.services):
        yield manifest_of(each)


def view_of(api: Api, *manifests: Manifest) -> Json:
    revision = upload(api, register(api, RANGES, profile("npm")), manifests)
    body = {"engine": choice(CILIUM), "facts": FACTS}
    found = make_report(api, f"{revision}/compatibility-reports", body)
    view: Json = found.body["microsoftValidator"]
    return view


def row_of(view: Json, case: dict[str, Any]) -> Json:
    wanted = ROWS[case["expected"]["check"]]
    (row,) = [each for each in view["rows"] if each["id"] == wanted]
    return dict(row)


def flags_of(row: Json) -> dict[str, list[str]]:
    """Who is flagged, as the cases list it."""
    found: dict[str, list[str]] = {}
    for flag in row["flags"]:
        found.setdefault(flag.get("direction", "UnsafeServices"), []).append(flag["subject"])
    return {key: sorted(names) for key, names in found.items()}


@requires_corpus
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_flags_and_what_is_proved_of_them(api: Api, case: dict[str, Any]) -> None:
    name = case["id"].removeprefix("npm/Test")
    objects = objects_of(case)
    if name in REFUSED:
        refuse(api, objects)
        return
    expected = {key: sorted(names) for key, names in case["expected"]["flagged"].items() if names}
    if name == f"{TRAFFIC}/27":
        # Target port 0 became the port, which the policy opens, as in a cluster.
        expected = {}
    for settled, place in ((False, 0), (True, 1)):
        view = view_of(api, *objects, *(cluster_of(case) if settled else ()))
        row = row_of(view, case)

        assert flags_of(row) == expected
        assert row["count"] == len(row["flags"])
        assert row["compatible"] == (not row["flags"])
        assert all(each["reason"] for each in row["flags"])
        if name not in NOT_STORABLE:
            marks = [f"{each['mark']} {each.get('code', '')}".strip() for each in row["flags"]]
            # Policies are listed by name here, in the tool in the order of its input.
            assert sorted(marks) == sorted(MARKS.get(name, ((), ()))[place])


def refuse(api: Api, objects: list[Manifest]) -> None:
    """No API server would store these, so no cluster holds them; the tool's tests do."""
    cluster = register(api, RANGES, profile("npm"))
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    problem = api.problem("POST", f"{cluster}/revisions", 422, json=listed)
    assert all("/spec/" in each["pointer"] for each in problem["errors"])


@pytest.mark.parametrize(("spot", "rules", "asked"), CAUGHT)
def test_what_the_tool_does_not_see_is_caught(
    api: Api, spot: str, rules: set[str], asked: Question
) -> None:
    found = report(api, asked)

    for rule in rules:
        answer = found.answer(rule)
        assert answer is not None, rule
        assert answer["outcome"] == "Hit"
        assert found.findings(rule)
    if rules:
        return
    # Where the tool ends itself, there is simply a report.
    assert found.body["verdict"] in {"Safe", "SafeWithFixes", "Unsafe", "Unknown"}


#: What the report on an engine alone says of it: there is no plan, and the source is NPM.
SEEN_ALONE = [
    (spot, rules - {"PATH-001", "MIG-022"}, asked)
    for spot, rules, asked in CAUGHT
    if not rules or rules - {"PATH-001", "MIG-022"}
]


@pytest.mark.parametrize(("spot", "rules", "asked"), SEEN_ALONE)
def test_the_view_names_what_the_tool_does_not_see(
    api: Api, spot: str, rules: set[str], asked: Question
) -> None:
    assert asked.source is not None
    revision = upload(api, register(api, asked.cluster, asked.source), asked.manifests)
    found = report_on(api, revision, replace(asked, source=None, target=None, plan=None))
    (named,) = [
        each for each in found.body["microsoftValidator"]["blindSpots"] if each["id"] == spot
    ]

    assert named["outcome"] == "Hit"
    assert rules <= set(named["hits"])


def test_every_blind_spot_is_answered(api: Api) -> None:
    spots = view_of(api)["blindSpots"]

    assert [each["id"] for each in spots] == [f"FN{number}" for number in range(1, 15)]
    # An upload is read whole or refused, with the defaults added, so these cannot happen.
    assert {"FN13", "FN14"} <= {each["id"] for each in spots if each["outcome"] == "Clear"}
    assert all(each["detail"] for each in spots)
