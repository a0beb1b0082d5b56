"""Kinds that no API server has are faults; kinds that are only not modelled are counted."""

from __future__ import annotations

import json

import pytest

from service.manifests.misnamed_kinds import misnamed
from tests.unit.manifests.reading import codes_of, faults_of, read

#: What Kubernetes has had in its own groups since 1.16, beside what is modelled.
BUILT_IN = {
    "v1": "Binding ComponentStatus ConfigMap Endpoints Event LimitRange Namespace Node Pod "
    "NodeProxyOptions PersistentVolume PersistentVolumeClaim PodAttachOptions PodExecOptions "
    "PodLogOptions PodPortForwardOptions PodProxyOptions PodStatusResult PodTemplate "
    "RangeAllocation ReplicationController ResourceQuota Secret SerializedReference Service "
    "ServiceAccount ServiceProxyOptions Status APIGroup APIResource APIVersions DeleteOptions "
    # Of kubectl's own file, and what OpenShift had here too.
    "Config DeploymentConfig EgressNetworkPolicy HostSubnet NetNamespace Project Role Route "
    "Template",
    "apps/v1": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet Scale",
    "apps/v1beta1": "ControllerRevision Deployment DeploymentRollback Scale StatefulSet PetSet",
    "autoscaling/v2": "HorizontalPodAutoscaler Scale",
    "batch/v1": "CronJob Job JobTemplate ScheduledJob",
    "discovery.k8s.io/v1": "EndpointSlice",
    "extensions/v1beta1": "DaemonSet Deployment DeploymentRollback Ingress "
    "PodSecurityPolicy ReplicaSet ReplicationControllerDummy Scale Job",
    "networking.k8s.io/v1": "IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR ClusterCIDR",
    "policy/v1": "Eviction PodDisruptionBudget PodSecurityPolicy",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "storage.k8s.io/v1": "CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment "
    "VolumeAttributesClass",
}
#: Kinds of the same names, or nearly, that others have.
FOREIGN = [
    *(("crd.antrea.io/v1beta1", kind) for kind in ("NetworkPolicy", "ClusterNetworkPolicy")),
    ("controlplane.antrea.io/v1beta2", "NetworkPolicy"),
    *(("crd.projectcalico.org/v1", kind) for kind in ("NetworkPolicy", "BGPPeer", "IPPool")),
    ("extensions/v1beta1", "NetworkPolicy"),
    ("serving.knative.dev/v1", "Service"),
    ("kustomize.config.k8s.io/v1beta1", "Kustomization"),
    *(("metrics.k8s.io/v1beta1", kind) for kind in ("PodMetrics", "NodeMetrics")),
    ("networking.gke.io/v1", "NetworkPolicy"),
    ("networking.istio.io/v1beta1", "ServiceEntry"),
    ("cilium.io/v2", "CiliumEndpointSlice"),
    ("management.cattle.io/v3", "Node"),
    ("apps.kruise.io/v1alpha1", "StatefulSet"),
    ("example.com/v1", "pod"),
    ("openslo/v1", "Service"),
]
POLICIES = "networking.k8s.io/v1"


