"""Labels that Cilium itself puts on the endpoints of pods, beside the pods' own.

Selectors of every policy API can ask for them, the podSelector of a NetworkPolicy included.
Source: cilium/cilium pkg/k8s/apis/cilium.io/const.go.
"""

from __future__ import annotations

from dataclasses import replace

from service.model.assumption import Assumption
from service.model.cilium import (
    CLUSTER_KEY,
    NAMESPACE_LABELS_PREFIX,
    POD_NAMESPACE_KEY,
    SERVICE_ACCOUNT_KEY,
)
from service.model.condition import (
    IS_POD,
    NEVER,
    Assumed,
    Condition,
    LabelIs,
    LabelScope,
    Negation,
    all_of,
    any_of,
)
from service.model.labels import LabelSelector, Operator, Requirement

CLUSTER_NAME = Assumption(
    "CiliumClusterName", "the cluster's name in Cilium's configuration is not part of the upload"
)
_OWN_KEYS = ("io.cilium.k8s.", POD_NAMESPACE_KEY)


def pods_labelled(selector: LabelSelector) -> Condition:
    """All requirements of a `podSelector`."""
    return all_of(*map(_asked_of_pods, selector.requirements))


def _asked_of_pods(requirement: Requirement) -> Condition:
    if requirement.key.startswith(_OWN_KEYS):
        return endpoint_label(requirement)
    return LabelIs(LabelScope.POD, requirement)


def endpoint_label(requirement: Requirement) -> Condition:
    """One requirement on a label of source `k8s`, asked of any kind of endpoint."""
    key = requirement.key
    if key == CLUSTER_KEY:
        return _in_cluster(requirement)
    scope, own_key = _place_of(key)
    return _of_pods(scope, replace(requirement, key=own_key))


def _place_of(key: str) -> tuple[LabelScope, str]:
    """Where the label with a key comes from, and its key there."""
    if key == POD_NAMESPACE_KEY:
        return LabelScope.NAMESPACE_NAME, "namespace"
    if key == SERVICE_ACCOUNT_KEY:
        return LabelScope.SERVICE_ACCOUNT_NAME, "name"
    if key.startswith(NAMESPACE_LABELS_PREFIX):
        return LabelScope.NAMESPACE, key.removeprefix(NAMESPACE_LABELS_PREFIX)
    return LabelScope.POD, key


def _of_pods(scope: LabelScope, requirement: Requirement) -> Condition:
    found = LabelIs(scope, requirement)
    return any_of(Negation(IS_POD), found) if requirement.is_negative else all_of(IS_POD, found)


def _in_cluster(requirement: Requirement) -> Condition:
    match requirement.operator:
        case Operator.IN:
            return all_of(IS_POD, Assumed(CLUSTER_NAME)) if requirement.values else NEVER
        case Operator.NOT_IN:
            return any_of(Negation(IS_POD), Assumed(CLUSTER_NAME))
        case Operator.DOES_NOT_EXIST:
            return Negation(IS_POD)
        case _:
            return IS_POD
