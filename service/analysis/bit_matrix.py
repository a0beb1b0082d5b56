"""A square of bits as rows of integers, turned round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: So many columns are turned at once, so that the unpacked bits stay small.
_STRIPE = 1024


def transposed(rows: Sequence[int], size: int) -> list[int]:
    """The rows of the transposed square: bit r of row c where bit c of row r is set."""
    width = size // 8 + 1
    packed = np.frombuffer(b"".join(row.to_bytes(width, "little") for row in rows), np.uint8)
    square = packed.reshape(len(rows), width)
    found: list[int] = []
    for low in range(0, width, _STRIPE // 8):
        flags = np.unpackbits(square[:, low : low + _STRIPE // 8], axis=1, bitorder="little")
        turned = np.packbits(np.ascontiguousarray(flags.T), axis=1, bitorder="little")
        found += [int.from_bytes(each.tobytes(), "little") for each in turned]
    return found[:size]
