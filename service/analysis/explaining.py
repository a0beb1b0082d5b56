"""Why a rule did not match: the one condition that failed, in words and as a stable code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Failure:
    """A condition that did not hold."""

    reason: str
    detail: str


_RANGES_SHOWN = 3

_SCOPE_REASONS = {
    LabelScope.POD: "PodSelectorMismatch",
    LabelScope.NAMESPACE: "NamespaceSelectorMismatch",
    LabelScope.NAMESPACE_NAME: "NamespaceMismatch",
    LabelScope.SERVICE_ACCOUNT: "ServiceAccountMismatch",
    LabelScope.SERVICE_ACCOUNT_NAME: "ServiceAccountMismatch",
}


def failures(condition: Condition, about: Encounter) -> list[Failure]:
    """The parts of a condition that say no; empty where it holds or depends."""
    if ask(condition, about) is not False:
        return []
    match condition:
        case AllOf(parts):
            return [failure for part in parts for failure in failures(part, about)]
        case AnyOf(parts) if parts:
            return fewest(failures(part, about) for part in parts)
        case _:
            return [_describe(condition, about)]


def fewest(alternatives: Iterable[list[Failure]]) -> list[Failure]:
    """The alternative that lacks least; empty where there is none."""
    return min(alternatives, key=len, default=[])


def traffic_failure(traffic: Traffic, point: int, destination: Endpoint) -> Failure | None:
    """Why a protocol and port are not among a rule's; None where they are."""
    port, protocol = point & 0xFFFF, point >> 16
    numbers = {
        (each.protocol, each.number)
        for each in destination.ports
        if any(each.name == name.name for name in traffic.named)
    }
    if traffic.numbered and not traffic.numbered.overlaps(whole_protocol(protocol)):
        return Failure(
            "ProtocolMismatch",
            f"the rule is for {describe_traffic(traffic.numbered)}, not {_protocol(protocol)}",
        )
    if traffic.numbered:
        return Failure(
            "PortMismatch",
            f"port {port} is not among {describe_traffic(traffic.numbered)}",
        )
    if traffic.named:
        names = ", ".join(each.name for each in traffic.named)
        if not numbers:
            return Failure("NamedPortMissing", f"{destination} has no port named {names}")
        declared = ", ".join(f"{_protocol(known)} {number}" for known, number in sorted(numbers))
        return Failure(
            "NamedPortMismatch",
            f"{_protocol(protocol)} {port} is not what the rule means by {names}; "
            f"{destination} declares it as {declared}",
        )
    return Failure("NoUsablePort", "the engine cannot use any of the rule's port entries")


def _protocol(number: int) -> str:
    try:
        return Protocol(number).name
    except ValueError:
        return f"protocol {number}"


def _describe(condition: Condition, about: Encounter) -> Failure:  # noqa: PLR0911 - one an atom
    endpoint = about.endpoint
    match condition:
        case LabelIs(scope):
            return _describe_label(condition, endpoint, scope)
        case KindIs(kinds):
            return _describe_kind(kinds, endpoint)
        case AddressIn(addresses):
            where = ", ".join(map(format_address, endpoint.addresses)) or str(endpoint)
            return Failure("AddressOutsideBlock", f"{where} is not in {_ranges(addresses)}")
        case RelationIs(relation):
            return Failure("RelationMismatch", f"{endpoint} is not the {relation.value} of the pod")
        case OsIs(os):
            return Failure("NodeOsMismatch", f"{endpoint} does not run on {os}")
        case Negation():
            return Failure("Excluded", f"{endpoint} is excluded by a negated condition")
        case _:
            return Failure("ConditionFailed", f"{endpoint} is not meant by the rule")


def _ranges(addresses: Intervals) -> str:
    shown = [format_range(low, high) for low, high in addresses.spans[:_RANGES_SHOWN]]
    more = len(addresses.spans) - len(shown)
    return ", ".join(shown) + (f" and {more} more ranges" if more else "") or "an empty block"


def _describe_label(condition: LabelIs, endpoint: Endpoint, scope: LabelScope) -> Failure:
    requirement = condition.requirement
    found = label_value(endpoint, scope, requirement.key)
    reason = _SCOPE_REASONS[scope]
    match scope:
        case LabelScope.NAMESPACE_NAME:
            wanted = "/".join(requirement.values)
            return Failure(
                reason, f"the selector means pods of namespace {wanted}; {endpoint} is not there"
            )
        case LabelScope.NAMESPACE:
            holder = f"namespace {endpoint.namespace}"
        case LabelScope.POD:
            holder = str(endpoint)
            if requirement.key in endpoint.hidden_labels:
                return Failure(
                    "IgnoredLabel",
                    f"{holder} has label {requirement.key}, which this engine does not see",
                )
        case _:
            holder = f"service account {endpoint.namespace}/{endpoint.service_account}"
    state = (
        f"has {requirement.key}={found}" if found is not None else f"has no label {requirement.key}"
    )
    return Failure(reason, f"{requirement} is required; {holder} {state}")


def _describe_kind(kinds: frozenset[EndpointKind], endpoint: Endpoint) -> Failure:
    if endpoint.kind is EndpointKind.HOST_POD:
        what = f"{endpoint} uses the node's network and counts as its node"
    else:
        what = f"{endpoint} is not one"
    if kinds == {EndpointKind.POD}:
        return Failure("NotAPod", f"selectors match pods only; {what}")
    if kinds == {EndpointKind.EXTERNAL}:
        return Failure(
            "NotExternal", f"this engine matches address blocks with the outside only; {what}"
        )
    return Failure("KindMismatch", f"{' or '.join(sorted(kinds))} is required; {what}")
