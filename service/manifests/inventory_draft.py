"""Inventory objects, collected while an upload is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from service.manifests.cidrs import plain_address
from service.manifests.metadata import Metadata, MetadataCheck
from service.manifests.names import dns_label_fault, dns_subdomain_fault
from service.manifests.node_fields import NodeObject, node_of
from service.manifests.pod_fields import PodObject
from service.manifests.pods import PodParts
from service.manifests.report import Report
from service.manifests.services import ServiceObject, ServiceParts
from service.manifests.source import Source
from service.manifests.stand_ins import StandIns
from service.manifests.workloads import Workload, WorkloadObject, template_pods
from service.model.finding import Severity
from service.model.inventory import (
    METADATA_NAME_LABEL,
    HostAddress,
    Inventory,
    Namespace,
    Node,
    Owner,
    Pod,
    Service,
    ServiceAccount,
)

T = TypeVar("T")


class PlainObject(msgspec.Struct, frozen=True):
    """An object of which only the metadata matters."""

    metadata: Metadata = Metadata()


class InventoryDraft:
    """Takes inventory objects one by one; `finish` makes the inventory of them."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.metadata = MetadataCheck(report)
        self._pod_parts = PodParts(report)
        self._service_parts = ServiceParts(report)
        self._documents: dict[tuple[str, str, str], int] = {}
        self._namespaces: list[Namespace] = []
        self._pods: list[Pod] = []
        self._nodes: list[Node] = []
        self._services: list[Service] = []
        self._service_accounts: list[ServiceAccount] = []
        self._workloads: list[Workload] = []
        self._stand_ins = StandIns(report)
        self._hosts: dict[str, tuple[str, str]] = {}

    def claim(self, source: Source, kind: str, namespace: str, name: str) -> None:
        """Note a fault where another object of the upload has this kind and name."""
        first = self._documents.setdefault((kind, namespace, name), source.document)
        if first != source.document:
            shown = f"{namespace}/{name}" if namespace else name
            detail = f"{source.kind} {shown} is document {first} already"
            self._report.fault(source, "DuplicateObject", detail, "/metadata/name")

    def add_pod(self, source: Source) -> None:
        """A Pod."""
        read = source.read(PodObject, self._report)
        if read is None:
            return
        metadata, spec, status = read.metadata, read.spec, read.status
        namespace, name = self._identity(source, metadata)
        owner = self.metadata.controller(source, metadata.owner_references)
        for address in status.node_addresses:
            self._note_host(address, namespace, name)
        self._pods.append(
            Pod(
                namespace=namespace,
                name=name,
                labels=self.metadata.labels(source, metadata.labels),
                # The mirror of a static pod belongs to its node, which is no workload.
                owner=None if owner is not None and owner.kind == "Node" else owner,
                node=spec.node_name or None,
                addresses=self._pod_parts.addresses(source, status, is_host=spec.host_network),
                host_network=spec.host_network,
                phase=status.phase or "Running",
                service_account=spec.account,
                ports=self._pod_parts.ports(source, spec, "/spec"),
                os=spec.operating_system,
                ready=status.is_ready,
            )
        )

    def add_workload(self, source: Source) -> None:
        """An object with a pod template."""
        read = source.read(WorkloadObject, self._report)
        if read is None:
            return
        namespace, name = self._identity(source, read.metadata)
        self.metadata.labels(source, read.metadata.labels)
        template, pointer = read.spec.template, "/spec/template"
        if source.kind == "CronJob":
            job = read.spec.job_template
            template, pointer = (
                job.spec.template if job else None,
                "/spec/jobTemplate/spec/template",
            )
        if template is None:
            detail = "the pod template is missing"
            self._report.fault(source, "RequiredField", detail, pointer)
            return
        spec = template.spec
        at = f"{pointer}/metadata/labels"
        pod = Pod(
            namespace=namespace,
            name=name,
            labels=self.metadata.labels(source, template.metadata.labels, at),
            owner=Owner(source.kind, name),
            node=spec.node_name or None,
            host_network=spec.host_network,
            service_account=spec.account,
            ports=self._pod_parts.ports(source, spec, f"{pointer}/spec"),
            os=spec.operating_system,
            from_template=True,
        )
        controller = self.metadata.controller(source, read.metadata.owner_references)
        self._workloads.append(
            Workload(
                source.kind,
                pod,
                controller,
                read.spec.replicas,
                read.is_finished_job,
                read.spec.has_several_pods(source.kind),
                read.spec.first_ordinal,
                read.spec.manual_selector,
            )
        )

    def add_namespace(self, source: Source) -> None:
        """A Namespace; the API server sets the label with its name."""
        read = source.read(PlainObject, self._report)
        if read is None:
            return
        metadata = read.metadata
        rule = dns_label_fault
        name = self.metadata.name(source, metadata.name, metadata.generate_name, rule)
        self.claim(source, "Namespace", "", name)
        labels = self.metadata.labels(source, metadata.labels)
        given = labels.get(METADATA_NAME_LABEL, name)
        if given != name:
            detail = (
                f"the API server sets the label {METADATA_NAME_LABEL} to {name!r}, not {given!r}"
            )
            pointer = "/metadata/labels"
            self._report.problem(source, "NamespaceLabelSet", Severity.LOW, detail, pointer)
        own = dict(sorted({**labels, METADATA_NAME_LABEL: name}.items()))
        self._namespaces.append(Namespace(name, own))

    def add_node(self, source: Source) -> None:
        """A Node."""
        read = source.read(NodeObject, self._report)
        if read is None:
            return
        metadata = read.metadata
        rule = dns_subdomain_fault
        name = self.metadata.name(source, metadata.name, metadata.generate_name, rule)
        self.claim(source, "Node", "", name)
        labels = self.metadata.labels(source, metadata.labels)
        self._nodes.append(node_of(name, labels, read.status))

    def add_service(self, source: Source) -> None:
        """A Service."""
        read = source.read(ServiceObject, self._report)
        if read is None:
            return
        metadata, spec, parts = read.metadata, read.spec, self._service_parts
        namespace, name = self._identity(source, metadata)
        selector = self.metadata.labels(source, spec.selector, "/spec/selector")
        self._services.append(
            Service(
                namespace=namespace,
                name=name,
                type=parts.type(source, spec),
                selector=selector,
                ports=parts.ports(source, spec),
                cluster_addresses=parts.cluster_addresses(source, spec),
                external_addresses=parts.external_addresses(source, read),
                external_traffic_policy=parts.traffic_policy(source, spec),
                headless=spec.is_headless,
                labels=self.metadata.labels(source, metadata.labels),
                source_ranges=parts.source_ranges(source, read),
                publishes_not_ready=spec.publish_not_ready_addresses,
                keeps_to_node=parts.keeps_to_node(source, spec),
            )
        )

    def add_service_account(self, source: Source) -> None:
        """A ServiceAccount."""
        read = source.read(PlainObject, self._report)
        if read is None:
            return
        namespace, name = self._identity(source, read.metadata)
        labels = self.metadata.labels(source, read.metadata.labels)
        self._service_accounts.append(ServiceAccount(namespace, name, labels))

    def add_stand_in(self, source: Source) -> None:
        """What an engine keeps about a pod."""
        self._stand_ins.add(source)

    def _identity(self, source: Source, metadata: Metadata) -> tuple[str, str]:
        rule = dns_label_fault if source.kind == "Service" else dns_subdomain_fault
        name = self.metadata.name(source, metadata.name, metadata.generate_name, rule)
        namespace = self.metadata.namespace(source, metadata.namespace)
        self.claim(source, source.kind, namespace, name)
        return namespace, name

    def finish(self) -> Inventory:
        """The inventory, with pods for each workload that has none."""
        known = self._stand_ins.pods(self._workloads, self._pods, self._nodes)
        pods = [*known, *template_pods(self._workloads, known)]
        namespaces = self._stand_ins.namespaces(self._namespaces, self._pods)
        for told in self._stand_ins.node_addresses(self._pods):
            self._note_host(*told)
        return Inventory(
            namespaces=tuple(sorted(namespaces, key=lambda each: each.name)),
            pods=tuple(sorted(pods, key=lambda each: (each.namespace, each.name))),
            nodes=tuple(sorted(self._nodes, key=lambda each: each.name)),
            services=tuple(sorted(self._services, key=lambda each: (each.namespace, each.name))),
            service_accounts=tuple(
                sorted(self._service_accounts, key=lambda each: (each.namespace, each.name))
            ),
            host_addresses=tuple(self._host_addresses()),
        )

    def _note_host(self, address: str, namespace: str, pod: str) -> None:
        known = self._hosts.get(address)
        if known is None or (namespace, pod) < known:
            self._hosts[address] = namespace, pod

    def _host_addresses(self) -> Iterator[HostAddress]:
        """Addresses of nodes that no Node of the upload has."""
        listed = {
            address
            for each in self._nodes
            for address in (*each.addresses, *each.external_addresses)
        }
        told: dict[str, tuple[str, str]] = {}
        for text, pod in sorted(self._hosts.items(), key=lambda each: each[1]):
            address = plain_address(text)
            if address is not None and address not in listed:
                told.setdefault(address, pod)
        for address, (namespace, name) in sorted(told.items()):
            yield HostAddress(address, namespace, name)
