"""What somebody should know about Calico's objects in a policy set."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from service.engines.calico_accounts import accounts_missing
from service.engines.calico_entities import entity_selector
from service.engines.calico_policies import Enforced
from service.engines.calico_selectors import ACCOUNT_PREFIX, NAME_LABEL
from service.engines.calico_subjects import Applied, subject_selector
from service.model.calico import (
    ALL_INTERFACES,
    STORED_API,
    Action,
    CalicoPolicy,
    HostEndpoint,
    NetworkSet,
    Profile,
    Rule,
    StagedPolicy,
    Tier,
)
from service.model.calico_selector import Selector, comparisons
from service.model.finding import Finding, Severity
from service.model.inventory import Inventory
from service.model.network_policy import PolicyType


def policy_findings(found: Enforced, *, enforces_http: bool) -> Iterator[Finding]:
    """About policies that are enforced differently than they read, or not at all."""
    for policy in found.without_tier:
        yield Finding(
            "CalicoTierMissing",
            Severity.HIGH,
            f"tier {policy.tier} does not exist, so the policy is not enforced",
            policy.ref,
            "/spec/tier",
        )
    for policy in found.views:
        yield Finding(
            "CalicoViewOfOtherKind",
            Severity.INFO,
            "Calico's view of a policy of another kind, which is in the set itself and counts",
            policy.ref,
        )
    for policy in found.unreadable:
        yield _unreadable(policy, "Felix treats the policy as missing")
    for policy in found.too_new:
        is_stored = policy.ref.api_version == STORED_API
        yield Finding(
            "CalicoNamedPortWithoutProtocol",
            Severity.HIGH,
            "a rule names ports without a protocol, which is possible since Calico 3.32; "
            + (
                "before that Felix treats the policy as missing"
                if is_stored
                else "before that the API refuses the policy, and it is read as if they were TCP's"
            ),
            policy.ref,
        )
    for applied in found.applied:
        yield from _about(applied, enforces_http=enforces_http)
    yield from _ties(found.applied)


def object_findings(policies: Iterable[object], inventory: Inventory) -> Iterator[Finding]:
    """About everything that is no enforced policy."""
    nodes = {each.name for each in inventory.nodes}
    for each in policies:
        match each:
            case StagedPolicy():
                yield Finding(
                    "CalicoStagedNotEnforced",
                    Severity.INFO,
                    "a staged policy is never enforced",
                    each.ref,
                )
            case Tier(order=None):
                yield Finding(
                    "CalicoTierWithoutOrder",
                    Severity.LOW,
                    "where a tier without order stands depends on the version of Calico",
                    each.ref,
                    "/spec/order",
                )
            case NetworkSet() if each.unreadable:
                yield _unreadable(each, "what the set holds is open")
            case Profile() if each.unreadable:
                yield _unreadable(each, "Felix treats the profile as missing")
            case HostEndpoint() if each.unreadable:
                yield _unreadable(each, "Felix treats the host endpoint as missing")
            case HostEndpoint() if each.node not in nodes:
                yield Finding(
                    "CalicoHostEndpointWithoutNode",
                    Severity.INFO,
                    f"node {each.node} is not part of the revision",
                    each.ref,
                    "/spec/node",
                )
            case HostEndpoint() if each.interface not in {"", ALL_INTERFACES}:
                yield Finding(
                    "CalicoHostInterface",
                    Severity.INFO,
                    "which traffic passes through a named interface is only known where "
                    "expectedIPs holds the node's addresses",
                    each.ref,
                    "/spec/interfaceName",
                )
            case _:
                pass


def missing_services(missing: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Services that rules name and the inventory does not hold."""
    for namespace, name in sorted(missing):
        yield Finding(
            "CalicoServiceMissing",
            Severity.MEDIUM,
            f"a rule names Service {namespace}/{name}, which is not part of the revision; the "
            "rule matches nothing",
        )


