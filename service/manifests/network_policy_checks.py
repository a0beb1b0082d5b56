"""Validation of NetworkPolicy as the API server does it, with every fault listed.

Rules: kubernetes/kubernetes pkg/apis/networking/validation, apimachinery
pkg/apis/meta/v1/validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.manifests.cidrs import Block, parse_block
from service.manifests.names import (
    label_key_fault,
    label_value_fault,
    port_name_fault,
    port_number_fault,
    protocol_fault,
)
from service.manifests.network_policy_fields import (
    EgressRuleField,
    IngressRuleField,
    IPBlockField,
    PeerField,
    PortField,
    RequirementField,
    SelectorField,
    SpecField,
)
from service.manifests.readings import Note
from service.manifests.schema import escape
from service.model.finding import Severity
from service.model.labels import Operator
from service.model.network_policy import PolicyType

_WITH_VALUES = frozenset({Operator.IN, Operator.NOT_IN})
_WITHOUT_VALUES = frozenset({Operator.EXISTS, Operator.DOES_NOT_EXIST})


class SpecCheck:
    """Notes what is wrong with one spec."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def _fault(self, code: str, detail: str, pointer: str) -> None:
        self.notes.append(Note(code, detail, pointer))

    def spec(self, spec: SpecField) -> None:
        """Check everything below /spec."""
        self._selector(spec.pod_selector, "/spec/podSelector")
        self._rules(spec.ingress, "/spec/ingress", "from")
        self._rules(spec.egress, "/spec/egress", "to")
        self._policy_types(spec.policy_types)

    def labels(self, labels: Mapping[str, str], pointer: str) -> None:
        """Check a map of labels."""
        for key, value in labels.items():
            wrong_key, wrong_value = label_key_fault(key), label_value_fault(value)
            if wrong_key:
                detail = f"the label key {key!r} {wrong_key}"
                self._fault("InvalidLabelKey", detail, f"{pointer}/{escape(key)}")
            if wrong_value:
                detail = f"the label value {value!r} {wrong_value}"
                self._fault("InvalidLabelValue", detail, f"{pointer}/{escape(key)}")

    def annotations(self, annotations: Mapping[str, str], pointer: str) -> None:
        """Check the keys of annotations; their letter case does not matter."""
        for key in annotations:
            if wrong := label_key_fault(key.lower()):
                detail = f"the annotation key {key!r} {wrong}"
                self._fault("InvalidAnnotationKey", detail, f"{pointer}/{escape(key)}")

    def _policy_types(self, policy_types: Sequence[str]) -> None:
        if len(policy_types) > 2:
            detail = "there must be no more than two policyTypes"
            self._fault("TooManyPolicyTypes", detail, "/spec/policyTypes")
            return
        for at, each in enumerate(policy_types):
            if each not in tuple(PolicyType):
                detail = f"the policy type {each!r} must be one of Ingress, Egress"
                self._fault("InvalidPolicyType", detail, f"/spec/policyTypes/{at}")

    def _rules(
        self, rules: Sequence[IngressRuleField | EgressRuleField], pointer: str, peers: str
    ) -> None:
        for at, rule in enumerate(rules):
            for port_at, port in enumerate(rule.ports):
                self._port(port, f"{pointer}/{at}/ports/{port_at}")
            for peer_at, peer in enumerate(rule.peers):
                self._peer(peer, f"{pointer}/{at}/{peers}/{peer_at}")

    def _port(self, port: PortField, pointer: str) -> None:
        if port.protocol is not None and (wrong := protocol_fault(port.protocol)):
            detail = f"the protocol {port.protocol!r} {wrong}"
            self._fault("InvalidProtocol", detail, f"{pointer}/protocol")
        if isinstance(port.port, str) and (wrong := port_name_fault(port.port)):
            detail = f"the port name {port.port!r} {wrong}"
            self._fault("InvalidPortName", detail, f"{pointer}/port")
        if isinstance(port.port, int) and (wrong := port_number_fault(port.port)):
            self._fault("InvalidPort", f"the port {port.port} {wrong}", f"{pointer}/port")
        if port.end_port is not None and (wrong := _end_port_fault(port.port, port.end_port)):
            self._fault("InvalidEndPort", wrong, f"{pointer}/endPort")

    def _peer(self, peer: PeerField, pointer: str) -> None:
        selectors = (
            ("podSelector", peer.pod_selector),
            ("namespaceSelector", peer.namespace_selector),
        )
        given = [(name, each) for name, each in selectors if each is not None]
        for name, each in given:
            self._selector(each, f"{pointer}/{name}")
        if peer.ip_block is not None:
            self._ip_block(peer.ip_block, f"{pointer}/ipBlock")
            if given:
                detail = "ipBlock must not stand beside podSelector or namespaceSelector"
                self._fault("ConflictingPeer", detail, pointer)
        elif not given:
            detail = "a peer needs podSelector, namespaceSelector or ipBlock"
            self._fault("EmptyPeer", detail, pointer)

    def _ip_block(self, block: IPBlockField, pointer: str) -> None:
        if not block.cidr:
            self._fault("RequiredField", "cidr is missing", f"{pointer}/cidr")
            return
        whole = self._cidr(block.cidr, f"{pointer}/cidr")
        for at, text in enumerate(block.excepts):
            where = f"{pointer}/except/{at}"
            part = self._cidr(text, where)
            if whole is None or part is None:
                continue
            if not whole.strictly_contains(part):
                detail = f"{text} must lie inside of {block.cidr} and be smaller"
                self._fault("ExceptOutsideCidr", detail, where)

    def _cidr(self, text: str, pointer: str) -> Block | None:
        block = parse_block(text)
        if block is None:
            detail = f"{text!r} is not a CIDR block such as 10.9.8.0/24 or 2001:db8::/64"
            self._fault("InvalidCidr", detail, pointer)
            return None
        for code, detail in block.oddities:
            self.notes.append(Note(code, f"{text}: {detail}", pointer, Severity.LOW))
        return block

    def _selector(self, selector: SelectorField, pointer: str) -> None:
        if selector.match_labels:
            self.labels(selector.match_labels, f"{pointer}/matchLabels")
        for at, each in enumerate(selector.match_expressions):
            self._requirement(each, f"{pointer}/matchExpressions/{at}")

    def _requirement(self, requirement: RequirementField, pointer: str) -> None:
        if requirement.operator in _WITH_VALUES:
            if not requirement.values:
                detail = f"the operator {requirement.operator} needs values"
                self._fault("RequiredField", detail, f"{pointer}/values")
        elif requirement.operator in _WITHOUT_VALUES:
            if requirement.values:
                detail = f"the operator {requirement.operator} takes no values"
                self._fault("ForbiddenField", detail, f"{pointer}/values")
        else:
            detail = (
                f"the operator {requirement.operator!r} must be one of In, NotIn, Exists, "
                "DoesNotExist"
            )
            self._fault("InvalidOperator", detail, f"{pointer}/operator")
        if wrong := label_key_fault(requirement.key):
            detail = f"the label key {requirement.key!r} {wrong}"
            self._fault("InvalidLabelKey", detail, f"{pointer}/key")
        for at, value in enumerate(requirement.values):
            if wrong := label_value_fault(value):
                detail = f"the label value {value!r} {wrong}"
                self._fault("InvalidLabelValue", detail, f"{pointer}/values/{at}")


def _end_port_fault(port: int | str | None, end_port: int) -> str:
    if port is None:
        return "endPort needs port"
    if isinstance(port, str):
        return "endPort needs a numeric port"
    if end_port < port:
        return f"the endPort {end_port} must not be less than the port {port}"
    wrong = port_number_fault(end_port)
    return f"the endPort {end_port} {wrong}" if wrong else ""
