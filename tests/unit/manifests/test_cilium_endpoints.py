"""CiliumEndpoints, which stand for pods where an upload holds none."""

from __future__ import annotations

import pytest
import yaml

from service.model.finding import Severity
from tests.builders import Manifest, node, upload

ENDPOINT = """
apiVersion: cilium.io/v2
kind: CiliumEndpoint
metadata:
  name: web-6d4cf56db6-abcde
  namespace: shop
  ownerReferences: [{apiVersion: v1, kind: Pod, name: web-6d4cf56db6-abcde, uid: u}]
status:
  identity:
    id: 4711
    labels:
    - k8s:app=web
    - k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=shop
    - k8s:io.cilium.k8s.namespace.labels.team=a
    - k8s:io.cilium.k8s.policy.cluster=default
    - k8s:io.cilium.k8s.policy.serviceaccount=front
    - k8s:io.kubernetes.pod.namespace=shop
  networking:
    addressing: [{ipv4: 10.0.0.5, ipv6: "fd00::5"}]
    node: 192.168.0.4
  named-ports: [{name: http, port: 8080, protocol: TCP}, {name: bad, port: 0, protocol: TCP}]
"""


class TestEndpoints:
    @staticmethod
    def endpoint() -> Manifest:
        found: Manifest = yaml.safe_load(ENDPOINT)
        return found

    @staticmethod
    def deployment() -> Manifest:
        labels = {"app": "web", "pod-template-hash": "x"}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "c", "image": "i"}]},
                },
            },
        }

    def test_stands_for_its_pod(self) -> None:
        found = upload(self.endpoint())
        (pod,) = found.inventory.pods
        assert (pod.namespace, pod.name, pod.workload) == (
            "shop",
            "web-6d4cf56db6-abcde",
            "Pod/web-6d4cf56db6-abcde",
        )
        assert pod.labels == {"app": "web"}
        assert pod.addresses == ("10.0.0.5", "fd00::5")
        assert pod.service_account == "front"
        assert [(each.name, each.number) for each in pod.ports] == [("http", 8080)]
        (namespace,) = found.inventory.namespaces
        assert namespace.labels == {"kubernetes.io/metadata.name": "shop", "team": "a"}
        assert [(each.code, each.pointer) for each in found.problems] == [
            ("InvalidPort", "/status/named-ports/1/port"),
            ("PodsFromEndpoints", ""),
        ]

    def test_belongs_to_the_workload_that_it_is_named_after(self) -> None:
        found = upload(self.endpoint(), self.deployment())
        assert [each.workload for each in found.inventory.pods] == ["Deployment/web"]

    def test_says_nothing_beside_pods(self) -> None:
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "other", "namespace": "shop"},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        }
        found = upload(self.endpoint(), pod)
        assert [each.name for each in found.inventory.pods] == ["other"]
        assert found.inventory.namespaces == ()
        assert [each.code for each in found.problems if "Endpoints" in each.code] == [
            "EndpointsBesidePods"
        ]

    def test_health_endpoint_is_no_pod(self) -> None:
        endpoint = self.endpoint()
        endpoint["status"]["identity"]["labels"] = ["reserved:health"]
        assert upload(endpoint).inventory.pods == ()

    def test_faulty_address_is_told(self) -> None:
        endpoint = self.endpoint()
        endpoint["status"]["networking"]["addressing"] = [{"ipv4": "10.0.0.256"}]
        found = upload(endpoint)
        assert "InvalidAddress" in {each.code for each in found.problems}
        assert found.inventory.pods[0].addresses == ()

    def test_runs_on_the_node_that_has_its_address(self) -> None:
        alone, placed = upload(self.endpoint()), upload(self.endpoint(), node("n1", "192.168.0.4"))
        assert [each.node for each in alone.inventory.pods] == [None]
        assert [each.node for each in placed.inventory.pods] == ["n1"]
        told = [(each.address, each.pod) for each in alone.inventory.host_addresses]
        assert told == [("192.168.0.4", alone.inventory.pods[0].name)]
        assert placed.inventory.host_addresses == ()

    @pytest.mark.parametrize("identity", [None, {}, {"labels": []}, {"labels": ["reserved:init"]}])
    def test_without_labels(self, identity: Manifest | None) -> None:
        endpoint = self.endpoint()
        endpoint["status"]["identity"] = identity
        found = upload(endpoint)
        assert [each.labels for each in found.inventory.pods] == [{}]
        told = {each.code: each.severity for each in found.problems}
        assert told["CiliumEndpointWithoutIdentity"] is Severity.HIGH

    @pytest.mark.parametrize(
        ("labels", "left", "code"),
        [
            (["k8s:app=a b"], {}, "InvalidLabelValue"),
            (["k8s:a b=c", "k8s:app=x"], {"app": "x"}, "InvalidLabelKey"),
        ],
    )
    def test_labels_that_no_pod_has(
        self, labels: list[str], left: dict[str, str], code: str
    ) -> None:
        endpoint = self.endpoint()
        endpoint["status"]["identity"]["labels"] = labels
        found = upload(endpoint)
        assert [each.labels for each in found.inventory.pods] == [left]
        assert code in {each.code for each in found.problems}

    def test_the_job_that_made_it(self) -> None:
        endpoint = self.endpoint()
        endpoint["metadata"]["name"] = "dump-29-x2rnm"
        endpoint["status"]["identity"]["labels"].append("k8s:job-name=dump-29")
        assert [each.workload for each in upload(endpoint).inventory.pods] == ["Job/dump-29"]

    def test_controller_of_its_own(self) -> None:
        endpoint = self.endpoint()
        references = endpoint["metadata"]["ownerReferences"]
        references.append({"kind": "Node", "name": "n1", "controller": True})
        assert [each.owner for each in upload(endpoint).inventory.pods] == [None]
        references.append({"kind": "CronJob", "name": "c", "controller": True})
        assert [each.workload for each in upload(endpoint).inventory.pods] == ["CronJob/c"]
