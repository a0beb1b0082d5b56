"""Label selectors in kubectl's notation: `app=web,tier!=data,env in (a,b),!canary`.

Grammar and checks: kubernetes/apimachinery pkg/labels/selector.go, without `<` and `>`, which
label selectors of objects do not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.manifests.names import label_key_fault, label_value_fault
from service.model.labels import LabelSelector, Operator, Requirement

_TOKEN = re.compile(r"\s*(?:(?P<sign>==|!=|[=!(),])|(?P<word>[^\s=!(),<>]+)|(?P<other>\S))")
_END = ""
_OPERATORS = {
    "=": Operator.IN,
    "==": Operator.IN,
    "!=": Operator.NOT_IN,
    "in": Operator.IN,
    "notin": Operator.NOT_IN,
}


class SelectorSyntax(ValueError):
    """A selector that cannot be read; the text says where and why."""


def parse_label_selector(text: str) -> LabelSelector:
    """Read a selector; an empty text selects everything. Raises `SelectorSyntax`."""
    return _Parser(text).selector()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._next = 0

    def selector(self) -> LabelSelector:
        found: list[Requirement] = []
        while self._peek() != _END:
            found.append(self._requirement())
            if self._peek() == _END:
                break
            self._expect(",")
            if self._peek() == _END:
                raise SelectorSyntax("a requirement is missing after the last ','")
        return LabelSelector(tuple(sorted(found, key=lambda each: (each.key, each.operator))))

    def _requirement(self) -> Requirement:
        if self._peek() == "!":
            self._take()
            return Requirement(self._key(), Operator.DOES_NOT_EXIST)
        key = self._key()
        if (self._peek(), self._peek(1)) == ("not", "in"):
            # As people write it, and as requirements are printed here.
            self._take()
            operator = Operator.NOT_IN
        else:
            operator = _OPERATORS.get(self._peek(), Operator.EXISTS)
        match self._peek():
            case "" | ",":
                return Requirement(key, operator)
            case "=" | "==" | "!=":
                self._take()
                return Requirement(key, operator, (self._value(),))
            case "in" | "notin":
                self._take()
                return Requirement(key, operator, self._values())
            case other:
                raise SelectorSyntax(
                    f"found {other!r} after {key!r}; '=', '!=', 'in', 'notin' or ',' can follow"
                )

    def _key(self) -> str:
        key = self._take()
        if key in {_END, "=", "==", "!=", "!", "(", ")", ","}:
            place = f"before {key!r}" if key else "at the end"
            raise SelectorSyntax(f"a label key is missing {place}")
        if wrong := label_key_fault(key):
            raise SelectorSyntax(f"the label key {key!r} {wrong}")
        return key

    def _value(self) -> str:
        """One value; nothing at all is the empty one."""
        if self._peek() in {_END, ","}:
            return ""
        return _checked(self._take())

    def _values(self) -> tuple[str, ...]:
        self._expect("(")
        found: set[str] = set()
        while True:
            found.add("" if self._peek() in {",", ")"} else _checked(self._take()))
            if self._peek() == ")":
                self._take()
                return tuple(sorted(found))
            self._expect(",")

    def _peek(self, further: int = 0) -> str:
        place = self._next + further
        return self._tokens[place] if place < len(self._tokens) else _END

    def _take(self) -> str:
        token = self._peek()
        self._next += 1
        return token

    def _expect(self, sign: str) -> None:
        found = self._take()
        if found != sign:
            place = f"found {found!r}" if found else "the text ends"
            raise SelectorSyntax(f"{place} where {sign!r} must be")


def _checked(value: str) -> str:
    if wrong := label_value_fault(value):
        raise SelectorSyntax(f"the label value {value!r} {wrong}")
    return value


def _tokens(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        if match["other"]:
            raise SelectorSyntax(f"{match['other']!r} is not allowed in a label selector")
        yield match["sign"] or match["word"]
