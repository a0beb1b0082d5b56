"""What is open about a call of a node's port that leads to pods, told without the single flow.

No engine documents what its policies see of such a call (see `host_ports`, and for node ports
https://kubernetes.io/docs/reference/networking/virtual-ips/), so the answer is open wherever a
policy of either end, or of the node itself, could stop anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from service.analysis.attempts import may_meet, shared_families
from service.analysis.service_families import families_between, speaks
from service.analysis.services import paths_for
from service.model.addresses import Family
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind
from service.model.pipeline import Direction, Pipeline
from service.model.surroundings import PublishedPort

#: Whether a policy could stop an endpoint's traffic in a direction, by protocol and family.
Stops = Callable[[Direction, Endpoint, int, Family], bool]

NO_SHARED_FAMILY = Assumption(
    "EndpointHasNoNetwork",
    "neither end has an address of the family that the other one is called with",
)
HOST_PORT = Assumption(
    "HostPort",
    "the port leads to a pod, which publishes it as hostPort, and what policies see of such a "
    "call is not known",
)
NODE_PORT_FROM_OUTSIDE = Assumption(
    "NodePortFromOutside",
    "the port leads to the backends of a Service, and which of them the node chooses decides what "
    "policies see; an evaluation of one flow tells more",
)
#: What only the ports of nodes that lead to pods rest on, and no row of policies.
FORWARDED_CODES = frozenset({HOST_PORT.code, NODE_PORT_FROM_OUTSIDE.code})


class Forwarding:
    """The published ports of a pipeline's nodes."""

    def __init__(self, pipeline: Pipeline, stops: Stops) -> None:
        self._pipeline = pipeline
        self._stops = stops

    @cached_property
    def _pods(self) -> dict[tuple[str, str], Endpoint]:
        nodes = EndpointKind.NODE
        found = (each for each in self._pipeline.endpoints if each.kind is not nodes)
        return {(each.namespace, each.name): each for each in found}

    def doubt(self, port: PublishedPort, caller: Endpoint, callee: Endpoint) -> Assumption | None:
        """What a call of a port rests on, of a node or of a pod that uses the node's network.

        None where it is a port as any other.
        """
        if port.problem is not None:
            return port.problem
        targets = port.at(callee.node)
        if not targets:
            return port.missing
        backends = [(self._pods[each.namespace, each.pod], each.point) for each in targets]
        if port.service:
            backends = _reached(port, caller, backends)
            if not backends:
                return NO_SHARED_FAMILY
        for backend, point in backends:
            protocol = point >> 16
            for family in _families(port, caller, backend):
                if (
                    self._stops(Direction.EGRESS, caller, protocol, family)
                    or self._stops(Direction.INGRESS, backend, protocol, family)
                    or self._stops(Direction.INGRESS, callee, protocol, family)
                ):
                    return self._why(port, caller, backend)
        return None

    def _why(self, port: PublishedPort, caller: Endpoint, backend: Endpoint) -> Assumption:
        if not port.service:
            return HOST_PORT
        if caller.kind is EndpointKind.EXTERNAL:
            return NODE_PORT_FROM_OUTSIDE
        path = paths_for(self._pipeline.service_paths, backend).node_port_from_pod
        detail = f"the port leads to the backends of Service {port.service}"
        return path.assumption or Assumption(path.reason, detail)


def _reached(
    port: PublishedPort, caller: Endpoint, backends: Sequence[tuple[Endpoint, int]]
) -> list[tuple[Endpoint, int]]:
    """The backends of a Service that a caller may share an address family with."""
    able = [each for each in backends if speaks(each[0], port.families)]
    if caller.kind is EndpointKind.EXTERNAL:
        return able
    if not speaks(caller, port.families):
        return []
    return [each for each in able if may_meet(caller, each[0])]


def _families(port: PublishedPort, caller: Endpoint, backend: Endpoint) -> Iterator[Family]:
    if port.service:
        yield from families_between(caller, backend, port.families)
    else:
        yield from shared_families(caller, backend)
