"""Seeded clusters for the benchmarks, as plain Kubernetes objects.

`microservices` and `large` are made up to a stated shape; `observed` has the published statistics
of a real cluster.
"""

from __future__ import annotations

import random

from benchmarks.objects import (
    Manifest,
    deployment,
    namespace,
    network_policy,
    node,
    pod,
    pod_address,
    selector,
)
from benchmarks.observed import observed

__all__ = ["Manifest", "large", "microservices", "observed"]

SEED = 20261122
DNS_PORTS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


def microservices(workloads: int, seed: int = SEED) -> list[Manifest]:
    """Workloads in namespaces of ten, with 4.3 policies for each workload.

    Per namespace: default deny both ways, DNS egress. Per workload: one ingress policy with
    three peers on a TCP port and the three matching egress policies; every tenth ingress
    policy has an ipBlock /16 except a /24 as one more peer.
    """
    rng = random.Random(seed)
    objects: list[Manifest] = []
    names = [(f"team-{index // 10}", f"app-{index}") for index in range(workloads)]
    ports = [rng.choice(range(8000, 8020)) for _ in names]
    for group in dict.fromkeys(each for each, _ in names):
        objects.append(namespace(group, {"team": group}))
        objects.append(
            network_policy(group, "deny-ingress", {"podSelector": {}, "policyTypes": ["Ingress"]})
        )
        objects.append(
            network_policy(group, "deny-egress", {"podSelector": {}, "policyTypes": ["Egress"]})
        )
        objects.append(
            network_policy(
                group,
                "dns",
                {
                    "podSelector": {},
                    "policyTypes": ["Egress"],
                    "egress": [
                        {
                            "to": [
                                {
                                    "namespaceSelector": {},
                                    "podSelector": selector(**{"k8s-app": "kube-dns"}),
                                }
                            ],
                            "ports": DNS_PORTS,
                        }
                    ],
                },
            )
        )
    for index, (group, name) in enumerate(names):
        objects.append(deployment(group, name, {"app": name}, ports[index]))
        drawn = rng.sample(range(workloads), min(4, workloads))
        callers = [each for each in drawn if each != index][:3]
        entry = [{"protocol": "TCP", "port": ports[index]}]
        peers = [_workload_peer(names[each]) for each in callers]
        if index % 10 == 0:
            second = rng.randrange(256)
            block = f"{rng.choice((172, 192, 203))}.{second}"
            hole = f"{block}.{rng.randrange(256)}.0/24"
            peers.append({"ipBlock": {"cidr": f"{block}.0.0/16", "except": [hole]}})
        objects.append(
            network_policy(
                group,
                f"to-{name}",
                {
                    "podSelector": selector(app=name),
                    "policyTypes": ["Ingress"],
                    "ingress": [{"from": peers, "ports": entry}],
                },
            )
        )
        for each in callers:
            caller_group, caller = names[each]
            objects.append(
                network_policy(
                    caller_group,
                    f"{caller}-to-{name}",
                    {
                        "podSelector": selector(app=caller),
                        "policyTypes": ["Egress"],
                        "egress": [{"to": [_workload_peer((group, name))], "ports": entry}],
                    },
                )
            )
    objects.append(namespace("kube-system"))
    objects.append(deployment("kube-system", "coredns", {"k8s-app": "kube-dns"}, 53))
    return objects


def _workload_peer(name: tuple[str, str]) -> Manifest:
    return {
        "namespaceSelector": selector(**{"kubernetes.io/metadata.name": name[0]}),
        "podSelector": selector(app=name[1]),
    }


def large(
    pods: int = 20_000, nodes: int = 250, policies: int = 2_000, seed: int = SEED
) -> list[Manifest]:
    """A cluster at the edge of what NPM supports: `pods` on `nodes` under `policies`."""
    rng = random.Random(seed)
    groups = max(1, policies // 10)
    objects: list[Manifest] = [node(index) for index in range(nodes)]
    objects.extend(namespace(f"ns-{index}", {"team": f"t{index % 20}"}) for index in range(groups))
    applications: list[tuple[str, str, int]] = []
    for index in range(pods):
        replica = index % 10
        group = f"ns-{index // 10 % groups}"
        name = f"app-{index // 10}"
        port = 8000 + index // 10 % 20
        if replica == 0:
            applications.append((group, name, port))
        objects.append(
            pod(
                group,
                f"{name}-5d4f8c7b9-{replica:05d}",
                {
                    "app": name,
                    "tier": ("web", "api", "db")[index // 10 % 3],
                    "pod-template-hash": "5d4f8c7b9",
                },
                ("ReplicaSet", f"{name}-5d4f8c7b9"),
                rng.randrange(nodes),
                pod_address(index),
                port,
            )
        )
    for number in range(policies):
        group = f"ns-{number % groups}"
        own = applications[number % groups :: groups] or applications[:1]
        _, name, port = rng.choice(own)
        other_group, other, _ = rng.choice(applications)
        match number // groups:
            case 0:
                spec: Manifest = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
            case 1:
                spec = {
                    "podSelector": {},
                    "policyTypes": ["Egress"],
                    "egress": [{"to": [{"namespaceSelector": {}}], "ports": DNS_PORTS}],
                }
            case 2:
                spec = {
                    "podSelector": selector(tier="web"),
                    "ingress": [
                        {
                            "from": [
                                {
                                    "ipBlock": {
                                        "cidr": f"203.{number % 250}.0.0/16",
                                        "except": [f"203.{number % 250}.7.0/24"],
                                    }
                                }
                            ],
                            "ports": [{"port": port}],
                        }
                    ],
                }
            case each if each % 2:
                spec = {
                    "podSelector": selector(app=name),
                    "ingress": [
                        {
                            "from": [
                                _workload_peer((other_group, other)),
                                {"podSelector": selector(tier="api")},
                            ],
                            "ports": [{"port": port}],
                        }
                    ],
                }
            case _:
                spec = {
                    "podSelector": selector(app=name),
                    "policyTypes": ["Egress"],
                    "egress": [
                        {
                            "to": [{"namespaceSelector": selector(team=f"t{rng.randrange(20)}")}],
                            "ports": [{"port": port}],
                        }
                    ],
                }
        objects.append(network_policy(group, f"policy-{number}", spec))
    return objects
