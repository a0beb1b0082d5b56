"""The policy elements that a change comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.model.policy import PolicyRef
from service.model.verdict import Decision, DirectionVerdict, Evidence

#: A policy with a JSON pointer to the element in it.
Element = tuple[PolicyRef, str]

_RANK = {Decision.DENY: 0, Decision.UNKNOWN: 1, Decision.ALLOW: 2, Decision.NOT_APPLICABLE: 2}
_WHOLE = "/spec"
#: What evidence of a rule that matched says it does.
_LETTING, _STOPPING = frozenset({"Allow"}), frozenset({"Deny", "Pass"})


def step(before: Decision, after: Decision) -> int:
    """1 where more gets through than before, -1 where less, 0 where that is alike."""
    old, new = _RANK[before], _RANK[after]
    return (new > old) - (new < old)


def deciding(verdict: DirectionVerdict) -> tuple[Evidence, ...]:
    """The evidence of rules that matched."""
    return tuple(each for each in verdict.evidence if each.effect in _LETTING | _STOPPING)


def responsible(before: DirectionVerdict, after: DirectionVerdict) -> tuple[Element, ...]:
    """The elements behind a change at one end, in the order in which they were met.

    Where something closes: the rules that let it through before, and those that stop it now.
    Where something opens: the rules that stopped it, and those that let it through now. Where no
    rule spoke, it is the policies that isolate the endpoint.
    """
    closes = step(before.decision, after.decision) < 0
    open_side, closed_side = (before, after) if closes else (after, before)
    found = dict.fromkeys((*_rules(open_side, _LETTING), *_rules(closed_side, _STOPPING)))
    if Decision.UNKNOWN in {before.decision, after.decision}:
        # Which of the rules that may match decides is open.
        for side in (before, after):
            if side.decision is Decision.UNKNOWN:
                found.update(dict.fromkeys(_rules(side, _LETTING | _STOPPING)))
    if not found:
        found = dict.fromkeys((policy, _WHOLE) for policy in closed_side.isolated_by)
    return tuple(found)


def _rules(verdict: DirectionVerdict, effects: Iterable[str]) -> Iterator[Element]:
    wanted = frozenset(effects)
    for each in verdict.evidence:
        if each.policy is not None and each.effect in wanted:
            yield each.policy, each.rule
