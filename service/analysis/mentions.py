"""What the conditions of some pipelines speak of; nothing else can tell endpoints apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce

from service.analysis.alike import atoms_of, conditions_of, policies_of
from service.model.condition import (
    AddressIn,
    AllOf,
    AnyOf,
    Condition,
    EndpointIn,
    KindIs,
    LabelIs,
    LabelScope,
    Negation,
    NodeNameIn,
    RunsOn,
)
from service.model.endpoint import EndpointKind
from service.model.intervals import Intervals
from service.model.pipeline import Pipeline, StagePolicy
from service.model.surroundings import NO_SURROUNDINGS, Surroundings

#: A pod's namespace and name.
PodKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Mentions:
    """Labels, port names, addresses, pods and nodes that conditions ask for, and what is around."""

    keys: Mapping[LabelScope, tuple[str, ...]]
    boundaries: tuple[int, ...]
    inner_boundaries: tuple[int, ...]
    """Those of blocks that may mean an address in the cluster as well."""
    pods: frozenset[frozenset[PodKey]]
    """The sets of pods that conditions name; pods that are in the same ones are alike."""
    nodes: frozenset[str]
    port_names: frozenset[str]
    surroundings: Surroundings = NO_SURROUNDINGS
    """What is around the endpoints of the pipelines, whatever their conditions speak of."""

    def sets_of_pods(self) -> Mapping[PodKey, tuple[int, ...]]:
        """Per pod that is named the numbers of the sets that hold it."""
        found: dict[PodKey, tuple[int, ...]] = {}
        for number, pods in enumerate(self.pods):
            for pod in pods:
                found[pod] = (*found.get(pod, ()), number)
        return found

    @classmethod
    def of(cls, pipelines: Iterable[Pipeline]) -> Mentions:
        """Collect from every policy of some pipelines over the same inventory."""
        chosen = tuple(pipelines)
        found = cls.of_policies(policy for pipeline in chosen for policy in policies_of(pipeline))
        around = reduce(Surroundings.united, (each.surroundings for each in chosen))
        return replace(found, surroundings=around)

    @classmethod
    def of_policies(cls, policies: Iterable[StagePolicy]) -> Mentions:
        """Collect from every condition and rule."""
        chosen = tuple(policies)
        conditions = tuple(conditions_of(chosen))
        keys: dict[LabelScope, set[str]] = {}
        boundaries: set[int] = set()
        pods: set[frozenset[PodKey]] = set()
        nodes: set[str] = set()
        for atom in atoms_of(conditions):
            match atom:
                case LabelIs(scope, requirement):
                    keys.setdefault(scope, set()).add(requirement.key)
                case AddressIn(addresses):
                    boundaries.update(_edges(addresses))
                case EndpointIn(found):
                    pods.add(found)
                case NodeNameIn(named) | RunsOn(named):
                    nodes |= named
                case _:
                    pass
        names = {
            each.name for policy in chosen for rule in policy.rules for each in rule.traffic.named
        }
        return cls(
            {scope: tuple(sorted(found)) for scope, found in keys.items()},
            tuple(sorted(boundaries)),
            tuple(sorted(set().union(*map(_edges, _inner_blocks(conditions))))),
            frozenset(pods),
            frozenset(nodes),
            frozenset(names),
        )

    def covers(self, other: Mentions) -> bool:
        """Whether everything that another set mentions is mentioned here too."""
        return (
            all(set(found) <= set(self.keys.get(scope, ())) for scope, found in other.keys.items())
            and set(other.boundaries) <= set(self.boundaries)
            and set(other.inner_boundaries) <= set(self.inner_boundaries)
            and other.pods <= self.pods
            and other.nodes <= self.nodes
            and other.port_names <= self.port_names
        )


_OUTSIDE = frozenset({EndpointKind.EXTERNAL})


def _inner_blocks(conditions: Iterable[Condition]) -> Iterator[Intervals]:
    """The blocks of conditions that are not about the outside alone."""
    pending = list(conditions)
    while pending:
        match pending.pop():
            case AllOf(parts) if any(
                isinstance(each, KindIs) and each.kinds <= _OUTSIDE for each in parts
            ):
                # Whatever is inside is ruled out, wherever its address lies.
                continue
            case AllOf(parts) | AnyOf(parts):
                pending.extend(parts)
            case Negation(part):
                pending.append(part)
            case AddressIn(addresses):
                yield addresses


def _edges(addresses: Intervals) -> Iterator[int]:
    for low, high in addresses:
        yield from (low, high + 1)
