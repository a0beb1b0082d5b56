"""Why two engines decide a connection differently: the MIG rule that names the reason.

The reasons are a table of words (`service/knowledge/causes.json`); the words are read from the
evidence of both verdicts and from both pipelines. A change that no row explains has no cause,
and its report says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from service.analysis.cause_signals import Changed, RuleFinder, SignalReader
from service.analysis.cause_table import CauseRow, rows_between, service_words
from service.analysis.deciding import Connection, suppositions
from service.analysis.forwarding import FORWARDED_CODES
from service.analysis.responsible import Element, responsible, step
from service.analysis.rule_marks import RuleMarks
from service.analysis.rulebook.cilium_rules import ignored_label
from service.analysis.rulebook.rules import Rule
from service.analysis.witness import Court, Side, Witness
from service.model.addresses import Family, addresses_of, family_of, parse_address
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import Flow, ServiceEnd
from service.model.pipeline import Direction, Pipeline
from service.model.ports import Protocol, point_of
from service.model.snapshot import Snapshot
from service.model.verdict import DirectionVerdict, Verdict, VerdictGroup


@dataclass(frozen=True, slots=True)
class Cause:
    """The rule that explains a change, the policy elements responsible, and what to do."""

    rule: Rule
    direction: Direction
    why: str
    policies: tuple[Element, ...] = ()
    """Policies with JSON pointers: the rules that decided, or what isolates."""

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
        self._families = {marks.family(each.ref) for each in snapshot.policy_set.policies}
        self._local_dns = frozenset({"on"} if local_dns else ())
        self._rows = tuple(rows_between(before.profile.engine, after.profile.engine))
        self._endpoints = [_by_name(each.endpoints) for each in (before, after)]

    @property
    def asks_nothing(self) -> bool:
        """Whether the two engines alone tell the rule, whatever the change is."""
        return bool(self._rows) and not self._rows[0].when and not self._rows[0].unless

    @property
    def finders(self) -> tuple[RuleFinder, RuleFinder]:
        """Where the rules of each policy are, before and after."""
        return self._reader.before, self._reader.after

    @cached_property
    def special_ports(self) -> frozenset[int]:
        """The ports that a rule of these engines asks for."""
        return frozenset(
            int(port)
            for row in self._rows
            for name, words in (*row.when, *row.unless)
            if name == "port"
            for port in words
        )

    def is_blanket(self, words: frozenset[str]) -> bool:
        """Whether a rule about the whole cluster explains whatever the new engine says by itself.

        `words` are the reason and the assumptions of a rule of its own, which is met first. No
        row of the table that stands before may fit, whoever the peer is.
        """
        for row in self._rows:
            if any(
                name in {"after", "assumptionsAfter"} and found & words for name, found in row.when
            ):
                return row.rule.whole_cluster and len(row.when) == 1 and not row.unless
            if not any(self._never[name] & found == found for name, found in row.when):
                return False
        return False

    @cached_property
    def _never(self) -> Mapping[str, frozenset[str]]:
        """Words that no connection between two endpoints has, ports that lead to pods aside."""
        asked = {word for row in self._rows for _, words in row.when for word in words}
        never: dict[str, frozenset[str]] = defaultdict(frozenset)
        never["itself"] = frozenset({"yes"})
        never["families"] = frozenset(asked - self._families)
        for names, through in zip(
            (("before", "assumptionsBefore"), ("after", "assumptionsAfter")),
            self._through,
            strict=True,
        ):
            never.update(dict.fromkeys(names, frozenset(asked & through)))
        return never

    def of_change(self, changed: Changed) -> Cause | None:
        """The cause of one change; None where no row of the table explains it."""
        row = self._rows[0] if self.asks_nothing else self._row_for(changed)
        if row is None:
            return None
        policies = () if row.rule.whole_cluster else responsible(changed.before, changed.after)
        return Cause(row.rule, changed.direction, row.why, policies)

    def _row_for(self, changed: Changed) -> CauseRow | None:
        signals = {**self._reader.signals(changed), "localDns": self._local_dns}
        return next((row for row in self._rows if row.fits(signals)), None)

    def of_verdicts(self, before: Verdict, after: Verdict) -> tuple[Cause | None, ...]:
        """The causes of everything that differs between two verdicts on one flow, each once."""
        return self._of_all(self._changes(before, after))

    def of_witness(self, witness: Witness) -> tuple[Cause | None, ...]:
        """The causes of everything that differs about a witness; none where an end came or went."""
        if witness.before is None or witness.after is None:
            return ()
        return self._of_all(changes_between(witness.before, witness.after))

    def _of_all(self, changes: Iterable[Changed]) -> tuple[Cause | None, ...]:
        found = [(each, self.of_change(each)) for each in changes]
        # What nobody knows of a call that is led elsewhere is said at both ends, and is one thing.
        inwards = {
            (*_undirected(cause), open_to_question)
            for each, cause in found
            if each.direction is Direction.INGRESS
            and (open_to_question := self._led_elsewhere(each))
        }
        return tuple(
            dict.fromkeys(
                cause
                for each, cause in found
                if each.direction is Direction.INGRESS
                or (*_undirected(cause), self._led_elsewhere(each)) not in inwards
            )
        )

    def _led_elsewhere(self, changed: Changed) -> frozenset[Assumption]:
        """What is not known of a call because something leads it elsewhere."""
        return frozenset(
            assumption
            for side, words in zip((changed.before, changed.after), self._through, strict=True)
            for assumption in side.assumptions
            if assumption.code in words
        )

    @cached_property
    def _through(self) -> tuple[frozenset[str], frozenset[str]]:
        """The words of calls that are led elsewhere, before and after."""
        before, after = (
            frozenset(service_words(each) | FORWARDED_CODES) for each in (self._before, self._after)
        )
        return before, after

    def _changes(self, before: Verdict, after: Verdict) -> Iterator[Changed]:
        through_service = isinstance(before.flow.destination, ServiceEnd)
        for was, now in _paired(before.groups, after.groups):
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
                if heard[0] is not None and heard[1] is not None:
                    yield from changes_between(heard[0], heard[1])
                continue
            whole = step(was.decision, now.decision)
            for direction in Direction:
                old, new = _of(was, direction), _of(now, direction)
                if whole and step(old.decision, new.decision) == whole:
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


def changes_between(before: Side, after: Side) -> Iterator[Changed]:
    """Every end that decides differently, in each case that two sides speak of.

    Only what goes the way of the whole: where the connection closes, an end that lets more
    through than before is no part of why.
    """
    whole = step(before.decision, after.decision)
    if not whole:
        return
    for was, now in zip(before.cases, after.cases, strict=True):
        for direction in (Direction.EGRESS, Direction.INGRESS):
            old, new = was.of(direction), now.of(direction)
            if step(old.decision, new.decision) == whole:
                yield Changed(direction, old, new, was.connection, now.connection)


def _undirected(cause: Cause | None) -> tuple[object, ...]:
    return () if cause is None else (cause.rule.id, cause.why, cause.policies)


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


def _of(answers: VerdictGroup, direction: Direction) -> DirectionVerdict:
    return answers.ingress if direction is Direction.INGRESS else answers.egress


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
