"""What a predicate is: a pure function from the input to what it saw."""

from __future__ import annotations

from collections.abc import Callable

from service.analysis.rulebook.answers import Found
from service.analysis.rulebook.inputs import RuleInput

Predicate = Callable[[RuleInput], Found]
