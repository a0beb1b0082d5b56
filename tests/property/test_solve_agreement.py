"""All pairs at once and one flow at a time are two readings of a pipeline: they say the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import snapshot
from tests.property.admin_clusters import admin_clusters
from tests.property.bounds import bounded
from tests.property.clusters import UNSETTLED, Cluster, clusters
from tests.property.engine_policies import calico_clusters, cilium_clusters
from tests.property.maps import (
    PROFILES,
    Mapped,
    assert_agreement,
    pipeline_of,
    with_mixed_nodes,
    with_owners,
)
from tests.property.published import published

SEEDS = st.integers(0, 1 << 16)


def _agree(cluster: Cluster, engine: str, seed: int) -> None:
    found = snapshot(*with_owners(cluster).manifests)
    mapped = Mapped(pipeline_of(found, engine), found.inventory)
    assert assert_agreement(mapped, random.Random(seed))


@pytest.mark.parametrize("engine", PROFILES)
@bounded(0.05)
@given(cluster=clusters(UNSETTLED), seed=SEEDS)
def test_every_pair(engine: str, cluster: Cluster, seed: int) -> None:
    _agree(cluster, engine, seed)


@pytest.mark.parametrize("engine", PROFILES)
@bounded(0.05)
@given(cluster=published(clusters(UNSETTLED)), seed=SEEDS)
def test_every_pair_where_ports_of_nodes_lead_to_pods(
    engine: str, cluster: Cluster, seed: int
) -> None:
    _agree(cluster, engine, seed)


@pytest.mark.parametrize("engine", ["npm", "calico", "cilium"])
@bounded(0.05)
@given(cluster=clusters(UNSETTLED).map(with_mixed_nodes), seed=SEEDS)
def test_every_pair_on_linux_and_windows(engine: str, cluster: Cluster, seed: int) -> None:
    _agree(cluster, engine, seed)


@pytest.mark.parametrize("engine", ["kubernetes", "calico", "cilium:1.19"])
@bounded(0.05)
@given(cluster=admin_clusters(UNSETTLED), seed=SEEDS)
def test_every_pair_under_admin_policies(engine: str, cluster: Cluster, seed: int) -> None:
    _agree(cluster, engine, seed)


@pytest.mark.parametrize("engine", ["calico", "calico:3.29"])
@bounded(0.08)
@given(cluster=calico_clusters(), seed=SEEDS)
def test_every_pair_under_calico_policies(engine: str, cluster: Cluster, seed: int) -> None:
    _agree(cluster, engine, seed)


@pytest.mark.parametrize("engine", ["cilium:1.14", "cilium:1.19", "cilium?cidrMatchMode=nodes"])
@bounded(0.08)
@given(cluster=cilium_clusters(), seed=SEEDS)
def test_every_pair_under_cilium_policies(engine: str, cluster: Cluster, seed: int) -> None:
    _agree(cluster, engine, seed)
