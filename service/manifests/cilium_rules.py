"""Reads the rules of Cilium policies: L3 members, and what they are combined with.

Source: cilium/cilium pkg/policy/api/{ingress,egress,cidr,entity,service,rule_validation}.go.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service.manifests.calico_fields import Members
from service.manifests.cilium_names import fqdn_peer
from service.manifests.cilium_notes import AgentNotes
from service.manifests.cilium_ports import PortReader
from service.manifests.cilium_selectors import cilium_selector, service_labels
from service.manifests.crd_fields import keys_of
from service.model.cilium import (
    CidrGroupPeer,
    CidrPeer,
    CiliumPeer,
    CiliumRule,
    EndpointsPeer,
    EntityPeer,
    GroupPeer,
    NodesPeer,
    ServicePeer,
    VersionedReason,
)
from service.model.finding import Severity
from service.model.network_policy import PolicyType

ENTITIES = (
    *("all", "world", "cluster", "host", "init", "ingress"),
    *("unmanaged", "remote-node", "health", "none", "kube-apiserver"),
)
_AUTHENTICATION = ("disabled", "required", "test-always-fail")

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class RuleReader:
    """Reads the elements of one section."""

    agent: AgentNotes
    kind: PolicyType
    is_deny: bool
    is_host_policy: bool

    def read(self, members: Members) -> CiliumRule:
        """One rule."""
        known = _MEMBERS[self.kind]
        requires = "fromRequires" if self.kind is PolicyType.INGRESS else "toRequires"
        unknown = self._unknown(members, (*known, requires))
        given = keys_of(members, known)
        filled = [each for each in given if members.value(each)]
        if len(filled) > 1:
            self.agent.invalid(
                f"{' and '.join(filled)} cannot be combined in one rule", members.pointer
            )
        peers, member = self._peers(members, given)
        ports = PortReader(
            self.agent, self.kind is PolicyType.INGRESS, self.is_deny, self.is_host_policy
        )
        to_ports, icmps = ports.to_ports(members), ports.icmps(members)
        if to_ports is not None and icmps is not None:
            self.agent.invalid("icmps cannot be combined with toPorts", members.at("icmps"))
        if member == "toServices" and to_ports is not None:
            self.agent.depends(
                VersionedReason.SERVICES_WITH_PORTS,
                "Cilium before 1.17 refuses toServices with toPorts",
                members.at("toServices"),
            )
        return CiliumRule(
            members.pointer,
            peers,
            member,
            tuple(cilium_selector(each, self.agent) for each in members.members(requires)),
            to_ports,
            icmps,
            self._needs_authentication(members),
            unknown,
        )

    def _unknown(self, members: Members, known: tuple[str, ...]) -> tuple[str, ...]:
        others = {"toPorts", "icmps"}
        if not self.is_deny:
            others.add("authentication")
        elif "toFQDNs" in members:
            members.wrong("toFQDNs", "ForbiddenField", "toFQDNs is not for rules that deny")
        found = tuple(sorted(members.keys() - set(known) - others))
        for key in found:
            detail = f"{key} is no field that is known here; what the rule means without it is open"
            members.notes.tell("UnknownField", Severity.MEDIUM, detail, members.at(key))
        return found

    def _peers(
        self, members: Members, given: list[str]
    ) -> tuple[tuple[CiliumPeer, ...] | None, str]:
        for key in given:
            if not isinstance(members.value(key), list):
                members.wrong(key, "InvalidType", f"{key} must be a list")
                return (), key
        for key in given:
            if not members.value(key) and key in _EMPTY_IS_NOBODY:
                return (), key
        for key in given:
            if members.value(key):
                return _MEMBERS[self.kind][key](members, key, self.agent), key
        return None, ""

    def _needs_authentication(self, members: Members) -> bool:
        if self.is_deny:
            return False
        authentication = members.member("authentication")
        if authentication is None:
            return False
        authentication.only("mode")
        if "mode" not in authentication:
            authentication.wrong("mode", "RequiredField", "authentication needs a mode")
        mode = authentication.choice("mode", _AUTHENTICATION, "disabled")
        return mode != "disabled"


def parse_cidr_text(text: str) -> _Network | None:
    """A CIDR in the strict notation that the agent takes; host bits are allowed."""
    _, slash, length = text.partition("/")
    if not slash or not length.isdecimal() or (len(length) > 1 and length[0] == "0"):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _endpoints(members: Members, key: str, agent: AgentNotes) -> tuple[CiliumPeer, ...]:
    return tuple(EndpointsPeer(cilium_selector(each, agent)) for each in members.members(key))


def _nodes(members: Members, key: str, agent: AgentNotes) -> tuple[CiliumPeer, ...]:
    return tuple(NodesPeer(cilium_selector(each, agent)) for each in members.members(key))


def _entities(members: Members, key: str, agent: AgentNotes) -> tuple[CiliumPeer, ...]:
    found = members.texts(key)
    for index, entity in enumerate(found):
        if entity not in ENTITIES:
            detail = f"{entity!r} is none of {', '.join(ENTITIES)}"
            members.notes.wrong("InvalidValue", detail, f"{members.at(key)}/{index}")
    return tuple(map(EntityPeer, found))


def _cidrs(members: Members, key: str, agent: AgentNotes) -> tuple[CiliumPeer, ...]:
    found = members.texts(key)
    for index, text in enumerate(found):
        if parse_cidr_text(text) is None and not _is_address(text):
            agent.invalid(f"{text!r} is no CIDR and no address", f"{members.at(key)}/{index}")
    return tuple(map(CidrPeer, found))


def _cidr_set(members: Members, key: str, agent: AgentNotes) -> tuple[CiliumPeer, ...]:
    return tuple(_cidr_rule(each, agent) for each in members.members(key))


def _cidr_rule(members: Members, agent: AgentNotes) -> CiliumPeer:
    kinds = ("cidr", "cidrGroupRef", "cidrGroupSelector")
    members.only(*kinds, "except")
    given = [each for each in keys_of(members, kinds) if members.value(each) != ""]
    excepts = members.texts("except")
    if len(given) != 1:
        agent.invalid(f"exactly one of {', '.join(kinds)} is needed", members.pointer)
    blocks = [parse_cidr_text(each) for each in excepts]
    for index, block in enumerate(blocks):
        if block is None:
            agent.invalid(f"{excepts[index]!r} is no CIDR", f"{members.at('except')}/{index}")
    selector = members.member("cidrGroupSelector")
    if given and given[0] != "cidr":
        labels = service_labels(selector, agent) if selector is not None else None
        return CidrGroupPeer(members.text("cidrGroupRef"), labels, excepts)
    text = members.text("cidr")
    own = parse_cidr_text(text)
    if given and own is None:
        agent.invalid(f"{text!r} is no CIDR with its prefix length", members.at("cidr"))
    for index, block in enumerate(blocks):
        if own is not None and block is not None and not _contains(own, block):
            agent.invalid(
                f"{excepts[index]} does not lie in {text}", f"{members.at('except')}/{index}"
            )
    return CidrPeer(text, excepts)


def _contains(block: _Network, other: _Network) -> bool:
    # The agent looks at the first address of the exception only.
    return block.version == other.version and other.network_address in block


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _services(members: Members, key: str, agent: AgentNotes) -> tuple[CiliumPeer, ...]:
    found: list[CiliumPeer] = []
    for each in members.members(key):
        each.only("k8sService", "k8sServiceSelector")
        named, chosen = each.member("k8sService"), each.member("k8sServiceSelector")
        if named is not None:
            named.only("serviceName", "namespace")
            found.append(ServicePeer(named.text("namespace"), named.text("serviceName")))
        if chosen is not None:
            chosen.only("selector", "namespace")
            selector = chosen.member("selector")
            if selector is None:
                chosen.wrong("selector", "RequiredField", "k8sServiceSelector needs a selector")
            else:
                labels = service_labels(selector, agent)
                found.append(ServicePeer(chosen.text("namespace"), selector=labels))
    return tuple(found)


def _names(members: Members, key: str, agent: AgentNotes) -> tuple[CiliumPeer, ...]:
    found = []
    for each in members.members(key):
        peer = fqdn_peer(each, agent)
        # A DNS rule may have both, a peer may not.
        if peer.match_name and peer.match_pattern:
            agent.invalid("only one of matchName and matchPattern is allowed", each.pointer)
        found.append(peer)
    return tuple(found)


def _groups(members: Members, key: str, agent: AgentNotes) -> tuple[CiliumPeer, ...]:
    return tuple(GroupPeer(", ".join(sorted(each.keys()))) for each in members.members(key))


_Reader = Callable[[Members, str, AgentNotes], tuple[CiliumPeer, ...]]

_MEMBERS: Mapping[PolicyType, Mapping[str, _Reader]] = {
    PolicyType.INGRESS: {
        "fromEndpoints": _endpoints,
        "fromCIDR": _cidrs,
        "fromCIDRSet": _cidr_set,
        "fromEntities": _entities,
        "fromNodes": _nodes,
        "fromGroups": _groups,
    },
    PolicyType.EGRESS: {
        "toEndpoints": _endpoints,
        "toCIDR": _cidrs,
        "toCIDRSet": _cidr_set,
        "toEntities": _entities,
        "toServices": _services,
        "toFQDNs": _names,
        "toGroups": _groups,
        "toNodes": _nodes,
    },
}
#: Members of which an empty list selects nobody; other empty members are as if absent.
_EMPTY_IS_NOBODY = frozenset(
    f"{prefix}{name}"
    for prefix in ("from", "to")
    for name in ("Endpoints", "Nodes", "Entities", "CIDR", "CIDRSet")
)
