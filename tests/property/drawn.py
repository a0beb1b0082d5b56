"""Nearly right objects, drawn by Hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.builders import Manifest
from tests.property.mutations import mutated


@dataclass(frozen=True)
class _Drawing:
    draw: st.DrawFn

    def below(self, bound: int) -> int:
        return self.draw(st.integers(0, bound - 1))


@st.composite
def mutated_objects(draw: st.DrawFn, seeds: Sequence[Manifest]) -> Manifest:
    """A valid object with up to four places changed."""
    return mutated(_Drawing(draw), seeds)
