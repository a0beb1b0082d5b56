"""Azure Network Policy Manager: how its two data planes read NetworkPolicies.

Linux: iptables and ipsets. Windows Server 2022: HNS ACLs. Node OS belongs to the pod that is
policed, so in a mixed cluster one policy becomes a stage policy for each OS. Linux nodes judge the
pods on Windows that their own pods talk to as well, see `npm_linux_nodes`.
Source: Azure/azure-container-networking npm/, v1.8.12 line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from service.engines.endpoints import (
    EndpointView,
    cluster_has_os,
    endpoints_of,
    regular_containers_only,
)
from service.engines.engine import Engine, EngineOption, option, unread_policies
from service.engines.memo import EachMemo, IdentityMemo
from service.engines.network_policy import (
    Reading,
    block_peer,
    network_policies,
    selector_peer,
    translate,
    without_network_policies,
)
from service.engines.node_rules import NODE_TO_POD, own_node_allowed
from service.engines.npm_linux_nodes import Crossing, linux_node_stages, pods_not_on_linux
from service.engines.npm_refusal import (
    LEGACY_CIDR,
    Refusal,
    refused_on_linux,
    refused_on_windows,
    translated_rules,
)
from service.engines.npm_selectors import negation_lost, peer_as_sets
from service.knowledge import value
from service.model.addresses import Family, has_leading_zeros
from service.model.assumption import Assumption
from service.model.condition import IS_POD, Assumed, Condition, FamilyIs, OsIs, all_of
from service.model.endpoint import Endpoint
from service.model.engine import EngineProfile
from service.model.finding import Finding, Severity
from service.model.inventory import LINUX, WINDOWS
from service.model.network_policy import IPBlock, NetworkPolicy, NetworkPolicyPeer
from service.model.pipeline import (
    Direction,
    Effect,
    Origin,
    Peer,
    Pipeline,
    Rule,
    ServicePath,
    ServicePaths,
    Stage,
    StagePolicy,
    Treatment,
)
from service.model.snapshot import Snapshot

OPTIONS = (
    EngineOption(
        "fixes",
        ("none", value("npm", "selectorFixes")),
        "whether the selector fixes of September 2026 (#4866, #4868) are installed",
    ),
)

IPV6_UNFILTERED = Assumption(
    "NpmIpv6Unfiltered",
    "NPM puts only IPv4 pod addresses into its sets; whether it filters IPv6 traffic of a "
    "dual-stack pod at all is not documented",
)
WINDOWS_SERVICES = Assumption(
    "NpmWindowsServiceTraffic",
    "how NPM on Windows sees traffic that comes through a Service from outside, or from a pod "
    "to itself, is not documented",
)
FORWARDED = Assumption(
    "NpmForwardedLoadBalancerTraffic",
    "a connection that another node forwards arrives with that node's address; that NPM filters "
    "it as the node follows from the order of iptables chains and is not documented",
)
MASQUERADED = Assumption(
    "NpmMasqueradedTrafficAccepted",
    "kube-proxy marks what is sent to an address that a Service has outside, and on the caller's "
    "node NPM accepts marked packets before policies; other nodes then see that node's address",
)
NODE_PORT = Assumption(
    "NodePortFromPod",
    "what NPM sees of a pod's call to a node port is not documented",
)

_LINUX_PATHS = ServicePaths(
    hairpin=ServicePath("NpmMasqueradedTrafficAccepted", (Treatment.BYPASS,)),
    # kube-proxy marks such packets for masquerading, and marked packets are accepted before
    # the AZURE-NPM chain is reached.
    load_balancer_same_node=ServicePath("NpmMasqueradedTrafficAccepted", (Treatment.BYPASS,)),
    load_balancer_other_node=ServicePath(
        "NpmForwardedLoadBalancerTraffic", (Treatment.AS_NODE, Treatment.BYPASS), FORWARDED
    ),
    node_port_from_pod=ServicePath("NodePortFromPod", (), NODE_PORT),
    external_address=ServicePath("NpmMasqueradedTrafficAccepted", (), MASQUERADED),
)
_UNDOCUMENTED = ServicePath("NpmWindowsServiceTraffic", (), WINDOWS_SERVICES)
_WINDOWS_PATHS = ServicePaths(
    OsIs(WINDOWS),
    hairpin=_UNDOCUMENTED,
    load_balancer_local=_UNDOCUMENTED,
    load_balancer_same_node=_UNDOCUMENTED,
    load_balancer_other_node=_UNDOCUMENTED,
    node_port_from_pod=_UNDOCUMENTED,
    external_address=_UNDOCUMENTED,
)


@dataclass(frozen=True, slots=True)
class Platform:
    """One of NPM's two data planes."""

    os: str
    refuses: Callable[[NetworkPolicy], Refusal | None]
    ingress: Reading
    egress: Reading

    def reading(self, direction: Direction) -> Reading:
        """How a NetworkPolicy's rules of one direction are read."""
        return self.ingress if direction is Direction.INGRESS else self.egress


