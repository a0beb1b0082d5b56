"""Calico (iptables data plane on Linux, and what is known of Windows) as AKS runs it.

Every tier is a stage, Kubernetes NetworkPolicies stand in the default tier at order 1000, and
isolation is nothing but the end of a tier.
Source: projectcalico/calico felix/calc, felix/rules and libcalico-go/lib/backend/k8s/conversion.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from service.engines.calico_accounts import with_open_accounts
from service.engines.calico_admin import AdminTierStages, admin_findings, admin_kinds, admin_tiers
from service.engines.calico_findings import (
    account_label_findings,
    host_findings,
    missing_services,
    object_findings,
    policy_findings,
)
from service.engines.calico_host_stages import HostStages, tiers_with_policies
from service.engines.calico_hosts import Host, hosts_of, labelled_hosts
from service.engines.calico_network_policy import READING
from service.engines.calico_policies import Enforced, add_policies, enforced, since
from service.engines.calico_rules import Translation
from service.engines.calico_selectors import Catalog
from service.engines.calico_service_paths import service_paths
from service.engines.calico_services import ServiceEndpoints
from service.engines.calico_subjects import labelled_sets
from service.engines.calico_tiers import TierParts, in_order, network_policy_place
from service.engines.calico_traffic import PortNames
from service.engines.calico_windows import has_windows, on_windows
from service.engines.endpoints import (
    EndpointView,
    endpoints_of,
    every_container,
    points_of,
    regular_containers_only,
)
from service.engines.engine import Engine, EngineOption, option, unread_policies
from service.engines.network_policy import network_policies, translate
from service.engines.node_rules import NODE_TO_POD, OWN_NODE
from service.knowledge import value
from service.model.calico import (
    DEFAULT_TIER,
    CalicoPolicy,
    HostEndpoint,
    NetworkSet,
    Profile,
    StagedPolicy,
    Tier,
)
from service.model.condition import IS_POD
from service.model.endpoint import Endpoint, EndpointKind, EndpointPort
from service.model.engine import EngineProfile, Version
from service.model.network_policy import NetworkPolicy, PolicyType
from service.model.pipeline import (
    Direction,
    Effect,
    Origin,
    Peer,
    Pipeline,
    Rule,
    Stage,
    StagePolicy,
)
from service.model.policy import Policy
from service.model.snapshot import Snapshot

OPTIONS = (
    EngineOption(
        "applicationLayerPolicy",
        ("disabled", "enabled"),
        "whether Dikastes enforces http matches; the data plane alone does not",
    ),
    EngineOption(
        "endpointToHostAction",
        ("Accept", "Drop"),
        "Felix's defaultEndpointToHostAction for what pods may send to their own node; the "
        "stock manifests set Accept, what AKS sets is not documented",
    ),
)

READS = (
    *(NetworkPolicy, CalicoPolicy, StagedPolicy, Tier),
    *(NetworkSet, HostEndpoint, Profile),
)


def compile_calico(snapshot: Snapshot, profile: EngineProfile) -> Pipeline:
    """All policies that Calico reads, in tiers."""
    version = profile.version or Version.parse(value("calico", "defaultVersion"))
    policies, inventory = snapshot.policy_set.policies, snapshot.inventory
    enforces_http = option(profile, OPTIONS, "applicationLayerPolicy") == "enabled"
    admin = admin_tiers(policies, inventory, version)
    hosts = hosts_of(policies, inventory)
    endpoints = _endpoints(snapshot, version)
    services = ServiceEndpoints(inventory)
    windows = has_windows(inventory)
    translation = Translation(
        Catalog((*labelled_sets(policies, inventory), *labelled_hosts(policies))),
        PortNames(endpoints),
        services,
        enforces_http,
        since("namesOfAnyProtocolSince", version),
        windows,
    )
    built_in = [TierParts(each.name, each.order, Effect.PASS) for each in admin]
    found = enforced(policies, hosts, version, built_in)
    add_policies(found, translation)
    _add_network_policies(
        found, policies, by_name=since("tiesByNameSince", version), windows=windows
    )
    host_stages = _host_stages(found, hosts, policies, translation)
    open_accounts = tuple(account_label_findings(found, inventory))

    def whole(*stages: Stage) -> tuple[Stage, ...]:
        return with_open_accounts(stages, inventory) if open_accounts else stages

    drops = option(profile, OPTIONS, "endpointToHostAction") == "Drop"
    return Pipeline(
        profile,
        endpoints,
        ingress=whole(
            NODE_TO_POD,
            *host_stages.before(Direction.INGRESS),
            *_tiers(found, admin, Direction.INGRESS),
            *host_stages.after(Direction.INGRESS),
        ),
        egress=whole(
            *((_TO_OWN_NODE,) if drops else ()),
            *host_stages.before(Direction.EGRESS),
            *_tiers(found, admin, Direction.EGRESS),
            *host_stages.after(Direction.EGRESS),
        ),
        service_paths=(service_paths(found.applied),),
        findings=(
            *unread_policies(policies, READS, admin_kinds(version)),
            *admin_findings(policies, version),
            *policy_findings(found, enforces_http=enforces_http),
            *object_findings(policies, inventory),
            *host_findings(found.applied),
            *missing_services(services.missing),
            *open_accounts,
        ),
    )


def _add_network_policies(
    found: Enforced, policies: Iterable[Policy], *, by_name: bool, windows: bool
) -> None:
    default = found.tiers[DEFAULT_TIER]
    for policy in network_policies(policies):
        for direction in Direction:
            part = translate(policy, direction, READING)
            if part is not None:
                if windows:
                    part = on_windows(part, policy, PolicyType(direction.value))
                default.add(direction, network_policy_place(policy.ref, by_name=by_name), part)


def _tiers(
    found: Enforced, admin: Iterable[AdminTierStages], direction: Direction
) -> Iterable[Stage]:
    """The stages of Calico's own tiers and of those for admin policies, in order."""
    placed = [
        (tier.order, tier.name, stage)
        for tier in in_order(found.tiers.values())
        if (stage := tier.stage(direction)) is not None
    ]
    placed += [
        (each.order, each.name, each.stages[direction])
        for each in admin
        if direction in each.stages
    ]
    return [stage for _, _, stage in sorted(placed, key=lambda each: each[:2])]


