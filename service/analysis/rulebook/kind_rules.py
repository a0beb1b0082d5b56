"""FEAT rules about policy kinds, and about what Cilium's own kinds need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from service.analysis.paths.prerequisites import asked_floor
from service.analysis.rulebook.answers import CLEAR, Found, Missing, Sighting, joined, lacking, seen
from service.analysis.rulebook.cluster_rules import ipv6, windows_found
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.kinds import (
    family,
    is_read_by,
    is_read_upstream,
    kind_entry,
    of_family,
)
from service.analysis.rulebook.predicates import Predicate
from service.model.cilium import CiliumPolicy, CiliumRule, FqdnPeer, L7Kind
from service.model.cluster import NetworkSecurityProfile
from service.model.engine import Version
from service.model.finding import Severity
from service.model.network_policy import PolicyType
from service.model.policy import UnreadPolicy

#: A pointer and what stands there.
Place = tuple[str, str]

_NOT_L7 = frozenset({L7Kind.DNS})


def _rules(policy: CiliumPolicy) -> Iterator[CiliumRule]:
    for spec in policy.specs:
        for kind in PolicyType:
            yield from spec.allowing(kind)
            yield from spec.denying(kind)


def l7_places(policy: CiliumPolicy) -> Iterator[Place]:
    """Where a policy looks into connections beyond ports, DNS aside."""
    for rule in _rules(policy):
        for index, ports in enumerate(rule.to_ports or ()):
            if ports.l7 is not None and ports.l7.kind not in _NOT_L7:
                yield f"{rule.pointer}/toPorts/{index}", f"{ports.l7.kind.value} rules"


def fqdn_places(policy: CiliumPolicy) -> Iterator[Place]:
    """Where a policy speaks of DNS names."""
    for rule in _rules(policy):
        for index, peer in enumerate(rule.peers or ()):
            if isinstance(peer, FqdnPeer):
                name = peer.match_name or peer.match_pattern
                yield f"{rule.pointer}/toFQDNs/{index}", f"FQDN {name}"


def _cilium_policies(asked: RuleInput) -> tuple[list[CiliumPolicy], Found]:
    """The policies of Cilium's kinds, and what is missing where one was not read."""
    found: list[CiliumPolicy] = []
    missing: list[Missing] = []
    for each in of_family(asked.sight.other_policies, "cilium"):
        if isinstance(each, CiliumPolicy):
            found.append(each)
        elif isinstance(each, UnreadPolicy):
            missing.append(Missing("policyContent", f"the content of {each.ref} was not read"))
    return found, Found(missing=tuple(missing))


def _security(asked: RuleInput) -> NetworkSecurityProfile | None:
    services = asked.cluster.network_profile.advanced_networking
    return services.security if services else None


def _services_allow(asked: RuleInput, *, l7: bool) -> bool | None:
    """Whether Advanced Container Networking Services allow such rules; None if not known."""
    if asked.cluster.network_profile.network_plugin is None:
        return None
    security = _security(asked)
    if security is None or not security.enabled:
        return False
    mode = (security.advanced_network_policies or "").upper()
    return mode == "L7" if l7 else mode in {"FQDN", "L7", ""}


def _needs_services(asked: RuleInput, *, l7: bool) -> Found:
    policies, unread = _cilium_policies(asked)
    uses = [
        (policy, pointer, what)
        for policy in policies
        for pointer, what in (l7_places(policy) if l7 else fqdn_places(policy))
    ]
    if not uses:
        return unread
    allowed = _services_allow(asked, l7=l7)
    floor = asked_floor("l7Policy" if l7 else "fqdnPolicy", "kubernetes")
    too_old = asked.kubernetes is not None and asked.kubernetes < Version.parse(floor)
    if allowed is None and not too_old:
        return joined((unread, lacking("advancedNetworking", "give networkProfile (az aks show)")))
    if allowed and not too_old:
        if asked.kubernetes is None:
            return joined((unread, lacking("kubernetesVersion", "give the Kubernetes version")))
        return unread
    why = f"Kubernetes {asked.kubernetes} is below {floor}" if too_old else "they are off"
    steps = ("A1",) if asked.plan and asked.plan.has("A1") and not too_old else ()
    return joined(
        (
            unread,
            seen(
                *(
                    Sighting(
                        f"{what} need Advanced Container Networking Services: {why}",
                        policy=policy.ref,
                        pointer=pointer,
                        values={"mode": "L7" if l7 else "FQDN", "floor": floor},
                        settled_by=steps,
                    )
                    for policy, pointer, what in uses
                )
            ),
        )
    )


def _l7_clusterwide(asked: RuleInput) -> Found:
    policies, unread = _cilium_policies(asked)
    found = seen(
        *(
            Sighting(f"{what} in a clusterwide policy", policy=policy.ref, pointer=pointer)
            for policy in policies
            if policy.is_clusterwide
            for pointer, what in l7_places(policy)
        )
    )
    return joined((found, unread))


def _wrong_engine(asked: RuleInput) -> Found:
    found: list[Sighting] = []
    for each in asked.sight.other_policies:
        if is_read_by(each.ref, asked.profile.engine):
            continue
        entry = kind_entry(each.ref)
        note = f": {entry['note']}" if entry and entry["note"] else ""
        upstream = is_read_upstream(each.ref, asked.profile)
        known = "is not known to be read on AKS" if upstream else "is not read"
        found.append(
            Sighting(
                f"{each.ref.kind} ({each.ref.api_version}) {known}{note}",
                Severity.MEDIUM if upstream else None,
                policy=each.ref,
                values={"family": family(each.ref) or ""},
            )
        )
    return seen(*found)


def _calico_on_windows(asked: RuleInput) -> Found:
    windows = windows_found(asked)
    if not windows.sightings:
        return windows
    found = [
        Sighting(f"{each.ref} has no effect on Windows nodes", policy=each.ref)
        for each in of_family(asked.sight.other_policies, "calico")
        if each.ref.kind == "HostEndpoint"
    ]
    uses = ipv6(asked)
    if uses:
        found.append(
            Sighting("IPv6 is not policed on Windows nodes", pointer="/networkProfile/ipFamilies")
        )
    if not found and uses is None:
        return lacking("ipFamilies", "give networkProfile.ipFamilies (az aks show)")
    return seen(*found) if found else CLEAR


PREDICATES: Mapping[str, Predicate] = {
    "FEAT-018": lambda asked: _needs_services(asked, l7=True),
    "FEAT-019": lambda asked: _needs_services(asked, l7=False),
    "FEAT-020": _l7_clusterwide,
    "FEAT-021": _wrong_engine,
    "FEAT-024": _calico_on_windows,
}
