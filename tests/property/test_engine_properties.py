"""What holds of every engine, or of some, whatever the cluster."""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.analysis.evaluate import Evaluator, UnresolvedEnd
from service.engines.registry import engine_names
from service.model.flow import (
    AddressEnd,
    DestinationEnd,
    Flow,
    NodeEnd,
    PodEnd,
    SelectorEnd,
    ServiceEnd,
    SourceEnd,
    WorkloadEnd,
)
from service.model.labels import EVERYTHING as EVERY_LABEL
from service.model.verdict import Decision
from tests.builders import Manifest, evaluator, namespace, pod, service, snapshot
from tests.property.bounds import bounded
from tests.property.clusters import (
    EVERYTHING,
    NAMESPACES,
    OUTSIDE,
    UNSETTLED,
    Cluster,
    clusters,
    policies,
    rules,
)
from tests.property.ends import source_end

#: Versions that behave differently, and options.
PROFILES = [
    *engine_names(),
    "npm?fixes=2026-09",
    "calico:3.29",
    "cilium:1.14",
    "cilium:1.19",
    "cilium?policyEnforcement=always",
    "cilium?policyEnforcement=never",
    "cilium?sctp=enabled&cidrMatchMode=nodes&routing=tunnel",
]
#: How much gets through: a further rule may only go up.
RANK = {Decision.DENY: 0, Decision.UNKNOWN: 1, Decision.ALLOW: 2}
ASKED = (("TCP", 80), ("UDP", 53), ("SCTP", 81))


def _decisions(pipeline: Evaluator, cluster: Cluster) -> dict[object, Decision]:
    """The decisions on everything that has a way: two ends may share no address family."""
    verdicts = {
        (source, destination, protocol): pipeline.evaluate(
            Flow(source_end(source), source_end(destination), protocol, port)
        )
        for source, destination in product(cluster.ends, cluster.ends)
        if not source[0] == destination[0] == "ip"
        for protocol, port in ASKED
    }
    return {
        asked: found.decision
        for asked, found in verdicts.items()
        if "EndpointHasNoNetwork" not in {each.code for each in found.assumptions}
    }


@bounded(0.15)
@given(clusters(UNSETTLED))
def test_without_an_engine_everything_is_allowed(cluster: Cluster) -> None:
    found = _decisions(evaluator(snapshot(*cluster.manifests), "none"), cluster)
    assert set(found.values()) == {Decision.ALLOW}


@pytest.mark.parametrize("profile", PROFILES)
@bounded(0.04)
@given(clusters(EVERYTHING), policies(EVERYTHING, "elsewhere"))
def test_a_policy_of_another_namespace_changes_nothing(
    profile: str, cluster: Cluster, policy: Manifest
) -> None:
    policy["metadata"]["namespace"] = "elsewhere"
    inhabited = [*cluster.manifests, namespace("elsewhere"), pod("elsewhere/p9", ips=["10.0.0.9"])]
    before = _decisions(evaluator(snapshot(*inhabited), profile), cluster)
    after = _decisions(evaluator(snapshot(*inhabited, policy), profile), cluster)
    assert before == after


@pytest.mark.parametrize("profile", ["kubernetes", "npm", "npm?fixes=2026-09", "calico"])
@bounded(0.08)
@given(cluster=clusters(EVERYTHING), data=st.data())
def test_a_further_rule_denies_nothing(profile: str, cluster: Cluster, data: st.DataObject) -> None:
    """Rules only allow; what isolates is the policy's type, which stays as it was."""
    if not cluster.policies:
        return
    before = _decisions(evaluator(snapshot(*cluster.manifests), profile), cluster)
    grown = copy.deepcopy(cluster)
    spec = data.draw(st.sampled_from(grown.policies))["spec"]
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    section, field = data.draw(
        st.sampled_from([("ingress", "from"), ("egress", "to")]).filter(
            lambda each: each[0].capitalize() in types
        )
    )
    # NPM takes or refuses a policy as a whole. A rule `{}` would make it apply one that it
    # otherwise refuses, with all that isolates, and an IPv6 block would make it drop one whole.
    features = replace(EVERYTHING, ipv6=not profile.startswith("npm"))
    rule = data.draw(rules(features, field).filter(lambda each: each.get(field)))
    spec["policyTypes"] = types
    spec[section] = [*(spec.get(section) or []), rule]
    after = _decisions(evaluator(snapshot(*grown.manifests), profile), cluster)
    lost = [key for key in before if RANK[after[key]] < RANK[before[key]]]
    assert not lost


