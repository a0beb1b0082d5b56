"""YAML nodes: composed by libyaml, turned into plain JSON values here.

Composing keeps the place of every node, so faults have lines without a second pass. Building the
values ourselves is faster than PyYAML's constructor, and it is the place to be strict.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from yaml._yaml import CParser
from yaml.error import YAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from service.manifests.limits import Limits
from service.manifests.yaml_scalars import TAG_PREFIX, key_text, resolve, resolve_tagged

PLAIN = ""
QUOTED = "!"
_SCALAR_TAGS = frozenset(
    TAG_PREFIX + each
    for each in ("str", "bool", "int", "float", "null", "timestamp", "binary", "merge")
)
_COLLECTION_TAGS = frozenset(TAG_PREFIX + each for each in ("map", "seq"))

NoteNode = Callable[[str, str, Node], None]
"""Takes a code, a detail and the node that it is about."""

DUPLICATE_KEY = "DuplicateKey"


def duplicate_key(key: str) -> str:
    """What there is to tell of a key that a mapping has twice; it is no fault.

    kubectl drops all but the last when it turns YAML into JSON. The API server keeps the last
    and warns, unless a request asks for strict field validation (`fieldValidation`).
    """
    return (
        f"the key {key!r} is there twice; the last one counts, as it does for kubectl and for "
        "the API server unless it is asked to be strict"
    )


class Composer(CParser):
    """libyaml's parser with node tags that say only whether a scalar was plain."""

    def resolve(
        self,
        kind: type[Node],
        value: str | None,
        implicit: bool | tuple[bool, bool],
    ) -> str:
        """What the parser asks for each node without a tag."""
        return PLAIN if implicit is True or (implicit and implicit[0]) else QUOTED

    def descend_resolver(self, parent: Node | None, index: Any) -> None:
        """Tags do not depend on the path here."""

    def ascend_resolver(self) -> None:
        """Tags do not depend on the path here."""


class Abandoned(Exception):
    """The document costs too much to go on with."""

    def __init__(self, code: str, detail: str, node: Node | None = None) -> None:
        self.code = code
        self.detail = detail
        self.node = node
        super().__init__(detail)


class NodeReader:
    """Turns the nodes of one document into plain values."""

    def __init__(
        self, limits: Limits, note: NoteNode, scalars: dict[str, Any], *, has_aliases: bool
    ) -> None:
        self._depth = limits.depth
        self._note = note
        self._scalars = scalars
        self._expansion = Expansion() if has_aliases else None

    def value(self, node: Node, depth: int = 1) -> Any:
        """The plain value of a node."""
        expansion = self._expansion
        if expansion is not None:
            expansion.enter(node)
        if node.__class__ is ScalarNode:
            answer = self._scalar(node)
        elif depth > self._depth:
            detail = f"nested more than {self._depth} levels deep"
            raise Abandoned("DepthExceeded", detail, node)
        else:
            if node.tag and node.tag not in _COLLECTION_TAGS and node.tag != QUOTED:
                self._note("TagNotAllowed", f"the tag {node.tag!r} is not allowed", node)
            if node.__class__ is SequenceNode:
                answer = [self.value(each, depth + 1) for each in node.value]
            else:
                answer = {}
                self._fill(answer, node, depth + 1)
        if expansion is not None:
            expansion.leave(node)
        return answer

    def _fill(self, answer: dict[str, Any], node: Node, depth: int) -> None:
        seen: set[str] = set()
        for key_node, value_node in node.value:
            if key_node.tag == QUOTED and key_node.__class__ is ScalarNode:
                key: str | None = key_node.value
            elif key_node.value == "<<" and key_node.__class__ is ScalarNode:
                self._merge(answer, value_node, depth)
                continue
            else:
                key = self._key(key_node)
            if key is None:
                continue
            if key in seen:
                self._note(DUPLICATE_KEY, duplicate_key(key), key_node)
            seen.add(key)
            answer[key] = self.value(value_node, depth)

    def _key(self, node: Node) -> str | None:
        if node.__class__ is not ScalarNode:
            self._note("KeyNotText", "a key must be a scalar", node)
            return None
        value = self._scalar(node)
        key = value if isinstance(value, str) else key_text(value)
        if key is None:
            self._note("KeyNotText", "a key must not be null", node)
        return key

    def _merge(self, answer: dict[str, Any], node: Node, depth: int) -> None:
        """`<<`: the keys of other mappings, in the order in which goyaml writes them."""
        sources = node.value[::-1] if isinstance(node, SequenceNode) else [node]
        for each in sources:
            if isinstance(each, MappingNode):
                answer.update(self.value(each, depth))
            else:
                self._note("MalformedDocument", "'<<' needs a mapping to merge", each)

    def _scalar(self, node: Node) -> Any:
        tag, text = node.tag, node.value
        if tag == PLAIN:
            scalars = self._scalars
            if text in scalars:
                return scalars[text]
            value = resolve(text)
            if isinstance(value, float) and not math.isfinite(value):
                self._note("MalformedDocument", f"{text} has no JSON form", node)
            else:
                scalars[text] = value
            return value
        if tag == QUOTED:
            return text
        if tag not in _SCALAR_TAGS:
            self._note("TagNotAllowed", f"the tag {tag!r} is not allowed", node)
            return text
        try:
            return resolve_tagged(tag, text)
        except ValueError as error:
            self._note("MalformedDocument", str(error), node)
            return text


def value_of(text: str) -> Any:
    """The plain value of a text with one document; None where it is at fault in any way."""
    faults: list[str] = []
    try:
        node = Composer(text).get_single_node()
        if node is None:
            return None
        reader = NodeReader(Limits(), lambda code, *_: faults.append(code), {}, has_aliases=True)
        value = reader.value(node)
    except (YAMLError, Abandoned):
        return None
    return value if {*faults} <= {DUPLICATE_KEY} else None


class Expansion:
    """Keeps count of what aliases multiply, with goyaml's bounds.

    An alias is the same node again, so a node that was entered before is one.
    """

    _SMALL, _LARGE = 400_000, 4_000_000

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._alias_roots: list[int] = []
        self._steps = 0
        self._alias_steps = 0

    def enter(self, node: Node) -> None:
        """Count one node; raise where there are too many, or a node contains itself."""
        key = id(node)
        if key in self._open:
            raise Abandoned("AliasesExceeded", "an anchor's value contains itself", node)
        if key in self._seen and not self._alias_roots:
            self._alias_roots.append(key)
        self._seen.add(key)
        self._open.add(key)
        self._steps += 1
        self._alias_steps += bool(self._alias_roots)
        if (
            self._alias_steps > 100
            and self._steps > 1000
            and self._alias_steps > self._share() * self._steps
        ):
            raise Abandoned("AliasesExceeded", "the document contains excessive aliasing", node)

    def leave(self, node: Node) -> None:
        """The node and all in it are done."""
        self._open.discard(id(node))
        if self._alias_roots and self._alias_roots[-1] == id(node):
            self._alias_roots.pop()

    def _share(self) -> float:
        """Up to 99 of 100 steps in a small document, 10 of 100 in a large one."""
        over = (self._steps - self._SMALL) / (self._LARGE - self._SMALL)
        return 0.99 - 0.89 * min(max(over, 0.0), 1.0)
