"""Reads the rules of Calico policies and profiles.

Checks: projectcalico/calico libcalico-go/lib/validator/v3 (validateRule, validateEntityRule)
and the validation marks of api/pkg/apis/projectcalico/v3/policy_common.go.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from service.manifests.calico_fields import Members, Notes, shown
from service.manifests.calico_rule_checks import check_rule
from service.manifests.names import port_name_fault
from service.model.calico import (
    ANY_ENTITY,
    Action,
    EntityRule,
    IcmpMatch,
    PortRange,
    Rule,
    ServiceAccountMatch,
    ServiceMatch,
)
from service.model.finding import Severity
from service.model.network_policy import PolicyType
from service.model.ports import HIGHEST_PORT, LOWEST_PORT, Protocol

_NUMBER = re.compile(r"[0-9]{1,9}")
_RANGE = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")
_FIELDS = (
    *("action", "ipVersion", "protocol", "notProtocol", "icmp", "notICMP"),
    *("source", "destination", "http", "metadata"),
)
_ENTITY_FIELDS = (
    *("selector", "notSelector", "namespaceSelector", "nets", "notNets", "ports", "notPorts"),
    *("serviceAccounts", "services"),
)
#: Newer versions of the API refuse longer lists (policy_common.go, MaxItems).
_MOST = {"nets": 256, "notNets": 256, "ports": 50, "notPorts": 50}


def read_rules(spec: Members, direction: PolicyType, *, is_global: bool) -> tuple[Rule, ...]:
    """The rules of one direction; `is_global`: the policy belongs to no namespace."""
    found: list[Rule] = []
    for members in spec.members(direction.value.lower()):
        rule = _rule(members)
        if not members.notes.stored:
            check_rule(members, rule, direction, is_global=is_global)
        found.append(rule)
    return tuple(found)


def _rule(members: Members) -> Rule:
    members.only(*_FIELDS)
    if "action" not in members:
        members.wrong("action", "RequiredField", "a rule needs an action")
    version = members.number("ipVersion")
    if version not in {None, 4, 6}:
        members.wrong("ipVersion", "InvalidValue", "ipVersion must be 4 or 6")
    protocol = _protocol(members, "protocol")
    source = _entity(members.member("source"))
    destination = _entity(members.member("destination"))
    if members.notes.stored:
        _check_stored_ports(members, protocol, (source, destination))
    return Rule(
        action=Action(members.choice("action", Action, Action.DENY.value)),
        protocol=protocol,
        not_protocol=_protocol(members, "notProtocol"),
        ip_version=version,
        icmp=_icmp(members.member("icmp")),
        not_icmp=_icmp(members.member("notICMP")),
        source=source,
        destination=destination,
        matches_http=_http(members),
    )


def _check_stored_ports(
    members: Members, protocol: int | None, entities: Iterable[EntityRule]
) -> None:
    # Felix's own validation drops a policy whose ports come without a protocol for them; names
    # may have none (lib/validator/v1, validateBackendRule).
    for entity in entities:
        for port in (*entity.ports, *entity.not_ports):
            may_be_any = isinstance(port, str) and protocol is None
            if protocol not in PORTED and not may_be_any:
                members.wrong("protocol", "ProtocolRequired", "ports need TCP, UDP or SCTP")
                return


PORTED = frozenset({Protocol.TCP, Protocol.UDP, Protocol.SCTP})


def read_protocol(value: Any, notes: Notes, pointer: str, *, stored: bool) -> int | None:
    """A protocol by name or number; None with a note where it is neither."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if 1 <= value <= 255:
            return value
        notes.wrong("InvalidProtocol", "protocol numbers are 1 to 255", pointer)
        return None
    for protocol in Protocol:
        # Stored objects are compared without regard to case (numorstring.Protocol.ToV1).
        if value == protocol.name or (
            stored and isinstance(value, str) and value.lower() == protocol.name.lower()
        ):
            return protocol.value
    known = ", ".join(each.name for each in Protocol)
    notes.wrong("InvalidProtocol", f"must be a number or one of {known}", pointer)
    return None


def _protocol(members: Members, key: str) -> int | None:
    value = members.value(key)
    if value is None:
        return None
    notes = members.notes
    return read_protocol(value, notes, members.at(key), stored=notes.stored)


def _icmp(members: Members | None) -> IcmpMatch | None:
    if members is None:
        return None
    members.only("type", "code")
    kind, code = members.number("type"), members.number("code")
    if kind is not None and not 0 <= kind <= 254:
        members.wrong("type", "InvalidValue", "ICMP types are 0 to 254")
        kind = None
    if code is not None and not 0 <= code <= 255:
        members.wrong("code", "InvalidValue", "ICMP codes are 0 to 255")
        code = None
    if code is not None and kind is None:
        members.wrong("code", "InvalidValue", "an ICMP code needs a type")
        code = None
    return IcmpMatch(kind, code)


