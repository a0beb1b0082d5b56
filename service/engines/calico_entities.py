"""`source` and `destination` of Calico rules as conditions.

Source: projectcalico/calico libcalico-go/lib/backend/syncersv1/updateprocessors/rules.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from service.engines.calico_selectors import (
    ACCOUNT_LABEL,
    ACCOUNT_PREFIX,
    HAS_NAMESPACE,
    NAMESPACE_LABEL,
    NAMESPACE_PREFIX,
    Catalog,
    joined,
)
from service.model.addresses import parse_cidr
from service.model.assumption import Assumption
from service.model.calico import EntityRule, ServiceAccountMatch
from service.model.calico_selector import (
    And,
    Comparator,
    Comparison,
    Not,
    Selector,
    prefixed,
)
from service.model.condition import AddressIn, Assumed, Condition, Negation, all_of, any_of
from service.model.intervals import Intervals

SOURCE_PORT = Assumption(
    "SourcePortUnknown",
    "the rule asks for the source port, which is no part of a flow",
)


def lost_restriction(fields: Iterable[str]) -> Condition:
    """What stands for restrictions that Felix cannot parse and loses."""
    return Assumed(
        Assumption(
            "CalicoRestrictionLost",
            f"{', '.join(fields)} of a stored object does not parse; Felix loses the restriction",
        )
    )


def namespace_selector(selector: Selector) -> Selector:
    """A `namespaceSelector` as a selector of endpoints: all() means having a namespace at all."""
    return prefixed(selector, NAMESPACE_PREFIX, HAS_NAMESPACE, Not(HAS_NAMESPACE))


def in_own_namespace(namespace: str) -> Selector:
    """Being in a namespace."""
    return Comparison(NAMESPACE_LABEL, Comparator.EQUALS, (namespace,))


def entity_selector(entity: EntityRule, namespace: str) -> Selector | None:
    """The one selector that an entity amounts to; `namespace` is that of the policy, if any.

    As soon as a namespaced policy uses any selector, it means its own namespace only.
    """
    parts = list(_accounts(entity.service_accounts))
    if entity.selector is not None:
        parts.append(entity.selector)
    selects = bool(parts) or entity.not_selector is not None
    if entity.namespace_selector is not None:
        parts.insert(0, namespace_selector(entity.namespace_selector))
    elif namespace and selects and "namespaceSelector" not in entity.lost:
        parts.insert(0, in_own_namespace(namespace))
    return joined(parts)


def selected(entity: EntityRule, namespace: str) -> Selector | None:
    """What an entity's positive selectors mean; with them, the negative one narrows the set."""
    positive, negative = entity_selector(entity, namespace), entity.not_selector
    if positive is None or negative is None:
        return positive
    return And((positive, Not(negative)))


def _accounts(match: ServiceAccountMatch | None) -> Iterable[Selector]:
    if match is None:
        return
    if match.selector is not None:
        yield prefixed(match.selector, ACCOUNT_PREFIX)
    if match.names:
        yield Comparison(ACCOUNT_LABEL, Comparator.IN, tuple(sorted(set(match.names))))


def entity_condition(entity: EntityRule, namespace: str, catalog: Catalog) -> Condition:
    """What an entity asks of an endpoint, apart from destination ports and Services."""
    parts: list[Condition] = []
    positive = selected(entity, namespace)
    if positive is not None:
        parts.append(catalog.members(positive))
    elif entity.not_selector is not None:
        # Alone, it also means unknown addresses.
        parts.append(Negation(catalog.members(entity.not_selector)))
    parts.extend(_nets(entity))
    other = [each for each in entity.lost if each not in {"nets", "notNets"}]
    if other:
        parts.append(lost_restriction(other))
    return all_of(*parts)


def _nets(entity: EntityRule) -> Iterable[Condition]:
    if entity.nets or "nets" in entity.lost:
        yield _blocks(entity.nets, "nets", entity.lost)
    if entity.not_nets or "notNets" in entity.lost:
        yield Negation(_blocks(entity.not_nets, "notNets", entity.lost))


def _blocks(nets: Iterable[str], name: str, lost: Iterable[str]) -> Condition:
    found = AddressIn(Intervals.of(map(parse_cidr, nets)))
    return any_of(found, lost_restriction((name,))) if name in lost else found


def asks_source_port(entity: EntityRule) -> bool:
    """Whether an entity restricts ports; of a source that is more than a flow tells."""
    return bool(entity.ports or entity.not_ports)
