"""What every use case is given: the database, the clock, a source of ids, limits and caches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from service.manifests.limits import DEFAULT_LIMITS, Limits
from service.storage.database import Database
from service.usecases.analysis_pool import AnalysisPool
from service.usecases.caches import Caches


@dataclass(frozen=True, slots=True)
class Context:
    """One per process; `clock` answers aware times, `new_id` a text that no other call answers."""

    database: Database
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    limits: Limits = DEFAULT_LIMITS
    caches: Caches = field(default_factory=Caches)
    pool: AnalysisPool = field(default_factory=lambda: AnalysisPool(0))
    """Where CPU-heavy analysis runs; without processes, in the caller's thread."""
