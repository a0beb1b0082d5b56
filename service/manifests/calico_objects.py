"""Reads what Calico policies speak of: tiers, network sets, host endpoints and profiles.

Checks: projectcalico/calico libcalico-go/lib/validator/v3.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from service.manifests.calico_fields import Members, shown
from service.manifests.calico_names import CalicoName
from service.manifests.calico_rules import PORTED, net_fault, read_protocol, read_rules
from service.manifests.names import (
    dns_label_fault,
    label_key_fault,
    label_value_fault,
    port_name_fault,
    port_number_fault,
)
from service.model.calico import (
    ALL_INTERFACES,
    DEFAULT_TIER,
    DEFAULT_TIER_ORDER,
    Action,
    HostEndpoint,
    HostPort,
    NetworkSet,
    Profile,
    Tier,
)
from service.model.network_policy import PolicyType
from service.model.policy import Position

_INTERFACE = re.compile(r"[a-zA-Z0-9_.-]{1,15}")
#: Tiers that Calico makes itself: their order and default action are fixed.
_FIXED_TIERS = {
    DEFAULT_TIER: (DEFAULT_TIER_ORDER, Action.DENY),
    "adminnetworkpolicy": (1000.0, None),
    "baselineadminnetworkpolicy": (10_000_000.0, None),
    "kube-admin": (1000.0, Action.PASS),
    "kube-baseline": (10_000_000.0, Action.PASS),
}
_NAMESPACE_LABEL = "projectcalico.org/namespace"


def read_tier(name: CalicoName, spec: Members, position: Position) -> Tier:
    """A tier."""
    spec.only("order", "defaultAction")
    order = spec.decimal("order")
    action = Action(spec.choice("defaultAction", (Action.DENY, Action.PASS), Action.DENY.value))
    if wrong := dns_label_fault(name.ref.name):
        spec.notes.wrong("InvalidName", f"the name of a tier {wrong}", "/metadata/name")
    fixed_order, fixed_action = _FIXED_TIERS.get(name.ref.name, (order, None))
    if order != fixed_order:
        spec.wrong("order", "InvalidValue", f"the order of this tier is {fixed_order:g}")
    if fixed_action is not None and action is not fixed_action:
        spec.wrong("defaultAction", "InvalidValue", f"this tier ends with {fixed_action.value}")
    return Tier(name.ref, order, action, position)


def read_network_set(
    name: CalicoName, spec: Members, position: Position, labels: Mapping[str, str]
) -> NetworkSet:
    """A NetworkSet, or a GlobalNetworkSet where the name has no namespace."""
    spec.only("nets")
    notes = spec.notes
    if not notes.stored and _NAMESPACE_LABEL in labels:
        pointer = Members({}, "/metadata/labels", notes).at(_NAMESPACE_LABEL)
        notes.wrong("ForbiddenField", f"{_NAMESPACE_LABEL} is set by Calico", pointer)
    nets: list[str] = []
    for pointer, value in spec.items("nets"):
        # Host bits and plain addresses are fine here.
        wrong = net_fault(value, stored=True) if isinstance(value, str) else "is no CIDR"
        if not wrong:
            nets.append(value)
        else:
            notes.wrong("InvalidCidr", f"{shown(value)} {wrong}", pointer)
    return NetworkSet(name.ref, labels, tuple(nets), tuple(notes.unreadable), position)


def read_host_endpoint(
    name: CalicoName, spec: Members, position: Position, labels: Mapping[str, str]
) -> HostEndpoint:
    """A host endpoint."""
    spec.only("node", "interfaceName", "expectedIPs", "profiles", "ports")
    notes = spec.notes
    node, interface = spec.name("node"), spec.text("interfaceName")
    if not node:
        spec.wrong("node", "RequiredField", "a host endpoint needs its node")
    if interface not in {"", ALL_INTERFACES} and not _INTERFACE.fullmatch(interface):
        spec.wrong("interfaceName", "InvalidValue", f"{interface!r} is no name of an interface")
    addresses: list[str] = []
    for pointer, value in spec.items("expectedIPs"):
        if _is_address(value):
            addresses.append(value)
        else:
            notes.wrong("InvalidAddress", f"{shown(value)} is no IP address", pointer)
    if not interface and not addresses:
        spec.wrong("interfaceName", "RequiredField", "give an interfaceName or expectedIPs")
    ports = tuple(port for each in spec.members("ports") if (port := _host_port(each)))
    return HostEndpoint(
        name.ref,
        node,
        interface,
        tuple(addresses),
        spec.names("profiles"),
        ports,
        labels,
        tuple(notes.unreadable),
        position,
    )


def _is_address(value: object) -> bool:
    if not isinstance(value, str) or "%" in value:
        return False
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _host_port(members: Members) -> HostPort | None:
    members.only("name", "protocol", "port")
    name, number = members.text("name"), members.number("port")
    if wrong := port_name_fault(name):
        members.wrong("name", "InvalidPort", f"port name {wrong}")
    if number is None:
        members.wrong("port", "RequiredField", "a port needs its number")
    elif wrong := port_number_fault(number):
        members.wrong("port", "InvalidPort", f"port {wrong}")
    pointer = members.at("protocol")
    notes = members.notes
    value = members.value("protocol")
    protocol = None
    if value is None:
        notes.wrong("RequiredField", "a port needs its protocol", pointer)
    else:
        protocol = read_protocol(value, notes, pointer, stored=notes.stored)
        if protocol is not None and protocol not in PORTED:
            notes.wrong("InvalidProtocol", "the protocol has no ports", pointer)
    if number is None or protocol is None:
        return None
    return HostPort(name, protocol, number)


def read_profile(name: CalicoName, spec: Members, position: Position) -> Profile:
    """A profile; those of namespaces and service accounts are generated."""
    spec.only("ingress", "egress", "labelsToApply")
    return Profile(
        name.ref,
        read_rules(spec, PolicyType.INGRESS, is_global=True),
        read_rules(spec, PolicyType.EGRESS, is_global=True),
        spec.labels("labelsToApply"),
        tuple(spec.notes.unreadable),
        position,
    )


def check_labels(metadata: Members, labels: dict[str, str]) -> None:
    """Note keys and values that are no labels."""
    for key, value in labels.items():
        pointer = Members({}, metadata.at("labels"), metadata.notes).at(key)
        if wrong := label_key_fault(key):
            metadata.notes.wrong("InvalidLabel", f"label key {wrong}", pointer)
        if wrong := label_value_fault(value):
            metadata.notes.wrong("InvalidLabel", f"label value {wrong}", pointer)