@pytest.mark.parametrize(
    ("api_version", "kind", "pointer", "meant"),
    [
        (POLICIES, "Networkpolicy", "/kind", "NetworkPolicy is meant"),
        (POLICIES, "networkpolicy", "/kind", "NetworkPolicy is meant"),
        (POLICIES, "NetworkPolicies", "/kind", "NetworkPolicy is meant"),
        (POLICIES, "Network-Policy", "/kind", "NetworkPolicy is meant"),
        (POLICIES, "NetworkPolcy", "/kind", "NetworkPolicy is meant"),
        (POLICIES, "NetworkPoilcy", "/kind", "NetworkPolicy is meant"),
        (POLICIES, "NetworkPolizy", "/kind", "NetworkPolicy is meant"),
        (POLICIES, "NetworkPolicyy", "/kind", "NetworkPolicy is meant"),
        (POLICIES, "networkpolicylist", "/kind", "NetworkPolicyList is meant"),
        ("v1", "pod", "/kind", "Pod is meant"),
        ("v1", "Pods", "/kind", "Pod is meant"),
        ("v1", "Serivce", "/kind", "Service is meant"),
        ("v1", "list", "/kind", "List is meant"),
        ("apps/v1", "StatefullSet", "/kind", "StatefulSet is meant"),
        ("extensions/v1beta1", "deployment", "/kind", "Deployment is meant"),
        ("projectcalico.org/v3", "GlobalNetworkPolicies", "/kind", "GlobalNetworkPolicy is meant"),
        ("cilium.io/v2", "CiliumNetworkpolicy", "/kind", "CiliumNetworkPolicy is meant"),
        ("apps/v1", "Pod", "/apiVersion", "Pod is a kind of v1"),
        ("v1", "Deployment", "/apiVersion", "Deployment is a kind of apps/v1"),
        ("v1", "deployments", "/kind", "Deployment is a kind of apps/v1"),
        ("v1", "NetworkPolicy", "/apiVersion", f"NetworkPolicy is a kind of {POLICIES} or "),
        ("policy/v1", "NetworkPolicy", "/apiVersion", f"NetworkPolicy is a kind of {POLICIES} or "),
        ("batch/v1", "Deployment", "/apiVersion", "Deployment is a kind of apps/v1"),
        (POLICIES, "CiliumNetworkPolicy", "/apiVersion", "a kind of cilium.io/v2"),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_kinds_that_no_server_has(
    api_version: str, kind: str, pointer: str, meant: str, *, as_json: bool
) -> None:
    text = f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\n"
    line = 1 if pointer == "/apiVersion" else 2
    if as_json:
        value = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}}
        text = json.dumps(value, indent=0)
        line += 1
    (fault,) = faults_of(text)
    assert (fault.code, fault.pointer) == ("UnknownKind", pointer)
    assert (fault.document, fault.line) == (1, line)
    assert fault.detail.startswith(f"{api_version} has no kind {kind!r}; ")
    assert meant in fault.detail


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        (version, f"{kind}{suffix}")
        for version, kinds in BUILT_IN.items()
        for kind in kinds.split()
        for suffix in ("", "List")
    ]
    + FOREIGN,
)
def test_kinds_that_there_are(api_version: str, kind: str) -> None:
    assert misnamed(api_version, kind) is None


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [each for each in FOREIGN if not each[1].endswith("NetworkPolicy")]
    + [("v1", "ConfigMap"), ("v1", "Secret"), ("autoscaling/v2", "HorizontalPodAutoscaler")]
    + [("v1", "x" * 5000)],
)
def test_kinds_that_are_not_modelled_are_counted(api_version: str, kind: str) -> None:
    found = read(f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\n")
    assert found.ignored == {f"{api_version}/{kind}": 1}


def test_another_version_is_another_matter() -> None:
    found = read("apiVersion: apps/v2\nkind: Deployment\nmetadata: {name: a}\n")
    assert [each.code for each in found.problems] == ["ApiVersionNotRead"]


def test_items_are_told_apart_too() -> None:
    text = "kind: List\nitems:\n- {apiVersion: v1, kind: pod}\n- {apiVersion: apps/v1, kind: Pod}\n"
    assert codes_of(text) == [("UnknownKind", "/kind"), ("UnknownKind", "/apiVersion")]
    assert codes_of("apiVersion: apps/v1\nkind: PodList\nitems: [{metadata: {name: a}}]\n") == [
        ("UnknownKind", "/apiVersion")
    ]


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("v1", "List"), ("v1", "PodList"), (POLICIES, "NetworkPolicyList"), ("apps/v1", "List")],
)
@pytest.mark.parametrize(
    ("rest", "code", "told"),
    [
        ({}, "RequiredField", "needs items"),
        ({"item": []}, "RequiredField", "needs items"),
        ({"items": {}}, "WrongType", "items must be a list, not an object"),
        ({"items": {"a": {}}}, "WrongType", "items must be a list, not an object"),
        ({"items": "a"}, "WrongType", "items must be a list, not the string 'a'"),
    ],
)
@pytest.mark.parametrize("form", ["{}", "# YAML\n{}", '{{"kind": "List", "items": [{}]}}'])
def test_lists_without_a_list(
    api_version: str, kind: str, rest: dict[str, object], code: str, told: str, form: str
) -> None:
    text = form.format(json.dumps({"apiVersion": api_version, "kind": kind, **rest}))
    (fault,) = faults_of(text)
    assert (fault.code, fault.pointer) == (code, "/items")
    assert told in fault.detail


@pytest.mark.parametrize("items", ["null", "[]"])
@pytest.mark.parametrize("form", ["{}", "# YAML\n{}"])
def test_empty_lists(items: str, form: str) -> None:
    text = form.format(f'{{"apiVersion": "v1", "kind": "List", "items": {items}}}')
    found = read(text)
    assert not found.ignored
    assert not found.is_blank


@pytest.mark.parametrize("media_type", ["", "application/yaml"])
@pytest.mark.parametrize("text", ["", " \n\t", "# nothing", "---\n# nothing\n---\n...\n"])
def test_blank_texts(text: str, media_type: str) -> None:
    assert read(text, media_type=media_type).is_blank


@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson"])
def test_blank_json(media_type: str) -> None:
    assert read("\n", "", media_type=media_type).is_blank
    assert not read('{"apiVersion": "v1", "kind": "ConfigMap"}', media_type=media_type).is_blank


def test_one_object_is_enough() -> None:
    assert not read("# nothing", "apiVersion: v1\nkind: ConfigMap\n").is_blank
