"""Whether traffic through a Service meets policies that do not open its ports.

With pods in the input the backends are looked at one by one. Without, what can be said of every
possible backend follows from the labels that the Service's selector demands.
"""

from __future__ import annotations

from collections.abc import Mapping

from service.analysis.rulebook.answers import Missing
from service.analysis.rulebook.exposure import backends, risks
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.opening import isolation
from service.analysis.rulebook.reading import numbered_ports
from service.analysis.rulebook.traits import has_trait
from service.model.intervals import NOTHING, Intervals
from service.model.inventory import Service
from service.model.labels import LabelSelector, Operator, Requirement
from service.model.network_policy import NetworkPolicy, PolicyType
from service.model.ports import Protocol, point_of

#: Whether the flag is right, why, the false positive that it is, and what is missing to tell.
ServiceProof = tuple[bool, str, str, tuple[Missing, ...]]

PODS = Missing("pods", "give the pods, so that the backends of the Service can be told")
PORTS = Missing("servicePorts", "the Service names no port")
ENDPOINTS = Missing("endpoints", "the Service has no selector, and its endpoints are not known")


def prove_service(asked: RuleInput, service: Service) -> ServiceProof:
    """What becomes of the flag on a Service."""
    if not service.selector:
        return _without_selector(asked, service)
    if asked.sight.knows_pods and service.ports:
        return _by_pods(asked, service)
    return _by_labels(asked, service)


def _without_selector(asked: RuleInput, service: Service) -> ServiceProof:
    policies = _ingress_policies(asked, service)
    everyone = [each for each in policies if not each.pod_selector.requirements]
    if everyone and not any(rule for each in policies for rule in each.ingress):
        return True, "every pod of the namespace is isolated and no rule opens anything", "", ()
    return False, "", "", (ENDPOINTS,)


def _by_pods(asked: RuleInput, service: Service) -> ServiceProof:
    sight = asked.sight
    pods = backends(sight, service)
    if not pods:
        return False, "no pod of this revision stands behind the Service", "FP5", ()
    unlisted = has_trait(asked.profile, "countsUnlistedSections")
    found = next(risks(sight, service, pods, unlisted=unlisted), None)
    if found is not None:
        names = ", ".join(str(each.ref) for each in found.policies)
        reason = f"port {found.number} of {len(found.pods)} backends is not open to everyone"
        return True, f"{reason} ({names})", "", ()
    isolated = any(
        isolation(sight, pod, PolicyType.INGRESS, unlisted=unlisted).policies for pod in pods
    )
    if not isolated:
        return False, "no ingress policy selects the backends", "FP5", ()
    return False, "the policies together open every port to everyone", "FP6", ()


def _by_labels(asked: RuleInput, service: Service) -> ServiceProof:
    policies = _ingress_policies(asked, service)
    touching = [each for each in policies if not _excludes(each.pod_selector, service.selector)]
    if not touching:
        return False, "no ingress policy can select the backends", "FP5", ()
    certain = [each for each in touching if _includes(each.pod_selector, service.selector)]
    targets = [
        point_of(Protocol[port.protocol], port.target)
        for port in service.ports
        if isinstance(port.target, int) and port.target
    ]
    numbered = bool(service.ports) and len(targets) == len(service.ports)
    if _opens_all(certain, targets, numbered=numbered):
        return False, "the policies together open every port to everyone", "FP6", ()
    if all(_opens_all([each], targets, numbered=numbered) for each in touching):
        return False, "each policy that may select the backends opens every port", "FP7", ()
    at_most, whatever = _opened(touching)
    closed = not at_most or (numbered and any(point not in at_most for point in targets))
    names_only = any(isinstance(p.port, str) for e in touching for r in e.ingress for p in r.ports)
    if certain and closed and not whatever and not names_only:
        return True, "the backends are isolated and no rule opens the port to everyone", "", ()
    return False, "", "", (PODS if service.ports else PORTS,)


def _ingress_policies(asked: RuleInput, service: Service) -> list[NetworkPolicy]:
    return [
        each
        for each in asked.sight.policies
        if each.ref.namespace == service.namespace and PolicyType.INGRESS in each.policy_types
    ]


def _opens_all(policies: list[NetworkPolicy], targets: list[int], *, numbered: bool) -> bool:
    opened, everything = _opened(policies)
    return everything or (numbered and all(point in opened for point in targets))


def _opened(policies: list[NetworkPolicy]) -> tuple[Intervals, bool]:
    """What rules without peers open by number, and whether one opens everything."""
    opened, everything = NOTHING, False
    for policy in policies:
        for rule in policy.ingress:
            if not rule.peers:
                opened = opened | numbered_ports(rule)
                everything = everything or not rule.ports
    return opened, everything


def _excludes(selector: LabelSelector, known: Mapping[str, str]) -> bool:
    """Whether nothing with these labels, whatever else it has, is selected."""
    return any(_fails(each, known) for each in selector.requirements)


def _includes(selector: LabelSelector, known: Mapping[str, str]) -> bool:
    """Whether everything with these labels, whatever else it has, is selected."""
    return all(
        each.key in known and each.accepts(known[each.key]) for each in selector.requirements
    )


def _fails(requirement: Requirement, known: Mapping[str, str]) -> bool:
    if requirement.key not in known:
        return False
    if requirement.operator is Operator.DOES_NOT_EXIST:
        return True
    return not requirement.accepts(known[requirement.key])
