"""Calico rules as pipeline rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.engines.calico_entities import (
    SOURCE_PORT,
    asks_source_port,
    entity_condition,
    selected,
)
from service.engines.calico_selectors import Catalog
from service.engines.calico_services import ServiceEndpoints
from service.engines.calico_traffic import PortNames, destinations, protocols
from service.engines.calico_windows import MAY_COUNT, may_be_skipped
from service.model.addresses import Family, family_of, parse_cidr
from service.model.assumption import Assumption
from service.model.calico import Action, EntityRule, Rule
from service.model.condition import ALWAYS, NEVER, Assumed, Condition, FamilyIs, all_of
from service.model.network_policy import PolicyType
from service.model.pipeline import ANY_PEER, Direction, Effect, Origin, Peer, Traffic
from service.model.pipeline import Rule as PipelineRule
from service.model.policy import PolicyRef
from service.model.ports import ALL_TRAFFIC

HTTP = Assumption(
    "CalicoHttpMatch",
    "the rule allows certain HTTP requests only, which application layer policy enforces",
)
HTTP_IGNORED = "its http match is ignored: the data plane enforces protocols and ports only"

EFFECTS: Mapping[Action, Effect] = {
    Action.ALLOW: Effect.ALLOW,
    Action.DENY: Effect.DENY,
    Action.PASS: Effect.PASS,
}
RULE = "CalicoRule"


@dataclass(frozen=True, slots=True)
class Translation:
    """What rules are translated with: everything that selectors, names and Services can mean."""

    catalog: Catalog
    names: PortNames
    services: ServiceEndpoints
    enforces_http: bool = False
    names_of_any_protocol: bool = False
    """Whether a port name without a protocol stands for ports of any protocol, or of TCP."""
    has_windows: bool = False
    """Whether policies may be about pods on Windows."""

    def rules(
        self,
        policy: PolicyRef,
        section: PolicyType,
        rules: Sequence[Rule],
        direction: Direction,
        peers: Condition = ALWAYS,
    ) -> Iterator[PipelineRule]:
        """The rules of one section of a policy, for one direction of the pipeline.

        The two differ where a host endpoint's ingress meets what a pod sends. `peers` is
        required of the other end besides.
        """
        for index, rule in enumerate(rules):
            # Log records the packet and goes on with the next rule.
            if rule.action is Action.LOG:
                continue
            pointer = f"/spec/{section.value.lower()}/{index}"
            detail = HTTP_IGNORED if rule.matches_http and not self.enforces_http else ""
            origin = Origin(RULE, policy, pointer, detail)
            yield from self._rule(rule, origin, policy.namespace, direction, peers)

    def _rule(
        self,
        rule: Rule,
        origin: Origin,
        namespace: str,
        direction: Direction,
        peers: Condition,
    ) -> Iterator[PipelineRule]:
        connection = self._connection(rule)
        source = self._source(rule, namespace)
        target = entity_condition(rule.destination, namespace, self.catalog)
        for where, traffic in self._destinations(rule, namespace):
            ends = (source, all_of(target, where))
            local, remote = ends if direction is Direction.EGRESS else reversed(ends)
            if self.has_windows and may_be_skipped(rule):
                local = all_of(local, MAY_COUNT)
            remote = all_of(peers, connection, remote)
            if NEVER in {local, remote, connection} or (not traffic.numbered and not traffic.named):
                continue
            yield PipelineRule(
                EFFECTS[rule.action],
                origin,
                ANY_PEER if remote is ALWAYS else (Peer(remote, origin.pointer),),
                traffic,
                local,
            )

    def _source(self, rule: Rule, namespace: str) -> Condition:
        parts = [entity_condition(rule.source, namespace, self.catalog)]
        if asks_source_port(rule.source):
            parts.append(Assumed(SOURCE_PORT))
        if rule.source.services is not None:
            parts.append(self.services.sources(rule.source.services, namespace))
        return NEVER if NEVER in parts else all_of(*parts)

    def _destinations(self, rule: Rule, namespace: str) -> list[tuple[Condition, Traffic]]:
        if rule.destination.services is None:
            holders = self.catalog.port_holders(selected(rule.destination, namespace))
            return destinations(
                rule, self.names, holders, of_any_protocol=self.names_of_any_protocol
            )
        allowed = protocols(rule)
        return [
            (where, traffic if allowed == ALL_TRAFFIC else Traffic(traffic.numbered & allowed))
            for where, traffic in self.services.destinations(rule.destination.services, namespace)
        ]

    def _connection(self, rule: Rule) -> Condition:
        """What a rule asks of the connection as a whole."""
        families = _families(rule)
        if not families:
            return NEVER
        parts: list[Condition] = [FamilyIs(each) for each in families if len(families) == 1]
        if rule.matches_http and self.enforces_http:
            parts.append(Assumed(HTTP))
        return all_of(*parts)


def _families(rule: Rule) -> set[Family]:
    """The address families that Felix renders a rule for.

    Where a list of blocks has none of a family, the rule is not there in that family at all,
    whether the list is one to match or one not to match (felix/rules/policy.go,
    FilterRuleToIPVersion).
    """
    found = set(Family)
    if rule.ip_version is not None:
        found &= {Family.IPV6 if rule.ip_version == 6 else Family.IPV4}
    for entity in (rule.source, rule.destination):
        for nets in _net_lists(entity):
            found &= {family_of(parse_cidr(each)[0]) for each in nets}
    return found


def _net_lists(entity: EntityRule) -> Iterator[tuple[str, ...]]:
    for key, nets in (("nets", entity.nets), ("notNets", entity.not_nets)):
        # What is lost of a list may be all of a family.
        if nets and key not in entity.lost:
            yield nets
