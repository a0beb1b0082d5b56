"""Remedies that can be applied before the change of engine: patches of NetworkPolicies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.analysis.remedy import JsonObject, Maker, Remedy, When, policies_of, reaches_of
from service.analysis.remedy_parts import PEERS_AT_MOST, peers_for, port_entries
from service.analysis.rulebook.book import Answer
from service.analysis.rulebook.cilium_rules import is_range, port_names
from service.analysis.rulebook.dns_rules import Opened, dns_accesses
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.reading import FIELDS, placed_rules, written_kinds
from service.knowledge import value
from service.model.inventory import METADATA_NAME_LABEL, ContainerRole
from service.model.network_policy import NetworkPolicy, PolicyType
from service.model.policy import PolicyRef

#: A range is written out as single ports up to this size.
PORTS_AT_MOST = 50


def pod_peers(asked: RuleInput, answer: Answer) -> Iterator[Remedy]:
    """Selector peers for the pods that a block covers."""
    for reach in reaches_of(asked, answer):
        if not reach.pods:
            continue
        peers, exact = peers_for(asked.sight, reach.pods, asked.profile)
        field = FIELDS[reach.kind]
        path = f"{reach.placed.pointer}/{field}/-"
        yield Remedy(
            answer.rule.id,
            When.BEFORE,
            f"admit the {len(reach.pods)} pods in {reach.block.cidr} by their labels",
            reach.policy.ref,
            tuple({"op": "add", "path": path, "value": each} for each in peers),
            is_exact=exact and len(peers) <= PEERS_AT_MOST,
        )


def _open_ports(asked: RuleInput, answer: Answer) -> Iterator[Remedy]:
    for each in answer.sightings:
        entry = {"port": each.values["targetPort"], "protocol": each.values["protocol"]}
        policy = next((p for p in asked.sight.policies if p.ref == each.policy), None)
        if policy is None:
            continue
        path = "/spec/ingress/-" if policy.ingress else "/spec/ingress"
        rule: Any = {"ports": [entry]}
        yield Remedy(
            answer.rule.id,
            When.BEFORE,
            f"open port {entry['port']} to everyone; limit clients with loadBalancerSourceRanges",
            policy.ref,
            ({"op": "add", "path": path, "value": rule if policy.ingress else [rule]},),
            is_exact=False,
        )


def _dns_peer(asked: RuleInput, answer: Answer) -> Iterator[Remedy]:
    facts = value("platform", "dnsPods")
    peer = {
        "namespaceSelector": {"matchLabels": {METADATA_NAME_LABEL: facts["namespace"]}},
        "podSelector": {"matchLabels": {facts["label"]: facts["labelValue"]}},
    }
    ports = [{"protocol": each, "port": facts["port"]} for each in ("UDP", "TCP")]
    chosen: dict[PolicyRef, NetworkPolicy] = {}
    for access in dns_accesses(asked.sight):
        policies = access.isolation.policies
        by_block = Opened.BY_BLOCK in {access.udp, access.tcp}
        if by_block and not any(each.ref in chosen for each in policies):
            opening = next(each for each in policies if each.egress)
            chosen[opening.ref] = opening
    for ref in chosen:
        rule = {"to": [peer], "ports": ports}
        operation = {"op": "add", "path": "/spec/egress/-", "value": rule}
        detail = "admit the DNS pods by their labels"
        yield Remedy(answer.rule.id, When.BEFORE, detail, ref, (operation,))


def _delete_section(asked: RuleInput, answer: Answer) -> Iterator[Remedy]:
    for each in answer.sightings:
        operation = {"op": "remove", "path": each.pointer}
        detail = "delete the section, which has no effect today"
        yield Remedy(answer.rule.id, When.BEFORE, detail, each.policy, (operation,))


def _write_out(asked: RuleInput, answer: Answer) -> Iterator[Remedy]:
    """Ranges as single ports, names as numbers."""
    names = port_names(asked.sight)
    for policy in policies_of(asked, answer):
        for placed in placed_rules(policy, written_kinds(policy)):
            entries: list[JsonObject] = []
            changed = False
            for port in placed.rule.ports:
                numbers = (names.get((str(port.port), port.protocol)) or {}).get(
                    ContainerRole.REGULAR, set()
                )
                if is_range(port) and isinstance(port.port, int) and port.end_port is not None:
                    wide = range(port.port, port.end_port + 1)
                    changed = len(wide) <= PORTS_AT_MOST
                    entries += [{"protocol": port.protocol, "port": each} for each in wide]
                elif isinstance(port.port, str) and numbers and placed.kind is PolicyType.EGRESS:
                    changed = True
                    entries += [{"protocol": port.protocol, "port": n} for n in sorted(numbers)]
                else:
                    entries += port_entries((port,))
            if changed:
                path = f"{placed.pointer}/ports"
                operation = {"op": "replace", "path": path, "value": entries}
                detail = "write the ports as numbers"
                yield Remedy(answer.rule.id, When.BEFORE, detail, policy.ref, (operation,),
                             is_exact=answer.rule.id == "MIG-017")  # fmt: skip


MAKERS: Mapping[str, Maker] = {
    "MIG-001": pod_peers,
    "MIG-003": pod_peers,
    "MIG-006": _open_ports,
    "MIG-011": _dns_peer,
    "MIG-012": _delete_section,
    "MIG-017": _write_out,
    "MIG-018": _write_out,
}
