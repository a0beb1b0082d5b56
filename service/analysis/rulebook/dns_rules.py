"""Whether isolated pods still reach DNS, and by which kind of rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.analysis.rulebook.answers import CLEAR, Found, Missing, Sighting
from service.analysis.rulebook.block_rules import POD_ADDRESSES
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.opening import (
    Isolation,
    admits_pod,
    blocks_at,
    isolated_groups,
    port_numbers,
)
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.ranges import points_of
from service.analysis.rulebook.sight import Sight, workloads
from service.analysis.rulebook.traits import has_trait
from service.knowledge import value
from service.model.engine import EngineProfile, Version
from service.model.finding import Severity
from service.model.inventory import WINDOWS, Pod
from service.model.network_policy import PolicyType
from service.model.ports import Protocol, point_of

PODS = Missing("pods", "give the pods, so that it can be told whom policies isolate")
LOCAL_DNS = Missing("localDns", "say whether LocalDNS is on (localDNSProfile of the node pools)")


class Opened(StrEnum):
    """How DNS is open to a pod."""

    BY_SELECTOR = "BySelector"
    """By a rule without peers, or one that selects the DNS pods."""
    BY_BLOCK = "ByBlock"
    MAYBE_BY_BLOCK = "MaybeByBlock"
    """There are blocks, and the addresses of the DNS pods are not known."""
    NOT_AT_ALL = "NotAtAll"


@dataclass(frozen=True, slots=True)
class DnsAccess:
    """How a group of equal pods reaches DNS."""

    pods: tuple[Pod, ...]
    isolation: Isolation
    udp: Opened
    tcp: Opened


def dns_pods(sight: Sight) -> tuple[Pod, ...]:
    """The cluster's DNS pods, or one that stands for them where the revision has none."""
    facts = value("platform", "dnsPods")
    label = {facts["label"]: facts["labelValue"]}
    found = tuple(
        pod
        for pod in sight.pods_in(facts["namespace"])
        if pod.labels.get(facts["label"]) == facts["labelValue"]
    )
    return found or (Pod(facts["namespace"], facts["labelValue"], label),)


def dns_accesses(sight: Sight, *, unlisted: bool = False) -> tuple[DnsAccess, ...]:
    """Every group of pods that is isolated on egress."""
    return sight.remembered(("dns", unlisted), lambda: tuple(_accesses(sight, unlisted=unlisted)))


def _accesses(sight: Sight, *, unlisted: bool) -> Iterator[DnsAccess]:
    servers = dns_pods(sight)
    for pods, found in isolated_groups(sight, PolicyType.EGRESS, unlisted=unlisted):
        yield DnsAccess(
            pods,
            found,
            _opened(sight, found, servers, Protocol.UDP),
            _opened(sight, found, servers, Protocol.TCP),
        )


def _opened(sight: Sight, found: Isolation, servers: tuple[Pod, ...], protocol: Protocol) -> Opened:
    point = point_of(protocol, value("platform", "dnsPods")["port"])
    if any(admits_pod(sight, found, server, point) for server in servers):
        return Opened.BY_SELECTOR
    blocks = blocks_at(found, point, port_numbers(servers[0]))
    if not blocks:
        return Opened.NOT_AT_ALL
    known = [each for server in servers for each in points_of(server.addresses)]
    if known:
        inside = any(each in blocks for each in known)
        return Opened.BY_BLOCK if inside else Opened.NOT_AT_ALL
    possible = sight.ranges.pod_range
    if possible is not None and not possible.overlaps(blocks):
        return Opened.NOT_AT_ALL
    covered = possible is not None and blocks.covers(possible)
    return Opened.BY_BLOCK if covered else Opened.MAYBE_BY_BLOCK


def local_dns(asked: RuleInput) -> bool | None:
    """Whether LocalDNS is on in some pool; None where that is not known."""
    if asked.stated.local_dns is not None:
        return asked.stated.local_dns
    pools = asked.cluster.node_pools
    profiles = [each.local_dns_profile for each in pools]
    if any(each is not None and each.state == "Enabled" for each in profiles):
        return True
    told = bool(profiles) and all(each is not None for each in profiles)
    automatic = Version.parse(value("platform", "localDns")["automaticFromKubernetes"])
    off_by_default = asked.kubernetes is not None and asked.kubernetes < automatic
    return False if told or (bool(pools) and off_by_default) else None


def works(profile: EngineProfile, opened: Opened) -> bool | None:
    """Whether an engine lets such a pod reach DNS; None where that is not known."""
    match opened:
        case Opened.BY_SELECTOR:
            return True
        case Opened.NOT_AT_ALL:
            return False
        case Opened.BY_BLOCK:
            return has_trait(profile, "blocksMatchPods")
        case Opened.MAYBE_BY_BLOCK:
            return None if has_trait(profile, "blocksMatchPods") else False


def _without_dns(asked: RuleInput) -> Found:
    sight, profile = asked.sight, asked.profile
    if not has_trait(profile, "enforces"):
        return CLEAR
    if not sight.knows_pods:
        return Found(missing=(PODS,)) if _isolates_egress(sight) else CLEAR
    on_node = has_trait(profile, "ownNodeOpen") and local_dns(asked) is True
    lost: dict[tuple[str, bool], list[Pod]] = {}
    missing: dict[Missing, None] = {}
    for access in dns_accesses(sight, unlisted=has_trait(profile, "countsUnlistedSections")):
        if on_node and sight.os_of(access.pods[0]) != WINDOWS:
            continue
        udp, tcp = works(profile, access.udp), works(profile, access.tcp)
        if udp is False or (tcp is False and udp is True):
            lost.setdefault((access.pods[0].namespace, udp is False), []).extend(access.pods)
        elif udp is None or tcp is None:
            missing[POD_ADDRESSES] = None
    return Found(tuple(_sightings(lost)), tuple(missing))


def _isolates_egress(sight: Sight) -> bool:
    return any(PolicyType.EGRESS in each.policy_types for each in sight.policies)


def _sightings(lost: Mapping[tuple[str, bool], list[Pod]]) -> Iterator[Sighting]:
    for (namespace, udp), pods in sorted(lost.items(), key=lambda each: each[0]):
        found = workloads(pods)
        protocols = "UDP 53" if udp else "TCP 53"
        detail = f"{len(found)} workloads of {namespace} cannot reach DNS on {protocols}"
        yield Sighting(
            detail,
            None if udp else Severity.LOW,
            endpoints=found,
            values={"namespace": namespace, "protocols": protocols},
        )


PREDICATES: Mapping[str, Predicate] = {"FEAT-025": _without_dns}
