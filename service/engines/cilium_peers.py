"""The L3 members of Cilium's rules as conditions.

Source: cilium/cilium Documentation/security/policy/layer3.rst, pkg/policy/api, pkg/policy/k8s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.engines.cilium_labels import (
    API_SERVER,
    ENTITIES,
    conjunction,
    peer_selector,
)
from service.engines.cilium_versions import CiliumFeatures
from service.engines.node_selection import nodes_selected
from service.model.addresses import parse_address, parse_cidr
from service.model.assumption import Assumption
from service.model.cilium import (
    CidrGroupPeer,
    CidrPeer,
    CiliumCidrGroup,
    CiliumPeer,
    CiliumSelector,
    EndpointsPeer,
    EntityPeer,
    FqdnPeer,
    GroupPeer,
    NodesPeer,
    ServicePeer,
)
from service.model.condition import (
    ALWAYS,
    IS_EXTERNAL,
    IS_POD,
    NEVER,
    AddressIn,
    Assumed,
    Condition,
    LabelIs,
    LabelScope,
    Relation,
    RelationIs,
    all_of,
    any_of,
    in_namespace,
)
from service.model.intervals import Intervals
from service.model.inventory import Inventory, Service, ServiceType
from service.model.labels import LabelSelector, Operator, Requirement
from service.model.pipeline import Direction

CLOUD_GROUP = Assumption(
    "CiliumCloudGroup", "which addresses a cloud provider's group holds is not part of the upload"
)
UNKNOWN_FIELD = Assumption(
    "CiliumFieldUnknown",
    "this version's CRD does not have a field that the rule uses; the API server either refused "
    "the object or dropped the field",
)
EXTERNAL_SERVICE = Assumption(
    "CiliumServiceAddresses",
    "the addresses behind a Service without selector are not part of the upload",
)


@dataclass(frozen=True, slots=True)
class PeerReader:
    """Reads peers with what a snapshot and the agent's configuration tell."""

    features: CiliumFeatures
    inventory: Inventory
    groups: tuple[CiliumCidrGroup, ...]
    by_address: Condition
    """What CIDRs can match at all: addresses that have no other identity."""
    local_cluster: bool
    learns_names: bool
    """Whether any rule has DNS looked at, so that addresses of names are learnt."""

    def peer(  # noqa: PLR0911 - one branch a member
        self, peer: CiliumPeer, namespace: str, direction: Direction
    ) -> Condition:
        """One element of a member; `namespace` is the policy's, if it has one."""
        match peer:
            case EndpointsPeer(selector):
                return self.endpoints(selector, namespace)
            case EntityPeer(entity):
                return ENTITIES[entity]
            case CidrPeer(cidr, excepts):
                return self._blocks((cidr,), excepts)
            case CidrGroupPeer():
                return self._group(peer, direction)
            case NodesPeer(selector):
                return self._nodes(selector)
            case ServicePeer():
                return self._services(peer)
            case FqdnPeer():
                return self._names(peer)
            case GroupPeer():
                known = self.features.cloud_groups_in_ingress or direction is Direction.EGRESS
                return all_of(IS_EXTERNAL, Assumed(CLOUD_GROUP if known else UNKNOWN_FIELD))

    def endpoints(self, selector: CiliumSelector, namespace: str) -> Condition:
        """What a selector of endpoints means as a peer."""
        return peer_selector(selector, namespace, local_cluster=self.local_cluster)

    def _blocks(self, cidrs: Iterable[str], excepts: Iterable[str]) -> Condition:
        # An except cuts from its own element only.
        inside = Intervals.of(map(block, cidrs)) - Intervals.of(map(block, excepts))
        return all_of(self.by_address, AddressIn(inside))

    def _group(self, peer: CidrGroupPeer, direction: Direction) -> Condition:
        if direction is Direction.EGRESS and not self.features.cidr_groups_in_egress:
            return all_of(self.by_address, Assumed(UNKNOWN_FIELD))
        chosen = [
            each
            for each in self.groups
            if (
                peer.selector.matches(each.labels)
                if peer.selector is not None
                else each.ref.name == peer.name
            )
        ]
        if not chosen:
            wanted = peer.name or str(peer.selector)
            missing = Assumption(
                "CiliumCidrGroupMissing",
                f"CiliumCIDRGroup {wanted} is not part of the upload; without it the rule "
                "would mean no address",
            )
            return all_of(self.by_address, Assumed(missing))
        return self._blocks((cidr for each in chosen for cidr in each.cidrs), peer.excepts)

    def _nodes(self, selector: CiliumSelector) -> Condition:
        if not self.features.reads_node_peers:
            return Assumed(UNKNOWN_FIELD)
        # Only other nodes are meant; the own one has the identity "host".
        chosen = nodes_selected(self.inventory, plain_selector(selector))
        return all_of(chosen, RelationIs(Relation.OTHER_NODE))

    def _services(self, peer: ServicePeer) -> Condition:
        found = [each for each in self.inventory.services if _means(peer, each)]
        if not found and not self.inventory.services:
            missing = Assumption(
                "CiliumServiceMissing",
                "toServices refers to a Service, and the upload holds no Services",
            )
            return Assumed(missing)
        return any_of(*map(self._service, found))

    def _service(self, service: Service) -> Condition:
        if service.type is ServiceType.EXTERNAL_NAME:
            # Cilium leaves them out when it reads Services (pkg/k8s/service.go, ParseService).
            return NEVER
        if not service.selector:
            is_api_server = (service.namespace, service.name) == ("default", "kubernetes")
            doubt = API_SERVER if is_api_server else EXTERNAL_SERVICE
            return all_of(self.by_address, Assumed(doubt))
        if not self.features.services_by_selector:
            return NEVER
        labels = (
            LabelIs(LabelScope.POD, Requirement(key, Operator.IN, (wanted,)))
            for key, wanted in sorted(service.selector.items())
        )
        return all_of(IS_POD, in_namespace(service.namespace), *labels)

    def _names(self, peer: FqdnPeer) -> Condition:
        if not self.learns_names:
            return NEVER
        wanted = peer.match_name or peer.match_pattern
        learnt = Assumption(
            "CiliumFqdn",
            f"whether the address was learnt from a DNS answer about {wanted} shows only while "
            "pods run",
        )
        return all_of(IS_EXTERNAL, Assumed(learnt))


def block(text: str) -> tuple[int, int]:
    """The first and last point of a CIDR or of a bare address."""
    if "/" in text:
        return parse_cidr(text)
    point = parse_address(text)
    return point, point


def plain_selector(selector: CiliumSelector) -> LabelSelector:
    """A selector without the sources of its labels, for objects that have one source."""
    return LabelSelector(tuple(each.requirement for each in selector.requirements))


def required(reader: PeerReader, selectors: Iterable[CiliumSelector], namespace: str) -> Condition:
    """`fromRequires` or `toRequires`: every element must hold."""
    return conjunction(ALWAYS, *(reader.endpoints(each, namespace) for each in selectors))


def _means(peer: ServicePeer, service: Service) -> bool:
    if peer.namespace and peer.namespace != service.namespace:
        return False
    if peer.selector is not None:
        return peer.selector.matches(service.labels)
    return peer.name == service.name
