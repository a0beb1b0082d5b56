from __future__ import annotations

import json
from typing import Any

import pytest

from service.model.inventory import ContainerPort, ContainerRole, Owner
from tests.builders import Manifest, node, pod, upload
from tests.unit.manifests.reading import codes_of, only_pod


def _pod(metadata: str = "", spec: str = "", status: str = "") -> str:
    return (
        "apiVersion: v1\nkind: Pod\n"
        f"metadata: {{name: p, namespace: x, {metadata}}}\n"
        f"spec: {{{spec}}}\nstatus: {{{status}}}\n"
    )


def test_a_pod_from_a_file() -> None:
    found = only_pod("{apiVersion: v1, kind: Pod, metadata: {name: p}}")
    assert (found.namespace, found.name) == ("default", "p")
    assert found.phase == "Running"
    assert found.service_account == "default"
    assert found.ready
    assert not found.from_template
    assert found.owner is None
    assert found.node is None
    assert found.os is None
    assert not found.addresses
    assert not found.ports


@pytest.mark.parametrize(
    ("spec", "status", "field", "value"),
    [
        ("nodeName: node-1", "", "node", "node-1"),
        ("nodeName: ''", "", "node", None),
        ("hostNetwork: true", "", "host_network", True),
        ("hostNetwork: null", "", "host_network", False),
        ("serviceAccountName: a", "", "service_account", "a"),
        ("serviceAccount: a", "", "service_account", "a"),
        ("serviceAccountName: b, serviceAccount: a", "", "service_account", "b"),
        ("serviceAccountName: ''", "", "service_account", "default"),
        ("", "phase: Succeeded", "phase", "Succeeded"),
        ("", "phase: Pending", "phase", "Pending"),
        ("", "phase: null", "phase", "Running"),
        ("", "podIP: 10.0.0.1", "addresses", ("10.0.0.1",)),
        ("", "podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}]", "addresses", ("10.0.0.1",)),
        (
            "",
            "podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: '2001:DB8::1'}]",
            "addresses",
            ("10.0.0.1", "2001:db8::1"),
        ),
        ("", "podIPs: [{ip: 10.0.0.1}]", "addresses", ("10.0.0.1",)),
        ("", "podIP: 10.0.0.9, podIPs: [{}]", "addresses", ("10.0.0.9",)),
        ("", "podIP: 10.0.0.9, podIPs: [{}, {ip: 10.0.0.1}]", "addresses", ("10.0.0.9",)),
        # Kubernetes takes podIPs for stale then.
        (
            "",
            "podIP: 10.0.0.9, podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]",
            "addresses",
            ("10.0.0.9",),
        ),
        ("hostNetwork: true", "hostIP: 10.0.0.9, podIPs: [{}]", "addresses", ("10.0.0.9",)),
        ("", "hostIP: 10.0.0.9", "addresses", ()),
        ("hostNetwork: true", "hostIP: 10.0.0.9", "addresses", ("10.0.0.9",)),
        ("hostNetwork: true", "hostIP: 10.0.0.9, podIP: 10.0.0.8", "addresses", ("10.0.0.8",)),
        ("", "conditions: [{type: Ready, status: 'False'}]", "ready", False),
        ("", "conditions: [{type: Ready, status: 'True'}]", "ready", True),
        ("", "conditions: [{type: Initialized, status: 'False'}]", "ready", True),
    ],
)
def test_fields(spec: str, status: str, field: str, value: object) -> None:
    assert getattr(only_pod(_pod(spec=spec, status=status)), field) == value


@pytest.mark.parametrize(
    ("ports", "more", "expected"),
    [
        ("{containerPort: 80, hostPort: 8080}", "", ContainerPort(80, host_port=8080)),
        ("{containerPort: 80, hostPort: 0}", "", ContainerPort(80)),
        ("{containerPort: 80, hostPort: null}", "", ContainerPort(80)),
        # It has no other network that a port could lead from.
        ("{containerPort: 80, hostPort: 80}", ", hostNetwork: true", ContainerPort(80)),
    ],
)
def test_ports_on_the_node(ports: str, more: str, expected: ContainerPort) -> None:
    assert only_pod(_pod(spec=f"containers: [{{ports: [{ports}]}}]{more}")).ports == (expected,)


