"""What a predicate is: a pure function from the input to what it saw."""

from __future__ import annotations

from collections.abc import Callable

from service.analysis.rulebook.answers import Found
from service.analysis.rulebook.inputs import RuleInput

Predicate = Callable[[RuleInput], Found]


def once(rule: str, predicate: Predicate, asked: RuleInput) -> Found:
    """What a rule finds that looks at no plan: looked for once, whatever the plan is."""
    key = ("rule", rule, asked.profile, asked.source)
    return asked.sight.remembered(key, lambda: predicate(asked))