SERVICES = [
    service("red/named", {"app": "a"}, [{"port": 80, "targetPort": "http", "name": "web"}]),
    service("red/all", {"tier": "a"}, [{"port": 53, "protocol": "UDP"}], clusterIP="10.1.0.2"),
    service("green/headless", {"app": "a"}, [{"port": 80}], clusterIP="None"),
    service("green/outside", None, [{"port": 80}]),
    service("blue/alias", None, type="ExternalName", externalName="example.com"),
    service(
        "blue/balanced",
        {"app": "b"},
        [{"port": 443, "targetPort": 8080, "nodePort": 30443}],
        type="LoadBalancer",
        load_balancer_ips=["203.0.113.99"],
    ),
    service(
        "blue/local",
        {"app": "b"},
        [{"port": 443, "targetPort": 8080, "nodePort": 30444}],
        type="NodePort",
        externalTrafficPolicy="Local",
    ),
]


def _sources() -> st.SearchStrategy[SourceEnd]:
    places = st.sampled_from([*NAMESPACES, "nowhere"])
    names = st.sampled_from([f"p{number}" for number in range(1, 8)])
    addresses = [*OUTSIDE, "10.0.0.1", "fd00::2", "192.168.0.4", "10.1.0.2", "203.0.113.99", "x"]
    return st.one_of(
        st.builds(PodEnd, places, names),
        st.builds(WorkloadEnd, places, names.map("Pod/{}".format)),
        st.builds(SelectorEnd, places, st.just(EVERY_LABEL)),
        st.builds(NodeEnd, st.sampled_from(["n1", "n2", "n3"])),
        st.builds(AddressEnd, st.sampled_from(addresses)),
    )


def _destinations() -> st.SearchStrategy[DestinationEnd]:
    named = [each["metadata"] for each in SERVICES]
    services = st.sampled_from([*((m["namespace"], m["name"]) for m in named), ("red", "none")])
    called = st.builds(
        lambda place, backend, node: ServiceEnd(place[0], place[1], backend, node),
        services,
        st.sampled_from(["", "", "p1", "p2"]),
        st.sampled_from(["", "", "n1", "n2", "n3"]),
    )
    return st.one_of(_sources(), called)


FLOWS = st.builds(
    Flow,
    _sources(),
    _destinations(),
    st.sampled_from(["TCP", "TCP", "UDP", "SCTP", "ICMP", "ICMPv6", "UDPLite", "HTTP"]),
    st.sampled_from([None, 0, 53, 80, 443, 8080, 30443, 30444, 65536, "http", "web", "nothing"]),
)


@pytest.mark.parametrize("profile", PROFILES)
@bounded(0.08)
@given(clusters(UNSETTLED), st.lists(FLOWS, min_size=20, max_size=60))
def test_every_question_has_an_answer_or_a_named_fault(
    profile: str, cluster: Cluster, flows: list[Flow]
) -> None:
    pipeline = evaluator(snapshot(*cluster.manifests, *SERVICES), profile)
    faults: list[UnresolvedEnd] = []
    for flow in flows:
        try:
            verdict = pipeline.evaluate(flow)
        except UnresolvedEnd as unresolved:
            faults.append(unresolved)
            continue
        # An Unknown names what it depends on, and nothing else does.
        assert bool(verdict.assumptions) == (verdict.decision is Decision.UNKNOWN), flow
        if verdict.groups:
            assert {each.decision for each in verdict.groups} <= {verdict.decision} or (
                verdict.decision is Decision.UNKNOWN
            )
    assert {each.side for each in faults} <= {"source", "destination", "protocol", "port"}
    assert all(each.code and each.detail for each in faults)
