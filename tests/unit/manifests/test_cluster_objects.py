"""Services, nodes, namespaces, service accounts, and what all objects have in common."""

from __future__ import annotations

import pytest

from service.manifests.inventory_manifests import inventory_manifests
from service.model.inventory import (
    METADATA_NAME_LABEL,
    Service,
    ServicePort,
    ServiceType,
    TrafficPolicy,
)
from service.model.policy import UnreadPolicy
from tests.builders import upload
from tests.unit.manifests.reading import codes_of, faults_of, read


def _service(spec: str, status: str = "{}") -> Service:
    (found,) = read(
        f"{{apiVersion: v1, kind: Service, metadata: {{name: s, namespace: x}}, spec: {spec}, "
        f"status: {status}}}"
    ).inventory.services
    return found


def test_a_service_from_a_file() -> None:
    found = _service("{selector: {app: web}, ports: [{port: 80}]}")
    assert found.type is ServiceType.CLUSTER_IP
    assert found.selector == {"app": "web"}
    assert found.ports == (ServicePort(80, 80),)
    assert found.external_traffic_policy is TrafficPolicy.CLUSTER
    assert not found.headless
    assert found.cluster_addresses == found.external_addresses == ()


@pytest.mark.parametrize(
    ("spec", "status", "field", "value"),
    [
        ("{ports: [{port: 80, targetPort: 8080}]}", "{}", "ports", (ServicePort(80, 8080),)),
        ("{ports: [{port: 80, targetPort: http}]}", "{}", "ports", (ServicePort(80, "http"),)),
        ("{ports: [{port: 80, targetPort: 0}]}", "{}", "ports", (ServicePort(80, 80),)),
        ("{ports: [{port: 80, targetPort: ''}]}", "{}", "ports", (ServicePort(80, 80),)),
        ("{ports: [{port: 80, protocol: null}]}", "{}", "ports", (ServicePort(80, 80),)),
        (
            "{type: NodePort, ports: [{port: 53, protocol: UDP, name: dns, nodePort: 30053}]}",
            "{}",
            "ports",
            (ServicePort(53, 53, "UDP", "dns", 30053),),
        ),
        ("{type: LoadBalancer}", "{}", "type", ServiceType.LOAD_BALANCER),
        (
            "{type: ExternalName, externalName: example.com}",
            "{}",
            "type",
            ServiceType.EXTERNAL_NAME,
        ),
        (
            "{type: NodePort, externalTrafficPolicy: Local}",
            "{}",
            "external_traffic_policy",
            TrafficPolicy.LOCAL,
        ),
        ("{clusterIP: None}", "{}", "headless", True),
        ("{clusterIPs: [None]}", "{}", "headless", True),
        ("{clusterIP: None}", "{}", "cluster_addresses", ()),
        ("{clusterIP: ''}", "{}", "cluster_addresses", ()),
        ("{clusterIP: 10.0.0.1}", "{}", "cluster_addresses", ("10.0.0.1",)),
        (
            "{clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, '2001:db8::1']}",
            "{}",
            "cluster_addresses",
            ("10.0.0.1", "2001:db8::1"),
        ),
        (
            "{externalIPs: [192.0.2.2]}",
            "{loadBalancer: {ingress: [{ip: 192.0.2.1}, {hostname: lb.example.com}]}}",
            "external_addresses",
            ("192.0.2.1", "192.0.2.2"),
        ),
        ("{}", "{loadBalancer: null}", "external_addresses", ()),
        ("{publishNotReadyAddresses: true}", "{}", "publishes_not_ready", True),
        ("{publishNotReadyAddresses: null}", "{}", "publishes_not_ready", False),
        ("{internalTrafficPolicy: Local}", "{}", "keeps_to_node", True),
        ("{internalTrafficPolicy: Cluster}", "{}", "keeps_to_node", False),
        (
            "{type: LoadBalancer, loadBalancerSourceRanges: [' 192.0.2.9/24 ', '2001:db8::/32']}",
            "{}",
            "source_ranges",
            ("192.0.2.0/24", "2001:db8::/32"),
        ),
        ("{type: LoadBalancer, loadBalancerSourceRanges: []}", "{}", "source_ranges", ()),
        # Nothing reads them then.
        ("{loadBalancerSourceRanges: [192.0.2.0/24]}", "{}", "source_ranges", ()),
    ],
)
def test_fields_of_services(spec: str, status: str, field: str, value: object) -> None:
    assert getattr(_service(spec, status), field) == value


