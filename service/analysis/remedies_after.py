"""Remedies for after a move to Cilium: policies of its own kind, which does not exist before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.analysis.remedy import JsonObject, Maker, Remedy, When, reaches_of
from service.analysis.remedy_parts import cilium_policy, to_ports
from service.analysis.rulebook.book import Answer
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.opening import isolated_groups
from service.analysis.rulebook.sight import Sight
from service.knowledge import value
from service.model.inventory import WINDOWS
from service.model.network_policy import NetworkPolicy, PolicyType
from service.model.policy import PolicyRef


def _node_entities(asked: RuleInput, answer: Answer) -> Iterator[Remedy]:
    for reach in reaches_of(asked, answer):
        if not reach.nodes:
            continue
        every = asked.sight.ranges.covers_every_node(reach.addresses)
        word = "fromEntities" if reach.kind is PolicyType.INGRESS else "toEntities"
        rule = {word: ["host", "remote-node"], **to_ports(reach.placed.rule)}
        yield _after(
            asked,
            answer,
            reach.policy,
            {reach.kind.value.lower(): [rule]},
            f"nodes-{reach.kind.value.lower()}",
            f"open the nodes that {reach.block.cidr} covered",
            is_exact=every is True,
        )


def _host_entity(asked: RuleInput, answer: Answer) -> Iterator[Remedy]:
    for policy in _egress_policies(asked.sight):
        yield _after(
            asked,
            answer,
            policy,
            {"egress": [{"toEntities": ["host"]}]},
            "own-node",
            "let the pods reach their own node as before",
        )


def _egress_policies(sight: Sight) -> Iterator[NetworkPolicy]:
    """Policies that isolate a Linux pod on egress which nothing opens again, one for each pod."""
    chosen: dict[PolicyRef, NetworkPolicy] = {}
    for group, found in isolated_groups(sight, PolicyType.EGRESS):
        if sight.os_of(group[0]) != WINDOWS:
            covered = any(each.ref in chosen for each in found.policies)
            if not covered:
                widest = min(found.policies, key=lambda each: len(each.pod_selector.requirements))
                chosen[widest.ref] = widest
    yield from chosen.values()


def _local_dns(asked: RuleInput, answer: Answer) -> Iterator[Remedy]:
    facts = value("platform", "localDns")
    ports = {"toPorts": [{"ports": [{"port": "53", "protocol": each} for each in ("UDP", "TCP")]}]}
    rules = [
        {"toCIDR": [facts["block"]], **ports},
        {"toEntities": ["host"], **ports},
    ]
    for policy in _egress_policies(asked.sight):
        detail = "let the pods ask LocalDNS on their own node"
        yield _after(asked, answer, policy, {"egress": rules}, "local-dns", detail)


def _forwarded(asked: RuleInput, answer: Answer) -> Iterator[Remedy]:
    yield from _from_entities(asked, answer, ["remote-node"], "forwarded", is_exact=False)


def _webhooks(asked: RuleInput, answer: Answer) -> Iterator[Remedy]:
    yield from _from_entities(asked, answer, ["host", "remote-node"], "api-server", is_exact=False)


def _from_entities(
    asked: RuleInput, answer: Answer, entities: list[str], name: str, *, is_exact: bool
) -> Iterator[Remedy]:
    for each in answer.sightings:
        policy = next((p for p in asked.sight.policies if p.ref == each.policy), None)
        if policy is None:
            continue
        port = {"port": str(each.values["targetPort"]), "protocol": str(each.values["protocol"])}
        rule: JsonObject = {"fromEntities": entities, "toPorts": [{"ports": [port]}]}
        rules = [rule]
        if name == "api-server":
            agent = value("platform", "konnectivity")
            labels = {
                "k8s:io.kubernetes.pod.namespace": agent["namespace"],
                agent["label"]: agent["labelValue"],
            }
            rules.append({"fromEndpoints": [{"matchLabels": labels}], "toPorts": rule["toPorts"]})
        detail = f"admit {' and '.join(entities)} on port {port['port']}"
        suffix = f"{name}-{port['port']}"
        yield _after(asked, answer, policy, {"ingress": rules}, suffix, detail, is_exact=is_exact)


def _after(
    asked: RuleInput,
    answer: Answer,
    policy: NetworkPolicy,
    spec: Mapping[str, Any],
    suffix: str,
    detail: str,
    *,
    is_exact: bool = True,
) -> Remedy:
    return Remedy(
        answer.rule.id,
        When.AFTER,
        detail,
        policy.ref,
        manifest=cilium_policy(policy, suffix, spec),
        is_exact=is_exact,
    )


MAKERS: Mapping[str, Maker] = {
    "MIG-002": _node_entities,
    "MIG-003": _node_entities,
    "MIG-004": _host_entity,
    "MIG-005": _node_entities,
    "MIG-007": _forwarded,
    "MIG-008": _node_entities,
    "MIG-009": _webhooks,
    "MIG-010": _local_dns,
}
