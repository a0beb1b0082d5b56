"""Reading admin policies: their values, defaults, and what is told of them."""

from __future__ import annotations

import pytest
import yaml

from service.manifests.admin_policy import read_admin_policy
from service.model.admin_policy import (
    AdminAction,
    AdminPort,
    AdminTier,
    DomainNames,
    NamespacedPods,
    Networks,
    Nodes,
    UnknownPeer,
)
from service.model.finding import Severity
from service.model.labels import LabelSelector, Operator, Requirement
from tests.builders import Manifest, upload
from tests.unit.manifests.admin_objects import EGRESS, INGRESS, OBJECTS, changed, policy


def test_values() -> None:
    found = policy(
        yaml.safe_load(
            """
            apiVersion: policy.networking.k8s.io/v1alpha1
            kind: AdminNetworkPolicy
            metadata: {name: p, namespace: ignored}
            spec:
              priority: 0
              subject:
                pods:
                  namespaceSelector: {matchLabels: {b: "2", a: "1"}}
                  podSelector: {matchExpressions: [{key: c, operator: NotIn, values: [x, y]}]}
              egress:
              - name: first
                action: Allow
                to:
                - nodes: {}
                - networks: ["10.0.0.0/8", "fd00::/8"]
                - domainNames: ["*.example.com"]
                ports:
                - portNumber: {port: 80}
                - portRange: {protocol: UDP, start: 1, end: 9}
              - action: Pass
                to: [{namespaces: null, pods: {namespaceSelector: {}, podSelector: {}}}]
                ports: [{namedPort: http}]
            """
        )
    )
    assert found.ref.namespace == ""
    assert (found.tier, found.priority, found.ingress) == (AdminTier.ADMIN, 0, ())
    assert found.subject == NamespacedPods(
        LabelSelector(
            (
                Requirement("a", Operator.IN, ("1",)),
                Requirement("b", Operator.IN, ("2",)),
            )
        ),
        LabelSelector((Requirement("c", Operator.NOT_IN, ("x", "y")),)),
    )
    first, second = found.egress
    assert first.name == "first"
    assert first.peers == (
        Nodes(),
        Networks(("10.0.0.0/8", "fd00::/8")),
        DomainNames(("*.example.com",)),
    )
    assert first.ports == (AdminPort("TCP", 80, 80), AdminPort("UDP", 1, 9))
    assert second.action is AdminAction.PASS
    assert second.peers == (NamespacedPods(),)
    assert second.ports == (AdminPort(name="http"),)


@pytest.mark.parametrize(
    ("written", "port"),
    [
        ({"tcp": {"destinationPort": {"number": 80}}}, AdminPort("TCP", 80, 80)),
        ({"udp": {"destinationPort": {"range": {"start": 1, "end": 9}}}}, AdminPort("UDP", 1, 9)),
        # Rejected by the CRD, and yet all ports where it is stored.
        ({"sctp": {}}, AdminPort("SCTP")),
        ({"destinationNamedPort": "http"}, AdminPort(name="http")),
    ],
)
def test_protocols(written: Manifest, port: AdminPort) -> None:
    assert policy(changed("cnp2", f"{INGRESS}/protocols", [written])).ingress[0].ports == (port,)


def test_baseline_tier() -> None:
    assert policy(changed("cnp2", "spec/tier", "Baseline")).tier is AdminTier.BASELINE
    assert policy(yaml.safe_load(OBJECTS["banp"])).tier is AdminTier.BASELINE


def test_peer_of_a_later_api_is_told_and_fails_closed() -> None:
    manifest = changed("cnp2", f"{EGRESS}/to", [{"galaxies": {}}])
    assert policy(manifest).egress[0].peers == (UnknownPeer(("galaxies",)),)
    (note,) = read_admin_policy(manifest).notes
    assert (note.code, note.severity) == ("UnknownPeer", Severity.MEDIUM)


def test_what_some_crds_require_and_others_do_not_is_told() -> None:
    manifest = changed("cnp2", "spec/subject", {"pods": {"podSelector": {}}})
    assert policy(manifest).subject == NamespacedPods()
    (note,) = read_admin_policy(manifest).notes
    assert (note.code, note.pointer) == ("MissingSelector", "/spec/subject/pods/namespaceSelector")


def test_normalised_form_has_defaults_and_no_nulls() -> None:
    manifest = changed("anp", f"{INGRESS}/name", None)
    normalised = read_admin_policy(manifest).normalised
    assert normalised["spec"]["ingress"][0] == {
        "action": "Allow",
        "from": [{"namespaces": {}}],
        "ports": [{"portNumber": {"port": 80, "protocol": "TCP"}}],
    }
    assert normalised["metadata"] == {"name": "p"}
    assert read_admin_policy(normalised).value == policy(manifest)


def test_uploads_hold_them_and_refuse_two_of_one_name() -> None:
    manifest = yaml.safe_load(OBJECTS["banp"])
    (document,) = upload(manifest).policies
    assert document.policy == policy(manifest)
    with pytest.raises(Exception, match="DuplicateObject"):
        upload(manifest, manifest)