@pytest.mark.parametrize(
    ("spec", "codes"),
    [
        ("{type: Other}", [("InvalidServiceType", "/spec/type")]),
        ("{externalTrafficPolicy: All}", [("InvalidTrafficPolicy", "/spec/externalTrafficPolicy")]),
        ("{internalTrafficPolicy: All}", [("InvalidTrafficPolicy", "/spec/internalTrafficPolicy")]),
        (
            "{type: LoadBalancer, loadBalancerSourceRanges: [192.0.2.0/33]}",
            [("InvalidCidr", "/spec/loadBalancerSourceRanges")],
        ),
        ("{clusterIP: x}", [("InvalidAddress", "/spec/clusterIP")]),
        ("{externalIPs: [x]}", [("InvalidAddress", "/spec/externalIPs")]),
        ("{selector: {a: -}}", [("InvalidLabelValue", "/spec/selector/a")]),
        ("{ports: [{}]}", [("InvalidPort", "/spec/ports/0/port")]),
        ("{ports: [{port: 80, protocol: tcp}]}", [("InvalidProtocol", "/spec/ports/0/protocol")]),
        ("{ports: [{port: 80, targetPort: 70000}]}", [("InvalidPort", "/spec/ports/0/targetPort")]),
        ("{ports: [{port: 80, targetPort: A}]}", [("InvalidPort", "/spec/ports/0/targetPort")]),
        ("{ports: [{port: 80, targetPort: []}]}", [("WrongType", "/spec/ports/0/targetPort")]),
        ("{ports: [{port: 80, nodePort: 70000}]}", [("InvalidPort", "/spec/ports/0/nodePort")]),
        ("{ports: [{port: 80, name: A}]}", [("InvalidPortName", "/spec/ports/0/name")]),
        (
            "{ports: [{port: 80, name: a}, {port: 81, name: a}]}",
            [("DuplicatePortName", "/spec/ports/1/name")],
        ),
        ("{ports: [{port: 80, name: a}, {port: 81}]}", [("RequiredField", "/spec/ports/1/name")]),
    ],
)
def test_services_that_are_refused(spec: str, codes: list[tuple[str, str]]) -> None:
    text = f"{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {spec}}}"
    assert codes_of(text) == codes


PREFIX = "service.beta.kubernetes.io"


@pytest.mark.parametrize(
    ("annotations", "ranges"),
    [
        ("load-balancer-source-ranges: '192.0.2.0/24, 2001:db8::/32'",
         ("192.0.2.0/24", "2001:db8::/32")),
        ("load-balancer-source-ranges: ' '", ()),
        ("azure-allowed-ip-ranges: '192.0.2.0/24,else'", ("192.0.2.0/24",)),
        ("azure-allowed-ip-ranges: ''", ()),
        ("azure-load-balancer-internal: 'true'", ()),
    ],
)  # fmt: skip
def test_annotations_that_hold_source_ranges(annotations: str, ranges: tuple[str, ...]) -> None:
    metadata = f"{{name: s, annotations: {{{PREFIX}/{annotations}}}}}"
    for type_, expected in (("LoadBalancer", ranges), ("NodePort", ())):
        text = f"{{apiVersion: v1, kind: Service, metadata: {metadata}, spec: {{type: {type_}}}}}"
        (found,) = read(text).inventory.services
        assert found.source_ranges == expected


def test_an_annotation_with_a_wrong_block_is_refused() -> None:
    metadata = f"{{name: s, annotations: {{{PREFIX}/load-balancer-source-ranges: else}}}}"
    text = f"{{apiVersion: v1, kind: Service, metadata: {metadata}, spec: {{type: LoadBalancer}}}}"
    assert codes_of(text) == [("InvalidCidr", "/metadata/annotations")]


