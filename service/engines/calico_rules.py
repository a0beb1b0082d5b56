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
from service.model.addresses import Family
from service.model.assumption import Assumption
from service.model.calico import Action, Rule
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
        source = self._source(rule, namespace)
        target = entity_condition(rule.destination, namespace, self.catalog)
        for where, traffic in self._destinations(rule, namespace):
            ends = (source, all_of(target, where))
            local, remote = ends if direction is Direction.EGRESS else reversed(ends)
            remote = all_of(peers, self._connection(rule), remote)
            if NEVER in {local, remote} or (not traffic.numbered and not traffic.named):
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
            return destinations(rule, self.names, holders)
        allowed = protocols(rule)
        return [
            (where, traffic if allowed == ALL_TRAFFIC else Traffic(traffic.numbered & allowed))
            for where, traffic in self.services.destinations(rule.destination.services, namespace)
        ]

    def _connection(self, rule: Rule) -> Condition:
        """What a rule asks of the connection as a whole."""
        parts: list[Condition] = []
        if rule.ip_version is not None:
            parts.append(FamilyIs(Family.IPV6 if rule.ip_version == 6 else Family.IPV4))
        if rule.matches_http and self.enforces_http:
            parts.append(Assumed(HTTP))
        return all_of(*parts)
