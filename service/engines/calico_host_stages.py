"""What host endpoints do with a node's own traffic and with traffic that the node forwards.

Order in the data plane: doNotTrack, then preDNAT (ingress only), then normal policy; for
forwarded traffic applyOnForward policy takes the place of normal policy and stands before the
pod's own. Untracked and early policy have no end-of-tier drop.
Source: projectcalico/calico felix/rules/{static,endpoints,dispatch}.go and
felix/fv/hostendpoints_test.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from service.engines.calico_hosts import FAILSAFE_IN, FAILSAFE_OUT, Host
from service.engines.calico_rules import Translation
from service.engines.calico_subjects import Applied
from service.engines.calico_tiers import TierParts, in_order
from service.engines.calico_ways import (
    ENTERING,
    ENTERING_AT_ALL,
    LEAVING,
    pods_behind,
    through_named,
)
from service.model.assumption import Assumption
from service.model.calico import Profile
from service.model.condition import (
    ALWAYS,
    NEVER,
    Assumed,
    Condition,
    NodeNameIn,
    Relation,
    RelationIs,
    all_of,
    any_of,
)
from service.model.network_policy import PolicyType
from service.model.pipeline import (
    ANY_PEER,
    Direction,
    Effect,
    Origin,
    Peer,
    Rule,
    Stage,
    StagePolicy,
    Traffic,
)

UNTRACKED = Assumption(
    "CalicoUntrackedReplies",
    "connections that an untracked policy allows are not tracked, so their replies must be "
    "allowed by untracked policy of the other direction as well",
)
FAILSAFES: Mapping[Direction, Traffic] = {
    Direction.INGRESS: Traffic(FAILSAFE_IN),
    Direction.EGRESS: Traffic(FAILSAFE_OUT),
}
ALLOWING_PROFILE = "projectcalico-default-allow"
NAMESPACE_PROFILE = "kns."
"""Generated profiles of namespaces allow everything."""


@dataclass(frozen=True, slots=True)
class HostStages:
    """Host endpoints with the policies that apply to them, tier by tier."""

    hosts: tuple[Host, ...]
    tiers: Sequence[tuple[TierParts, tuple[Applied, ...]]]
    """Each tier with its policies in order; the tier itself gives name, order and end."""
    profiles: Mapping[str, Profile]
    translation: Translation

    def before(self, direction: Direction) -> tuple[Stage, ...]:
        """What is asked before the tiers, for nodes and for pods behind them."""
        if not self.hosts:
            return ()
        return (*self._own_traffic(direction), *self._forwarded(direction))

    def after(self, direction: Direction) -> tuple[Stage, ...]:
        """Profiles: what a node does where no policy decided."""
        section = PolicyType(direction.value)
        policies: list[StagePolicy] = []
        for host in self.hosts:
            names = host.endpoint.profiles
            if any(n == ALLOWING_PROFILE or n.startswith(NAMESPACE_PROFILE) for n in names):
                continue
            origin = Origin(
                "CalicoHostEndpointDefault",
                host.endpoint.ref,
                "/spec",
                "a host endpoint drops what neither policy nor profile allows",
            )
            rules: list[Rule] = []
            for profile in (self.profiles[name] for name in names if name in self.profiles):
                found = self.translation.rules(
                    profile.ref, section, profile.rules(section), direction
                )
                rules.extend(found)
            policies.append(StagePolicy(origin, host.subject, tuple(rules), isolates=True))
        return (Stage("profiles", tuple(policies)),) if policies else ()

    def _own_traffic(self, direction: Direction) -> Iterator[Stage]:
        nodes = NodeNameIn(frozenset(host.node for host in self.hosts))
        local = Origin(
            "CalicoHostLocal",
            detail="between a node and itself or its own pods no host endpoint is asked",
        )
        own = Rule(Effect.ALLOW, local, local=RelationIs(Relation.OWN_NODE))
        yield Stage("ownNodeOfHost", (StagePolicy(local, nodes, (own,)),))
        failsafe = Origin("CalicoFailsafe", detail="a failsafe port of host endpoints")
        rule = Rule(Effect.ALLOW, failsafe, traffic=FAILSAFES[direction])
        yield Stage("failsafe", (StagePolicy(failsafe, nodes, (rule,)),))
        for name, kind in (("doNotTrack", _is_untracked), ("preDNAT", _is_early)):
            if name == "preDNAT" and direction is Direction.EGRESS:
                continue
            for tier, policies in self.tiers:
                found = tuple(
                    StagePolicy(
                        _origin(each),
                        any_of(*(host.subject for host in _meant(each, kind))),
                        self._rules(each, PolicyType(direction.value), direction, ALWAYS),
                    )
                    for each in policies
                    if kind(each) and each.governs(direction) and _meant(each, kind)
                )
                if found:
                    yield Stage(f"{name}:{tier.name}", found)

    def _forwarded(self, direction: Direction) -> Iterator[Stage]:
        """Filters on the way of pods' traffic through the interfaces of their nodes."""
        entering, leaving = ENTERING[direction], LEAVING[direction]
        for name, kind, through in (
            ("doNotTrack", _is_untracked, through_named(direction)),
            ("preDNAT", _is_early, ENTERING_AT_ALL[direction]),
            ("forward", _is_forwarded, entering),
        ):
            yield from self._filter(name, "hostEntry", kind, through, PolicyType.INGRESS, direction)
        yield from self._filter(
            "forward", "hostExit", _is_forwarded, leaving, PolicyType.EGRESS, direction
        )

    def _filter(
        self,
        name: str,
        gate: str,
        kind: Callable[[Applied], bool],
        through: Callable[[Host], Condition],
        section: PolicyType,
        direction: Direction,
    ) -> Iterator[Stage]:
        """The stages of one kind of policy at one side of the node, a stage a tier."""
        for tier, policies in self.tiers:
            found: list[StagePolicy] = []
            for host in self.hosts:
                mine = [
                    each
                    for each in policies
                    if kind(each) and section in each.policy.types and host in _meant(each, kind)
                ]
                way = through(host)
                if mine and way != NEVER:
                    found.extend(self._at_host(host, mine, way, section, direction))
                    if kind is _is_forwarded and tier.end is not Effect.PASS:
                        found.append(_end_of_tier(host, mine[0], tier, way))
            if found:
                yield Stage(f"{gate}:{name}:{tier.name}", tuple(found), gate=gate)

    def _at_host(
        self,
        host: Host,
        policies: list[Applied],
        way: Condition,
        section: PolicyType,
        direction: Direction,
    ) -> Iterator[StagePolicy]:
        behind = pods_behind(host)
        if not policies[0].is_normal:
            # A failsafe port skips untracked and early policy; for forwarding it means nothing.
            origin = Origin("CalicoFailsafe", detail="a failsafe port of host endpoints")
            skip = Rule(Effect.PASS, origin, (Peer(way),), FAILSAFES[Direction.INGRESS])
            yield StagePolicy(origin, behind, (skip,))
        for each in policies:
            rules = self._rules(each, section, direction, way)
            yield StagePolicy(_origin(each), behind, rules)

    def _rules(
        self, applied: Applied, section: PolicyType, direction: Direction, peers: Condition
    ) -> tuple[Rule, ...]:
        doubted = peers if applied.doubt is None else all_of(peers, applied.doubt)
        found = self.translation.rules(
            applied.policy.ref, section, applied.policy.rules(section), direction, doubted
        )
        if not applied.policy.do_not_track:
            return tuple(found)
        return tuple(each for rule in found for each in _untracked(rule))


