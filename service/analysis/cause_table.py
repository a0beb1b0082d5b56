"""The table of causes: the words that a change has to be told with for a rule to be its reason.

It is `service/knowledge/causes.json`; of its rows the first one that fits counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from service.analysis.rulebook.rules import ANY, Rule, rules
from service.knowledge import value
from service.model.pipeline import Pipeline, ServicePath

_Words = tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class CauseRow:
    """A row of the table, for two engines that it speaks of."""

    rule: Rule
    why: str
    when: _Words
    unless: _Words

    def fits(self, signals: Mapping[str, frozenset[str]]) -> bool:
        """Whether the words of a change are those that the row asks for."""
        return all(signals[name] & words for name, words in self.when) and not any(
            signals[name] & words for name, words in self.unless
        )


def service_words(pipeline: Pipeline) -> set[str]:
    """The reasons and assumptions of what only goes through a Service."""
    paths = [getattr(each, part.name) for each in pipeline.service_paths for part in fields(each)]
    ways = [each for each in paths if isinstance(each, ServicePath)]
    return {each.reason for each in ways} | {
        each.assumption.code for each in ways if each.assumption
    }


def rows_between(source: str, target: str) -> Iterator[CauseRow]:
    """The rows that speak of a change between two engines, in the order of the table."""
    for each in value("causes", "causes"):
        rule = rules()[each["rule"]]
        named = {source, ANY} & set(each["from"]) and {target, ANY} & set(each["to"])
        if named and rule.asks_between(source, target):
            yield CauseRow(rule, each["why"], _words(each["when"]), _words(each["unless"]))


def _words(written: Mapping[str, Any]) -> _Words:
    return tuple((name, frozenset(words)) for name, words in written.items())
