"""How NPM turns peers into sets of addresses, with the defects of its namespace selectors.

Source: Azure/azure-container-networking npm/pkg/controlplane/translation/parseSelector.go;
defects #4866 (NotIn with several values) and #4868 (negations only).
"""

from __future__ import annotations

from service.model.condition import (
    ALWAYS,
    IS_POD,
    Condition,
    LabelIs,
    LabelScope,
    Negation,
    all_of,
    any_of,
    in_namespace,
)
from service.model.labels import LabelSelector, Operator, Requirement
from service.model.network_policy import NetworkPolicyPeer


def _in_set(scope: LabelScope, requirement: Requirement) -> Condition:
    """In the set of pods with a label; sets hold pod addresses only."""
    return all_of(IS_POD, LabelIs(scope, requirement))


def _not_in_set(scope: LabelScope, key: str, value: str | None) -> Condition:
    positive = (
        Requirement(key, Operator.EXISTS)
        if value is None
        else Requirement(key, Operator.IN, (value,))
    )
    # "Not in the set" holds for every address outside it, nodes and external ones included.
    return Negation(_in_set(scope, positive))


def _pod_part(selector: LabelSelector | None) -> Condition:
    if selector is None:
        return ALWAYS
    parts: list[Condition] = []
    for each in selector.requirements:
        match each.operator:
            case Operator.NOT_IN:
                parts.extend(_not_in_set(LabelScope.POD, each.key, value) for value in each.values)
            case Operator.DOES_NOT_EXIST:
                parts.append(_not_in_set(LabelScope.POD, each.key, None))
            case _:
                parts.append(_in_set(LabelScope.POD, each))
    return all_of(*parts)


def _namespace_part(selector: LabelSelector) -> Condition:
    if not selector.requirements:
        return IS_POD
    parts: list[Condition] = []
    for each in selector.requirements:
        match each.operator:
            case Operator.NOT_IN:
                # NotIn [a, b] is flattened to "not a" OR "not b" (#4866).
                parts.append(
                    any_of(
                        *(
                            _not_in_set(LabelScope.NAMESPACE, each.key, value)
                            for value in each.values
                        )
                    )
                )
            case Operator.DOES_NOT_EXIST:
                parts.append(_not_in_set(LabelScope.NAMESPACE, each.key, None))
            case _:
                parts.append(_in_set(LabelScope.NAMESPACE, each))
    return all_of(*parts)


def peer_as_sets(namespace: str, peer: NetworkPolicyPeer) -> Condition:
    """A selector peer on Linux without the selector fixes."""
    if peer.namespace_selector is None:
        return all_of(IS_POD, in_namespace(namespace), _pod_part(peer.pod_selector))
    return all_of(_namespace_part(peer.namespace_selector), _pod_part(peer.pod_selector))


def negation_lost(selector: LabelSelector) -> LabelSelector:
    """NPM on Windows drops the negation of namespaceSelectors in egress peers."""
    opposite = {Operator.NOT_IN: Operator.IN, Operator.DOES_NOT_EXIST: Operator.EXISTS}
    return LabelSelector(
        tuple(
            Requirement(each.key, opposite.get(each.operator, each.operator), each.values)
            for each in selector.requirements
        )
    )
