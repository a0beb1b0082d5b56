"""Calls of a node's port that a pod publishes as `hostPort`.

What arrives there is forwarded to the pod, on its node: "Number of port to expose on the host"
(https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/),
https://www.cni.dev/plugins/current/meta/portmap/. Whether a policy is asked about the node's port
or about the pod's, and what it sees of the caller, differs with the engine and with where the
caller runs, and no engine documents all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.analysis.alike import Party, Signatures
from service.analysis.attempts import Attempt, shared_families
from service.analysis.resolving import Resolver
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint
from service.model.flow import Flow
from service.model.ports import Protocol, point_of


def host_port_attempts(
    flow: Flow,
    node: Endpoint,
    sources: Iterable[Endpoint],
    resolver: Resolver,
    signatures: Signatures,
) -> Iterator[Attempt]:
    """The way to each pod that publishes the called port of a node, or may run there and do so."""
    for pod, port in resolver.host_ports.get((flow.protocol, flow.port), ()):
        endpoint = resolver.pod_endpoints.get((pod.namespace, pod.name))
        if endpoint is None or (None not in {pod.node, node.node} and pod.node != node.node):
            continue
        published = Assumption(
            "HostPort",
            f"port {flow.port} of {node} leads to {endpoint}, which publishes it as hostPort, and "
            "what policies see of such a call is not known",
        )
        point = point_of(Protocol[port.protocol], port.number)
        alone = frozenset(((pod.namespace, pod.name),))
        for caller in signatures.parties(sources, with_node=True, alone=alone):
            for family in shared_families(caller.speaker, endpoint):
                yield Attempt(
                    caller,
                    Party((endpoint,)),
                    point,
                    family,
                    connections=len(caller.members),
                    through=node,
                    choice=published,
                ).in_doubt(published)
