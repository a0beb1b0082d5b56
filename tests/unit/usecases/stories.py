"""A context for use cases, and the manifests of the story that the README tells."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from service.manifests.upload import UploadPart
from service.model.cluster import ClusterRecord, EngineChoice
from service.model.flow import Flow, PodEnd
from service.storage.database import Database
from service.usecases.context import Context

START = datetime(2026, 11, 22, 20, 45, tzinfo=UTC)
NPM = ClusterRecord(EngineChoice("npm"), kubernetes_version="1.32.4")

NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: demo}
"""
SERVER = """
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: demo, labels: {app: server}}
spec:
  containers: [{name: a, image: a, ports: [{containerPort: 80}]}]
"""
CLIENT = """
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: demo}
spec:
  containers: [{name: a, image: a}]
"""
LABELLED_CLIENT = CLIENT.replace("namespace: demo", "namespace: demo, labels: {app: client}")
POLICY = """
# Only clients may reach the server.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: demo-policy, namespace: demo}
spec:
  podSelector: {matchLabels: {app: server}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: client}}}]
    ports: [{port: 80, protocol: TCP}]
"""
FLOW = Flow(PodEnd("demo", "client"), PodEnd("demo", "server"), "TCP", 80)


@dataclass
class Clock:
    """A minute passes with every look at it."""

    _minutes: itertools.count[int] = field(default_factory=itertools.count)

    def __call__(self) -> datetime:
        return START + timedelta(minutes=next(self._minutes))


def make_context(database: Database) -> Context:
    numbers = itertools.count(1)
    return Context(database, Clock(), lambda: f"id-{next(numbers):04}")


def upload(*documents: str) -> list[UploadPart]:
    """One YAML body of several documents."""
    return [UploadPart("---".join(documents).encode(), "application/yaml")]
