"""Asking a condition about an endpoint: yes, no, or it depends on assumptions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.model.addresses import Family, addresses_of, family_of
from service.model.assumption import Assumption
from service.model.condition import (
    AddressIn,
    AllOf,
    Always,
    AnyOf,
    Assumed,
    Condition,
    EndpointIn,
    FamilyIs,
    KindIs,
    LabelIs,
    LabelScope,
    Negation,
    NodeNameIn,
    OsIs,
    Relation,
    RelationIs,
    RunsOn,
)
from service.model.endpoint import Endpoint, EndpointKind
from service.model.intervals import Intervals

#: True, False, or the assumptions that the answer depends on (never an empty set).
Answer = bool | frozenset[Assumption]

_LABELLED = frozenset({EndpointKind.POD, EndpointKind.HOST_POD})


@dataclass(frozen=True, slots=True)
class Encounter:
    """An endpoint, the one at the other end of the connection, and the address family.

    `same_node` supposes whether both are on one node, where the input does not tell.
    """

    endpoint: Endpoint
    other: Endpoint
    family: Family
    same_node: bool | None = None


def label_value(endpoint: Endpoint, scope: LabelScope, key: str) -> str | None:
    """The value of a label, or None where the endpoint does not have it."""
    if endpoint.kind not in _LABELLED:
        return None
    match scope:
        case LabelScope.POD:
            return endpoint.labels.get(key)
        case LabelScope.NAMESPACE:
            return endpoint.namespace_labels.get(key)
        case LabelScope.NAMESPACE_NAME:
            return endpoint.namespace
        case LabelScope.SERVICE_ACCOUNT:
            return endpoint.service_account_labels.get(key)
        case LabelScope.SERVICE_ACCOUNT_NAME:
            return endpoint.service_account


def ask(condition: Condition, about: Encounter) -> Answer:  # noqa: PLR0911, PLR0912 - one branch an atom
    """Whether a condition holds for the endpoint of an encounter."""
    endpoint = about.endpoint
    match condition:
        case LabelIs(scope, requirement):
            return requirement.accepts(label_value(endpoint, scope, requirement.key))
        case KindIs(kinds):
            return endpoint.kind in kinds
        case AllOf(parts):
            return every(ask(part, about) for part in parts)
        case AnyOf(parts):
            return some(ask(part, about) for part in parts)
        case Always():
            return True
        case AddressIn(addresses):
            return _address_in(addresses, about)
        case RelationIs(relation):
            return _relates(relation, about)
        case Negation(part):
            answer = ask(part, about)
            return answer if isinstance(answer, frozenset) else not answer
        case OsIs(os):
            return _runs_on(os, endpoint)
        case FamilyIs(family):
            return about.family is family
        case Assumed(assumption):
            return frozenset((assumption,))
        case EndpointIn(pods):
            return endpoint.kind in _LABELLED and (endpoint.namespace, endpoint.name) in pods
        case NodeNameIn(nodes):
            return endpoint.is_on_node_network and endpoint.node in nodes
        case RunsOn(nodes):
            return _placed_on(nodes, endpoint)


def every(answers: Iterable[Answer]) -> Answer:
    """The conjunction: no as soon as one says no."""
    open_questions: frozenset[Assumption] = frozenset()
    for answer in answers:
        if answer is False:
            return False
        if answer is not True:
            open_questions |= answer
    return open_questions or True


def some(answers: Iterable[Answer]) -> Answer:
    """The disjunction: yes as soon as one says yes."""
    open_questions: frozenset[Assumption] = frozenset()
    for answer in answers:
        if answer is True:
            return True
        if answer is not False:
            open_questions |= answer
    return open_questions or False


def _address_in(addresses: Intervals, about: Encounter) -> Answer:
    endpoint = about.endpoint
    family = addresses_of(about.family)
    if endpoint.addresses:
        known = [point for point in endpoint.addresses if family_of(point) is about.family]
        return any(point in addresses for point in known)
    possible = endpoint.possible_addresses & family
    inside = possible & addresses
    if not inside:
        return False
    if inside == possible and possible != family:
        return True
    return frozenset(
        (
            Assumption(
                "AddressUnknown",
                f"the address of {endpoint} is not given, so it is open whether an address "
                "block covers it",
            ),
        )
    )


def _relates(relation: Relation, about: Encounter) -> Answer:
    endpoint, other = about.endpoint, about.other
    if relation is Relation.SELF:
        return endpoint == other
    if not endpoint.is_on_node_network or other.kind is EndpointKind.EXTERNAL:
        return False
    if endpoint.node is None or other.node is None:
        if about.same_node is None:
            return frozenset((placement_unknown(endpoint if endpoint.node is None else other),))
        same = about.same_node
    else:
        same = endpoint.node == other.node
    return same if relation is Relation.OWN_NODE else not same


def _placed_on(nodes: frozenset[str], endpoint: Endpoint) -> Answer:
    if endpoint.kind is EndpointKind.EXTERNAL:
        return False
    if endpoint.node is None:
        return frozenset((placement_unknown(endpoint),))
    return endpoint.node in nodes


def placement_unknown(endpoint: Endpoint) -> Assumption:
    """What an answer rests on that depends on where an endpoint runs."""
    return Assumption("PlacementUnknown", f"the node that {endpoint} runs on is not given")


def _runs_on(os: str, endpoint: Endpoint) -> Answer:
    if endpoint.os is None:
        return frozenset(
            (
                Assumption(
                    "NodeOsUnknown",
                    f"the operating system of the node that {endpoint} runs on is not given",
                ),
            )
        )
    return endpoint.os == os