def test_a_wrong_port_on_the_node_is_refused() -> None:
    text = _pod(spec="containers: [{ports: [{containerPort: 80, hostPort: 70000}]}]")
    assert codes_of(text) == [("InvalidPort", "/spec/containers/0/ports/0/hostPort")]


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([], [("10.0.0.4", "x", "a"), ("10.0.0.5", "x", "c"), ("fd00::4", "x", "a")]),
        ([node("n", "10.0.0.4")], [("10.0.0.5", "x", "c"), ("fd00::4", "x", "a")]),
        ([node("n", "10.0.0.4", "fd00:0::4"), node("m", "10.0.0.5")], []),
    ],
)
def test_addresses_that_pods_give_nodes(
    nodes: list[Manifest], expected: list[tuple[str, str, str]]
) -> None:
    """One pod is kept for an address, the same in whatever order they come."""
    statuses = {
        "b": {"hostIP": "10.0.0.4"},
        "a": {"hostIP": "10.0.0.4", "hostIPs": [{"ip": "10.0.0.4"}, {"ip": "fd00:0::4"}]},
        "c": {"hostIP": "10.0.0.5", "hostIPs": [{}]},
        "d": {"hostIP": "unknown"},
    }
    pods = [{**pod(f"x/{name}"), "status": status} for name, status in statuses.items()]
    for ordered in (pods, pods[::-1]):
        found = upload(*ordered, *nodes).inventory.host_addresses
        assert [(each.address, each.namespace, each.pod) for each in found] == expected


@pytest.mark.parametrize(
    ("spec", "os"),
    [
        ("os: {name: windows}", "windows"),
        ("nodeSelector: {kubernetes.io/os: linux}", "linux"),
        ("nodeSelector: {beta.kubernetes.io/os: windows}", "windows"),
        ("nodeSelector: {disk: ssd}", None),
        ("os: {name: linux}, nodeSelector: {kubernetes.io/os: windows}", "linux"),
    ],
)
def test_operating_system(spec: str, os: str | None) -> None:
    assert only_pod(_pod(spec=spec)).os == os


@pytest.mark.parametrize(
    ("terms", "os"),
    [
        ("[{%s, operator: In, values: [linux]}]}]", "linux"),
        ("[{%s, operator: NotIn, values: [windows]}]}]", "linux"),
        ("[{%s, operator: In, values: [linux, windows]}]}]", None),
        ("[{%s, operator: Exists}]}]", None),
        # Terms are alternatives.
        ("[{%s, operator: In, values: [linux]}]}, {}]", None),
        ("[]", None),
    ],
)
def test_operating_system_by_affinity(terms: str, os: str | None) -> None:
    terms = terms.replace("%s", "matchExpressions: [{key: kubernetes.io/os")
    required = f"{{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: {terms}}}}}"
    assert only_pod(_pod(spec=f"affinity: {{nodeAffinity: {required}}}")).os == os


@pytest.mark.parametrize(
    ("references", "owner"),
    [
        ("[{kind: ReplicaSet, name: r, controller: true}]", Owner("ReplicaSet", "r")),
        ("[{kind: Other, name: o}, {kind: Job, name: j, controller: true}]", Owner("Job", "j")),
        ("[{kind: ReplicaSet, name: r}]", None),
        ("[{kind: Node, name: node-1, controller: true}]", None),
        ("null", None),
    ],
)
def test_owner(references: str, owner: Owner | None) -> None:
    assert only_pod(_pod(f"ownerReferences: {references}")).owner == owner


def test_ports_of_every_kind_of_container() -> None:
    found = only_pod(
        _pod(
            spec="containers: [{ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP,"
            " name: dns}]}, {ports: [{containerPort: 80}]}], initContainers: [{ports:"
            " [{containerPort: 1}]}, {restartPolicy: Always, ports: [{containerPort: 2}]}]"
        )
    )
    assert set(found.ports) == {
        ContainerPort(80),
        ContainerPort(53, "UDP", "dns"),
        ContainerPort(1, role=ContainerRole.INIT),
        ContainerPort(2, role=ContainerRole.SIDECAR),
    }


