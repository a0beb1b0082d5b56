"""Calico's WorkloadEndpoints, which stand for pods where an upload holds none."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from service.manifests.archive import decode_inventory, encode_inventory, manifest_documents
from service.manifests.calico import read_calico_workload
from service.manifests.reader import UploadPart, read_upload
from service.model.calico import API, STORED_API
from service.model.finding import Severity
from service.model.inventory import ContainerPort, Owner, Pod
from service.model.verdict import Decision
from tests.builders import Manifest, evaluator, flow, pod, snapshot, upload

#: As `calicoctl get workloadendpoints -o yaml` prints it.
ENDPOINT = """
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata:
  creationTimestamp: "2026-01-02T03:04:05Z"
  generateName: web-6d4cf56db6-
  labels:
    app: web
    pod-template-hash: 6d4cf56db6
    projectcalico.org/namespace: shop
    projectcalico.org/orchestrator: k8s
    projectcalico.org/serviceaccount: front
  name: aks--pool-k8s-web--6d4cf56db6--abcde-eth0
  namespace: shop
  resourceVersion: "12"
  uid: 5f5e5d5c-0000-0000-0000-000000000000
spec:
  containerID: 0123456789abcdef
  endpoint: eth0
  interfaceName: cali0123456789a
  ipNetworks: [10.244.1.10/32, "fd00::10/128"]
  node: aks-pool
  orchestrator: k8s
  pod: web-6d4cf56db6-abcde
  ports:
  - {name: http, port: 8080, protocol: TCP}
  - {hostPort: 53, port: 5353, protocol: udp}
  profiles: [kns.shop, ksa.shop.front]
  serviceAccountName: front
