"""Calico's policy objects as typed values, after defaulting, validation and name normalisation.

Field semantics: projectcalico/calico api/pkg/apis/projectcalico/v3. Missing, null and empty
are the same value here. Both API forms (projectcalico.org/v3 and the stored
crd.projectcalico.org/v1) give the same types; `ref.api_version` tells which it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service.model.calico_selector import Selector
from service.model.network_policy import PolicyType
from service.model.policy import PolicyRef, Position

API = "projectcalico.org/v3"
STORED_API = "crd.projectcalico.org/v1"

DEFAULT_TIER = "default"
DEFAULT_TIER_ORDER = 1_000_000.0
NETWORK_POLICY_ORDER = 1000.0
"""Where Kubernetes NetworkPolicies stand in the default tier."""


class Action(StrEnum):
    """What a rule does with what it matches; Log goes on with the next rule."""

    ALLOW = "Allow"
    DENY = "Deny"
    LOG = "Log"
    PASS = "Pass"


@dataclass(frozen=True, slots=True)
class PortRange:
    """Ports from `low` to `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class IcmpMatch:
    """`icmp` and `notICMP`; a code comes with a type."""

    type: int | None = None
    code: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceAccountMatch:
    """Names and selector are ANDed; no names mean any name."""

    names: tuple[str, ...] = ()
    selector: Selector | None = None


@dataclass(frozen=True, slots=True)
class ServiceMatch:
    """A Service by name; without a namespace it is the policy's own."""

    name: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class EntityRule:
    """`source` or `destination` of a rule; its fields are ANDed, None and empty match anything."""

    selector: Selector | None = None
    not_selector: Selector | None = None
    namespace_selector: Selector | None = None
    nets: tuple[str, ...] = ()
    not_nets: tuple[str, ...] = ()
    ports: tuple[PortRange | str, ...] = ()
    not_ports: tuple[PortRange | str, ...] = ()
    service_accounts: ServiceAccountMatch | None = None
    services: ServiceMatch | None = None
    lost: tuple[str, ...] = ()
    """Restrictions that Felix cannot parse and loses, by field; stored objects only."""


ANY_ENTITY = EntityRule()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; protocols are IANA numbers, None means any."""

    action: Action
    protocol: int | None = None
    not_protocol: int | None = None
    ip_version: int | None = None
    icmp: IcmpMatch | None = None
    not_icmp: IcmpMatch | None = None
    source: EntityRule = ANY_ENTITY
    destination: EntityRule = ANY_ENTITY
    matches_http: bool = False
    """Whether there is an `http` match, which only application layer policy enforces."""


@dataclass(frozen=True, slots=True)
class CalicoPolicy:
    """A NetworkPolicy (in a namespace) or GlobalNetworkPolicy; `types` is never empty.

    `unreadable` says why Felix treats a stored object as if it were not there.
    """

    ref: PolicyRef
    types: frozenset[PolicyType]
    selector: Selector | None = None
    namespace_selector: Selector | None = None
    service_account_selector: Selector | None = None
    tier: str = DEFAULT_TIER
    order: float | None = None
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()
    do_not_track: bool = False
    pre_dnat: bool = False
    apply_on_forward: bool = False
    lost: tuple[str, ...] = ()
    """Like `EntityRule.lost`, for the policy's own selectors."""
    unreadable: tuple[str, ...] = ()
    position: Position = Position()

    def rules(self, direction: PolicyType) -> tuple[Rule, ...]:
        """The rules of one direction, whether or not `types` lists it."""
        return self.ingress if direction is PolicyType.INGRESS else self.egress


@dataclass(frozen=True, slots=True)
class StagedPolicy:
    """A staged policy of any kind: never enforced."""

    ref: PolicyRef
    position: Position = Position()


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier; `order` None stands after every number."""

    ref: PolicyRef
    order: float | None = None
    default_action: Action = Action.DENY
    position: Position = Position()


@dataclass(frozen=True, slots=True)
class NetworkSet:
    """A NetworkSet (in a namespace) or GlobalNetworkSet: addresses that labels select."""

    ref: PolicyRef
    labels: Mapping[str, str] = field(default_factory=dict)
    nets: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    position: Position = Position()


@dataclass(frozen=True, slots=True)
class HostPort:
    """A port of a host endpoint by name."""

    name: str
    protocol: int
    number: int


ALL_INTERFACES = "*"


@dataclass(frozen=True, slots=True)
class HostEndpoint:
    """An interface of a node, or with `interface` "*" all of them."""

    ref: PolicyRef
    node: str
    interface: str = ""
    expected_addresses: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    ports: tuple[HostPort, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    position: Position = Position()


@dataclass(frozen=True, slots=True)
class Profile:
    """Rules that apply where no policy decided."""

    ref: PolicyRef
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()
    labels_to_apply: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    position: Position = Position()

    def rules(self, direction: PolicyType) -> tuple[Rule, ...]:
        """The rules of one direction."""
        return self.ingress if direction is PolicyType.INGRESS else self.egress


CalicoObject = CalicoPolicy | StagedPolicy | Tier | NetworkSet | HostEndpoint | Profile
