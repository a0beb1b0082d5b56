"""The options of the Cilium profile, and the agent that they describe."""

from __future__ import annotations

from dataclasses import dataclass, replace

from service.engines.cilium_admin import implements
from service.engines.cilium_refusals import AgentConfiguration
from service.engines.cilium_versions import CiliumFeatures, features_of
from service.engines.engine import EngineOption, option
from service.knowledge import value
from service.model.engine import EngineProfile

OPTIONS = (
    EngineOption(
        "policyEnforcement",
        ("default", "always", "never"),
        "the agent's policy-enforcement mode",
    ),
    EngineOption(
        "sctp",
        ("unknown", "enabled", "disabled"),
        "whether sctp.enabled is set; AKS does not document it",
    ),
    EngineOption(
        "l7Proxy",
        ("enabled", "disabled"),
        "whether the agent has the L7 proxy; AKS enables it with advanced network policies only, "
        "and without it a policy with L7 or DNS rules is refused whole",
    ),
    EngineOption(
        "hostFirewall",
        ("disabled", "enabled"),
        "whether policies for nodes (nodeSelector) are enforced; off by default and on AKS",
    ),
    EngineOption(
        "nodeSelectorLabels",
        ("disabled", "enabled"),
        "whether fromNodes and toNodes are known; off by default and on AKS",
    ),
    EngineOption(
        "policyDefaultLocalCluster",
        ("byVersion", "enabled", "disabled"),
        "whether selectors mean the own cluster unless they say otherwise; on since 1.19",
    ),
    EngineOption(
        "clusterNetworkPolicy",
        ("disabled", "enabled"),
        "whether ClusterNetworkPolicies are read (1.19 and later); off by default and on AKS",
    ),
    EngineOption(
        "cidrMatchMode",
        ("none", "nodes"),
        "policy-cidr-match-mode (nodes: 1.15 and later); not configurable on AKS",
        since={"nodes": value("cilium", "cidrMatchModeNodesSince")},
    ),
    EngineOption(
        "routing",
        ("direct", "tunnel"),
        "how nodes forward to each other; AKS uses direct routing",
    ),
)


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent's version and configuration, as the profile's options tell."""

    features: CiliumFeatures
    configuration: AgentConfiguration
    nodes_by_address: bool
    enforcement: str
    reads_cluster_policies: bool

    @classmethod
    def of(cls, profile: EngineProfile) -> Agent:
        """The agent of a profile."""

        def is_on(name: str) -> bool:
            return option(profile, OPTIONS, name) == "enabled"

        features = features_of(profile)
        if option(profile, OPTIONS, "policyDefaultLocalCluster") != "byVersion":
            only_own = is_on("policyDefaultLocalCluster")
            features = replace(features, negative_namespaces_exclude_world=only_own)
        return cls(
            features,
            AgentConfiguration(
                features,
                has_l7_proxy=is_on("l7Proxy"),
                has_node_labels=is_on("nodeSelectorLabels"),
                polices_nodes=is_on("hostFirewall"),
            ),
            nodes_by_address=option(profile, OPTIONS, "cidrMatchMode") == "nodes",
            enforcement=option(profile, OPTIONS, "policyEnforcement"),
            reads_cluster_policies=is_on("clusterNetworkPolicy") and implements(features.version),
        )
