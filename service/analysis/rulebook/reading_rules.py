"""MIG rules that compare readings: found by comparing pipelines, beyond section 8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from service.analysis.rulebook.answers import CLEAR, Found, Sighting, joined, lacking, seen
from service.analysis.rulebook.exposure import backends, forwarded_services
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.kinds import family, is_read_upstream
from service.analysis.rulebook.npm_rules import PREDICATES as NPM_PREDICATES
from service.analysis.rulebook.npm_rules import ipv6_left_open, weighed
from service.analysis.rulebook.opening import admits_pod, isolated_groups, isolation
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.reading import placed_rules, written_kinds
from service.analysis.rulebook.scope_rules import PODS
from service.analysis.rulebook.sight import Sight, workloads
from service.analysis.rulebook.traits import trait
from service.model.addresses import has_leading_zeros
from service.model.inventory import WINDOWS, ContainerRole, Pod
from service.model.network_policy import PolicyType
from service.model.ports import Protocol, point_of


def _hairpin(asked: RuleInput) -> Found:
    """Pods that call themselves through a Service without a rule that lets them."""
    before = trait(asked.source, "hairpinOpen") if asked.source else None
    if before is None or before == trait(asked.profile, "hairpinOpen"):
        return CLEAR
    sight = asked.sight
    found: list[Sighting] = []
    for service in asked.snapshot.inventory.services:
        closed = [
            pod
            for pod in (backends(sight, service) if service.selector else ())
            for port in service.ports
            if isinstance(port.target, int)
            and not _reaches_itself(sight, pod, point_of(Protocol[port.protocol], port.target))
        ]
        if closed:
            detail = "its pods may call themselves through it"
            name = f"Service {service.namespace}/{service.name}"
            found.append(Sighting(f"{name}: {detail}", endpoints=workloads(closed)))
    return seen(*found)


def _reaches_itself(sight: Sight, pod: Pod, point: int) -> bool:
    sides: Iterable[PolicyType] = PolicyType
    found = [isolation(sight, pod, kind) for kind in sides]
    return all(each.is_open or admits_pod(sight, each, pod, point) for each in found)


def _legacy_blocks(asked: RuleInput) -> Found:
    before = trait(asked.source, "readsLegacyBlocks") if asked.source else None
    if before is None or before == trait(asked.profile, "readsLegacyBlocks"):
        return CLEAR
    return seen(
        *(
            weighed(
                asked.sight,
                policy,
                Sighting(
                    f"{block.cidr} has leading zeros",
                    policy=policy.ref,
                    pointer=f"{pointer}/cidr",
                ),
            )
            for policy in asked.sight.policies
            for rule in placed_rules(policy, written_kinds(policy))
            for block, pointer in rule.blocks()
            if any(map(has_leading_zeros, (block.cidr, *block.excepts)))
        )
    )


def _init_names(asked: RuleInput) -> Found:
    before = trait(asked.source, "readsInitContainerNames") if asked.source else None
    after = trait(asked.profile, "readsInitContainerNames")
    if before is None or after is None or before == after:
        return CLEAR
    names = {
        (port.name, port.protocol)
        for pod in asked.sight.pods
        for port in pod.ports
        if port.name and port.role is not ContainerRole.REGULAR
    }
    return seen(
        *(
            weighed(
                asked.sight,
                policy,
                Sighting(
                    f"{port.port} is a port name of init containers",
                    policy=policy.ref,
                    pointer=f"{pointer}/port",
                ),
            )
            for policy in asked.sight.policies
            for rule in placed_rules(policy, written_kinds(policy))
            for port, pointer in rule.ports()
            if (port.port, port.protocol) in names
        )
    )


def _windows_rules(asked: RuleInput) -> Found:
    before = trait(asked.source, "skipsRulesOnWindows") if asked.source else None
    if before is None or before == trait(asked.profile, "skipsRulesOnWindows"):
        return CLEAR
    found = tuple(_skipped_on_windows(asked.sight))
    if asked.sight.has_windows is None and found:
        return lacking("nodePools", "give the node pools (az aks show) or the nodes")
    return seen(*found) if asked.sight.has_windows else CLEAR


def _skipped_on_windows(sight: Sight) -> Iterator[Sighting]:
    for policy in sight.policies:
        pods = [pod for pod in sight.selected(policy) if sight.os_of(pod) in {WINDOWS, None}]
        for rule in placed_rules(policy, policy.policy_types) if pods else ():
            parts = [
                f"{pointer}/port" for port, pointer in rule.ports() if isinstance(port.port, str)
            ]
            parts += [f"{pointer}/except" for block, pointer in rule.blocks() if block.excepts]
            for pointer in parts:
                detail = "Calico on Windows may skip the rule"
                yield Sighting(
                    detail, policy=policy.ref, pointer=pointer, endpoints=workloads(pods)
                )


def _read_by_one(asked: RuleInput) -> Found:
    """Policies that one engine reads and the other does not, where no other rule says it."""
    if asked.source is None:
        return CLEAR
    found: list[Sighting] = []
    for each in asked.sight.other_policies:
        before = is_read_upstream(each.ref, asked.source)
        after = is_read_upstream(each.ref, asked.profile)
        # MIG-022 and MIG-025 speak of an engine's own kinds that it takes with it.
        if before != after and not (before and family(each.ref) == asked.source.engine):
            how = "begins to count" if after else "loses its effect"
            found.append(Sighting(f"{each.ref} {how}", policy=each.ref))
    return seen(*found)


def _npm_opens(asked: RuleInput) -> Found:
    sight = asked.sight
    if not sight.knows_pods:
        return Found(missing=(PODS,)) if sight.policies else CLEAR
    groups = isolated_groups(sight, PolicyType.EGRESS)
    pods = [pod for group, _ in groups for pod in group if sight.os_of(pod) != WINDOWS]
    found: list[Sighting] = []
    if pods:
        detail = f"{len(workloads(pods))} workloads reach their own node whatever policies say"
        found.append(Sighting(detail, endpoints=workloads(pods)))
    for service in forwarded_services(sight):
        behind = backends(sight, service) if service.selector else ()
        if any(isolation(sight, pod, PolicyType.INGRESS).policies for pod in behind):
            name = f"Service {service.namespace}/{service.name}"
            detail = f"{name} lets clients in where a backend runs on the receiving node"
            found.append(Sighting(detail, endpoints=workloads(behind)))
    return seen(*found)


def _npm_skips(asked: RuleInput) -> Found:
    skipped = (predicate(asked) for predicate in NPM_PREDICATES.values())
    return joined((*skipped, ipv6_left_open(asked)))


def _enforcement_mode(asked: RuleInput) -> Found:
    mode = asked.profile.options.get("policyEnforcement", "default")
    if mode == "default":
        return CLEAR
    whom = "every pod, selected or not" if mode == "always" else "no pod at all"
    return seen(Sighting(f"mode {mode} isolates {whom}", values={"policyEnforcement": mode}))


PREDICATES: Mapping[str, Predicate] = {
    "MIG-028": _hairpin,
    "MIG-029": _legacy_blocks,
    "MIG-030": _init_names,
    "MIG-031": _read_by_one,
    "MIG-032": _npm_opens,
    "MIG-033": _npm_skips,
    "MIG-034": _enforcement_mode,
    "MIG-035": _windows_rules,
    "MIG-036": _windows_rules,
}
