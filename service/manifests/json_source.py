"""Objects that came as JSON.

Nothing but apiVersion and kind is decoded before somebody asks: of a pod list of many megabytes
only what is modelled becomes Python objects.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import msgspec
from yaml import YAMLError
from yaml.nodes import Node

from service.manifests.report import Report
from service.manifests.schema import convert, decoder_of
from service.manifests.yaml_nodes import DUPLICATE_KEY, Composer, duplicate_key
from service.manifests.yaml_source import as_json, find
from service.model.finding import Severity

T = TypeVar("T")

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Lines:
    """Line numbers of ascending offsets into a text, each part of it counted once."""

    def __init__(self, content: bytes, first_line: int = 1) -> None:
        self._content = content
        self._offset = 0
        self._line = first_line
        self._first_line = first_line

    def at(self, offset: int) -> int:
        """The line of an offset."""
        if offset < self._offset:
            self._offset, self._line = 0, self._first_line
        self._line += self._content.count(b"\n", self._offset, offset)
        self._offset = offset
        return self._line


@dataclass(slots=True)
class JsonSource:
    """The bytes of one JSON object, and where they begin."""

    part: str
    document: int
    api_version: str
    kind: str
    raw: msgspec.Raw
    offset: int
    lines: Lines
    depth: int
    """How many levels of nesting are allowed."""
    inherits: bool = False
    """Its list says what it is."""

    @property
    def line(self) -> int:
        """The line that the object begins on."""
        return self.lines.at(self.offset)

    def line_of(self, pointer: str) -> int:
        """The line of the value that a pointer points at, or of the last one on the way."""
        if not pointer:
            return self.line
        node = _compose(bytes(self.raw))
        return self.line + (int(find(node, pointer).start_mark.line) if node else 0)

    def read(self, struct: type[T], report: Report) -> T | None:
        """The content as a struct, decoded without a detour."""
        try:
            decoded = decoder_of(struct).decode(self.raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # Of another type, or a null: slowly, to list every fault.
            value = self.content(report)
        else:
            return decoded

        def note(code: str, detail: str, pointer: str) -> None:
            report.fault(self, code, detail, pointer)

        return None if value is None else convert(value, struct, note)

    def content(self, report: Report) -> dict[str, Any] | None:
        """The content as plain values."""
        try:
            text = bytes(self.raw)
            if _SURROGATE.search(text):
                # Half of a pair is no text; the standard library would let it through.
                msgspec.json.decode(text)
            duplicates: list[str] = []
            value = json.loads(text, object_pairs_hook=partial(_object, duplicates))
            if text.count(b"{") + text.count(b"[") > self.depth:
                check_depth(value, self.depth)
        except (RecursionError, TooDeep):
            report.fault(self, "DepthExceeded", f"nested more than {self.depth} levels deep")
        except ValueError as error:
            # What Python says of a number with very many digits ends in advice to programmers.
            said = str(error).partition("; use sys.")[0]
            report.fault(self, "MalformedDocument", f"not JSON: {said}")
        else:
            assert isinstance(value, dict)
            for key in dict.fromkeys(duplicates):
                report.problem(self, DUPLICATE_KEY, Severity.MEDIUM, duplicate_key(key))
            return value
        return None

    def text(self) -> str:
        """The object as it was uploaded, or with what its list says of it."""
        text = bytes(self.raw).decode()
        if not self.inherits:
            return text
        return as_json({"apiVersion": self.api_version, "kind": self.kind} | json.loads(text))


class TooDeep(Exception):
    """A value is nested too deep."""


def check_depth(value: Any, most: int) -> None:
    """Raise `TooDeep` where objects and lists nest deeper than allowed."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return
    if most <= 0:
        raise TooDeep
    for each in value:
        if isinstance(each, dict | list):
            check_depth(each, most - 1)


def _object(duplicates: list[str], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which the last of equal keys counts, with such keys noted."""
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        duplicates.extend(key for key, count in counts.items() if count > 1)
    return found


def as_plain_json(text: str) -> Any:
    """The value of a JSON text; None where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _compose(text: bytes) -> Node | None:
    """JSON as YAML nodes, for the lines of its values; JSON is YAML but for a few oddities."""
    try:
        return Composer(text).get_single_node()
    except (YAMLError, UnicodeError):
        return None
