"""The analysis process: content on demand, and a revision like the last one solved from it."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from service.analysis.filters import ListedVerdict, MapFilter
from service.engines.registry import resolve_profile
from service.manifests.archive import encode_inventory, encode_policies
from service.manifests.snapshot import build_snapshot
from service.model.snapshot import ClusterFacts
from service.usecases import map_worker
from service.usecases.map_queries import connection_page
from service.usecases.map_solving import solved_map
from service.usecases.map_worker import ContentNeeded, MapContent, MapKey, MapQuestion, answer
from tests.builders import Manifest, namespace, network_policy, node, pod, service, upload

EVERY_LINE = MapQuestion("connections", MapFilter(), None, 10_000)
Manifests = tuple[Manifest, ...]
APPS = [f"app-{number}" for number in range(24)]


def manifests(opened: str, pods: str = "{}-1 {}-2") -> list[Manifest]:
    """Closed applications, each with some pods, of which one may be reached by all."""
    found = [namespace("shop"), node("n1", "192.168.0.4"), node("n2", "192.168.0.5")]
    for name in APPS:
        owner, labels = f"StatefulSet/{name}", {"app": name}
        for number, each in enumerate(pods.format(*[name] * pods.count("{}")).split()):
            where = {"owner": owner, "on": f"n{number % 2 + 1}"}
            found.append(pod(f"shop/{each}", labels, ips=[f"10.0.0.{len(found)}"], **where))
        rules: list[Manifest] = [{}] if name == opened else []
        selector = {"matchLabels": {"app": name}}
        found.append(network_policy({"podSelector": selector, "ingress": rules}, f"shop/{name}"))
    return found


def stored(
    name: str, opened: str, engine: str, pods: str = "{}-1 {}-2", others: Manifests = ()
) -> tuple[MapKey, MapContent, Any]:
    read = upload(*manifests(opened, pods), *others)
    snapshot, _ = build_snapshot(read.inventory, read.policies)
    profile = resolve_profile(engine)
    same = pods == "{}-1 {}-2" and not others
    inventory = "inventory" if same else f"inventory of {name}"
    key = MapKey(f"policies of {name}", inventory, ClusterFacts(), profile)
    content = MapContent(encode_policies(read.policies), encode_inventory(read.inventory))
    return key, content, connection_page(solved_map(snapshot, profile), MapFilter(), None, 10_000)


def lines(chunk: Any) -> list[str]:
    return sorted(map(repr, chunk.items))


@pytest.mark.parametrize("engine", ["npm", "calico", "cilium", "kubernetes"])
def test_a_changed_policy_is_solved_from_the_map_before(engine: str) -> None:
    first, first_content, first_lines = stored(f"first {engine}", "app-3", engine)
    second, second_content, second_lines = stored(f"second {engine}", "app-7", engine)
    with pytest.raises(ContentNeeded):
        answer(first, None, EVERY_LINE)
    assert lines(answer(first, first_content, EVERY_LINE)) == lines(first_lines)
    assert lines(answer(first, None, EVERY_LINE)) == lines(first_lines)
    before = map_worker._latest["inventory", ClusterFacts(), first.profile].solution
    assert lines(answer(second, second_content, EVERY_LINE)) == lines(second_lines)
    after = map_worker._latest["inventory", ClusterFacts(), first.profile].solution
    assert before is not None
    assert after is not None
    # What was asked of the first map's space serves the second one: it was not made anew.
    assert after.layer.questioner is before.layer.questioner
    assert lines(first_lines) != lines(second_lines)


def assert_solved_from(first: MapKey, second: MapKey, content: MapContent, expected: Any) -> None:
    """What was asked of the space of the first map serves the second one."""
    before = map_worker._maps.get(first, _never).solution
    assert lines(answer(second, content, EVERY_LINE)) == lines(expected)
    after = map_worker._maps.get(second, _never).solution
    assert before is not None
    assert after is not None
    assert after.layer.questioner is before.layer.questioner


@pytest.mark.parametrize("engine", ["npm", "calico", "cilium", "kubernetes"])
@pytest.mark.parametrize(
    ("pods", "opened"),
    [
        # Restarted under other names, with other addresses and nodes; scaled down, and up.
        ("{}-1 {}-2-again", "app-3"),
        ("{}-2 {}-1", "app-3"),
        ("{}-1", "app-3"),
        ("{}-1 {}-2 {}-3", "app-3"),
        # And a policy changed as well.
        ("{}-1 {}-2 {}-3", "app-9"),
    ],
)
def test_changed_pods_are_solved_from_the_map_before(engine: str, pods: str, opened: str) -> None:
    first, first_content, _ = stored(f"one {engine}", "app-3", engine)
    second, second_content, expected = stored(f"{pods} {opened} {engine}", opened, engine, pods)
    answer(first, first_content, EVERY_LINE)
    assert_solved_from(first, second, second_content, expected)


NODE_PORT = service(
    "shop/app-5", {"app": "app-5"}, [{"port": 80, "nodePort": 30080}], type="NodePort"
)


@pytest.mark.parametrize("engine", ["npm", "calico", "cilium", "kubernetes"])
def test_a_service_that_comes_is_solved_from_the_map_before(engine: str) -> None:
    """The pods are the same, and a port of every node leads elsewhere."""
    first, first_content, _ = stored(f"without {engine}", "app-3", engine)
    name = f"with {engine}"
    second, second_content, expected = stored(name, "app-3", engine, others=(NODE_PORT,))
    answer(first, first_content, EVERY_LINE)
    assert_solved_from(first, second, second_content, expected)
    assert any("NodePortFromPod" in each for each in lines(expected))


BASELINE: Manifest = {
    "apiVersion": "policy.networking.k8s.io/v1alpha1",
    "kind": "BaselineAdminNetworkPolicy",
    "metadata": {"name": "default"},
    "spec": {
        "subject": {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "a"}}},
        "egress": [
            {
                "action": "Deny",
                "to": [{"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "c"}}}],
                "ports": [{"portNumber": {"protocol": "TCP", "port": 80}}],
            }
        ],
    },
}
PLACES = (
    *map(namespace, ("a", "c")),
    pod("a/one", ips=["10.0.0.2"]),
    pod("c/two", ips=["10.0.0.3"]),
)


@pytest.mark.parametrize("verdict", [None, ListedVerdict.ALLOW])
def test_groups_have_one_order_however_a_map_was_solved(verdict: ListedVerdict | None) -> None:
    """Their pages count them."""
    question = MapQuestion("groups", MapFilter(verdict=verdict), None, 10_000)
    out = network_policy("{podSelector: {}, policyTypes: [Egress], egress: []}", "c/out")
    profile = resolve_profile("kubernetes")
    keys: list[tuple[MapKey, MapContent]] = []
    for name, policies in (("closed", [out, BASELINE]), ("opened", [BASELINE])):
        read = upload(*PLACES, *policies)
        key = MapKey(f"{name} {verdict}", "the same places", ClusterFacts(), profile)
        content = MapContent(encode_policies(read.policies), encode_inventory(read.inventory))
        keys.append((key, content))
    warm = [answer(*each, question).items for each in keys][1]
    map_worker._maps._entries.clear()
    map_worker._latest.clear()
    assert answer(*keys[1], question).items == warm


def test_a_pod_that_is_like_no_other_is_solved_afresh() -> None:
    first, first_content, _ = stored("plain", "app-3", "cilium")
    others = (pod("shop/late", {"app": "late"}), network_policy("{podSelector: {}}", "shop/all"))
    second, second_content, expected = stored("late", "app-3", "cilium", "{}-1 {}-2 {}-3", others)
    answer(first, first_content, EVERY_LINE)
    assert lines(answer(second, second_content, EVERY_LINE)) == lines(expected)
    assert any("late" in line for line in lines(expected))


def _never() -> NoReturn:
    raise AssertionError("it is remembered")
