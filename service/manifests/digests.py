"""Digests of JSON values, whatever their layout and the order of their keys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

_CANONICAL = msgspec.json.Encoder(order="sorted")


def canonical_json(value: Any) -> bytes:
    """The one JSON text of a value: sorted keys, no white space."""
    return _CANONICAL.encode(value)


def digest_of(content: bytes) -> str:
    """`sha256:<hex>` of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def digest_of_all(digests: Iterable[str]) -> str:
    """One digest for a set of digests."""
    return digest_of("\n".join(sorted(digests)).encode())


def revision_digest(policies: str, inventory: str) -> str:
    """The digest of a revision, over those of its two parts."""
    return digest_of(f"{policies}\n{inventory}".encode())
