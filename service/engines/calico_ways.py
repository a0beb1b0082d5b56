"""Which traffic of pods passes through the interfaces that host endpoints stand for.

Conditions about the other end of a connection of a pod on the host endpoint's node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from service.engines.calico_hosts import Host
from service.engines.calico_selectors import opposite
from service.model.condition import (
    ALWAYS,
    IS_POD,
    NEVER,
    Condition,
    NodeNameIn,
    RunsOn,
    all_of,
    any_of,
)
from service.model.pipeline import Direction


def pods_behind(host: Host) -> Condition:
    """The pods on the host endpoint's node."""
    return all_of(IS_POD, _placed(host))


def _placed(host: Host) -> Condition:
    return RunsOn(frozenset({host.node}))


def elsewhere(host: Host) -> Condition:
    """The other end is not on the node, and the connection passes through the interface."""
    return all_of(opposite(_placed(host)), host.governs)


def not_the_node(host: Host) -> Condition:
    """The other end is no process of the node itself."""
    return opposite(NodeNameIn(frozenset({host.node})))


def past_every_interface(host: Host) -> Condition:
    """For "*": whatever is no process of the node itself; others see what comes from elsewhere.

    The interfaces of pods are among all interfaces, so pods of one node pass here as well.
    """
    if not host.is_everywhere:
        return elsewhere(host)
    return all_of(not_the_node(host), any_of(all_of(IS_POD, _placed(host)), elsewhere(host)))


def past_pod_interface(host: Host) -> Condition:
    """On the side of the pod's own interface, which only "*" has to do with."""
    return not_the_node(host) if host.is_everywhere else NEVER


def through_named(direction: Direction) -> Callable[[Host], Condition]:
    """Where untracked policy meets forwarded traffic: as it comes in from elsewhere."""
    return elsewhere if direction is Direction.INGRESS else lambda host: NEVER


#: Where traffic of a pod enters and leaves its node, seen from each of the pod's directions. On
#: one side it is the pod's own interface, which only "*" has to do with.
ENTERING: Mapping[Direction, Callable[[Host], Condition]] = {
    Direction.INGRESS: past_every_interface,
    Direction.EGRESS: past_pod_interface,
}
LEAVING: Mapping[Direction, Callable[[Host], Condition]] = {
    Direction.INGRESS: past_pod_interface,
    Direction.EGRESS: past_every_interface,
}
#: Policy before address translation also sees what is meant for the node itself.
ENTERING_AT_ALL: Mapping[Direction, Callable[[Host], Condition]] = {
    Direction.INGRESS: past_every_interface,
    Direction.EGRESS: lambda host: ALWAYS if host.is_everywhere else NEVER,
}
