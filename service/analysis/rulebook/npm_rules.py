"""FEAT rules about elements that NPM skips or misreads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from service.analysis.rulebook.answers import (
    CLEAR,
    Affected,
    AffectedKind,
    Found,
    Missing,
    Sighting,
    joined,
    lacking,
    seen,
)
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.opening import isolated_groups
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.reading import PlacedRule, opens_everything, placed_rules
from service.analysis.rulebook.sight import Sight, workloads
from service.analysis.rulebook.traits import trait
from service.model.finding import Severity
from service.model.inventory import WINDOWS, Pod
from service.model.labels import LabelSelector, Operator, Requirement
from service.model.network_policy import NetworkPolicy, PolicyType

NAMESPACES = Missing("namespaces", "give the namespaces with their labels")

#: What a policy holds that is looked for: a pointer, and what is said about it.
Element = tuple[str, str]


def translated(policy: NetworkPolicy) -> Iterator[PlacedRule]:
    """The rules that NPM reads: with `{}` among them, that one and no other of its direction."""
    for kind in sorted(policy.policy_types):
        rules = list(placed_rules(policy, (kind,)))
        yield from [each for each in rules if opens_everything(each.rule)] or rules


def windows_subjects(sight: Sight, policy: NetworkPolicy) -> tuple[tuple[Pod, ...], bool]:
    """The Windows pods that a policy selects, and whether more may be Windows pods."""
    pods = sight.selected(policy)
    certain = tuple(pod for pod in pods if sight.os_of(pod) == WINDOWS)
    unsure = any(sight.os_of(pod) is None for pod in pods)
    return certain, unsure or not sight.knows_pods


def _on_windows(asked: RuleInput, elements: Callable[[NetworkPolicy], Iterable[Element]]) -> Found:
    sight = asked.sight
    if sight.has_windows is False and not any(sight.os_of(pod) == WINDOWS for pod in sight.pods):
        return CLEAR
    parts: list[Found] = []
    for policy in sight.policies:
        found = list(elements(policy))
        if not found:
            continue
        pods, unsure = windows_subjects(sight, policy)
        if pods:
            parts.append(
                seen(
                    *(
                        Sighting(
                            detail,
                            policy=policy.ref,
                            pointer=pointer,
                            endpoints=workloads(pods),
                        )
                        for pointer, detail in found
                    )
                )
            )
        elif unsure:
            parts.append(
                lacking(
                    "nodeOs",
                    "give nodes and pods with their placement, so that it can be told which pods "
                    "run on Windows",
                )
            )
    return joined(parts)


SKIPPED = "NPM on Windows skips the whole policy, and what it selects is open"
INVERTED = (
    "NPM on Windows takes it for its opposite in egress rules, before the fixes of September 2026"
)


def named_ports(policy: NetworkPolicy) -> Iterator[Element]:
    """Ports that are given by name."""
    for rule in translated(policy):
        for port, pointer in rule.ports():
            if isinstance(port.port, str):
                yield f"{pointer}/port", f"port name {port.port}: {SKIPPED}"


def sctp_ports(policy: NetworkPolicy) -> Iterator[Element]:
    """Ports of SCTP."""
    for rule in translated(policy):
        for port, pointer in rule.ports():
            if port.protocol == "SCTP":
                yield f"{pointer}/protocol", f"protocol SCTP: {SKIPPED}"


def _negative(selector: LabelSelector) -> list[Requirement]:
    return [each for each in selector.requirements if each.is_negative]


def negative_selectors(policy: NetworkPolicy) -> Iterator[Element]:
    """Expressions with NotIn or DoesNotExist."""
    for each in _negative(policy.pod_selector):
        yield "/spec/podSelector", f"expression {each}: {SKIPPED}"
    for rule in translated(policy):
        for peer, pointer in rule.peers():
            for each in _negative(peer.pod_selector) if peer.pod_selector else ():
                yield f"{pointer}/podSelector", f"expression {each}: {SKIPPED}"
            for each in _negative(peer.namespace_selector) if peer.namespace_selector else ():
                effect = INVERTED if rule.kind is PolicyType.EGRESS else SKIPPED
                yield f"{pointer}/namespaceSelector", f"namespace expression {each}: {effect}"


def exceptions(policy: NetworkPolicy) -> Iterator[Element]:
    """Blocks with exceptions."""
    for rule in translated(policy):
        for block, pointer in rule.blocks():
            if block.excepts:
                shown = f"{block.cidr} except {', '.join(block.excepts)}"
                yield f"{pointer}/except", f"{shown}: {SKIPPED}"


def ipv6_blocks(policy: NetworkPolicy) -> Iterator[Element]:
    """IPv6 blocks."""
    for rule in translated(policy):
        for block, pointer in rule.blocks():
            if ":" in block.cidr:
                yield f"{pointer}/cidr", f"IPv6 block {block.cidr}"


def other_zero_blocks(policy: NetworkPolicy) -> Iterator[Element]:
    """Blocks that are 0.0.0.0/0 under another spelling."""
    for rule in translated(policy):
        for block, pointer in rule.blocks():
            is_zero = block.cidr.endswith("/0") and ":" not in block.cidr
            if is_zero and block.cidr != "0.0.0.0/0":
                yield f"{pointer}/cidr", f"block {block.cidr}"


def weighed(sight: Sight, policy: NetworkPolicy, sighting: Sighting) -> Sighting:
    """A sighting about a policy with the workloads it selects; Info where it selects none."""
    pods = sight.selected(policy)
    if pods or not sight.knows_pods:
        return replace(sighting, endpoints=sighting.endpoints or workloads(pods))
    detail = f"{sighting.detail} (it selects no pod of this revision)"
    return replace(sighting, severity=Severity.INFO, detail=detail)


def _not_programmed(
    asked: RuleInput, elements: Callable[[NetworkPolicy], Iterable[Element]]
) -> Found:
    if trait(asked.profile, "skipsUntranslatable") is not True:
        return CLEAR
    return seen(
        *(
            weighed(
                asked.sight,
                policy,
                Sighting(
                    f"{detail}: NPM programs nothing of the policy, and what it selects is open",
                    policy=policy.ref,
                    pointer=pointer,
                ),
            )
            for policy in asked.sight.policies
            for pointer, detail in elements(policy)
        )
    )


def namespace_selectors(policy: NetworkPolicy) -> Iterator[tuple[LabelSelector, str]]:
    """The namespaceSelectors that NPM reads."""
    for rule in translated(policy):
        for peer, pointer in rule.peers():
            if peer.namespace_selector is not None:
                yield peer.namespace_selector, f"{pointer}/namespaceSelector"


def wrongly_admitted(sight: Sight, selector: LabelSelector) -> tuple[str, ...]:
    """Namespaces that a selector excludes and NPM's reading of NotIn lets in."""
    kept = [each for each in selector.requirements if not _is_wide(each)]
    if len(kept) == len(selector.requirements):
        return ()
    return tuple(
        name
        for name in sight.namespaces
        if LabelSelector(tuple(kept)).matches(sight.namespace_labels(name))
        and not selector.matches(sight.namespace_labels(name))
    )


