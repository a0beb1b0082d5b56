"""Protocols and destination ports of Calico rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.engines.calico_selectors import opposite
from service.model.calico import IcmpMatch, PortRange, Rule
from service.model.condition import (
    ALWAYS,
    NEVER,
    Condition,
    EndpointIn,
    Negation,
    NodeNameIn,
    all_of,
    any_of,
)
from service.model.endpoint import Endpoint, EndpointKind
from service.model.intervals import NOTHING, Intervals
from service.model.pipeline import Traffic
from service.model.ports import (
    ALL_TRAFFIC,
    PORT_PROTOCOLS,
    NamedPort,
    Protocol,
    point_of,
    ports_of,
    whole_protocol,
)

#: A condition on the destination and what goes through to it.
Destination = tuple[Condition, Traffic]


def protocols(rule: Rule) -> Intervals:
    """What a rule's protocol and ICMP fields leave."""
    found = ALL_TRAFFIC
    if rule.protocol is not None:
        found = whole_protocol(rule.protocol)
    if rule.not_protocol is not None:
        found = found - whole_protocol(rule.not_protocol)
    if rule.icmp is not None:
        found = found & _icmp(rule.icmp, rule.protocol)
    if rule.not_icmp is not None and rule.not_icmp.type is not None:
        found = found - _icmp(rule.not_icmp, rule.protocol)
    return found


def _icmp(match: IcmpMatch, protocol: int | None) -> Intervals:
    spans: list[tuple[int, int]] = []
    for each in (protocol,) if protocol is not None else (Protocol.ICMP, Protocol.ICMPv6):
        if match.type is None:
            spans.extend(whole_protocol(each).spans)
        elif match.code is None:
            spans.append((point_of(each, match.type << 8), point_of(each, match.type << 8 | 0xFF)))
        else:
            point = point_of(each, match.type << 8 | match.code)
            spans.append((point, point))
    return Intervals.of(spans)


@dataclass(frozen=True, slots=True)
class PortNames:
    """The named ports of every pod and host endpoint."""

    endpoints: tuple[Endpoint, ...]

    def holders(self, names: Iterable[NamedPort]) -> Iterator[tuple[Endpoint, Intervals]]:
        """The endpoints that have a port with one of the names, and what the names stand for."""
        wanted = {(each.name, each.protocol) for each in names}
        for endpoint in self.endpoints:
            points = [
                (point_of(port.protocol, port.number),) * 2
                for port in endpoint.ports
                if (port.name, port.protocol) in wanted
            ]
            if points:
                yield endpoint, Intervals.of(points)


def destinations(
    rule: Rule,
    names: PortNames,
    holders: Condition = ALWAYS,
    *,
    of_any_protocol: bool = False,
) -> list[Destination]:
    """What a rule lets through, split by destination where names demand it.

    Numbers and names are alternatives; a name stands for a port of the rule's protocol, and
    where the rule has none for one of TCP or, since 3.32, of any protocol. `holders` are the
    destinations that names can stand for at all (felix/calc/rule_scanner.go).
    """
    entity = rule.destination
    allowed = protocols(rule)
    known = _protocols_of_names(rule, of_any_protocol=of_any_protocol)
    named = _named(entity.ports, [e for e in known if allowed.overlaps(whole_protocol(e))])
    numbered = _numbered(entity.ports, rule.protocol) & allowed if entity.ports else allowed
    excluded = _numbered(entity.not_ports, rule.protocol)
    excluded_names = _named(entity.not_ports, known)
    usual = Traffic(numbered - excluded)
    if (not named and not excluded_names) or holders == NEVER:
        return [(ALWAYS, usual)]
    if entity.not_ports:
        found = _split((numbered, named), (excluded, excluded_names), names)
    else:
        found = [(ALWAYS, Traffic(numbered, named))]
    if holders == ALWAYS:
        return found
    split = [(all_of(holders, where), traffic) for where, traffic in found]
    return [*split, (opposite(holders), usual)]


def _split(
    included: tuple[Intervals, tuple[NamedPort, ...]],
    excluded: tuple[Intervals, tuple[NamedPort, ...]],
    names: PortNames,
) -> list[Destination]:
    """One alternative per set of traffic, with the endpoints that it goes for."""
    extra = {id(each): (each, found) for each, found in names.holders(included[1])}
    less = {id(each): (each, found) for each, found in names.holders(excluded[1])}
    usual = included[0] - excluded[0]
    groups: dict[Intervals, list[Endpoint]] = {}
    for key in {**extra, **less}:
        endpoint = (extra.get(key) or less[key])[0]
        more = extra[key][1] if key in extra else NOTHING
        without = less[key][1] if key in less else NOTHING
        traffic = (included[0] | more) - excluded[0] - without
        if traffic != usual:
            groups.setdefault(traffic, []).append(endpoint)
    special = [each for members in groups.values() for each in members]
    rest = Negation(_one_of(special)) if special else ALWAYS
    found: list[Destination] = [(rest, Traffic(usual))]
    found += [(_one_of(members), Traffic(traffic)) for traffic, members in groups.items()]
    return found


def _one_of(endpoints: Iterable[Endpoint]) -> Condition:
    pods, nodes = set(), set()
    for each in endpoints:
        if each.kind is EndpointKind.NODE:
            nodes.add(each.name)
        else:
            pods.add((each.namespace, each.name))
    parts: list[Condition] = []
    if pods:
        parts.append(EndpointIn(frozenset(pods)))
    if nodes:
        parts.append(NodeNameIn(frozenset(nodes)))
    return any_of(*parts)


def _numbered(ports: Iterable[PortRange | str], protocol: int | None) -> Intervals:
    spans: list[tuple[int, int]] = []
    for port in ports:
        if isinstance(port, PortRange) and protocol is not None:
            spans.extend(ports_of(protocol, port.low, port.high).spans)
    return Intervals.of(spans)


def _protocols_of_names(rule: Rule, *, of_any_protocol: bool) -> tuple[int, ...]:
    if rule.protocol is None and of_any_protocol:
        return PORT_PROTOCOLS
    return (rule.protocol if rule.protocol in {Protocol.UDP, Protocol.SCTP} else Protocol.TCP,)


def _named(ports: Iterable[PortRange | str], protocols: Iterable[int]) -> tuple[NamedPort, ...]:
    known = tuple(protocols)
    return tuple(
        NamedPort(port, protocol) for port in ports if isinstance(port, str) for protocol in known
    )
