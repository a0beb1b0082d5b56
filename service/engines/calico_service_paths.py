"""How Calico treats the ways through a Service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from service.engines.calico_subjects import Applied
from service.model.assumption import Assumption
from service.model.calico import ANY_ENTITY, CalicoPolicy
from service.model.pipeline import Direction, ServicePath, ServicePaths, Treatment

NODE_PORT = Assumption(
    "NodePortFromPod", "what Calico sees of a pod's call to a node port is not documented"
)
BEFORE_TRANSLATION = Assumption(
    "CalicoBeforeTranslation",
    "preDNAT and doNotTrack policies see the address and port of the Service or node, and their "
    "rules ask about the destination",
)
RECEIVING_HOST = Assumption(
    "CalicoReceivingHostEndpoint",
    "the node that forwards the connection has host endpoint policies of its own for forwarded "
    "traffic",
)

_PATHS = ServicePaths(
    # Policed like any other connection: the source is the pod's own address.
    hairpin=ServicePath("ServiceToItself", (Treatment.AS_SOURCE,)),
    # Source translation happens after the filter, so the client's address is seen.
    load_balancer_same_node=ServicePath("ClientAddressSeen", (Treatment.AS_SOURCE,)),
    load_balancer_other_node=ServicePath("ForwardingNodeSeen", (Treatment.AS_NODE,)),
    node_port_from_pod=ServicePath("NodePortFromPod", (), NODE_PORT),
)


def service_paths(applied: Iterable[Applied]) -> ServicePaths:
    """The ways through a Service, with those that host endpoint policies leave open."""
    at_hosts = [each for each in applied if each.hosts and each.policy.apply_on_forward]
    paths = _PATHS
    if at_hosts:
        open_path = ServicePath("CalicoReceivingHostEndpoint", (), RECEIVING_HOST)
        paths = replace(paths, load_balancer_other_node=open_path)
    early = [each for each in at_hosts if not each.is_normal]
    if any(_asks_destination(each.policy) for each in early):
        open_path = ServicePath("CalicoBeforeTranslation", (), BEFORE_TRANSLATION)
        paths = replace(
            paths,
            load_balancer_local=open_path,
            load_balancer_same_node=open_path,
            load_balancer_other_node=open_path,
        )
        # What pods send comes in through an interface of "*" as well; nodes send untracked.
        if any(_meets_calls(each) for each in early):
            paths = replace(paths, cluster_address=open_path, hairpin=open_path)
    return paths


def _meets_calls(applied: Applied) -> bool:
    """Whether a policy sees calls from the cluster before they are translated."""
    sends = applied.policy.do_not_track and applied.governs(Direction.EGRESS)
    return sends or any(host.is_everywhere for host in applied.hosts)


def _asks_destination(policy: CalicoPolicy) -> bool:
    return any(rule.destination != ANY_ENTITY for rule in (*policy.ingress, *policy.egress))
