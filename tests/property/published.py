"""Clusters whose nodes have ports that lead to pods, or are not all listed."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.builders import Manifest, service
from tests.property.clusters import NODES, Cluster

NODE_PORTS = (30080, 30081)
_ADDRESSES = ("10.0.0.3", "203.0.113.10", "fd00::2")


@st.composite
def published(draw: st.DrawFn, base: st.SearchStrategy[Cluster], *, ipv6: bool = True) -> Cluster:
    """A cluster with hostPorts, Services of type NodePort, and sometimes without one Node."""
    cluster = draw(base)
    inventory = [_publishing(draw, each) for each in cluster.inventory]
    pods = [each["metadata"] for each in inventory if each["kind"] == "Pod"]
    inventory += [
        _service(draw, number, draw(st.sampled_from(pods)), ipv6=ipv6)
        for number in range(draw(st.integers(0, 2)))
    ]
    if draw(st.booleans()):
        inventory = [
            _telling(each, ipv6=ipv6) for each in inventory if each["metadata"]["name"] != "n2"
        ]
    return Cluster(inventory, cluster.policies)


def _publishing(draw: st.DrawFn, manifest: Manifest) -> Manifest:
    if manifest["kind"] != "Pod" or manifest["spec"].get("hostNetwork"):
        return manifest
    main, *others = manifest["spec"]["containers"]
    ports = [
        {**each, "hostPort": draw(st.sampled_from([80, 8080, *NODE_PORTS]))}
        if draw(st.booleans())
        else each
        for each in main.get("ports", ())
    ]
    spec = {**manifest["spec"], "containers": [{**main, "ports": ports}, *others]}
    return {**manifest, "spec": spec}


def _service(draw: st.DrawFn, number: int, backend: Manifest, *, ipv6: bool) -> Manifest:
    """One for pods with the labels of a pod, or for nobody."""
    port = {
        "port": 80,
        "targetPort": draw(st.sampled_from([80, 80, 8080, "http"])),
        "protocol": draw(st.sampled_from(["TCP", "UDP"])),
        "nodePort": NODE_PORTS[number],
    }
    return service(
        f"{backend['namespace']}/s{number}",
        draw(st.sampled_from([backend.get("labels"), backend.get("labels"), {"app": "nobody"}])),
        [port],
        type="NodePort",
        clusterIPs=[draw(st.sampled_from(_ADDRESSES if ipv6 else _ADDRESSES[:2]))],
        externalTrafficPolicy=draw(st.sampled_from(["Cluster", "Local"])),
    )


def _telling(manifest: Manifest, *, ipv6: bool) -> Manifest:
    """Pods on the node that is not listed tell its addresses."""
    if manifest["kind"] != "Pod" or manifest["spec"].get("nodeName") != "n2":
        return manifest
    told = [{"ip": each} for each in NODES["n2"][: 2 if ipv6 else 1]]
    return {**manifest, "status": {**manifest["status"], "hostIPs": told}}
