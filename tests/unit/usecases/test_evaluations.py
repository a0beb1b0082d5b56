from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from service.manifests.selectors import parse_label_selector
from service.model.cluster import EngineChoice, NetworkProfile
from service.model.flow import AddressEnd, Flow, PodEnd, SelectorEnd
from service.usecases import clusters, evaluations, revisions
from service.usecases.context import Context
from service.usecases.errors import Invalid, InvalidParameter, NotFound
from service.usecases.evaluations import VerdictFilters
from service.usecases.paging import Cursor, PageRequest
from service.usecases.snapshots import evaluator_of
from service.usecases.views import EvaluationView
from tests.unit.usecases.stories import (
    CLIENT,
    FLOW,
    LABELLED_CLIENT,
    NAMESPACE,
    NPM,
    POLICY,
    SERVER,
    upload,
)

FROM_OUTSIDE = Flow(AddressEnd("203.0.113.9"), PodEnd("demo", "server"), "TCP", 80)
BACK = Flow(PodEnd("demo", "server"), PodEnd("demo", "client"), "UDP", 53)


@pytest.fixture(autouse=True)
def _revision(context: Context) -> None:
    clusters.create_cluster(context, "a", NPM)
    revisions.create_revision(context, "a", upload(NAMESPACE, SERVER, CLIENT, POLICY))


def _ask(context: Context, *flows: Flow, **options: Any) -> EvaluationView:
    return evaluations.evaluate_flows(context, "a", "latest", flows or (FLOW,), **options)


def test_verdicts_are_recorded_as_they_were_given(context: Context) -> None:
    made = _ask(context, FLOW, BACK)
    assert (made.cluster, made.revision, made.engine_name) == ("a", 1, "npm")
    assert [each.decision for each in made.verdicts] == ["Deny", "Allow"]
    assert made.decisions == {"Deny": 1, "Allow": 1}
    body = made.verdicts[0].body
    assert body["flow"]["source"] == {"namespace": "demo", "pod": "client"}
    assert body["ingress"]["isolatedBy"][0]["name"] == "demo-policy"
    assert evaluations.get_evaluation(context, made.id) == made


def test_a_recorded_verdict_outlives_whatever_happens_to_the_cluster(context: Context) -> None:
    made = _ask(context)
    clusters.patch_cluster(context, "a", {"engine": {"name": "none"}})
    revisions.create_revision(context, "a", upload(NAMESPACE, SERVER, LABELLED_CLIENT, POLICY))
    assert evaluations.get_evaluation(context, made.id) == made
    page = evaluations.list_verdicts(context, "a", "1", VerdictFilters(), PageRequest())
    assert page.items == made.verdicts


def test_a_cluster_that_takes_the_name_of_another_has_its_own_record(context: Context) -> None:
    before = _ask(context)
    clusters.delete_cluster(context, "a", cascade=True)
    clusters.create_cluster(context, "a", replace(NPM, engine=EngineChoice("none")))
    revisions.create_revision(context, "a", upload(NAMESPACE, SERVER, CLIENT, POLICY))
    after = _ask(context)
    assert (before.engine_name, after.engine_name) == ("npm", "none")
    clusters.patch_cluster(context, "a", {"engine": {"name": "calico"}})
    assert _ask(context).engine_name == "calico"


@pytest.mark.parametrize(
    ("choice", "engine", "decision"),
    [
        (None, "npm", "Deny"),
        (EngineChoice("azure"), "npm", "Deny"),
        (EngineChoice("calico"), "calico", "Deny"),
        (EngineChoice("none"), "none", "Allow"),
        (EngineChoice("cilium"), "cilium:1.17", "Deny"),
        (EngineChoice("cilium:1.16"), "cilium:1.16", "Deny"),
        (EngineChoice("kubernetes"), "kubernetes", "Deny"),
    ],
)
def test_the_engine_is_the_cluster_s_unless_one_is_named(
    context: Context, choice: EngineChoice | None, engine: str, decision: str
) -> None:
    made = _ask(context, engine=choice)
    assert (made.engine.partition(".9")[0].startswith(engine), made.verdicts[0].decision) == (
        True,
        decision,
    )


def test_a_cluster_without_an_engine_needs_one_named(context: Context) -> None:
    document = {
        "name": "b",
        "networkProfile": {"networkPolicy": "calico", "networkDataplane": "cilium"},
    }
    clusters.import_cluster(context, document)
    revisions.create_revision(context, "b", upload(NAMESPACE, SERVER, CLIENT))
    with pytest.raises(Invalid) as refused:
        evaluations.evaluate_flows(context, "b", "1", [FLOW])
    assert refused.value.code == "EngineNotKnown"
    made = evaluations.evaluate_flows(context, "b", "1", [FLOW], engine=EngineChoice("calico"))
    assert made.decisions == {"Allow": 1}


@pytest.mark.parametrize(
    "choice",
    [
        EngineChoice("weave"),
        EngineChoice("cilium", "0.9"),
        EngineChoice("cilium:1.17", "1.16"),
        EngineChoice("npm", None, {"colour": "red"}),
    ],
)
def test_engines_that_do_not_exist(context: Context, choice: EngineChoice) -> None:
    with pytest.raises(Invalid) as refused:
        _ask(context, engine=choice)
    assert [each.pointer for each in refused.value.errors] == ["/engine"]


