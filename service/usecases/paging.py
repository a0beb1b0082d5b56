"""Pages with keyset cursors: a page begins after a key, so writers in between shift nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

Cursor = tuple[str | int, ...]
"""The key of the last item seen. Opaque to callers, plain values so that it can be signed."""

DEFAULT_PAGE_SIZE = 50
LARGEST_PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many items, after which one; a cursor that makes no sense is `Invalid`."""

    size: int = DEFAULT_PAGE_SIZE
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Items in order; `next_cursor` is None on the last page."""

    items: tuple[Item, ...]
    next_cursor: Cursor | None = None
