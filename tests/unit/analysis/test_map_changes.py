"""What differs between two maps: connections, and workloads that came and went."""

from __future__ import annotations

import pytest

from service.analysis.compare import Change, compare
from service.analysis.witness import Court, witness_of
from service.engines.registry import compile_pipeline
from service.model.flow import PodEnd
from service.model.verdict import Decision
from service.usecases.flow_json import describe_end
from tests.builders import Manifest, deployment, network_policy, node, pod, profile, snapshot
from tests.unit.analysis.maps import changes_of, compared, solved_of

WEB = pod("shop/web", {"app": "web"}, ips=["10.0.0.1"])
DB = pod("shop/db", {"app": "db"}, ips=["10.0.0.2"])
MON = pod("shop/mon", {"app": "mon"}, ips=["10.0.0.3"])
CLOSED = network_policy("{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}")
OPEN_80 = network_policy(
    "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}],"
    " ports: [{port: 80}]}]}"
)
REST = "TCP 1-79,81-65535; UDP any port; SCTP any port"
ALL = "TCP any port; UDP any port; SCTP any port"
WORLD = "0.0.0.0-255.255.255.255"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [], []),
        ([CLOSED], [CLOSED], []),
        (
            [],
            [OPEN_80],
            [
                f"newlyDenied {WORLD} -> shop/Pod/db {ALL}",
                f"newlyDenied shop/Pod/web -> shop/Pod/db {REST}",
            ],
        ),
        ([CLOSED], [OPEN_80], ["newlyAllowed shop/Pod/web -> shop/Pod/db TCP 80"]),
        ([OPEN_80], [CLOSED], ["newlyDenied shop/Pod/web -> shop/Pod/db TCP 80"]),
    ],
)
def test_policies(before: list[Manifest], after: list[Manifest], expected: list[str]) -> None:
    found = compared([WEB, DB, *before], [WEB, DB, *after], "kubernetes")
    assert changes_of(found) == expected
    assert (found.came, found.went) == ((), ())


def test_workloads_that_came_and_went_are_named() -> None:
    found = compared([WEB, DB], [DB, MON], "kubernetes")
    assert [str(each) for each in found.came] == ["shop/Pod/mon"]
    assert [str(each) for each in found.went] == ["shop/Pod/web"]
    changes = changes_of(found)
    assert f"newlyAllowed shop/Pod/mon -> shop/Pod/db {ALL}" in changes
    assert f"newlyDenied shop/Pod/web -> shop/Pod/db {ALL}" in changes
    assert not any("web" in each and "mon" in each for each in changes)


def _replica(place: str, template: str, ip: str) -> Manifest:
    return pod(
        f"{place}-{template}-x",
        {"app": "web", "pod-template-hash": template},
        ips=[ip],
        owner=f"ReplicaSet/{place.partition('/')[2]}-{template}",
    )


def test_a_new_template_is_not_a_new_workload() -> None:
    old, new = _replica("shop/web", "5d9c", "10.0.0.7"), _replica("shop/web", "77fb", "10.0.0.8")
    same = compared([old, DB, CLOSED], [new, DB, CLOSED], "kubernetes")
    assert (changes_of(same), same.came, same.went) == ([], (), ())
    opened = compared([old, DB, CLOSED], [new, DB, OPEN_80], "kubernetes")
    assert changes_of(opened) == ["newlyAllowed shop/ReplicaSet/web-77fb -> shop/Pod/db TCP 80"]


NODES = [node("n1", "192.168.0.4"), node("n2", "192.168.0.5")]
ISOLATED = network_policy("{podSelector: {}, policyTypes: [Ingress]}")


def _web_on(place: str) -> Manifest:
    return pod("shop/web", {"app": "web"}, ips=["10.0.0.1"], on=place)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # A pod's own node reaches it in spite of the policy. Which node that is nobody knows.
        (
            [_web_on("")],
            [_web_on(""), ISOLATED],
            {"node n1": "newlyUnknown None", "node n2": "newlyUnknown None"},
        ),
        ([_web_on("n1")], [_web_on("n1"), ISOLATED], {"node n2": "newlyDenied False"}),
        # Where only one of the maps knows the pod's node, the other one does not settle it.
        (
            [_web_on(""), ISOLATED],
            [_web_on("n1"), ISOLATED],
            {"node n1": "newlyAllowed True", "node n2": "newlyDenied False"},
        ),
        (
            [_web_on("n1"), ISOLATED],
            [_web_on(""), ISOLATED],
            {"node n1": "newlyUnknown True", "node n2": "newlyUnknown False"},
        ),
    ],
)
def test_a_pod_that_is_not_placed_and_the_nodes(
    before: list[Manifest], after: list[Manifest], expected: dict[str, str]
) -> None:
    """Each pair is stated once, and a witness confirms it."""
    manifests = [*NODES, *before], [*NODES, *after]
    found = compared(*manifests, "kubernetes")
    courts = [
        Court(solved_of(snapshot(*each), "kubernetes").connectivity.pipeline) for each in manifests
    ]
    stated: dict[str, list[str]] = {}
    for block in found.blocks:
        assert found.pairs(block) == len(list(found.differences(block)))
        for each in found.differences(block):
            witness = witness_of(each, *courts)
            assert witness.before is not None
            assert witness.after is not None
            said = witness.before.decision, witness.after.decision
            assert said == (block.before, block.after)
            if each.source.is_node:
                said_of = stated.setdefault(str(each.source), [])
                said_of.append(f"{block.change} {each.same_node}")
    assert stated == {source: [each] for source, each in expected.items()}


