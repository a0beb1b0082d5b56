"""Which pods and nodes an address block covers, as far as addresses are known."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.model.addresses import EVERY_ADDRESS, IPV4, blocks, parse_address
from service.model.intervals import NOTHING, Intervals
from service.model.inventory import Node, Pod

T = TypeVar("T")


class Placed(Generic[T]):
    """Things with their addresses, sorted so that those in a range are found quickly."""

    def __init__(self, things: Sequence[tuple[T, tuple[int, ...]]]) -> None:
        self.things = things
        self._lost = [thing for thing, points in things if not points]
        placed = sorted(
            (point, index) for index, (_, points) in enumerate(things) for point in points
        )
        self._points = [point for point, _ in placed]
        self._indexes = [index for _, index in placed]

    @property
    def everything_placed(self) -> bool:
        """Whether there are things, and each has an address."""
        return bool(self.things) and not self._lost

    def inside(self, addresses: Intervals, known: Intervals | None) -> tuple[tuple[T, ...], bool]:
        """What is inside for certain, and whether more may be."""
        possible = EVERY_ADDRESS if known is None else known
        first_family = possible & IPV4
        # Every pod and node of AKS has an IPv4 address, whatever else it has.
        surely = bool(first_family) and addresses.covers(first_family)
        indexes: dict[int, None] = {}
        for low, high in addresses:
            first, last = bisect_left(self._points, low), bisect_right(self._points, high)
            indexes.update(dict.fromkeys(self._indexes[first:last]))
        found = [self.things[index][0] for index in sorted(indexes)]
        if surely:
            found += self._lost
        maybe = not surely and possible.overlaps(addresses)
        nobody = not self.things and known is None and bool(addresses)
        return tuple(found), nobody or (maybe and bool(self._lost))


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


def points_of(addresses: Iterable[str]) -> tuple[int, ...]:
    """The points of addresses in text form; what is no address is left out."""
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
        self._pods = Placed([(each, points_of(each.addresses)) for each in pods])
        self._nodes = Placed([(each, points_of(each.addresses)) for each in nodes])
        self._nodes_by_name = {each.name: points for each, points in self._nodes.things}
        self._covered: dict[Intervals, Coverage] = {}
        self.pod_range = _range(pod_cidrs)
        self.node_range = _range(node_cidrs)
        self.service_range = _range(service_cidrs)

    @property
    def knows_pods(self) -> bool:
        """Whether it can be told where pods are."""
        return self.pod_range is not None or self._pods.everything_placed

    @property
    def knows_nodes(self) -> bool:
        """Whether it can be told where nodes are."""
        return self.node_range is not None or self._nodes.everything_placed

    def service_range_overlaps(self, addresses: Intervals) -> bool:
        """Whether some addresses may be those of Services."""
        return _overlap(self.service_range, addresses)

    def cover(self, addresses: Intervals) -> Coverage:
        """The pods and nodes in a set of addresses."""
        found = self._covered.get(addresses)
        if found is None:
            pods, pods_open = self._pods.inside(addresses, self.pod_range)
            nodes, nodes_open = self._nodes.inside(addresses, self.node_range)
            found = Coverage(
                pods=pods,
                nodes=nodes,
                pods_open=pods_open,
                nodes_open=nodes_open,
                latent_pods=_overlap(self.pod_range, addresses),
                latent_nodes=_overlap(self.node_range, addresses),
            )
            self._covered[addresses] = found
        return found

    def covers_every_node(self, addresses: Intervals) -> bool | None:
        """Whether every node is inside; None where that cannot be told."""
        if addresses.covers(IPV4):
            return True
        if self.node_range is not None and addresses.covers(self.node_range):
            return True
        if not self._nodes.everything_placed:
            return None
        return len(self._nodes.inside(addresses, self.node_range)[0]) == len(self._nodes.things)

    def covers_node(self, name: str | None, addresses: Intervals) -> bool | None:
        """Whether one node is inside with all its addresses; None where that cannot be told."""
        everyone = self.covers_every_node(addresses)
        if everyone:
            return True
        points = self._nodes_by_name.get(name or "", ())
        if points:
            return all(point in addresses for point in points)
        return None if self.cover(addresses).nodes or self.cover(addresses).nodes_open else False


def _range(cidrs: Iterable[str] | None) -> Intervals | None:
    found = blocks(cidrs) if cidrs is not None else NOTHING
    return found or None


def _overlap(known: Intervals | None, addresses: Intervals) -> bool:
    return known is not None and known.overlaps(addresses)