def account_label_findings(found: Enforced, inventory: Inventory) -> Iterator[Finding]:
    """Selectors on labels of service accounts that the inventory does not hold."""
    if not accounts_missing(inventory):
        return
    for applied in found.applied:
        if any(map(_reads_account_labels, _selectors(applied.policy))):
            yield Finding(
                "CalicoServiceAccountLabelsUnknown",
                Severity.MEDIUM,
                "selects by labels of service accounts, and not all accounts of the pods are part "
                "of the revision; what depends on the labels of those is Unknown",
                applied.policy.ref,
            )


def host_findings(applied: Iterable[Applied]) -> Iterator[Finding]:
    """Policies for host endpoints that have no effect."""
    for each in applied:
        if each.is_normal:
            continue
        kind = "doNotTrack" if each.policy.do_not_track else "preDNAT"
        if not each.hosts:
            detail = f"{kind} policies apply to host endpoints only, and this one selects none"
        elif each.policy.do_not_track and all(host.is_everywhere for host in each.hosts):
            detail = 'host endpoints with interfaceName "*" have no untracked policy'
        else:
            continue
        yield Finding("CalicoPolicyWithoutEffect", Severity.LOW, detail, each.policy.ref)


def _unreadable(found: CalicoPolicy | NetworkSet | HostEndpoint | Profile, effect: str) -> Finding:
    return Finding(
        "CalicoObjectUnreadable",
        Severity.HIGH,
        f"stored past validation and not readable: {'; '.join(found.unreadable)}; {effect}",
        found.ref,
    )


def _about(applied: Applied, *, enforces_http: bool) -> Iterator[Finding]:
    policy = applied.policy
    lost = list(policy.lost)
    for section in PolicyType:
        for index, rule in enumerate(policy.rules(section)):
            pointer = f"/spec/{section.value.lower()}/{index}"
            lost.extend(f"{pointer}/source/{each}" for each in rule.source.lost)
            lost.extend(f"{pointer}/destination/{each}" for each in rule.destination.lost)
            if rule.matches_http and not enforces_http:
                yield Finding(
                    "CalicoHttpNotEnforced",
                    Severity.MEDIUM,
                    "the data plane ignores the http match: without application layer policy "
                    "the rule allows every request",
                    policy.ref,
                    f"{pointer}/http",
                )
    if lost:
        yield Finding(
            "CalicoRestrictionLost",
            Severity.HIGH,
            f"does not parse, and Felix loses the restriction: {', '.join(lost)}",
            policy.ref,
        )


def _ties(applied: Iterable[Applied]) -> Iterator[Finding]:
    """Policies of one tier with one order whose actions contradict each other."""
    groups: dict[tuple[str, float], list[CalicoPolicy]] = {}
    for each in applied:
        groups.setdefault((each.policy.tier, each.place.order), []).append(each.policy)
    for (tier, order), policies in groups.items():
        allowing = [each for each in policies if _has(each, {Action.ALLOW})]
        refusing = [each for each in policies if _has(each, {Action.DENY, Action.PASS})]
        if len({each.ref for each in (*allowing, *refusing)}) < 2 or not (allowing and refusing):
            continue
        number = "no order" if math.isinf(order) else f"order {order:g}"
        names = ", ".join(str(each.ref) for each in policies)
        yield Finding(
            "CalicoEqualOrder",
            Severity.LOW,
            f"policies of tier {tier} with {number} allow and refuse; their names decide which "
            f"comes first: {names}",
            policies[0].ref,
            "/spec/order",
        )


def _has(policy: CalicoPolicy, actions: set[Action]) -> bool:
    rules: tuple[Rule, ...] = (*policy.ingress, *policy.egress)
    return any(rule.action in actions for rule in rules)


def _selectors(policy: CalicoPolicy) -> Iterator[Selector]:
    yield subject_selector(policy)
    for rule in (*policy.ingress, *policy.egress):
        for entity in (rule.source, rule.destination):
            found = entity_selector(entity, policy.ref.namespace)
            yield from (each for each in (found, entity.not_selector) if each is not None)


def _reads_account_labels(selector: Selector) -> bool:
    return any(
        each.label.startswith(ACCOUNT_PREFIX) and each.label != ACCOUNT_PREFIX + NAME_LABEL
        for each in comparisons(selector)
    )
