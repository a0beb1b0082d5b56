"""Reads Cilium's label selectors, whose keys may say where a label comes from.

Source: cilium/cilium pkg/labels (parsing of `source:key`), pkg/policy/api/selector.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.manifests.calico_fields import Members
from service.manifests.cilium_notes import AgentNotes
from service.manifests.names import label_key_fault, label_value_fault
from service.model.cilium import (
    ANY_SOURCE,
    K8S_SOURCE,
    NAMESPACE_LABELS_PREFIX,
    POD_NAMESPACE_KEY,
    RESERVED_SOURCE,
    CiliumSelector,
    SourcedRequirement,
)
from service.model.finding import Severity
from service.model.labels import LabelSelector, Operator, Requirement

_OPERATORS = tuple(
    each.value for each in (Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST)
)
_CHECKED_SOURCES = frozenset({ANY_SOURCE, K8S_SOURCE})


def cilium_selector(members: Members, agent: AgentNotes, *, namespace: str = "") -> CiliumSelector:
    """A selector; with a namespace it is the subject of a policy, which is bound to that one."""
    members.only("matchLabels", "matchExpressions")
    found = [
        SourcedRequirement(source, Requirement(key, Operator.IN, (value,)))
        for written, value in sorted(members.labels("matchLabels").items())
        for source, key in (_sourced(written),)
        if not _is_overwritten(source, key, value, members, namespace)
    ]
    for each in found:
        _check(each, members.at("matchLabels"), members, agent)
    for expression in members.members("matchExpressions"):
        for each in _expression(expression, agent):
            _check(each, expression.pointer, members, agent)
            found.append(each)
    return CiliumSelector(tuple(found))


def service_labels(members: Members, agent: AgentNotes) -> LabelSelector:
    """A selector over the labels of Services or groups, whatever source its keys name."""
    selector = cilium_selector(members, agent)
    return LabelSelector(tuple(each.requirement for each in selector.requirements))


def _sourced(written: str) -> tuple[str, str]:
    if written.startswith("$"):
        return RESERVED_SOURCE, written[1:]
    source, colon, key = written.partition(":")
    if colon:
        return source or ANY_SOURCE, key
    if written.startswith(f"{RESERVED_SOURCE}."):
        return RESERVED_SOURCE, written.removeprefix(f"{RESERVED_SOURCE}.")
    return ANY_SOURCE, written


def _is_overwritten(source: str, key: str, value: str, members: Members, namespace: str) -> bool:
    """The namespace of a subject is always the policy's own."""
    if not namespace or (source, key) != (K8S_SOURCE, POD_NAMESPACE_KEY):
        return False
    if value != namespace:
        members.notes.tell(
            "CiliumForeignNamespace",
            Severity.MEDIUM,
            f"the policy selects pods of its own namespace {namespace} only; {value} is ignored",
            members.at("matchLabels"),
        )
    return True


def _expression(members: Members, agent: AgentNotes) -> Iterator[SourcedRequirement]:
    members.only("key", "operator", "values")
    for each in ("key", "operator"):
        if each not in members:
            members.wrong(each, "RequiredField", f"an expression needs {each}")
            return
    operator = members.choice("operator", _OPERATORS)
    values = members.texts("values")
    if not operator:
        return
    chosen = Operator(operator)
    takes_values = chosen in {Operator.IN, Operator.NOT_IN}
    if takes_values and not values:
        agent.invalid(f"{operator} needs values", members.at("values"))
    elif values and not takes_values:
        agent.invalid(f"{operator} takes no values", members.at("values"))
    source, key = _sourced(members.text("key"))
    yield SourcedRequirement(source, Requirement(key, chosen, values))


def _check(sourced: SourcedRequirement, pointer: str, members: Members, agent: AgentNotes) -> None:
    key = sourced.requirement.key.removeprefix(NAMESPACE_LABELS_PREFIX)
    if sourced.source in _CHECKED_SOURCES and (wrong := label_key_fault(key)):
        agent.invalid(f"label key {key!r}: {wrong}", pointer)
    for value in sourced.requirement.values:
        if wrong := label_value_fault(value):
            members.notes.wrong("InvalidLabel", f"label value {value!r}: {wrong}", pointer)
