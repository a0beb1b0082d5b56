"""Calico's selector expressions as values.

Semantics: projectcalico/calico libcalico-go/lib/selector/parser. Text is read by
`service.manifests.calico_selector`; `str()` gives Calico's canonical form, which reads back to
the same value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from service.model.labels import Operator, Requirement


class Comparator(StrEnum):
    """How a comparison looks at a label, as the language writes it."""

    HAS = "has"
    EQUALS = "=="
    NOT_EQUALS = "!="
    CONTAINS = "contains"
    STARTS_WITH = "starts with"
    ENDS_WITH = "ends with"
    IN = "in"
    NOT_IN = "not in"


_OPERATORS = {
    Comparator.HAS: Operator.EXISTS,
    Comparator.EQUALS: Operator.IN,
    Comparator.NOT_EQUALS: Operator.NOT_IN,
    Comparator.CONTAINS: Operator.CONTAINS,
    Comparator.STARTS_WITH: Operator.STARTS_WITH,
    Comparator.ENDS_WITH: Operator.ENDS_WITH,
    Comparator.IN: Operator.IN,
    Comparator.NOT_IN: Operator.NOT_IN,
}
_ON_SETS = frozenset({Comparator.IN, Comparator.NOT_IN})


@dataclass(frozen=True, slots=True)
class Everything:
    """`all()`, and the empty selector."""

    def __str__(self) -> str:
        return "all()"


@dataclass(frozen=True, slots=True)
class WithoutNamespace:
    """`global()`: in a namespaceSelector, things that are in no namespace.

    Anywhere else it is true of everything, like `all()`.
    """

    def __str__(self) -> str:
        return "global()"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One label compared; the values of a set are sorted and without duplicates."""

    label: str
    comparator: Comparator
    values: tuple[str, ...] = ()

    @property
    def requirement(self) -> Requirement:
        """The same as a requirement on a label."""
        return Requirement(self.label, _OPERATORS[self.comparator], self.values)

    def __str__(self) -> str:
        if self.comparator is Comparator.HAS:
            return f"has({self.label})"
        if self.comparator in _ON_SETS:
            return (
                f"{self.label} {self.comparator.value} {{{', '.join(map(_quoted, self.values))}}}"
            )
        return f"{self.label} {self.comparator.value} {_quoted(self.values[0])}"


@dataclass(frozen=True, slots=True)
class Not:
    """The operand does not match."""

    operand: Selector

    def __str__(self) -> str:
        return f"!{self.operand}"


@dataclass(frozen=True, slots=True)
class And:
    """Every operand matches; two at least."""

    operands: tuple[Selector, ...]

    def __str__(self) -> str:
        return f"({' && '.join(map(str, self.operands))})"


@dataclass(frozen=True, slots=True)
class Or:
    """One operand at least matches; two at least."""

    operands: tuple[Selector, ...]

    def __str__(self) -> str:
        return f"({' || '.join(map(str, self.operands))})"


Selector = Everything | WithoutNamespace | Comparison | Not | And | Or

EVERY_ENDPOINT = Everything()


def matches(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Whether a set of labels meets a selector."""
    match selector:
        case Comparison():
            return selector.requirement.accepts(labels.get(selector.label))
        case Not(operand):
            return not matches(operand, labels)
        case And(operands):
            return all(matches(each, labels) for each in operands)
        case Or(operands):
            return any(matches(each, labels) for each in operands)
        case _:
            return True


def comparisons(selector: Selector) -> Iterator[Comparison]:
    """Every comparison in a selector."""
    match selector:
        case Comparison():
            yield selector
        case Not(operand):
            yield from comparisons(operand)
        case And(operands) | Or(operands):
            for each in operands:
                yield from comparisons(each)


def rewritten(
    selector: Selector,
    comparison: Callable[[Comparison], Selector],
    everything: Selector = EVERY_ENDPOINT,
    without_namespace: Selector = EVERY_ENDPOINT,
) -> Selector:
    """The selector with its leaves replaced."""
    match selector:
        case Comparison():
            return comparison(selector)
        case Everything():
            return everything
        case WithoutNamespace():
            return without_namespace
        case Not(operand):
            return Not(rewritten(operand, comparison, everything, without_namespace))
        case And(operands):
            parts = (rewritten(e, comparison, everything, without_namespace) for e in operands)
            return And(tuple(parts))
        case Or(operands):
            parts = (rewritten(e, comparison, everything, without_namespace) for e in operands)
            return Or(tuple(parts))


def prefixed(
    selector: Selector,
    prefix: str,
    everything: Selector = EVERY_ENDPOINT,
    without_namespace: Selector = EVERY_ENDPOINT,
) -> Selector:
    """The selector with a prefix before every label, as Calico reads namespaceSelector."""
    return rewritten(
        selector,
        lambda each: replace(each, label=prefix + each.label),
        everything,
        without_namespace,
    )


def _quoted(value: str) -> str:
    # The language has no escapes: a value holds at most one kind of quote.
    quote = "'" if '"' in value else '"'
    return f"{quote}{value}{quote}"