@cache
def platforms(*, fixed: bool) -> tuple[Platform, ...]:
    """Linux and Windows, with or without the selector fixes."""
    linux = Reading(
        rules=translated_rules,
        selector_peer=selector_peer if fixed else peer_as_sets,
        block_peer=_block_peer,
    )
    windows = replace(linux, selector_peer=selector_peer)
    windows_egress = windows if fixed else replace(windows, selector_peer=_positive_peer)
    return (
        Platform(LINUX, refused_on_linux, linux, linux),
        Platform(
            WINDOWS,
            lambda policy: refused_on_windows(policy, fixed=fixed),
            windows,
            windows_egress,
        ),
    )


def compile_npm(snapshot: Snapshot, profile: EngineProfile) -> Pipeline:
    """NetworkPolicies only; a policy with an element that NPM cannot translate is not applied."""
    fixed = option(profile, OPTIONS, "fixes") != "none"
    endpoints = endpoints_of(snapshot, EndpointView(regular_containers_only))
    earlier = {each.ref: each for each in network_policies(snapshot.applied_before)}
    present = _PRESENT.get((endpoints,), fixed, lambda: _present(endpoints, fixed=fixed))
    policies = network_policies(snapshot.policy_set.policies)
    if earlier:
        applied = [_applied(each, earlier.get(each.ref), present) for each in policies]
    else:
        applied = _memo(present).all(policies)
    ingress, egress = [each.ingress for each in applied], [each.egress for each in applied]
    return Pipeline(
        profile,
        endpoints,
        ingress=(NODE_TO_POD, _IPV6, *_stages(ingress, present)),
        egress=(_TO_OWN_NODE, _IPV6, *_stages(egress, present)),
        service_paths=(_WINDOWS_PATHS, _LINUX_PATHS),
        findings=(
            *[finding for each in applied for finding in each.findings],
            *unread_policies(without_network_policies(snapshot.policy_set.policies)),
        ),
    )


# Rules hang in FORWARD only, so a packet from a pod to its own node meets none of them.
_TO_OWN_NODE = own_node_allowed(
    "NpmOwnNodeAllowed",
    "NPM on Linux filters forwarded packets only, so a pod always reaches its own node",
    OsIs(LINUX),
)


