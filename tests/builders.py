"""Manifests, flows and questions in few words, so that tests read like tables.

Builders make Kubernetes objects as plain dicts; `snapshot` sends them through the reader as
JSON, the way an upload arrives. `flow` and `profile` read one line of text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from service.analysis.evaluate import Evaluator
from service.engines.registry import compile_pipeline, resolve_profile
from service.manifests.reader import Upload, UploadPart, read_upload
from service.manifests.snapshot import build_snapshot
from service.model.engine import EngineProfile
from service.model.flow import (
    AddressEnd,
    DestinationEnd,
    Flow,
    NodeEnd,
    PodEnd,
    SelectorEnd,
    ServiceEnd,
    SourceEnd,
    WorkloadEnd,
)
from service.model.labels import LabelSelector, Operator, Requirement
from service.model.snapshot import ClusterFacts, Snapshot
from service.model.verdict import Verdict

Manifest = dict[str, Any]
Labels = Mapping[str, str]

_CONTAINER_PORT = re.compile(r"(?:(?P<name>[\w-]+)=)?(?P<number>\d+)(?:/(?P<protocol>\w+))?")
_FLOW = re.compile(
    r"(?P<source>\S+) -> (?P<destination>\S+) (?P<protocol>\w+)(?:/(?P<port>[\w-]+))?"
    r"(?: \[(?P<narrowed>[^]]*)\])?"
)


def namespace(name: str, labels: Labels | None = None) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": _metadata(name, labels=labels)}


def node(name: str, *addresses: str, os: str = "linux") -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": _metadata(name, labels={"kubernetes.io/os": os}),
        "status": {
            "addresses": [{"type": "InternalIP", "address": each} for each in addresses],
            "nodeInfo": {"operatingSystem": os},
        },
    }


def pod(
    place: str,
    labels: Labels | None = None,
    *,
    ips: Iterable[str] = (),
    on: str = "",
    ports: str = "",
    sidecar_ports: str = "",
    init_ports: str = "",
    phase: str = "Running",
    owner: str = "",
    **spec: Any,
) -> Manifest:
    """A pod at `namespace/name`; ports as in `http=8080 dns=53/UDP`, owner as `Kind/name`."""
    metadata = _metadata(place, labels=labels)
    if owner:
        kind, _, name = owner.partition("/")
        metadata["ownerReferences"] = [
            {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": name, "controller": True}
        ]
    containers = [_container("main", ports)]
    starting = [_container("early", init_ports)] if init_ports else []
    if sidecar_ports:
        starting.append({**_container("side", sidecar_ports), "restartPolicy": "Always"})
    addresses = list(ips)
    status: Manifest = {"phase": phase}
    if addresses:
        status |= {"podIP": addresses[0], "podIPs": [{"ip": each} for each in addresses]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "containers": containers,
            **({"initContainers": starting} if starting else {}),
            **({"nodeName": on} if on else {}),
            **spec,
        },
        "status": status,
    }


def deployment(
    place: str, labels: Labels, *, ports: str = "", replicas: int = 1, **spec: Any
) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(place),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": dict(labels)},
            "template": {
                "metadata": {"labels": dict(labels)},
                "spec": {"containers": [_container("main", ports)], **spec},
            },
        },
    }


def service(
    place: str, selector: Labels | None = None, ports: Iterable[Manifest] = (), **spec: Any
) -> Manifest:
    ingress = [{"ip": each} for each in spec.pop("load_balancer_ips", ())]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(place),
        "spec": {
            **({"selector": dict(selector)} if selector else {}),
            "ports": list(ports),
            **spec,
        },
        **({"status": {"loadBalancer": {"ingress": ingress}}} if ingress else {}),
    }


def network_policy(spec: str | Manifest, place: str = "shop/policy") -> Manifest:
    """A NetworkPolicy whose spec is given as YAML text, flow style in most tables."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _metadata(place),
        "spec": yaml.safe_load(spec) if isinstance(spec, str) else spec,
    }


def _metadata(place: str, labels: Labels | None = None) -> Manifest:
    namespace, _, name = place.rpartition("/")
    return {
        "name": name,
        **({"namespace": namespace} if namespace else {}),
        **({"labels": dict(labels)} if labels else {}),
    }


def _container(name: str, ports: str) -> Manifest:
    declared: list[Manifest] = []
    for text in ports.split():
        match = _CONTAINER_PORT.fullmatch(text)
        assert match is not None, f"{text!r} is no port"
        port: Manifest = {"containerPort": int(match["number"])}
        if match["name"]:
            port["name"] = match["name"]
        if match["protocol"]:
            port["protocol"] = match["protocol"]
        declared.append(port)
    return {"name": name, "image": "image", **({"ports": declared} if declared else {})}


def upload(*manifests: Manifest) -> Upload:
    """What the reader makes of some objects."""
    listed = {"apiVersion": "v1", "kind": "List", "items": manifests}
    return read_upload([UploadPart(json.dumps(listed).encode(), "application/json")])


def snapshot(
    *manifests: Manifest,
    applied_before: Iterable[Manifest] = (),
    facts: ClusterFacts = ClusterFacts(),
) -> Snapshot:
    """Objects as a snapshot, through the reader."""
    read = upload(*manifests)
    earlier = tuple(each.policy for each in upload(*applied_before).policies)
    return build_snapshot(read.inventory, read.policies, facts, earlier)[0]


def profile(text: str) -> EngineProfile:
    """`cilium`, `cilium:1.17` or `npm?fixes=2026-09`."""
    name, _, options = text.partition("?")
    pairs = (each.partition("=") for each in options.split("&") if each)
    return resolve_profile(name, options={key: chosen for key, _, chosen in pairs})


def evaluator(found: Snapshot, engine: str = "kubernetes") -> Evaluator:
    pipeline = compile_pipeline(found, profile(engine))
    return Evaluator(pipeline, found.inventory, found.facts.pod_cidrs)


def ask(found: Snapshot, question: str, engine: str = "kubernetes") -> Verdict:
    """The verdict on one flow, given as text."""
    return evaluator(found, engine).evaluate(flow(question))


def flow(text: str) -> Flow:
    """`SOURCE -> DESTINATION PROTOCOL[/PORT] [backend NAME, node NAME]`.

    An end is `namespace/pod`, `namespace/Kind/name`, `namespace/key=value`, `node:name`, an IP
    address, or for destinations `svc:namespace/name`.
    """
    match = _FLOW.fullmatch(text)
    assert match is not None, f"{text!r} is no flow"
    narrowed = dict(each.split() for each in (match["narrowed"] or "").split(",") if each)
    port = match["port"]
    return Flow(
        _source(match["source"]),
        _destination(match["destination"], narrowed),
        match["protocol"],
        int(port) if port and port.isdecimal() else port,
    )


def _destination(text: str, narrowed: Mapping[str, str]) -> DestinationEnd:
    if not text.startswith("svc:"):
        return _source(text)
    namespace, _, name = text.removeprefix("svc:").partition("/")
    return ServiceEnd(namespace, name, narrowed.get("backend", ""), narrowed.get("node", ""))


def _source(text: str) -> SourceEnd:
    if text.startswith("node:"):
        return NodeEnd(text.removeprefix("node:"))
    if "/" not in text:
        return AddressEnd(text)
    namespace, _, name = text.partition("/")
    if "=" in name:
        key, _, value = name.partition("=")
        requirement = Requirement(key, Operator.IN, (value,))
        return SelectorEnd(namespace, LabelSelector((requirement,)), name)
    return WorkloadEnd(namespace, name) if "/" in name else PodEnd(namespace, name)
