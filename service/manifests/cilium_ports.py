"""Reads `toPorts` and `icmps` of Cilium's rules.

Source: cilium/cilium pkg/policy/api/{l4,icmp,rule_validation}.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.manifests.calico_fields import Members
from service.manifests.cilium_icmp import ICMP_TYPES
from service.manifests.cilium_l7 import check_http, check_kafka, check_listener, check_tls
from service.manifests.cilium_names import fqdn_peer
from service.manifests.cilium_notes import AgentNotes
from service.manifests.crd_fields import bounded, keys_of
from service.model.cilium import CiliumPort, FqdnPeer, IcmpField, L7Filter, L7Kind, PortRule
from service.model.ports import HIGHEST_PORT, LOWEST_PORT

MOST_PORTS = 40
LONGEST_PORT_NAME = 15

_PROTOCOLS = ("TCP", "UDP", "SCTP", "ICMP", "ICMPv6", "VRRP", "IGMP", "ANY")
_PORT_NAME = re.compile(r"(?:[a-zA-Z0-9]-?)*[a-zA-Z](?:-?[a-zA-Z0-9])*")
_PORT_NUMBER = re.compile(r"0|[1-9][0-9]*|0[0-7]+")
_L7_LISTS = ("http", "kafka", "dns")
_L7_KINDS = {"http": L7Kind.HTTP, "kafka": L7Kind.KAFKA, "dns": L7Kind.DNS}


@dataclass(frozen=True, slots=True)
class PortReader:
    """Reads the ports of one rule."""

    agent: AgentNotes
    is_ingress: bool
    is_deny: bool
    is_host_policy: bool

    def to_ports(self, members: Members) -> tuple[PortRule, ...] | None:
        """`toPorts`; an empty list is the same as none."""
        found = tuple(map(self._port_rule, members.members("toPorts")))
        return found or None

    def icmps(self, members: Members) -> tuple[IcmpField, ...] | None:
        """The fields of all elements of `icmps`; an empty list is the same as none."""
        listed = members.members("icmps")
        if not listed:
            return None
        found: list[IcmpField] = []
        for each in listed:
            each.only("fields")
            found.extend(_icmp_field(one) for one in bounded(each, "fields", MOST_PORTS))
        return tuple(found)

    def _port_rule(self, members: Members) -> PortRule:
        fields = ["ports"]
        if not self.is_deny:
            fields += ["rules", "terminatingTLS", "originatingTLS", "serverNames", "listener"]
        for key in members.keys() - set(fields):
            # Dropped, it would leave a rule about more than was meant.
            members.wrong(key, "UnknownField", f"{key} is no field of toPorts here")
        ports = tuple(map(self._port, bounded(members, "ports", MOST_PORTS)))
        l7 = None if self.is_deny else self._filter(members, ports)
        return PortRule(ports, l7)

    def _port(self, members: Members) -> CiliumPort:
        members.only("port", "endPort", "protocol")
        protocol = members.choice("protocol", _PROTOCOLS, "ANY").upper()
        end = members.number("endPort")
        if end is not None and not 0 <= end <= HIGHEST_PORT:
            members.wrong("endPort", "InvalidPort", f"endPort must be at most {HIGHEST_PORT}")
        text = members.text("port")
        if "port" not in members:
            members.wrong("port", "RequiredField", "port must be a number in quotes, or a name")
        elif _PORT_NAME.fullmatch(text) is not None and len(text) <= LONGEST_PORT_NAME:
            return CiliumPort(text.lower(), protocol)
        return CiliumPort(self._number(members, text), protocol, end)

    def _number(self, members: Members, text: str) -> int:
        if isinstance(members.value("port"), str):
            if _PORT_NUMBER.fullmatch(text) is not None and len(text) <= 8:
                # The agent reads a number that begins with 0 as an octal one.
                number = int(text, 8) if text.startswith("0") else int(text)
                if number <= HIGHEST_PORT:
                    return number
            self.agent.invalid(f"{text!r} is no port and no port name", members.at("port"))
        # Not 0, which is a number with a meaning.
        return LOWEST_PORT

    def _filter(self, members: Members, ports: tuple[CiliumPort, ...]) -> L7Filter | None:
        rules = members.member("rules") or Members({}, members.at("rules"), members.notes)
        rules.only(*_L7_LISTS, "l7proto", "l7")
        given = keys_of(rules, (*_L7_LISTS, "l7proto"))
        names = tuple(fqdn_peer(each, self.agent) for each in rules.members("dns"))
        for each in rules.members("http"):
            check_http(each, self.agent)
        for each in rules.members("kafka"):
            check_kafka(each, self.agent)
        rules.members("l7")
        check_tls(members)
        check_listener(members)
        server_names = members.texts("serverNames")
        if given or "l7" in rules:
            self._check_rules(rules, given, ports)
            if server_names and "terminatingTLS" not in members:
                self.agent.invalid(
                    "serverNames with L7 rules need terminatingTLS", members.at("serverNames")
                )
        if "" in server_names:
            self.agent.invalid("a server name must not be empty", members.at("serverNames"))
        if "listener" in members:
            if self.is_ingress:
                self.agent.invalid("a listener is not for ingress", members.at("listener"))
            if given:
                self.agent.invalid("a listener takes no L7 rules", members.at("listener"))
        return self._kind(rules, names, members)

    def _kind(
        self, rules: Members, names: tuple[FqdnPeer, ...], members: Members
    ) -> L7Filter | None:
        for key in _L7_LISTS:
            if rules.members(key):
                return L7Filter(_L7_KINDS[key], names)
        if rules.text("l7proto") or "listener" in members:
            return L7Filter(L7Kind.CUSTOM)
        return L7Filter(L7Kind.SERVER_NAME) if members.texts("serverNames") else None

    def _check_rules(self, rules: Members, given: list[str], ports: tuple[CiliumPort, ...]) -> None:
        invalid, pointer = self.agent.invalid, rules.pointer
        has_dns = bool(rules.members("dns"))
        if len(given) > 1:
            invalid(f"{' and '.join(given)} cannot be in one rule", pointer)
        if "l7" in rules and not rules.text("l7proto"):
            invalid("l7 needs l7proto", rules.at("l7"))
        if has_dns and self.is_ingress:
            invalid("DNS rules are not for ingress", rules.at("dns"))
        if "dns" in rules and not ports:
            invalid("DNS rules need their port", rules.at("dns"))
        if any(each.port == 0 for each in ports):
            invalid("L7 rules are not for port 0", pointer)
        if not has_dns and any(each.protocol != "TCP" for each in ports):
            invalid("L7 rules other than DNS are for protocol TCP only, to be named", pointer)
        if has_dns and any(
            isinstance(each.port, int) and (each.end_port or 0) > each.port for each in ports
        ):
            invalid("DNS rules are not for port ranges", pointer)
        if self.is_host_policy and (self.is_ingress or not has_dns):
            invalid("policies for nodes take no L7 rules", pointer)


def _icmp_field(members: Members) -> IcmpField:
    members.only("family", "type")
    family = members.choice("family", tuple(ICMP_TYPES), "IPv4")
    value: Any = members.value("type")
    names: Mapping[str, int] = ICMP_TYPES[family]
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:4])
    if isinstance(value, str) and value in names:
        return IcmpField(names[value], family)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 255:
        detail = f"type must be a number up to 255 or the name of a type of {family}"
        members.wrong("type", "InvalidValue" if "type" in members else "RequiredField", detail)
        return IcmpField(0, family)
    return IcmpField(value, family)