"""


def endpoint(metadata: Manifest | None = None, **spec: Any) -> Manifest:
    """The endpoint with members replaced; those that are None are left out."""
    found: Manifest = yaml.safe_load(ENDPOINT)
    for holder, changes in ((found["metadata"], metadata or {}), (found["spec"], spec)):
        for key, value in changes.items():
            if value is None:
                holder.pop(key, None)
            else:
                holder[key] = value
    return found


def read(raw: Manifest) -> tuple[Pod | None, list[tuple[str, str]]]:
    before = copy.deepcopy(raw)
    found, notes = read_calico_workload(raw)
    assert raw == before
    assert all(each.severity is not None for each in notes)
    return (None if found is None else found.pod), [(each.code, each.pointer) for each in notes]


@pytest.mark.parametrize("api", [API, STORED_API])
def test_stands_for_its_pod(api: str) -> None:
    found = upload(endpoint() | {"apiVersion": api})
    assert found.inventory.pods == (
        Pod(
            "shop",
            "web-6d4cf56db6-abcde",
            {"app": "web", "pod-template-hash": "6d4cf56db6"},
            owner=Owner("ReplicaSet", "web-6d4cf56db6"),
            node="aks-pool",
            addresses=("10.244.1.10", "fd00::10"),
            service_account="front",
            ports=(ContainerPort(8080, "TCP", "http"), ContainerPort(5353, "UDP", "")),
        ),
    )
    (told,) = found.problems
    assert (told.code, told.severity) == ("PodsFromEndpoints", Severity.MEDIUM)
    assert "1 WorkloadEndpoint objects stand for them" in told.detail


def test_a_list_as_calicoctl_prints_it() -> None:
    listed = {"apiVersion": API, "kind": "WorkloadEndpointList", "items": [endpoint()]}
    assert [each.name for each in upload(listed).inventory.pods] == ["web-6d4cf56db6-abcde"]


def test_is_written_out_as_a_pod_and_read_again() -> None:
    found = upload(endpoint(), endpoint({"name": "x"}, pod="db-0", node=None))
    text = manifest_documents(found.policies, found.inventory)
    assert read_upload([UploadPart(text.encode())]).inventory == found.inventory
    assert decode_inventory(encode_inventory(found.inventory)) == found.inventory


@pytest.mark.parametrize(
    ("metadata", "profiles", "namespace"),
    [
        ({}, None, "shop"),
        ({"namespace": None}, None, "shop"),
        ({"namespace": None, "labels": {}}, ["ksa.x.y", "kns.team"], "team"),
        ({"namespace": None, "labels": {}}, [], "default"),
    ],
)
def test_namespace(metadata: Manifest, profiles: list[str] | None, namespace: str) -> None:
    changes = {} if profiles is None else {"profiles": profiles}
    found, notes = read(endpoint(metadata, **changes))
    assert found is not None
    assert found.namespace == namespace
    assert notes == []


def test_two_namespaces() -> None:
    found, notes = read(endpoint({"namespace": "other"}))
    assert found is not None
    assert found.namespace == "other"
    assert notes == [("CalicoWorkloadNamespace", "/metadata/labels/projectcalico.org~1namespace")]


@pytest.mark.parametrize(
    ("metadata", "spec", "account"),
    [
        ({}, {"serviceAccountName": "own"}, "own"),
        ({}, {"serviceAccountName": None}, "front"),
        # No label holds a name as long as this.
        ({"labels": {}}, {"serviceAccountName": None, "profiles": ["ksa.shop.long"]}, "long"),
        ({"labels": {}}, {"serviceAccountName": None, "profiles": ["ksa.x.y"]}, "default"),
    ],
)
def test_service_account(metadata: Manifest, spec: Manifest, account: str) -> None:
    found, _ = read(endpoint(metadata, **spec))
    assert found is not None
    assert found.service_account == account


@pytest.mark.parametrize(
    ("labels", "name", "owner"),
    [
        ({"pod-template-hash": "5b"}, "web-5b-x2rnm", Owner("ReplicaSet", "web-5b")),
        ({"pod-template-hash": "5b"}, "web-x2rnm", None),
        ({"statefulset.kubernetes.io/pod-name": "db-0"}, "db-0", Owner("StatefulSet", "db")),
        ({"statefulset.kubernetes.io/pod-name": "db-1"}, "db-0", None),
        (
            {"controller-revision-hash": "5b", "pod-template-generation": "1"},
            "agent-x2rnm",
            Owner("DaemonSet", "agent"),
        ),
        ({"controller-revision-hash": "5b"}, "agent-x2rnm", None),
        ({"batch.kubernetes.io/job-name": "dump-29"}, "dump-29-x2rnm", Owner("Job", "dump-29")),
        ({"job-name": "dump"}, "dump-x2rnm", Owner("Job", "dump")),
        ({"job-name": "dump"}, "other-x2rnm", None),
        ({}, "bare", None),
    ],
)
def test_owner(labels: Manifest, name: str, owner: Owner | None) -> None:
    found, notes = read(endpoint({"labels": labels}, pod=name))
    assert found is not None
    assert (found.owner, notes) == (owner, [])


@pytest.mark.parametrize(
    ("networks", "addresses", "notes"),
    [
        (["10.0.0.5"], ("10.0.0.5",), []),
        (["10.0.0.5/32", "10.0.0.5"], ("10.0.0.5",), []),
        (["FD00::5/128"], ("fd00::5",), []),
        (["10.0.0.5/24", "10.0.0.6"], ("10.0.0.6",), [("InvalidCidr", "/spec/ipNetworks/0")]),
        (["10.0.0.0/8", "10.0.0.6"], ("10.0.0.6",), [("InvalidCidr", "/spec/ipNetworks/0")]),
        (["fe80::1%eth0", "::6"], ("::6",), [("InvalidCidr", "/spec/ipNetworks/0")]),
        (["10.0.0.6", 5, "x"], ("10.0.0.6",), [
            ("InvalidType", "/spec/ipNetworks/1"), ("InvalidCidr", "/spec/ipNetworks/2"),
        ]),
        ([], (), [("CalicoWorkloadWithoutAddress", "/spec/ipNetworks")]),
        (None, (), [("CalicoWorkloadWithoutAddress", "/spec/ipNetworks")]),
        ("10.0.0.6", (), [
            ("InvalidType", "/spec/ipNetworks"),
            ("CalicoWorkloadWithoutAddress", "/spec/ipNetworks"),
        ]),
    ],
)  # fmt: skip
def test_addresses(networks: Any, addresses: tuple[str, ...], notes: list[Any]) -> None:
    found, told = read(endpoint(ipNetworks=networks))
    assert found is not None
    assert (found.addresses, told) == (addresses, notes)


@pytest.mark.parametrize(
    ("port", "code", "pointer"),
    [
        ({"name": "http", "port": 0, "protocol": "TCP"}, "InvalidPort", "port"),
        ({"name": "http", "protocol": "TCP"}, "InvalidPort", "port"),
        ({"name": "http", "port": "x", "protocol": "TCP"}, "InvalidType", "port"),
        ({"name": "http", "port": 80}, "RequiredField", "protocol"),
        ({"name": "http", "port": 80, "protocol": 7}, "InvalidProtocol", "protocol"),
        ({"name": "http", "port": 80, "protocol": "ICMP"}, "InvalidProtocol", "protocol"),
        ({"name": "http", "port": 80, "protocol": "x"}, "InvalidProtocol", "protocol"),
        ({"name": "HTTP", "port": 80, "protocol": "TCP"}, "InvalidPortName", "name"),
        ({"name": 8, "port": 80, "protocol": "TCP"}, "InvalidType", "name"),
    ],
)
def test_port_that_cannot_be_read(port: Manifest, code: str, pointer: str) -> None:
    good = {"name": "good", "port": 1, "protocol": 17}
    found, notes = read(endpoint(ports=[port, good]))
    assert found is not None
    assert ContainerPort(1, "UDP", "good") in found.ports
    assert (code, f"/spec/ports/0/{pointer}") in notes


@pytest.mark.parametrize(
    ("metadata", "spec", "note"),
    [
        ({}, {"orchestrator": "openstack"}, ("CalicoWorkloadOfOther", "/spec/orchestrator")),
        ({"name": "x"}, {"pod": None}, ("RequiredField", "/spec/pod")),
        ({}, {"pod": "Not_A_Name"}, ("InvalidName", "/spec/pod")),
        ({}, {"pod": 7, "orchestrator": None}, ("InvalidType", "/spec/pod")),
        ({"namespace": "Not.A.Name"}, {}, ("InvalidNamespace", "/metadata/namespace")),
    ],
)
def test_what_stands_for_no_pod_is_told(
    metadata: Manifest, spec: Manifest, note: tuple[str, str]
) -> None:
    raw = endpoint({"labels": {}, **metadata}, **spec)
    found, notes = read(raw)
    assert note in notes
    if found is None:
        assert upload(raw).inventory.pods == ()
    else:
        # The object's own name tells the pod as well.
        assert found.name == "web-6d4cf56db6-abcde"


def test_the_name_tells_pod_and_node() -> None:
    found, notes = read(endpoint(pod=None, node=None, orchestrator=None))
    assert found is not None
    assert (found.name, found.node) == ("web-6d4cf56db6-abcde", "aks-pool")
    assert notes == []


def test_labels_that_no_pod_has_are_told_and_left_out() -> None:
    labels = {"app": "web", "bad key": "x", "role": "bad value!"}
    found, notes = read(endpoint({"labels": labels}))
    assert found is not None
    assert found.labels == {"app": "web"}
    assert [code for code, _ in notes] == ["InvalidLabelKey", "InvalidLabelValue"]


def test_pods_win() -> None:
    covered = upload(endpoint(), pod("shop/web-6d4cf56db6-abcde", {"app": "api"}))
    assert [each.labels for each in covered.inventory.pods] == [{"app": "api"}]
    assert covered.problems == ()
    others = [endpoint({"name": "x"}, pod=f"web-{at}") for at in range(4)]
    beside = upload(*others, pod("shop/other"))
    assert [each.name for each in beside.inventory.pods] == ["other"]
    (told,) = beside.problems
    assert (told.code, told.document) == ("EndpointsBesidePods", 1)
    assert "shop/web-0, shop/web-1, shop/web-2 and 1 more" in told.detail


def test_endpoints_of_two_engines_are_counted_apart() -> None:
    cilium = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumEndpoint",
        "metadata": {"name": "db-0", "namespace": "shop"},
        "status": {"identity": {"labels": ["k8s:app=db"]}},
    }
    found = upload(cilium, endpoint(), endpoint({"name": "x"}, pod="web-2"))
    assert [each.name for each in found.inventory.pods] == ["db-0", "web-2", "web-6d4cf56db6-abcde"]
    told = {each.document: each.detail for each in found.problems}
    assert "1 CiliumEndpoint objects" in told[1]
    assert "2 WorkloadEndpoint objects" in told[2]


def test_policies_see_them_as_pods() -> None:
    policy = {
        "apiVersion": API,
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": {
            "selector": "app == 'web'",
            "ingress": [
                {
                    "action": "Allow",
                    "protocol": "TCP",
                    "source": {"serviceAccounts": {"names": ["front"]}},
                    "destination": {"ports": ["http"]},
                }
            ],
        },
    }
    # Without their labels these are ends that the policy does not select.
    other = {"labels": {}, "name": "x"}
    found = evaluator(
        snapshot(
            policy,
            endpoint(),
            endpoint(other, pod="front", ipNetworks=["10.244.1.11/32"]),
            endpoint(
                other,
                pod="back",
                ipNetworks=["10.244.1.12/32"],
                serviceAccountName="back",
                profiles=["kns.shop"],
            ),
        ),
        "calico",
    )
    for source, port, expected in (
        ("front", 8080, Decision.ALLOW),
        ("front", 8081, Decision.DENY),
        ("back", 8080, Decision.DENY),
    ):
        asked = flow(f"shop/{source} -> shop/web-6d4cf56db6-abcde TCP/{port}")
        assert found.evaluate(asked).decision is expected, asked
