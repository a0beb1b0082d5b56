"""What the v3 API demands of a rule beyond its single fields."""

from __future__ import annotations

from collections.abc import Iterator

from service.manifests.calico_fields import Members
from service.model.addresses import Family, family_of, parse_cidr
from service.model.calico import Action, EntityRule, PortRange, Rule
from service.model.network_policy import PolicyType
from service.model.ports import Protocol

_PORTED = frozenset({Protocol.TCP, Protocol.UDP, Protocol.SCTP})
_ICMP_VERSIONS: dict[int | None, tuple[str, int]] = {
    Protocol.ICMP: ("ICMP", 4),
    Protocol.ICMPv6: ("ICMPv6", 6),
}
_VERSIONS = {Family.IPV4: 4, Family.IPV6: 6}
_EVERYTHING = {"0.0.0.0/0", "::/0"}


def check_rule(members: Members, rule: Rule, direction: PolicyType, *, is_global: bool) -> None:
    """Note what the API refuses in a rule whose fields were read already."""
    _check_protocols(members, rule)
    _check_http(members, rule, direction)
    _check_nets(members, rule)
    for name, entity in (("source", rule.source), ("destination", rule.destination)):
        inner = members.member(name)
        if inner is not None:
            _check_ports(inner, rule, entity)
            _check_services(inner, entity, name, direction, is_global=is_global)


def _check_protocols(members: Members, rule: Rule) -> None:
    if rule.icmp is not None and rule.protocol not in _ICMP_VERSIONS:
        members.wrong("icmp", "ProtocolRequired", "icmp needs protocol ICMP or ICMPv6")
    for key, protocol in (("protocol", rule.protocol), ("notProtocol", rule.not_protocol)):
        name, version = _ICMP_VERSIONS.get(protocol, ("", None))
        if name and rule.ip_version not in {None, version}:
            members.wrong(
                "ipVersion", "InvalidValue", f"{key} {name} goes with ipVersion {version} only"
            )


def _check_http(members: Members, rule: Rule, direction: PolicyType) -> None:
    if not rule.matches_http:
        return
    if rule.action is not Action.ALLOW:
        members.wrong("http", "ForbiddenField", "http is for Allow rules only")
    if direction is PolicyType.EGRESS:
        members.wrong("http", "ForbiddenField", "http is for ingress rules only")
    if rule.protocol not in {None, Protocol.TCP}:
        members.wrong("protocol", "InvalidValue", "http needs protocol TCP or none")


def _check_ports(members: Members, rule: Rule, entity: EntityRule) -> None:
    for key, ports in (("ports", entity.ports), ("notPorts", entity.not_ports)):
        numbered = any(isinstance(each, PortRange) for each in ports)
        if numbered and rule.protocol is None:
            members.wrong(key, "ProtocolRequired", "numbered ports need protocol TCP, UDP or SCTP")
        elif ports and rule.protocol is not None and rule.protocol not in _PORTED:
            members.wrong(key, "ProtocolRequired", "ports need protocol TCP, UDP or SCTP")


def _check_nets(members: Members, rule: Rule) -> None:
    seen: set[int] = set()
    for pointer, nets in _net_lists(members, rule):
        versions = {_VERSIONS[family_of(parse_cidr(each)[0])] for each in nets}
        if rule.ip_version is not None and versions - {rule.ip_version}:
            members.notes.wrong(
                "InvalidCidr", f"the rule is for IPv{rule.ip_version} only", pointer
            )
        seen |= versions
        if versions and len(seen) > 1:
            members.notes.wrong("InvalidCidr", "a rule cannot mix IPv4 and IPv6 CIDRs", pointer)
        if pointer.endswith("/notNets") and _EVERYTHING.intersection(nets):
            members.notes.wrong(
                "InvalidCidr", "notNets with every address would match nothing", pointer
            )


def _net_lists(members: Members, rule: Rule) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, entity in (("source", rule.source), ("destination", rule.destination)):
        yield f"{members.at(name)}/nets", entity.nets
        yield f"{members.at(name)}/notNets", entity.not_nets


def _check_services(
    members: Members,
    entity: EntityRule,
    name: str,
    direction: PolicyType,
    *,
    is_global: bool,
) -> None:
    services = entity.services
    if services is None:
        return
    wanted = "source" if direction is PolicyType.INGRESS else "destination"
    if name != wanted:
        members.wrong(
            "services",
            "ForbiddenField",
            f"services go into the {wanted} of {direction.value.lower()} rules",
        )
    if is_global and not services.namespace:
        members.wrong("services", "RequiredField", "a global policy must give the namespace")
    excluded = ["selector", "notSelector", "namespaceSelector", "serviceAccounts"]
    excluded += ["nets", "notNets"]
    if name == "destination":
        excluded += ["ports", "notPorts"]
    for key in excluded:
        if members.value(key) not in (None, "", []):
            members.wrong(key, "ForbiddenField", f"{key} cannot go with services")