def tiers_with_policies(
    tiers: Iterable[TierParts], applied: Iterable[Applied]
) -> list[tuple[TierParts, tuple[Applied, ...]]]:
    """Tiers in order, each with its policies in order."""
    by_tier: dict[str, list[Applied]] = {}
    for each in applied:
        by_tier.setdefault(each.policy.tier, []).append(each)
    return [
        (tier, tuple(sorted(by_tier[tier.name], key=lambda each: each.place)))
        for tier in in_order(tiers)
        if tier.name in by_tier
    ]


def _is_untracked(applied: Applied) -> bool:
    return applied.policy.do_not_track


def _is_early(applied: Applied) -> bool:
    return applied.policy.pre_dnat


def _is_forwarded(applied: Applied) -> bool:
    return applied.policy.apply_on_forward and applied.is_normal


def _meant(applied: Applied, kind: Callable[[Applied], bool]) -> tuple[Host, ...]:
    """The host endpoints that a policy applies to; "*" has no untracked policy."""
    if kind is _is_untracked:
        return tuple(host for host in applied.hosts if not host.is_everywhere)
    return applied.hosts


def _origin(applied: Applied) -> Origin:
    return Origin("CalicoHostEndpointPolicy", applied.policy.ref, "/spec/selector")


def _end_of_tier(host: Host, first: Applied, tier: TierParts, way: Condition) -> StagePolicy:
    origin = Origin(
        "CalicoEndOfTier",
        first.policy.ref,
        "/spec/applyOnForward",
        f"no policy of tier {tier.name} lets the host endpoint {host.endpoint.ref.name} forward it",
    )
    return StagePolicy(origin, pods_behind(host), (Rule(tier.end, origin, (Peer(way),)),))


def _untracked(rule: Rule) -> Iterator[Rule]:
    """An untracked Allow may come to nothing, because replies are not tracked either."""
    if rule.effect is Effect.ALLOW:
        doubt = tuple(
            Peer(all_of(each.condition, Assumed(UNTRACKED)), each.pointer) for each in rule.peers
        )
        yield replace(rule, effect=Effect.DENY, peers=doubt or ANY_PEER)
    yield rule
