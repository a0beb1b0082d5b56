"""The readers of Calico's kinds survive whatever is handed to them, in both API forms."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given

from service.engines.registry import compile_pipeline, engine_names
from service.manifests.calico import KINDS, read_calico, read_calico_workload
from service.model.inventory import Inventory
from service.model.policy import UnreadPolicy
from service.model.snapshot import PolicySet, Snapshot
from tests.builders import Manifest, profile
from tests.property.bounds import bounded
from tests.property.drawn import mutated_objects
from tests.property.policy_seeds import CALICO as SEEDS
from tests.property.policy_seeds import CALICO_ENDPOINT as ENDPOINT
from tests.property.test_policy_readers import stands_for_a_pod


@bounded(5)
@given(mutated_objects(SEEDS))
def test_readers(manifest: Manifest) -> None:
    before = copy.deepcopy(manifest)
    reading = read_calico(manifest)
    assert manifest == before
    assert (reading.value is None) == any(each.severity is None for each in reading.notes)
    assert all(each.code and each.detail for each in reading.notes)
    if reading.value is None:
        return
    again = read_calico(dict(reading.normalised))
    assert again.value == reading.value
    assert again.normalised == reading.normalised
    snapshot = Snapshot(Inventory(), PolicySet((reading.value,)))
    for name in engine_names():
        compile_pipeline(snapshot, profile(name))


@bounded(1)
@given(mutated_objects([ENDPOINT]))
def test_endpoint_reader(manifest: Manifest) -> None:
    reading, notes = read_calico_workload(manifest)
    assert all(each.code and each.detail and each.severity for each in notes)
    assert reading is not None or notes
    stands_for_a_pod(manifest, is_read=reading is not None)


@pytest.mark.parametrize("seed", SEEDS, ids=[f"{e['kind']}-{e['apiVersion']}" for e in SEEDS])
def test_seeds_are_valid(seed: Manifest) -> None:
    assert (seed["apiVersion"], seed["kind"]) in KINDS
    reading = read_calico(seed)
    assert reading.value is not None, reading.notes
    assert not isinstance(reading.value, UnreadPolicy)


@pytest.mark.parametrize("seed", SEEDS, ids=[f"{e['kind']}-{e['apiVersion']}" for e in SEEDS])
@pytest.mark.parametrize("metadata", [None, [], "x", 1, {}, {"name": None}, {"name": 3}])
def test_without_a_name(seed: Manifest, metadata: Any) -> None:
    assert read_calico({**seed, "metadata": metadata}).value is None


def test_every_kind_has_a_seed() -> None:
    assert {(each["apiVersion"], each["kind"]) for each in SEEDS} == KINDS


@pytest.mark.parametrize("spec", [None, {}, [], "", "x", 0, [{}]])
@pytest.mark.parametrize(("api", "kind"), sorted(KINDS))
def test_without_a_spec(api: str, kind: str, spec: Any) -> None:
    raw = {"apiVersion": api, "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    reading = read_calico(raw)
    assert reading.notes or not spec
    if reading.value is not None:
        assert read_calico(dict(reading.normalised)).value == reading.value
