"""A cluster on NPM that is to move to Cilium, in three revisions: blocked, with fixes, safe.

First a Windows node stands in the way, and a policy admits pods by their addresses, which Cilium
doesn't. Then the node is gone, and then the policy names the pods by their labels.
"""

from __future__ import annotations

from typing import Any

import pytest

from service.settings import Settings
from tests.web.conftest import Api

YAML = "application/yaml"
DAY = "2026-11-22"
REVISIONS = "/v1/clusters/shop/revisions"
SHOW: dict[str, Any] = {
    "name": "shop",
    "id": "/subscriptions/0/resourceGroups/rg-shop/providers/Microsoft.ContainerService"
    "/managedClusters/shop",
    "location": "westeurope",
    "resourceGroup": "rg-shop",
    "kubernetesVersion": "1.33",
    "currentKubernetesVersion": "1.33.5",
    "provisioningState": "Succeeded",
    "powerState": {"code": "Running"},
    "identity": {"type": "UserAssigned"},
    "networkProfile": {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkPolicy": "azure",
        "networkDataplane": "azure",
        "podCidr": "10.244.0.0/16",
        "podCidrs": ["10.244.0.0/16"],
        "serviceCidr": "10.0.0.0/16",
        "serviceCidrs": ["10.0.0.0/16"],
        "dnsServiceIp": "10.0.0.10",
        "ipFamilies": ["IPv4"],
        "outboundType": "loadBalancer",
        "loadBalancerSku": "standard",
    },
    "nodeProvisioningProfile": {"mode": "Manual"},
    "agentPoolProfiles": [
        {
            "name": "nodepool1",
            "osType": "Linux",
            "osSku": "Ubuntu",
            "mode": "System",
            "count": 2,
            "maxPods": 110,
            "enableAutoScaling": False,
            "currentOrchestratorVersion": "1.33.5",
            "upgradeSettings": {"maxSurge": "33%"},
        }
    ],
}
FACTS: dict[str, Any] = {
    "azureCli": "2.80.0",
    "terraform": False,
    "disruptionBudgets": [],
    "webhooks": [],
    "resourceDefinitions": [],
    "configMaps": [],
    "hostPorts": [],
    "nodeCidrs": ["10.224.0.0/16"],
    "vnetCidrs": ["10.224.0.0/12"],
    "needsIcmp": False,
    "plansFqdn": False,
    "plansL7": False,
    "localDns": False,
    "npmImage": "mcr.microsoft.com/containernetworking/azure-npm:v1.6.34",
}
WISH: dict[str, Any] = {"target": "cilium", "asOf": DAY, "facts": FACTS}


def _node(name: str, address: str, system: str = "linux") -> str:
    return f"""\
apiVersion: v1
kind: Node
metadata: {{name: {name}, labels: {{kubernetes.io/os: {system}}}}}
status:
  addresses: [{{type: InternalIP, address: {address}}}]
  nodeInfo: {{operatingSystem: {system}}}
"""


def _pod(name: str, address: str, node: str) -> str:
    return f"""\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop, labels: {{app: {name}}}}}
spec:
  nodeName: {node}
  containers: [{{name: main, image: main, ports: [{{containerPort: 8080, name: http}}]}}]
status: {{phase: Running, podIP: {address}}}
"""


def _policy(peer: str) -> str:
    return f"""\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: back, namespace: shop}}
spec:
  podSelector: {{matchLabels: {{app: back}}}}
  policyTypes: [Ingress]
  ingress:
  - from: [{peer}]
    ports: [{{port: 8080}}]
"""


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
LINUX = (_node("aks-1", "10.224.0.4"), _node("aks-2", "10.224.0.5"))
WINDOWS = _node("akswin-1", "10.224.0.6", "windows")
PODS = (
    _pod("front", "10.244.0.5", "aks-1"),
    _pod("back", "10.244.1.6", "aks-2"),
    _pod("other", "10.244.1.7", "aks-2"),
)
BY_ADDRESS = _policy("{ipBlock: {cidr: 10.244.0.0/24}}")
BY_LABEL = _policy("{podSelector: {matchLabels: {app: front}}}")
BLOCKED = "---\n".join((NAMESPACE, *LINUX, WINDOWS, *PODS, BY_ADDRESS))
WITH_FIXES = "---\n".join((NAMESPACE, *LINUX, *PODS, BY_ADDRESS))
SAFE = "---\n".join((NAMESPACE, *LINUX, *PODS, BY_LABEL))


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(database_url=sqlite_url, threads=2, analysis_processes=0)


@pytest.fixture
def shop(api: Api) -> Api:
    """The imported cluster with its three revisions."""
    api.post("/v1/clusters:import", SHOW)
    for text in (BLOCKED, WITH_FIXES, SAFE):
        api("POST", REVISIONS, 201, data=text, content_type=YAML)
    return api


def compatibility(api: Api, revision: int, expect: int = 201, **wish: Any) -> Any:
    """A compatibility report."""
    path = f"{REVISIONS}/{revision}/compatibility-reports"
    return api.post(path, {"asOf": DAY, "facts": FACTS, **wish}, expect)


def migration(api: Api, revision: int, expect: int = 201, **wish: Any) -> Any:
    """A migration report."""
    return api.post(f"{REVISIONS}/{revision}/migration-reports", {**WISH, **wish}, expect)