def _replicas(*names: str, on: str = "") -> list[Manifest]:
    """Pods of one owner, of which policies tell apart those that are canaries."""
    return [
        pod(
            f"shop/{name}",
            {"app": "web", "track": "canary" if "canary" in name else "stable"},
            ips=[f"10.0.0.{number + 1}"],
            owner="StatefulSet/web",
            on=on,
        )
        for number, name in enumerate(names)
    ]


CANARY = "shop/StatefulSet/web (variant 2)"
CANARY_CLOSED = network_policy(
    "{podSelector: {matchLabels: {track: canary}}, policyTypes: [Ingress]}"
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # Who stays keeps its answers, whoever of its owner goes or comes.
        (["web-0", "web-1-canary"], ["web-0"], []),
        # What is new beside them is held against them.
        (
            ["web-0"],
            ["web-0", "web-1-canary"],
            [
                f"newlyDenied shop/Pod/db -> {CANARY} {ALL}",
                f"newlyDenied shop/StatefulSet/web (variant 1) -> {CANARY} {ALL}",
            ],
        ),
        (["canary-0", "web-1"], ["canary-0"], []),
        # Pods that were all replaced are told by their owner.
        (["web-0", "web-1"], ["web-2", "web-3"], []),
        (["web-0"], ["web-1-canary"], [f"newlyDenied shop/Pod/db -> shop/StatefulSet/web {ALL}"]),
    ],
)
def test_pods_of_one_owner_that_policies_tell_apart(
    before: list[str], after: list[str], expected: list[str]
) -> None:
    first, second = ([DB, *_replicas(*names), CANARY_CLOSED] for names in (before, after))
    found = compared(first, second, "kubernetes")
    stated = []
    for block in found.blocks:
        told = [(each.source, each.destination) for each in found.differences(block)]
        assert len(told) == len(set(told)) == found.pairs(block)
        stated += [
            f"{block.change} {each.source} -> {each.destination} {ALL}"
            for each in found.differences(block)
            if each.source.is_workload and each.destination.is_workload
        ]
    assert sorted(stated) == expected
    assert (found.came, found.went) == ((), ())


def test_a_node_that_one_map_knows_counts_for_its_pods_alone() -> None:
    """One of two pods is not placed any more: it ran on the node that the first map tells."""
    first, second = _replicas("web-0", on="n1"), _replicas("none", "web-1", on="n2")[1:]
    lost = _replicas("none", "web-1")[1:]
    before, after = ([*NODES, *first, *each, ISOLATED] for each in (second, lost))
    found = compared(before, after, "kubernetes")
    assert {
        (str(each.source), str(block.change), each.same_node)
        for block in found.blocks
        for each in found.differences(block)
        if each.source.is_node
    } == {("node n1", "newlyUnknown", False), ("node n2", "newlyUnknown", True)}


def test_a_pod_that_goes_to_the_network_of_its_node() -> None:
    before = [*NODES, pod("shop/web", on="n1"), pod("shop/db", on="n1"), pod("shop/far", on="n2")]
    after = [*NODES, pod("shop/web", on="n1", hostNetwork=True), *before[-2:]]
    assert changes_of(compared(before, after, "kubernetes")) == []
    # Policies do not apply to it any more, and it reaches the pods that run on its node.
    opened = [
        f"{source} -> shop/Pod/web {ALL}"
        for source in ("0.0.0.0-255.255.255.255", "node n2", "shop/Pod/db", "shop/Pod/far")
    ]
    opened.append(f"shop/Pod/web -> shop/Pod/db {ALL}")
    for change, first, second in (("newlyAllowed", before, after), ("newlyDenied", after, before)):
        found = changes_of(compared([*first, ISOLATED], [*second, ISOLATED], "calico"))
        assert [each for each in found if "::" not in each] == sorted(
            f"{change} {each}" for each in opened
        )


def test_an_answer_that_becomes_open() -> None:
    policy = network_policy(
        "{podSelector: {matchLabels: {app: db}},"
        " ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24}}]}]}"
    )
    unknown = pod("shop/web", {"app": "web"})
    found = compared([WEB, DB, policy], [unknown, DB, policy], "kubernetes")
    assert changes_of(found) == [f"newlyUnknown shop/Pod/web -> shop/Pod/db {ALL}"]
    assert {each.code for block in found.blocks for each in block.assumptions} == {"AddressUnknown"}


