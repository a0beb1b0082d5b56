"""Address blocks of policies: the pods and nodes that only a match by address reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from service.analysis.rulebook.ranges import Coverage
from service.analysis.rulebook.reading import (
    PlacedRule,
    block_addresses,
    numbered_ports,
    peer_admits,
    placed_rules,
)
from service.analysis.rulebook.sight import Sight
from service.model.addresses import parse_cidr
from service.model.intervals import Intervals
from service.model.inventory import Node, Pod
from service.model.network_policy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyRule,
    PolicyType,
)


@dataclass(frozen=True, slots=True)
class BlockReach:
    """An ipBlock with what it covers; pods and nodes that other peers admit are left out.

    `open_pods` and `open_nodes`: for want of addresses more may be covered.
    `over_pods` and `over_nodes`: it lies over the range of such addresses, whoever has them.
    """

    placed: PlacedRule
    block: IPBlock
    pointer: str
    addresses: Intervals
    pods: tuple[Pod, ...]
    nodes: tuple[Node, ...]
    open_pods: bool
    open_nodes: bool
    over_pods: bool
    over_nodes: bool

    @property
    def policy(self) -> NetworkPolicy:
        """The policy that holds the block."""
        return self.placed.policy

    @property
    def kind(self) -> PolicyType:
        """The direction of its rule."""
        return self.placed.kind

    @property
    def is_everything(self) -> bool:
        """Whether it is a /0, exceptions aside."""
        low, high = parse_cidr(self.block.cidr)
        return (high - low + 1) in {1 << 32, 1 << 128}


def block_reaches(
    sight: Sight, policies: Iterable[NetworkPolicy], kinds: Iterable[PolicyType]
) -> Iterator[BlockReach]:
    """Every ipBlock of some policies and directions."""
    wanted = tuple(kinds)
    for policy in policies:
        for placed in placed_rules(policy, wanted):
            for block, pointer in placed.blocks():
                key = ("reach", policy.ref, pointer)
                yield sight.remembered(key, partial(_reach, sight, placed, block, pointer))


def _reach(sight: Sight, placed: PlacedRule, block: IPBlock, pointer: str) -> BlockReach:
    addresses = block_addresses(block)
    coverage: Coverage = sight.ranges.cover(addresses)
    others = _covering(placed)
    to_everyone = any(not each.peers for each in others)
    selecting = [peer for each in others for peer in each.peers if peer.ip_block is None]
    # A peer such as `namespaceSelector: {}` admits every pod.
    to_every_pod = to_everyone or any(
        peer.namespace_selector is not None
        and not peer.namespace_selector.requirements
        and not (peer.pod_selector and peer.pod_selector.requirements)
        for peer in selecting
    )
    pods = () if to_every_pod else coverage.pods
    if pods and selecting:
        pods = tuple(pod for pod in pods if not _is_selected(sight, placed, selecting, pod))
    return BlockReach(
        placed,
        block,
        pointer,
        addresses,
        pods,
        () if to_everyone else coverage.nodes,
        coverage.pods_open and not to_every_pod,
        coverage.nodes_open and not to_everyone,
        coverage.latent_pods and not to_every_pod,
        coverage.latent_nodes and not to_everyone,
    )


def _is_selected(
    sight: Sight, placed: PlacedRule, peers: Iterable[NetworkPolicyPeer], pod: Pod
) -> bool:
    labels = sight.namespace_labels(pod.namespace)
    own = placed.policy.ref.namespace
    return any(peer_admits(each, own, pod.namespace, pod.labels, labels) for each in peers)


def _covering(placed: PlacedRule) -> list[NetworkPolicyRule]:
    """The rules of the same direction that open at least the same ports."""
    rules = placed.policy.rules(placed.kind)
    return [each for each in rules if ports_cover(each, placed.rule)]


def ports_cover(wider: NetworkPolicyRule, rule: NetworkPolicyRule) -> bool:
    """Whether one rule opens every port that another opens."""
    if not wider.ports:
        return True
    if not rule.ports:
        return False
    names = {(each.port, each.protocol) for each in wider.ports if isinstance(each.port, str)}
    asked = {(each.port, each.protocol) for each in rule.ports if isinstance(each.port, str)}
    return asked <= names and numbered_ports(wider).covers(numbered_ports(rule))
