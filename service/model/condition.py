"""Conditions on endpoints, in three-valued logic.

A condition is a value, built from atoms with `AllOf`, `AnyOf` and `Negation`. Asked about an
endpoint it answers yes, no, or "it depends" with the assumptions it depends on. Subjects and
peers of every policy API are conditions, so evaluation and all-pairs analysis need to know
these few types only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.model.addresses import Family
from service.model.assumption import Assumption
from service.model.endpoint import EndpointKind
from service.model.intervals import Intervals
from service.model.labels import Operator, Requirement


class LabelScope(StrEnum):
    """Which of an endpoint's label sets a requirement reads."""

    POD = "Pod"
    NAMESPACE = "Namespace"
    SERVICE_ACCOUNT = "ServiceAccount"
    NAMESPACE_NAME = "NamespaceName"
    """The namespace's name, as the value of a label that every pod has."""
    SERVICE_ACCOUNT_NAME = "ServiceAccountName"


class Relation(StrEnum):
    """How an endpoint relates to the one at the other end of the connection."""

    SELF = "Self"
    OWN_NODE = "OwnNode"
    """It is, or uses the network of, the node that the other end runs on."""
    OTHER_NODE = "OtherNode"


@dataclass(frozen=True, slots=True)
class Always:
    """True of every endpoint."""


@dataclass(frozen=True, slots=True)
class KindIs:
    """The endpoint is of one of these kinds."""

    kinds: frozenset[EndpointKind]


@dataclass(frozen=True, slots=True)
class LabelIs:
    """A label meets a requirement; endpoints without labels have no key at all."""

    scope: LabelScope
    requirement: Requirement


@dataclass(frozen=True, slots=True)
class AddressIn:
    """The endpoint's address lies in a set. It depends, where the address is not known."""

    addresses: Intervals


@dataclass(frozen=True, slots=True)
class EndpointIn:
    """The endpoint is one of these pods, given as (namespace, name)."""

    pods: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class NodeNameIn:
    """The endpoint is, or uses the network of, one of these nodes."""

    nodes: frozenset[str]


@dataclass(frozen=True, slots=True)
class RunsOn:
    """The endpoint runs on one of these nodes, or is one. It depends, where that is not known."""

    nodes: frozenset[str]


@dataclass(frozen=True, slots=True)
class RelationIs:
    """The endpoint relates in this way to the one at the other end."""

    relation: Relation


@dataclass(frozen=True, slots=True)
class FamilyIs:
    """The connection uses this address family."""

    family: Family


@dataclass(frozen=True, slots=True)
class OsIs:
    """The endpoint runs on a node with this operating system."""

    os: str


@dataclass(frozen=True, slots=True)
class Assumed:
    """True under an assumption that nothing in the input settles."""

    assumption: Assumption


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; without parts it is true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; without parts it is false."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The part does not hold."""

    part: Condition


Condition = (
    Always
    | KindIs
    | LabelIs
    | AddressIn
    | EndpointIn
    | NodeNameIn
    | RunsOn
    | RelationIs
    | FamilyIs
    | OsIs
    | Assumed
    | AllOf
    | AnyOf
    | Negation
)

ALWAYS = Always()
NEVER = AnyOf(())
IS_POD = KindIs(frozenset({EndpointKind.POD}))
IS_HOST_POD = KindIs(frozenset({EndpointKind.HOST_POD}))
IS_NODE = KindIs(frozenset({EndpointKind.NODE, EndpointKind.HOST_POD}))
IS_EXTERNAL = KindIs(frozenset({EndpointKind.EXTERNAL}))


def all_of(*parts: Condition) -> Condition:
    """The conjunction, flattened and without trivial parts."""
    kept: list[Condition] = []
    for part in parts:
        if isinstance(part, AllOf):
            kept.extend(part.parts)
        elif not isinstance(part, Always):
            kept.append(part)
    if not kept:
        return ALWAYS
    return kept[0] if len(kept) == 1 else AllOf(tuple(kept))


def any_of(*parts: Condition) -> Condition:
    """The disjunction, flattened; true where one part always is."""
    kept: list[Condition] = []
    for part in parts:
        if isinstance(part, Always):
            return ALWAYS
        if isinstance(part, AnyOf):
            kept.extend(part.parts)
        else:
            kept.append(part)
    return kept[0] if len(kept) == 1 else AnyOf(tuple(kept))


def in_namespace(name: str) -> Condition:
    """The endpoint is an object of this namespace."""
    return LabelIs(LabelScope.NAMESPACE_NAME, Requirement("namespace", Operator.IN, (name,)))
