"""Questions to the rulebook in few words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from service.analysis.paths.planner import Change, plan_change
from service.analysis.rulebook.answers import Outcome
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.stated import StatedFacts, Target
from service.engines.registry import compile_pipeline
from service.model.cluster import (
    AdvancedNetworking,
    ClusterRecord,
    Ipam,
    LocalDnsProfile,
    NetworkProfile,
    NetworkSecurityProfile,
    NodePool,
    UpgradeSettings,
)
from service.model.finding import Severity
from tests.builders import Manifest, profile, snapshot

TODAY = date(2026, 11, 22)
HIT, CLEAR, UNKNOWN = Outcome.HIT, Outcome.CLEAR, Outcome.UNKNOWN


def linux(name: str = "system", count: int | None = 3, **more: Any) -> NodePool:
    """A pool of Linux nodes."""
    return NodePool(name, "Linux", "Ubuntu", count=count, **more)


def windows(name: str = "win", sku: str | None = "Windows2022", **more: Any) -> NodePool:
    """A pool of Windows nodes."""
    return NodePool(name, "Windows", sku, count=more.pop("count", 1), **more)


def surge(text: str) -> UpgradeSettings:
    """Upgrade settings with a surge."""
    return UpgradeSettings(max_surge=text)


def local_dns(state: str) -> LocalDnsProfile:
    """A LocalDNS profile."""
    return LocalDnsProfile("Preferred", state)


def services(mode: str | None) -> AdvancedNetworking:
    """Advanced Container Networking Services with security in some mode."""
    return AdvancedNetworking(True, security=NetworkSecurityProfile(True, mode))


def cluster(
    plugin: str | None = "azure",
    mode: str | None = None,
    *,
    policy: str | None = None,
    dataplane: str | None = None,
    families: tuple[str, ...] = ("IPv4",),
    pools: tuple[NodePool, ...] = (linux(),),
    kubernetes: str | None = "1.32.4",
    provisioning: str | None = "Manual",
    **more: Any,
) -> ClusterRecord:
    """A cluster record; by default Azure CNI on three Linux nodes."""
    network = {
        name: more.pop(name)
        for name in ("pod_cidrs", "service_cidrs", "advanced_networking")
        if name in more
    }
    return ClusterRecord(
        network_profile=NetworkProfile(
            network_plugin=plugin,
            network_plugin_mode=mode,
            network_policy=policy,
            network_dataplane=dataplane,
            ip_families=families,
            **network,
        ),
        node_pools=pools,
        kubernetes_version=kubernetes,
        node_provisioning_mode=provisioning,
        provisioning_state=more.pop("state", "Succeeded"),
        resource_group=more.pop("resource_group", "rg"),
        azure_resource_id=more.pop("resource_id", "/x/managedClusters/prod"),
        **more,
    )


NOTHING = ClusterRecord()


@dataclass(frozen=True)
class Question(RuleInput):
    """A question with the objects that its snapshot was read from."""

    manifests: tuple[Manifest, ...] = ()


def question(
    *manifests: Manifest,
    engine: str = "cilium:1.18",
    source: str | None = None,
    record: ClusterRecord | None = None,
    as_of: date = TODAY,
    ipam: Ipam | None = None,
    pod_cidr: str | None = None,
    **stated: Any,
) -> Question:
    """A question about an engine, or, with a source, about the change to it."""
    found = snapshot(*manifests)
    to = cluster() if record is None else record
    facts = StatedFacts(**stated)
    target = Target(profile(engine), ipam, pod_cidr)
    plan = None
    if source is not None:
        name = profile(source).engine
        plan = plan_change(Change(name, target, to, found.inventory, facts))
    return Question(
        as_of,
        found,
        profile(engine),
        to,
        facts,
        profile(source) if source else None,
        target if source else None,
        plan,
        findings=compile_pipeline(found, profile(engine)).findings,
        manifests=manifests,
    )


@dataclass(frozen=True)
class Case:
    """One question to one rule, and what it has to answer."""

    rule: str
    outcome: Outcome
    asked: Question
    severity: Severity | None = None
    pointer: str | None = None
    endpoints: tuple[str, ...] | None = None
    detail: str = ""
    settled: bool | None = None

    def __str__(self) -> str:
        return f"{self.rule} {self.outcome.value} {self.detail}".strip()
