"""Reads Calico WorkloadEndpoints as pods, for dumps that hold no pods.

A workload endpoint is what Calico makes of a pod (projectcalico/calico
libcalico-go/lib/backend/k8s/conversion/workload_endpoint_default.go).
"""

from __future__ import annotations

import ipaddress
import re

from service.manifests.calico_fields import Members, shown
from service.manifests.calico_rules import read_protocol
from service.manifests.endpoint_reading import EndpointReading, Places, read_port, sound
from service.manifests.pod_owners import owner_by_labels
from service.model.finding import Severity
from service.model.inventory import ContainerPort, Pod
from service.model.ports import Protocol

ORCHESTRATOR = "k8s"
_NAMESPACE = "projectcalico.org/namespace"
_ACCOUNT = "projectcalico.org/serviceaccount"
_ADDED_LABELS = (_NAMESPACE, "projectcalico.org/orchestrator", _ACCOUNT)
_ACCOUNT_PROFILE = "ksa."
_NAMESPACE_PROFILE = "kns."
_PLACES = Places(name="/spec/pod")
#: `<node>-<orchestrator>-<pod>-<endpoint>`, each with its dashes doubled (libcalico-go/lib/names).
_NAME_PARTS = re.compile(r"(?:[^-]|--)+")


def read_workload_endpoint(metadata: Members, spec: Members) -> EndpointReading | None:
    """The pod behind a workload endpoint; None, with a note, where it stands for none."""
    named_node, orchestrator, named_pod = _parts_of(metadata.text("name"))
    orchestrator = spec.text("orchestrator") or orchestrator or ORCHESTRATOR
    if orchestrator != ORCHESTRATOR:
        spec.notes.tell(
            "CalicoWorkloadOfOther",
            Severity.MEDIUM,
            f"the endpoint is one of {orchestrator}, which is no pod; it is left out",
            spec.at("orchestrator"),
        )
        return None
    name = spec.text("pod") or named_pod
    if not name:
        spec.wrong("pod", "RequiredField", "neither spec.pod nor the name tells the pod")
        return None
    labels = metadata.labels("labels")
    namespace = _namespace(metadata, spec, labels)
    ports = (_port(each) for each in spec.members("ports"))
    own = {key: value for key, value in labels.items() if key not in _ADDED_LABELS}
    pod = Pod(
        namespace,
        name,
        own,
        owner=owner_by_labels(name, own),
        node=spec.text("node") or named_node or None,
        addresses=_addresses(spec),
        service_account=_account(spec, labels, namespace),
        ports=tuple(each for each in ports if each is not None),
    )
    return sound(EndpointReading(pod, {}), spec.notes, _PLACES)


def _parts_of(name: str) -> tuple[str, str, str]:
    """Node, orchestrator and pod as the endpoint's own name tells them, or nothing."""
    parts = [each.replace("--", "-") for each in _NAME_PARTS.findall(name)]
    return (parts[0], parts[1], parts[2]) if len(parts) == 4 else ("", "", "")


def _namespace(metadata: Members, spec: Members, labels: dict[str, str]) -> str:
    written, labelled = metadata.text("namespace"), labels.get(_NAMESPACE, "")
    if written and labelled and written != labelled:
        metadata.notes.tell(
            "CalicoWorkloadNamespace",
            Severity.MEDIUM,
            f"the label {_NAMESPACE} says {labelled}, the object is in {written}, which counts",
            Members({}, metadata.at("labels"), metadata.notes).at(_NAMESPACE),
        )
    profiles = (each for each in spec.texts("profiles") if each.startswith(_NAMESPACE_PROFILE))
    by_profile = next(profiles, "").removeprefix(_NAMESPACE_PROFILE)
    return written or labelled or by_profile or "default"


def _account(spec: Members, labels: dict[str, str], namespace: str) -> str:
    # A name of 63 characters and more is in no label, but among the profiles.
    prefix = f"{_ACCOUNT_PROFILE}{namespace}."
    profiles = (each for each in spec.texts("profiles") if each.startswith(prefix))
    by_profile = next(profiles, "").removeprefix(prefix)
    return spec.text("serviceAccountName") or labels.get(_ACCOUNT, "") or by_profile or "default"


def _addresses(spec: Members) -> tuple[str, ...]:
    found: list[str] = []
    notes = spec.notes
    for pointer, value in spec.items("ipNetworks"):
        if not isinstance(value, str):
            notes.wrong("InvalidType", f"{shown(value)} must be a text", pointer)
            continue
        try:
            interface = ipaddress.ip_interface(value)
        except ValueError:
            notes.wrong("InvalidCidr", f"{value!r} is no address", pointer)
            continue
        if interface.network.num_addresses != 1 or "%" in value:
            # Calico knows no other networks of workloads (lib/validator/v3).
            notes.wrong("InvalidCidr", f"{value!r} is more than one address", pointer)
        elif str(interface.ip) not in found:
            found.append(str(interface.ip))
    if not found:
        notes.tell(
            "CalicoWorkloadWithoutAddress",
            Severity.MEDIUM,
            "the endpoint has no address: its pod has not started yet, or has ended; it is read "
            "as one that runs",
            spec.at("ipNetworks"),
        )
    return tuple(found)


def _port(members: Members) -> ContainerPort | None:
    value, pointer = members.value("protocol"), members.at("protocol")
    if value is None:
        members.wrong("protocol", "RequiredField", "a port needs its protocol; it is left out")
        return None
    number = read_protocol(value, members.notes, pointer, stored=True)
    if number is None:
        return None
    known = {each.value: each.name for each in Protocol}
    return read_port(members, known.get(number, str(number)))
