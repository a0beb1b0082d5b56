"""Whole maps and single decisions agree about Calico's policies, host endpoints among them."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Manifest, snapshot
from tests.property.admin_clusters import admin_policies
from tests.property.bounds import bounded
from tests.property.calico_clusters import calico_clusters, host_clusters
from tests.property.clusters import UNSETTLED, Cluster
from tests.property.maps import Mapped, assert_agreement, pipeline_of, with_owners

SEEDS = st.integers(0, 1 << 16)


def _agree(cluster: Cluster, engine: str, seed: int) -> None:
    found = snapshot(*with_owners(cluster).manifests)
    mapped = Mapped(pipeline_of(found, engine), found.inventory)
    assert assert_agreement(mapped, random.Random(seed))


@bounded(0.1)
@given(cluster=calico_clusters(UNSETTLED), seed=SEEDS)
def test_every_pair(cluster: Cluster, seed: int) -> None:
    _agree(cluster, "calico", seed)


@pytest.mark.parametrize("engine", ["calico", "calico?endpointToHostAction=Drop"])
@bounded(0.1)
@given(cluster=host_clusters(UNSETTLED), seed=SEEDS)
def test_every_pair_beside_host_endpoints(engine: str, cluster: Cluster, seed: int) -> None:
    _agree(cluster, engine, seed)


@bounded(0.1)
@given(cluster=calico_clusters(UNSETTLED), admin=admin_policies(), seed=SEEDS)
def test_every_pair_beside_admin_policies(
    cluster: Cluster, admin: list[Manifest], seed: int
) -> None:
    _agree(replace(cluster, policies=[*cluster.policies, *admin]), "calico", seed)
