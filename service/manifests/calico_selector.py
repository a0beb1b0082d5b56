"""Reads Calico's selector language.

    selector := [ or ]                        nothing, or blanks only: all()
    or       := and { "||" and }
    and      := operation { "&&" operation }
    operation := { "!" } primary
    primary  := "(" or ")" | "all(" ")" | "global(" ")" | "has(" label ")" | label comparison
    comparison := ("==" | "!=" | "contains" | "starts" "with" | "ends" "with") string
                | ("in" | "not" "in") "{" [ string { "," string } [","] ] "}"

Blanks are spaces and tabs. Words such as `in` are operators right after a label and labels
anywhere else. Source: projectcalico/calico libcalico-go/lib/selector/{tokenizer,parser}.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from service.model.calico_selector import (
    EVERY_ENDPOINT,
    And,
    Comparator,
    Comparison,
    Not,
    Or,
    Selector,
    WithoutNamespace,
)

#: Nesting of parentheses; Calico itself has no bound but its stack.
DEEPEST = 64
LONGEST_LABEL = 512


class SelectorSyntaxError(ValueError):
    """The text is no selector; `position` counts characters from 1."""

    def __init__(self, position: int, detail: str) -> None:
        super().__init__(f"{detail}, at character {position}")
        self.position = position
        self.detail = detail


class _Kind(Enum):
    LABEL = auto()
    STRING = auto()
    COMPARATOR = auto()
    HAS = auto()
    ALL = auto()
    GLOBAL = auto()
    NOT = auto()
    AND = auto()
    OR = auto()
    OPEN = auto()
    CLOSE = auto()
    OPEN_SET = auto()
    CLOSE_SET = auto()
    COMMA = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _Kind
    position: int
    text: str = ""


_BLANKS = re.compile(r"[ \t]*")
_LABEL = re.compile(r"[A-Za-z0-9_./-]+")
_OPERATOR = re.compile(r"contains|starts[ \t]*with|ends[ \t]*with|not[ \t]*in|in", re.ASCII)
_CALL = re.compile(r"(has|all|global)\(")
_SYMBOLS = {
    "(": _Kind.OPEN,
    ")": _Kind.CLOSE,
    "{": _Kind.OPEN_SET,
    "}": _Kind.CLOSE_SET,
    ",": _Kind.COMMA,
}
_PAIRS = {"&": _Kind.AND, "|": _Kind.OR}
_WORDS = {
    "contains": Comparator.CONTAINS,
    "startswith": Comparator.STARTS_WITH,
    "endswith": Comparator.ENDS_WITH,
    "notin": Comparator.NOT_IN,
    "in": Comparator.IN,
}


def parse_selector(text: str) -> Selector:
    """The value of a selector; raises `SelectorSyntaxError` where Calico refuses the text."""
    return _Parser(_Tokenizer(text).tokens()).selector()


class _Tokenizer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def tokens(self) -> list[_Token]:
        found: list[_Token] = []
        while True:
            self._skip_blanks()
            start = self.at
            if start == len(self.text):
                return [*found, _Token(_Kind.END, start)]
            after_label = bool(found) and found[-1].kind is _Kind.LABEL
            kind, text = self._next(after_label)
            found.append(_Token(kind, start, text))

    def _skip_blanks(self) -> None:
        match = _BLANKS.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _error(self, detail: str) -> SelectorSyntaxError:
        return SelectorSyntaxError(self.at + 1, detail)

    def _next(self, after_label: bool) -> tuple[_Kind, str]:
        character = self.text[self.at]
        following = self.text[self.at + 1 : self.at + 2]
        if character in _SYMBOLS:
            self.at += 1
            return _SYMBOLS[character], character
        if character in "\"'":
            return _Kind.STRING, self._string(character)
        if character in _PAIRS:
            if following != character:
                raise self._error(f"expected {character * 2}")
            self.at += 2
            return _PAIRS[character], character * 2
        if character in "=!":
            return self._equality(character, following)
        return self._operator() if after_label else self._word()

    def _string(self, quote: str) -> str:
        end = self.text.find(quote, self.at + 1)
        if end < 0:
            raise self._error("the string is not ended")
        found = self.text[self.at + 1 : end]
        self.at = end + 1
        return found

    def _equality(self, character: str, following: str) -> tuple[_Kind, str]:
        if following == "=":
            self.at += 2
            return _Kind.COMPARATOR, f"{character}="
        if character == "=":
            raise self._error("expected ==")
        self.at += 1
        return _Kind.NOT, "!"

    def _operator(self) -> tuple[_Kind, str]:
        match = _OPERATOR.match(self.text, self.at)
        if match is None:
            raise self._error("expected an operator after the label")
        self.at = match.end()
        return _Kind.COMPARATOR, _WORDS[re.sub(r"[ \t]", "", match[0])].value

    def _word(self) -> tuple[_Kind, str]:
        match = _CALL.match(self.text, self.at)
        if match is None:
            return _Kind.LABEL, self._label("unexpected character")
        self.at = match.end()
        self._skip_blanks()
        name = ""
        if match[1] == "has":
            name = self._label("has( needs a label")
            self._skip_blanks()
        if not self.text.startswith(")", self.at):
            raise self._error(f"expected ) after {match[0]}{name}")
        self.at += 1
        return _Kind[match[1].upper()], name

    def _label(self, otherwise: str) -> str:
        match = _LABEL.match(self.text, self.at)
        if match is None:
            raise self._error(otherwise)
        if len(match[0]) > LONGEST_LABEL:
            raise self._error(f"a label has no more than {LONGEST_LABEL} characters")
        self.at = match.end()
        return match[0]


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def selector(self) -> Selector:
        if self._peek().kind is _Kind.END:
            return EVERY_ENDPOINT
        found = self._or(0)
        if self._peek().kind is not _Kind.END:
            raise self._error("expected the end, && or ||")
        return found

    def _peek(self) -> _Token:
        return self.tokens[self.at]

    def _take(self, kind: _Kind) -> _Token | None:
        token = self.tokens[self.at]
        if token.kind is not kind:
            return None
        self.at += 1
        return token

    def _expect(self, kind: _Kind, detail: str) -> _Token:
        token = self._take(kind)
        if token is None:
            raise self._error(detail)
        return token

    def _error(self, detail: str) -> SelectorSyntaxError:
        return SelectorSyntaxError(self._peek().position + 1, detail)

    def _or(self, depth: int) -> Selector:
        operands = [self._and(depth)]
        while self._take(_Kind.OR):
            operands.append(self._and(depth))
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def _and(self, depth: int) -> Selector:
        operands = [self._operation(depth)]
        while self._take(_Kind.AND):
            operands.append(self._operation(depth))
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _operation(self, depth: int) -> Selector:
        negated = False
        while self._take(_Kind.NOT):
            negated = not negated
        found = self._primary(depth)
        return Not(found) if negated else found

    def _primary(self, depth: int) -> Selector:
        token = self._peek()
        self.at += 1
        match token.kind:
            case _Kind.HAS:
                return Comparison(token.text, Comparator.HAS)
            case _Kind.ALL:
                return EVERY_ENDPOINT
            case _Kind.GLOBAL:
                return WithoutNamespace()
            case _Kind.LABEL:
                return self._comparison(token.text)
            case _Kind.OPEN:
                if depth == DEEPEST:
                    raise SelectorSyntaxError(
                        token.position + 1, f"parentheses are nested deeper than {DEEPEST}"
                    )
                found = self._or(depth + 1)
                self._expect(_Kind.CLOSE, "expected )")
                return found
            case _:
                self.at -= 1
                raise self._error("expected a label, has(), all(), global() or (")

    def _comparison(self, label: str) -> Selector:
        operator = self._expect(_Kind.COMPARATOR, "a label alone is no selector: write has(label)")
        comparator = Comparator(operator.text)
        if comparator in {Comparator.IN, Comparator.NOT_IN}:
            return Comparison(label, comparator, self._set())
        value = self._expect(_Kind.STRING, "expected a string in quotes")
        return Comparison(label, comparator, (value.text,))

    def _set(self) -> tuple[str, ...]:
        self._expect(_Kind.OPEN_SET, "expected {")
        values: set[str] = set()
        while value := self._take(_Kind.STRING):
            values.add(value.text)
            if not self._take(_Kind.COMMA):
                break
        self._expect(_Kind.CLOSE_SET, "expected a string in quotes or }")
        return tuple(sorted(values))
