"""Reads Calico WorkloadEndpoints as pods, for dumps that hold no pods.

A workload endpoint is what Calico makes of a pod (libcalico-go/lib/backend/k8s/conversion).
"""

from __future__ import annotations

import ipaddress

from service.manifests.calico_fields import Members
from service.manifests.calico_rules import read_protocol
from service.model.inventory import ContainerPort, Pod
from service.model.ports import Protocol

ORCHESTRATOR = "k8s"
_ADDED_LABELS = (
    "projectcalico.org/namespace",
    "projectcalico.org/orchestrator",
    "projectcalico.org/serviceaccount",
)
_ACCOUNT_PROFILE = "ksa."


def read_workload_endpoint(metadata: Members, spec: Members) -> Pod | None:
    """The pod behind a workload endpoint; None where it stands for something else."""
    namespace, name = metadata.text("namespace"), spec.text("pod")
    if not name or not namespace or spec.text("orchestrator") not in {"", ORCHESTRATOR}:
        return None
    labels = metadata.labels("labels")
    account = spec.text("serviceAccountName") or labels.get(_ADDED_LABELS[2], "")
    prefix = f"{_ACCOUNT_PROFILE}{namespace}."
    for profile in spec.texts("profiles"):
        if not account and profile.startswith(prefix):
            account = profile.removeprefix(prefix)
    ports = (_port(each) for each in spec.members("ports"))
    return Pod(
        namespace,
        name,
        {key: value for key, value in labels.items() if key not in _ADDED_LABELS},
        node=spec.text("node") or None,
        addresses=_addresses(spec),
        service_account=account or "default",
        ports=tuple(each for each in ports if each is not None),
    )


def _addresses(spec: Members) -> tuple[str, ...]:
    found: list[str] = []
    for pointer, value in spec.items("ipNetworks"):
        if not isinstance(value, str):
            spec.notes.wrong("InvalidType", "must be a text", pointer)
            continue
        try:
            network = ipaddress.ip_network(value)
        except ValueError:
            spec.notes.wrong("InvalidCidr", f"{value!r} is no address", pointer)
            continue
        if network.num_addresses == 1:
            found.append(str(network.network_address))
        else:
            spec.notes.wrong("InvalidCidr", f"{value!r} holds several addresses", pointer)
    return tuple(found)


def _port(members: Members) -> ContainerPort | None:
    number = members.number("port")
    value = members.value("protocol")
    if number is None or not 1 <= number <= 65535 or value is None:
        return None
    protocol = read_protocol(value, members.notes, members.at("protocol"), stored=True)
    if protocol not in {Protocol.TCP, Protocol.UDP, Protocol.SCTP}:
        return None
    return ContainerPort(number, Protocol(protocol).name, members.text("name"))