def _is_wide(requirement: Requirement) -> bool:
    return requirement.operator is Operator.NOT_IN and len(requirement.values) > 1


def _not_in_several(asked: RuleInput) -> Found:
    if trait(asked.profile, "notInAdmitsEverybody") is not True:
        return CLEAR
    found: list[Sighting] = []
    for policy in asked.sight.policies:
        for selector, pointer in namespace_selectors(policy):
            if not any(map(_is_wide, selector.requirements)):
                continue
            names = wrongly_admitted(asked.sight, selector)
            detail = f"{selector} is read as if one of the values were enough"
            sighting = Sighting(
                f"{detail}; it lets in {', '.join(names)}"
                if names
                else f"{detail}; no namespace of this revision has one of the values",
                None if names else Severity.INFO,
                policy=policy.ref,
                pointer=pointer,
                endpoints=tuple(Affected(AffectedKind.NAMESPACE, each) for each in names),
                values={"namespaces": names},
            )
            found.append(weighed(asked.sight, policy, sighting))
    unlabelled = bool(found) and any(each.synthetic for each in asked.snapshot.inventory.namespaces)
    return Found(tuple(found), (NAMESPACES,) if unlabelled else ())


def _negations_only(asked: RuleInput) -> Found:
    if trait(asked.profile, "negationsAdmitOutside") is not True:
        return CLEAR
    return seen(
        *(
            weighed(
                asked.sight,
                policy,
                Sighting(
                    f"{selector} excludes only, and addresses outside the cluster match it too",
                    policy=policy.ref,
                    pointer=pointer,
                ),
            )
            for policy in asked.sight.policies
            for selector, pointer in namespace_selectors(policy)
            if selector.is_negative_only
        )
    )


def _speaks_ipv6(asked: RuleInput) -> bool:
    """Whether anything in the input has an IPv6 address."""
    inventory = asked.snapshot.inventory
    return (
        "IPv6" in asked.cluster.network_profile.ip_families
        or any(":" in text for pod in inventory.pods for text in pod.addresses)
        or any(":" in text for node in inventory.nodes for text in node.addresses)
        or any(True for policy in asked.sight.policies for _ in ipv6_blocks(policy))
    )


def ipv6_left_open(asked: RuleInput) -> Found:
    """Pods that policies isolate, in a cluster with IPv6 that an engine may not police."""
    if trait(asked.profile, "policesIpv6") is True or not _speaks_ipv6(asked):
        return CLEAR
    found: dict[str, dict[tuple[str, str], Pod]] = {}
    for kind in PolicyType:
        for pods, _ in isolated_groups(asked.sight, kind):
            for pod in pods:
                found.setdefault(pod.namespace, {})[pod.namespace, pod.name] = pod
    return seen(
        *(
            Sighting(
                f"pods of {namespace} are isolated, there is IPv6, and nobody documents that NPM "
                "polices it",
                endpoints=workloads(pods.values()),
                values={"namespace": namespace, "pods": len(pods)},
            )
            for namespace, pods in sorted(found.items())
        )
    )


PREDICATES: Mapping[str, Predicate] = {
    "FEAT-001": lambda asked: _on_windows(asked, named_ports),
    "FEAT-002": lambda asked: _on_windows(asked, sctp_ports),
    "FEAT-003": lambda asked: _on_windows(asked, negative_selectors),
    "FEAT-004": lambda asked: _on_windows(asked, exceptions),
    "FEAT-005": lambda asked: _not_programmed(asked, ipv6_blocks),
    "FEAT-006": lambda asked: _not_programmed(asked, other_zero_blocks),
    "FEAT-007": _not_in_several,
    "FEAT-008": _negations_only,
}
