"""Reads CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy and CiliumCIDRGroup.

Source: cilium/cilium pkg/k8s/apis/cilium.io/{v2,v2alpha1}, pkg/policy/api/rule_validation.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.manifests.calico_fields import Members, Note, Notes
from service.manifests.cilium_notes import AgentNotes
from service.manifests.cilium_rules import RuleReader, parse_cidr_text
from service.manifests.cilium_selectors import cilium_selector
from service.manifests.cilium_workloads import read_endpoint
from service.manifests.crd_fields import CrdReading, Header, header_of, normalised, plain
from service.manifests.endpoint_reading import EndpointReading
from service.model.cilium import (
    CILIUM_CIDR_GROUP,
    CILIUM_CLUSTERWIDE_NETWORK_POLICY,
    CILIUM_NETWORK_POLICY,
    CiliumCidrGroup,
    CiliumPolicy,
    CiliumRule,
    CiliumSelector,
    CiliumSpec,
    VersionedReason,
)
from service.model.network_policy import PolicyType
from service.model.policy import Position

V2 = "cilium.io/v2"
V2ALPHA1 = "cilium.io/v2alpha1"

#: API versions and kinds that are read here.
KINDS = frozenset(
    {
        (V2, CILIUM_NETWORK_POLICY),
        (V2, CILIUM_CLUSTERWIDE_NETWORK_POLICY),
        (V2, CILIUM_CIDR_GROUP),
        (V2ALPHA1, CILIUM_CIDR_GROUP),
    }
)

#: Kinds that stand for pods where an upload holds no pods.
WORKLOAD_KINDS = frozenset({(V2, "CiliumEndpoint")})

LONGEST_LOG_VALUE = 32
_SECTIONS = {
    "ingress": (PolicyType.INGRESS, False),
    "ingressDeny": (PolicyType.INGRESS, True),
    "egress": (PolicyType.EGRESS, False),
    "egressDeny": (PolicyType.EGRESS, True),
}
_SPEC_FIELDS = (
    *("endpointSelector", "nodeSelector", "enableDefaultDeny"),
    *("labels", "description", "log", *_SECTIONS),
)


def read_cilium(raw: Mapping[str, Any], position: Position = Position()) -> CrdReading:
    """Read an object whose apiVersion and kind are among `KINDS`."""
    notes = Notes(stored=False)
    kind = raw.get("kind")
    header = header_of(raw, notes, namespaced=kind == CILIUM_NETWORK_POLICY)
    if kind == CILIUM_CIDR_GROUP:
        return _read_group(raw, header, notes, position)
    agent = AgentNotes(notes, stored=bool(header.metadata.value("uid")))
    specs = tuple(_specs(header, agent))
    if not specs:
        agent.invalid("the object needs a spec, or specs with at least one", "/spec")
    policy = CiliumPolicy(header.ref, specs, tuple(agent.refusals), position)
    return CrdReading(
        header.ref,
        None if notes.faults else policy,
        normalised(
            header.ref,
            uid=header.metadata.value("uid") if policy.is_invalid else None,
            spec=_with_defaults(plain(raw.get("spec"))),
            specs=_with_defaults(plain(raw.get("specs"))),
        ),
        tuple(notes.found),
    )


def read_cilium_workload(raw: Mapping[str, Any]) -> tuple[EndpointReading | None, tuple[Note, ...]]:
    """The pod that a CiliumEndpoint stands for, and what was wrong with it."""
    notes = Notes(stored=True)
    document = Members(raw, "", notes)
    return read_endpoint(document), tuple(notes.found)


def _read_group(
    raw: Mapping[str, Any], header: Header, notes: Notes, position: Position
) -> CrdReading:
    spec = header.document.member("spec")
    labels = header.metadata.labels("labels")
    cidrs: tuple[str, ...] = ()
    if spec is None:
        notes.wrong("RequiredField", "the object needs a spec", "/spec")
    else:
        spec.only("externalCIDRs")
        if "externalCIDRs" not in spec:
            spec.wrong("externalCIDRs", "RequiredField", "a group needs externalCIDRs")
        cidrs = spec.texts("externalCIDRs")
        for index, cidr in enumerate(cidrs):
            if parse_cidr_text(cidr) is None:
                notes.wrong("InvalidCidr", f"{cidr!r} is no CIDR", f"/spec/externalCIDRs/{index}")
    group = CiliumCidrGroup(header.ref, cidrs, labels, position)
    return CrdReading(
        header.ref,
        None if notes.faults else group,
        normalised(header.ref, labels=labels, spec=plain(raw.get("spec"))),
        tuple(notes.found),
    )


def _specs(header: Header, agent: AgentNotes) -> Iterator[CiliumSpec]:
    spec = header.document.member("spec")
    if spec is not None:
        yield _spec(spec, header, agent)
    for each in header.document.members("specs"):
        yield _spec(each, header, agent)


def _spec(spec: Members, header: Header, agent: AgentNotes) -> CiliumSpec:
    spec.only(*_SPEC_FIELDS)
    endpoints, nodes = spec.member("endpointSelector"), spec.member("nodeSelector")
    if nodes is not None and header.ref.kind == CILIUM_NETWORK_POLICY:
        agent.invalid(
            f"nodeSelector is for {CILIUM_CLUSTERWIDE_NETWORK_POLICY} only",
            spec.at("nodeSelector"),
        )
    elif (endpoints is None) == (nodes is None):
        agent.invalid("exactly one of endpointSelector and nodeSelector is needed", spec.pointer)
    sections = {
        name: tuple(_rules(spec, name, agent, is_host_policy=nodes is not None))
        for name in _SECTIONS
    }
    if not any(sections.values()):
        agent.depends(
            VersionedReason.EMPTY_RULE,
            "a policy without any rule does nothing, and Cilium 1.17 and later refuse it",
            spec.pointer,
        )
    switch = spec.member("enableDefaultDeny") or Members({}, "", spec.notes)
    switch.only("ingress", "egress")
    _check_remarks(spec)
    return CiliumSpec(
        spec.pointer,
        None if endpoints is None else _subject(endpoints, header, agent),
        None if nodes is None else cilium_selector(nodes, agent),
        sections["ingress"],
        sections["ingressDeny"],
        sections["egress"],
        sections["egressDeny"],
        switch.flag("ingress") if "ingress" in switch else None,
        switch.flag("egress") if "egress" in switch else None,
    )


def _check_remarks(spec: Members) -> None:
    """What is kept beside the rules for people and logs."""
    spec.text("description")
    for label in spec.members("labels"):
        label.only("key", "value", "source")
        if not label.text("key"):
            label.wrong("key", "RequiredField", "a label needs its key")
    log = spec.member("log")
    if log is not None:
        log.only("value")
        if len(log.text("value")) > LONGEST_LOG_VALUE:
            detail = f"value must have at most {LONGEST_LOG_VALUE} characters"
            log.wrong("value", "TooLong", detail)


def _subject(members: Members, header: Header, agent: AgentNotes) -> CiliumSelector:
    return cilium_selector(members, agent, namespace=header.ref.namespace)


def _rules(
    spec: Members, section: str, agent: AgentNotes, *, is_host_policy: bool
) -> Iterator[CiliumRule]:
    kind, is_deny = _SECTIONS[section]
    reader = RuleReader(agent, kind, is_deny, is_host_policy)
    return map(reader.read, spec.members(section))


def _with_defaults(content: Any) -> Any:
    """Specs without nulls, with the address family that the CRD fills in."""
    for spec in content if isinstance(content, list) else [content]:
        for section in _SECTIONS:
            for rule in _dicts(spec, section):
                for icmp in _dicts(rule, "icmps"):
                    for field in _dicts(icmp, "fields"):
                        field.setdefault("family", "IPv4")
    return content


def _dicts(holder: Any, key: str) -> list[dict[str, Any]]:
    listed = holder.get(key) if isinstance(holder, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
