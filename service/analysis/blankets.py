"""What an engine does with some traffic by itself, before any policy is asked.

Cilium and SCTP are the case: whatever the policies say, and however many there are, there is one
reason, so nothing has to be told apart.
"""

from __future__ import annotations

from collections.abc import Callable

from service.analysis.alike import atoms_of
from service.analysis.answers import Questioner
from service.analysis.engine_views import EngineView
from service.analysis.row_changes import RowChange, RowPair
from service.model.condition import Assumed
from service.model.pipeline import Direction, Effect, Rule, StagePolicy


class Blanket:
    """Tells the changes of rows that come from the first rule of the new engine alone."""

    def __init__(self, view: EngineView, explains: Callable[[frozenset[str]], bool]) -> None:
        """`explains`: whether there is one reason for what a rule with such words decides."""
        self._view = view
        self._first = {each: self._first_rule(each, explains) for each in Direction}

    def _first_rule(
        self, direction: Direction, explains: Callable[[frozenset[str]], bool]
    ) -> tuple[StagePolicy, Rule] | None:
        stages = self._view.pipeline.stages(direction)
        policy = next(iter(stages[0].policies), None) if stages else None
        if policy is None or policy.origin.policy is not None or not policy.rules:
            return None
        rule = policy.rules[0]
        atoms = atoms_of(each.condition for each in rule.peers)
        codes = {each.assumption.code for each in atoms if isinstance(each, Assumed)}
        denies = rule.effect is Effect.DENY and not rule.traffic.named
        if not denies or not explains(frozenset({rule.origin.reason, *codes})):
            return None
        return policy, rule

    def covers(self, pair: RowPair, change: RowChange) -> bool:
        """Whether the rule is met first, whoever the peer is and whatever the port."""
        first = self._first[pair.direction]
        if first is None:
            return False
        policy, rule = first
        questioner: Questioner = self._view.layers[pair.layer].layer.questioner
        subjects = questioner.ask(policy.subject).must
        peers = 0
        for each in rule.peers:
            peers |= questioner.ask(each.condition).may
        return (
            rule.traffic.numbered.covers(change.traffic)
            and all(subjects >> place & 1 for place in pair.members)
            and not change.peers & ~peers
        )
