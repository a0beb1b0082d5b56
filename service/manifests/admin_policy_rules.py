"""Reads the rules of admin policies: actions, peers and ports."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.manifests.calico_fields import Members
from service.manifests.crd_fields import check_length, keys_of, label_selector
from service.manifests.names import PROTOCOLS
from service.model.admin_policy import (
    AdminAction,
    AdminPeer,
    AdminPort,
    AdminRule,
    DomainNames,
    NamespacedPods,
    Networks,
    Nodes,
    UnknownPeer,
)
from service.model.finding import Severity
from service.model.labels import EVERYTHING, LabelSelector
from service.model.network_policy import PolicyType
from service.model.ports import HIGHEST_PORT, LOWEST_PORT

MOST_NETWORKS = 25
LONGEST_NAME = 100
LONGEST_CIDR = 43

_DOMAIN_NAME = re.compile(
    r"(\*\.)?([a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?"
)
_POD_PEERS = ("namespaces", "pods")
_EGRESS_PEERS = (*_POD_PEERS, "nodes", "networks", "domainNames")


@dataclass(frozen=True, slots=True)
class RuleReader:
    """Reads the rules of one kind; `actions` are its words for what a rule may do."""

    actions: Mapping[str, str]
    ports_field: str
    most: int
    """Peers, and elements of the ports field."""
    has_domain_names: bool = True

    def read(self, members: Members, kind: PolicyType) -> AdminRule:
        """One element of `ingress` or `egress`."""
        place = "from" if kind is PolicyType.INGRESS else "to"
        members.only("name", "action", place, self.ports_field)
        name = members.text("name")
        if len(name) > LONGEST_NAME:
            members.wrong("name", "TooLong", f"name must have at most {LONGEST_NAME} characters")
        if "action" not in members:
            members.wrong("action", "RequiredField", f"action is one of {', '.join(self.actions)}")
        written = members.choice("action", self.actions, "Deny")
        check_length(members, place, self.most, least=1)
        peers = tuple(self._peer(each, kind) for each in members.members(place))
        ports: tuple[AdminPort, ...] = ()
        if self.ports_field in members:
            check_length(members, self.ports_field, self.most, least=1)
            ports = tuple(map(self._port, members.members(self.ports_field)))
        rule = AdminRule(AdminAction(self.actions[written]), peers, ports, name)
        _check_combination(rule, members, place, self.ports_field)
        return rule

    def with_defaults(self, spec: Any) -> Any:
        """A spec without nulls, with the protocols that the CRD fills in."""
        if self.ports_field != "ports" or not isinstance(spec, dict):
            return spec
        for section in ("ingress", "egress"):
            for rule in _dicts(spec.get(section)):
                for port in _dicts(rule.get("ports")):
                    for key in ("portNumber", "portRange"):
                        if isinstance(port.get(key), dict):
                            port[key].setdefault("protocol", "TCP")
        return spec

    def _peer(self, members: Members, kind: PolicyType) -> AdminPeer:
        known: tuple[str, ...] = _POD_PEERS
        if kind is PolicyType.EGRESS:
            known = _EGRESS_PEERS if self.has_domain_names else _EGRESS_PEERS[:-1]
        given = keys_of(members, known)
        others = sorted(members.keys() - set(known))
        for key in others:
            if key in _EGRESS_PEERS:
                members.wrong(key, "ForbiddenField", f"{key} is no peer of this kind of rule")
            else:
                members.notes.tell(
                    "UnknownPeer",
                    Severity.MEDIUM,
                    f"{key} is no peer that is known here: an Allow rule with it matches nothing, "
                    "any other rule denies everything",
                    members.at(key),
                )
        if len(given) > 1 or not members.keys():
            members.notes.wrong(
                "NotExactlyOne", f"a peer is exactly one of {', '.join(known)}", members.pointer
            )
        if not given:
            return UnknownPeer(tuple(others))
        return _PEERS[given[0]](members, given[0])

    def _port(self, members: Members) -> AdminPort:
        readers = _PORTS if self.ports_field == "ports" else _PROTOCOLS
        members.only(*readers)
        given = keys_of(members, readers)
        if len(given) != 1:
            members.notes.wrong(
                "NotExactlyOne", f"exactly one of {', '.join(readers)} must be set", members.pointer
            )
            return AdminPort("TCP")
        return readers[given[0]](members, given[0])


def namespaced_pods(members: Members, key: str) -> NamespacedPods:
    """`namespaces`, or `pods` with its two selectors."""
    if key == "namespaces":
        return NamespacedPods(_selector(members, key))
    pods = members.member(key)
    if pods is None:
        return NamespacedPods(EVERYTHING)
    pods.only("namespaceSelector", "podSelector")
    for each in ("namespaceSelector", "podSelector"):
        if each not in pods:
            # Required by the CRD of some releases and defaulted by that of others.
            pods.notes.tell(
                "MissingSelector",
                Severity.MEDIUM,
                f"{each} is missing and read as empty, which selects everything; a CRD that "
                "requires it refuses the object",
                pods.at(each),
            )
    return NamespacedPods(_selector(pods, "namespaceSelector"), _selector(pods, "podSelector"))


def _selector(members: Members, key: str) -> LabelSelector:
    found = members.member(key)
    return EVERYTHING if found is None else label_selector(found)


def _nodes(members: Members, key: str) -> AdminPeer:
    return Nodes(_selector(members, key))


def _networks(members: Members, key: str) -> AdminPeer:
    check_length(members, key, MOST_NETWORKS, least=1)
    cidrs = members.texts(key)
    _check_set(members, key, cidrs)
    for index, cidr in enumerate(cidrs):
        if wrong := _cidr_fault(cidr):
            members.notes.wrong("InvalidCidr", wrong, f"{members.at(key)}/{index}")
    return Networks(cidrs)


def _domain_names(members: Members, key: str) -> AdminPeer:
    check_length(members, key, MOST_NETWORKS, least=1)
    names = members.texts(key)
    _check_set(members, key, names)
    for index, name in enumerate(names):
        if _DOMAIN_NAME.fullmatch(name) is None:
            detail = f"{name!r} is no domain name, nor one after '*.'"
            members.notes.wrong("InvalidDomainName", detail, f"{members.at(key)}/{index}")
    return DomainNames(names)


def _check_set(members: Members, key: str, values: tuple[str, ...]) -> None:
    if len(set(values)) < len(values):
        members.wrong(key, "Duplicate", f"{key} holds an element twice")


def _cidr_fault(cidr: str) -> str:
    if len(cidr) > LONGEST_CIDR:
        return f"a CIDR must have at most {LONGEST_CIDR} characters"
    if (":" in cidr) == ("." in cidr):
        return f"{cidr!r} must be an IPv4 or an IPv6 CIDR; IPv4 in IPv6 is not supported"
    address, _, length = cidr.partition("/")
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        network = None
    if network is None or not length.isdecimal() or (len(length) > 1 and length[0] == "0"):
        return f"{cidr!r} is no CIDR such as 10.0.0.0/8"
    return "" if "%" not in address else f"{cidr!r} must not have a zone"


def _check_combination(rule: AdminRule, members: Members, place: str, ports_field: str) -> None:
    without_names = any(isinstance(each, Nodes | Networks | DomainNames) for each in rule.peers)
    if without_names and any(each.name for each in rule.ports):
        members.wrong(
            ports_field,
            "ForbiddenField",
            "a port name needs peers that are pods; networks, nodes and domainNames have none",
        )
    by_domain = any(isinstance(each, DomainNames) for each in rule.peers)
    if by_domain and rule.action is not AdminAction.ALLOW:
        members.wrong(place, "ForbiddenField", "domainNames are for rules that allow")


def _port_number(members: Members, key: str) -> AdminPort:
    port = members.member(key) or Members({}, members.at(key), members.notes)
    port.only("protocol", "port")
    number = _number(port, "port")
    return AdminPort(port.choice("protocol", PROTOCOLS, "TCP"), number, number)


def _port_range(members: Members, key: str) -> AdminPort:
    ports = members.member(key) or Members({}, members.at(key), members.notes)
    ports.only("protocol", "start", "end")
    return AdminPort(ports.choice("protocol", PROTOCOLS, "TCP"), *_range(ports))


def _port_name(members: Members, key: str) -> AdminPort:
    name = members.text(key)
    if not name:
        members.wrong(key, "InvalidValue", f"{key} must not be empty")
    return AdminPort(name=name)


def _protocol(members: Members, key: str) -> AdminPort:
    protocol = key.upper()
    content = members.member(key)
    if content is None:
        return AdminPort(protocol)
    content.only("destinationPort")
    port = content.member("destinationPort")
    if port is None:
        # "If omitted, all ports" says the documentation, "at least one property" the CRD.
        return AdminPort(protocol)
    port.only("number", "range")
    given = keys_of(port, ("number", "range"))
    if len(given) != 1:
        content.wrong(
            "destinationPort", "NotExactlyOne", "a port is exactly one of number and range"
        )
        return AdminPort(protocol)
    if given == ["number"]:
        number = _number(port, "number")
        return AdminPort(protocol, number, number)
    ports = port.member("range")
    return AdminPort(protocol, *_range(ports)) if ports is not None else AdminPort(protocol)


def _range(members: Members) -> tuple[int | None, int | None]:
    start, end = _number(members, "start"), _number(members, "end")
    if start is not None and end is not None and start >= end:
        members.wrong("start", "InvalidRange", "start must be less than end")
    return start, end


def _number(members: Members, key: str) -> int | None:
    if key not in members:
        members.wrong(
            key, "RequiredField", f"{key} must be between {LOWEST_PORT} and {HIGHEST_PORT}"
        )
        return None
    number = members.number(key)
    if number is not None and not LOWEST_PORT <= number <= HIGHEST_PORT:
        members.wrong(key, "InvalidPort", f"{key} must be between {LOWEST_PORT} and {HIGHEST_PORT}")
    return number


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


_PEERS: Mapping[str, Callable[[Members, str], AdminPeer]] = {
    "namespaces": namespaced_pods,
    "pods": namespaced_pods,
    "nodes": _nodes,
    "networks": _networks,
    "domainNames": _domain_names,
}
_PORTS: Mapping[str, Callable[[Members, str], AdminPort]] = {
    "portNumber": _port_number,
    "portRange": _port_range,
    "namedPort": _port_name,
}
_PROTOCOLS: Mapping[str, Callable[[Members, str], AdminPort]] = {
    "tcp": _protocol,
    "udp": _protocol,
    "sctp": _protocol,
    "destinationNamedPort": _port_name,
}
