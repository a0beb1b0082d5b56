"""Which operating system a pod asks for by the labels of its node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from service.model.inventory import LINUX, WINDOWS

OS_LABELS: Final = ("kubernetes.io/os", "beta.kubernetes.io/os")
_EVERY_OS: Final = frozenset({LINUX, WINDOWS})


class NodeRequirement(msgspec.Struct, frozen=True):
    """One expression on a node's labels."""

    key: str = ""
    operator: str = ""
    values: list[str] = []


class NodeSelectorTerm(msgspec.Struct, rename="camel", frozen=True):
    """Expressions that must all hold."""

    match_expressions: list[NodeRequirement] = []


class RequiredNodes(msgspec.Struct, rename="camel", frozen=True):
    """Terms of which one must hold."""

    node_selector_terms: list[NodeSelectorTerm] = []


class NodeAffinity(msgspec.Struct, frozen=True):
    """Only what is required counts; preferences decide nothing."""

    required: RequiredNodes | None = msgspec.field(
        default=None, name="requiredDuringSchedulingIgnoredDuringExecution"
    )


class Affinity(msgspec.Struct, rename="camel", frozen=True):
    """`spec.affinity`."""

    node_affinity: NodeAffinity | None = None


def os_of_pod(node_selector: Mapping[str, str], affinity: Affinity | None) -> str | None:
    """The one operating system that the pod can run on, if its node labels leave only one."""
    for label in OS_LABELS:
        if node_selector.get(label):
            return node_selector[label]
    node_affinity = affinity.node_affinity if affinity is not None else None
    required = node_affinity.required if node_affinity is not None else None
    if required is None or not required.node_selector_terms:
        return None
    possible = frozenset().union(*(_systems(each) for each in required.node_selector_terms))
    return next(iter(possible)) if len(possible) == 1 else None


def _systems(term: NodeSelectorTerm) -> frozenset[str]:
    """The systems that a term leaves; without an expression about them, every one."""
    left = _EVERY_OS
    for each in term.match_expressions:
        if each.key in OS_LABELS and each.operator == "In":
            left &= frozenset(each.values)
        elif each.key in OS_LABELS and each.operator == "NotIn":
            left -= frozenset(each.values)
    return left
