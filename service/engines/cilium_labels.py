"""Cilium's label selectors as conditions, with the defaults for namespaces.

Source: cilium/cilium pkg/k8s/apis/cilium.io/utils/utils.go and pkg/policy/api/{selector,entity}.go.
Nodes and addresses outside have an identity of their own: labels of source `reserved`, and none
of a pod's, so they meet requirements that ask for the absence of one.
"""

from __future__ import annotations

from collections.abc import Mapping

from service.engines.cilium_own_labels import endpoint_label
from service.engines.cilium_policy import NODES_BY_NEGATION
from service.model.addresses import Family
from service.model.assumption import Assumption
from service.model.cilium import (
    ANY_SOURCE,
    K8S_SOURCE,
    NAMESPACE_LABELS_PREFIX,
    POD_NAMESPACE_KEY,
    RESERVED_SOURCE,
    CiliumSelector,
    SourcedRequirement,
)
from service.model.condition import (
    ALWAYS,
    IS_EXTERNAL,
    IS_NODE,
    IS_POD,
    NEVER,
    AllOf,
    Assumed,
    Condition,
    FamilyIs,
    Negation,
    Relation,
    RelationIs,
    all_of,
    any_of,
    in_namespace,
)
from service.model.labels import Operator, Requirement

API_SERVER = Assumption(
    "CiliumKubeApiServer",
    "whether the address is one of the API server's is not part of the upload",
)
OTHER_LABEL = Assumption(
    "CiliumLabelOfOtherSource",
    "the selector asks for a label that comes neither from Kubernetes nor from Cilium itself",
)

#: What each entity contains. Endpoints without identity yet, health endpoints, Cilium's own
#: ingress and pods that Cilium does not manage are not part of an upload.
ENTITIES: Mapping[str, Condition] = {
    "all": ALWAYS,
    "none": NEVER,
    "world": IS_EXTERNAL,
    "world-ipv4": all_of(IS_EXTERNAL, FamilyIs(Family.IPV4)),
    "world-ipv6": all_of(IS_EXTERNAL, FamilyIs(Family.IPV6)),
    # EntityCluster holds the API server, which on AKS is outside (pkg/policy/api/entity.go).
    "cluster": any_of(IS_POD, IS_NODE, all_of(IS_EXTERNAL, Assumed(API_SERVER))),
    "host": RelationIs(Relation.OWN_NODE),
    "remote-node": RelationIs(Relation.OTHER_NODE),
    "kube-apiserver": all_of(IS_EXTERNAL, Assumed(API_SERVER)),
    "init": NEVER,
    "ingress": NEVER,
    "health": NEVER,
    "unmanaged": NEVER,
}

_KUBERNETES = frozenset({ANY_SOURCE, K8S_SOURCE})


def conjunction(*parts: Condition) -> Condition:
    """The conjunction, with parts that several requirements share named once."""
    found = all_of(*parts)
    return AllOf(tuple(dict.fromkeys(found.parts))) if isinstance(found, AllOf) else found


def peer_selector(selector: CiliumSelector, namespace: str, *, local_cluster: bool) -> Condition:
    """An element of `fromEndpoints` or `toEndpoints`; an empty namespace is a clusterwide policy.

    `local_cluster`: whether selectors are narrowed to the own cluster (policyDefaultLocalCluster).
    """
    parts = [requirement_met(each) for each in selector.requirements]
    if any(each.source == RESERVED_SOURCE for each in selector.requirements):
        return conjunction(*parts)
    keys = {each.requirement.key for each in selector.requirements if each.source in _KUBERNETES}
    if namespace:
        has_place = POD_NAMESPACE_KEY in keys or any(
            each.startswith(NAMESPACE_LABELS_PREFIX) for each in keys
        )
        if not has_place:
            return conjunction(IS_POD, in_namespace(namespace), *parts)
    elif POD_NAMESPACE_KEY not in keys:
        # A namespace label is asked for, so that "all" means pods.
        return conjunction(IS_POD, *parts)
    if any(not each.requirement.is_negative for each in selector.requirements):
        return conjunction(IS_POD, *parts)
    if not local_cluster:
        return conjunction(*parts)
    return conjunction(any_of(IS_POD, all_of(IS_NODE, Assumed(NODES_BY_NEGATION))), *parts)


def subject_selector(selector: CiliumSelector, namespace: str) -> Condition:
    """`endpointSelector`: pods, of the policy's own namespace if it has one."""
    parts = [requirement_met(each) for each in selector.requirements]
    if namespace:
        return conjunction(IS_POD, in_namespace(namespace), *parts)
    return conjunction(IS_POD, *parts)


def requirement_met(sourced: SourcedRequirement) -> Condition:
    """One requirement, asked of any kind of endpoint."""
    requirement, key = sourced.requirement, sourced.requirement.key
    if sourced.source == RESERVED_SOURCE:
        return _is(ENTITIES.get(key, NEVER), requirement, value="")
    if sourced.source not in _KUBERNETES:
        return _is(all_of(IS_EXTERNAL, Assumed(OTHER_LABEL)), requirement, value="")
    return endpoint_label(requirement)


def _is(condition: Condition, requirement: Requirement, value: str) -> Condition:
    """A label that endpoints of one kind carry, always with the same value."""
    match requirement.operator:
        case Operator.IN:
            return condition if value in requirement.values else NEVER
        case Operator.NOT_IN:
            return Negation(condition) if value in requirement.values else ALWAYS
        case Operator.DOES_NOT_EXIST:
            return Negation(condition)
        case _:
            return condition
