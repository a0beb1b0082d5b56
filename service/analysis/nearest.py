"""The evidence where no rule matches: which one came nearest, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterable

from service.analysis.matching import Meeting, Reason
from service.model.pipeline import Rule, StagePolicy
from service.model.verdict import Evidence

NO_MATCH = "NoMatch"
ISOLATES = "Isolates"


def nearest(policies: Iterable[StagePolicy], meeting: Meeting) -> Evidence | None:
    """The rule that lacks least, with the condition that failed, among policies that isolate."""
    isolating = [policy for policy in policies if policy.isolates]
    found = _least(isolating, meeting)
    if found is not None:
        rule, reasons = found
        failure = meeting.failure(reasons[0])
        others = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        return Evidence(
            NO_MATCH,
            failure.reason,
            failure.detail + others,
            rule.origin.policy,
            rule.origin.pointer,
        )
    if not isolating:
        return None
    origin = isolating[0].origin
    return Evidence(
        ISOLATES,
        origin.reason if origin.policy is None else "NoRules",
        origin.detail or "the policy isolates the pod and has no rule that could allow anything",
        origin.policy,
        origin.pointer,
    )


def has_rules_of_policies(policies: Iterable[StagePolicy]) -> bool:
    """Whether there are rules that somebody wrote, not the engine itself."""
    return any(
        rule.origin.policy is not None
        for policy in policies
        if policy.isolates
        for rule in policy.rules
    )


def _least(policies: Iterable[StagePolicy], meeting: Meeting) -> tuple[Rule, list[Reason]] | None:
    best: tuple[Rule, list[Reason]] | None = None
    for policy in policies:
        for rule in policy.rules:
            if rule.origin.policy is None:
                continue  # the engine's own, which nobody can edit
            reasons = meeting.reasons(rule)
            if len(reasons) == 1:
                return rule, reasons
            if reasons and (best is None or len(reasons) < len(best[1])):
                best = rule, reasons
    return best
