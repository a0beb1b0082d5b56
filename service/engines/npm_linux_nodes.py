"""What Linux nodes make of connections between their own pods and pods on Windows.

On a Linux node every packet that it forwards passes the chains of both directions, and these hold
every policy and the addresses of every pod in the cluster, those on Windows nodes included. So of
a connection between a pod there and a pod on Windows the Linux node judges the pod on Windows, too,
by its own reading of the policies; what the Windows node decides comes on top.

A node's own traffic is not forwarded and meets no chain, so hostNetwork pods and nodes on Linux are
no reason to ask here; neither is an address outside, whose packets reach Windows on another way.
Source: Azure/azure-container-networking npm/pkg/dataplane/policies/chain-management_linux.go (jump
from FORWARD), npm/pkg/controlplane/controllers/v2/podController.go (leaves out hostNetwork pods and
no others when it fills the sets); knowledge/semantics.md, 5.1 and 5.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from service.model.condition import IS_POD, Condition, EndpointIn, OsIs, all_of, any_of
from service.model.endpoint import Endpoint, EndpointKind
from service.model.inventory import LINUX, WINDOWS
from service.model.pipeline import Effect, Origin, Peer, Rule, Stage, StagePolicy

GATE = "linuxNode"

_TOO = Origin(
    "NpmLinuxNodeFiltersToo",
    detail="a Linux node filters both ends of what it forwards for its pods, by its own reading "
    "of the policies",
)
_NOT_ON_THE_WAY = Origin(
    "NpmNoLinuxNodeOnTheWay",
    detail="no Linux node forwards it for a pod, so policies are asked only where this pod runs",
)
_AS_ON_LINUX = "as the Linux node of the pod at the other end reads it"

#: Whether a Linux node is on the way decides by who the peer is alone.
_WAY = (
    Rule(Effect.PASS, _TOO, (Peer(all_of(IS_POD, OsIs(LINUX))),)),
    Rule(Effect.ALLOW, _NOT_ON_THE_WAY),
)


@dataclass(frozen=True, slots=True)
class Crossing:
    """A policy's part of one direction as Linux nodes read it, for pods that are not on Linux."""

    way: StagePolicy
    """Tells the connections that a Linux node forwards from all others."""
    rules: StagePolicy
    """What the policy lets through of those."""
    read: StagePolicy
    """The same, with an end to all else."""

    @classmethod
    def of(cls, part: StagePolicy, doubt: Iterable[Condition], pods: Condition) -> Crossing:
        """`part` as for pods on Linux; `doubt` is what it rests on that it is in force there."""
        subject = all_of(part.subject, pods)
        rules = tuple(
            replace(rule, origin=replace(rule.origin, detail=_AS_ON_LINUX)) for rule in part.rules
        )
        read = replace(part, subject=all_of(subject, *doubt), rules=rules)
        way = StagePolicy(_TOO, subject, _WAY, scope=part.scope)
        return cls(way, replace(read, isolates=False), read)


def pods_not_on_linux(endpoints: Iterable[Endpoint]) -> Condition:
    """Pods on Windows, and pods of which nobody knows where they run.

    The latter are named, because asked for their OS they would be in doubt. Which it is makes no
    difference here: if they run on Linux, the policies are read for them in the same way anyhow.
    """
    unknown = frozenset(
        (each.namespace, each.name)
        for each in endpoints
        if each.kind is EndpointKind.POD and each.os is None
    )
    return any_of(OsIs(WINDOWS), EndpointIn(unknown)) if unknown else OsIs(WINDOWS)


def linux_node_stages(crossings: Iterable[Crossing]) -> tuple[Stage, ...]:
    """A filter before the reading of the pod's own node: what it lets through goes on to that.

    Its policies count among those that isolate the pod only where they stop something. What a
    Linux node lets through, the pod's own node decides, and its policies tell why.
    """
    found = tuple(crossings)
    return (
        Stage("linuxNodeWay", tuple(each.way for each in found), gate=GATE),
        Stage("linuxNodeRules", tuple(each.rules for each in found), gate=GATE),
        Stage("linuxNode", tuple(each.read for each in found), gate=GATE),
    )
