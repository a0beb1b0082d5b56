"""The evidence where no rule matches: which one came nearest, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.analysis.matching import Meeting, Reason
from service.model.pipeline import Rule, StagePolicy
from service.model.verdict import Evidence

NO_MATCH = "NoMatch"
ISOLATES = "Isolates"


def written_rules(policies: Iterable[StagePolicy]) -> Iterator[Rule]:
    """The rules of policies that isolate, without the engine's own, which nobody can edit."""
    for policy in policies:
        if policy.isolates:
            for rule in policy.rules:
                if rule.origin.policy is not None:
                    yield rule


def nearest(rules: Iterable[Rule], meeting: Meeting) -> Evidence | None:
    """The rule that lacks least, with the condition that failed."""
    found = _least(rules, meeting)
    if found is None:
        return None
    rule, reasons = found
    failure = meeting.failure(reasons[0])
    others = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    origin = rule.origin
    return Evidence(
        NO_MATCH, failure.reason, failure.detail + others, origin.policy, origin.pointer
    )


def isolation(policy: StagePolicy) -> Evidence:
    """That a policy isolates, where no rule is near."""
    origin = policy.origin
    return Evidence(
        ISOLATES,
        origin.reason if origin.policy is None else "NoRules",
        origin.detail or "the policy isolates the pod and has no rule that could allow anything",
        origin.policy,
        origin.pointer,
    )


def _least(rules: Iterable[Rule], meeting: Meeting) -> tuple[Rule, list[Reason]] | None:
    best: tuple[Rule, list[Reason]] | None = None
    least = 0
    for rule in rules:
        reasons = meeting.reasons(rule)
        count = len(reasons)
        if count == 1:
            return rule, reasons
        if count and (best is None or count < least):
            best, least = (rule, reasons), count
    return best
