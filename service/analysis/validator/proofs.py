"""For each flag of the tool: whether the migration really changes something there.

Confirmed and Harmless are proved from the input; where it does not tell enough, Unproven says
what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.analysis.rulebook.answers import Found, Missing, joined
from service.analysis.rulebook.block_rules import nodes_lost, pods_lost
from service.analysis.rulebook.blocks import block_reaches
from service.analysis.rulebook.cilium_rules import VERSION, is_range, named_port, port_names
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.opening import is_open
from service.analysis.rulebook.reading import opens_everything
from service.analysis.rulebook.traits import trait
from service.analysis.validator.backends import prove_service
from service.analysis.validator.checks import Flagged
from service.model.finding import Severity
from service.model.network_policy import NetworkPolicy, PolicyType

PODS = Missing("pods", "give the pods, so that it can be told whom the policy selects")


class Mark(StrEnum):
    """What became of a flag."""

    CONFIRMED = "Confirmed"
    HARMLESS = "Harmless"
    UNPROVEN = "Unproven"


@dataclass(frozen=True, slots=True)
class Proof:
    """A mark with its reason; `code` names the false positive of the tool, where it is one."""

    mark: Mark
    reason: str
    code: str = ""
    missing: tuple[Missing, ...] = ()


def harmless(reason: str, code: str = "") -> Proof:
    """A flag without consequence."""
    return Proof(Mark.HARMLESS, reason, code)


def confirmed(reason: str) -> Proof:
    """A flag that is right."""
    return Proof(Mark.CONFIRMED, reason)


def unproven(*missing: Missing) -> Proof:
    """A flag that the input neither proves nor refutes."""
    return Proof(Mark.UNPROVEN, "; ".join(each.detail for each in missing), missing=missing)


def prove(asked: RuleInput, flagged: Flagged) -> Proof:
    """What becomes of one flag on this cluster."""
    if flagged.service is not None:
        return _service(asked, flagged)
    policy, kind = flagged.policy, flagged.kind
    assert policy is not None
    assert kind is not None
    if asked.sight.knows_pods and not asked.sight.selected(policy):
        return harmless("the policy selects no pod of this revision that an engine can police")
    if any(map(opens_everything, policy.rules(kind))):
        return harmless(
            f"another {kind.value.lower()} rule of the policy opens everything",
            "FP4" if flagged.row == "V4" else "",
        )
    return _PROOFS[flagged.row](asked, policy, kind)


def _end_port(asked: RuleInput, policy: NetworkPolicy, kind: PolicyType) -> Proof:
    honours = trait(asked.profile, "honoursEndPort")
    version = asked.profile.version
    if honours is True:
        return harmless(f"Cilium {version or ''} honours endPort", "FP1")
    ranges = [port for rule in policy.rules(kind) for port in rule.ports if is_range(port)]
    if not ranges:
        return harmless("each range holds a single port")
    if honours is None:
        return unproven(VERSION)
    first = ranges[0]
    return confirmed(
        f"Cilium {version} ignores endPort: of {first.port} to {first.end_port} only {first.port} "
        "stays open"
    )


def _block(asked: RuleInput, policy: NetworkPolicy, kind: PolicyType) -> Proof:
    parts: list[Found] = []
    for reach in block_reaches(asked.sight, (policy,), (kind,)):
        parts += [pods_lost(asked, reach), nodes_lost(asked, reach)]
    found = joined(parts)
    slight = {Severity.LOW, Severity.INFO}
    grave = [each for each in found.sightings if each.severity not in slight]
    if grave:
        return confirmed(grave[0].detail)
    if found.missing:
        return unproven(*found.missing)
    if found.sightings:
        return harmless(found.sightings[0].detail, "FP2")
    return harmless("the blocks cover neither pods nor nodes that nothing else admits", "FP2")


def _named_port(asked: RuleInput, policy: NetworkPolicy, kind: PolicyType) -> Proof:
    if kind is PolicyType.INGRESS:
        return harmless("Cilium looks names of ingress rules up at each pod", "FP3")
    if trait(asked.profile, "ambiguousNamesFail") is False:
        return harmless("this version of Cilium looks names up at each destination", "FP3")
    names = port_names(asked.sight)
    found = joined(
        named_port(asked.sight, names, port.port, port.protocol)
        for rule in policy.egress
        for port in rule.ports
        if isinstance(port.port, str)
    )
    if found.sightings:
        return confirmed(found.sightings[0].detail)
    if found.missing:
        return unproven(*found.missing)
    return harmless("each name stands for one number in the whole cluster", "FP3")


def _egress(asked: RuleInput, policy: NetworkPolicy, _kind: PolicyType) -> Proof:
    sight = asked.sight
    if not sight.knows_pods:
        return unproven(PODS)
    pods = sight.selected(policy)
    unlisted = trait(asked.profile, "countsUnlistedSections") is True
    closed = [pod for pod in pods if not is_open(sight, pod, PolicyType.EGRESS, unlisted=unlisted)]
    if not closed:
        return harmless("another policy opens all egress to every pod that it selects", "FP4")
    if PolicyType.EGRESS not in policy.policy_types:
        return confirmed(
            f"Cilium enforces the egress section although it is not listed, for {len(closed)} pods"
        )
    return confirmed(f"{len(closed)} pods lose what runs on their own node")


def _service(asked: RuleInput, flagged: Flagged) -> Proof:
    assert flagged.service is not None
    verdict, reason, code, missing = prove_service(asked, flagged.service)
    if missing:
        return unproven(*missing)
    return confirmed(reason) if verdict else harmless(reason, code)


_PROOFS: Mapping[str, Callable[[RuleInput, NetworkPolicy, PolicyType], Proof]] = {
    "V1": _end_port,
    "V2": _block,
    "V3": _named_port,
    "V4": _egress,
}
