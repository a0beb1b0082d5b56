"""Protocols and ports on one line of integers."""

from __future__ import annotations

import pytest

from service.model.intervals import Intervals
from service.model.ports import (
    ALL_PORTS,
    ALL_TRAFFIC,
    PORT_PROTOCOLS,
    Protocol,
    describe_traffic,
    format_ports,
    point_of,
    ports_of,
    split_by_protocol,
    whole_protocol,
)


def test_a_point_keeps_protocol_and_port_apart() -> None:
    assert point_of(Protocol.TCP, 80) != point_of(Protocol.UDP, 80)
    assert point_of(Protocol.TCP, 65535) + 1 == point_of(Protocol.TCP + 1, 0)
    assert point_of(Protocol.SCTP, 1) in ALL_PORTS
    assert point_of(Protocol.ICMP, 8 << 8) not in ALL_PORTS
    assert point_of(Protocol.ICMP, 8 << 8) in ALL_TRAFFIC
    assert point_of(Protocol.TCP, 0) not in ALL_PORTS


@pytest.mark.parametrize("protocol", PORT_PROTOCOLS)
def test_every_port_of_a_protocol(protocol: Protocol) -> None:
    assert ALL_PORTS.covers(ports_of(protocol))
    assert whole_protocol(protocol).covers(ports_of(protocol))
    assert split_by_protocol(ports_of(protocol)) == {protocol: ((1, 65535),)}


def test_ranges_do_not_run_into_the_next_protocol() -> None:
    both = ports_of(Protocol.TCP, 65000) | ports_of(Protocol.UDP, 1, 5)
    assert split_by_protocol(both) == {
        Protocol.TCP: ((65000, 65535),),
        Protocol.UDP: ((1, 5),),
    }


@pytest.mark.parametrize(
    ("traffic", "expected"),
    [
        (ALL_TRAFFIC, "any protocol and port"),
        (ALL_PORTS, "TCP any port; UDP any port; SCTP any port"),
        (ports_of(Protocol.TCP, 80, 80) | ports_of(Protocol.TCP, 443, 445), "TCP 80,443-445"),
        (ports_of(Protocol.UDP, 53, 53) | ports_of(Protocol.TCP, 53, 53), "TCP 53; UDP 53"),
        (whole_protocol(Protocol.ICMP), "ICMP"),
        (Intervals(), "no port"),
    ],
)
def test_words_for_traffic(traffic: Intervals, expected: str) -> None:
    assert describe_traffic(traffic) == expected


def test_format_ports() -> None:
    assert format_ports([(80, 80), (443, 443), (8000, 9000)]) == "80,443,8000-9000"
    assert format_ports([]) == ""
