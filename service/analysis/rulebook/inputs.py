"""What rules look at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from service.analysis.paths.plan import Plan
from service.analysis.rulebook.sight import Sight
from service.analysis.stated import StatedFacts, Target
from service.model.cluster import ClusterRecord
from service.model.engine import EngineProfile, Version
from service.model.finding import Finding
from service.model.policy import PolicyRef
from service.model.snapshot import Snapshot


@dataclass(frozen=True)
class RuleInput:
    """One question to the rulebook.

    `profile` is the engine whose fitness is asked. In a migration it is the engine that the
    cluster moves to, `source` the one that it has, `target` and `plan` say where and how.
    `as_of` is the day that dates are compared with. `with_expressions` names the policies whose
    podSelector was written with matchExpressions, which matters to the validator's view alone.
    `findings` are those of compiling the snapshot for the profile.
    """

    as_of: date
    snapshot: Snapshot
    profile: EngineProfile
    cluster: ClusterRecord = field(default_factory=ClusterRecord)
    stated: StatedFacts = field(default_factory=StatedFacts)
    source: EngineProfile | None = None
    target: Target | None = None
    plan: Plan | None = None
    with_expressions: frozenset[PolicyRef] = frozenset()
    findings: tuple[Finding, ...] = ()

    @cached_property
    def sight(self) -> Sight:
        """Look-ups over the snapshot."""
        return Sight(self.snapshot, self.cluster, self.stated)

    def about(self, *, source: EngineProfile | None = None, plan: Plan | None = None) -> RuleInput:
        """The same question with a source or a plan; what was looked up for it is kept."""
        found = replace(self, source=source or self.source, plan=plan or self.plan)
        # A cached property keeps its value among the instance's own attributes.
        vars(found)["sight"] = self.sight
        return found

    @property
    def kubernetes(self) -> Version | None:
        """The Kubernetes version of the cluster."""
        text = self.cluster.kubernetes_version
        return Version.parse(text) if text else None
