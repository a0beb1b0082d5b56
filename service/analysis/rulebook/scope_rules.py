"""MIG rules about what a change does to the cluster as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from service.analysis.rulebook.answers import CLEAR, Found, Missing, Sighting, joined, lacking, seen
from service.analysis.rulebook.block_rules import nodes_lost, pods_lost, reaches
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.kinds import is_read_by, of_family
from service.analysis.rulebook.opening import isolated_groups
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.reading import placed_rules, written_kinds
from service.analysis.rulebook.sight import Sight, workloads
from service.analysis.rulebook.traffic_rules import port_only_policies
from service.analysis.rulebook.traits import has_trait
from service.knowledge import value
from service.model.cluster import Ipam
from service.model.engine import Version
from service.model.inventory import Pod
from service.model.network_policy import PolicyType

PODS = Missing("pods", "give the pods, so that it can be told whom policies isolate")


def _isolated(sight: Sight, *, unlisted: bool = False) -> Iterator[Sighting]:
    found: dict[str, dict[str, list[Pod]]] = {}
    for kind in PolicyType:
        for pods, _isolation in isolated_groups(sight, kind, unlisted=unlisted):
            found.setdefault(pods[0].namespace, {}).setdefault(kind.value, []).extend(pods)
    for namespace, kinds in sorted(found.items()):
        shown = " and ".join(
            f"{len(workloads(pods))} for {kind.lower()}" for kind, pods in sorted(kinds.items())
        )
        everyone = [pod for pods in kinds.values() for pod in pods]
        yield Sighting(
            f"isolated workloads of {namespace}: {shown}",
            endpoints=workloads(everyone),
            values={"namespace": namespace},
        )


def _to_none(asked: RuleInput) -> Found:
    sight = asked.sight
    if not sight.knows_pods:
        return Found(missing=(PODS,)) if sight.policies else CLEAR
    unlisted = asked.source is not None and has_trait(asked.source, "countsUnlistedSections")
    return seen(*_isolated(sight, unlisted=unlisted))


def _from_none(asked: RuleInput) -> Found:
    sight = asked.sight
    if not sight.knows_pods:
        return Found(missing=(PODS,)) if sight.policies else CLEAR
    unlisted = has_trait(asked.profile, "countsUnlistedSections")
    return seen(*_isolated(sight, unlisted=unlisted))


def _objects(asked: RuleInput, name: str, what: str) -> list[Sighting]:
    return [
        Sighting(f"{each.ref} {what}", policy=each.ref)
        for each in of_family(asked.sight.other_policies, name)
        if not is_read_by(each.ref, asked.profile.engine)
    ]


def _calico_objects(asked: RuleInput) -> Found:
    return seen(*_objects(asked, "calico", "loses its effect; nothing translates it"))


def _from_cilium(asked: RuleInput) -> Found:
    return joined(_from_cilium_parts(asked))


def _from_cilium_parts(asked: RuleInput) -> Iterator[Found]:
    yield seen(*_objects(asked, "cilium", "loses its effect; nothing translates it"))
    if not has_trait(asked.profile, "enforces"):
        return
    for reach in reaches(asked, listed_only=True):
        for lost in (pods_lost, nodes_lost):
            found = lost(asked, reach)
            yield Found(
                tuple(
                    Sighting(
                        f"{each.detail}; the block begins to match them",
                        each.severity,
                        each.policy,
                        each.pointer,
                        each.endpoints,
                        each.values,
                    )
                    for each in found.sightings
                ),
                found.missing,
            )
    if has_trait(asked.profile, "ownNodeOpen"):
        pods = [
            pod for group, _ in isolated_groups(asked.sight, PolicyType.EGRESS) for pod in group
        ]
        if pods:
            detail = f"{len(workloads(pods))} workloads reach their own node again"
            yield seen(Sighting(detail, endpoints=workloads(pods)))


def _sctp_users(asked: RuleInput) -> Iterator[Sighting]:
    for policy in asked.sight.policies:
        for rule in placed_rules(policy, written_kinds(policy)):
            for port, pointer in rule.ports():
                if port.protocol == "SCTP":
                    yield Sighting(
                        "a rule names SCTP", policy=policy.ref, pointer=f"{pointer}/protocol"
                    )
    pods = [pod for pod in asked.sight.pods if any(each.protocol == "SCTP" for each in pod.ports)]
    if pods:
        yield Sighting(f"{len(pods)} pods offer SCTP ports", endpoints=workloads(pods))


def _sctp_and_icmp(asked: RuleInput) -> Found:
    found = list(_sctp_users(asked))
    policed = any(True for _ in port_only_policies(asked))
    if asked.stated.needs_icmp and policed:
        found.append(Sighting("pods need ICMP, and rules that name ports drop it"))
    if not found and policed and asked.stated.needs_icmp is None:
        return lacking("needsIcmp", "say whether pods need ICMP, such as ping")
    return seen(*found)


def _image(asked: RuleInput) -> Found:
    text = asked.stated.npm_image
    if text is None:
        return lacking("npmImage", "give the image of the DaemonSet azure-npm")
    try:
        version = Version.parse(text.rpartition(":")[2])
    except ValueError:
        return lacking("npmImage", f"{text} does not end in a version")
    fixed = value("npm", "collisionFixedTags").get(f"{version.major}.{version.minor}")
    if fixed is None:
        return lacking("npmImage", f"the fixes of July 2026 are not known for {version}")
    if version >= Version.parse(fixed):
        return CLEAR
    return seen(Sighting(f"{text} is older than {fixed}", values={"image": text, "fixed": fixed}))


def _startup_delay(asked: RuleInput) -> Found:
    ipam = asked.cluster.ipam
    wanted = asked.target.ipam if asked.target else None
    if ipam is None:
        return lacking("networkPlugin", "give the cluster record (az aks show)")
    if ipam is not Ipam.KUBENET or wanted in {None, Ipam.KUBENET}:
        return CLEAR
    detail = "Calico stops being the plugin, and opens egress a moment after a pod starts"
    return seen(Sighting(detail, pointer="/networkProfile/networkPlugin"))


def _silent_drops(asked: RuleInput) -> Found:
    if not asked.snapshot.policy_set.policies:
        return CLEAR
    return seen(Sighting("denied connections time out; Cilium on AKS cannot refuse them"))


PREDICATES: Mapping[str, Predicate] = {
    "MIG-020": _to_none,
    "MIG-021": _from_none,
    "MIG-022": _calico_objects,
    "MIG-023": _sctp_and_icmp,
    "MIG-024": _image,
    "MIG-025": _from_cilium,
    "MIG-026": _startup_delay,
    "MIG-027": _silent_drops,
}
