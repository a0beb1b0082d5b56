"""The analysis process: content on demand, and a revision like the last one solved from it."""

from __future__ import annotations

from typing import Any

import pytest

from service.analysis.filters import MapFilter
from service.engines.registry import resolve_profile
from service.manifests.archive import encode_inventory, encode_policies
from service.manifests.snapshot import build_snapshot
from service.model.snapshot import ClusterFacts
from service.usecases import map_worker
from service.usecases.map_queries import connection_page
from service.usecases.map_solving import solved_map
from service.usecases.map_worker import ContentNeeded, MapContent, MapKey, MapQuestion, answer
from tests.builders import Manifest, namespace, network_policy, pod, upload

EVERY_LINE = MapQuestion("connections", MapFilter(), None, 10_000)
APPS = [f"app-{number}" for number in range(24)]


def manifests(opened: str) -> list[Manifest]:
    """Closed applications of which one may be reached by all."""
    found = [namespace("shop")]
    for name in APPS:
        found.append(pod(f"shop/{name}", {"app": name}))
        rules: list[Manifest] = [{}] if name == opened else []
        selector = {"matchLabels": {"app": name}}
        found.append(network_policy({"podSelector": selector, "ingress": rules}, f"shop/{name}"))
    return found


def stored(name: str, opened: str, engine: str) -> tuple[MapKey, MapContent, Any]:
    read = upload(*manifests(opened))
    snapshot, _ = build_snapshot(read.inventory, read.policies)
    profile = resolve_profile(engine)
    key = MapKey(f"policies of {name}", "inventory", ClusterFacts(), profile)
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
