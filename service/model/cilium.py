"""CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy and CiliumCIDRGroup.

Field semantics: cilium/cilium pkg/policy/api. Other than in NetworkPolicy a missing list and an
empty one differ here: without any L3 member a rule is about every peer, with an empty one
about none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service.model.labels import LabelSelector, Requirement
from service.model.network_policy import PolicyType
from service.model.policy import PolicyRef, Position

CILIUM_NETWORK_POLICY = "CiliumNetworkPolicy"
CILIUM_CLUSTERWIDE_NETWORK_POLICY = "CiliumClusterwideNetworkPolicy"
CILIUM_CIDR_GROUP = "CiliumCIDRGroup"

ANY_SOURCE = "any"
K8S_SOURCE = "k8s"
RESERVED_SOURCE = "reserved"
POD_NAMESPACE_KEY = "io.kubernetes.pod.namespace"
NAMESPACE_LABELS_PREFIX = "io.cilium.k8s.namespace.labels."
SERVICE_ACCOUNT_KEY = "io.cilium.k8s.policy.serviceaccount"
CLUSTER_KEY = "io.cilium.k8s.policy.cluster"


@dataclass(frozen=True, slots=True)
class SourcedRequirement:
    """A requirement on a label of one source: `k8s`, `reserved`, `cidr`, ... or `any`."""

    source: str
    requirement: Requirement


@dataclass(frozen=True, slots=True)
class CiliumSelector:
    """Requirements that must all hold; none at all selects everything in scope."""

    requirements: tuple[SourcedRequirement, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointsPeer:
    """One element of `fromEndpoints` or `toEndpoints`."""

    selector: CiliumSelector


@dataclass(frozen=True, slots=True)
class NodesPeer:
    """One element of `fromNodes` or `toNodes`."""

    selector: CiliumSelector


@dataclass(frozen=True, slots=True)
class EntityPeer:
    """One element of `fromEntities` or `toEntities`."""

    entity: str


@dataclass(frozen=True, slots=True)
class CidrPeer:
    """A CIDR or bare address without the CIDRs of `excepts`, all as written."""

    cidr: str
    excepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CidrGroupPeer:
    """CiliumCIDRGroups by name or by their labels, without the CIDRs of `excepts`."""

    name: str = ""
    selector: LabelSelector | None = None
    excepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServicePeer:
    """Services by name or by their labels; an empty namespace is every namespace."""

    namespace: str = ""
    name: str = ""
    selector: LabelSelector | None = None


@dataclass(frozen=True, slots=True)
class FqdnPeer:
    """A DNS name or a pattern; what it resolves to is learnt while pods ask for it."""

    match_name: str = ""
    match_pattern: str = ""


@dataclass(frozen=True, slots=True)
class GroupPeer:
    """A group of a cloud provider, which the operator turns into addresses."""

    text: str


CiliumPeer = (
    EndpointsPeer
    | NodesPeer
    | EntityPeer
    | CidrPeer
    | CidrGroupPeer
    | ServicePeer
    | FqdnPeer
    | GroupPeer
)


@dataclass(frozen=True, slots=True)
class CiliumPort:
    """One element of `ports`; port 0 stands for all ports, protocol ANY for TCP, UDP and SCTP."""

    port: int | str
    protocol: str = "ANY"
    end_port: int | None = None


class L7Kind(StrEnum):
    """What looks into the connection beyond ports."""

    HTTP = "Http"
    DNS = "Dns"
    KAFKA = "Kafka"
    CUSTOM = "Custom"
    """A proxy filter or listener of its own."""
    SERVER_NAME = "ServerName"
    """The name that a TLS client asks for."""


@dataclass(frozen=True, slots=True)
class L7Filter:
    """A filter of `toPorts`; `names` are the names and patterns of DNS rules."""

    kind: L7Kind
    names: tuple[FqdnPeer, ...] = ()


@dataclass(frozen=True, slots=True)
class PortRule:
    """One element of `toPorts`; without ports it is about no traffic at all."""

    ports: tuple[CiliumPort, ...] = ()
    l7: L7Filter | None = None


@dataclass(frozen=True, slots=True)
class IcmpField:
    """One ICMP type, of ICMP (IPv4) or ICMPv6."""

    icmp_type: int
    family: str = "IPv4"


@dataclass(frozen=True, slots=True)
class CiliumRule:
    """One element of `ingress`, `ingressDeny`, `egress` or `egressDeny`.

    `peers`: None without any L3 member (every peer), empty where a member is an empty list
    (no peer). `member` is the name of that member.
    """

    pointer: str
    peers: tuple[CiliumPeer, ...] | None = None
    member: str = ""
    requires: tuple[CiliumSelector, ...] = ()
    """`fromRequires` or `toRequires`."""
    to_ports: tuple[PortRule, ...] | None = None
    icmps: tuple[IcmpField, ...] | None = None
    needs_authentication: bool = False
    unknown_fields: tuple[str, ...] = ()
    """Members that are not known here, so that the rule may mean less than it seems to."""


@dataclass(frozen=True, slots=True)
class CiliumSpec:
    """`spec`, or one element of `specs`; a policy of its own within the object.

    Exactly one of `endpoints` and `nodes` is given.
    """

    pointer: str
    endpoints: CiliumSelector | None = None
    nodes: CiliumSelector | None = None
    ingress: tuple[CiliumRule, ...] = ()
    ingress_deny: tuple[CiliumRule, ...] = ()
    egress: tuple[CiliumRule, ...] = ()
    egress_deny: tuple[CiliumRule, ...] = ()
    default_deny_ingress: bool | None = None
    default_deny_egress: bool | None = None

    def allowing(self, direction: PolicyType) -> tuple[CiliumRule, ...]:
        """The rules that let through, of one direction."""
        return self.ingress if direction is PolicyType.INGRESS else self.egress

    def denying(self, direction: PolicyType) -> tuple[CiliumRule, ...]:
        """The rules that drop, of one direction."""
        return self.ingress_deny if direction is PolicyType.INGRESS else self.egress_deny

    def default_deny(self, direction: PolicyType) -> bool | None:
        """`enableDefaultDeny` of one direction; None where it is not given."""
        if direction is PolicyType.INGRESS:
            return self.default_deny_ingress
        return self.default_deny_egress


class VersionedReason(StrEnum):
    """Why some versions of the agent refuse an object whole that others take."""

    EMPTY_RULE = "CiliumEmptyRule"
    SERVICES_WITH_PORTS = "CiliumServicesWithPorts"
    STORED_INVALID = "CiliumInvalidRule"
    """Invalid in every version, and yet in the API server."""


@dataclass(frozen=True, slots=True)
class AgentRefusal:
    """A reason for which the agent refuses the whole object, though the API server took it."""

    reason: VersionedReason
    detail: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class CiliumPolicy:
    """A CiliumNetworkPolicy or, without a namespace, a CiliumClusterwideNetworkPolicy."""

    ref: PolicyRef
    specs: tuple[CiliumSpec, ...]
    refusals: tuple[AgentRefusal, ...] = ()
    position: Position = Position()

    @property
    def is_clusterwide(self) -> bool:
        """Whether selectors reach over all namespaces."""
        return self.ref.kind == CILIUM_CLUSTERWIDE_NETWORK_POLICY

    @property
    def is_invalid(self) -> bool:
        """Whether every version of the agent refuses it, stored as it is."""
        return any(each.reason is VersionedReason.STORED_INVALID for each in self.refusals)


@dataclass(frozen=True, slots=True)
class CiliumCidrGroup:
    """CIDRs under a name, for rules to refer to; nothing by itself."""

    ref: PolicyRef
    cidrs: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    position: Position = Position()
