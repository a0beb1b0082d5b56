"""Between Calico and Cilium with their own kinds: what their loss opens, to the connection."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders import Manifest, namespace, node, pod
from tests.rules.asking import Reported, register, report_on, upload
from tests.rules.lines import confirm, joined
from tests.unit.rulebook.questions import Question, question
from tests.web.conftest import Api

CALICO, CILIUM = "calico", "cilium:1.18"
BASE = (
    namespace("shop"),
    namespace("ops"),
    node("n1", "192.168.0.4"),
    node("n2", "192.168.0.5"),
    pod("shop/db", {"app": "db"}, on="n1", ips=["10.244.1.7"], ports="sql=5432"),
    pod("shop/web", {"app": "web"}, on="n2", ips=["10.244.2.8"], ports="http=8080"),
    pod("ops/mon", {"app": "mon"}, on="n2", ips=["10.244.2.9"], ports="http=3000"),
)


def calico(kind: str, name: str, spec: dict[str, Any], namespace: str = "") -> Manifest:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": spec
    }  # fmt: skip


def cilium(kind: str, name: str, spec: dict[str, Any], namespace: str = "") -> Manifest:
    return {**calico(kind, name, spec, namespace), "apiVersion": "cilium.io/v2"}


#: Only web may reach db, and on its port alone; web may reach all but one port of mon.
CALICO_KINDS = (
    calico(
        "GlobalNetworkPolicy",
        "db",
        {
            "selector": "app == 'db'",
            "types": ["Ingress"],
            "ingress": [
                {
                    "action": "Allow",
                    "protocol": "TCP",
                    "source": {"selector": "app == 'web'"},
                    "destination": {"ports": [5432]},
                }
            ],
        },
    ),
    calico(
        "NetworkPolicy",
        "web",
        {
            "selector": "app == 'web'",
            "types": ["Egress"],
            "egress": [
                {
                    "action": "Deny",
                    "protocol": "TCP",
                    "destination": {
                        "namespaceSelector": "kubernetes.io/metadata.name == 'ops'",
                        "selector": "app == 'mon'",
                        "ports": [3000],
                    },
                },
                {"action": "Allow"},
            ],
        },
        "shop",
    ),
)
#: The same in Cilium's words.
CILIUM_KINDS = (
    cilium(
        "CiliumNetworkPolicy",
        "db",
        {
            "endpointSelector": {"matchLabels": {"app": "db"}},
            "ingress": [
                {
                    "fromEndpoints": [{"matchLabels": {"app": "web"}}],
                    "toPorts": [{"ports": [{"port": "5432", "protocol": "TCP"}]}],
                }
            ],
        },
        "shop",
    ),
    cilium(
        "CiliumClusterwideNetworkPolicy",
        "web",
        {
            "endpointSelector": {"matchLabels": {"app": "web"}},
            "egress": [{"toEntities": ["all"]}],
            "egressDeny": [
                {
                    "toEndpoints": [
                        {"matchLabels": {"app": "mon", "k8s:io.kubernetes.pod.namespace": "ops"}}
                    ],
                    "toPorts": [{"ports": [{"port": "3000", "protocol": "TCP"}]}],
                }
            ],
        },
    ),
)
#: What opens where nothing translates them. A node reaches its own pods whatever policies say.
OPENS = {
    "newlyAllowed ops/Pod/mon -> shop/Pod/db: TCP any port; UDP any port",
    "newlyAllowed shop/Pod/web -> shop/Pod/db: TCP 1-5431,5433-65535; UDP any port",
    "newlyAllowed n2 -> shop/Pod/db: TCP any port; UDP any port",
    "newlyAllowed 0.0.0.0-255.255.255.255 -> shop/Pod/db: TCP any port; UDP any port",
    "newlyAllowed shop/Pod/web -> ops/Pod/mon: TCP 3000",
}


def moved(api: Api, asked: Question) -> tuple[Reported, str]:
    assert asked.source is not None
    revision = upload(api, register(api, asked.cluster, asked.source), asked.manifests)
    return report_on(api, revision, asked), revision


def without_sctp(lines: list[Any]) -> list[Any]:
    """SCTP apart, which Cilium on AKS may or may not know: nothing in these sets uses it."""
    found = json.loads(json.dumps(lines))
    for each in found:
        each["connections"] = [c for c in each["connections"] if c["protocol"] != "SCTP"]
    return [each for each in found if each["connections"]]


@pytest.mark.parametrize(
    ("source", "target", "policies", "rule"),
    [
        (CALICO, CILIUM, CALICO_KINDS, "MIG-022"),
        (CILIUM, CALICO, CILIUM_KINDS, "MIG-025"),
    ],
)
def test_the_exact_connections_that_open(
    api: Api, source: str, target: str, policies: tuple[Manifest, ...], rule: str
) -> None:
    found, revision = moved(api, question(*BASE, *policies, source=source, engine=target))
    lines = found.impacts()

    assert joined(without_sctp(lines)) == OPENS
    assert all(each["causes"] for each in lines)
    for each in without_sctp(lines):
        assert {cause["rule"] for cause in each["causes"]} == {rule}
        assert all(cause["policies"] for cause in each["causes"])
    confirm(api, revision, found.body, lines)
    answer = found.answer(rule)
    assert answer is not None
    assert (answer["outcome"], answer["severity"]) == ("Hit", "High")
    lost = {(each["policy"]["kind"], each["policy"]["name"]) for each in found.findings(rule)}
    assert lost == {(each["kind"], each["metadata"]["name"]) for each in policies}
    assert found.body["impact"]["unexplainedCount"] == 0


@pytest.mark.parametrize(
    ("source", "target", "gone", "begins"),
    [(CALICO, CILIUM, "MIG-022", "MIG-031"), (CILIUM, CALICO, "MIG-025", "MIG-031")],
)
def test_translated_beforehand_nothing_opens(
    api: Api, source: str, target: str, gone: str, begins: str
) -> None:
    """Both sets at once: what one engine loses the other begins to read."""
    policies = (*CALICO_KINDS, *CILIUM_KINDS)
    found, revision = moved(api, question(*BASE, *policies, source=source, engine=target))
    lines = found.impacts()

    assert joined(without_sctp(lines)) == set()
    confirm(api, revision, found.body, lines)
    for rule in (gone, begins):
        answer = found.answer(rule)
        assert answer is not None
        assert (answer["outcome"], answer["findings"]) == ("Hit", 2)


@pytest.mark.parametrize(
    ("source", "target", "rule"), [(CALICO, CILIUM, "MIG-022"), (CILIUM, CALICO, "MIG-025")]
)
def test_without_such_kinds_neither_rule_hits(
    api: Api, source: str, target: str, rule: str
) -> None:
    found, _ = moved(api, question(*BASE, source=source, engine=target))
    answer = found.answer(rule)

    assert answer is not None
    assert answer["outcome"] == "Clear"
    assert joined(without_sctp(found.impacts())) == set()
