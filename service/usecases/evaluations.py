"""Evaluations: flows asked of a revision under an engine, answered and recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.model.cluster import EngineChoice
from service.model.flow import Flow
from service.usecases.context import Context
from service.usecases.paging import Page, PageRequest
from service.usecases.views import EvaluationView, VerdictView


@dataclass(frozen=True, slots=True)
class VerdictFilters:
    """Equality filters on recorded verdicts.

    `source` and `destination` are ends in short text form, see `flow_json.describe_end`;
    `engine` is a name or a profile text such as `cilium:1.17`.
    """

    engine: str | None = None
    decision: str | None = None
    source: str | None = None
    destination: str | None = None
    protocol: str | None = None
    port: str | None = None
    evaluation: str | None = None


def evaluate_flows(
    context: Context,
    cluster: str,
    revision: str,
    flows: Sequence[Flow],
    *,
    engine: EngineChoice | None = None,
    dry_run: bool = False,
) -> EvaluationView:
    """Answer flows under an engine (default: the cluster's) and record the verdicts.

    An end that the revision does not have is `Invalid`, with a pointer such as
    `/flows/0/source`; nothing is recorded then.
    """
    raise NotImplementedError


def list_evaluations(
    context: Context, cluster: str, revision: str, page: PageRequest, *, engine: str | None = None
) -> Page[EvaluationView]:
    """The evaluations of a revision, newest first, without their verdicts."""
    raise NotImplementedError


def get_evaluation(context: Context, evaluation: str) -> EvaluationView:
    """One evaluation with its verdicts in the order in which the flows were asked."""
    raise NotImplementedError


def list_verdicts(
    context: Context, cluster: str, revision: str, filters: VerdictFilters, page: PageRequest
) -> Page[VerdictView]:
    """The recorded verdicts of a revision, newest first."""
    raise NotImplementedError
