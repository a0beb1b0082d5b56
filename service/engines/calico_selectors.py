"""Calico's selectors as conditions on endpoints.

A selector means pods by their labels, and what has labels and addresses but is no pod: network
sets and the expected addresses of host endpoints. To the data plane both are one set of
addresses (felix/calc/rule_scanner.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from service.model.assumption import Assumption
from service.model.calico_selector import (
    And,
    Comparator,
    Comparison,
    Not,
    Or,
    Selector,
    matches,
)
from service.model.condition import (
    ALWAYS,
    IS_POD,
    NEVER,
    AddressIn,
    Assumed,
    Condition,
    LabelIs,
    LabelScope,
    Negation,
    NodeNameIn,
    all_of,
    any_of,
)
from service.model.intervals import NOTHING, Intervals
from service.model.labels import Operator, Requirement

NAMESPACE_LABEL = "projectcalico.org/namespace"
ACCOUNT_LABEL = "projectcalico.org/serviceaccount"
ORCHESTRATOR_LABEL = "projectcalico.org/orchestrator"
ORCHESTRATOR = "k8s"
NAMESPACE_PREFIX = "pcns."
ACCOUNT_PREFIX = "pcsa."
#: Under either prefix, the name of the namespace or service account.
NAME_LABEL = "projectcalico.org/name"

HAS_NAMESPACE = Comparison(NAMESPACE_LABEL, Comparator.HAS)
HAS_ACCOUNT = Comparison(ACCOUNT_LABEL, Comparator.HAS)

_OPPOSITES = {
    Operator.IN: Operator.NOT_IN,
    Operator.NOT_IN: Operator.IN,
    Operator.EXISTS: Operator.DOES_NOT_EXIST,
    Operator.DOES_NOT_EXIST: Operator.EXISTS,
}


def pods_selected(selector: Selector) -> Condition:
    """What a selector asks of a pod; meaningless about anything else."""
    match selector:
        case Comparison():
            return _label(selector)
        case Not(operand):
            return opposite(pods_selected(operand))
        case And(operands):
            parts = [pods_selected(each) for each in operands]
            return NEVER if NEVER in parts else all_of(*parts)
        case Or(operands):
            return any_of(*map(pods_selected, operands))
        case _:
            return ALWAYS


def opposite(condition: Condition) -> Condition:
    """The negation, in the plainest form."""
    if condition == ALWAYS:
        return NEVER
    if condition == NEVER:
        return ALWAYS
    match condition:
        case Negation(part):
            return part
        case LabelIs(scope, requirement) if requirement.operator in _OPPOSITES:
            operator = _OPPOSITES[requirement.operator]
            return LabelIs(scope, replace(requirement, operator=operator))
        case _:
            return Negation(condition)


def _label(comparison: Comparison) -> Condition:
    requirement, key = comparison.requirement, comparison.label
    if key == ORCHESTRATOR_LABEL:
        return ALWAYS if requirement.accepts(ORCHESTRATOR) else NEVER
    if key in {NAMESPACE_LABEL, NAMESPACE_PREFIX + NAME_LABEL}:
        return _name(LabelScope.NAMESPACE_NAME, "namespace", requirement)
    if key in {ACCOUNT_LABEL, ACCOUNT_PREFIX + NAME_LABEL}:
        return _name(LabelScope.SERVICE_ACCOUNT_NAME, "serviceAccount", requirement)
    for prefix, scope in (
        (NAMESPACE_PREFIX, LabelScope.NAMESPACE),
        (ACCOUNT_PREFIX, LabelScope.SERVICE_ACCOUNT),
    ):
        # A pod's own labels with these prefixes are taken away, so they cannot be forged.
        if key.startswith(prefix):
            return LabelIs(scope, replace(requirement, key=key.removeprefix(prefix)))
    return LabelIs(LabelScope.POD, requirement)


def _name(scope: LabelScope, key: str, requirement: Requirement) -> Condition:
    if requirement.operator is Operator.EXISTS:
        return ALWAYS
    return LabelIs(scope, replace(requirement, key=key))


@dataclass(frozen=True, slots=True)
class LabelledAddresses:
    """A network set or host endpoint as selectors see it.

    `node` is that of a host endpoint; `doubt` is set where the addresses are not all known.
    """

    labels: Mapping[str, str]
    addresses: Intervals
    doubt: Assumption | None = None
    node: str = ""


@dataclass(slots=True)
class Catalog:
    """Everything with labels that is no pod."""

    entries: tuple[LabelledAddresses, ...] = ()
    _known: dict[Selector, Condition] = field(default_factory=dict)

    def members(self, selector: Selector) -> Condition:
        """The endpoint's address is in the set that Calico makes of a selector."""
        known = self._known.get(selector)
        if known is None:
            known = self._known[selector] = self._members(selector)
        return known

    def port_holders(self, selector: Selector | None) -> Condition:
        """The endpoints that port names can stand for where the selector is asked besides.

        Names come from endpoints with the labels, not from what has the address of one; that
        makes a difference where a network set has the labels.
        """
        if selector is None:
            return ALWAYS
        found = [each for each in self.entries if matches(selector, each.labels)]
        if all(each.node for each in found):
            return ALWAYS
        pods, nodes = pods_selected(selector), frozenset(each.node for each in found if each.node)
        parts: list[Condition] = [] if pods == NEVER else [all_of(IS_POD, pods)]
        return any_of(*parts, NodeNameIn(nodes)) if nodes else any_of(*parts)

    def _members(self, selector: Selector) -> Condition:
        found, doubts = NOTHING, []
        for entry in self.entries:
            if matches(selector, entry.labels):
                found = found | entry.addresses
                if entry.doubt is not None:
                    doubts.append(Assumed(entry.doubt))
        pods = pods_selected(selector)
        parts: list[Condition] = [] if pods == NEVER else [all_of(IS_POD, pods)]
        if found:
            parts.append(AddressIn(found))
        return any_of(*parts, *doubts)


def joined(parts: Iterable[Selector]) -> Selector | None:
    """All of some selectors; None where there is none."""
    found = tuple(parts)
    if not found:
        return None
    return found[0] if len(found) == 1 else And(found)
