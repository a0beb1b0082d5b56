"""Whole maps and single decisions agree about Cilium's policies, in each version and option."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import snapshot
from tests.property.bounds import bounded
from tests.property.cilium_agents import AGENTS
from tests.property.cilium_clusters import cilium_clusters
from tests.property.clusters import UNSETTLED, Cluster
from tests.property.maps import Mapped, assert_agreement, pipeline_of, with_mixed_nodes, with_owners
from tests.property.naive_identities import Agent

SEEDS = st.integers(0, 1 << 16)


@pytest.mark.parametrize("agent", AGENTS, ids=lambda each: each.text)
@bounded(0.05)
@given(cluster=cilium_clusters(UNSETTLED), seed=SEEDS)
def test_every_pair(agent: Agent, cluster: Cluster, seed: int) -> None:
    _agree(cluster, agent.text, seed)


@bounded(0.05)
@given(cluster=cilium_clusters(UNSETTLED).map(with_mixed_nodes), seed=SEEDS)
def test_every_pair_on_linux_and_windows(cluster: Cluster, seed: int) -> None:
    _agree(cluster, "cilium", seed)


def _agree(cluster: Cluster, engine: str, seed: int) -> None:
    found = snapshot(*with_owners(cluster).manifests)
    mapped = Mapped(pipeline_of(found, engine), found.inventory)
    assert assert_agreement(mapped, random.Random(seed))
