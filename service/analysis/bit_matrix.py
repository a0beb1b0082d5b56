"""A square of bits as rows of integers, turned round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Shifts and masks that turn the 8 by 8 bits of one word round, in three steps.
_STEPS = (
    (np.uint64(7), np.uint64(0x00AA00AA00AA00AA)),
    (np.uint64(14), np.uint64(0x0000CCCC0000CCCC)),
    (np.uint64(28), np.uint64(0x00000000F0F0F0F0)),
)


def transposed(rows: Sequence[int], size: int) -> list[int]:
    """The rows of the transposed square: bit r of row c where bit c of row r is set."""
    width = (size + 7) // 8
    packed = b"".join(row.to_bytes(width, "little") for row in rows)
    packed += bytes(width * (width * 8 - len(rows)))
    by_eight = np.frombuffer(packed, np.uint8).reshape(width, 8, width)
    words = np.ascontiguousarray(by_eight.transpose(2, 0, 1)).view("<u8")
    turned = _turned(words).view(np.uint8).reshape(width, width, 8)
    found = np.ascontiguousarray(turned.transpose(0, 2, 1)).tobytes()
    return [
        int.from_bytes(found[at : at + width], "little") for at in range(0, size * width, width)
    ]


def _turned(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, mask in _STEPS:
        moved = (words ^ (words >> shift)) & mask
        words = words ^ moved ^ (moved << shift)
    return words
