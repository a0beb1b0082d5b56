"""The two API forms of Calico's objects, and what is stored past validation."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from service.manifests.calico import read_calico, superseded_forms
from service.manifests.faults import UploadRefused
from service.model.calico import API, STORED_API, CalicoPolicy, HostEndpoint, NetworkSet
from service.model.finding import Severity
from tests.builders import upload

HOST = "{node: n1, interfaceName: eth0}"


def stored(kind: str, spec: str = "{}", name: str = "default.x", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": STORED_API,
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": yaml.safe_load(spec),
    }


def annotated(name: str = "", **more: Any) -> dict[str, Any]:
    content = {**({"name": name} if name else {}), **more}
    return {"annotations": {"projectcalico.org/metadata": json.dumps(content)}}


@pytest.mark.parametrize(
    ("api", "kind", "written", "tier", "metadata", "name"),
    [
        (STORED_API, "GlobalNetworkPolicy", "default.x", "", {}, "x"),
        (STORED_API, "GlobalNetworkPolicy", "default.x", "default", {}, "x"),
        (STORED_API, "GlobalNetworkPolicy", "default.default.x", "default", {}, "default.x"),
        (STORED_API, "GlobalNetworkPolicy", "default.x", "sec", {}, "default.x"),
        (STORED_API, "GlobalNetworkPolicy", "sec.x", "sec", {}, "sec.x"),
        (STORED_API, "NetworkPolicy", "default.x", "", annotated("y"), "y"),
        (STORED_API, "NetworkPolicy", "default.x", "", annotated("default.x"), "x"),
        (
            STORED_API,
            "NetworkPolicy",
            "default.x",
            "",
            {"annotations": {"projectcalico.org/metadata": "{"}},
            "x",
        ),
        (STORED_API, "NetworkSet", "default.x", "", {}, "default.x"),
        (API, "GlobalNetworkPolicy", "default.x", "", {}, "default.x"),
        (API, "GlobalNetworkPolicy", "sec.x", "sec", {}, "sec.x"),
    ],
)
def test_names(
    api: str, kind: str, written: str, tier: str, metadata: dict[str, Any], name: str
) -> None:
    raw = stored(kind, name=written, **metadata) | {"apiVersion": api}
    if tier:
        raw["spec"] = {"tier": tier}
    assert read_calico(raw).ref.name == name


@pytest.mark.parametrize(
    "spec",
    [
        "{selector: a = 'x'}",
        "{ingress: [{action: Allow, source: {selector: a}}]}",
        "{ingress: [{action: Allow, destination: {ports: [80]}}]}",
        "{ingress: [{action: Allow, protocol: TCP, destination: {ports: ['9:8']}}]}",
        "{ingress: [{action: Let}]}",
        "{types: [Sideways]}",
        "{order: [1]}",
    ],
)
def test_what_felix_treats_as_missing_is_told_and_kept(spec: str) -> None:
    reading = read_calico(stored("GlobalNetworkPolicy", spec))
    assert not reading.is_refused
    assert isinstance(reading.value, CalicoPolicy)
    assert reading.value.unreadable
    assert any(each.severity is Severity.HIGH for each in reading.notes)


@pytest.mark.parametrize(
    ("spec", "lost"),
    [
        ("{nets: [10.0.0.0/33]}", ("nets",)),
        ("{nets: [10.0.0.0/8, x], notNets: [y]}", ("nets", "notNets")),
        ("{namespaceSelector: a}", ("namespaceSelector",)),
        ("{serviceAccounts: {selector: a}}", ("serviceAccounts",)),
    ],
)
def test_restrictions_that_felix_loses(spec: str, lost: tuple[str, ...]) -> None:
    reading = read_calico(
        stored("GlobalNetworkPolicy", f"{{ingress: [{{action: Allow, source: {spec}}}]}}")
    )
    assert isinstance(reading.value, CalicoPolicy)
    assert reading.value.ingress[0].source.lost == lost
    assert not reading.value.unreadable
    assert any(each.severity is Severity.HIGH for each in reading.notes)


def test_lost_selectors_of_a_policy() -> None:
    reading = read_calico(
        stored("GlobalNetworkPolicy", "{namespaceSelector: a, serviceAccountSelector: b}")
    )
    assert isinstance(reading.value, CalicoPolicy)
    assert reading.value.lost == ("serviceAccountSelector", "namespaceSelector")


def test_stored_objects_are_read_as_felix_reads_them() -> None:
    # Plain addresses, host bits, any letter case of protocols, global() among others.
    reading = read_calico(
        stored(
            "GlobalNetworkPolicy",
            "{types: [Ingress], ingress: [{action: Allow, protocol: tcp, source: "
            "{nets: [10.0.0.1, 10.0.0.1/8], namespaceSelector: global() || all()}}]}",
        )
    )
    assert reading.notes == ()
    assert isinstance(reading.value, CalicoPolicy)
    assert reading.value.ingress[0].protocol == 6
    networks = read_calico(stored("GlobalNetworkSet", "{nets: [10.0.0.0/8, x]}")).value
    assert isinstance(networks, NetworkSet)
    assert (networks.nets, len(networks.unreadable)) == (("10.0.0.0/8",), 1)


@pytest.mark.parametrize(("kind", "spec"), [("GlobalNetworkSet", "{}"), ("HostEndpoint", HOST)])
def test_stored_labels_stand_in_the_annotation(kind: str, spec: str) -> None:
    # Calico 3.30 and later keep labels there alone; older versions kept them in the metadata.
    kept = annotated(labels={"a": "new", "b": "x"}, creationTimestamp=None, uid="u")
    reading = read_calico(stored(kind, spec, "x", labels={"a": "old", "c": "y"}, **kept))
    assert isinstance(reading.value, NetworkSet | HostEndpoint)
    assert reading.value.labels == {"a": "new", "b": "x", "c": "y"}
    assert reading.notes == ()
    plain = read_calico(stored(kind, spec, "x", labels={"a": "new", "b": "x", "c": "y"}))
    assert reading.normalised == plain.normalised
    view = stored(kind, spec, "x", labels=dict(reading.value.labels)) | {"apiVersion": API}
    assert forms(view, stored(kind, spec, "x", labels={"a": "old", "c": "y"}, **kept)) == {0: False}


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"name": 1}', '{"labels": {"a": 1}}', '{"labels": []}']
)
def test_an_annotation_that_calico_cannot_read(text: str) -> None:
    raw = stored("GlobalNetworkSet", annotations={"projectcalico.org/metadata": text})
    reading = read_calico(raw)
    assert isinstance(reading.value, NetworkSet)
    assert reading.value.unreadable
    (told,) = reading.notes
    pointer = "/metadata/annotations/projectcalico.org~1metadata"
    assert (told.code, told.severity, told.pointer) == (
        "InvalidAnnotation",
        Severity.HIGH,
        pointer,
    )


@pytest.mark.parametrize(
    ("metadata", "code", "pointer"),
    [
        ({"name": ""}, "InvalidName", "/metadata/name"),
        ({"name": "X"}, "InvalidName", "/metadata/name"),
        ({"name": 3}, "InvalidType", "/metadata/name"),
        ({"name": "x", "namespace": "A"}, "InvalidNamespace", "/metadata/namespace"),
        ({"name": "x", "labels": {"a": "-"}}, "InvalidLabel", "/metadata/labels/a"),
    ],
)
def test_metadata_of_stored_objects_is_checked(
    metadata: dict[str, Any], code: str, pointer: str
) -> None:
    reading = read_calico(stored("NetworkPolicy") | {"metadata": metadata})
    assert (code, pointer) in {(each.code, each.pointer) for each in reading.notes}
    assert reading.is_refused


def forms(*raw: dict[str, Any]) -> dict[int, bool]:
    readings = [read_calico(each) for each in raw]
    return superseded_forms([(each.ref, each.normalised) for each in readings])


def test_one_object_in_both_forms_counts_once() -> None:
    spec = "{selector: all(), egress: [{action: Deny}]}"
    view = stored("GlobalNetworkPolicy", spec, "x") | {"apiVersion": API}
    assert forms(view, stored("GlobalNetworkPolicy", spec)) == {0: False}
    assert forms(stored("GlobalNetworkPolicy", spec), view) == {1: False}
    # The stored form says what Felix reads: without types it is about both directions.
    both = "{selector: all(), egress: [{action: Deny}], types: [Egress]}"
    assert forms(view, stored("GlobalNetworkPolicy", both)) == {0: False}
    assert forms(view, stored("GlobalNetworkPolicy", "{selector: has(a)}")) == {1: True}
    assert forms(view, stored("GlobalNetworkPolicy", spec.replace("}}", "}"), "default.y")) == {}
    assert forms(view, stored("GlobalNetworkPolicy", "{types: [Ingress]}")) == {1: True}
    assert forms(view, view) == {}


@pytest.mark.parametrize(
    ("spec", "kept", "code"),
    [
        ("{selector: all(), types: [Ingress]}", STORED_API, "CalicoFormsAgree"),
        ("{selector: has(a)}", API, "CalicoFormsDiffer"),
    ],
)
def test_an_upload_keeps_one_of_two_forms(spec: str, kept: str, code: str) -> None:
    view = stored("GlobalNetworkPolicy", "{selector: all()}", "x") | {"apiVersion": API}
    other = stored("GlobalNetworkPolicy", "{selector: all()}", "default.y")
    read = upload(view, stored("GlobalNetworkPolicy", spec), other)
    assert [each.ref.name for each in read.policies] == ["x", "y"]
    assert [each.ref.api_version for each in read.policies] == [kept, STORED_API]
    told = next(each for each in read.problems if each.code.startswith("CalicoForms"))
    assert (told.code, told.document) == (code, 1 if kept == STORED_API else 2)


def test_problems_and_faults_of_an_upload_have_places() -> None:
    lost = "{types: [Ingress], ingress: [{action: Allow, source: {nets: [x]}}]}"
    (told,) = upload(stored("GlobalNetworkPolicy", lost)).problems
    assert (told.severity, told.pointer) == (Severity.HIGH, "/spec/ingress/0/source/nets/0")
    with pytest.raises(UploadRefused) as refused:
        upload(stored("GlobalNetworkPolicy", lost, "x") | {"apiVersion": API})
    assert [(each.document, each.pointer) for each in refused.value.faults] == [
        (1, "/spec/ingress/0/source/nets/0")
    ]


@pytest.mark.parametrize(
    ("protocol", "ports", "is_read"),
    [
        ("", "[80]", False),
        ("protocol: ICMP, ", "[80]", False),
        ("protocol: ICMP, ", "[http]", False),
        ("protocol: 47, ", "[http]", False),
        ("", "[http]", True),
        ("protocol: udp, ", "[http, 80]", True),
    ],
)
@pytest.mark.parametrize("key", ["ports", "notPorts"])
def test_stored_ports_need_their_protocol(
    protocol: str, ports: str, key: str, is_read: bool
) -> None:
    entity = f"destination: {{{key}: {ports}}}"
    spec = f"{{types: [Egress], egress: [{{action: Allow, {protocol}{entity}}}]}}"
    found = read_calico(stored("GlobalNetworkPolicy", spec)).value
    assert isinstance(found, CalicoPolicy)
    assert bool(found.unreadable) is not is_read
