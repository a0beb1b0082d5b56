"""Intervals against plain sets of integers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.model.intervals import NOTHING, Intervals

SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)
LINE = range(-1, 43)


def _integers(spans: list[tuple[int, int]]) -> set[int]:
    return {value for low, high in spans for value in range(low, high + 1)}


def _members(found: Intervals) -> set[int]:
    return {value for value in LINE if value in found}


def _is_canonical(found: Intervals) -> bool:
    """Ascending, none empty, with at least one integer between two spans."""
    spans = found.spans
    return all(low <= high for low, high in spans) and all(
        before[1] + 1 < after[0] for before, after in pairwise(spans)
    )


@given(SPANS)
def test_of_holds_what_its_spans_hold(spans: list[tuple[int, int]]) -> None:
    found = Intervals.of(spans)
    assert _members(found) == _integers(spans)
    assert _is_canonical(found)
    assert bool(found) == bool(_integers(spans))
    assert Intervals.of(found) == found


@given(SPANS, SPANS)
def test_algebra_is_that_of_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    mine, theirs = Intervals.of(one), Intervals.of(other)
    integers, others = _integers(one), _integers(other)
    for found, expected in (
        (mine | theirs, integers | others),
        (mine & theirs, integers & others),
        (mine - theirs, integers - others),
    ):
        assert _members(found) == expected
        assert _is_canonical(found)
    assert mine.covers(theirs) == (others <= integers)
    assert mine.overlaps(theirs) == bool(integers & others)
    assert (mine == theirs) == (integers == others)


@given(st.integers(-5, 5))
def test_point(value: int) -> None:
    assert _members(Intervals.point(value)) == {value} & set(LINE)


def test_nothing_is_empty() -> None:
    assert not NOTHING
    assert Intervals.of([(5, 4)]) == NOTHING
    assert Intervals.of([(1, 2), (3, 4)]).spans == ((1, 4),)
    assert Intervals.of([(1, 2), (4, 5)]).spans == ((1, 2), (4, 5))
