"""Pages with keyset cursors: a page begins after a key, so writers in between shift nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.usecases.errors import InvalidParameter

Item = TypeVar("Item")
Other = TypeVar("Other")

Cursor = tuple[str | int, ...]
"""The key of the last item seen. Opaque to callers, plain values so that it can be signed."""

DEFAULT_PAGE_SIZE = 50
LARGEST_PAGE_SIZE = 1000

_LARGEST_NUMBER = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many items (at most 1000), after which one."""

    size: int = DEFAULT_PAGE_SIZE
    after: Cursor | None = None

    @property
    def limit(self) -> int:
        """The size within its bounds."""
        return max(1, min(self.size, LARGEST_PAGE_SIZE))


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Items in order; `next_cursor` is None on the last page."""

    items: tuple[Item, ...]
    next_cursor: Cursor | None = None


def number_after(page: PageRequest) -> int | None:
    """The number that a page begins after; `InvalidParameter` for another list's cursor."""
    match page.after:
        case None:
            return None
        case (int(number),) if 0 <= number <= _LARGEST_NUMBER:
            return number
        case _:
            raise _not_of_this_list()


def text_after(page: PageRequest) -> str | None:
    """The text that a page begins after."""
    match page.after:
        case None:
            return None
        case (str(text),):
            return text
        case _:
            raise _not_of_this_list()


def pair_after(page: PageRequest) -> tuple[int, int] | None:
    """The two numbers that a page begins after."""
    match page.after:
        case None:
            return None
        case (int(first), int(second)) if 0 <= first <= _LARGEST_NUMBER and second >= -1:
            return first, second
        case _:
            raise _not_of_this_list()


def page_of(
    rows: Sequence[Other],
    page: PageRequest,
    view: Callable[[Other], Item],
    key: Callable[[Other], str | int],
) -> Page[Item]:
    """A page of rows that were asked for with one more than fit."""
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    return Page(tuple(map(view, shown)), (key(shown[-1]),) if more else None)


def page_of_sorted(
    items: Iterable[Item], page: PageRequest, key: Callable[[Item], Cursor]
) -> Page[Item]:
    """A page of all items, which are in the order of their keys."""
    after = page.after
    kept: list[Item] = []
    for item in items:
        if after is not None:
            mine = key(item)
            if len(mine) != len(after) or list(map(type, mine)) != list(map(type, after)):
                raise _not_of_this_list()
            if mine <= after:
                continue
        kept.append(item)
        if len(kept) > page.limit:
            return Page(tuple(kept[:-1]), key(kept[-2]))
    return Page(tuple(kept))


def _not_of_this_list() -> InvalidParameter:
    return InvalidParameter("InvalidCursor", "the cursor is not one of this list")
