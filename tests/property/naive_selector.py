"""A second reading of Calico selectors, written apart from the parser.

It does not build anything: a text is matched against labels by cutting it at its outermost
operators, from the documentation's list of expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_HAS = re.compile(r"has\([ \t]*([\w./-]+)[ \t]*\)")
_COMPARED = re.compile(
    r"([\w./-]+)[ \t]*(==|!=|contains|starts[ \t]*with|ends[ \t]*with)[ \t]*(['\"])(.*)\3",
    re.DOTALL,
)
_IN_SET = re.compile(r"([\w./-]+)[ \t]*(not[ \t]*in|in)[ \t]*\{(.*)\}", re.DOTALL)
_STRING = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def naive_match(text: str, labels: Mapping[str, str]) -> bool:  # noqa: PLR0911 - one a form
    """Whether labels meet a selector; the text must be a selector."""
    text = text.strip(" \t")
    if not text:
        return True
    for operator, unite in (("||", any), ("&&", all)):
        parts = _cut(text, operator)
        if len(parts) > 1:
            return unite(naive_match(part, labels) for part in parts)
    if text.startswith("!"):
        return not naive_match(text[1:], labels)
    if text.startswith("("):
        return naive_match(text[1:-1], labels)
    if re.fullmatch(r"(all|global)\([ \t]*\)", text):
        return True
    if has := _HAS.fullmatch(text):
        return has[1] in labels
    if compared := _COMPARED.fullmatch(text):
        return _compare(labels.get(compared[1]), re.sub(r"[ \t]", "", compared[2]), compared[4])
    in_set = _IN_SET.fullmatch(text)
    assert in_set is not None, text
    listed = {first or second for first, second in _STRING.findall(in_set[3])}
    inside = in_set[1] in labels and labels[in_set[1]] in listed
    return inside is (in_set[2] == "in")


def _compare(found: str | None, operator: str, wanted: str) -> bool:
    if found is None:
        return operator == "!="
    return {
        "==": found == wanted,
        "!=": found != wanted,
        "contains": wanted in found,
        "startswith": found.startswith(wanted),
        "endswith": found.endswith(wanted),
    }[operator]


def _cut(text: str, operator: str) -> list[str]:
    """The parts between an operator's occurrences outside of strings and parentheses."""
    parts, start, depth, quote, at = [], 0, 0, "", 0
    while at < len(text):
        character = text[at]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "({":
            depth += 1
        elif character in ")}":
            depth -= 1
        elif depth == 0 and text.startswith(operator, at):
            parts.append(text[start:at])
            start = at + 2
            at += 1
        at += 1
    return [*parts, text[start:]]
