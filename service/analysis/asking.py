"""Asking a condition about an endpoint: yes, no, or it depends on assumptions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

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
_POD = LabelScope.POD


class Encounter(NamedTuple):
    """An endpoint, the one at the other end of the connection, and the address family.

    `same_node` supposes whether both are on one node, whatever the input tells.
    """

    endpoint: Endpoint
    other: Endpoint
    family: Family
    same_node: bool | None = None


def label_value(endpoint: Endpoint, scope: LabelScope, key: str) -> str | None:
    """The value of a label, or None where the endpoint does not have it."""
    return _VALUES[scope](endpoint, key) if endpoint.kind in _LABELLED else None


_VALUES: Mapping[LabelScope, Callable[[Endpoint, str], str | None]] = {
    LabelScope.POD: lambda endpoint, key: endpoint.labels.get(key),
    LabelScope.NAMESPACE: lambda endpoint, key: endpoint.namespace_labels.get(key),
    LabelScope.NAMESPACE_NAME: lambda endpoint, _: endpoint.namespace,
    LabelScope.SERVICE_ACCOUNT: lambda endpoint, key: endpoint.service_account_labels.get(key),
    LabelScope.SERVICE_ACCOUNT_NAME: lambda endpoint, _: endpoint.service_account,
}


def ask(condition: Condition, about: Encounter) -> Answer:
    """Whether a condition holds for the endpoint of an encounter."""
    return _ANSWERS[type(condition)](condition, about)


def _label_is(condition: LabelIs, about: Encounter) -> Answer:
    # `label_value` written out: nothing is asked more often than labels.
    requirement, endpoint = condition.requirement, about.endpoint
    if endpoint.kind not in _LABELLED:
        return requirement.accepts(None)
    if condition.scope is _POD:
        return requirement.accepts(endpoint.labels.get(requirement.key))
    return requirement.accepts(_VALUES[condition.scope](endpoint, requirement.key))


def _all_of(condition: AllOf, about: Encounter) -> Answer:
    # `every` without a generator: most conditions are of this kind.
    open_questions: frozenset[Assumption] = frozenset()
    for part in condition.parts:
        answer = _ANSWERS[type(part)](part, about)
        if answer is False:
            return False
        if answer is not True:
            open_questions |= answer
    return open_questions or True


def _any_of(condition: AnyOf, about: Encounter) -> Answer:
    return some(ask(part, about) for part in condition.parts)


def _negation(condition: Negation, about: Encounter) -> Answer:
    answer = ask(condition.part, about)
    return answer if isinstance(answer, frozenset) else not answer


def _is_one_of(condition: EndpointIn, about: Encounter) -> Answer:
    endpoint = about.endpoint
    return endpoint.kind in _LABELLED and (endpoint.namespace, endpoint.name) in condition.pods


def _is_on(condition: NodeNameIn, about: Encounter) -> Answer:
    return about.endpoint.is_on_node_network and about.endpoint.node in condition.nodes


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
        covered = sum(1 for point in known if point in addresses)
        if covered in {0, len(known)}:
            return covered > 0
        return frozenset(
            (
                Assumption(
                    "SeveralAddresses",
                    f"{endpoint} has several addresses, of which an address block covers only "
                    "some, and which of them it uses is not given",
                ),
            )
        )
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
    same = about.same_node
    if same is None:
        if endpoint.node is None or other.node is None:
            return frozenset((placement_unknown(endpoint if endpoint.node is None else other),))
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


# One entry an atom. A single evaluation asks hundreds of times, and a table answers faster than
# a chain of cases.
_ANSWERS: Mapping[type, Callable[[Any, Encounter], Answer]] = {
    LabelIs: _label_is,
    KindIs: lambda condition, about: about.endpoint.kind in condition.kinds,
    AllOf: _all_of,
    AnyOf: _any_of,
    Always: lambda _, about: True,
    AddressIn: lambda condition, about: _address_in(condition.addresses, about),
    RelationIs: lambda condition, about: _relates(condition.relation, about),
    Negation: _negation,
    OsIs: lambda condition, about: _runs_on(condition.os, about.endpoint),
    FamilyIs: lambda condition, about: about.family is condition.family,
    Assumed: lambda condition, _: frozenset((condition.assumption,)),
    EndpointIn: _is_one_of,
    NodeNameIn: _is_on,
    RunsOn: lambda condition, about: _placed_on(condition.nodes, about.endpoint),
}
