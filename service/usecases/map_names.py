"""What filters of maps name, looked up in the revisions that they are asked of.

A name that is not there is a fault and not an empty answer: "nobody reaches it" would be read as
a finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from service.analysis.filters import UnitFilter
from service.analysis.units import Seating
from service.model.intervals import Intervals
from service.model.inventory import Inventory, Pod
from service.usecases.errors import InvalidParameter


class Names:
    """Everything that an end can be named by, in one revision or in several."""

    def __init__(self, *known: tuple[Inventory, Seating]) -> None:
        self._inventories = [inventory for inventory, _ in known]
        self._seatings = [seating for _, seating in known]

    @cached_property
    def _pods(self) -> list[Pod]:
        return [pod for each in self._inventories for pod in each.pods]

    @cached_property
    def _namespaces(self) -> frozenset[str]:
        listed = {space.name for each in self._inventories for space in each.namespaces}
        return frozenset(listed | {pod.namespace for pod in self._pods})

    @cached_property
    def _pod_names(self) -> frozenset[tuple[str | None, str]]:
        return _with_any_namespace((pod.namespace, pod.name) for pod in self._pods)

    @cached_property
    def _workloads(self) -> frozenset[tuple[str | None, str]]:
        return _with_any_namespace((pod.namespace, pod.workload) for pod in self._pods)

    @cached_property
    def _nodes(self) -> frozenset[str]:
        listed = {node.name for each in self._inventories for node in each.nodes}
        return frozenset(listed | {pod.node for pod in self._pods if pod.node})

    @cached_property
    def _addresses(self) -> Intervals:
        return Intervals.of(
            (point, point)
            for seating in self._seatings
            for seat in seating.seats
            for member in seat.members
            for point in member.addresses
        )

    def settle(self, wanted: UnitFilter) -> UnitFilter:
        """The filter with what is known of its addresses; `InvalidParameter` for unknown names."""
        self._refuse_unknown(wanted)
        if wanted.addresses is None:
            return wanted
        return replace(wanted, outside=wanted.addresses - self._addresses)

    def _refuse_unknown(self, wanted: UnitFilter) -> None:
        namespace = wanted.namespace
        if namespace is not None and namespace not in self._namespaces:
            raise _not_found("Namespace", f"namespace {namespace}")
        for kind, name, known in (
            ("Pod", wanted.pod, self._pod_names),
            ("Workload", wanted.workload, self._workloads),
        ):
            if name is not None and (namespace, name) not in known:
                place = f"{namespace}/{name}" if namespace else name
                raise _not_found(kind, f"{kind.lower()} {place}")
        if wanted.node is not None and wanted.node not in self._nodes:
            raise _not_found("Node", f"node {wanted.node}")


def _with_any_namespace(
    names: Iterable[tuple[str, str]],
) -> frozenset[tuple[str | None, str]]:
    """Names with their namespaces, and without for filters that give none."""
    return frozenset(found for each in names for found in (each, (None, each[1])))


def _not_found(kind: str, what: str) -> InvalidParameter:
    return InvalidParameter(f"{kind}NotFound", f"there is no {what[:200]} in this revision")
