"""Remedies work: what the move takes away comes back, and what was closed stays closed."""

from __future__ import annotations

import copy
import json
import shlex
from dataclasses import replace
from typing import Any

import pytest
import yaml

from service.analysis.remedies import apply_commands, patch_commands, remedies
from service.analysis.remedy import Remedy, When
from service.analysis.rulebook.book import ask
from service.analysis.rulebook.rules import rules
from service.analysis.stated import WebhookBackend
from tests.builders import Manifest, namespace, node, pod, snapshot
from tests.builders import ask as verdict_of
from tests.unit.paths.bash import check_syntax
from tests.unit.rulebook.feat_cases import DNS_POD, KUBE_SYSTEM, block, egress, ingress, policy
from tests.unit.rulebook.mig_cases import DENY, LB
from tests.unit.rulebook.questions import cluster, linux, local_dns, question

N1, N2 = node("n1", "192.168.0.4"), node("n2", "192.168.0.5")
DB = pod("shop/db", {"app": "db", "pod-template-hash": "x1"}, on="n1", ips=["10.244.1.7"],
         ports="sql=5432")  # fmt: skip
WEB = pod("shop/web", {"app": "web"}, on="n2", ips=["10.244.2.8"], ports="http=8080")
MON = pod("ops/mon", {"app": "mon"}, on="n2", ips=["10.250.2.9"], ports="http=3000")
BASE = (N1, N2, DB, WEB, MON, DNS_POD, KUBE_SYSTEM, namespace("shop"), namespace("ops"))
LOCAL = cluster(pools=(linux(local_dns_profile=local_dns("Enabled")),))


def patched(manifest: Manifest, remedy: Remedy) -> Manifest:
    """A manifest after a JSON patch."""
    changed: Any = copy.deepcopy(manifest)
    for each in remedy.patch:
        *steps, last = each["path"].split("/")[1:]
        place = changed
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place[step]
        match each["op"]:
            case "add" if last == "-":
                place.append(copy.deepcopy(each["value"]))
            case "add" | "replace":
                place[int(last) if isinstance(place, list) else last] = copy.deepcopy(each["value"])
            case "remove":
                del place[last]
    return changed  # type: ignore[no-any-return]


def cured(
    rule: str, manifest: Manifest, *more: Manifest, engine: str = "cilium", **stated: Any
) -> Any:
    """The manifests before and after every remedy, and the remedies."""
    asked = question(*BASE, *more, manifest, source="npm", engine=engine, **stated)
    found = remedies(asked, [ask(rules()[rule], asked)])
    changed = manifest
    for each in found:
        changed = patched(changed, each)
    added = [each.manifest for each in found if each.manifest is not None]
    return [*BASE, *more, manifest], [*BASE, *more, changed, *added], found


def decision(manifests: list[Manifest], flow: str, engine: str) -> str:
    return verdict_of(snapshot(*manifests), flow, engine).decision.value


@pytest.mark.parametrize(
    ("rule", "manifest", "more", "stated", "engine", "lost", "closed"),
    [
        pytest.param("MIG-001", block("10.244.0.0/16"), (), {}, "cilium",
                     "shop/web -> shop/db TCP/5432", "shop/web -> ops/mon TCP/3000",
                     id="pods of a block"),
        pytest.param("MIG-001", block("10.244.1.7/32", direction="ingress", ports="[{port: 80}]"),
                     (), {}, "cilium", "shop/db -> shop/web TCP/80", "shop/db -> shop/web TCP/81",
                     id="one pod, one port"),
        pytest.param("MIG-002", block("192.168.0.0/24", ports="[{port: 10250}]"), (), {}, "cilium",
                     "shop/db -> node:n2 TCP/10250", "shop/db -> node:n2 TCP/22",
                     id="nodes of a block"),
        pytest.param("MIG-003", block("0.0.0.0/0"), (), {}, "cilium",
                     "shop/db -> node:n2 TCP/443", "", id="everything"),
        pytest.param("MIG-004", egress("{ports: [{port: 443}]}"), (), {}, "cilium",
                     "shop/db -> node:n1 TCP/10250", "shop/db -> node:n2 TCP/10250",
                     id="the own node"),
        pytest.param("MIG-005", block("192.168.0.0/24"), (), {}, "cilium",
                     "shop/db -> node:n2 TCP/9100", "shop/db -> 192.0.2.1 TCP/80",
                     id="another node"),
        pytest.param("MIG-008", block("192.168.0.0/24", direction="ingress"), (), {}, "cilium",
                     "node:n2 -> shop/db TCP/5432", "shop/web -> shop/db TCP/5432",
                     id="the node subnet"),
        pytest.param("MIG-010", egress("{ports: [{port: 443}]}"), (), {"record": LOCAL}, "cilium",
                     "shop/db -> node:n1 UDP/53", "shop/db -> node:n1 TCP/10250", id="LocalDNS"),
        pytest.param("MIG-011", block("10.244.1.53/32"), (), {}, "cilium",
                     "shop/db -> kube-system/coredns UDP/53", "shop/db -> shop/web TCP/8080",
                     id="DNS"),
        pytest.param("MIG-012", policy("{podSelector: {}, policyTypes: [Egress], egress: [{}], "
                                       "ingress: [{from: [{podSelector: {}}]}]}"), (), {}, "cilium",
                     "ops/mon -> shop/db TCP/5432", "", id="an unlisted section"),
        pytest.param("MIG-017", ingress("{ports: [{port: 5430, endPort: 5440}]}"), (), {},
                     "cilium:1.16", "shop/web -> shop/db TCP/5432", "shop/web -> shop/db TCP/5441",
                     id="a range"),
        pytest.param("MIG-018", egress("{ports: [{port: http}]}"), (), {}, "cilium",
                     "shop/db -> shop/web TCP/8080", "shop/db -> shop/web TCP/9090", id="a name"),
    ],
)  # fmt: skip
def test_what_is_lost_comes_back(
    rule: str,
    manifest: Manifest,
    more: tuple[Manifest, ...],
    stated: dict[str, Any],
    engine: str,
    lost: str,
    closed: str,
) -> None:
    before, after, found = cured(rule, manifest, *more, engine=engine, **stated)

    assert found
    assert decision(before, lost, "npm") == "Allow"
    assert decision(before, lost, engine) == "Deny"
    assert decision(after, lost, engine) == "Allow"
    if closed:
        assert decision(before, closed, engine) == "Deny"
        assert decision(after, closed, engine) == "Deny"


