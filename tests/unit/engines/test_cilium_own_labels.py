"""Labels that Cilium puts on endpoints count in the selectors of every policy API."""

from __future__ import annotations

import pytest

from tests.unit.engines.policy_cluster import assumed, decision

MON = "ops/mon -> shop/db TCP/5432"
BOT = "ops/bot -> shop/db TCP/5432"
CNP2 = "cilium:1.19?clusterNetworkPolicy=enabled"
ANYWHERE = "namespaceSelector: {}, podSelector: "


def network_policy(peer: str, subject: str = "{}") -> str:
    return f"ns: shop, spec: {{podSelector: {subject}, ingress: [{{from: [{{{peer}}}]}}]}}"


def cluster_policy(pods: str) -> str:
    peer = f"pods: {{namespaceSelector: {{}}, podSelector: {pods}}}"
    return (
        "cnp2: {tier: Admin, priority: 1, subject: {namespaces: {}}, "
        f"ingress: [{{action: Deny, from: [{{{peer}}}]}}]}}"
    )


@pytest.mark.parametrize(
    ("selector", "mon", "bot"),
    [
        ("{matchLabels: {io.cilium.k8s.policy.serviceaccount: mon}}", "Allow", "Deny"),
        ("{matchLabels: {io.kubernetes.pod.namespace: ops}}", "Allow", "Allow"),
        ("{matchLabels: {io.kubernetes.pod.namespace: lab}}", "Deny", "Deny"),
        ("{matchLabels: {io.cilium.k8s.namespace.labels.team: b}}", "Allow", "Allow"),
        (
            "{matchExpressions: [{key: io.cilium.k8s.policy.cluster, operator: Exists}]}",
            *("Allow", "Allow"),
        ),
        (
            "{matchExpressions: [{key: io.cilium.k8s.policy.serviceaccount, operator: NotIn, "
            "values: [mon]}]}",
            *("Deny", "Allow"),
        ),
    ],
)
def test_of_peers(selector: str, mon: str, bot: str) -> None:
    given = [network_policy(ANYWHERE + selector)]
    assert (decision(given, MON), decision(given, BOT)) == (mon, bot)
    # To every other engine these are labels that no pod has.
    negative = "Allow" if "NotIn" in selector else "Deny"
    assert decision(given, MON, "calico") == decision(given, MON, "kubernetes") == negative
    # The same selector in a rule that denies.
    denied = {"Allow": "Deny", "Deny": "Allow"}
    given = [cluster_policy(selector)]
    assert (decision(given, MON, CNP2), decision(given, BOT, CNP2)) == (denied[mon], denied[bot])


def test_of_subjects() -> None:
    default = "{matchLabels: {io.cilium.k8s.policy.serviceaccount: %s}}"
    assert decision([network_policy("podSelector: {}", default % "default")], MON) == "Deny"
    assert decision([network_policy("podSelector: {}", default % "other")], MON) == "Allow"


def test_of_the_own_namespace() -> None:
    own = "podSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: default}}"
    assert decision([network_policy(own)], "shop/web -> shop/db TCP/5432") == "Allow"
    assert decision([network_policy(own)], BOT) == "Deny"


def test_the_name_of_the_cluster_is_open() -> None:
    named = ANYWHERE + "{matchLabels: {io.cilium.k8s.policy.cluster: default}}"
    assert assumed([network_policy(named)], MON) == {"CiliumClusterName"}
