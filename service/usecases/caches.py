"""What a process remembers of its latest work: revisions as read, and as engines compiled them.

Everything kept here is frozen and named by content, so nothing ever has to be forgotten for
being out of date, only for making room.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from service.analysis.evaluate import Evaluator
from service.analysis.workloads import WorkloadEndpoint
from service.manifests.faults import Problem
from service.manifests.upload import PolicyDocument
from service.model.cluster import ClusterRecord
from service.model.inventory import Inventory
from service.model.snapshot import Snapshot
from service.usecases.report_content import ReportContent

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The values used last, by key; each is made once however many threads ask for it at once."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._entries: OrderedDict[Hashable, _Entry[Value]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value for a key; what `make` raises is raised, and tried again next time."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry()
                while len(self._entries) > self.capacity:
                    self._entries.popitem(last=False)
            else:
                self._entries.move_to_end(key)
        if entry.made:
            return entry.made[0]
        with entry.lock:
            if not entry.made:
                entry.made.append(make())
            return entry.made[0]


@dataclass(slots=True)
class _Entry(Generic[Value]):
    lock: threading.Lock = field(default_factory=threading.Lock)
    made: list[Value] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Caches:
    """One per process.

    The numbers are small because a large cluster's snapshot takes tens of megabytes.
    """

    policies: Recent[tuple[PolicyDocument, ...]] = field(default_factory=lambda: Recent(16))
    inventories: Recent[Inventory] = field(default_factory=lambda: Recent(8))
    snapshots: Recent[tuple[Snapshot, tuple[Problem, ...]]] = field(
        default_factory=lambda: Recent(8)
    )
    workloads: Recent[tuple[WorkloadEndpoint, ...]] = field(default_factory=lambda: Recent(8))
    evaluators: Recent[Evaluator] = field(default_factory=lambda: Recent(16))
    #: By cluster and version: what a cluster's record says only changes with its version.
    records: Recent[ClusterRecord] = field(default_factory=lambda: Recent(256))
    reports: Recent[ReportContent] = field(default_factory=lambda: Recent(4))
