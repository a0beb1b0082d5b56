"""A YAML stream as objects.

The stream is cut at its document markers before it is parsed, so that a syntax error costs one
document only and the text of each is at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from yaml import CLoader, YAMLError
from yaml.error import MarkedYAMLError
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from yaml.nodes import Node

from service.manifests.envelope import (
    NO_IDENTITY,
    Identity,
    identify,
    identity_of_items,
    is_list,
)
from service.manifests.limits import Limits
from service.manifests.report import Report
from service.manifests.schema import describe
from service.manifests.source import Numbering, Spot
from service.manifests.yaml_nodes import DUPLICATE_KEY, Abandoned, Composer, NodeReader
from service.manifests.yaml_source import YamlSource, find, pointer_to
from service.model.finding import Severity

_MARKER = re.compile(r"(?:\A|(?<=[\n\r\x85\u2028\u2029]))(?:---|\.\.\.)(?=\s|\Z)")
_EMPTY = re.compile(r"(?:---(?=\s|\Z))?(?:\s++|#[^\n\r]*+|^%[^\n\r]*+)*+\Z", re.MULTILINE)
_ANCHOR = re.compile(r"(?:^|[\s,\[{])&[^\s,\[\]{}]")
_ALIAS = re.compile(r"(?:^|[\s,\[{])\*[^\s,\[\]{}]")

#: libyaml composes by recursion in C, so what could nest this deep is counted before.
_NESTING_SIGNS = 500
_DEEP_INDENT = " " * 250


@dataclass(frozen=True, slots=True)
class Chunk:
    """One document of a stream, with its marker, and the line it begins on."""

    text: str
    line: int


def split(stream: str) -> Iterator[Chunk]:
    """Cut a stream at its markers; empty documents are left out, and so are directives.

    %YAML changes nothing, and %TAG serves tags that are not allowed.
    """
    start, line = 0, 1
    ends = [match.start() for match in _MARKER.finditer(stream)]
    for end in (*ends, len(stream)):
        text = stream[start:end]
        first_line = line
        line += text.count("\n")
        start = end
        if text.startswith("..."):
            text = text[3:]
        if not _EMPTY.match(text):
            yield Chunk(text, first_line)


class YamlReader:
    """Reads the chunks of one part."""

    def __init__(self, part: str, limits: Limits, numbering: Numbering, report: Report) -> None:
        self._part = part
        self._limits = limits
        self._numbering = numbering
        self._report = report
        self._scalars: dict[str, Any] = {}

    def objects(self, chunk: Chunk) -> Iterator[YamlSource]:
        """The objects of a chunk; what cannot be read is noted."""
        try:
            has_aliases = bool(_ANCHOR.search(chunk.text) and _ALIAS.search(chunk.text))
            if has_aliases or _may_be_deep(chunk.text):
                self._measure(chunk.text)
            composer = Composer(chunk.text)
            while composer.check_node():
                node = composer.get_node()
                if node is not None:
                    yield from self._objects(node, chunk, has_aliases=has_aliases)
        except Abandoned as error:
            line = chunk.line + int(error.node.start_mark.line if error.node else 0)
            self._report.fault(self._spot(line), error.code, error.detail)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = chunk.line + (int(mark.line) if mark else 0)
            detail = f"not YAML: {error.problem or error.context or 'cannot be parsed'}"
            self._report.fault(self._spot(line), "MalformedDocument", detail)
        except (YAMLError, UnicodeError) as error:
            detail = f"not YAML: {str(error).splitlines()[0]}"
            self._report.fault(self._spot(chunk.line), "MalformedDocument", detail)

    def _spot(self, line: int) -> Spot:
        return Spot(self._part, self._numbering.next(), line)

    def _measure(self, text: str) -> None:
        """Count aliases and levels without building anything."""
        aliases = depth = 0
        loader = CLoader(text)
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, AliasEvent):
                aliases += 1
                if aliases > self._limits.aliases:
                    detail = f"the document has more than {self._limits.aliases} aliases"
                    raise Abandoned("AliasesExceeded", detail)
            elif isinstance(event, CollectionStartEvent):
                depth += 1
                if depth > self._limits.depth:
                    detail = f"nested more than {self._limits.depth} levels deep"
                    raise Abandoned("DepthExceeded", detail)
            elif isinstance(event, CollectionEndEvent):
                depth -= 1

    def _objects(self, root: Node, chunk: Chunk, *, has_aliases: bool) -> Iterator[YamlSource]:
        notes: list[tuple[str, str, Node]] = []
        reader = NodeReader(
            self._limits, lambda *note: notes.append(note), self._scalars, has_aliases=has_aliases
        )
        value = reader.value(root)
        faults = [each for each in notes if each[0] != DUPLICATE_KEY]
        if faults:
            spot = self._spot(chunk.line + int(root.start_mark.line))
            for code, detail, node in faults:
                spot = replace(spot, line=chunk.line + int(node.start_mark.line))
                self._report.fault(spot, code, detail, pointer_to(root, node))
        elif value is not None:
            found = self._expand(value, root, chunk, NO_IDENTITY, is_item=False)
            yield from self._told(found, notes) if notes else found

    def _told(
        self, sources: Iterable[YamlSource], notes: Iterable[tuple[str, str, Node]]
    ) -> Iterator[YamlSource]:
        """The objects, with what there is to tell of each."""
        left = list(notes)
        for source in sources:
            for note in list(left):
                code, detail, node = note
                pointer = pointer_to(source.node, node)
                if pointer:
                    left.remove(note)
                    self._report.problem(source, code, Severity.MEDIUM, detail, pointer)
            yield source

    def _expand(
        self, value: Any, node: Node, chunk: Chunk, inherited: Identity, *, is_item: bool
    ) -> Iterator[YamlSource]:
        """One object, or those in a list."""
        if isinstance(value, dict) and is_list(value.get("kind"), value.get("items")):
            of_items = identity_of_items(value.get("apiVersion"), value["kind"])
            nodes = find(node, "/items").value
            for item, item_node in zip(value["items"], nodes, strict=True):
                yield from self._expand(item, item_node, chunk, of_items, is_item=True)
            return
        if not isinstance(value, dict):
            spot = self._spot(chunk.line + int(node.start_mark.line))
            self._report.fault(spot, "NotAnObject", f"must be an object, not {describe(value)}")
            return
        source = YamlSource(
            self._part, self._numbering.next(), "", "", value, node, chunk.text, chunk.line
        )
        api_version, kind = value.get("apiVersion"), value.get("kind")
        identity = identify(api_version, kind, inherited, source, self._report)
        if identity is not None:
            source.api_version, source.kind = identity
            source.is_item = is_item
            source.inherits = not (api_version and kind)
            yield source


def _may_be_deep(text: str) -> bool:
    signs = text.count("[") + text.count("{") + text.count("- ") + text.count("? ")
    return signs > _NESTING_SIGNS or _DEEP_INDENT in text