@dataclass(frozen=True, slots=True)
class _Present:
    """The platforms of a cluster; in one that mixes them also the pods that are not on Linux."""

    platforms: tuple[Platform, ...]
    elsewhere: Condition | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What NPM makes of one policy in one direction, for the pods of each platform.

    `differs`: whether platforms read it differently. `crossing` is for Linux nodes whose pods talk
    to pods on Windows; None where the policy has no part there.
    """

    namespace: str
    own: tuple[StagePolicy, ...]
    differs: bool = False
    crossing: Crossing | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Applied:
    """What NPM makes of one policy, and what is worth telling about it."""

    ingress: _Parts
    egress: _Parts
    findings: tuple[Finding, ...]


_PRESENT: IdentityMemo[_Present] = IdentityMemo(16)


def _present(endpoints: Iterable[Endpoint], *, fixed: bool) -> _Present:
    found = tuple(endpoints)
    present = tuple(each for each in platforms(fixed=fixed) if cluster_has_os(found, each.os))
    return _Present(present, pods_not_on_linux(found) if len(present) > 1 else None)


@lru_cache(16)
def _memo(present: _Present) -> EachMemo[NetworkPolicy, _Applied]:
    return EachMemo(100_000, lambda policy: _applied(policy, None, present))


def _stages(parts: Sequence[_Parts], present: _Present) -> tuple[Stage, ...]:
    own = Stage("networkPolicy", tuple([part for each in parts for part in each.own]))
    if present.elsewhere is None:
        return (own,)
    # What all policies of a namespace say alike on both platforms a Linux node need not repeat.
    differing = {each.namespace for each in parts if each.differs}
    crossings = [each.crossing for each in parts if each.namespace in differing and each.crossing]
    return (*linux_node_stages(crossings), own)


#: The version of a policy that a platform has in force, what that rests on, and a finding.
_InForce = tuple[NetworkPolicy | None, tuple[Condition, ...], Finding | None]


def _applied(policy: NetworkPolicy, earlier: NetworkPolicy | None, present: _Present) -> _Applied:
    versions = [(each, _in_force(policy, earlier, each)) for each in present.platforms]
    ingress, egress = (
        _by_platform(policy.ref.namespace, versions, direction, present.elsewhere)
        for direction in (Direction.INGRESS, Direction.EGRESS)
    )
    found = tuple(finding for _, (_, _, finding) in versions if finding is not None)
    return _Applied(ingress, egress, found)


def _by_platform(
    namespace: str,
    versions: Iterable[tuple[Platform, _InForce]],
    direction: Direction,
    elsewhere: Condition | None,
) -> _Parts:
    """The policy's part on each platform; one for all, where node OS makes no difference."""
    found: dict[str, StagePolicy | None] = {}
    crossing: Crossing | None = None
    for platform, (applied, doubt, _) in versions:
        part = translate(applied, direction, platform.reading(direction)) if applied else None
        if part is not None and platform.os == LINUX and elsewhere is not None:
            crossing = Crossing.of(part, doubt, elsewhere)
        if part is not None and doubt:
            part = replace(part, subject=all_of(part.subject, *doubt))
        found[platform.os] = part
    first, *others = found.values()
    if all(each == first for each in others):
        return _Parts(namespace, () if first is None else (first,), crossing=crossing)
    own = tuple(
        replace(part, subject=all_of(OsIs(os), part.subject))
        for os, part in found.items()
        if part is not None
    )
    return _Parts(namespace, own, differs=True, crossing=crossing)


def _in_force(policy: NetworkPolicy, earlier: NetworkPolicy | None, platform: Platform) -> _InForce:
    """The version that is in force, what that rests on, and a finding if it is not as stored."""
    refused = platform.refuses(policy)
    if refused is None:
        return policy, (), None

    def finding(text: str) -> Finding:
        detail = f"NPM on {platform.os} {text}: {refused.detail}"
        return Finding(refused.code, Severity.HIGH, detail, policy.ref, refused.pointer)

    if not refused.is_certain:
        return policy, (Assumed(LEGACY_CIDR),), finding("may not apply the policy")
    # A failed update leaves the rules of the version that was applied before in place, unless
    # they were removed ahead of the failure (npm networkPolicyController).
    if earlier is not None and refused.keeps_earlier and platform.refuses(earlier) is None:
        return earlier, (), finding("keeps the version that it applied before")
    if refused.keeps_earlier:
        return (
            None,
            (),
            finding(
                "does not apply the policy at all (a version that it applied before this one stays "
                "in force until NPM restarts)"
            ),
        )
    return None, (), finding("does not apply the policy at all")


def _block_peer(block: IPBlock) -> Condition:
    # Tools that read addresses the C way take leading zeros for octal.
    if any(map(has_leading_zeros, (block.cidr, *block.excepts))):
        return Assumed(LEGACY_CIDR)
    return block_peer(block)


def _positive_peer(namespace: str, peer: NetworkPolicyPeer) -> Condition:
    if peer.namespace_selector is not None:
        peer = replace(peer, namespace_selector=negation_lost(peer.namespace_selector))
    return selector_peer(namespace, peer)


def _ipv6_stage() -> Stage:
    origin = Origin(IPV6_UNFILTERED.code, detail=IPV6_UNFILTERED.detail)
    peer = Peer(all_of(FamilyIs(Family.IPV6), Assumed(IPV6_UNFILTERED)))
    return Stage("ipv6", (StagePolicy(origin, IS_POD, (Rule(Effect.ALLOW, origin, (peer,)),)),))


_IPV6 = _ipv6_stage()

NPM = Engine(
    name="npm",
    title="Azure Network Policy Manager",
    compile=compile_npm,
    versions=(value("npm", "defaultVersion"),),
    default_version=value("npm", "defaultVersion"),
    options=OPTIONS,
)
