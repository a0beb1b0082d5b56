"""Stored forms, digests, and manifests out again."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
import yaml

from service.manifests.archive import (
    decode_inventory,
    decode_policies,
    encode_inventory,
    encode_policies,
    inventory_digest,
    manifest_documents,
    policy_set_digest,
)
from service.manifests.reader import Upload, UploadPart, read_upload
from service.manifests.yaml_nodes import value_of
from service.manifests.yaml_writer import yaml_of
from service.model.inventory import Inventory
from tests.builders import Manifest, deployment, namespace, network_policy, node, pod, service
from tests.unit.manifests.reading import policy_text, read

CLUSTER: list[Manifest] = [
    namespace("x", {"team": "red"}),
    node("node-1", "10.0.0.4", "2001:db8::4"),
    node("node-2", os="windows"),
    {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "a", "namespace": "x", "labels": {"b": "c"}},
    },
    pod("x/bare"),
    pod(
        "x/full",
        {"app": "web"},
        ips=["10.1.0.1", "2001:db8::1"],
        on="node-1",
        ports="http=80 dns=53/UDP 90",
        sidecar_ports="mesh=15000",
        init_ports="early=1",
        owner="ReplicaSet/full-1",
        serviceAccountName="a",
        os={"name": "linux"},
    ),
    {
        **pod("x/twice"),
        "spec": {
            "containers": [
                {"ports": [{"containerPort": 80, "name": "http"}]},
                {"ports": [{"containerPort": 81, "name": "http"}]},
            ]
        },
    },
    pod("x/host", ips=["10.0.0.4"], on="node-1", hostNetwork=True),
    pod("x/done", phase="Succeeded", owner="Custom/thing"),
    {
        **pod("x/unready"),
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]},
    },
    deployment("x/web", {"app": "web"}, ports="http=80", hostNetwork=True),
    deployment("x/bare", {}),
    *(
        {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {"name": kind.lower(), "namespace": "x"},
            "spec": {"template": {"metadata": {"labels": {"a": "b"}}, "spec": {}}},
        }
        for kind in ("StatefulSet", "DaemonSet", "ReplicaSet")
    ),
    {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": "rc"},
        "spec": {"template": {}},
    },
    {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": {}}},
    {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "c"},
        "spec": {"jobTemplate": {"spec": {"template": {"metadata": {"labels": {"a": "v"}}}}}},
    },
    service("x/plain", {"app": "web"}, [{"port": 80, "targetPort": "http"}], clusterIP="10.9.0.1"),
    service("x/headless", clusterIP="None"),
    service(
        "x/balanced",
        {"app": "web"},
        [
            {"name": "a", "port": 80, "nodePort": 30080},
            {"name": "b", "port": 53, "protocol": "UDP"},
        ],
        type="LoadBalancer",
        externalTrafficPolicy="Local",
        load_balancer_ips=["192.0.2.1"],
        externalIPs=["192.0.2.9"],
    ),
    service("x/reached", externalIPs=["192.0.2.3"], externalTrafficPolicy="Local"),
    service("x/elsewhere", type="ExternalName", externalName="example.com"),
]
POLICIES: list[Manifest] = [
    network_policy("{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}"),
    network_policy("{egress: [{to: [{ipBlock: {cidr: 10.0.0.5/8}}]}]}", "x/other"),
    {
        "apiVersion": "crd.antrea.io/v1beta1",
        "kind": "ClusterNetworkPolicy",
        "metadata": {"name": "a"},
        "spec": {"tier": "emergency"},
    },
]


def _upload(manifests: list[Manifest]) -> Upload:
    listed = {"apiVersion": "v1", "kind": "List", "items": manifests}
    return read_upload([UploadPart(json.dumps(listed).encode())])


EVERYTHING = _upload(CLUSTER + POLICIES)


def test_an_inventory_comes_back() -> None:
    stored = encode_inventory(EVERYTHING.inventory)
    assert decode_inventory(stored) == EVERYTHING.inventory
    assert stored == encode_inventory(_upload(CLUSTER[::-1]).inventory)


SPARSE: list[Manifest] = [
    {**pod("x/far"), "status": {"hostIP": "10.0.0.77", "hostIPs": [{"ip": "fd00::77"}]}},
    pod("x/published", ports="http=80", hostNetwork=False),
    service("x/ranges", type="LoadBalancer", loadBalancerSourceRanges=[" 192.0.2.1/24 "]),
    service("x/early", publishNotReadyAddresses=True),
    service("x/near", internalTrafficPolicy="Local"),
]
SPARSE[1]["spec"]["containers"][0]["ports"] = [
    {"name": "http", "containerPort": 80, "hostPort": 8080},
    {"containerPort": 80, "hostPort": 8081},
]


@pytest.mark.parametrize("more", [SPARSE[at : at + 1] for at in range(len(SPARSE))])
def test_what_few_objects_have_is_kept(more: list[Manifest]) -> None:
    found = _upload([*CLUSTER, *more]).inventory
    assert decode_inventory(encode_inventory(found)) == found
    read_again = read_upload([UploadPart(manifest_documents((), found).encode())])
    assert read_again.inventory == found
    plain = [{**each, "spec": {}, "status": {}} for each in more]
    assert inventory_digest(found) != inventory_digest(_upload([*CLUSTER, *plain]).inventory)


def test_what_was_stored_before_reads_and_has_its_digest() -> None:
    """Members that came later are left out where they say nothing."""
    stored = zlib.decompress(encode_inventory(EVERYTHING.inventory))
    later = "host_addresses", "host_port", "keeps_to_node", "publishes_not_ready", "source_ranges"
    assert not [each for each in later if f'"{each}"'.encode() in stored]
    labels = dict.fromkeys(later, "false") | {"quoted": "null"}
    labelled = _upload([pod("x/labelled", labels)]).inventory
    assert decode_inventory(encode_inventory(labelled)) == labelled
    # Digests of these objects before there were any such members.
    assert inventory_digest(Inventory()).startswith("sha256:66e29f746c0f562d")
    assert inventory_digest(EVERYTHING.inventory).startswith("sha256:85831c6c478ed4ff")


def test_policies_come_back() -> None:
    stored = encode_policies(EVERYTHING.policies)
    assert decode_policies(stored) == EVERYTHING.policies
    assert stored == encode_policies(EVERYTHING.policies[::-1])


def test_nothing_comes_back() -> None:
    assert decode_inventory(encode_inventory(Inventory())) == Inventory()
    assert decode_policies(encode_policies(())) == ()


@pytest.mark.parametrize("form", ["yaml", "ndjson", "application/x-ndjson"])
def test_manifests_read_back_the_same(form: str) -> None:
    text = manifest_documents(EVERYTHING.policies, EVERYTHING.inventory, form)
    again = read_upload([UploadPart(text.encode())])
    assert again.inventory == EVERYTHING.inventory
    assert policy_set_digest(again.policies) == policy_set_digest(EVERYTHING.policies)
    assert not again.ignored


def test_policies_go_out_as_they_came_in() -> None:
    text = "# why\n" + policy_text("{ podSelector: {} }") + "# end"
    upload = read(text, policy_text("{}", "{name: b}"))
    found = manifest_documents(upload.policies, Inventory())
    assert found.split("---\n")[1] == f"{text}\n"


def test_each_line_is_one_object() -> None:
    lines = manifest_documents(EVERYTHING.policies, EVERYTHING.inventory, "ndjson").splitlines()
    kinds = [json.loads(each)["kind"] for each in lines]
    assert kinds[0] == "Namespace"
    assert kinds[-1] == "NetworkPolicy"
    assert {"Pod", "Deployment", "CronJob", "Service", "Node", "ServiceAccount"} <= set(kinds)


def test_other_yaml_readers_read_the_manifests_too() -> None:
    text = manifest_documents((), EVERYTHING.inventory)
    found = list(yaml.safe_load_all(text))
    assert len(found) == len(list(CLUSTER))
    assert all({"apiVersion", "kind", "metadata"} <= set(each) for each in found)


def test_digests_do_not_depend_on_layout_or_order() -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": CLUSTER + POLICIES}
    as_yaml = yaml.safe_dump_all([*POLICIES[::-1], *CLUSTER[::-1]], sort_keys=True)
    as_json = json.dumps(listed, indent=7, sort_keys=True)
    for text in (as_yaml, as_json):
        again = read_upload([UploadPart(text.encode())])
        assert policy_set_digest(again.policies) == policy_set_digest(EVERYTHING.policies)
        assert inventory_digest(again.inventory) == inventory_digest(EVERYTHING.inventory)


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"name": "bare", "namespace": "x", "labels": {"a": "b"}}},
        {"status": {"phase": "Failed"}},
        {"spec": {"hostNetwork": True}},
    ],
)
def test_digests_depend_on_what_policies_can_see(change: dict[str, Any]) -> None:
    one, other = _upload([pod("x/bare")]), _upload([pod("x/bare") | change])
    assert inventory_digest(one.inventory) != inventory_digest(other.inventory)


def test_a_digest_is_a_sha256() -> None:
    digest = policy_set_digest(EVERYTHING.policies)
    assert digest.startswith("sha256:")
    assert len(digest) == len("sha256:") + 64
    assert policy_set_digest(EVERYTHING.policies[:1]) != digest


@pytest.mark.parametrize(
    "value",
    [
        {"a": "b"},
        {"a": {"b": ["c", {"d": "e", "f": [1, True, None]}, [], {}]}, "g": {}},
        {
            "quoted": [
                "1",
                "yes",
                "null",
                "0x1f",
                "1e3",
                "- a",
                "a: b",
                "# a",
                "",
                " a",
                "é",
                "a\nb",
            ]
        },
        {"yes": 1, "1": 2, "a b": 3, "a/b.c-d_e": 4},
        {"list": [{"a": {"b": {"c": "d"}}}, {"a": [{"b": 1}, {"b": 2}]}]},
    ],
)
def test_what_the_writer_writes_reads_the_same(value: dict[str, Any]) -> None:
    assert value_of(yaml_of(value)) == value
