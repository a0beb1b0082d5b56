"""FEAT rules about ports, labels and sections under Cilium."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from service.analysis.rulebook.answers import CLEAR, Found, Missing, Sighting, joined, lacking, seen
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.npm_rules import weighed
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.reading import (
    opens_everything,
    placed_rules,
    selectors,
    written_kinds,
)
from service.analysis.rulebook.sight import Sight, workloads
from service.analysis.rulebook.traits import trait
from service.knowledge import entry_at, value
from service.model.engine import EngineProfile, Version
from service.model.inventory import ContainerRole
from service.model.labels import Requirement
from service.model.network_policy import NetworkPolicyPort, PolicyType

VERSION = Missing("engineVersion", "give the version of the engine, or the Kubernetes version")
PODS = Missing("pods", "give the pods with the ports of their containers")


def ignored_label(profile: EngineProfile) -> Callable[[str], bool] | None:
    """A test for label keys that an engine does not see; None where it sees all."""
    listed = trait(profile, "hidesLabels")
    return _label_test(listed, profile.version) if isinstance(listed, str) else None


@cache
def _label_test(listed: str, version: Version | None) -> Callable[[str], bool]:
    patterns = [
        each["pattern"]
        for each in entry_at(listed)
        if each["since"] is None or version is None or version >= Version.parse(each["since"])
    ]
    matcher = re.compile("|".join(f"(?:{each})" for each in patterns))
    return lambda key: matcher.match(key) is not None


def is_range(port: NetworkPolicyPort) -> bool:
    """Whether an entry stands for more than one port."""
    return isinstance(port.port, int) and port.end_port is not None and port.end_port > port.port


def _ranges(asked: RuleInput) -> Found:
    honours = trait(asked.profile, "honoursEndPort")
    if honours is True:
        return CLEAR
    found = [
        weighed(
            asked.sight,
            policy,
            Sighting(
                f"{port.protocol} {port.port} to {port.end_port}: only {port.port} counts",
                policy=policy.ref,
                pointer=f"{pointer}/endPort",
                values={
                    "port": port.port or 0,
                    "endPort": port.end_port or 0,
                    "version": str(asked.profile.version or ""),
                },
            ),
        )
        for policy in asked.sight.policies
        for rule in placed_rules(policy, written_kinds(policy))
        for port, pointer in rule.ports()
        if is_range(port)
    ]
    if honours is None and found:
        return Found(missing=(VERSION,))
    return seen(*found)


PortNames = Mapping[tuple[str, str], dict[ContainerRole, set[int]]]


def port_names(sight: Sight) -> PortNames:
    """The numbers that each port name and protocol stands for, by the role of the container."""
    found: dict[tuple[str, str], dict[ContainerRole, set[int]]] = {}
    for pod in sight.pods:
        for port in pod.ports:
            if port.name:
                roles = found.setdefault((port.name, port.protocol), {})
                roles.setdefault(port.role, set()).add(port.number)
    return found


def _named_egress(asked: RuleInput) -> Found:
    fails = trait(asked.profile, "ambiguousNamesFail")
    if fails is False:
        return CLEAR
    names = port_names(asked.sight)
    parts: list[Found] = []
    for policy in asked.sight.policies:
        for rule in placed_rules(policy, (PolicyType.EGRESS,)):
            if any(opens_everything(each) for each in policy.egress):
                continue
            for port, pointer in rule.ports():
                if isinstance(port.port, str):
                    part = named_port(asked.sight, names, port.port, port.protocol)
                    sightings = (
                        weighed(
                            asked.sight,
                            policy,
                            Sighting(
                                each.detail,
                                policy=policy.ref,
                                pointer=f"{pointer}/port",
                                values=each.values,
                            ),
                        )
                        for each in part.sightings
                    )
                    parts.append(Found(tuple(sightings), part.missing))
    found = joined(parts)
    return Found(missing=(VERSION,)) if fails is None and found.sightings else found


def named_port(sight: Sight, names: PortNames, name: str, protocol: str) -> Found:
    """What a name stands for in the whole cluster: Cilium looks no further."""
    if not sight.knows_pods:
        return Found(missing=(PODS,))
    roles = names.get((name, protocol), {})
    regular = roles.get(ContainerRole.REGULAR, set())
    everyone = set().union(*roles.values()) if roles else set()
    if len(regular) > 1:
        shown = tuple(map(str, sorted(regular)))
        detail = f"{name} stands for {', '.join(shown)}, and Cilium skips the entry"
        return seen(Sighting(detail, values={"name": name, "numbers": shown}))
    if len(everyone) > 1:
        return lacking(
            "initContainerPorts",
            f"init containers give {name} another number; whether Cilium sees it is not documented",
        )
    return CLEAR


def _sctp(asked: RuleInput) -> Found:
    if asked.profile.options.get("sctp") == "enabled":
        return CLEAR
    return seen(
        *(
            weighed(
                asked.sight,
                policy,
                Sighting(
                    "a rule names SCTP, which Cilium drops unless sctp.enabled is set",
                    policy=policy.ref,
                    pointer=f"{pointer}/protocol",
                ),
            )
            for policy in asked.sight.policies
            for rule in placed_rules(policy, written_kinds(policy))
            for port, pointer in rule.ports()
            if port.protocol == "SCTP"
        )
    )


def _ignored_labels(asked: RuleInput) -> Found:
    ignored = ignored_label(asked.profile)
    if ignored is None:
        return CLEAR
    return seen(
        *(
            weighed(
                asked.sight,
                policy,
                Sighting(
                    f"{each} asks for a key that Cilium does not see: it {_meets(each)}",
                    policy=policy.ref,
                    pointer=pointer,
                    values={"key": each.key},
                ),
            )
            for policy in asked.sight.policies
            for selector, pointer in selectors(policy)
            for each in selector.requirements
            if ignored(each.key)
        )
    )


def _meets(requirement: Requirement) -> str:
    return "holds for every pod" if requirement.is_negative else "holds for no pod"


def _unlisted_sections(asked: RuleInput) -> Found:
    if trait(asked.profile, "countsUnlistedSections") is not True:
        return CLEAR
    return seen(
        *(
            weighed(
                asked.sight,
                policy,
                Sighting(
                    f"{kind.value} is not among policyTypes, and Cilium enforces the section",
                    policy=policy.ref,
                    pointer=f"/spec/{kind.value.lower()}",
                    values={"direction": kind.value},
                ),
            )
            for policy in asked.sight.policies
            for kind in PolicyType
            if kind not in policy.policy_types and policy.rules(kind)
        )
    )


def _identities(asked: RuleInput) -> Found:
    if not asked.sight.knows_pods:
        return Found(missing=(PODS,))
    ignored = ignored_label(asked.profile) or (lambda key: False)
    sets = {
        (pod.namespace, tuple(sorted((k, v) for k, v in pod.labels.items() if not ignored(k))))
        for pod in asked.sight.pods
    }
    limit = value("limits", "ciliumIdentityWarning")
    return joined(_identity_parts(asked, len(sets), limit))


def _identity_parts(asked: RuleInput, sets: int, limit: int) -> Iterator[Found]:
    if sets > limit:
        most = value("limits", "ciliumIdentities")
        detail = f"{sets} different label sets; Cilium has {most} identities"
        yield seen(Sighting(detail, values={"labelSets": sets, "limit": limit}))
    prefixes = tuple(value("platform", "churningLabels"))
    churning = [
        pod for pod in asked.sight.pods if any(key.startswith(prefixes) for key in pod.labels)
    ]
    if churning:
        keys = sorted({key for pod in churning for key in pod.labels if key.startswith(prefixes)})
        yield seen(
            Sighting(
                f"labels that differ from job to job: {', '.join(keys)}",
                endpoints=workloads(churning),
                values={"keys": tuple(keys), "pods": len(churning)},
            )
        )


PREDICATES: Mapping[str, Predicate] = {
    "FEAT-009": _ranges,
    "FEAT-013": _named_egress,
    "FEAT-014": _sctp,
    "FEAT-015": _ignored_labels,
    "FEAT-016": _unlisted_sections,
    "FEAT-028": _identities,
}