def _entity(members: Members | None) -> EntityRule:
    if members is None:
        return ANY_ENTITY
    members.only(*_ENTITY_FIELDS)
    notes = members.notes
    lost: list[str] = []
    before = len(notes.found)
    namespace_selector = members.selector("namespaceSelector", loses=True, allows_global=True)
    if len(notes.found) > before:
        lost.append("namespaceSelector")
    accounts = _accounts(members.member("serviceAccounts"), lost)
    nets = _nets(members, "nets", lost)
    not_nets = _nets(members, "notNets", lost)
    return EntityRule(
        selector=members.selector("selector"),
        not_selector=members.selector("notSelector", allows_global=True),
        namespace_selector=namespace_selector,
        nets=nets,
        not_nets=not_nets,
        ports=_ports(members, "ports"),
        not_ports=_ports(members, "notPorts"),
        service_accounts=accounts,
        services=_services(members.member("services")),
        lost=tuple(lost),
    )


def _accounts(members: Members | None, lost: list[str]) -> ServiceAccountMatch | None:
    if members is None:
        return None
    members.only("names", "selector")
    before = len(members.notes.found)
    selector = members.selector("selector", loses=True, allows_global=True)
    if len(members.notes.found) > before:
        lost.append("serviceAccounts")
    return ServiceAccountMatch(members.texts("names"), selector)


def _services(members: Members | None) -> ServiceMatch | None:
    if members is None:
        return None
    members.only("name", "namespace")
    name = members.name("name")
    if not name:
        members.wrong("name", "RequiredField", "a Service needs its name")
    return ServiceMatch(name, members.name("namespace"))


def _nets(members: Members, key: str, lost: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    notes = members.notes
    _check_length(members, key)
    for pointer, value in members.items(key):
        if not isinstance(value, str):
            notes.wrong("InvalidType", "must be a text", pointer)
            continue
        wrong = net_fault(value, stored=notes.stored)
        if not wrong:
            found.append(value)
        elif notes.loses("InvalidCidr", f"{shown(value)} {wrong}", pointer) and key not in lost:
            lost.append(key)
    return tuple(found)


def net_fault(text: str, *, stored: bool) -> str:
    """What is wrong with a CIDR of a rule; stored objects may also hold plain addresses."""
    if "/" not in text and not stored:
        return "is no CIDR"
    address, _, prefix = text.partition("/")
    try:
        # Go reads neither leading zeros, nor scopes, nor dotted masks.
        network = ipaddress.ip_network(text, strict=False)
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "is no CIDR"
    if "%" in text or (prefix and not (prefix.isascii() and prefix.isdecimal())):
        return "is no CIDR"
    if not stored and parsed != network.network_address:
        return f"has host bits; the network is {network}"
    return ""


def _ports(members: Members, key: str) -> tuple[PortRange | str, ...]:
    _check_length(members, key)
    found: list[PortRange | str] = []
    for pointer, value in members.items(key):
        port = _port(value)
        if isinstance(port, str) and (wrong := port_name_fault(port)):
            members.notes.wrong("InvalidPort", f"port name {port!r} {wrong}", pointer)
        elif port is None:
            members.notes.wrong(
                "InvalidPort",
                f"{shown(value)} is no port from 1 to 65535, no range such as 80:90 and no name",
                pointer,
            )
        else:
            found.append(port)
    return tuple(found)


def _port(value: Any) -> PortRange | str | None:
    """A number, a range, or any other text as a name; None for what is no port."""
    low: int
    if isinstance(value, int) and not isinstance(value, bool):
        low = high = value
    elif not isinstance(value, str) or not value:
        return None
    elif _NUMBER.fullmatch(value):
        low = high = int(value)
    elif match := _RANGE.fullmatch(value):
        low, high = int(match[1]), int(match[2])
    else:
        return value
    return PortRange(low, high) if LOWEST_PORT <= low <= high <= HIGHEST_PORT else None


def _http(members: Members) -> bool:
    http = members.member("http")
    if http is None:
        return False
    http.only("methods", "paths")
    methods = http.texts("methods")
    if len(set(methods)) < len(methods):
        http.wrong("methods", "Duplicate", "methods are listed more than once")
    for path in http.members("paths"):
        path.only("exact", "prefix")
        given = [each for each in (path.text("exact"), path.text("prefix")) if each]
        if len(given) != 1:
            path.wrong("exact", "InvalidValue", "a path has either exact or prefix")
        elif not given[0].startswith("/") or re.search(r"[? #]", given[0]):
            path.wrong("exact", "InvalidValue", "a path starts with / and has no ?, # or blank")
    return True


def _check_length(members: Members, key: str) -> None:
    count = sum(1 for _ in members.items(key))
    if count > _MOST[key]:
        members.notes.tell(
            "ListTooLong",
            Severity.MEDIUM,
            f"{key} has {count} entries; Calico 3.32 and later refuse more than {_MOST[key]}",
            members.at(key),
        )
