"""Verdict history: one flow over all revisions, and what flipped it."""

from __future__ import annotations

from service.model.cluster import EngineChoice
from service.model.flow import Flow
from service.usecases.context import Context
from service.usecases.paging import Page, PageRequest
from service.usecases.views import HistoryEntry


def flow_history(
    context: Context,
    cluster: str,
    flow: Flow,
    page: PageRequest,
    *,
    engine: EngineChoice | None = None,
) -> Page[HistoryEntry]:
    """One entry per revision, oldest first, under one engine (default: the cluster's).

    A recorded verdict is shown as it was recorded; the others are made for this answer and not
    stored.
    """
    raise NotImplementedError
