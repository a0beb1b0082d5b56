"""A second reading of Cilium's policies, made only to disagree with the first.

It walks plain manifests for one connection at a time, by identities and their labels, the way the
documentation tells it (Documentation/security/policy, Documentation/network/kubernetes). It knows
nothing of pipelines, has its own matcher of selectors, and imports nothing from `service`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.property.naive import End, Manifest, Party, labels_match
from tests.property.naive_cilium_rules import filter_of
from tests.property.naive_cilium_tiers import ClusterTiers
from tests.property.naive_identities import (
    META,
    NAMESPACE,
    SIDES,
    Agent,
    Packet,
    Truth,
    either,
    every,
    is_world,
    prefixed,
)


@dataclass
class _Found:
    """What the policies of one direction say of a packet."""

    isolated: list[Truth] = field(default_factory=list)
    denied: list[Truth] = field(default_factory=list)
    allowed: list[Truth] = field(default_factory=list)
    inspected: list[Truth] = field(default_factory=list)
    """By a proxy that refuses by itself what no rule of its own lets through."""
    watched: list[Truth] = field(default_factory=list)
    """By a proxy that refuses only where default deny is on."""

    def outcomes(self, last: Truth) -> set[str]:
        """Accept, Deny, or Next where no policy isolates and none decides.

        `last` is what a baseline that accepts perhaps adds, where nothing else allows.
        """
        found: set[str] = set()
        for truths, outcomes in (
            (self.denied, {"Deny"}),
            (self.allowed, {"Accept"}),
            # What the rules of a proxy mean for a packet is not told; it refuses the rest.
            (self.inspected, {"Accept", "Deny"}),
        ):
            met = either(truths)
            if met is not False:
                found |= outcomes
            if met is True:
                return found
        if either([*self.watched, last]) is not False:
            found.add("Accept")
        isolated = either(self.isolated)
        if isolated is not False:
            found.add("Deny")
        return found if isolated is True else found | {"Next"}


#: What a ping asks, by family: protocol and type.
_ECHO = {4: ("ICMP", 8), 6: ("ICMPV6", 128)}


class NaiveCilium(ClusterTiers):
    """Manifests of one cluster."""

    def __init__(self, manifests: list[Manifest], agent: Agent) -> None:
        super().__init__(manifests, agent)
        self.policies = [each for each in manifests if each["apiVersion"] == "networking.k8s.io/v1"]
        own = [each for each in manifests if each["kind"] in _KINDS]
        self._own = [each for each in own if not self._is_refused(each)]
        self.learns_names = any("dns" in each.get("rules", {}) for each in self._port_rules())

    def possible(self, source: End, destination: End, protocol: str, port: int) -> set[bool]:
        """The answers of the address families that the ends share."""
        if source == destination:
            return {True}
        answers: set[bool] = set()
        for family in self._families(source, destination):
            for mine in self._parties(source, family, False):
                for theirs in self._parties(destination, family, False):
                    asked = _ECHO[family] if protocol == "ICMP" else (protocol, port)
                    answer = self._passes(mine, theirs, *asked)
                    answers |= {True, False} if answer is None else {answer}
        return answers

    def _parties(self, end: End, family: int, host_pods_are_pods: bool) -> Iterator[Party]:
        for each in super()._parties(end, family, host_pods_are_pods):
            if each.address is not None:
                yield each

    def _passes(self, source: Party, destination: Party, protocol: str, port: int) -> Truth:
        return every(
            [
                self._decides(Packet("Egress", source, destination, destination, protocol, port)),
                self._decides(Packet("Ingress", destination, source, destination, protocol, port)),
            ]
        )

    def _decides(self, packet: Packet) -> Truth:
        subject = packet.subject
        if subject.pod is None and not subject.uses_node_network:
            return True
        sctp: Truth = True
        if packet.protocol == "SCTP" and subject.pod is not None:
            sctp = {"enabled": True, "disabled": False}.get(self.agent.options.get("sctp", ""))
        if self.agent.has("policyEnforcement", "never"):
            return sctp
        answers = {self._within(packet, order) for order in self._orders()}
        return every([sctp, answers.pop() if len(answers) == 1 else None])

    def _within(self, packet: Packet, order: Mapping[str, int]) -> Truth:
        """Tiers of cluster policies around what NetworkPolicies and Cilium's own share."""
        outcomes = self._tier("Admin", packet, order)
        if "Next" in outcomes:
            said = self._policies_say(packet).outcomes(self._accepted_last(packet))
            outcomes = outcomes - {"Next"} | said
        if "Next" in outcomes:
            outcomes = outcomes - {"Next"} | self._tier("Baseline", packet, order)
        answers = {each != "Deny" for each in outcomes}
        return answers.pop() if len(answers) == 1 else None

    # Cilium's own policies

    def _policies_say(self, packet: Packet) -> _Found:
        found = _Found()
        if packet.subject.pod is not None:
            if self.agent.has("policyEnforcement", "always"):
                found.isolated.append(True)
            near = packet.peer.uses_node_network and packet.peer.node == packet.subject.node
            if packet.kind == "Ingress" and near:
                # The entry that lets the local host in is one to allow, which denials beat.
                found.allowed.append(True)
            for policy in self.policies:
                self._add_network_policy(policy, packet, found)
        specs = [(each, spec) for each in self._own for spec in _specs(each)]
        chosen = [each for each in specs if self._selects_subject(*each, packet)]
        for policy, spec in chosen:
            self._add(policy, spec, packet, found)
        return found

    def _selects_subject(self, policy: Manifest, spec: Manifest, packet: Packet) -> bool:
        subject = packet.subject
        if "nodeSelector" in spec:
            if not self.agent.has("hostFirewall") or not subject.uses_node_network:
                return False
            return labels_match(spec["nodeSelector"], self._node_labels(subject))
        if subject.pod is None:
            return False
        namespace = policy["metadata"].get("namespace")
        selector = dict(spec.get("endpointSelector") or {})
        if namespace:
            # Its own namespace is written into the labels of the selector, over a foreign one.
            labels = {**(selector.get("matchLabels") or {}), f"k8s:{NAMESPACE}": namespace}
            selector["matchLabels"] = labels
        return self._matches(selector, self._identity(subject, subject)) is True

    def _add(self, policy: Manifest, spec: Manifest, packet: Packet, found: _Found) -> None:
        section, place = SIDES[packet.kind]
        rules, denials = spec.get(section) or (), spec.get(f"{section}Deny") or ()
        if not rules and not denials:
            return
        switch = (spec.get("enableDefaultDeny") or {}).get(section)
        if switch is False and not self.agent.since(16):
            found.isolated.append(None)
        else:
            found.isolated.append(switch is not False)
        namespace = policy["metadata"].get("namespace", "")
        needed = self._required(rules, place, namespace, packet)
        if needed is not True and packet.peer.pod is not None and not self.agent.since(19):
            found.denied.append(None)
        for rule in denials:
            peers = self._peers(rule, place, namespace, packet)
            found.denied.append(every([peers, self._is_on_port(rule, packet)]))
        for rule in rules:
            peers = self._peers(rule, place, namespace, packet)
            if f"{place}Endpoints" in rule and not self.agent.since(19):
                peers = every([peers, needed])
            if (rule.get("authentication") or {}).get("mode") == "required":
                found.inspected.append(every([peers, self._is_on_port(rule, packet, l7=True)]))
                continue
            found.allowed.append(every([peers, self._is_on_port(rule, packet)]))
            for each in rule.get("toPorts") or ():
                kind = filter_of(each)
                listed = self._is_listed(each["ports"], packet)
                if not kind or listed is False:
                    continue
                # With default deny off, a proxy lets through what no rule of it is about.
                spared = (
                    switch is False and self.agent.since(16) and kind in {"http", "kafka", "dns"}
                )
                (found.watched if spared else found.inspected).append(every([peers, listed]))

    def _required(
        self, rules: Sequence[Manifest], place: str, namespace: str, packet: Packet
    ) -> Truth:
        return every(
            self._is_endpoint(each, namespace, packet)
            for rule in rules
            for each in rule.get(f"{place}Requires") or ()
        )

    def _is_refused(self, policy: Manifest) -> bool:
        """What the agent does not import at all."""
        for spec in _specs(policy):
            every_rule = [
                rule
                for section, _ in SIDES.values()
                for end in ("", "Deny")
                for rule in spec.get(section + end) or ()
            ]
            if not every_rule and self.agent.since(17):
                return True
            for rule in every_rule:
                by_node = "fromNodes" in rule or "toNodes" in rule
                if by_node and self.agent.since(16) and not self.agent.has("nodeSelectorLabels"):
                    return True
                if "toServices" in rule and "toPorts" in rule and not self.agent.since(17):
                    return True
        return False

    def _port_rules(self) -> Iterator[Manifest]:
        for policy in self._own:
            for spec in _specs(policy):
                for rule in spec.get("egress") or ():
                    yield from rule.get("toPorts") or ()

    # NetworkPolicies

    def _add_network_policy(self, policy: Manifest, packet: Packet, found: _Found) -> None:
        section, field_name = SIDES[packet.kind]
        spec, namespace = policy["spec"], policy["metadata"]["namespace"]
        types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
        rules = spec.get(section) or ()
        # Both sections are translated, listed or not.
        if packet.kind not in types and not rules:
            return
        own = self._identity(packet.subject, packet.subject)
        if packet.subject.namespace != namespace:
            return
        if self._matches(prefixed(spec.get("podSelector") or {}), own) is not True:
            return
        found.isolated.append(True)
        for rule in rules:
            peers = rule.get(field_name)
            matched: Truth = True
            if peers:
                matched = either(self._is_plain_peer(each, namespace, packet) for each in peers)
            ports = rule.get("ports") or ()
            listed = not ports or either(self._is_plain_port(each, packet) for each in ports)
            found.allowed.append(every([matched, listed]))

    def _is_plain_peer(self, wanted: Manifest, namespace: str, packet: Packet) -> Truth:
        block = wanted.get("ipBlock")
        if block is not None:
            return self._has_address([block["cidr"]], block.get("except") or [], packet)
        pods = prefixed(wanted.get("podSelector") or {})
        places = wanted.get("namespaceSelector")
        labels = self._identity(packet.peer, packet.subject)
        matched = self._matches(pods, labels)
        is_pod = packet.peer.pod is not None
        if places is None:
            return every([matched, is_pod and packet.peer.namespace == namespace])
        matched = every([matched, self._matches(prefixed(places, META), labels)])
        if is_pod:
            return matched
        only_negative = bool(places.get("matchExpressions")) and not places.get("matchLabels")
        only_negative &= all(
            each["operator"] in {"NotIn", "DoesNotExist"}
            for each in places.get("matchExpressions") or ()
        )
        if not only_negative:
            # Without a term of its own, the namespace's label is asked for.
            return False
        if not self.agent.since(19):
            return matched
        return False if is_world(packet.peer) else every([matched, None])

    def _is_plain_port(self, wanted: Manifest, packet: Packet) -> Truth:
        if (wanted.get("protocol") or "TCP") != packet.protocol:
            return False
        port = wanted.get("port")
        if port is None:
            return True
        if isinstance(port, str):
            return self._is_named(port, packet)
        last = wanted.get("endPort") if self.agent.since(17) else None
        return bool(port <= packet.number <= (last or port))


_KINDS = {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"}


def _specs(policy: Manifest) -> list[Manifest]:
    return [*([policy["spec"]] if "spec" in policy else []), *policy.get("specs", [])]
