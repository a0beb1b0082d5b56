"""Why a rule did not match: the one condition that failed, in words and as a stable code."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from service.analysis.asking import Encounter, ask, label_value
from service.model.addresses import format_address, format_range
from service.model.condition import (
    AddressIn,
    AllOf,
    AnyOf,
    Condition,
    KindIs,
    LabelIs,
    LabelScope,
    Negation,
    OsIs,
    RelationIs,
)
from service.model.endpoint import Endpoint, EndpointKind
from service.model.intervals import Intervals
from service.model.pipeline import Traffic
from service.model.ports import Protocol, describe_traffic, whole_protocol


class Failure(NamedTuple):
    """A condition that did not hold. Of many, one is put into words; `tell` does that."""

    reason: str
    tell: Callable[[], str]

    @property
    def detail(self) -> str:
        """It in words."""
        return self.tell()


_RANGES_SHOWN = 3
_COMPOSED = frozenset({AllOf, AnyOf})

_SCOPE_REASONS = {
    LabelScope.POD: "PodSelectorMismatch",
    LabelScope.NAMESPACE: "NamespaceSelectorMismatch",
    LabelScope.NAMESPACE_NAME: "NamespaceMismatch",
    LabelScope.SERVICE_ACCOUNT: "ServiceAccountMismatch",
    LabelScope.SERVICE_ACCOUNT_NAME: "ServiceAccountMismatch",
}


def failures(condition: Condition, about: Encounter) -> list[Failure]:
    """The parts of a condition that say no; empty where it holds or depends."""
    return [describe(each, about) for each in lacking(condition, about)]


def lacking(condition: Condition, about: Encounter) -> list[Condition]:
    """The same, not described yet."""
    if isinstance(condition, AllOf):
        found: list[Condition] = []
        for part in condition.parts:
            if type(part) in _COMPOSED:
                found.extend(lacking(part, about))
            elif ask(part, about) is False:
                found.append(part)
        return found
    if isinstance(condition, AnyOf) and condition.parts:
        return fewest([lacking(part, about) for part in condition.parts])
    return [condition] if ask(condition, about) is False else []


def fewest(alternatives: list[list[Condition]]) -> list[Condition]:
    """The alternative that lacks least; empty where there is none, or one that lacks nothing."""
    return min(alternatives, key=len, default=[])


def traffic_failure(traffic: Traffic, point: int, destination: Endpoint) -> Failure:
    """Why a protocol and port are not among a rule's."""
    port, protocol = point & 0xFFFF, point >> 16
    if traffic.numbered and not traffic.numbered.overlaps(whole_protocol(protocol)):
        return Failure(
            "ProtocolMismatch",
            lambda: (
                f"the rule is for {describe_traffic(traffic.numbered)}, not {_protocol(protocol)}"
            ),
        )
    if traffic.numbered:
        return Failure(
            "PortMismatch",
            lambda: f"port {port} is not among {describe_traffic(traffic.numbered)}",
        )
    if traffic.named:
        return _named_failure(traffic, point, destination)
    return Failure("NoUsablePort", lambda: "the engine cannot use any of the rule's port entries")


def _named_failure(traffic: Traffic, point: int, destination: Endpoint) -> Failure:
    port, protocol = point & 0xFFFF, point >> 16
    numbers = {
        (each.protocol, each.number)
        for each in destination.ports
        if any(each.name == name.name for name in traffic.named)
    }
    names = ", ".join(each.name for each in traffic.named)
    if not numbers:
        return Failure("NamedPortMissing", lambda: f"{destination} has no port named {names}")
    declared = ", ".join(f"{_protocol(known)} {number}" for known, number in sorted(numbers))
    return Failure(
        "NamedPortMismatch",
        lambda: (
            f"{_protocol(protocol)} {port} is not what the rule means by {names}; "
            f"{destination} declares it as {declared}"
        ),
    )


def _protocol(number: int) -> str:
    try:
        return Protocol(number).name
    except ValueError:
        return f"protocol {number}"


def describe(condition: Condition, about: Encounter) -> Failure:
    """Why a condition that says no does."""
    endpoint = about.endpoint
    match condition:
        case LabelIs():
            return _describe_label(condition, endpoint)
        case KindIs(kinds):
            return _describe_kind(kinds, endpoint)
        case AddressIn(addresses):
            return Failure(
                "AddressOutsideBlock",
                lambda: f"{_whereabouts(endpoint)} is not in {_ranges(addresses)}",
            )
        case RelationIs(relation):
            reason, words = "RelationMismatch", f"is not the {relation.value} of the pod"
        case OsIs(os):
            reason, words = "NodeOsMismatch", f"does not run on {os}"
        case Negation():
            reason, words = "Excluded", "is excluded by a negated condition"
        case _:
            reason, words = "ConditionFailed", "is not meant by the rule"
    return Failure(reason, lambda: f"{endpoint} {words}")


def _whereabouts(endpoint: Endpoint) -> str:
    return ", ".join(map(format_address, endpoint.addresses)) or str(endpoint)


def _ranges(addresses: Intervals) -> str:
    shown = [format_range(low, high) for low, high in addresses.spans[:_RANGES_SHOWN]]
    more = len(addresses.spans) - len(shown)
    return ", ".join(shown) + (f" and {more} more ranges" if more else "") or "an empty block"


def _describe_label(condition: LabelIs, endpoint: Endpoint) -> Failure:
    scope, requirement = condition.scope, condition.requirement
    if scope is LabelScope.POD and requirement.key in endpoint.hidden_labels:
        return Failure(
            "IgnoredLabel",
            lambda: f"{endpoint} has label {requirement.key}, which this engine does not see",
        )
    return Failure(_SCOPE_REASONS[scope], lambda: _label_words(condition, endpoint))


def _label_words(condition: LabelIs, endpoint: Endpoint) -> str:
    scope, requirement = condition.scope, condition.requirement
    match scope:
        case LabelScope.NAMESPACE_NAME:
            wanted = "/".join(requirement.values)
            return f"the selector means pods of namespace {wanted}; {endpoint} is not there"
        case LabelScope.NAMESPACE:
            holder = f"namespace {endpoint.namespace}"
        case LabelScope.POD:
            holder = str(endpoint)
        case _:
            holder = f"service account {endpoint.namespace}/{endpoint.service_account}"
    found = label_value(endpoint, scope, requirement.key)
    state = (
        f"has {requirement.key}={found}" if found is not None else f"has no label {requirement.key}"
    )
    return f"{requirement} is required; {holder} {state}"


def _describe_kind(kinds: frozenset[EndpointKind], endpoint: Endpoint) -> Failure:
    if kinds == {EndpointKind.POD}:
        reason, wanted = "NotAPod", "selectors match pods only"
    elif kinds == {EndpointKind.EXTERNAL}:
        reason, wanted = "NotExternal", "this engine matches address blocks with the outside only"
    else:
        reason, wanted = "KindMismatch", f"{' or '.join(sorted(kinds))} is required"
    return Failure(reason, lambda: f"{wanted}; {_what_it_is(endpoint)}")


def _what_it_is(endpoint: Endpoint) -> str:
    if endpoint.kind is EndpointKind.HOST_POD:
        return f"{endpoint} uses the node's network and counts as its node"
    return f"{endpoint} is not one"
