"""Which pods and nodes an address block covers, as far as addresses are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from service.model.addresses import EVERY_ADDRESS, IPV4, blocks, parse_address
from service.model.intervals import NOTHING, Intervals
from service.model.inventory import Node, Pod

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a block covers.

    `pods` and `nodes` are covered for certain. `pods_open` and `nodes_open` say that more may be,
    for want of addresses. `latent_pods` and `latent_nodes`: it lies over the range that such
    addresses come from, and nobody has one of them at present.
    """

    pods: tuple[Pod, ...] = ()
    nodes: tuple[Node, ...] = ()
    pods_open: bool = False
    nodes_open: bool = False
    latent_pods: bool = False
    latent_nodes: bool = False

    @property
    def covers_nothing(self) -> bool:
        """Whether neither a pod nor a node is, or may be, in it."""
        return not (self.pods or self.nodes or self.pods_open or self.nodes_open)


def _points(addresses: Iterable[str]) -> tuple[int, ...]:
    found: list[int] = []
    for text in addresses:
        try:
            found.append(parse_address(text))
        except ValueError:
            continue
    return tuple(found)


class Ranges:
    """The addresses of a cluster; ranges that are not known are None."""

    def __init__(
        self,
        pods: Iterable[Pod],
        nodes: Iterable[Node],
        pod_cidrs: Iterable[str] | None,
        node_cidrs: Iterable[str] | None,
        service_cidrs: Iterable[str] | None,
    ) -> None:
        self._pods = [(each, _points(each.addresses)) for each in pods]
        self._nodes = [(each, _points(each.addresses)) for each in nodes]
        self.pod_range = _range(pod_cidrs)
        self.node_range = _range(node_cidrs)
        self.service_range = _range(service_cidrs)

    @property
    def knows_pods(self) -> bool:
        """Whether it can be told where pods are."""
        return self.pod_range is not None or _all_placed(self._pods)

    @property
    def knows_nodes(self) -> bool:
        """Whether it can be told where nodes are."""
        return self.node_range is not None or _all_placed(self._nodes)

    @property
    def node_points(self) -> tuple[int, ...]:
        """The known addresses of nodes."""
        return tuple(point for _, points in self._nodes for point in points)

    def cover(self, addresses: Intervals) -> Coverage:
        """The pods and nodes in a set of addresses."""
        pods, pods_open = _inside(self._pods, addresses, self.pod_range)
        nodes, nodes_open = _inside(self._nodes, addresses, self.node_range)
        return Coverage(
            pods=tuple(pods),
            nodes=tuple(nodes),
            pods_open=pods_open,
            nodes_open=nodes_open,
            latent_pods=_overlap(self.pod_range, addresses),
            latent_nodes=_overlap(self.node_range, addresses),
        )

    def covers_every_node(self, addresses: Intervals) -> bool | None:
        """Whether every node is inside; None where that cannot be told."""
        if addresses.covers(IPV4):
            return True
        if self.node_range is not None and addresses.covers(self.node_range):
            return True
        if not _all_placed(self._nodes):
            return None
        return all(any(point in addresses for point in points) for _, points in self._nodes)


def _range(cidrs: Iterable[str] | None) -> Intervals | None:
    found = blocks(cidrs) if cidrs is not None else NOTHING
    return found or None


def _all_placed(placed: Sequence[tuple[object, tuple[int, ...]]]) -> bool:
    return bool(placed) and all(points for _, points in placed)


def _overlap(known: Intervals | None, addresses: Intervals) -> bool:
    return known is not None and known.overlaps(addresses)


def _inside(
    placed: Sequence[tuple[T, tuple[int, ...]]], addresses: Intervals, known: Intervals | None
) -> tuple[list[T], bool]:
    """What is inside for certain, and whether more may be."""
    possible = EVERY_ADDRESS if known is None else known
    first_family = possible & IPV4
    # Every pod and node of AKS has an IPv4 address, whatever else it has.
    surely = bool(first_family) and addresses.covers(first_family)
    maybe = not surely and possible.overlaps(addresses)
    found: list[T] = []
    left_open = not placed and known is None and bool(addresses)
    for thing, points in placed:
        if any(point in addresses for point in points) or (not points and surely):
            found.append(thing)
        elif not points and maybe:
            left_open = True
    return found, left_open