def test_every_end_that_is_not_there_is_pointed_at(context: Context) -> None:
    nobody = SelectorEnd("demo", parse_label_selector("app=nobody"), "app=nobody")
    flows = [
        FLOW,
        Flow(PodEnd("demo", "ghost"), PodEnd("demo", "server"), "TCP", 80),
        Flow(PodEnd("demo", "client"), nobody, "TCP", 80),
        Flow(PodEnd("demo", "client"), PodEnd("demo", "server"), "TCP", "http"),
    ]
    with pytest.raises(Invalid) as refused:
        _ask(context, *flows)
    pointers = [each.pointer for each in refused.value.errors]
    assert pointers[:2] == ["/flows/1/source", "/flows/2/destination"]
    assert all(each.code and each.detail for each in refused.value.errors)
    page = evaluations.list_evaluations(context, "a", "1", PageRequest())
    assert page.items == ()


@pytest.mark.parametrize("flows", [[], [FLOW] * 1001])
def test_a_number_of_flows_that_is_not_taken(context: Context, flows: Sequence[Flow]) -> None:
    with pytest.raises(Invalid):
        evaluations.evaluate_flows(context, "a", "1", flows)


def test_a_dry_run_records_nothing(context: Context) -> None:
    would = _ask(context, dry_run=True)
    assert (would.id, would.verdicts[0].id, would.verdicts[0].decision) == ("", "", "Deny")
    assert evaluations.list_evaluations(context, "a", "1", PageRequest()).items == ()


@pytest.mark.parametrize("key", ["", "nothing", "a\x00", "\ud800"])
def test_evaluations_that_are_not_there(context: Context, key: str) -> None:
    _ask(context, dry_run=True)
    with pytest.raises(NotFound):
        evaluations.get_evaluation(context, key)


def test_evaluations_are_listed_newest_first_without_verdicts(context: Context) -> None:
    first = _ask(context)
    second = _ask(context, engine=EngineChoice("calico"))
    page = evaluations.list_evaluations(context, "a", "1", PageRequest())
    assert page.items == (second._replace(verdicts=()), first._replace(verdicts=()))
    for engine, ids in (("azure", [first.id]), ("calico", [second.id]), ("none", [])):
        found = evaluations.list_evaluations(context, "a", "1", PageRequest(), engine=engine)
        assert [each.id for each in found.items] == ids
    with pytest.raises(InvalidParameter):
        evaluations.list_evaluations(context, "a", "1", PageRequest(), engine="weave")


def _listed(context: Context, **filters: str) -> list[tuple[str, str]]:
    page = evaluations.list_verdicts(context, "a", "1", VerdictFilters(**filters), PageRequest())
    return [(each.body["flow"]["protocol"], each.engine.partition(":")[0]) for each in page.items]


def test_verdicts_can_be_filtered(context: Context) -> None:
    first = _ask(context, FLOW, BACK)
    cilium = EngineChoice("cilium", "1.16")
    _ask(context, FROM_OUTSIDE, engine=cilium)
    everything = [("TCP", "cilium"), ("UDP", "npm"), ("TCP", "npm")]
    assert _listed(context) == everything
    for filters, found in (
        ({"engine": "npm"}, everything[1:]),
        ({"engine": "cilium:1.16"}, everything[:1]),
        ({"engine": "cilium:1.17"}, []),
        ({"engine": "cilium:1.16?colour=red"}, []),
        ({"decision": "Allow"}, everything[1:2]),
        ({"source": "pod:demo/client"}, everything[2:]),
        ({"source": "ip:203.0.113.9"}, everything[:1]),
        ({"destination": "pod:demo/server"}, [everything[0], everything[2]]),
        ({"protocol": "udp"}, everything[1:2]),
        ({"port": "80"}, [everything[0], everything[2]]),
        ({"port": "http"}, []),
        ({"evaluation": first.id}, everything[1:]),
        ({"evaluation": "\x00"}, []),
        ({"source": "\ud800"}, []),
    ):
        assert _listed(context, **filters) == found
    for wrong in ({"decision": "Perhaps"}, {"engine": "weave"}):
        with pytest.raises(InvalidParameter):
            _listed(context, **wrong)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_pages_of_verdicts_are_stable(context: Context, size: int) -> None:
    expected = [each.id for _ in range(3) for each in _ask(context, FLOW, BACK).verdicts]
    seen: list[str] = []
    after: Cursor | None = None
    while True:
        page = evaluations.list_verdicts(
            context, "a", "1", VerdictFilters(), PageRequest(size, after)
        )
        seen += [each.id for each in page.items]
        if page.next_cursor is None:
            break
        after = page.next_cursor
        _ask(context)
    assert seen == expected[::-1]


def test_deleting_the_cluster_deletes_its_verdicts(context: Context) -> None:
    made = _ask(context)
    clusters.delete_cluster(context, "a", cascade=True)
    with pytest.raises(NotFound):
        evaluations.get_evaluation(context, made.id)


def test_a_revision_can_vanish_while_it_is_evaluated(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*arguments: Any) -> Any:
        evaluator = evaluator_of(*arguments)
        clusters.delete_cluster(context, "a", cascade=True)
        return evaluator

    monkeypatch.setattr("service.usecases.evaluations.evaluator_of", slow)
    with pytest.raises(NotFound):
        _ask(context)


def test_the_record_s_pod_ranges_settle_what_addresses_are(context: Context) -> None:
    """A pod without an address is none of 10.0.0.0/8 once pods are known to be elsewhere."""
    blocking = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: internal, namespace: demo}
spec:
  podSelector: {matchLabels: {app: server}}
  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]
"""
    revisions.create_revision(context, "a", upload(NAMESPACE, SERVER, CLIENT, blocking))
    assert _ask(context, engine=EngineChoice("kubernetes")).decisions == {"Unknown": 1}
    elsewhere = replace(NPM, network_profile=NetworkProfile(pod_cidrs=("192.168.0.0/16",)))
    clusters.replace_cluster(context, "a", elsewhere)
    assert _ask(context, engine=EngineChoice("kubernetes")).decisions == {"Deny": 1}
