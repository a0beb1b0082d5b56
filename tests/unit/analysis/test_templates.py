"""Workloads whose pods are not in the upload: what is told is what their pods would be told."""

from __future__ import annotations

import pytest

from service.engines.registry import engine_names
from service.model.verdict import Decision
from tests.builders import Manifest, ask, deployment, network_policy, pod, service, snapshot
from tests.unit.analysis.maps import changes_of, compared, lines_of

OWNER = "Deployment/db"
LABELS = {"app": "db"}
SELF = f"shop/{OWNER} -> shop/{OWNER} TCP/5432"
THROUGH = f"shop/{OWNER} -> svc:shop/db TCP/5432"
TEMPLATE = [deployment("shop/db", LABELS, replicas=3)]
PODS = [pod(f"shop/{name}", LABELS, owner=OWNER) for name in ("db", "db-2")]
ALONE = [deployment("shop/db", LABELS)]
SERVICE = service("shop/db", LABELS, [{"port": 5432}])
CLOSED = network_policy("{podSelector: {}, policyTypes: [Ingress]}")
OPEN = network_policy(
    """
    podSelector: {matchLabels: {app: db}}
    ingress:
      - from: [{podSelector: {matchLabels: {app: db}}}]
        ports: [{port: 5432}]
    """
)
BY_ADDRESS = network_policy(
    """
    podSelector: {matchLabels: {app: db}}
    ingress:
      - from: [{ipBlock: {cidr: 0.0.0.0/0}}]
        ports: [{port: 5432}]
    """
)
INDEX = "apps.kubernetes.io/pod-index"
POD_NAME = "statefulset.kubernetes.io/pod-name"
JOB_NAMES = ("batch.kubernetes.io/job-name", "job-name")
#: As the controllers label them, whatever the templates say.
NUMBERED = [
    pod(f"shop/db-{at}", LABELS | {INDEX: f"{at}", POD_NAME: f"db-{at}"}, owner="StatefulSet/db")
    for at in range(2)
]
NAMED = [pod("shop/db-x2rnm", LABELS | dict.fromkeys(JOB_NAMES, "db"), owner="Job/db")]
POLICIES = pytest.mark.parametrize("policy", [CLOSED, OPEN, BY_ADDRESS], ids=["no", "own", "any"])
ENGINES = pytest.mark.parametrize("engine", engine_names())


@ENGINES
@POLICIES
def test_pods_of_one_template(engine: str, policy: Manifest) -> None:
    lines = lines_of(*TEMPLATE, SERVICE, policy, engine=engine, itself=True)
    assert lines == lines_of(*PODS, SERVICE, policy, engine=engine, itself=True)
    for question in (SELF, THROUGH):
        assert ask(snapshot(*TEMPLATE, SERVICE, policy), question, engine) == ask(
            snapshot(*PODS, SERVICE, policy), question, engine
        )


@pytest.mark.parametrize(
    ("policy", "decision"), [(CLOSED, Decision.DENY), (OPEN, Decision.ALLOW)], ids=["no", "own"]
)
def test_replicas_are_asked_about_one_another(policy: Manifest, decision: Decision) -> None:
    assert ask(snapshot(*TEMPLATE, policy), SELF).decision is decision
    # A pod always reaches itself, and one replica has no other to reach.
    assert ask(snapshot(*ALONE, policy), SELF).decision is Decision.ALLOW


def test_what_breaks_between_replicas_is_a_difference() -> None:
    change = f"newlyDenied shop/{OWNER} -> shop/{OWNER}"
    expected = [f"{change} TCP any port; UDP any port; SCTP any port"]
    for manifests in (TEMPLATE, PODS):
        found = changes_of(compared(manifests, [*manifests, CLOSED], "kubernetes"))
        assert [each for each in found if each.count(OWNER) > 1] == expected
    found = changes_of(compared(ALONE, [*ALONE, CLOSED], "kubernetes"))
    assert not [each for each in found if each.count(OWNER) > 1]


def _as(kind: str, **spec: object) -> Manifest:
    found = deployment("shop/db", LABELS)
    version = "batch/v1" if kind == "Job" else "apps/v1"
    return {
        **found,
        "apiVersion": version,
        "kind": kind,
        "spec": {"template": found["spec"]["template"], **spec},
    }


@ENGINES
@pytest.mark.parametrize(
    ("template", "pods", "key", "value"),
    [
        (_as("StatefulSet", replicas=2), NUMBERED, POD_NAME, "db-0"),
        (_as("StatefulSet", replicas=2), NUMBERED, INDEX, "1"),
        (_as("StatefulSet", replicas=1), NUMBERED[:1], POD_NAME, "db-0"),
        *((_as("Job"), NAMED, key, "db") for key in JOB_NAMES),
    ],
    ids=["pod name", "index", "one pod", *JOB_NAMES],
)
def test_labels_that_no_template_shows_are_selected(
    engine: str, template: Manifest, pods: list[Manifest], key: str, value: str
) -> None:
    closed = network_policy({"podSelector": {"matchLabels": {key: value}}})
    manifests = [SERVICE, closed, pod("shop/web")]
    lines = lines_of(template, *manifests, engine=engine, itself=True)
    assert lines == lines_of(*pods, *manifests, engine=engine, itself=True)
    if engine == "kubernetes":
        assert lines != lines_of(template, *manifests[:1], manifests[2], itself=True)


def test_replicas_that_are_left_to_an_autoscaler_are_asked_about_one_another() -> None:
    scaled = deployment("shop/db", LABELS)
    del scaled["spec"]["replicas"]
    assert ask(snapshot(scaled, CLOSED), SELF).decision is Decision.DENY
