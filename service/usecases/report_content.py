"""A report as it is stored: JSON values, their bytes, and their digest."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

import msgspec

Body = dict[str, Any]

_LEVEL = 6
_ENCODER = msgspec.json.Encoder()
_CANONICAL = msgspec.json.Encoder(order="sorted")
#: What is given to a report when it is stored, and what the digest itself becomes.
_NOT_DIGESTED = frozenset({"id", "digest", "createdAt"})


class ReportKind(StrEnum):
    """What a report is about: one engine, or a change from one to another."""

    COMPATIBILITY = "Compatibility"
    MIGRATION = "Migration"


@dataclass(frozen=True, slots=True)
class ReportContent:
    """Everything that a report says, apart from where it is stored.

    `body` is the report's own JSON without id, cluster, revision, digest and time; the lists are
    complete and in the order of their pages. `impact_digest` is the same for equal impacts; it is
    empty where there is none.
    """

    body: Body
    findings: tuple[Body, ...] = ()
    groups: tuple[Body, ...] = ()
    remedies: tuple[Body, ...] = ()
    impact_digest: str = ""


class _Stored(msgspec.Struct, frozen=True):
    body: Body
    findings: tuple[Body, ...]
    groups: tuple[Body, ...]
    remedies: tuple[Body, ...]
    impact_digest: str


_DECODER = msgspec.json.Decoder(_Stored)


def encode_content(content: ReportContent) -> bytes:
    """The stored form; equal contents give equal bytes."""
    stored = _Stored(
        content.body, content.findings, content.groups, content.remedies, content.impact_digest
    )
    return zlib.compress(_ENCODER.encode(stored), _LEVEL)


def decode_content(stored: bytes) -> ReportContent:
    """A content from its stored form."""
    found = _DECODER.decode(zlib.decompress(stored))
    return ReportContent(
        found.body, found.findings, found.groups, found.remedies, found.impact_digest
    )


def report_digest(header: Mapping[str, Any], content: ReportContent) -> str:
    """The digest over what a report says and what it is bound to: cluster, revision, digests.

    `id`, `digest` and `createdAt` of the header do not count.
    """
    bound = {name: each for name, each in header.items() if name not in _NOT_DIGESTED}
    parts = [
        bound,
        content.body,
        content.findings,
        content.groups,
        content.remedies,
        content.impact_digest,
    ]
    return digest_of_values(parts)


def digest_of_values(values: Any) -> str:
    """The digest of JSON values, whatever the order of their members."""
    return f"sha256:{sha256(_CANONICAL.encode(values)).hexdigest()}"
