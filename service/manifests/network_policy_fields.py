"""The fields of networking.k8s.io/v1 NetworkPolicy; unknown ones are forbidden.

Zero values are those of the Go types: what is a pointer there may be None here.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field


class Closed(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """What kubectl and the API server check strictly."""


class ClosedMetadata(Closed, frozen=True):
    """All of ObjectMeta; what the server sets is let through unread."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    self_link: Any = None
    uid: Any = None
    resource_version: Any = None
    generation: Any = None
    creation_timestamp: Any = None
    deletion_timestamp: Any = None
    deletion_grace_period_seconds: Any = None
    owner_references: Any = None
    finalizers: Any = None
    managed_fields: Any = None
    cluster_name: Any = None


class RequirementField(Closed, frozen=True):
    """One of `matchExpressions`."""

    key: str = ""
    operator: str = ""
    values: list[str] = []


class SelectorField(Closed, frozen=True):
    """A LabelSelector."""

    match_labels: dict[str, str] = {}
    match_expressions: list[RequirementField] = []


class IPBlockField(Closed, frozen=True):
    """`ipBlock`."""

    cidr: str = ""
    excepts: list[str] = field(default_factory=list, name="except")


class PeerField(Closed, frozen=True):
    """One element of `from` or `to`."""

    pod_selector: SelectorField | None = None
    namespace_selector: SelectorField | None = None
    ip_block: IPBlockField | None = None


class PortField(Closed, frozen=True):
    """One element of `ports`."""

    protocol: str | None = None
    port: int | str | None = None
    end_port: int | None = None


class IngressRuleField(Closed, frozen=True):
    """One element of `ingress`."""

    peers: list[PeerField] = field(default_factory=list, name="from")
    ports: list[PortField] = []


class EgressRuleField(Closed, frozen=True):
    """One element of `egress`."""

    peers: list[PeerField] = field(default_factory=list, name="to")
    ports: list[PortField] = []


class SpecField(Closed, frozen=True):
    """`spec`."""

    pod_selector: SelectorField = SelectorField()
    ingress: list[IngressRuleField] = []
    egress: list[EgressRuleField] = []
    policy_types: list[str] = []


class NetworkPolicyField(Closed, frozen=True):
    """The whole object; old clusters print a `status`."""

    api_version: Any = None
    kind: Any = None
    metadata: ClosedMetadata = ClosedMetadata()
    spec: SpecField = SpecField()
    status: Any = None
