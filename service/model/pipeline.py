"""The pipeline: what an engine makes of a snapshot, the same type for every engine.

Per direction a pipeline has stages in order; a stage has policies in order; a policy has a
subject, rules in order, and may isolate its subject. The first rule that matches decides. If
none matches and a policy of the stage isolates the endpoint, the end of the stage decides
(Deny, unless the stage says Pass); else the next stage is asked. After the last stage the
answer is Allow. In a stage with a gate, Allow only leads past that gate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from service.model.assumption import Assumption
from service.model.condition import ALWAYS, Condition
from service.model.endpoint import Endpoint
from service.model.engine import EngineProfile
from service.model.finding import Finding
from service.model.intervals import NOTHING, Intervals
from service.model.policy import PolicyRef
from service.model.ports import ALL_TRAFFIC, NamedPort
from service.model.surroundings import NO_SURROUNDINGS, Surroundings


class Direction(StrEnum):
    """Which end of a connection is policed."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


class Effect(StrEnum):
    """What a rule, or the end of a stage, does with a connection."""

    ALLOW = "Allow"
    DENY = "Deny"
    PASS = "Pass"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule comes from.

    `policy` is None for what the engine does by itself; `pointer` is a JSON pointer into the
    uploaded document; `reason` is a stable code; `detail` says more where the code is not enough.
    """

    reason: str
    policy: PolicyRef | None = None
    pointer: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """One alternative of a rule's peers."""

    condition: Condition
    pointer: str = ""


ANY_PEER = (Peer(ALWAYS),)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Protocols and ports that a rule speaks of; names are looked up at the destination."""

    numbered: Intervals = ALL_TRAFFIC
    named: tuple[NamedPort, ...] = ()


ANY_TRAFFIC = Traffic()
NO_TRAFFIC = Traffic(NOTHING)


@dataclass(frozen=True, slots=True)
class Rule:
    """Matches where one of the peers, the traffic and the local condition all match.

    `local` is asked about the policed endpoint itself, beyond the policy's subject.
    """

    effect: Effect
    origin: Origin
    peers: tuple[Peer, ...] = ANY_PEER
    traffic: Traffic = ANY_TRAFFIC
    local: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class StagePolicy:
    """A policy within a stage.

    `scope` names the one namespace whose pods `subject` can select, as an index; None means
    that subjects may be anywhere.
    """

    origin: Origin
    subject: Condition
    rules: tuple[Rule, ...] = ()
    isolates: bool = False
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """Policies in order; `end` applies to endpoints that one of them isolates."""

    name: str
    policies: tuple[StagePolicy, ...] = ()
    end: Effect = Effect.DENY
    gate: str = ""
    """Stages in a row that share a gate are a filter on the way: what one of them allows skips
    the rest of the gate and goes on with the stage after it."""


class Treatment(StrEnum):
    """What the ingress side of a backend sees of a connection that came through a Service."""

    AS_SOURCE = "AsSource"
    """The source as it is."""
    AS_NODE = "AsNode"
    """The node that received the connection."""
    BYPASS = "Bypass"
    """Nothing is asked; the connection is let through."""


@dataclass(frozen=True, slots=True)
class ServicePath:
    """How an engine treats one way through a Service.

    Several treatments mean that it depends on `assumption` which of them applies; none at all
    mean that nothing is known, so that the answer is Unknown whatever the policies say.
    """

    reason: str
    treatments: tuple[Treatment, ...] = (Treatment.AS_SOURCE,)
    assumption: Assumption | None = None


@dataclass(frozen=True, slots=True)
class ServicePaths:
    """An engine's treatment of every way through a Service, for some backends."""

    backends: Condition = ALWAYS
    hairpin: ServicePath = ServicePath("ServiceToItself")
    """A pod calls its own Service and is chosen as the backend."""
    load_balancer_local: ServicePath = ServicePath("ClientAddressPreserved")
    """From outside, externalTrafficPolicy Local."""
    load_balancer_same_node: ServicePath = ServicePath("BackendOnReceivingNode")
    """From outside, externalTrafficPolicy Cluster, backend on the receiving node."""
    load_balancer_other_node: ServicePath = ServicePath("BackendOnOtherNode", (Treatment.AS_NODE,))
    """The same, backend on another node than the one that received the connection."""
    node_port_from_pod: ServicePath = ServicePath("NodePortFromPod", ())
    """A pod calls a node port of a node."""
    cluster_address: ServicePath = ServicePath("ServiceBackend")
    """A pod or node calls the Service's own address."""
    external_address: ServicePath | None = None
    """A pod or node calls an address that the Service has outside, externalTrafficPolicy Cluster.

    None where its node masquerades that, as kube-proxy does, and then forwards it like a connection
    that came in from outside.
    """


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages per direction, the endpoints as the engine sees them, and what it could not do."""

    profile: EngineProfile
    endpoints: tuple[Endpoint, ...] = ()
    ingress: tuple[Stage, ...] = ()
    egress: tuple[Stage, ...] = ()
    service_paths: tuple[ServicePaths, ...] = (ServicePaths(),)
    """The first whose condition holds for the backend applies."""
    findings: tuple[Finding, ...] = field(default=())
    surroundings: Surroundings = NO_SURROUNDINGS

    def stages(self, direction: Direction) -> tuple[Stage, ...]:
        """The stages of one direction, in order."""
        return self.ingress if direction is Direction.INGRESS else self.egress
