"""ENG rules about the policies of a cluster as a whole, and about a record that cannot be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from service.analysis.rulebook.answers import (
    CLEAR,
    Affected,
    AffectedKind,
    Found,
    Sighting,
    joined,
    lacking,
    seen,
)
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.kinds import of_family
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.reading import placed_rules
from service.analysis.rulebook.sight import workloads
from service.knowledge import value
from service.model.cluster import ClusterRecord, Ipam

ANY = "*"


def _policies_without_engine(asked: RuleInput) -> Found:
    policies = asked.snapshot.policy_set.policies
    if not policies:
        return CLEAR
    counts = Counter(each.ref.namespace for each in policies)
    return joined(
        seen(
            Sighting(
                f"{count} policies of {namespace or 'the cluster'} are stored and not enforced",
                endpoints=(Affected(AffectedKind.NAMESPACE, namespace),) if namespace else (),
                values={"policies": count},
            )
        )
        for namespace, count in sorted(counts.items())
    )


def _contradictions(cluster: ClusterRecord) -> Iterator[Sighting]:
    network = cluster.network_profile
    ipam = cluster.ipam
    named = {
        "plugin": network.network_plugin,
        "ipam": ipam.value if ipam else None,
        "dataplane": network.network_dataplane or "azure",
        "policy": network.network_policy or "none",
    }
    for entry in value("combinations", "combinations"):
        if entry["status"] == "Refused" and _matches(entry, named):
            error = f" ({entry['error']})" if "error" in entry else ""
            yield Sighting(
                f"networkPlugin {named['plugin']}, networkDataplane {named['dataplane']} and "
                f"networkPolicy {named['policy']} do not go together: {entry['note']}{error}",
                pointer="/networkProfile",
                values={name: text or "" for name, text in named.items()},
            )
    if network.ip_families == ("IPv6",):
        yield Sighting("AKS has no clusters with IPv6 alone", pointer="/networkProfile/ipFamilies")
    windows = [each.name for each in cluster.node_pools if (each.os_type or "") == "Windows"]
    if windows and ipam is Ipam.KUBENET:
        yield Sighting(
            "kubenet does not go with Windows node pools",
            pointer="/agentPoolProfiles",
            endpoints=tuple(Affected(AffectedKind.NODE_POOL, each) for each in windows),
        )
    if windows and network.network_dataplane == "cilium":
        yield Sighting(
            "networkDataplane cilium does not go with Windows node pools",
            pointer="/agentPoolProfiles",
            endpoints=tuple(Affected(AffectedKind.NODE_POOL, each) for each in windows),
        )
    if network.network_plugin_mode == "overlay" and network.network_plugin in {"kubenet", "none"}:
        yield Sighting(
            "networkPluginMode overlay needs networkPlugin azure",
            pointer="/networkProfile/networkPluginMode",
        )
    if (cluster.node_provisioning_mode or "").lower() == "auto" and ipam is Ipam.POD_SUBNET:
        yield Sighting(
            "node auto-provisioning does not go with pod subnets",
            pointer="/nodeProvisioningProfile/mode",
        )


def _matches(entry: Mapping[str, Any], named: Mapping[str, str | None]) -> bool:
    return all(entry[name] in {ANY, found} for name, found in named.items())


def _record_inconsistent(asked: RuleInput) -> Found:
    if asked.cluster.network_profile.network_plugin is None:
        return lacking("networkProfile", "give the cluster record (az aks show)")
    return seen(*_contradictions(asked.cluster))


def _calico_kinds(asked: RuleInput) -> Found:
    return seen(
        *(
            Sighting(f"{each.ref} is outside what AKS tests and supports", policy=each.ref)
            for each in of_family(asked.sight.other_policies, "calico")
        )
    )


#: Kinds that the engine does not read have rules of their own.
_KIND_NOT_READ = "PolicyKindNotRead"


def _left_out(asked: RuleInput) -> Found:
    return seen(
        *(
            Sighting(
                each.detail,
                each.severity,
                policy=each.policy,
                pointer=each.pointer,
                values={"code": each.code},
            )
            for each in asked.findings
            if each.code != _KIND_NOT_READ
        )
    )


def _many_blocks(asked: RuleInput) -> Found:
    limit = value("limits", "npmBlocksPerPolicy")
    found: list[Sighting] = []
    for policy in asked.sight.policies:
        kinds = policy.policy_types
        blocks = sum(1 for rule in placed_rules(policy, kinds) for _ in rule.blocks())
        if blocks > limit:
            found.append(
                Sighting(
                    f"{blocks} ipBlock peers in one policy, {limit} are safer with NPM",
                    policy=policy.ref,
                    pointer="/spec",
                    endpoints=workloads(asked.sight.selected(policy)),
                    values={"blocks": blocks, "limit": limit},
                )
            )
    return seen(*found)


PREDICATES: Mapping[str, Predicate] = {
    "ENG-018": _policies_without_engine,
    "ENG-021": _record_inconsistent,
    "ENG-022": _calico_kinds,
    "ENG-023": _many_blocks,
    "ENG-025": _left_out,
}
