"""Objects that came as YAML."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, TypeVar

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from service.manifests.report import Report
from service.manifests.schema import convert, escape
from service.manifests.yaml_nodes import value_of

T = TypeVar("T")

_BREAK = re.compile(r"\r\n|[\n\r]")


@dataclass(slots=True)
class YamlSource:
    """A mapping node, its plain value, and the text it stands in."""

    part: str
    document: int
    api_version: str
    kind: str
    value: dict[str, Any]
    node: Node
    chunk: str
    """Text of the whole document that the node is from."""
    first_line: int
    """Line of the part that the chunk begins with."""
    is_item: bool = False
    inherits: bool = False
    """Its list says what it is."""

    @property
    def line(self) -> int:
        """The line that the object begins on."""
        return self.first_line + int(self.node.start_mark.line)

    def line_of(self, pointer: str) -> int:
        """The line of the node that a pointer points at, or of the last one on the way."""
        return self.first_line + int(find(self.node, pointer).start_mark.line)

    def read(self, struct: type[T], report: Report) -> T | None:
        """The content as a struct."""

        def note(code: str, detail: str, pointer: str) -> None:
            report.fault(self, code, detail, pointer)

        return convert(self.value, struct, note)

    def content(self, report: Report) -> dict[str, Any] | None:
        """The content as plain values; what is wrong with it was noted when it was parsed."""
        return self.value

    def text(self) -> str:
        """The document without its marker; an item of a list with its indentation taken away."""
        text = self._item_text() if self.is_item else _without_marker(self.chunk)
        if not self.inherits:
            return text
        identity = {"apiVersion": self.api_version, "kind": self.kind}
        if text.startswith("{"):
            return as_json(identity | self.value)
        return f"apiVersion: {self.api_version}\nkind: {self.kind}\n{text}"

    def _item_text(self) -> str:
        start, end = self.node.start_mark, self.node.end_mark
        column = int(start.column)
        text = self.chunk[int(start.index) : int(end.index)]
        if not text.startswith("{"):
            text = _outdented(text, column)
        # What an alias refers to may lie outside, and odd layouts do not survive the move.
        return text if value_of(text) == self.value else as_json(self.value)


def as_json(value: Any) -> str:
    """Plain values as JSON text, for an item that cannot stand alone."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _outdented(text: str, column: int) -> str:
    """Lines without so many columns; comments after the item, further left, do not belong to it."""
    lines = text.splitlines(keepends=True)
    indent = " " * column
    while len(lines) > 1 and not lines[-1].startswith(indent):
        lines.pop()
    return "".join([lines[0], *(each.removeprefix(indent) for each in lines[1:])])


def _without_marker(chunk: str) -> str:
    if not chunk.startswith("---"):
        return chunk
    rest = chunk[3:].lstrip(" \t")
    found = _BREAK.match(rest)
    return rest[found.end() :] if found else rest


def find(node: Node, pointer: str) -> Node:
    """The node that a JSON pointer leads to, or the last one on the way."""
    for step in pointer.split("/")[1:]:
        found = _step(node, step)
        if found is None:
            break
        node = found
    return node


def _step(node: Node, step: str) -> Node | None:
    inside: list[tuple[str, Node]] = []
    if isinstance(node, SequenceNode):
        inside = [(str(at), each) for at, each in enumerate(node.value)]
    elif isinstance(node, MappingNode):
        pairs = node.value
        inside = [(escape(key.value), each) for key, each in pairs if isinstance(key, ScalarNode)]
    # Of two equal keys the last one counts.
    return next((each for name, each in reversed(inside) if name == step), None)


def pointer_to(root: Node, target: Node) -> str:
    """The JSON pointer of a node below another; of a key, that of its value."""
    stack: list[tuple[Node, str]] = [(root, "")]
    seen: set[int] = set()
    while stack:
        node, pointer = stack.pop()
        if node is target:
            return pointer
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, SequenceNode):
            stack.extend((each, f"{pointer}/{at}") for at, each in enumerate(node.value))
        elif isinstance(node, MappingNode):
            for key, value in node.value:
                step = f"{pointer}/{escape(key.value)}" if isinstance(key, ScalarNode) else pointer
                if key is target:
                    return step
                stack.append((value, step))
    return ""
