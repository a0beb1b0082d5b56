"""The exact connections of a stored report, asked of an analysis process.

A report keeps groups, not every connection: these are made again from the revision's content.
That they still belong to the report is seen from the digest of the impact.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.usecases.map_queries import Chunk, Position
from service.usecases.map_worker import MapContent, MapKey
from service.usecases.report_worker import ImpactFilter, impact_digest, impact_page

Keys = tuple[MapKey, MapKey]
Contents = tuple[MapContent, MapContent] | None


class ImpactChanged(Exception):
    """The comparison is not the one any more that the report was made from."""


@dataclass(frozen=True, slots=True)
class LinesQuestion:
    """A page of lines, of the impact with the digest `expected`."""

    wanted: ImpactFilter
    after: Position | None
    size: int
    local_dns: bool
    expected: str


def impact_lines(keys: Keys, contents: Contents, question: LinesQuestion) -> Chunk:
    """A page of lines; raises `ImpactChanged` and `ContentNeeded`."""
    if impact_digest(keys, contents, question.local_dns) != question.expected:
        raise ImpactChanged
    return impact_page(
        keys, contents, question.wanted, question.after, question.size, question.local_dns
    )
