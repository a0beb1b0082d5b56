"""What each Cilium version does, from the facts in `service/knowledge/cilium.json`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from service.knowledge import value
from service.model.engine import EngineProfile, Version


@dataclass(frozen=True, slots=True)
class CiliumFeatures:
    """Version-dependent behaviour."""

    version: Version
    honours_end_port: bool
    """Of NetworkPolicy; Cilium's own kinds have it from `honours_own_end_port` on."""
    honours_own_end_port: bool
    resolves_names_per_destination: bool
    negative_namespaces_exclude_world: bool
    reads_default_deny_switch: bool
    default_deny_off_spares_l7: bool
    reads_node_peers: bool
    services_by_selector: bool
    refuses_empty_rules: bool
    cidr_groups_in_egress: bool
    cloud_groups_in_ingress: bool
    reads_requires: bool
    many_label_patterns: bool
    hides_label: Callable[[str], bool]


def _since(version: Version, key: str) -> bool:
    return version >= Version.parse(value("cilium", key))


def _since_any(version: Version, key: str) -> bool:
    """For what came to several lines of releases, each with a first release of its own.

    A line without a patch release stands for the ones that AKS runs, which are the late ones.
    """
    first = [Version.parse(each) for each in value("cilium", key)]
    for each in first:
        if (version.major, version.minor) == (each.major, each.minor):
            return not version.patch or version >= each
    return version >= max(first)


def _label_rule(version: Version) -> Callable[[str], bool]:
    patterns = [
        entry["pattern"]
        for entry in value("cilium", "ignoredPodLabels")
        if entry["since"] is None or version >= Version.parse(entry["since"])
    ]
    matcher = re.compile("|".join(f"(?:{each})" for each in patterns))
    return lambda key: matcher.match(key) is not None


@lru_cache(maxsize=16)
def features_of(profile: EngineProfile) -> CiliumFeatures:
    """The behaviour of the profile's version, or of the default version."""
    version = profile.version or Version.parse(value("cilium", "defaultVersion"))
    return CiliumFeatures(
        version=version,
        honours_end_port=_since(version, "endPortSince"),
        honours_own_end_port=_since(version, "ownEndPortSince"),
        resolves_names_per_destination=_since(version, "namedEgressPortsPerDestinationSince"),
        negative_namespaces_exclude_world=_since(
            version, "negativeNamespaceSelectorExcludesWorldSince"
        ),
        reads_default_deny_switch=_since(version, "defaultDenySwitchSince"),
        default_deny_off_spares_l7=_since_any(version, "defaultDenyOffSparesL7Since"),
        reads_node_peers=_since(version, "nodePeersSince"),
        services_by_selector=_since(version, "servicesBySelectorSince"),
        refuses_empty_rules=_since(version, "emptyRuleRefusedSince"),
        cidr_groups_in_egress=_since(version, "cidrGroupsInEgressSince"),
        cloud_groups_in_ingress=_since(version, "cloudGroupsInIngressSince"),
        reads_requires=not _since(version, "requiresRemovedSince"),
        many_label_patterns=_since(version, "manyLabelPatternSince"),
        hides_label=_label_rule(version),
    )


def version_for_kubernetes(kubernetes: Version) -> Version | None:
    """The lowest Cilium version that AKS runs on a Kubernetes version, None if not recorded."""
    for entry in value("cilium", "versionByKubernetes"):
        recorded = Version.parse(entry["kubernetes"])
        if (recorded.major, recorded.minor) == (kubernetes.major, kubernetes.minor):
            return Version.parse(entry["minimum"])
    return None
