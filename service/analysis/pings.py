"""Traffic that an impact speaks of: the ports of a map, and ping.

A map lists TCP, UDP and SCTP. What policies do to ICMP is asked by one question, an echo request
of the family in use, as a single flow asks it.
"""

from __future__ import annotations

from functools import lru_cache

from service.analysis.attempts import ECHO_REQUEST
from service.analysis.columns import Column
from service.analysis.outcomes import Row
from service.model.addresses import Family
from service.model.intervals import Intervals
from service.model.ports import ALL_PORTS

#: Stands for an echo request of whatever family.
PING = ECHO_REQUEST[Family.IPV4]
_PING = Intervals.point(PING)
_PING_OVER_IPV6 = ECHO_REQUEST[Family.IPV6]

PORTS_AND_PING = ALL_PORTS | _PING


@lru_cache(maxsize=4096)
def pinged(traffic: Intervals, family: Family) -> Intervals:
    """Traffic of one family, with that family's echo request under the number of all."""
    if family is Family.IPV4:
        return traffic
    answers = _PING_OVER_IPV6 in traffic
    if answers == (PING in traffic):
        return traffic
    return traffic | _PING if answers else traffic - _PING


def pinged_column(column: Column, family: Family) -> Column:
    """A column of one family alike."""
    if family is Family.IPV4:
        return column
    return Column(
        tuple((pinged(traffic, family), found) for traffic, found in column.certain),
        tuple((pinged(traffic, family), found, why) for traffic, found, why in column.unknown),
    )


def pinged_row(row: Row, family: Family) -> Row:
    """A row of one family alike."""
    if family is Family.IPV4:
        return row
    return Row(
        tuple((pinged(traffic, family), found) for traffic, found in row.certain),
        tuple((pinged(traffic, family), found, why) for traffic, found, why in row.unknown),
    )
