"""What use cases answer: frozen values, ready to be written out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from service.manifests.faults import Problem
from service.model.cluster import ClusterRecord
from service.model.policy import PolicyRef


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster; `version_token` changes with everything that is shown here."""

    name: str
    record: ClusterRecord
    latest_revision: int | None
    version_token: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ImportedCluster:
    """What became of an `az aks show` document."""

    cluster: ClusterView
    created: bool
    problems: tuple[Problem, ...] = ()
    """Their pointers lead into the document as it was given."""


@dataclass(frozen=True, slots=True)
class RevisionCounts:
    """How much a revision holds; `ignored` counts documents by `apiVersion/Kind`.

    `documents` and `ignored` are of the upload that made the revision, the rest is of the
    whole revision.
    """

    documents: int = 0
    policies: int = 0
    namespaces: int = 0
    workloads: int = 0
    pods: int = 0
    nodes: int = 0
    services: int = 0
    ignored: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One revision; everything about it is fixed for ever. `digest` is its version token."""

    cluster: str
    number: int
    digest: str
    policy_set_digest: str
    inventory_digest: str
    parent: int | None
    replaced: str
    note: str
    counts: RevisionCounts
    problems: tuple[Problem, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A policy of a revision: `text` exactly as uploaded, `manifest` with the defaults added."""

    ref: PolicyRef
    digest: str
    document: int
    line: int
    text: str
    manifest: Mapping[str, Any]


class VerdictView(NamedTuple):
    """A verdict; `body` is the verdict as design.md shapes it, and never changes once recorded.

    `id` is empty where nothing was recorded.
    """

    id: str
    evaluation: str
    cluster: str
    revision: int
    engine: str
    decision: str
    body: Mapping[str, Any]
    created_at: datetime


class EvaluationView(NamedTuple):
    """An evaluation of flows; `engine` is the resolved profile. `id` is empty for a dry run."""

    id: str
    cluster: str
    revision: int
    engine: str
    engine_name: str
    engine_version: str | None
    engine_options: Mapping[str, str]
    flow_count: int
    decisions: Mapping[str, int]
    created_at: datetime
    verdicts: tuple[VerdictView, ...] = ()
    """Empty in lists."""


@dataclass(frozen=True, slots=True)
class WorkloadChange:
    """A workload that was `added`, `removed` or `changed` in what policies can see of it."""

    change: str
    namespace: str
    workload: str


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A policy that was `added`, `removed` or `changed`."""

    change: str
    ref: PolicyRef


@dataclass(frozen=True, slots=True)
class Flip:
    """Why a verdict is another one than before."""

    from_decision: str
    to_decision: str
    previous_revision: int
    evidence: tuple[Mapping[str, Any], ...]
    """What decides the new verdict, shaped as in design.md, each with its `direction`."""
    policies: tuple[PolicyChange, ...] = ()
    workloads: tuple[WorkloadChange, ...] = ()
    """What changed between the two revisions, what the verdicts name first."""
    omitted: int = 0
    """How many changes are not listed because there are so many."""


@dataclass(frozen=True, slots=True)
class UnresolvedFlow:
    """An end of the flow that a revision does not have."""

    side: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One flow on one revision; `recorded` tells a stored verdict from one made for this answer.

    `decision` and `body` are None where the revision does not have one of the ends.
    """

    revision: int
    revision_digest: str
    revision_created_at: datetime
    engine: str
    decision: str | None
    body: Mapping[str, Any] | None
    recorded: bool
    evaluation: str = ""
    recorded_at: datetime | None = None
    unresolved: UnresolvedFlow | None = None
    flip: Flip | None = None
