"""The readers of admin policies and of Cilium's kinds survive whatever is handed to them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from service.engines.registry import compile_pipeline, engine_names
from service.manifests import admin_policy, cilium
from service.manifests.admin_policy import read_admin_policy
from service.manifests.archive import manifest_documents
from service.manifests.cilium import read_cilium, read_cilium_workload
from service.manifests.reader import UploadPart, read_upload
from service.manifests.readings import ReadingLike
from service.model.inventory import Inventory
from service.model.snapshot import PolicySet, Snapshot
from tests.builders import Manifest, profile, upload
from tests.property.bounds import bounded
from tests.property.drawn import mutated_objects
from tests.property.policy_seeds import ADMIN_AND_CILIUM as SEEDS
from tests.property.policy_seeds import CILIUM_ENDPOINT


def _reader(manifest: Manifest) -> Callable[[Manifest], ReadingLike]:
    identity = (manifest["apiVersion"], manifest["kind"])
    assert (identity in admin_policy.KINDS) != (identity in cilium.KINDS)
    return read_admin_policy if identity in admin_policy.KINDS else read_cilium


@bounded(5)
@given(mutated_objects(SEEDS))
def test_policy_readers(manifest: Manifest) -> None:
    before = copy.deepcopy(manifest)
    read = _reader(manifest)
    reading = read(manifest)
    assert manifest == before
    assert (reading.value is None) == any(each.severity is None for each in reading.notes)
    assert all(each.code and each.detail for each in reading.notes)
    if reading.value is None:
        return
    again = read(dict(reading.normalised))
    assert again.value == reading.value
    assert again.normalised == reading.normalised
    snapshot = Snapshot(Inventory(), PolicySet((reading.value,)))
    for name in engine_names():
        compile_pipeline(snapshot, profile(name))


def stands_for_a_pod(manifest: Manifest, *, is_read: bool) -> None:
    """An upload of the endpoint alone, which is no reason to refuse it, and back again."""
    found = upload(manifest)
    assert bool(found.inventory.pods) is is_read
    text = manifest_documents(found.policies, found.inventory)
    assert read_upload([UploadPart(text.encode())]).inventory == found.inventory


@bounded(1)
@given(mutated_objects([CILIUM_ENDPOINT]))
def test_endpoint_reader(manifest: Manifest) -> None:
    reading, notes = read_cilium_workload(manifest)
    assert all(each.code and each.detail for each in notes)
    stands_for_a_pod(manifest, is_read=reading is not None)


@pytest.mark.parametrize("seed", SEEDS, ids=[each["kind"] for each in SEEDS])
def test_seeds_are_valid(seed: Manifest) -> None:
    assert _reader(seed)(seed).value is not None


@pytest.mark.parametrize("seed", SEEDS, ids=[each["kind"] for each in SEEDS])
@pytest.mark.parametrize("metadata", [None, [], "x", 1, {}, {"name": None}, {"name": 3}])
def test_without_a_name(seed: Manifest, metadata: Any) -> None:
    assert _reader(seed)({**seed, "metadata": metadata}).value is None


def test_every_kind_has_a_seed() -> None:
    found = {(each["apiVersion"], each["kind"]) for each in SEEDS}
    missing = (admin_policy.KINDS | cilium.KINDS) - found
    # The group is the same object in both of its versions.
    assert missing == {("cilium.io/v2", "CiliumCIDRGroup")}
