"""What filters of maps name, looked up in the revisions that they are asked of.

A name that is not there is a fault and not an empty answer: "nobody reaches it" would be read as
a finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, reduce

from service.analysis.filters import DESTINATION, UnitFilter
from service.analysis.units import Seating
from service.model.addresses import parse_address
from service.model.intervals import NOTHING, Intervals
from service.model.inventory import Inventory, Pod
from service.model.surroundings import NO_SURROUNDINGS, Surroundings
from service.usecases.errors import FieldError, InvalidParameter


@dataclass(frozen=True, slots=True)
class Known:
    """What one revision knows of the ends of its map."""

    inventory: Inventory
    seating: Seating
    surroundings: Surroundings = NO_SURROUNDINGS


class Names:
    """Everything that an end can be named by, in one revision or in several."""

    def __init__(self, *known: Known) -> None:
        self._known = known

    @cached_property
    def _pods(self) -> list[Pod]:
        return [pod for each in self._known for pod in each.inventory.pods]

    @cached_property
    def _namespaces(self) -> frozenset[str]:
        listed = {space.name for each in self._known for space in each.inventory.namespaces}
        return frozenset(listed | {pod.namespace for pod in self._pods})

    @cached_property
    def _pod_names(self) -> frozenset[tuple[str | None, str]]:
        return _with_any_namespace((pod.namespace, pod.name) for pod in self._pods)

    @cached_property
    def _workloads(self) -> frozenset[tuple[str | None, str]]:
        return _with_any_namespace((pod.namespace, pod.workload) for pod in self._pods)

    @cached_property
    def _inside(self) -> Intervals:
        """The addresses of pods and nodes, and those that nothing outside has either."""
        points = (
            (point, point)
            for each in self._known
            for seat in each.seating.seats
            for member in seat.members
            for point in member.addresses
        )
        around = (each.surroundings.inside for each in self._known)
        return reduce(Intervals.__or__, around, Intervals.of(points))

    @cached_property
    def _services(self) -> Intervals:
        called = (each.surroundings.services for each in self._known)
        return reduce(Intervals.__or__, called, NOTHING)

    def settle(self, wanted: UnitFilter, place: str = "") -> UnitFilter:
        """The filter with what is known of its addresses.

        `InvalidParameter` where it names what is not there, or what is no end of any connection;
        `place` is the pointer to the end that the filter is of.
        """
        try:
            return self._settled(wanted, is_called=place == DESTINATION)
        except InvalidParameter as error:
            member = _MEMBERS.get(error.code) or _first_member(wanted)
            fault = FieldError(f"{place}/{member}", error.detail, error.code)
            raise InvalidParameter(error.code, error.detail, [fault]) from None

    def _settled(self, wanted: UnitFilter, *, is_called: bool) -> UnitFilter:
        self._refuse_unknown(wanted)
        asked = wanted.addresses
        found = wanted
        if asked is not None:
            outside = asked - self._inside
            # Who calls the address of a Service calls its backends, and a Service calls nobody.
            found = replace(wanted, outside=outside - self._services if is_called else outside)
        if found.outside or not wanted.names_somebody or self._has_seat(found):
            return found
        raise self._nobody(wanted)

    def _has_seat(self, wanted: UnitFilter) -> bool:
        return any(
            map(wanted.accepts, (seat for each in self._known for seat in each.seating.seats))
        )

    def _nobody(self, wanted: UnitFilter) -> InvalidParameter:
        """Why nobody is meant by something that somebody was to be meant by."""
        if wanted.node is not None:
            return _not_found("Node", f"node {wanted.node}")
        if wanted.addresses is not None:
            return self._nobody_at(wanted.addresses)
        where = f" in namespace {wanted.namespace}" if wanted.namespace else ""
        for part, code, detail in (
            (
                UnitFilter(wanted.namespace, selector=wanted.selector),
                "SelectorMatchesNothing",
                f"there are no pods matching {wanted.selector}{where} in this revision",
            ),
            (
                UnitFilter(wanted.namespace, pod=wanted.pod),
                "EndpointHasNoNetwork",
                f"pod {wanted.pod} has finished and has no network any more",
            ),
            (
                UnitFilter(wanted.namespace, wanted.workload),
                "EndpointHasNoNetwork",
                f"workload {wanted.workload} has finished and has no network any more",
            ),
        ):
            if part.names_somebody and not self._has_seat(part):
                return InvalidParameter(code, detail[:300])
        named = {"pod": wanted.pod, "workload": wanted.workload, "labels": wanted.selector}
        parts = [f"{name} {value}" for name, value in named.items() if value is not None]
        detail = f"nothing{where} matches {' and '.join(parts)} together"[:300]
        return InvalidParameter("NothingMatches", detail)

    @cached_property
    def _external(self) -> tuple[tuple[str, str], ...]:
        """The external addresses of nodes, with the names of the nodes."""
        nodes = (node for known in self._known for node in known.inventory.nodes)
        return tuple((node.name, each) for node in nodes for each in node.external_addresses)

    def _nobody_at(self, asked: Intervals) -> InvalidParameter:
        if asked - self._inside:
            return InvalidParameter(
                "AddressOfService",
                "the address leads to the backends of a Service: name one of them, or ask for an "
                "evaluation of a flow to the Service",
            )
        nodes = {each.address for known in self._known for each in known.inventory.host_addresses}
        if any(parse_address(each) in asked for each in nodes):
            return InvalidParameter(
                "NodeNotListed", "the address is that of a node that this revision does not list"
            )
        for name, address in self._external:
            if parse_address(address) in asked:
                detail = f"the address is the external one of node {name}: name the node"
                return InvalidParameter("AddressOfNode", detail[:300])
        detail = "the address lies in the cluster's pod range, but no pod of this revision has it"
        return InvalidParameter("AddressInPodRange", detail)

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


#: Which member of a filter a code is about, where it is about one.
_MEMBERS = {
    "NamespaceNotFound": "namespace",
    "PodNotFound": "pod",
    "WorkloadNotFound": "workload",
    "NodeNotFound": "node",
    "AddressInPodRange": "ip",
    "AddressOfNode": "ip",
    "AddressOfService": "ip",
    "NodeNotListed": "ip",
    "SelectorMatchesNothing": "labelSelector",
}


def _first_member(wanted: UnitFilter) -> str:
    named = (("pod", wanted.pod), ("workload", wanted.workload), ("labelSelector", wanted.selector))
    return next((name for name, value in named if value is not None), "namespace")


def _with_any_namespace(
    names: Iterable[tuple[str, str]],
) -> frozenset[tuple[str | None, str]]:
    """Names with their namespaces, and without for filters that give none."""
    return frozenset(found for each in names for found in (each, (None, each[1])))


def _not_found(kind: str, what: str) -> InvalidParameter:
    return InvalidParameter(f"{kind}NotFound", f"there is no {what[:200]} in this revision")
