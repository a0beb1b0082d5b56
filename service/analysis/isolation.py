"""How deliberately policies close what they close."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.analysis.alike import atoms_of
from service.analysis.cause_signals import RuleFinder
from service.analysis.responsible import Element
from service.model.condition import LabelIs, LabelScope
from service.model.pipeline import Direction, Effect, StagePolicy

_OWN = frozenset({LabelScope.POD, LabelScope.SERVICE_ACCOUNT, LabelScope.SERVICE_ACCOUNT_NAME})


@dataclass(frozen=True, slots=True)
class Isolation:
    """The policies behind something that is closed, as far as they mean just that."""

    named_by: int = 0
    """Those that select by labels of the pods themselves, not a whole namespace or cluster."""
    closed_by: int = 0
    """Those that let nothing through in the direction."""

    @property
    def order(self) -> tuple[int, int]:
        """The most deliberate first."""
        return (-self.named_by, -self.closed_by)


class Isolations:
    """Tells how deliberately policies close a direction under an engine."""

    def __init__(self, finder: RuleFinder) -> None:
        self._finder = finder
        self._known: dict[tuple[Direction, Element], tuple[bool, bool]] = {}

    def of(self, direction: Direction, elements: Iterable[Element]) -> Isolation:
        """How deliberately some elements of policies do it."""
        by_policy = {element[0]: element for element in elements}
        found = [self._told(direction, each) for each in by_policy.values()]
        return Isolation(sum(named for named, _ in found), sum(closed for _, closed in found))

    def _told(self, direction: Direction, element: Element) -> tuple[bool, bool]:
        key = (direction, element)
        if key not in self._known:
            parts = self._finder.parts(direction, element[0])
            self._known[key] = (
                any(map(_selects_by_labels, parts)),
                not any(rule.effect is Effect.ALLOW for part in parts for rule in part.rules),
            )
        return self._known[key]


def _selects_by_labels(part: StagePolicy) -> bool:
    return any(
        isinstance(atom, LabelIs) and atom.scope in _OWN for atom in atoms_of((part.subject,))
    )
