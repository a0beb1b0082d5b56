"""Which Calico policies are enforced, in which tier, at which place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from service.engines.calico_hosts import Host
from service.engines.calico_rules import Translation
from service.engines.calico_subjects import Applied, pods_of, subject_selector
from service.engines.calico_tiers import TierParts, place_of
from service.knowledge import value
from service.model.admin_policy import AdminPolicy
from service.model.assumption import Assumption
from service.model.calico import (
    DEFAULT_TIER,
    DEFAULT_TIER_ORDER,
    STORED_API,
    Action,
    CalicoPolicy,
    Tier,
)
from service.model.condition import NEVER, Assumed, all_of, any_of
from service.model.engine import Version
from service.model.network_policy import NetworkPolicy, PolicyType
from service.model.pipeline import Direction, Effect, Origin, StagePolicy

TIERS_UNKNOWN = Assumption(
    "CalicoTiersSince329",
    "open-source Calico has tiers since 3.29; what an older one makes of a policy that names "
    "another tier than the default one depends on how it was stored",
)
_NETWORK_POLICY_VIEW = "knp.default."
_ADMIN_VIEWS = ("kanp.adminnetworkpolicy.", "kbanp.baselineadminnetworkpolicy.")


@dataclass(frozen=True, slots=True)
class Enforced:
    """The outcome: policies that apply, and those that do not with the reason."""

    tiers: Mapping[str, TierParts]
    applied: tuple[Applied, ...]
    without_tier: tuple[CalicoPolicy, ...] = ()
    views: tuple[CalicoPolicy, ...] = ()
    """What Calico shows of policies of other kinds that are in the set themselves."""
    unreadable: tuple[CalicoPolicy, ...] = field(default=())
    too_new: tuple[CalicoPolicy, ...] = field(default=())
    """Those that this version would refuse; it treats stored ones as missing."""


def since(key: str, version: Version) -> bool:
    """Whether a version is not older than the one that a fact names."""
    return version >= Version.parse(value("calico", key))


def enforced(
    policies: Iterable[object],
    hosts: tuple[Host, ...],
    version: Version,
    built_in: Iterable[TierParts] = (),
) -> Enforced:
    """Sort Calico's policies; `built_in` are tiers that exist without an object."""
    objects = list(policies)
    tiers = {each.name: each for each in (*built_in, *_tiers(objects, version))}
    shown = _shown_elsewhere(objects)
    applied: list[Applied] = []
    without, views, unreadable, too_new = [], [], [], []
    for each in objects:
        if not isinstance(each, CalicoPolicy):
            continue
        if (each.ref.namespace, each.ref.name) in shown:
            views.append(each)
            continue
        if _is_too_new(each, version):
            too_new.append(each)
            if each.ref.api_version == STORED_API:
                continue
        if each.unreadable:
            unreadable.append(each)
        elif each.tier not in tiers and since("tiersSince", version):
            without.append(each)
        else:
            applied.append(_applied(each, hosts, version))
            tiers.setdefault(each.tier, TierParts(each.tier, math.inf))
    return Enforced(
        tiers,
        tuple(applied),
        tuple(without),
        tuple(views),
        tuple(unreadable),
        tuple(too_new),
    )


def _is_too_new(policy: CalicoPolicy, version: Version) -> bool:
    """Whether a rule names ports without a protocol before that was possible."""
    if since("namesOfAnyProtocolSince", version):
        return False
    return any(
        rule.protocol is None and any(isinstance(port, str) for port in ports)
        for rule in (*policy.ingress, *policy.egress)
        for entity in (rule.source, rule.destination)
        for ports in (entity.ports, entity.not_ports)
    )


def _tiers(objects: Iterable[object], version: Version) -> Iterator[TierParts]:
    yield TierParts(DEFAULT_TIER, DEFAULT_TIER_ORDER)
    last = DEFAULT_TIER_ORDER if since("tierOrderDefaultSince", version) else math.inf
    for each in objects:
        if isinstance(each, Tier) and each.ref.name != DEFAULT_TIER:
            end = Effect.PASS if each.default_action is Action.PASS else Effect.DENY
            order = last if each.order is None else each.order
            yield TierParts(each.ref.name, order, end)


def _shown_elsewhere(objects: Iterable[object]) -> set[tuple[str, str]]:
    """Names under which Calico shows NetworkPolicies and admin policies as policies of its own."""
    found: set[tuple[str, str]] = set()
    for each in objects:
        if isinstance(each, NetworkPolicy):
            found.add((each.ref.namespace, _NETWORK_POLICY_VIEW + each.ref.name))
        elif isinstance(each, AdminPolicy):
            found.update(("", prefix + each.ref.name) for prefix in _ADMIN_VIEWS)
    return found


def _applied(policy: CalicoPolicy, hosts: tuple[Host, ...], version: Version) -> Applied:
    selector = subject_selector(policy)
    normal = not policy.do_not_track and not policy.pre_dnat
    doubtful = policy.tier != DEFAULT_TIER and not since("tiersSince", version)
    return Applied(
        policy,
        place_of(
            policy.ref,
            policy.ref.kind,
            policy.tier,
            policy.order,
            by_name=since("tiesByNameSince", version),
        ),
        pods_of(policy) if normal else NEVER,
        () if policy.ref.namespace else tuple(host for host in hosts if host.selected(selector)),
        Assumed(TIERS_UNKNOWN) if doubtful else None,
    )


def add_policies(found: Enforced, translation: Translation) -> None:
    """Put what applies to pods, and to the nodes' own traffic, into the tiers."""
    for applied in found.applied:
        if not applied.is_normal:
            continue
        policy = applied.policy
        subject = any_of(applied.pods, *(host.subject for host in applied.hosts))
        if subject == NEVER:
            continue
        if applied.doubt is not None:
            subject = all_of(subject, applied.doubt)
        for direction in Direction:
            if not applied.governs(direction):
                continue
            section = PolicyType(direction.value)
            part = StagePolicy(
                Origin("CalicoPolicyApplies", policy.ref, "/spec/selector"),
                subject,
                tuple(translation.rules(policy.ref, section, policy.rules(section), direction)),
                isolates=True,
                scope=policy.ref.namespace or None,
            )
            found.tiers[policy.tier].add(direction, applied.place, part)
