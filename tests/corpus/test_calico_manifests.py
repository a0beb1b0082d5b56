"""Calico's own example manifests: every object of theirs is read, and means what it says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from service.engines.registry import compile_pipeline
from service.manifests.reader import Upload, UploadPart, read_upload
from service.manifests.snapshot import build_snapshot
from service.model.snapshot import Snapshot
from service.model.verdict import Decision
from tests.builders import ask, evaluator, flow, node, pod, profile, upload
from tests.shared_corpus import CORPUS, requires_corpus

pytestmark = requires_corpus

DEMO = CORPUS / "real" / "calico-demo"
POLICIES = "app-policy/config/demo/30-policy.yaml"
SEEDS = "hack/test/kind/migration/seed-resources.yaml"


def read(path: Path) -> Upload:
    return read_upload([UploadPart(path.read_bytes(), name=path.name)])


@pytest.mark.parametrize(
    ("path", "kinds", "ignored"),
    [
        (POLICIES, {"GlobalNetworkPolicy": 3}, {}),
        (
            SEEDS,
            {
                "GlobalNetworkPolicy": 2,
                **dict.fromkeys(
                    ("Tier", "NetworkPolicy", "HostEndpoint", "GlobalNetworkSet", "NetworkSet"), 1
                ),
            },
            {"projectcalico.org/v3/BGPPeer": 1},
        ),
    ],
)
def test_every_object_is_read(path: str, kinds: dict[str, int], ignored: dict[str, int]) -> None:
    found = read(DEMO / path)
    assert Counter(each.ref.kind for each in found.policies) == kinds
    assert found.ignored == ignored
    assert not found.problems


def test_no_other_object_of_calico_is_in_the_corpus() -> None:
    """What is there besides are definitions of kinds, annotations and prose."""
    found = set()
    for path in (CORPUS / "real").rglob("*.y*ml"):
        text = path.read_text(encoding="utf-8", errors="replace")
        if any(
            line.startswith(("apiVersion: projectcalico", "apiVersion: crd.projectcalico"))
            for line in text.splitlines()
        ):
            found.add(str(path.relative_to(DEMO)) if path.is_relative_to(DEMO) else str(path))
    assert found == {POLICIES, SEEDS}


def cluster(path: str, *pods: dict[str, object]) -> Snapshot:
    inventory = upload(*pods, node("kind-worker", "10.0.0.1")).inventory
    return build_snapshot(inventory, read(DEMO / path).policies)[0]


def test_the_demo_policies() -> None:
    names = ("customer", "summary", "database")
    found = cluster(
        POLICIES,
        *(
            pod(f"shop/{name}", {"app": name}, ips=[f"10.1.0.{at}"], serviceAccountName=name)
            for at, name in enumerate(names, start=1)
        ),
    )
    pipeline = evaluator(found, "calico")
    allowed = {
        (source, destination)
        for source in names
        for destination in names
        if source != destination
        and pipeline.evaluate(flow(f"shop/{source} -> shop/{destination} TCP/80")).decision
        is Decision.ALLOW
    }
    # Without the application layer policy the GET of the customer's rule is no restriction.
    assert allowed == {
        ("customer", "summary"),
        ("summary", "database"),
        ("summary", "customer"),
        ("database", "customer"),
    }
    codes = {each.code for each in compile_pipeline(found, profile("calico")).findings}
    assert "CalicoHttpNotEnforced" in codes


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        # The tier lets DNS out; what it does not decide is denied at its end.
        ("migration-test/all -> 192.0.2.1 UDP/53", Decision.ALLOW),
        ("migration-test/all -> 192.0.2.1 TCP/53", Decision.DENY),
        ("192.0.2.1 -> migration-test/all TCP/80", Decision.DENY),
        ("192.0.2.1 -> migration-test/web TCP/443", Decision.ALLOW),
        ("192.0.2.1 -> migration-test/web TCP/444", Decision.DENY),
        # The selector of the first policy finds the host endpoint too; failsafe ports stay open.
        ("192.0.2.1 -> node:kind-worker TCP/80", Decision.DENY),
        ("192.0.2.1 -> node:kind-worker TCP/22", Decision.ALLOW),
    ],
)
def test_the_seeds(question: str, expected: Decision) -> None:
    found = cluster(
        SEEDS,
        pod("migration-test/all", {"migration-test": "true"}, ips=["10.1.0.1"]),
        pod("migration-test/web", {"app": "web"}, ips=["10.1.0.2"]),
    )
    assert ask(found, question, "calico").decision is expected
