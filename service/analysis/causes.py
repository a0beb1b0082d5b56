"""Why two engines decide a connection differently: the MIG rule that names the reason.

The reasons are a table of words (`service/knowledge/causes.json`); the words are read from the
evidence of both verdicts and from both pipelines. A change that no row explains has no cause,
and its report says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from service.analysis.cause_signals import ALLOWING, Changed, SignalReader
from service.analysis.deciding import Connection, suppositions
from service.analysis.rule_marks import RuleMarks
from service.analysis.rulebook.cilium_rules import ignored_label
from service.analysis.rulebook.rules import ANY, Rule, rules
from service.analysis.witness import Case, Court, Side, Witness
from service.knowledge import value
from service.model.addresses import Family, addresses_of, family_of, parse_address
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import AddressEnd, DestinationEnd, Flow, NodeEnd, PodEnd, ServiceEnd
from service.model.pipeline import Direction, Pipeline
from service.model.policy import PolicyRef
from service.model.ports import Protocol, point_of
from service.model.snapshot import Snapshot
from service.model.verdict import DirectionVerdict, Verdict, VerdictGroup


@dataclass(frozen=True, slots=True)
class Cause:
    """The rule that explains a change, the policy elements responsible, and what to do."""

    rule: Rule
    direction: Direction
    why: str
    policies: tuple[tuple[PolicyRef, str], ...] = ()
    """Policies with JSON pointers: the rules that decided on either side, and what isolates."""

    @property
    def remedy(self) -> str:
        """What can be done about it."""
        return self.rule.remedy

    @property
    def remedy_when(self) -> str:
        """`Before`, `After` or `None`."""
        return self.rule.remedy_when


class Causes:
    """Finds causes of changes between two pipelines over one snapshot."""

    def __init__(
        self, before: Pipeline, after: Pipeline, snapshot: Snapshot, *, local_dns: bool = False
    ) -> None:
        self._before, self._after = before, after
        hidden = [
            found for each in (before, after) if (found := ignored_label(each.profile)) is not None
        ]
        marks = RuleMarks(
            snapshot.policy_set.policies,
            snapshot.inventory,
            lambda key: any(hides(key) for hides in hidden),
        )
        self._reader = SignalReader(before, after, marks)
        self._local_dns = frozenset({"on"} if local_dns else ())
        self._endpoints = [_by_name(each.endpoints) for each in (before, after)]

    def of_change(self, changed: Changed) -> Cause | None:
        """The cause of one change; None where no row of the table explains it."""
        signals = {**self._reader.signals(changed), "localDns": self._local_dns}
        source, target = self._before.profile.engine, self._after.profile.engine
        for row in value("causes", "causes"):
            if _fits(row, signals, source, target):
                return Cause(
                    rules()[row["rule"]],
                    changed.direction,
                    row["why"],
                    tuple(_responsible(changed.before, changed.after)),
                )
        return None

    def of_verdicts(self, before: Verdict, after: Verdict) -> tuple[Cause | None, ...]:
        """The causes of everything that differs between two verdicts on one flow, each once."""
        return self._of_all(self._changes(before, after))

    def of_witness(self, witness: Witness) -> tuple[Cause | None, ...]:
        """The causes of everything that differs about a witness; none where an end came or went."""
        if witness.before is None or witness.after is None:
            return ()
        ends = _end_name(witness.flow.source), _end_name(witness.flow.destination)
        sides = [self._between(ends, witness.flow, side) for side in (0, 1)]
        return self._of_all(_cases(sides, witness.before, witness.after))

    def _of_all(self, changes: Iterable[Changed]) -> tuple[Cause | None, ...]:
        found: dict[tuple[str, Direction] | None, Cause | None] = {}
        for changed in changes:
            cause = self.of_change(changed)
            found[(cause.rule.id, cause.direction) if cause else None] = cause
        return tuple(found.values())

    def _changes(self, before: Verdict, after: Verdict) -> Iterator[Changed]:
        through_service = isinstance(before.flow.destination, ServiceEnd)
        for was, now in _paired(before.groups, after.groups):
            if was.decision is now.decision:
                continue
            sides = [
                self._between((group.sources[0], group.destinations[0]), before.flow, side)
                for side, group in enumerate((was, now))
            ]
            if not through_service and len(suppositions(sides[0].source, sides[0].destination)) > 1:
                # The verdicts put the evidence of all cases together; a court keeps them apart.
                heard = [
                    court.hear(each.source, each.destination, each.point)
                    for court, each in zip(self._courts, sides, strict=True)
                ]
                yield from _cases(sides, *heard)
                continue
            for direction in Direction:
                old, new = _of(was, direction), _of(now, direction)
                if _allows(old) != _allows(new):
                    yield Changed(direction, old, new, sides[0], sides[1], not through_service)

    @cached_property
    def _courts(self) -> tuple[Court, Court]:
        return Court(self._before), Court(self._after)

    def _between(self, ends: tuple[str, str], flow: Flow, side: int) -> Connection:
        source, destination = (self._endpoint(name, side) for name in ends)
        port = flow.port
        if isinstance(port, str):
            numbers = [each.number for each in destination.ports if each.name == port]
            port = numbers[0] if numbers else None
        point = point_of(Protocol[flow.protocol], port or 0)
        return Connection(source, destination, point, _family(source, destination))

    def _endpoint(self, name: str, side: int) -> Endpoint:
        found = self._endpoints[side].get(name)
        if found is not None:
            return found
        try:
            point = parse_address(name)
        except ValueError:
            # A node that a Service's connection comes from, and that the input does not name.
            return Endpoint(EndpointKind.NODE, name)
        return Endpoint(EndpointKind.EXTERNAL, name, addresses=(point,))


def _end_name(end: DestinationEnd) -> str:
    match end:
        case PodEnd(namespace, pod):
            return f"{namespace}/{pod}"
        case NodeEnd(node):
            return node
        case AddressEnd(address):
            return address
        case _:
            raise ValueError(f"a witness speaks of one endpoint, not of {end}")


def _by_name(endpoints: Iterable[Endpoint]) -> Mapping[str, Endpoint]:
    return {
        f"{each.namespace}/{each.name}" if each.kind is not EndpointKind.NODE else each.name: each
        for each in endpoints
    }


def _paired(
    before: tuple[VerdictGroup, ...], after: tuple[VerdictGroup, ...]
) -> Iterator[tuple[VerdictGroup, VerdictGroup]]:
    """Groups that speak of the same endpoints; in order where verdicts group differently."""
    if len(before) == len(after):
        yield from zip(before, after, strict=True)
        return
    for was in before:
        for now in after:
            same_sources = set(was.sources) & set(now.sources)
            if same_sources and set(was.destinations) & set(now.destinations):
                yield was, now


def _cases(
    sides: Sequence[Connection], before: Side | None, after: Side | None
) -> Iterator[Changed]:
    """What differs in each case that two sides decide; both decide the same, in the same order."""
    if before is None or after is None:
        return
    for was, now in zip(before.cases, after.cases, strict=True):
        first, second = (replace(each, family=was.family) for each in sides)
        for direction in (Direction.EGRESS, Direction.INGRESS):
            old, new = _of(was, direction), _of(now, direction)
            if _allows(old) != _allows(new):
                yield Changed(direction, old, new, first, second)


def _of(answers: VerdictGroup | Case, direction: Direction) -> DirectionVerdict:
    return answers.ingress if direction is Direction.INGRESS else answers.egress


def _allows(verdict: DirectionVerdict) -> object:
    return "Allow" if verdict.decision in ALLOWING else verdict.decision


def _family(source: Endpoint, destination: Endpoint) -> Family:
    for each in (source, destination):
        if each.kind is EndpointKind.EXTERNAL:
            return family_of(each.addresses[0])
    shared = [
        family
        for family in Family
        if all(
            not each.addresses or any(point in addresses_of(family) for point in each.addresses)
            for each in (source, destination)
        )
    ]
    return shared[0] if shared else Family.IPV4


def _fits(
    row: Mapping[str, Any], signals: Mapping[str, frozenset[str]], source: str, target: str
) -> bool:
    if not ({source, ANY} & set(row["from"]) and {target, ANY} & set(row["to"])):
        return False
    if not rules()[row["rule"]].asks_between(source, target):
        return False
    if any(signals[name] & set(words) for name, words in row["unless"].items()):
        return False
    return all(signals[name] & set(words) for name, words in row["when"].items())


def _responsible(
    before: DirectionVerdict, after: DirectionVerdict
) -> Iterator[tuple[PolicyRef, str]]:
    found: dict[tuple[PolicyRef, str], None] = {}
    for verdict in (before, after):
        for each in verdict.evidence:
            if each.policy is not None:
                found[each.policy, each.rule] = None
        named = {policy for policy, _ in found}
        for policy in verdict.isolated_by:
            if policy not in named:
                found[policy, "/spec"] = None
    yield from found
