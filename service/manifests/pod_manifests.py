"""Pods as Kubernetes objects: a Pod, or the workload whose template it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from service.manifests.pod_owners import maker_of, without_job_name, without_ordinal
from service.model.inventory import ContainerPort, ContainerRole, HostAddress, Owner, Pod

_API_VERSIONS = {
    **dict.fromkeys(("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"), "apps/v1"),
    **dict.fromkeys(("Job", "CronJob"), "batch/v1"),
    "ReplicationController": "v1",
}
_JOBS = frozenset({"Job", "CronJob"})
#: What the API asks for and the model does not keep.
_IMAGE = "image.invalid/not-kept"
_SCHEDULE = "0 0 1 1 *"
_UID = "00000000-0000-0000-0000-000000000000"


def manifest(
    api_version: str, kind: str, metadata: Mapping[str, Any], **parts: Any
) -> dict[str, Any]:
    """An object without its empty parts."""
    filled = {name: part for name, part in parts.items() if part}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **filled}


def metadata_of(name: str, labels: Mapping[str, str], namespace: str = "") -> dict[str, Any]:
    """Metadata without empty members."""
    found: dict[str, Any] = {"name": name}
    if namespace:
        found["namespace"] = namespace
    if labels:
        found["labels"] = dict(labels)
    return found


def pod_manifests(
    pods: Iterable[Pod], host_addresses: Iterable[HostAddress] = ()
) -> Iterator[dict[str, Any]]:
    """The objects that read back as these pods; pods of one template are one object."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for each in host_addresses:
        hosts.setdefault((each.namespace, each.pod), []).append(each.address)
    of_templates: dict[tuple[str, Owner], list[Pod]] = {}
    of_makers: dict[tuple[str, Owner], dict[Owner, Pod]] = {}
    for pod in pods:
        if pod.from_template and pod.owner is not None:
            of_templates.setdefault((pod.namespace, pod.owner), []).append(pod)
            continue
        yield _pod(pod, hosts.get((pod.namespace, pod.name), ()))
        maker = maker_of(pod.owner, pod.labels) if pod.owner and not pod.is_finished else None
        if pod.owner is not None and maker is not None:
            of_makers.setdefault((pod.namespace, maker), {}).setdefault(pod.owner, pod)
    for (namespace, owner), found in of_templates.items():
        yield _workload(found[0], owner, len(found))
        # The pods of a ReplicaSet or Job that is no part of it would be taken for pods of it,
        # as its name tells, if the object were not there to tell otherwise.
        for other, pod in of_makers.get((namespace, owner), {}).items():
            yield _workload(pod, other, 1)


def _pod(pod: Pod, host_addresses: Sequence[str]) -> dict[str, Any]:
    metadata = metadata_of(pod.name, pod.labels, pod.namespace)
    if pod.owner is not None:
        metadata["ownerReferences"] = [
            {
                "apiVersion": _API_VERSIONS.get(pod.owner.kind, "unknown.invalid/v1"),
                "kind": pod.owner.kind,
                "name": pod.owner.name,
                "uid": _UID,
                "controller": True,
            }
        ]
    status: dict[str, Any] = {"phase": pod.phase}
    if pod.addresses:
        status["podIP"] = pod.addresses[0]
        status["podIPs"] = [{"ip": each} for each in pod.addresses]
    if host_addresses:
        status["hostIP"] = host_addresses[0]
        status["hostIPs"] = [{"ip": each} for each in host_addresses]
    if not pod.ready:
        status["conditions"] = [{"type": "Ready", "status": "False"}]
    return manifest("v1", "Pod", metadata, spec=_spec(pod), status=status)


def _workload(pod: Pod, owner: Owner, pods: int) -> dict[str, Any]:
    spec, labels = _spec(pod), pod.labels
    body: dict[str, Any] = {}
    if owner.kind in _JOBS:
        spec["restartPolicy"] = "Never"
        if pods > 1:
            body["parallelism"] = pods
    elif owner.kind != "DaemonSet":
        body["replicas"] = pods
    if owner.kind == "StatefulSet":
        labels, ordinal = without_ordinal(labels)
        if ordinal:
            body["ordinals"] = {"start": ordinal}
    elif owner.kind == "Job":
        given = without_job_name(labels, owner.name)
        if given is None:
            body |= {"manualSelector": True, "selector": {"matchLabels": dict(labels)}}
        else:
            labels = given
    template: dict[str, Any] = {"spec": spec}
    if labels:
        template = {"metadata": {"labels": dict(labels)}, **template}
    body["template"] = template
    if owner.kind == "CronJob":
        body = {"schedule": _SCHEDULE, "suspend": True, "jobTemplate": {"spec": body}}
    elif owner.kind == "ReplicationController":
        body = {"selector": dict(labels), **body}
    elif owner.kind != "Job":
        body = {"selector": {"matchLabels": dict(labels)}, **body}
    metadata = metadata_of(owner.name, {}, pod.namespace)
    return manifest(_API_VERSIONS[owner.kind], owner.kind, metadata, spec=body)


def _spec(pod: Pod) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if pod.node is not None:
        found["nodeName"] = pod.node
    if pod.host_network:
        found["hostNetwork"] = True
    if pod.service_account != "default":
        found["serviceAccountName"] = pod.service_account
    if pod.os is not None:
        found["os"] = {"name": pod.os}
    by_role = {role: [each for each in pod.ports if each.role is role] for role in ContainerRole}
    inits = [
        *_containers("sidecar", by_role[ContainerRole.SIDECAR], restartPolicy="Always"),
        *_containers("init", by_role[ContainerRole.INIT]),
    ]
    if inits:
        found["initContainers"] = inits
    regular = _containers("main", by_role[ContainerRole.REGULAR])
    found["containers"] = regular or [{"name": "main", "image": _IMAGE}]
    return found


def _containers(prefix: str, ports: Iterable[ContainerPort], **more: str) -> list[dict[str, Any]]:
    """Containers with these ports; a name that two ports share stands once in each."""
    groups: list[dict[str, ContainerPort]] = []
    for port in ports:
        key = port.name or f"{port.protocol} {port.number}"
        group = next((each for each in groups if key not in each), None)
        if group is None:
            group = {}
            groups.append(group)
        group[key] = port
    return [
        {
            "name": prefix if at == 0 else f"{prefix}-{at}",
            "image": _IMAGE,
            **more,
            "ports": [_port(each) for each in group.values()],
        }
        for at, group in enumerate(groups)
    ]


def _port(port: ContainerPort) -> dict[str, Any]:
    named = {"name": port.name} if port.name else {}
    published = {"hostPort": port.host_port} if port.host_port else {}
    return {**named, "containerPort": port.number, "protocol": port.protocol, **published}
