"""The order of admin policies: by priority, and what becomes of policies that share one.

"If two policies with the same priority could match a connection, the implementation can apply
any of them." Such policies stand in their stage twice: first as copies that hold under an
assumption, then for good. The walk through the stage keeps every outcome of a conditional
match, so it ends with exactly the outcomes that are possible.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from service.model.admin_policy import AdminPolicy, AdminTier
from service.model.assumption import Assumption
from service.model.condition import Assumed, Condition, Negation, all_of, any_of
from service.model.finding import Finding, Severity
from service.model.intervals import Intervals
from service.model.pipeline import Peer, Rule, StagePolicy, Traffic
from service.model.ports import ALL_PORTS, NamedPort


@dataclass(frozen=True, slots=True)
class Placed:
    """A policy with its part in one direction."""

    policy: AdminPolicy
    part: StagePolicy


def in_order(placed: Iterable[Placed]) -> tuple[StagePolicy, ...]:
    """The parts of one tier and direction as a stage holds them."""
    ranked = sorted(placed, key=_rank)
    found: list[StagePolicy] = []
    kinds = sorted({each.policy.ref.kind for each in ranked})
    if len(kinds) > 1:
        last = [each for each in ranked if each.policy.ref.kind == kinds[-1]]
        found.extend(_conditional(each, _either_api(kinds)) for each in last)
    for group in _groups(ranked):
        if len(group) > 1 and len({rule.effect for each in group for rule in each.part.rules}) > 1:
            tie = _tie([each.policy for each in group])
            found.extend(_conditional(each, tie) for each in group)
        found.extend(each.part for each in group)
    return tuple(found)


def order_findings(policies: Iterable[AdminPolicy]) -> tuple[Finding, ...]:
    """A finding for each policy whose priority another one of its tier has, too."""
    found: list[Finding] = []
    for tier in AdminTier:
        ranked = sorted((each for each in policies if each.tier is tier), key=_policy_rank)
        kinds = sorted({each.ref.kind for each in ranked})
        if len(kinds) > 1:
            detail = f"{' and '.join(kinds)} are both in tier {tier.value}; which is asked first is"
            found.extend(
                Finding("TwoAdminPolicyApis", Severity.MEDIUM, f"{detail} not defined", each.ref)
                for each in ranked
            )
        for _, members in itertools.groupby(ranked, key=_policy_rank):
            group = list(members)
            found.extend(
                Finding(
                    "EqualPriority", Severity.MEDIUM, _tie(group).detail, each.ref, "/spec/priority"
                )
                for each in group
                if len(group) > 1
            )
    return tuple(found)


def _policy_rank(policy: AdminPolicy) -> tuple[str, int]:
    return policy.ref.kind, policy.priority


def _rank(placed: Placed) -> tuple[str, int, str]:
    return *_policy_rank(placed.policy), placed.policy.ref.name


def _groups(ranked: Iterable[Placed]) -> Iterator[list[Placed]]:
    for _, members in itertools.groupby(ranked, key=lambda each: _policy_rank(each.policy)):
        yield list(members)


def _tie(policies: Sequence[AdminPolicy]) -> Assumption:
    names = ", ".join(sorted(each.ref.name for each in policies))
    first = policies[0]
    return Assumption(
        "EqualPriority",
        f"{first.ref.kind} {names} have the same priority {first.priority}; which of them decides "
        "where several match is not defined",
    )


def _either_api(kinds: Iterable[str]) -> Assumption:
    return Assumption(
        "TwoAdminPolicyApis",
        f"{' and '.join(kinds)} are both in force; which is asked first is not defined",
    )


def _conditional(placed: Placed, assumption: Assumption) -> StagePolicy:
    doubt = Assumed(assumption)
    return replace(
        placed.part,
        rules=tuple(
            replace(
                rule,
                peers=tuple(
                    Peer(all_of(each.condition, doubt), each.pointer) for each in rule.peers
                ),
            )
            for rule in apart(placed.part.rules)
        ),
    )


def apart(rules: Sequence[Rule]) -> list[Rule]:
    """The rules of a policy, each cut down to what no earlier rule with another effect matches.

    A conditional match does not end the walk, so a rule must not speak where one of its own
    policy's earlier rules does. Port names are not cut: whether a name means a number that an
    earlier rule covers is known at the destination only.
    """
    found: list[Rule] = []
    for index, rule in enumerate(rules):
        pieces: list[tuple[Traffic, tuple[Condition, ...]]] = [(rule.traffic, ())]
        for earlier in rules[:index]:
            if earlier.effect is rule.effect:
                continue
            other = Negation(any_of(*(each.condition for each in earlier.peers)))
            covered = earlier.traffic.numbered
            pieces = [
                (left, but)
                for traffic, excluded in pieces
                for left, but in (
                    (_outside(traffic, covered), excluded),
                    (_inside(traffic, covered), (*excluded, other)),
                )
                if left.numbered or left.named
            ]
        found.extend(
            replace(
                rule,
                traffic=traffic,
                peers=tuple(
                    Peer(all_of(each.condition, *excluded), each.pointer) for each in rule.peers
                ),
            )
            for traffic, excluded in pieces
        )
    return found


def _inside(traffic: Traffic, covered: Intervals) -> Traffic:
    named: tuple[NamedPort, ...] = traffic.named if covered.covers(ALL_PORTS) else ()
    return Traffic(traffic.numbered & covered, named)


def _outside(traffic: Traffic, covered: Intervals) -> Traffic:
    named: tuple[NamedPort, ...] = () if covered.covers(ALL_PORTS) else traffic.named
    return Traffic(traffic.numbered - covered, named)