@pytest.mark.parametrize(
    ("metadata", "status", "os", "addresses"),
    [
        ("{name: node-1}", "{}", "linux", ()),
        ("{name: node-1, labels: {kubernetes.io/os: windows}}", "{}", "windows", ()),
        ("{name: node-1}", "{nodeInfo: {operatingSystem: windows}}", "windows", ()),
        (
            "{name: node-1}",
            "{addresses: [{type: InternalIP, address: 10.0.0.4}, "
            "{type: Hostname, address: node-1}, {type: ExternalIP, address: '2001:db8::1'}, "
            "{type: Hostname, address: 10.0.0.4}]}",
            "linux",
            ("10.0.0.4", "2001:db8::1"),
        ),
    ],
)
def test_nodes(metadata: str, status: str, os: str, addresses: tuple[str, ...]) -> None:
    (node,) = read(
        f"{{apiVersion: v1, kind: Node, metadata: {metadata}, status: {status}}}"
    ).inventory.nodes
    assert (node.os, node.addresses) == (os, addresses)


@pytest.mark.parametrize(
    ("found", "addresses", "external"),
    [
        ("InternalIP 10.0.0.4, ExternalIP 20.0.0.5", ("10.0.0.4",), ("20.0.0.5",)),
        ("ExternalIP 20.0.0.5, InternalIP 10.0.0.4", ("10.0.0.4",), ("20.0.0.5",)),
        ("ExternalIP 20.0.0.5", ("20.0.0.5",), ()),
        ("InternalIP 10.0.0.4, ExternalIP 2001:db8::1", ("10.0.0.4", "2001:db8::1"), ()),
        ("InternalIP 10.0.0.4, ExternalIP 10.0.0.4", ("10.0.0.4",), ()),
        ("InternalIP 10.0.0.4, InternalIP 10.1.0.4", ("10.0.0.4", "10.1.0.4"), ()),
    ],
)
def test_addresses_that_a_cloud_translates_are_not_those_a_node_speaks_with(
    found: str, addresses: tuple[str, ...], external: tuple[str, ...]
) -> None:
    pairs = [each.split() for each in found.split(", ")]
    shown = ", ".join(f"{{type: {kind}, address: '{address}'}}" for kind, address in pairs)
    status = f"{{addresses: [{shown}]}}"
    inventory = read(
        f"{{apiVersion: v1, kind: Node, metadata: {{name: node-1}}, status: {status}}}"
    ).inventory
    (node,) = inventory.nodes
    assert (node.addresses, node.external_addresses) == (addresses, external)
    assert upload(*map(dict, inventory_manifests(inventory))).inventory.nodes == (node,)


def test_a_namespace_bears_its_name_as_a_label() -> None:
    upload = read(
        "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {team: red}}}",
        "{apiVersion: v1, kind: Namespace, metadata: "
        f"{{name: b, labels: {{{METADATA_NAME_LABEL}: c}}}}}}",
    )
    first, second = upload.inventory.namespaces
    assert first.labels == {METADATA_NAME_LABEL: "a", "team": "red"}
    assert second.labels == {METADATA_NAME_LABEL: "b"}
    assert [each.code for each in upload.problems] == ["NamespaceLabelSet"]


def test_service_accounts() -> None:
    (account,) = read(
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, labels: {b: c}}}"
    ).inventory.service_accounts
    assert (account.namespace, account.name, account.labels) == ("default", "a", {"b": "c"})


@pytest.mark.parametrize("kind", ["Namespace", "Node"])
def test_cluster_scoped_objects_have_no_namespace(kind: str) -> None:
    read(f"{{apiVersion: v1, kind: {kind}, metadata: {{name: a, namespace: Wrong}}}}")


@pytest.mark.parametrize(
    ("kind", "name", "is_right"),
    [
        ("Namespace", "a.b", False),
        ("Service", "a.b", False),
        ("Service", "1a", True),
        ("Pod", "a.b", True),
        ("Pod", "a_b", False),
        ("Node", "a.b", True),
        ("ServiceAccount", "a.b", True),
    ],
)
def test_names(kind: str, name: str, *, is_right: bool) -> None:
    text = f"{{apiVersion: v1, kind: {kind}, metadata: {{name: {name}}}}}"
    if is_right:
        assert read(text).documents == 1
    else:
        assert codes_of(text) == [("InvalidName", "/metadata/name")]


