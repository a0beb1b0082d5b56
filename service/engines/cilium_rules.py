"""Cilium's own policies to stage policies.

Within the one stage that they share with NetworkPolicies everything that denies comes first,
then what allows outright, then what a proxy looks into: it lets through some of what it gets
and refuses the rest, unless another rule allows the same without it.
Source: cilium/cilium pkg/k8s/apis/cilium.io/utils, pkg/policy; Documentation/security/policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from service.engines.cilium_labels import subject_selector
from service.engines.cilium_peers import UNKNOWN_FIELD, PeerReader, plain_selector, required
from service.engines.cilium_port_names import Doubts, PortNames
from service.engines.cilium_traffic import icmp_traffic, ports_traffic
from service.engines.network_policy import union
from service.engines.node_selection import nodes_selected
from service.model.assumption import Assumption
from service.model.cilium import (
    CiliumPolicy,
    CiliumPort,
    CiliumRule,
    CiliumSelector,
    CiliumSpec,
    EndpointsPeer,
    L7Filter,
    L7Kind,
)
from service.model.condition import ALWAYS, IS_POD, Assumed, Condition, Negation, all_of
from service.model.network_policy import PolicyType
from service.model.pipeline import (
    ANY_PEER,
    ANY_TRAFFIC,
    NO_TRAFFIC,
    Direction,
    Effect,
    Origin,
    Peer,
    Rule,
    StagePolicy,
    Traffic,
)

AUTHENTICATION = Assumption(
    "CiliumAuthentication",
    "the rule requires mutual authentication; whether the two ends have it shows only while pods "
    "run",
)
DEFAULT_DENY_SWITCH = Assumption(
    "CiliumEnableDefaultDeny",
    "this version's CRD does not have enableDefaultDeny; the API server either refused the "
    "object or dropped the field, and then the policy isolates",
)
REQUIRES = Assumption(
    "CiliumRequires",
    "fromRequires and toRequires also narrow the endpoint rules of other policies; which of "
    "them let this peer through shows only in the agent",
)
_FILTERS = {
    L7Kind.HTTP: "HTTP requests that the rule's methods, paths and headers match",
    L7Kind.DNS: "DNS queries for the rule's names",
    L7Kind.KAFKA: "Kafka requests that the rule matches",
    L7Kind.CUSTOM: "what a proxy filter or listener lets through",
    L7Kind.SERVER_NAME: "TLS connections to the rule's server names",
}
#: What gets a rule for every request beside its own where no policy asks for default deny.
_SPARED = frozenset({L7Kind.HTTP, L7Kind.DNS, L7Kind.KAFKA})
_SECTIONS = {Direction.INGRESS: PolicyType.INGRESS, Direction.EGRESS: PolicyType.EGRESS}


@dataclass(slots=True)
class Phases:
    """The parts of one direction, by the order in which they must be asked."""

    denying: list[StagePolicy] = field(default_factory=list)
    allowing: list[StagePolicy] = field(default_factory=list)
    filtering: list[StagePolicy] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RuleCompiler:
    """Compiles policies; `polices_nodes`: whether the host firewall is on."""

    peers: PeerReader
    names: PortNames
    polices_nodes: bool

    def add(self, policy: CiliumPolicy, direction: Direction, phases: Phases) -> None:
        """Add the parts of a policy in one direction."""
        for spec in policy.specs:
            subject = self._subject(policy, spec)
            if subject is not None:
                _Part(self, policy, spec, direction, subject).add_to(phases)

    def _subject(self, policy: CiliumPolicy, spec: CiliumSpec) -> Condition | None:
        if spec.nodes is not None:
            if not self.polices_nodes:
                return None
            return nodes_selected(self.peers.inventory, plain_selector(spec.nodes))
        return subject_selector(spec.endpoints or CiliumSelector(), policy.ref.namespace)


@dataclass(frozen=True, slots=True)
class _Part:
    """One spec in one direction."""

    compiler: RuleCompiler
    policy: CiliumPolicy
    spec: CiliumSpec
    direction: Direction
    subject: Condition

    def add_to(self, phases: Phases) -> None:
        kind = _SECTIONS[self.direction]
        allowed, denied = self.spec.allowing(kind), self.spec.denying(kind)
        if not allowed and not denied:
            return
        denials = [*self._plain(denied, Effect.DENY), *self._unmet(allowed)]
        if denials:
            phases.denying.append(self._policy(denials))
        switch = self.spec.default_deny(kind)
        grants = self._plain(allowed, Effect.ALLOW)
        if grants or switch is not False:
            phases.allowing.append(self._policy(grants, isolates=switch is not False))
        if switch is False and not self.compiler.peers.features.reads_default_deny_switch:
            phases.allowing.append(self._policy((), isolates=True, doubt=DEFAULT_DENY_SWITCH))
        needed = self._required(allowed)
        # Where no policy asks for default deny, a proxy looks at requests and lets all through.
        spares = switch is False and self.compiler.peers.features.default_deny_off_spares_l7
        filtered = [
            each for rule in allowed for each in self._filtered(rule, needed, spares=spares)
        ]
        if filtered:
            phases.filtering.append(self._policy(filtered))

    def _policy(
        self,
        rules: list[Rule] | tuple[Rule, ...],
        *,
        isolates: bool = False,
        doubt: Assumption | None = None,
    ) -> StagePolicy:
        selector = "nodeSelector" if self.spec.nodes is not None else "endpointSelector"
        return StagePolicy(
            Origin("CiliumPolicyIsolates", self.policy.ref, f"{self.spec.pointer}/{selector}"),
            self.subject if doubt is None else all_of(self.subject, Assumed(doubt)),
            tuple(rules),
            isolates,
            self.policy.ref.namespace or None,
        )

    def _plain(self, rules: tuple[CiliumRule, ...], effect: Effect) -> list[Rule]:
        """Rules without anything that a proxy decides."""
        needed = self._required(rules)
        found: list[Rule] = []
        for rule in rules:
            if rule.needs_authentication:
                continue
            origin = Origin("CiliumPolicyRule", self.policy.ref, rule.pointer)
            for doubts in self.compiler.names.readings(self.direction):
                traffic = self._traffic(rule, doubts)
                peers = self._peers(rule, needed, doubts)
                if peers and (traffic.numbered or traffic.named):
                    found.append(Rule(effect, origin, peers, traffic))
        return found

    def _filtered(self, rule: CiliumRule, needed: Condition, *, spares: bool) -> Iterator[Rule]:
        """What a proxy may let through, and its refusal of the rest.

        `spares`: whether requests that no rule matches are refused only by default deny.
        """
        for doubts in self.compiler.names.readings(self.direction):
            peers = self._peers(rule, needed, doubts)
            for doubt, traffic, refuses in self._filters(rule, doubts, spares=spares):
                if not peers or not (traffic.numbered or traffic.named):
                    continue
                through = tuple(
                    Peer(all_of(each.condition, Assumed(doubt)), each.pointer) for each in peers
                )
                origin = Origin("CiliumPolicyRule", self.policy.ref, rule.pointer, doubt.detail)
                yield Rule(Effect.ALLOW, origin, through, traffic)
                if refuses:
                    refused = Origin(doubt.code, self.policy.ref, rule.pointer, doubt.detail)
                    yield Rule(Effect.DENY, refused, peers, traffic)

    def _filters(
        self, rule: CiliumRule, doubts: Doubts, *, spares: bool
    ) -> Iterator[tuple[Assumption, Traffic, bool]]:
        """What a proxy looks into, and whether it refuses by itself what no rule matches."""
        if rule.needs_authentication:
            yield AUTHENTICATION, self._traffic(rule, doubts, with_filters=True), True
            return
        for port_rule in rule.to_ports or ():
            if port_rule.l7 is not None and not _lets_all_through(port_rule.l7):
                kind = port_rule.l7.kind
                doubt = Assumption("L7Filtered", f"only {_FILTERS[kind]} get through")
                refuses = not (spares and kind in _SPARED)
                yield doubt, self._ports(port_rule.ports, doubts), refuses

    def _peers(self, rule: CiliumRule, needed: Condition, doubts: Doubts) -> tuple[Peer, ...]:
        unknown = (UNKNOWN_FIELD,) if rule.unknown_fields else ()
        rests_on = tuple(map(Assumed, (*unknown, *doubts)))
        if rule.peers is None:
            return (Peer(all_of(*rests_on)),) if rests_on else ANY_PEER
        return tuple(
            Peer(
                all_of(
                    self.compiler.peers.peer(each, self.policy.ref.namespace, self.direction),
                    *((needed,) if isinstance(each, EndpointsPeer) else ()),
                    *rests_on,
                ),
                f"{rule.pointer}/{rule.member}/{index}",
            )
            for index, each in enumerate(rule.peers)
        )

    def _traffic(self, rule: CiliumRule, doubts: Doubts, *, with_filters: bool = False) -> Traffic:
        """What the rule speaks of as far as it rests on just these doubts."""
        if rule.icmps is not None:
            return NO_TRAFFIC if doubts else icmp_traffic(rule.icmps)
        if rule.to_ports is not None:
            return union(
                self._ports(each.ports, doubts)
                for each in rule.to_ports
                if with_filters or each.l7 is None or _lets_all_through(each.l7)
            )
        # Without an L3 member either, a rule selects nothing.
        return NO_TRAFFIC if doubts or rule.peers is None else ANY_TRAFFIC

    def _ports(self, ports: tuple[CiliumPort, ...], doubts: Doubts) -> Traffic:
        features = self.compiler.peers.features
        return ports_traffic(ports, self.direction, features, self.compiler.names, doubts)

    def _required(self, rules: tuple[CiliumRule, ...]) -> Condition:
        if not self.compiler.peers.features.reads_requires:
            return ALWAYS
        selectors = [each for rule in rules for each in rule.requires]
        return required(self.compiler.peers, selectors, self.policy.ref.namespace)

    def _unmet(self, rules: tuple[CiliumRule, ...]) -> Iterator[Rule]:
        """What other policies' rules may not allow either, because a requirement is not met."""
        needed = self._required(rules)
        if needed == ALWAYS:
            return
        pointer = next(each.pointer for each in rules if each.requires)
        origin = Origin(REQUIRES.code, self.policy.ref, pointer, REQUIRES.detail)
        unmet = all_of(IS_POD, Negation(needed), Assumed(REQUIRES))
        yield Rule(Effect.DENY, origin, (Peer(unmet),))


def _lets_all_through(l7: L7Filter) -> bool:
    """A DNS rule for every name keeps nothing back."""
    return l7.kind is L7Kind.DNS and any(each.match_pattern == "*" for each in l7.names)


def inspects_dns(policies: tuple[CiliumPolicy, ...]) -> bool:
    """Whether any rule has the DNS proxy look at queries."""
    return any(
        port_rule.l7 is not None and port_rule.l7.kind is L7Kind.DNS
        for policy in policies
        for spec in policy.specs
        for rule in spec.egress
        for port_rule in rule.to_ports or ()
    )
