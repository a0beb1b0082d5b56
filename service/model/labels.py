"""Label selectors: requirements on labels, as the Kubernetes API defines them.

Semantics: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Operator(StrEnum):
    """How a requirement compares; the last three belong to Calico's selector language."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    CONTAINS = "Contains"
    STARTS_WITH = "StartsWith"
    ENDS_WITH = "EndsWith"


NEGATIVE_OPERATORS = frozenset({Operator.NOT_IN, Operator.DOES_NOT_EXIST})

# Asked for every policy of a namespace in every evaluation: a table is the quickest way there,
# but for the one that nearly all have.
_IN = Operator.IN
_ACCEPTS: Mapping[Operator, Callable[[str | None, tuple[str, ...]], bool]] = {
    # None is no value, so an absent key is never among them.
    Operator.IN: lambda value, values: value in values,
    # "NotIn" also holds where the key is absent (apimachinery labels.Requirement.Matches).
    Operator.NOT_IN: lambda value, values: value not in values,
    Operator.EXISTS: lambda value, _: value is not None,
    Operator.DOES_NOT_EXIST: lambda value, _: value is None,
    Operator.CONTAINS: lambda value, values: value is not None and values[0] in value,
    Operator.STARTS_WITH: lambda value, values: value is not None and value.startswith(values[0]),
    Operator.ENDS_WITH: lambda value, values: value is not None and value.endswith(values[0]),
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label key."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def accepts(self, value: str | None) -> bool:
        """Whether a label with this value (None: the key is absent) meets the requirement."""
        if self.operator is _IN:
            return value in self.values
        return _ACCEPTS[self.operator](value, self.values)

    @property
    def is_negative(self) -> bool:
        """Whether an absent key meets the requirement."""
        return self.operator in NEGATIVE_OPERATORS

    def __str__(self) -> str:  # noqa: PLR0911 - one return an operator
        match self.operator:
            case Operator.IN if len(self.values) == 1:
                return f"{self.key}={self.values[0]}"
            case Operator.NOT_IN if len(self.values) == 1:
                return f"{self.key}!={self.values[0]}"
            case Operator.IN:
                return f"{self.key} in ({', '.join(self.values)})"
            case Operator.NOT_IN:
                return f"{self.key} not in ({', '.join(self.values)})"
            case Operator.EXISTS:
                return self.key
            case Operator.DOES_NOT_EXIST:
                return f"!{self.key}"
            case _:
                return f"{self.key} {self.operator.value} '{self.values[0]}'"


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Requirements that must all hold; none at all selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a set of labels meets every requirement."""
        return all(each.accepts(labels.get(each.key)) for each in self.requirements)

    @property
    def is_negative_only(self) -> bool:
        """Whether there are requirements and each is met by an object without labels."""
        return bool(self.requirements) and all(each.is_negative for each in self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements)) or "{}"


EVERYTHING = LabelSelector()