def _host_stages(
    found: Enforced, hosts: tuple[Host, ...], policies: Iterable[Policy], translation: Translation
) -> HostStages:
    profiles = {
        each.ref.name: each
        for each in policies
        if isinstance(each, Profile) and not each.unreadable
    }
    tiers = tiers_with_policies(found.tiers.values(), found.applied)
    return HostStages(hosts, tiers, profiles, translation)


def _endpoints(snapshot: Snapshot, version: Version) -> tuple[Endpoint, ...]:
    """Pods and nodes; ports have names where Calico has an endpoint, so not in hostNetwork pods."""
    names = (
        every_container
        if since("initContainerPortNamesSince", version)
        else regular_containers_only
    )
    hosts = [
        each
        for each in snapshot.policy_set.policies
        if isinstance(each, HostEndpoint) and each.ports and not each.unreadable
    ]
    return tuple(
        _with_host_ports(each, hosts) for each in endpoints_of(snapshot, EndpointView(names))
    )


def _with_host_ports(endpoint: Endpoint, hosts: Iterable[HostEndpoint]) -> Endpoint:
    if endpoint.kind is EndpointKind.HOST_POD:
        return replace(endpoint, ports=()) if endpoint.ports else endpoint
    if endpoint.kind is not EndpointKind.NODE:
        return endpoint
    ports = {
        EndpointPort(port.name, port.protocol, port.number): None
        for each in hosts
        if not set(points_of(each.expected_addresses)).isdisjoint(endpoint.addresses)
        for port in each.ports
    }
    return replace(endpoint, ports=tuple(ports)) if ports else endpoint


_DROPPED = Origin(
    "CalicoEndpointToHost", detail="defaultEndpointToHostAction drops what pods send to their node"
)
_TO_OWN_NODE = Stage(
    "endpointToHost",
    (StagePolicy(_DROPPED, IS_POD, (Rule(Effect.DENY, _DROPPED, (Peer(OWN_NODE),)),)),),
)

CALICO = Engine(
    name="calico",
    title="Calico",
    compile=compile_calico,
    versions=tuple(value("calico", "versions")),
    default_version=value("calico", "defaultVersion"),
    options=OPTIONS,
)
