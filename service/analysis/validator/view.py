"""The five rows as the tool prints them, and what it does not see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.analysis.rulebook.answers import CLEAR, Found, Outcome, Sighting, lacking, seen
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.rules import Area, rules
from service.analysis.validator.checks import Flagged, flags
from service.analysis.validator.proofs import Mark, Proof, prove
from service.knowledge import value
from service.model.network_policy import PolicyType
from service.model.policy import PolicyRef


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag with its proof; either a policy in a direction or a Service."""

    flagged: Flagged
    proof: Proof

    @property
    def policy(self) -> PolicyRef | None:
        """The policy that is flagged."""
        return self.flagged.policy.ref if self.flagged.policy else None

    @property
    def subject(self) -> str:
        """`namespace/name` of what is flagged."""
        found = self.flagged.service
        if found is not None:
            return f"{found.namespace}/{found.name}"
        ref = self.policy
        return f"{ref.namespace}/{ref.name}" if ref else ""

    @property
    def direction(self) -> str:
        """`Ingress`, `Egress`, or nothing for a Service."""
        return self.flagged.kind.value if self.flagged.kind else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the tool's table."""

    id: str
    title: str
    condition: str
    flags: tuple[Flag, ...]

    @property
    def count(self) -> int:
        """What the tool prints: policies count once for each direction."""
        return len(self.flags)

    @property
    def compatible(self) -> bool:
        """Whether the tool prints a check mark."""
        return not self.flags


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """Something that the tool cannot see, and what the rules say of it here."""

    id: str
    detail: str
    outcome: Outcome
    rules: tuple[str, ...] = ()
    hits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValidatorView:
    """The tool's answer beside ours."""

    rows: tuple[Row, ...]
    blind_spots: tuple[BlindSpot, ...]

    @property
    def closing(self) -> str:
        """The tool's last line."""
        closing = value("validator", "closing")
        safe = all(each.compatible for each in self.rows)
        return str(closing["safe" if safe else "review"])

    @property
    def confirmed(self) -> int:
        """How many flags are right."""
        return sum(
            1 for row in self.rows for each in row.flags if each.proof.mark is Mark.CONFIRMED
        )


def rows_of(asked: RuleInput) -> tuple[Row, ...]:
    """The rows with a proof for each flag."""
    found: dict[str, list[Flag]] = {}
    services = asked.snapshot.inventory.services
    for each in flags(asked.sight.policies, services, asked.with_expressions):
        found.setdefault(each.row, []).append(Flag(each, prove(asked, each)))
    return tuple(
        Row(each["id"], each["title"], each["condition"], tuple(found.get(each["id"], ())))
        for each in value("validator", "rows")
    )


def blind_spots(asked: RuleInput, predicates: Mapping[str, Predicate]) -> tuple[BlindSpot, ...]:
    """What the tool cannot see, with the rules that do."""
    return tuple(
        _blind_spot(asked, predicates, each) for each in value("validator", "falseNegatives")
    )


def _blind_spot(
    asked: RuleInput, predicates: Mapping[str, Predicate], entry: Mapping[str, Any]
) -> BlindSpot:
    if entry["looksFor"] == "portless":
        outcome = Outcome.HIT if _has_portless_entry(asked) else Outcome.CLEAR
        return BlindSpot(entry["id"], entry["detail"], outcome)
    if entry["looksFor"]:
        # The reader refuses what is incomplete and adds the API server's defaults.
        return BlindSpot(entry["id"], entry["detail"], Outcome.CLEAR)
    found = {
        rule: predicates[rule](asked).outcome for rule in entry["rules"] if _applies(asked, rule)
    }
    hits = tuple(rule for rule, outcome in found.items() if outcome is Outcome.HIT)
    unknown = Outcome.UNKNOWN in found.values()
    outcome = Outcome.HIT if hits else Outcome.UNKNOWN if unknown else Outcome.CLEAR
    return BlindSpot(entry["id"], entry["detail"], outcome, tuple(entry["rules"]), hits)


def _applies(asked: RuleInput, rule: str) -> bool:
    found = rules()[rule]
    if found.area in {Area.ENGINE, Area.FEATURE}:
        return found.asks_about(asked.profile.engine)
    return asked.source is not None and found.asks_between(
        asked.source.engine, asked.profile.engine
    )


def _has_portless_entry(asked: RuleInput) -> bool:
    return any(
        port.port is None
        for policy in asked.sight.policies
        for kind in PolicyType
        for rule in policy.rules(kind)
        for port in rule.ports
    )


def validator_view(asked: RuleInput, predicates: Mapping[str, Predicate]) -> ValidatorView:
    """The tool's answer beside ours."""
    return ValidatorView(rows_of(asked), blind_spots(asked, predicates))


def validator_gap(predicates: Mapping[str, Predicate]) -> Predicate:
    """PATH-023: where the user's run of the tool says too much or too little."""

    def asked_with_output(asked: RuleInput) -> Found:
        text = asked.stated.validator_output
        if text is None:
            return CLEAR
        rows = rows_of(asked)
        if not any(row.title in text for row in rows):
            return lacking("validatorOutput", "the text has none of the validator's rows")
        proofs = [flag.proof for row in rows for flag in row.flags]
        wrong = [each for each in proofs if each.mark is Mark.HARMLESS]
        spots = blind_spots(asked, predicates)
        unseen = tuple(each.id for each in spots if each.outcome is Outcome.HIT)
        if not wrong and not unseen:
            return CLEAR
        detail = (
            f"{len(wrong)} of {len(proofs)} flags change nothing here, and {len(unseen)} kinds of "
            "change are not flagged"
        )
        codes = {each.code or "other" for each in wrong}
        shown = {"falsePositives": tuple(sorted(codes)), "falseNegatives": unseen}
        return seen(Sighting(detail, values=shown))

    return asked_with_output
