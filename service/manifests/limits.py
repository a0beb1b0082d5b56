"""What an upload may cost at most."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one upload; each has a problem of its own when it is exceeded."""

    sent_bytes: int = 32 * MEBIBYTE
    """All parts together, as they arrived."""
    unpacked_bytes: int = 256 * MEBIBYTE
    """All parts together, after decompression."""
    ratio: int = 100
    """Unpacked to sent bytes of one part."""
    ratio_floor: int = MEBIBYTE
    """Below this many unpacked bytes the ratio is not asked for: small texts compress well."""
    documents: int = 200_000
    """Objects, those inside of lists included."""
    depth: int = 64
    """Nesting of mappings and sequences in one document."""
    aliases: int = 1000
    """YAML aliases (`*name`) in one document."""


DEFAULT_LIMITS = Limits()
