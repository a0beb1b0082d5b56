"""Cilium's own connectivity cases, and the policies of these APIs among real manifests."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.engines.registry import compile_pipeline, engine_names
from service.manifests.faults import Fault, UploadRefused
from service.model.policy import UnreadPolicy
from service.model.verdict import Decision
from tests.builders import Manifest, evaluator, profile, snapshot, upload
from tests.corpus.reading import Case, ask, snapshot_of
from tests.shared_corpus import CORPUS, load_cases, requires_corpus

pytestmark = requires_corpus

CASES = load_cases("cilium_connectivity")
_GROUPS = ("policy.networking.k8s.io/", "cilium.io/")
_KINDS = ("NetworkPolicy", "CiliumCIDRGroup")

#: Folders of real manifests, how many objects of each kind are refused in each, and why.
REFUSED = {
    # Go templates where values should be: cilium-cli fills them in before it applies them.
    "cilium-connectivity-policies": {"CiliumNetworkPolicy": 19, "CiliumCIDRGroup": 4},
    # "namespaces: {namespaceSelector: ...}" of v0.1.0, which no later CRD knows.
    "policy-assistant-examples": {"AdminNetworkPolicy": 6, "BaselineAdminNetworkPolicy": 3},
}


@pytest.mark.parametrize("case", [pytest.param(each, id=each["id"]) for each in CASES])
@pytest.mark.parametrize("version", ["1.17", "1.18", "1.19"])
def test_connectivity_case(case: Case, version: str) -> None:
    pipeline = evaluator(snapshot_of(case), f"cilium:{version}")
    wrong = []
    for each in case["expected"]["entries"]:
        question = (each["protocol"], each["port"])
        verdict = ask(pipeline, each["src"], each["dst"], question, pods=True)
        if verdict.decision is not (Decision.ALLOW if each["allowed"] else Decision.DENY):
            wrong.append((each, verdict.decision, verdict.assumptions))
    assert not wrong


@pytest.mark.parametrize(
    "case", [pytest.param(each, id=each["id"]) for each in CASES if "port-range" in each["id"]]
)
@pytest.mark.parametrize("version", ["1.14", "1.15"])
def test_port_range_before_it_counts(case: Case, version: str) -> None:
    """Before 1.16 only `port` counts; a range that begins elsewhere lets nothing through."""
    pipeline = evaluator(snapshot_of(case), f"cilium:{version}")
    changed = [
        each
        for each in case["expected"]["entries"]
        if (
            ask(pipeline, each["src"], each["dst"], (each["protocol"], each["port"]), pods=True)
        ).decision
        is not (Decision.ALLOW if each["allowed"] else Decision.DENY)
    ]
    assert changed


def test_suite_is_whole() -> None:
    assert len(CASES) == 13
    assert sum(len(each["expected"]["entries"]) for each in CASES) == 67


def _is_of_these_apis(manifest: Any) -> bool:
    return (
        isinstance(manifest, dict)
        and str(manifest.get("apiVersion")).startswith(_GROUPS)
        and str(manifest.get("kind")).endswith(_KINDS)
    )


def _objects(manifest: Any) -> Iterator[Manifest]:
    if isinstance(manifest, dict) and isinstance(manifest.get("items"), list):
        for each in manifest["items"]:
            yield from _objects(each)
    elif _is_of_these_apis(manifest):
        yield manifest


@functools.cache
def _real_manifests() -> dict[str, list[Manifest]]:
    """The objects of these APIs by folder; files that are no YAML are left aside."""
    found: dict[str, list[Manifest]] = {}
    root = CORPUS / "real"
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            path = Path(folder) / name
            if path.suffix not in {".yaml", ".yml", ".json"}:
                continue
            try:
                documents = list(yaml.load_all(path.read_bytes(), yaml.CSafeLoader))
            except (yaml.YAMLError, UnicodeDecodeError):
                continue
            objects = [each for document in documents for each in _objects(document)]
            if objects:
                found.setdefault(path.relative_to(root).parts[0], []).extend(objects)
    return found


def test_real_policies_are_read_or_refused_for_a_reason() -> None:
    refused: dict[str, Counter[str]] = {}
    read: Counter[str] = Counter()
    pointless: list[Fault] = []
    for folder, manifests in _real_manifests().items():
        for manifest in manifests:
            try:
                found = upload(manifest)
            except UploadRefused as refusal:
                refused.setdefault(folder, Counter())[manifest["kind"]] += 1
                pointless.extend(each for each in refusal.faults if not each.pointer)
                continue
            (policy,) = found.policies
            assert not isinstance(policy.policy, UnreadPolicy)
            read[manifest["kind"]] += 1
            # The normalised form reads back to the same value.
            again = upload(dict(policy.normalised)).policies[0]
            assert again.digest == policy.digest
            assert again.policy == policy.policy
    assert refused == REFUSED
    assert not pointless
    assert read == {
        "CiliumNetworkPolicy": 55,
        "CiliumClusterwideNetworkPolicy": 7,
        "ClusterNetworkPolicy": 26,
    }


def test_real_policies_compile_on_every_engine() -> None:
    manifests: list[Manifest] = []
    for each in _real_manifests().values():
        for manifest in each:
            try:
                upload(manifest)
            except UploadRefused:
                continue
            named = {**manifest["metadata"], "name": f"p{len(manifests)}"}
            manifests.append({**manifest, "metadata": named})
    found = snapshot(*manifests)
    for name in engine_names():
        pipeline = compile_pipeline(found, profile(name))
        # What an engine does not read is a finding, never silence.
        unread = {each.policy for each in pipeline.findings if each.policy is not None}
        assert unread or name == "kubernetes"
