"""ClusterNetworkPolicies as Cilium reads them where `k8sClusterNetworkPolicy` is on.

Its tiers lie around the one that NetworkPolicies and Cilium's own policies share.
Source: cilium/cilium#42896, #44509, design CFP-42904.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from service.engines.admin_order import order_findings
from service.engines.admin_policy import AdminReading, admin_policies, admin_stage
from service.engines.cilium_labels import conjunction
from service.engines.cilium_own_labels import pods_labelled
from service.engines.node_selection import nodes_selected
from service.knowledge import value
from service.model.addresses import parse_cidr
from service.model.admin_policy import CLUSTER_NETWORK_POLICY, AdminTier, Networks, Nodes
from service.model.assumption import Assumption
from service.model.condition import AddressIn, Assumed, Condition, all_of
from service.model.engine import Version
from service.model.finding import Finding
from service.model.intervals import Intervals
from service.model.inventory import Inventory
from service.model.pipeline import Direction, Effect, Peer, Stage, StagePolicy

KINDS = frozenset({CLUSTER_NETWORK_POLICY})

BASELINE_ACCEPT = Assumption(
    "CiliumBaselineAccept",
    "whether a Baseline rule that accepts lets traffic through to a pod that another policy "
    "isolates is not settled: the API forbids it, Cilium asks for default deny last",
)
NODE_LABELS_OFF = Assumption(
    "CiliumNodesPeer", "a nodes peer needs nodeSelectorLabels, which is off"
)


@dataclass(frozen=True, slots=True)
class ClusterPolicies:
    """The stages around the common one, and what belongs at that one's end."""

    before: tuple[Stage, ...] = ()
    after: tuple[Stage, ...] = ()
    last: tuple[StagePolicy, ...] = ()


def implements(version: Version) -> bool:
    """Whether a version has the feature, off as it is by default."""
    return version >= Version.parse(value("admin_policy", "ciliumClusterNetworkPolicy")["since"])


def cluster_policies(
    policies: Iterable[object],
    inventory: Inventory,
    direction: Direction,
    by_address: Condition,
    *,
    has_node_labels: bool,
) -> ClusterPolicies:
    """The tiers of one direction; `by_address`: what address blocks can match at all."""

    def networks(peer: Networks) -> Condition:
        return all_of(by_address, AddressIn(Intervals.of(map(parse_cidr, peer.cidrs))))

    def nodes(inventory: Inventory, peer: Nodes) -> Condition:
        chosen = nodes_selected(inventory, peer.selector)
        return chosen if has_node_labels else conjunction(chosen, Assumed(NODE_LABELS_OFF))

    reading = AdminReading(inventory, networks=networks, nodes=nodes, pods=pods_labelled)
    chosen = admin_policies(policies, KINDS)
    after = admin_stage(chosen, AdminTier.BASELINE, direction, reading)
    return ClusterPolicies(
        admin_stage(chosen, AdminTier.ADMIN, direction, reading),
        after,
        tuple(_unsettled(each) for stage in after for each in stage.policies),
    )


def cluster_findings(policies: Iterable[object]) -> tuple[Finding, ...]:
    """What somebody should know about the policies' order."""
    return order_findings(admin_policies(policies, KINDS))


def _unsettled(policy: StagePolicy) -> StagePolicy:
    """A baseline policy before default deny, where what it accepts may or may not count."""
    return replace(
        policy,
        rules=tuple(
            replace(
                rule,
                peers=tuple(
                    Peer(all_of(each.condition, Assumed(BASELINE_ACCEPT)), each.pointer)
                    for each in rule.peers
                ),
            )
            for rule in policy.rules
            if rule.effect is Effect.ALLOW
        ),
    )
