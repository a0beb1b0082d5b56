"""The namespaces of the observed cluster, and selectors that select a given number of pods."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from benchmarks import published
from benchmarks.objects import Manifest, selector

#: The namespaces with most of the cluster's pods, and the one with the ingress controller.
MESH = selector(mesh="on")
INGRESS_GROUP = selector(**{"policy-group": "ingress"})

_SMALL = range(1, 27)
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Selection:
    """Pods of one namespace."""

    home: str
    pods: Manifest


@dataclass(slots=True)
class Home:
    """A namespace with its workloads and how many pods each has."""

    name: str
    workloads: list[tuple[str, int]]
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many pods it has."""
        return sum(size for _, size in self.workloads)


class Homes:
    """All namespaces: at least one of every size that a policy or a peer selects."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.all = [
            Home(f"ns-{number}", _workloads(rng, size)) for number, size in enumerate(_sizes(rng))
        ]
        self.named = {each.name: each for each in self.all}
        self._by_size: dict[int, list[Home]] = {}
        for each in self.all:
            each.labels["team"] = f"t{rng.randrange(40)}"
            self._by_size.setdefault(each.size, []).append(each)
        next(each for each in self.all if each.size == 2).labels["policy-group"] = "ingress"
        self._mesh()

    def selection(self, size: int) -> Selection:
        """Some selector for so many pods: a namespace, or some of its workloads."""
        if size in _SMALL and self._rng.random() < 0.5:
            for _ in range(_ATTEMPTS):
                found = self.selection_in(self._rng.choice(self.all).name, size)
                if found is not None:
                    return found
        return Selection(self._rng.choice(self._by_size[size]).name, {})

    def selection_in(self, home: str, size: int) -> Selection | None:
        """Workloads of a namespace with so many pods together, where some can be found."""
        workloads = self.named[home].workloads
        if self.named[home].size <= size:
            return None
        chosen: list[str] = []
        left = size
        for name, pods in self._rng.sample(workloads, len(workloads)):
            if pods <= left:
                chosen.append(name)
                left -= pods
        if left:
            return None
        if len(chosen) == 1:
            return Selection(home, selector(app=chosen[0]))
        among = {"key": "app", "operator": "In", "values": sorted(chosen)}
        return Selection(home, {"matchExpressions": [among]})

    def _mesh(self) -> None:
        left = published.WIDE
        for each in sorted(self.all, key=lambda home: -home.size):
            if each.size <= left and (each.size > 26 or self._rng.random() < 0.75):
                each.labels["mesh"] = "on"
                left -= each.size
        # The smallest came last: one of each size up to what is left is still to be had.
        while left:
            size = min(left, 26)
            found = [each for each in self._by_size[size] if "mesh" not in each.labels]
            found[0].labels["mesh"] = "on"
            left -= size


def _sizes(rng: random.Random) -> list[int]:
    selected = {*published.LOCAL_PODS, *published.PEER_PODS} - {published.WIDE}
    fixed = sorted(selected)
    number = published.NAMESPACES - len(fixed)
    weights = [published.LOCAL_PODS[size] for size in _SMALL]
    drawn = rng.choices(_SMALL, weights, k=number)
    missing = published.PODS - sum(fixed) - sum(drawn)
    while missing:
        index = rng.randrange(number)
        step = 1 if missing > 0 else -1
        if drawn[index] + step in _SMALL:
            drawn[index] += step
            missing -= step
    sizes = [*fixed, *drawn]
    rng.shuffle(sizes)
    return sizes


def _workloads(rng: random.Random, pods: int) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    while pods:
        size = min(rng.choice((1, 1, 2, 2, 2, 3, 4)), pods)
        found.append((f"app-{len(found)}", size))
        pods -= size
    return found
