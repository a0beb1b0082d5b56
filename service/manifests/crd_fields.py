"""What readers of custom resources share: the reading itself, selectors, bounded lists.

Custom resources are checked as their CRDs do: `null` is the absence of a field, and what the
schema does not know is dropped, which is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from service.manifests.calico_fields import Members, Note, Notes
from service.manifests.names import (
    dns_label_fault,
    dns_subdomain_fault,
    label_key_fault,
    label_value_fault,
)
from service.model.finding import Severity
from service.model.labels import LabelSelector, Operator, Requirement
from service.model.policy import Policy, PolicyRef

_OPERATORS = (Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST)


@dataclass(frozen=True, slots=True)
class CrdReading:
    """What became of one object; `value` is None where it has faults."""

    ref: PolicyRef
    value: Policy | None
    normalised: Mapping[str, Any]
    notes: tuple[Note, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether the API would not take the object."""
        return any(each.severity is None for each in self.notes)


class Header(NamedTuple):
    """The parts of an object that every reader begins with."""

    ref: PolicyRef
    metadata: Members
    document: Members


def header_of(raw: Mapping[str, Any], notes: Notes, *, namespaced: bool) -> Header:
    """Identity and metadata of an object."""
    document = Members(raw, "", notes)
    metadata = document.member("metadata") or Members({}, "/metadata", notes)
    name, namespace = metadata.text("name") or metadata.text("generateName"), ""
    if not name:
        notes.wrong("MissingName", "name or generateName is required", "/metadata/name")
    elif wrong := dns_subdomain_fault(name.rstrip("-")):
        notes.wrong("InvalidName", f"the name {name!r} {wrong}", "/metadata/name")
    if namespaced:
        namespace = metadata.text("namespace") or "default"
        if wrong := dns_label_fault(namespace):
            detail = f"the namespace {namespace!r} {wrong}"
            notes.wrong("InvalidNamespace", detail, "/metadata/namespace")
    ref = PolicyRef(str(raw.get("kind")), namespace, name, str(raw.get("apiVersion")))
    return Header(ref, metadata, document)


def plain(value: Any) -> Any:
    """A value without nulls."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def normalised(
    ref: PolicyRef, *, labels: Mapping[str, str] | None = None, uid: Any = None, **content: Any
) -> Mapping[str, Any]:
    """An object in its normalised form; members that are None are left out.

    `labels` are given where something selects the object by them, `uid` where it matters that
    the object is from a cluster.
    """
    metadata: dict[str, Any] = {"name": ref.name}
    if ref.namespace:
        metadata["namespace"] = ref.namespace
    if labels:
        metadata["labels"] = dict(labels)
    if uid:
        metadata["uid"] = uid
    given = {key: value for key, value in content.items() if value is not None}
    return {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": metadata} | given


def bounded(members: Members, key: str, most: int, *, least: int = 0) -> list[Members]:
    """A list of objects that may hold so many."""
    check_length(members, key, most, least=least)
    return members.members(key)


def check_length(members: Members, key: str, most: int, *, least: int = 0) -> None:
    """Note a list that is too long, or too short; an absent one is the latter if any is asked."""
    value = members.value(key)
    if value is None:
        if least:
            members.wrong(key, "RequiredField", f"{key} needs at least {least} element")
    elif isinstance(value, list):
        if len(value) < least:
            members.wrong(key, "TooFew", f"{key} needs at least {least} element")
        elif len(value) > most:
            members.wrong(key, "TooMany", f"{key} must have at most {most} elements")


def keys_of(members: Members, known: Iterable[str]) -> list[str]:
    """Which of some members are present."""
    return [each for each in known if each in members]


def label_selector(members: Members) -> LabelSelector:
    """A label selector as apimachinery reads it."""
    for key in members.keys() - {"matchLabels", "matchExpressions"}:
        # Dropped, it would leave a selector that selects more than was meant.
        members.wrong(key, "UnknownField", f"{key} is no field of a label selector")
    found = [
        Requirement(key, Operator.IN, (value,))
        for key, value in sorted(members.labels("matchLabels").items())
    ]
    for requirement in found:
        _check(requirement, members, f"{members.at('matchLabels')}/{_step(requirement.key)}")
    for each in members.members("matchExpressions"):
        expression = _expression(each)
        if expression is not None:
            _check(expression, members, each.pointer)
            found.append(expression)
    return LabelSelector(tuple(found))


def _expression(members: Members) -> Requirement | None:
    for key in ("key", "operator"):
        if key not in members:
            members.wrong(key, "RequiredField", f"an expression needs {key}")
            return None
    operator = members.choice("operator", [each.value for each in _OPERATORS])
    if not operator:
        return None
    values = members.texts("values")
    chosen = Operator(operator)
    if chosen in {Operator.IN, Operator.NOT_IN}:
        if not values:
            members.wrong("values", "RequiredField", f"{operator} needs values")
    elif values:
        members.wrong("values", "ForbiddenField", f"{operator} takes no values")
    return Requirement(members.text("key"), chosen, values)


def _check(requirement: Requirement, members: Members, pointer: str) -> None:
    """Tell of labels that no object can have; a CRD's schema lets them through."""
    key = requirement.key
    found = [(f"label key {key!r}", label_key_fault(key))]
    found += [(f"label value {each!r}", label_value_fault(each)) for each in requirement.values]
    for what, wrong in found:
        if wrong:
            members.notes.tell("InvalidLabel", Severity.MEDIUM, f"{what}: {wrong}", pointer)


def _step(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
