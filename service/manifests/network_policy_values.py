"""The normalised form of a NetworkPolicy as the typed value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.model.labels import EVERYTHING, LabelSelector, Operator, Requirement
from service.model.network_policy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from service.model.policy import PolicyRef, Position


def build_network_policy(
    normalised: Mapping[str, Any], ref: PolicyRef, position: Position
) -> NetworkPolicy:
    """The typed value of a normalised NetworkPolicy."""
    spec = normalised["spec"]
    return NetworkPolicy(
        ref=ref,
        policy_types=frozenset(map(PolicyType, spec["policyTypes"])),
        pod_selector=_selector(spec.get("podSelector")) or EVERYTHING,
        ingress=tuple(_rule(each, "from") for each in spec.get("ingress", ())),
        egress=tuple(_rule(each, "to") for each in spec.get("egress", ())),
        position=position,
    )


def _rule(rule: Mapping[str, Any], peers: str) -> NetworkPolicyRule:
    return NetworkPolicyRule(
        tuple(map(_peer, rule.get(peers, ()))), tuple(map(_port, rule.get("ports", ())))
    )


def _peer(peer: Mapping[str, Any]) -> NetworkPolicyPeer:
    block = peer.get("ipBlock")
    return NetworkPolicyPeer(
        _selector(peer.get("podSelector")),
        _selector(peer.get("namespaceSelector")),
        None if block is None else IPBlock(block["cidr"], tuple(block.get("except", ()))),
    )


def _port(port: Mapping[str, Any]) -> NetworkPolicyPort:
    return NetworkPolicyPort(port["protocol"], port.get("port"), port.get("endPort"))


def _selector(selector: Mapping[str, Any] | None) -> LabelSelector | None:
    if not selector:
        return None if selector is None else EVERYTHING
    labels = selector.get("matchLabels", {})
    return LabelSelector(
        (
            *(Requirement(key, Operator.IN, (value,)) for key, value in labels.items()),
            *(
                Requirement(each["key"], Operator(each["operator"]), tuple(each.get("values", ())))
                for each in selector.get("matchExpressions", ())
            ),
        )
    )
