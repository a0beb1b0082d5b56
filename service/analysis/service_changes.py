"""Calls through Services that two engines decide differently.

A map speaks of pairs of endpoints, and engines do more with a call of a Service: NPM lets what a
node masquerades in, Cilium takes a forwarded connection for one of the node's. So every way from
outside into an exposed Service, and every pod that calls itself through its Service, is asked as
a single flow under both engines. What changes for the direct connection as well is left to the
map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from service.analysis.causes import Cause, Causes
from service.analysis.compare import Change
from service.analysis.evaluate import Evaluator
from service.analysis.resolving import NoNetwork, Resolver
from service.analysis.service_clients import Client, Clients
from service.analysis.services import EXPOSED, Backend, backends
from service.analysis.units import Seating, Unit, external_unit
from service.analysis.witness import Court, Side, Witness
from service.model.endpoint import Endpoint
from service.model.flow import AddressEnd, Flow, PodEnd, ServiceEnd, SourceEnd
from service.model.intervals import Intervals
from service.model.inventory import Service, ServicePort, TrafficPolicy
from service.model.pipeline import Treatment
from service.model.snapshot import Snapshot
from service.model.verdict import Decision, Verdict

#: So many flows are asked at most; a cluster with more ways into its Services is sampled.
MOST_CALLS = 4_000

_CHANGES = {
    Decision.ALLOW: Change.NEWLY_ALLOWED,
    Decision.DENY: Change.NEWLY_DENIED,
    Decision.UNKNOWN: Change.NEWLY_UNKNOWN,
}

UnitOf = Callable[[Endpoint], Unit]


def unit_names(seating: Seating) -> UnitOf:
    """The units that endpoints belong to."""
    units = {
        (member.namespace, member.name): seat.unit
        for seat in seating.seats
        for member in seat.members
    }
    return lambda endpoint: units[endpoint.namespace, endpoint.name]


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """A call of a Service that changes, from some addresses outside or from a pod to itself.

    `traffic` is what reaches the backend. `same_node`: whether the node that receives the call
    runs the backend; None where that makes no difference or nobody knows.
    """

    change: Change
    service: Service
    port: ServicePort
    source: Unit
    destination: Unit
    traffic: Intervals
    witness: Witness
    causes: tuple[Cause | None, ...]
    same_node: bool | None = None

    @property
    def answer(self) -> object:
        """What neighbours have to share to be one change."""
        before, after = self.witness.before, self.witness.after
        assert before is not None
        assert after is not None
        return (self.destination, before.decision, after.decision, self.causes)


@dataclass(frozen=True, slots=True)
class _Way:
    """A backend behind a port of a Service, with the node that receives the call."""

    service: Service
    port: ServicePort
    backend: Backend
    receiving: str = ""
    same_node: bool | None = None


class ServiceComparer:
    """Asks both engines about calls through Services."""

    def __init__(
        self,
        courts: tuple[Court, Court],
        snapshot: Snapshot,
        causes: Causes,
        unit_of: UnitOf,
    ) -> None:
        self._courts = courts
        self._inventory = snapshot.inventory
        self._pod_cidrs = snapshot.facts.pod_cidrs
        self._causes = causes
        self._unit_of = unit_of
        self._left = MOST_CALLS

    # Most clusters have few Services that are asked about, and some have none.
    @cached_property
    def _evaluators(self) -> list[Evaluator]:
        return [Evaluator(each.pipeline, self._inventory, self._pod_cidrs) for each in self._courts]

    @cached_property
    def _resolver(self) -> Resolver:
        endpoints = self._courts[0].pipeline.endpoints
        return Resolver(self._inventory, endpoints, self._pod_cidrs)

    @cached_property
    def _clients(self) -> Clients:
        return Clients(self._courts)

    @property
    def is_sampled(self) -> bool:
        """Whether there were more calls than are asked, once the changes have been listed."""
        return self._left <= 0

    def changes(self) -> Iterator[ServiceChange]:
        """Every call that changes, by Service, port and backend."""
        asks_itself = self._treats_itself_differently()
        for service in self._inventory.services:
            exposed = service.type in EXPOSED or bool(service.external_addresses)
            for port in service.ports if exposed or asks_itself else ():
                for backend in self._backends(service, port):
                    if exposed:
                        for way in self._ways(service, port, backend):
                            yield from _merged(self._from_outside(way))
                    if asks_itself and self._is_selected(backend.endpoint):
                        yield from self._itself(_Way(service, port, backend))

    def _backends(self, service: Service, port: ServicePort) -> Iterable[Backend]:
        """One pod of each workload that serves a port."""
        try:
            found = backends(self._resolver, service, port)
        except NoNetwork:
            return ()
        return {self._unit_of(each.endpoint): each for each in reversed(found)}.values()

    def _ways(self, service: Service, port: ServicePort, backend: Backend) -> Iterator[_Way]:
        way = _Way(service, port, backend)
        own, nodes = backend.endpoint.node, self._resolver.node_endpoints
        if own is None or own not in nodes:
            yield way
            return
        if service.external_traffic_policy is TrafficPolicy.LOCAL:
            yield replace(way, receiving=own)
            return
        yield replace(way, receiving=own, same_node=True)
        for name in self._clients.other_nodes(backend.endpoint, nodes.values()):
            yield replace(way, receiving=name, same_node=False)

    def _from_outside(self, way: _Way) -> Iterator[tuple[Client, ServiceChange]]:
        for client in self._clients.of(way.backend.endpoint):
            found = self._change(way, AddressEnd(client.name), client.endpoint)
            if found is not None:
                unit = external_unit(client.low, client.high)
                yield client, replace(found, source=unit)

    def _itself(self, way: _Way) -> Iterator[ServiceChange]:
        endpoint = way.backend.endpoint
        found = self._change(way, PodEnd(endpoint.namespace, endpoint.name), None)
        if found is not None:
            yield found

    def _change(
        self, way: _Way, source: SourceEnd, direct: Endpoint | None
    ) -> ServiceChange | None:
        """What changes about a call; None where nothing does, or the direct connection says it."""
        if self._left <= 0:
            return None
        self._left -= 1
        end = way.backend.endpoint
        flow = Flow(
            source,
            ServiceEnd(way.service.namespace, way.service.name, end.name, way.receiving),
            way.port.protocol,
            way.port.port,
        )
        before, after = (each.evaluate(flow) for each in self._evaluators)
        decisions = before.decision, after.decision
        if decisions[0] is decisions[1]:
            return None
        if direct is not None and decisions == self._directly(direct, way.backend):
            return None
        unit = self._unit_of(end)
        return ServiceChange(
            _CHANGES[after.decision],
            way.service,
            way.port,
            unit,
            unit,
            Intervals.point(way.backend.point),
            Witness(flow, _side(before), _side(after)),
            self._causes_of(way, before, after),
            way.same_node,
        )

    def _causes_of(self, way: _Way, before: Verdict, after: Verdict) -> tuple[Cause | None, ...]:
        """Why a call changes; a forwarded one may change as the node's own connections do."""
        found = self._causes.of_verdicts(before, after)
        node = self._resolver.node_endpoints.get(way.receiving)
        if None not in found or node is None or way.same_node is not False:
            return found
        decisions = before.decision, after.decision
        if self._directly(node, way.backend) != decisions:
            return found
        heard = [each.hear(node, way.backend.endpoint, way.backend.point) for each in self._courts]
        return self._causes.of_witness(Witness(before.flow, heard[0], heard[1]))

    def _directly(self, source: Endpoint, backend: Backend) -> tuple[object, ...]:
        heard = [each.hear(source, backend.endpoint, backend.point) for each in self._courts]
        return tuple(each.decision if each else None for each in heard)

    def _treats_itself_differently(self) -> bool:
        known: list[set[tuple[Treatment, ...]]] = [
            {paths.hairpin.treatments for paths in court.pipeline.service_paths}
            for court in self._courts
        ]
        return known[0] != known[1] or len(known[0]) > 1

    def _is_selected(self, endpoint: Endpoint) -> bool:
        return any(
            policies
            for court in self._courts
            for index in court.index.values()
            for _, policies in index.policies_for(court.endpoint(endpoint) or endpoint)
        )


def _side(verdict: Verdict) -> Side:
    return Side(verdict.decision, verdict.egress, verdict.ingress)


def _merged(found: Iterable[tuple[Client, ServiceChange]]) -> Iterator[ServiceChange]:
    """Neighbouring ranges of addresses with the same answer as one."""
    known: tuple[Client, ServiceChange] | None = None
    for client, change in found:
        if known is not None:
            first, earlier = known
            if first.high + 1 == client.low and earlier.answer == change.answer:
                joined = replace(first, high=client.high)
                unit = external_unit(joined.low, joined.high)
                known = joined, replace(earlier, source=unit)
                continue
            yield earlier
        known = client, change
    if known is not None:
        yield known[1]