@pytest.mark.parametrize(
    "text",
    [
        "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}}",
        "{apiVersion: v1, kind: Service, metadata: {name: a}}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: a}}",
        "{apiVersion: v1, kind: Node, metadata: {name: a}}",
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}",
        "{apiVersion: policy.networking.k8s.io/v9, kind: AdminNetworkPolicy, metadata: {name: a}}",
    ],
)
def test_one_object_twice(text: str) -> None:
    (fault,) = faults_of(f"{text}\n---\n{text}\n")
    assert (fault.code, fault.document, fault.line) == ("DuplicateObject", 2, 3)
    assert "document 1" in fault.detail


def test_one_name_for_different_objects() -> None:
    upload = read(
        """\
        {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}}
        ---
        {apiVersion: v1, kind: Pod, metadata: {name: a}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: a}}
        ---
        {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}
        ---
        {apiVersion: crd.antrea.io/v1beta1, kind: NetworkPolicy, metadata: {name: a}}
        """
    )
    assert upload.documents == 5


def test_kinds_that_are_not_modelled_are_counted() -> None:
    upload = read(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: A_B}}",
        "{apiVersion: v1, kind: ConfigMap, data: 3}",
        "{apiVersion: apps/v9, kind: Deployment}",
    )
    assert upload.ignored == {"apps/v9/Deployment": 1, "v1/ConfigMap": 2}
    assert [each.code for each in upload.problems] == ["ApiVersionNotRead"]


@pytest.mark.parametrize(
    ("api_version", "kind", "namespace"),
    [
        ("networking.gke.io/v1", "NetworkPolicy", "default"),
        ("crd.antrea.io/v1beta1", "ClusterNetworkPolicy", ""),
        ("cilium.io/v2", "CiliumLocalRedirectPolicy", "default"),
        ("policy.networking.k8s.io/v9", "AdminNetworkPolicy", ""),
    ],
)
def test_policies_that_no_module_reads_are_told(
    api_version: str, kind: str, namespace: str
) -> None:
    upload = read(
        f"{{apiVersion: {api_version}, kind: {kind}, "
        "metadata: {name: a, uid: u, annotations: {b: c}}, spec: {d: null, e: [1]}, status: {}}"
    )
    (document,) = upload.policies
    assert isinstance(document.policy, UnreadPolicy)
    assert (document.ref.api_version, document.ref.kind) == (api_version, kind)
    assert document.ref.namespace == namespace
    assert document.normalised["spec"] == {"e": [1]}
    assert document.normalised["metadata"].get("annotations") == {"b": "c"}
    assert "uid" not in document.normalised["metadata"]
    (problem,) = upload.problems
    assert (problem.code, problem.severity.value) == ("PolicyKindNotRead", "High")


def test_network_policies_of_their_first_api_are_network_policies() -> None:
    old, new = (
        f"{{apiVersion: {version}, kind: NetworkPolicy, metadata: {{name: a}}, "
        "spec: {podSelector: {}, egress: [{}]}}"
        for version in ("extensions/v1beta1", "networking.k8s.io/v1")
    )
    (document,), (same,) = (read(each).policies for each in (old, new))
    assert document.ref == same.ref
    assert document.normalised == same.normalised
    assert codes_of(f"{old}\n---\n{new}")[0][0] == "DuplicateObject"


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ("{}", "MissingName"),
        ("{name: A}", "InvalidName"),
        ("{name: [a]}", "WrongType"),
        ("{name: a, namespace: A}", "InvalidNamespace"),
    ],
)
def test_even_an_unread_policy_needs_a_name(metadata: str, code: str) -> None:
    text = f"{{apiVersion: networking.gke.io/v1, kind: NetworkPolicy, metadata: {metadata}}}"
    assert codes_of(text)[0][0] == code
