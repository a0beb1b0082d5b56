"""networking.k8s.io/v1 NetworkPolicy after the API server's defaulting and validation.

Field semantics: kubernetes/api networking/v1/types.go. Missing, null and empty lists are the
same value here, as they are after a round trip through the API server.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.model.labels import EVERYTHING, LabelSelector
from service.model.policy import PolicyRef, Position


class PolicyType(StrEnum):
    """The directions that `policyTypes` lists."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


@dataclass(frozen=True, slots=True)
class IPBlock:
    """`ipBlock`: a CIDR without the CIDRs of `excepts`, all as written."""

    cidr: str
    excepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkPolicyPeer:
    """One element of `from` or `to`; its fields are ANDed."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None


@dataclass(frozen=True, slots=True)
class NetworkPolicyPort:
    """One element of `ports`; `port` None means every port of the protocol."""

    protocol: str = "TCP"
    port: int | str | None = None
    end_port: int | None = None


@dataclass(frozen=True, slots=True)
class NetworkPolicyRule:
    """One ingress or egress rule; empty `peers` means any peer, empty `ports` any traffic."""

    peers: tuple[NetworkPolicyPeer, ...] = ()
    ports: tuple[NetworkPolicyPort, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """A NetworkPolicy; `policy_types` is never empty."""

    ref: PolicyRef
    policy_types: frozenset[PolicyType]
    pod_selector: LabelSelector = EVERYTHING
    ingress: tuple[NetworkPolicyRule, ...] = ()
    egress: tuple[NetworkPolicyRule, ...] = ()
    position: Position = Position()

    def rules(self, direction: PolicyType) -> tuple[NetworkPolicyRule, ...]:
        """The rules of one direction, whether or not `policy_types` lists it."""
        return self.ingress if direction is PolicyType.INGRESS else self.egress