def test_service_ports_are_opened_for_everyone() -> None:
    before, after, found = cured("MIG-006", DENY, LB)

    assert decision(before, "203.0.113.9 -> shop/db TCP/5432", "cilium") == "Deny"
    assert decision(after, "203.0.113.9 -> shop/db TCP/5432", "cilium") == "Allow"
    assert decision(after, "203.0.113.9 -> shop/db TCP/5433", "cilium") == "Deny"
    assert not found[0].is_exact


@pytest.mark.parametrize(
    ("rule", "manifest", "stated"),
    [
        ("MIG-007", ingress("{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}"), {}),
        ("MIG-009", DENY, {"webhooks": (WebhookBackend("APIService", "x", "shop", "db", 80),)}),
    ],
)
def test_nodes_are_admitted_on_the_port(
    rule: str, manifest: Manifest, stated: dict[str, Any]
) -> None:
    before, after, _found = cured(rule, manifest, LB, **stated)

    assert decision(before, "node:n2 -> shop/db TCP/5432", "cilium") == "Deny"
    assert decision(after, "node:n2 -> shop/db TCP/5432", "cilium") == "Allow"
    assert decision(after, "node:n2 -> shop/db TCP/5433", "cilium") == "Deny"


def test_labels_that_change_with_every_roll_out_are_not_asked_for() -> None:
    _, _, found = cured("MIG-001", block("10.244.1.7/32", direction="ingress"))
    (remedy,) = found

    assert remedy.patch[0]["value"]["podSelector"] == {"matchLabels": {"app": "db"}}
    assert remedy.is_exact


def test_objects_for_afterwards_are_one_command() -> None:
    _, _, found = cured("MIG-004", egress("{ports: [{port: 443}]}"))
    second = replace(found[0], detail="another\nobject", manifest={"kind": "Other"})
    before = replace(found[0], when=When.BEFORE)
    (command,) = apply_commands([*found, second, before])

    assert [each.when for each in found] == [When.AFTER]
    first, *lines, last = command.text.splitlines()
    assert first == f"kubectl apply --filename - <<'{last}'"
    assert list(yaml.safe_load_all("\n".join(lines))) == [found[0].manifest, second.manifest]
    assert "# another object" in lines
    check_syntax([command.text])
    assert apply_commands([before]) == ()


def test_another_engine_gets_no_objects_of_cilium() -> None:
    asked = question(*BASE, egress("{ports: [{port: 443}]}"), source="npm", engine="calico")

    assert not remedies(asked, [ask(rules()["MIG-004"], asked)])


def test_patches_are_typed_before_the_move() -> None:
    asked = question(*BASE, block("10.244.0.0/16"), source="npm")
    (command,) = patch_commands(remedies(asked, [ask(rules()["MIG-001"], asked)]))

    check_syntax([command.text])
    words = shlex.split(command.text)
    assert words[:3] == ["kubectl", "patch", "networkpolicies.networking.k8s.io"]
    assert words[words.index("--namespace") + 1] == "shop"
    operations = json.loads(words[-1])
    assert {(each["op"], each["path"]) for each in operations} == {("add", "/spec/egress/0/to/-")}
    assert not command.conditional


def test_what_opens_more_than_is_lost_is_for_the_user_to_decide() -> None:
    two = [
        {"name": "a", "port": 80, "targetPort": 5432, "protocol": "TCP"},
        {"name": "b", "port": 81, "targetPort": 5433, "protocol": "TCP"},
    ]
    service = {**LB, "spec": {**LB["spec"], "ports": two}}
    asked = question(*BASE, DENY, service, source="npm")
    (command,) = patch_commands(remedies(asked, [ask(rules()["MIG-006"], asked)]))

    assert command.conditional
    assert command.purpose.startswith("if you accept")
    operations = json.loads(shlex.split(command.text)[-1])
    assert [each["path"] for each in operations] == ["/spec/ingress", "/spec/ingress/-"]
