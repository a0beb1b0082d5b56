"""What port names stand for in Cilium's rules.

On ingress a name is one of the policed pod's own. On egress agents up to 1.19 look it up, with its
protocol, in one table of the names of all pods but those on their node's network: one number
counts for whatever the entry selects, whether that bears the name or not; with none, or with
several, the entry is skipped.
Source: cilium/cilium pkg/endpoint/policy.go (GetNamedPort), pkg/types/portmap.go
(NamedPortMultiMap), pkg/policy/l4.go (toMapState), pkg/k8s/watchers/pod.go (updatePodHostData).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from service.engines.endpoints import DUPLICATE_PORT_NAME
from service.engines.memo import IdentityMemo
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind, EndpointPort
from service.model.intervals import NOTHING, Intervals
from service.model.inventory import ContainerRole
from service.model.pipeline import NO_TRAFFIC, Direction, Traffic
from service.model.ports import NamedPort, point_of

SIDECAR_PORT_NAMES = Assumption(
    "CiliumSidecarPortNames",
    "Cilium collected port names from spec.containers in the versions that were read; whether "
    "newer ones see those of init containers is not verified",
)

#: The assumptions that an entry rests on; none where it is certain.
Doubts = tuple[Assumption, ...]
CERTAIN: Doubts = ()


def resolves_names(role: ContainerRole) -> bool | Assumption:
    """Whether the names of a container with this role are seen."""
    return True if role is ContainerRole.REGULAR else SIDECAR_PORT_NAMES


class Meaning(NamedTuple):
    """The number that a name stands for, or with doubts all that it may stand for."""

    numbers: frozenset[int]
    doubts: Doubts


@dataclass(frozen=True, slots=True)
class PortNames:
    """Names in egress rules; without meanings each destination's own ones count."""

    # A mapping has no hash; equality tells tables apart.
    meanings: Mapping[NamedPort, Meaning] | None = field(default=None, hash=False)
    doubted: tuple[Doubts, ...] = ()
    """What the meanings of names rest on, where they are not certain."""

    @classmethod
    def of_all_pods(cls, endpoints: tuple[Endpoint, ...]) -> PortNames:
        """The table of the whole cluster, if it was not made yet."""
        return _TABLES.get((endpoints,), None, lambda: cls._of_all_pods(endpoints))

    @classmethod
    def _of_all_pods(cls, endpoints: Iterable[Endpoint]) -> PortNames:
        meanings = _table(endpoints)
        found = {each.doubts for each in meanings.values()} - {CERTAIN}
        return cls(meanings, tuple(sorted(found)))

    def readings(self, direction: Direction) -> tuple[Doubts, ...]:
        """What entries may rest on: nothing, or what some name leaves open."""
        return (CERTAIN,) if direction is Direction.INGRESS else (CERTAIN, *self.doubted)

    def traffic(self, name: NamedPort, direction: Direction, doubts: Doubts) -> Traffic:
        """What an entry with this name speaks of, as far as it rests on just these doubts."""
        if direction is Direction.INGRESS or self.meanings is None:
            return NO_TRAFFIC if doubts else Traffic(NOTHING, (name,))
        meaning = self.meanings.get(name)
        if meaning is None or meaning.doubts != doubts or name.protocol is None:
            return NO_TRAFFIC
        points = (point_of(name.protocol, number) for number in meaning.numbers)
        return Traffic(Intervals.of((point, point) for point in points))


_TABLES: IdentityMemo[PortNames] = IdentityMemo(16)


def _table(endpoints: Iterable[Endpoint]) -> dict[NamedPort, Meaning]:
    pods: dict[NamedPort, list[set[EndpointPort]]] = {}
    # Many pods declare the same.
    for ports in {each.ports for each in endpoints if each.kind is EndpointKind.POD}:
        own: dict[NamedPort, set[EndpointPort]] = {}
        for port in ports:
            own.setdefault(NamedPort(port.name, port.protocol), set()).add(port)
        for name, found in own.items():
            pods.setdefault(name, []).append(found)
    meanings = ((name, _meaning(found)) for name, found in pods.items())
    return {name: meaning for name, meaning in meanings if meaning.numbers}


def _meaning(pods: Collection[Collection[EndpointPort]]) -> Meaning:
    """A number counts where every pod with the name means it, or may."""
    numbers: set[int] = set()
    is_certain = True
    for sees_all in (False, True):
        # What each pod may mean: several numbers, where it gives them one name.
        choices = [{port.number for port in ports if sees_all or _is_seen(port)} for ports in pods]
        choices = [each for each in choices if each]
        numbers |= set.intersection(*choices) if choices else set()
        is_certain = is_certain and len(set().union(*choices)) == 1
    open_questions = {port.assumption for ports in pods for port in ports if port.assumption}
    return Meaning(frozenset(numbers), CERTAIN if is_certain else tuple(sorted(open_questions)))


def _is_seen(port: EndpointPort) -> bool:
    """Whether the name counts for certain, even if it is open which number it means."""
    return port.assumption is None or port.assumption == DUPLICATE_PORT_NAME
