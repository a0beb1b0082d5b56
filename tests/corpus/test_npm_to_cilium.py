"""Microsoft's own cases: the same flags, and what is proved about each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from service.analysis.rulebook.inputs import RuleInput
from service.analysis.stated import StatedFacts
from service.analysis.validator.view import Row, rows_of
from service.manifests.faults import UploadRefused
from service.model.cluster import ClusterRecord, NetworkProfile
from service.model.engine import EngineProfile, Version
from service.model.inventory import ContainerPort, Node, Pod
from service.model.labels import Operator
from service.model.network_policy import NetworkPolicy, PolicyType
from tests.builders import snapshot
from tests.corpus.npm_to_cilium import (
    CASES,
    ROWS,
    objects_of,
    raw_snapshot,
    with_expressions,
)
from tests.shared_corpus import requires_corpus

RANGES = ClusterRecord(network_profile=NetworkProfile(pod_cidrs=("10.244.0.0/16",)))


def question(case: dict[str, Any], *, settled: bool = False) -> RuleInput:
    """A move to Cilium 1.18; `settled` adds a pod for each policy and Service, and a node."""
    snapshot = raw_snapshot(case)
    if settled:
        inventory = replace(
            snapshot.inventory,
            pods=tuple(pods_for(snapshot.policy_set.policies, snapshot.inventory.services)),
            nodes=(Node("n1", ("192.168.0.4",)),),
        )
        snapshot = replace(snapshot, inventory=inventory)
    return RuleInput(
        date(2026, 11, 22),
        snapshot,
        EngineProfile("cilium", Version(1, 18)),
        RANGES,
        StatedFacts(node_cidrs=("192.168.0.0/24",)),
        source=EngineProfile("npm"),
        with_expressions=with_expressions(case),
    )


def pods_for(policies: Any, services: Any) -> Any:
    wanted: dict[tuple[str, tuple[tuple[str, str], ...]], None] = {}
    names: set[str] = set()
    for policy in policies:
        assert isinstance(policy, NetworkPolicy)
        labels = {
            each.key: each.values[0]
            for each in policy.pod_selector.requirements
            if each.operator is Operator.IN
        }
        wanted[policy.ref.namespace, tuple(sorted(labels.items()))] = None
        for kind in PolicyType:
            for rule in policy.rules(kind):
                names.update(port.port for port in rule.ports if isinstance(port.port, str))
    for service in services:
        if service.selector:
            wanted[service.namespace, tuple(sorted(service.selector.items()))] = None
    ports = tuple(ContainerPort(8080 + at, name=name) for at, name in enumerate(sorted(names)))
    for number, (namespace, pairs) in enumerate(sorted(wanted)):
        yield Pod(
            namespace,
            f"pod-{number}",
            dict(pairs),
            addresses=(f"10.244.1.{number + 1}",),
            node="n1",
            ports=ports,
        )


def row_of(case: dict[str, Any], *, settled: bool = False) -> Row:
    """The row that a case is about."""
    wanted = ROWS[case["expected"]["check"]]
    (row,) = [each for each in rows_of(question(case, settled=settled)) if each.id == wanted]
    return row


IDS = [each["id"].removeprefix("npm/Test") for each in CASES]

#: What is proved of each flag: first from the objects of the case and the ranges of the cluster
#: alone, then with a pod for each policy and Service.
CONFIRMED, UNPROVEN = "Confirmed", "Unproven"
FP1, FP3, FP5, FP6, FP7 = (f"Harmless FP{number}" for number in (1, 3, 5, 6, 7))
TRAFFIC = "GetExternalTrafficPolicyClusterServices"
MARKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # Cilium 1.18 honours endPort.
    "GetEndportNetworkPolicies/2": ((FP1,), (FP1,)),
    "GetEndportNetworkPolicies/3": ((FP1,), (FP1,)),
    "GetEndportNetworkPolicies/4": ((FP1, FP1), (FP1, FP1)),
    # The blocks lie over the node subnet and the pod range.
    "GetCIDRNetworkPolicies/3": ((CONFIRMED,), (CONFIRMED,)),
    "GetCIDRNetworkPolicies/4": ((CONFIRMED,) * 2, (CONFIRMED,) * 2),
    "GetCIDRNetworkPolicies/5": ((CONFIRMED,) * 4, (CONFIRMED,) * 4),
    "GetCIDRNetworkPolicies/6": ((CONFIRMED,) * 4, (CONFIRMED,) * 4),
    # Ingress names are looked up per pod; egress names need the pods to be judged.
    "GetNamedPortPolicies/2": ((FP3,), (FP3,)),
    "GetNamedPortPolicies/4": ((UNPROVEN,), (FP3,)),
    "GetNamedPortPolicies/6": ((FP3, UNPROVEN), (FP3, FP3)),
    "GetNamedPortPolicies/7": ((FP3, UNPROVEN) * 2, (FP3,) * 4),
    "GetNamedPortPolicies/8": ((FP3, FP3, UNPROVEN, UNPROVEN), (FP3,) * 4),
    # Whoever is selected loses the own node.
    "GetEgressPolicies/4": ((UNPROVEN,), (CONFIRMED,)),
    "GetEgressPolicies/6": ((UNPROVEN,), (CONFIRMED,)),
    "GetEgressPolicies/7": ((UNPROVEN,) * 3, (CONFIRMED,) * 3),
    f"{TRAFFIC}/12": ((CONFIRMED,), (CONFIRMED,)),
    # Services without a selector: their endpoints are nowhere in the input.
    f"{TRAFFIC}/13": ((UNPROVEN,), (UNPROVEN,)),
    f"{TRAFFIC}/24": ((UNPROVEN,), (UNPROVEN,)),
    f"{TRAFFIC}/14": ((CONFIRMED,), (CONFIRMED,)),
    # The policy asks for more labels than the selector, and opens everything to whom it selects.
    f"{TRAFFIC}/17": ((FP7,), (FP7,)),
    f"{TRAFFIC}/18": ((CONFIRMED,), (CONFIRMED,)),
    # The names of the policy and of the Service are those of the same ports.
    f"{TRAFFIC}/19": ((UNPROVEN,), (FP6,)),
    # A Service that names no port.
    f"{TRAFFIC}/22": ((UNPROVEN,), (UNPROVEN,)),
    f"{TRAFFIC}/29": ((CONFIRMED,), (CONFIRMED,)),
    # The labels of the first Service and of the policy exclude each other.
    f"{TRAFFIC}/31": ((FP5, CONFIRMED, CONFIRMED), (FP5, CONFIRMED, CONFIRMED)),
    f"{TRAFFIC}/32": ((FP5, CONFIRMED, CONFIRMED), (FP5, CONFIRMED, CONFIRMED)),
}

#: Target port 0 is turned into the port by the API server, and policies with port 0 are refused,
#: so no cluster holds these objects and nothing is to be proved of them.
NOT_STORABLE = {f"{TRAFFIC}/27", f"{TRAFFIC}/28"}


@requires_corpus
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_flags_are_those_of_the_tool(case: dict[str, Any]) -> None:
    found: dict[str, list[str]] = {}
    for flag in row_of(case).flags:
        found.setdefault(flag.direction or "UnsafeServices", []).append(flag.subject)
    expected = {key: sorted(names) for key, names in case["expected"]["flagged"].items() if names}

    assert {key: sorted(names) for key, names in found.items()} == expected


@requires_corpus
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_each_flag_is_confirmed_or_harmless_with_a_reason(case: dict[str, Any]) -> None:
    name = case["id"].removeprefix("npm/Test")
    for settled, place in ((False, 0), (True, 1)):
        proofs = [each.proof for each in row_of(case, settled=settled).flags]
        assert all(each.reason for each in proofs)
        if name in NOT_STORABLE:
            continue
        marks = tuple(f"{each.mark.value} {each.code}".strip() for each in proofs)
        assert marks == MARKS.get(name, ((), ()))[place]


@requires_corpus
def test_every_kind_of_false_positive_but_one_is_in_the_cases() -> None:
    codes = {mark.partition(" ")[2] for marks in MARKS.values() for each in marks for mark in each}

    # FP2 (blocks outside) and FP4 (another rule opens everything) are shown in the unit tests.
    assert codes - {""} == {"FP1", "FP3", "FP5", "FP6", "FP7"}


@requires_corpus
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_reader_changes_no_flag(case: dict[str, Any]) -> None:
    name = case["id"].removeprefix("npm/Test")
    try:
        found = snapshot(*objects_of(case))
    except UploadRefused:
        assert name in REFUSED
        return
    assert name not in REFUSED
    asked = replace(question(case), snapshot=found)
    read = {row.id: [each.subject for each in row.flags] for row in rows_of(asked)}
    raw = {row.id: [each.subject for each in row.flags] for row in rows_of(question(case))}

    if name == f"{TRAFFIC}/27":
        assert not read["V5"], "target port 0 became the port, which the policy opens"
        return
    assert {row: sorted(names) for row, names in read.items()} == {
        row: sorted(names) for row, names in raw.items()
    }


#: Port 0, or several Service ports without names: the API server refuses them too.
REFUSED = {f"{TRAFFIC}/{number}" for number in (18, 26, 28, 31, 32)}
