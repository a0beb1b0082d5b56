"""Label selectors: requirements on labels, as the Kubernetes API defines them.

Semantics: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
"""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label key."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def accepts(self, value: str | None) -> bool:  # noqa: PLR0911 - one return an operator
        """Whether a label with this value (None: the key is absent) meets the requirement."""
        match self.operator:
            case Operator.IN:
                return value is not None and value in self.values
            # "NotIn" also holds where the key is absent (apimachinery labels.Requirement.Matches).
            case Operator.NOT_IN:
                return value is None or value not in self.values
            case Operator.EXISTS:
                return value is not None
            case Operator.DOES_NOT_EXIST:
                return value is None
            case Operator.CONTAINS:
                return value is not None and self.values[0] in value
            case Operator.STARTS_WITH:
                return value is not None and value.startswith(self.values[0])
            case Operator.ENDS_WITH:
                return value is not None and value.endswith(self.values[0])

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