def test_a_witness_shows_both_sides() -> None:
    base = [WEB, DB]
    found = compared(base, [*base, OPEN_80], "kubernetes")
    courts = [
        Court(solved_of(snapshot(*each), "kubernetes").connectivity.pipeline)
        for each in (base, [*base, OPEN_80])
    ]
    ((block, difference),) = [
        (block, pair)
        for block in found.blocks
        for pair in found.differences(block)
        if pair.source.is_workload
    ]
    assert block.change is Change.NEWLY_DENIED
    witness = witness_of(difference, *courts)
    assert witness.flow.source == PodEnd("shop", "web")
    assert (witness.flow.protocol, witness.flow.port) == ("TCP", 1)
    assert witness.before is not None
    assert witness.after is not None
    assert witness.before.decision is Decision.ALLOW
    assert witness.after.decision is Decision.DENY
    (evidence,) = witness.after.ingress.evidence
    assert evidence.policy is not None
    assert (evidence.policy.name, evidence.rule) == ("policy", "/spec/ingress/0")


def test_a_witness_of_what_is_on_one_side_only() -> None:
    found = compared([DB], [WEB, DB], "kubernetes")
    courts = [
        Court(solved_of(snapshot(*each), "kubernetes").connectivity.pipeline)
        for each in ([DB], [WEB, DB])
    ]
    told = [(block, each) for block in found.blocks for each in found.differences(block)]
    assert told
    for block, each in told:
        witness = witness_of(each, *courts)
        assert witness.before is None
        assert witness.after is not None
        assert witness.after.decision is block.after


def _worker(name: str, on: str, label: str = "x", *, host: bool = False, **more: str) -> Manifest:
    labels = {"app": label, **more}
    return pod(f"shop/{name}", labels, owner="DaemonSet/w", on=on, hostNetwork=host)


def test_variants_that_become_one_keep_their_own_nodes() -> None:
    closed = network_policy("{podSelector: {matchLabels: {app: y}}, policyTypes: [Ingress]}")
    first = [*NODES, _worker("w-0", "n1", "y"), _worker("w-1", "n2")]
    second = [*NODES, _worker("w-0", "n1", "y"), _worker("w-1", "n2", z="1")]
    found = compared([*first, closed], second, "npm")
    told = {
        (str(each.source), each.same_node)
        for block in found.blocks
        for each in found.differences(block)
        if each.source.is_node
    }
    # The node that w-0 runs on reached it before.
    assert told == {("node n2", False)}


WEB_2 = pod("shop/web-2", {"app": "other"}, on="n2")


@pytest.mark.parametrize(
    ("before", "after", "question", "told"),
    [
        pytest.param(
            [_worker("w-0", "n1")],
            [_worker("w-0", "n1"), _worker("w-1", "n2"), ISOLATED],
            "shop/DaemonSet/w -> shop/DaemonSet/w",
            "pod:shop/w-0 -> pod:shop/w-1: None, Deny",
            id="a pod does not show what it may send to another one",
        ),
        pytest.param(
            [_worker("w-0", "n1")],
            [_worker("w-0", "n1"), _worker("w-1", "n2"), ISOLATED],
            "node n1 -> shop/DaemonSet/w",
            "node:n1 -> pod:shop/w-1: None, Deny",
            id="a pod on a node does not show what happens elsewhere",
        ),
        pytest.param(
            [_worker("w-0", "n1", host=True), ISOLATED],
            [_worker("w-0", "n1"), ISOLATED],
            "node n2 -> shop/DaemonSet/w",
            "node:n2 -> pod:shop/w-0: Allow, Deny",
            id="a pod that was on the network of its node is still that pod",
        ),
        pytest.param(
            [deployment("shop/web", {"app": "web"}, replicas=2), pod("shop/db"), ISOLATED],
            [deployment("shop/web", {"app": "web"}, replicas=2), pod("shop/db"), WEB_2],
            "shop/Pod/web-2 -> shop/Pod/db",
            "pod:shop/web-2 -> pod:shop/db: None, Allow",
            id="a pod that bears the name of another workload's is not that one",
        ),
    ],
)
def test_witnesses(before: list[Manifest], after: list[Manifest], question: str, told: str) -> None:
    sides = [snapshot(*NODES, *each) for each in (before, after)]
    pipelines = [compile_pipeline(each, profile("npm")) for each in sides]
    comparison = compare(*(solved_of(each, "npm") for each in sides))
    witnesses = [
        witness_of(each, *map(Court, pipelines))
        for block in comparison.blocks
        for each in comparison.differences(block)
        if f"{each.source} -> {each.destination}" == question
    ]
    assert len(witnesses) == 1
    (shown,) = witnesses
    decisions = (side.decision.value if side else None for side in (shown.before, shown.after))
    ends = (describe_end(each) for each in (shown.flow.source, shown.flow.destination))
    assert f"{' -> '.join(ends)}: {', '.join(map(str, decisions))}" == told