def test_the_order_of_containers_does_not_matter() -> None:
    one, other = (
        only_pod(_pod(spec=f"containers: [{each}]"))
        for each in (
            "{ports: [{containerPort: 80}]}, {ports: [{containerPort: 90}]}",
            "{ports: [{containerPort: 90}, {containerPort: 80}]}",
        )
    )
    assert one == other


def test_a_terminating_pod_runs() -> None:
    assert only_pod(_pod("deletionTimestamp: '2026-01-01T00:00:00Z'")).phase == "Running"


def test_pods_with_equal_parts_share_them() -> None:
    first, second = upload(
        pod("x/a", {"app": "web"}, ports="http=80"), pod("x/b", {"app": "web"}, ports="http=80")
    ).inventory.pods
    assert first.labels is second.labels
    assert first.ports is second.ports


CONTAINER = "/spec/containers/0"


@pytest.mark.parametrize(
    ("parts", "code", "pointer"),
    [
        (
            {"spec": "containers: [{ports: [{containerPort: 0}]}]"},
            "InvalidPort",
            f"{CONTAINER}/ports/0/containerPort",
        ),
        (
            {"spec": "containers: [{ports: [{name: http}]}]"},
            "InvalidPort",
            f"{CONTAINER}/ports/0/containerPort",
        ),
        (
            {"spec": "containers: [{ports: [{containerPort: 80, protocol: tcp}]}]"},
            "InvalidProtocol",
            f"{CONTAINER}/ports/0/protocol",
        ),
        (
            {"spec": "containers: [{ports: [{containerPort: 80, name: HTTP}]}]"},
            "InvalidPortName",
            f"{CONTAINER}/ports/0/name",
        ),
        (
            {
                "spec": "initContainers: [{ports: [{containerPort: 80, name: a},"
                " {containerPort: 81, name: a}]}]"
            },
            "DuplicatePortName",
            "/spec/initContainers/0/ports/1/name",
        ),
        ({"spec": "containers: [{ports: {}}]"}, "WrongType", f"{CONTAINER}/ports"),
        ({"spec": "hostNetwork: 'true'"}, "WrongType", "/spec/hostNetwork"),
        ({"status": "podIP: localhost"}, "InvalidAddress", "/status"),
        (
            {"metadata": "ownerReferences: [{name: a, controller: true}]"},
            "RequiredField",
            "/metadata/ownerReferences/0/kind",
        ),
        (
            {"metadata": "ownerReferences: [{kind: Job}]"},
            "RequiredField",
            "/metadata/ownerReferences/0/name",
        ),
        (
            {
                "metadata": "ownerReferences: [{kind: Job, name: a, controller: true},"
                " {kind: Job, name: b, controller: true}]"
            },
            "SeveralControllers",
            "/metadata/ownerReferences",
        ),
        ({"metadata": "labels: {a: 1}"}, "WrongType", "/metadata/labels/a"),
        ({"metadata": "labels: {a: -}"}, "InvalidLabelValue", "/metadata/labels/a"),
        ({"metadata": "labels: {-: a}"}, "InvalidLabelKey", "/metadata/labels/-"),
        ({"metadata": "labels: [a]"}, "WrongType", "/metadata/labels"),
    ],
)
def test_pods_that_are_refused(parts: dict[str, str], code: str, pointer: str) -> None:
    assert codes_of(_pod(**parts)) == [(code, pointer)]


def test_the_same_fault_in_two_pods_is_two_faults() -> None:
    def broken(name: str) -> dict[str, Any]:
        found = pod(f"x/{name}", {"a": "-"}, ports="0")
        found["metadata"]["name"] = name
        return found

    text = json.dumps({"kind": "List", "items": [broken("a"), broken("b")]})
    assert [code for code, _ in codes_of(text)] == ["InvalidLabelValue", "InvalidPort"] * 2


def test_nulls_are_zero_values() -> None:
    found = only_pod(
        _pod(
            "labels: {a: null}",
            "containers: [null, {ports: null}, {ports: [{containerPort: 80, name: null}]}]",
            "podIPs: [null]",
        )
    )
    assert found.labels == {"a": ""}
    assert found.ports == (ContainerPort(80),)
    assert found.addresses == ()
