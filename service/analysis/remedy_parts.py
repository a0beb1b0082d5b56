"""Parts of generated policies: peers for exactly some pods, ports, and Cilium's own policies."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from service.analysis.rulebook.cilium_rules import ignored_label
from service.analysis.rulebook.sight import Sight
from service.model.engine import EngineProfile
from service.model.inventory import METADATA_NAME_LABEL, Pod
from service.model.labels import LabelSelector, Operator
from service.model.network_policy import NetworkPolicy, NetworkPolicyPort, NetworkPolicyRule

#: More peers than this are not for people to read.
PEERS_AT_MOST = 20

_NOT_IN_NAMES = re.compile(r"[^a-z0-9-]+")


def peers_for(
    sight: Sight, pods: Iterable[Pod], profile: EngineProfile
) -> tuple[list[dict[str, Any]], bool]:
    """Selector peers that admit some pods, and whether they admit no other."""
    wanted = {(pod.namespace, pod.name) for pod in pods}
    everyone = {(pod.namespace, pod.name) for pod in sight.pods}
    if wanted == everyone:
        return [{"namespaceSelector": {}}], True
    namespaces = sorted({namespace for namespace, _ in wanted})
    ignored = ignored_label(profile) or (lambda key: False)
    peers: list[dict[str, Any]] = []
    admitted: set[tuple[str, str]] = set()
    for namespace in namespaces:
        here = sight.pods_in(namespace)
        inside = [pod for pod in here if (pod.namespace, pod.name) in wanted]
        place = {"namespaceSelector": {"matchLabels": {METADATA_NAME_LABEL: namespace}}}
        if len(inside) == len(here):
            peers.append(place)
            admitted |= {(pod.namespace, pod.name) for pod in here}
            continue
        for labels in dict.fromkeys(_stable(pod, ignored) for pod in inside):
            chosen = dict(labels)
            peers.append({**place, "podSelector": {"matchLabels": chosen}})
            admitted |= {
                (pod.namespace, pod.name)
                for pod in here
                if all(pod.labels.get(key) == text for key, text in chosen.items())
            }
    return peers, admitted == wanted


def _stable(pod: Pod, ignored: Any) -> tuple[tuple[str, str], ...]:
    """The labels that a selector may ask for; those that change with every roll-out may not."""
    return tuple(sorted((key, text) for key, text in pod.labels.items() if not ignored(key)))


def selector_body(selector: LabelSelector) -> dict[str, Any]:
    """A selector as manifests write it."""
    labels = {
        each.key: each.values[0]
        for each in selector.requirements
        if each.operator is Operator.IN and len(each.values) == 1
    }
    expressions = [
        {
            "key": each.key,
            "operator": each.operator.value,
            **({"values": list(each.values)} if each.values else {}),
        }
        for each in selector.requirements
        if not (each.operator is Operator.IN and len(each.values) == 1)
    ]
    return {
        **({"matchLabels": labels} if labels else {}),
        **({"matchExpressions": expressions} if expressions else {}),
    }


def port_entries(ports: Iterable[NetworkPolicyPort]) -> list[dict[str, Any]]:
    """Port entries of a NetworkPolicy as manifests write them."""
    return [
        {
            "protocol": each.protocol,
            **({} if each.port is None else {"port": each.port}),
            **({} if each.end_port is None else {"endPort": each.end_port}),
        }
        for each in ports
    ]


def to_ports(rule: NetworkPolicyRule) -> dict[str, Any]:
    """The ports of a rule as Cilium writes them; nothing for a rule about all traffic."""
    if not rule.ports:
        return {}
    ports = [
        {
            "port": "0" if each.port is None else str(each.port),
            "protocol": each.protocol,
            **({} if each.end_port is None else {"endPort": each.end_port}),
        }
        for each in rule.ports
    ]
    return {"toPorts": [{"ports": ports}]}


def cilium_policy(policy: NetworkPolicy, suffix: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A CiliumNetworkPolicy for the pods that a NetworkPolicy selects."""
    return {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {
            "name": object_name(policy.ref.name, suffix, spec),
            "namespace": policy.ref.namespace,
        },
        "spec": {"endpointSelector": selector_body(policy.pod_selector), **spec},
    }


def object_name(base: str, suffix: str, spec: Mapping[str, Any]) -> str:
    """A name that tells where an object comes from, and differs where its content does."""
    mark = hashlib.sha256(repr(sorted(spec.items())).encode()).hexdigest()[:6]
    stem = _NOT_IN_NAMES.sub("-", base.lower()).strip("-")[:180]
    return f"{stem}-{suffix}-{mark}"
