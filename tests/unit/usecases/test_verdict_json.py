from __future__ import annotations

import json

from service.model.assumption import Assumption
from service.model.flow import AddressEnd, Flow, PodEnd
from service.model.policy import PolicyRef
from service.model.verdict import Decision, DirectionVerdict, Evidence, Verdict, VerdictGroup
from service.usecases.verdict_json import policy_body, verdict_body

FLOW = Flow(AddressEnd("203.0.113.9"), PodEnd("web", "front"), "TCP", 80)
POLICY = PolicyRef("NetworkPolicy", "web", "front")
UNSURE = Assumption("NodeOfBackend", "which node it runs on")
EGRESS = DirectionVerdict(Decision.NOT_APPLICABLE)
INGRESS = DirectionVerdict(
    Decision.UNKNOWN,
    isolated=True,
    isolated_by=(POLICY,),
    evidence=(
        Evidence("NoMatch", "PeerMismatch", "app=client is missing", POLICY, "/spec/ingress/0"),
        Evidence("Allow", "OwnNode"),
    ),
    assumptions=(UNSURE,),
)


def test_the_shape_of_a_verdict() -> None:
    group = VerdictGroup(("203.0.113.9",), ("web/front",), Decision.UNKNOWN, EGRESS, INGRESS)
    body = verdict_body(Verdict(FLOW, Decision.UNKNOWN, EGRESS, INGRESS, (UNSURE,), (group,)))
    assert body == {
        "flow": {
            "source": {"ip": "203.0.113.9"},
            "destination": {"namespace": "web", "pod": "front"},
            "protocol": "TCP",
            "port": 80,
        },
        "verdict": "Unknown",
        "egress": {
            "decision": "NotApplicable",
            "isolated": False,
            "isolatedBy": [],
            "evidence": [],
        },
        "ingress": {
            "decision": "Unknown",
            "isolated": True,
            "isolatedBy": [{"kind": "NetworkPolicy", "namespace": "web", "name": "front"}],
            "evidence": [
                {
                    "policy": {"kind": "NetworkPolicy", "namespace": "web", "name": "front"},
                    "rule": "/spec/ingress/0",
                    "effect": "NoMatch",
                    "reason": "PeerMismatch",
                    "detail": "app=client is missing",
                },
                {"effect": "Allow", "reason": "OwnNode", "detail": ""},
            ],
            "assumptions": [{"code": "NodeOfBackend", "detail": "which node it runs on"}],
        },
        "assumptions": [{"code": "NodeOfBackend", "detail": "which node it runs on"}],
    }
    assert json.loads(json.dumps(body)) == body


def test_groups_are_listed_where_they_differ() -> None:
    allowed = VerdictGroup(("web/a",), ("web/b", "web/c"), Decision.ALLOW, EGRESS, EGRESS, (), 2)
    denied = VerdictGroup(("web/d",), ("web/b",), Decision.UNKNOWN, EGRESS, INGRESS, (UNSURE,))
    verdict = Verdict(FLOW, Decision.UNKNOWN, EGRESS, EGRESS, (UNSURE,), (allowed, denied))
    first, second = verdict_body(verdict)["groups"]
    assert (first["sources"], first["destinations"]) == (["web/a"], ["web/b", "web/c"])
    assert (first["connections"], first["verdict"]) == (2, "Allow")
    assert second["ingress"]["decision"] == "Unknown"
    assert second["assumptions"] == [{"code": "NodeOfBackend", "detail": "which node it runs on"}]


def test_a_policy_of_the_cluster_has_no_namespace() -> None:
    assert policy_body(PolicyRef("AdminNetworkPolicy", "", "a")) == {
        "kind": "AdminNetworkPolicy",
        "name": "a",
    }
