"""One valid object at least of every kind of policy, with nearly every field."""

from __future__ import annotations

from typing import Any

import yaml

from service.model.calico import API, STORED_API

Manifest = dict[str, Any]

ADMIN_AND_CILIUM: list[Manifest] = list(
    yaml.safe_load_all(
        """
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: p}
spec:
  priority: 10
  subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}}
  ingress:
  - action: Allow
    from: [{namespaces: {matchExpressions: [{key: a, operator: In, values: [b]}]}}]
    ports: [{portNumber: {port: 80}}, {portRange: {start: 1, end: 9}}, {namedPort: http}]
  egress:
  - {action: Deny, to: [{networks: [10.0.0.0/8]}, {nodes: {}}]}
  - {action: Allow, to: [{domainNames: ["*.example.com"]}]}
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default}
spec:
  subject: {namespaces: {}}
  egress: [{action: Deny, to: [{networks: ["::/0"]}], ports: [{portNumber: {port: 80}}]}]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: p}
spec:
  tier: Baseline
  priority: 0
  subject: {namespaces: {}}
  ingress:
  - action: Pass
    from: [{namespaces: {}}]
    protocols:
    - {tcp: {destinationPort: {number: 80}}}
    - {udp: {destinationPort: {range: {start: 1, end: 2}}}}
    - {destinationNamedPort: http}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: p, namespace: shop, uid: u}
spec:
  endpointSelector: {matchLabels: {"k8s:a": b}}
  enableDefaultDeny: {ingress: false}
  ingress:
  - fromEndpoints: [{matchExpressions: [{key: "reserved:host", operator: Exists}]}]
    toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{path: /}]}}]
  - fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}, {cidrGroupRef: g}]
    icmps: [{fields: [{type: EchoRequest, family: IPv4}]}]
  - {fromRequires: [{matchLabels: {a: b}}], authentication: {mode: required}}
  ingressDeny: [{fromEntities: [world], toPorts: [{ports: [{port: "1", endPort: 9}]}]}]
  egress:
  - toServices: [{k8sService: {serviceName: a, namespace: b}}]
  - toServices: [{k8sServiceSelector: {selector: {matchLabels: {a: b}}}}]
  - toFQDNs: [{matchName: a.io}, {matchPattern: "*.a.io"}]
  - toPorts: [{ports: [{port: "53"}], rules: {dns: [{matchPattern: "*"}]}}]
  egressDeny: [{toCIDR: [10.0.0.1]}, {toGroups: [{aws: {}}]}, {toNodes: [{}]}]
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: p}
specs:
- {nodeSelector: {matchLabels: {a: b}}, ingress: [{fromEntities: [cluster]}]}
- {endpointSelector: {}, egress: [{toEndpoints: []}]}
---
apiVersion: cilium.io/v2alpha1
kind: CiliumCIDRGroup
metadata: {name: g, labels: {a: b}}
spec: {externalCIDRs: [10.0.0.0/8]}
"""
    )
)
_SPECS: dict[str, Manifest] = yaml.safe_load(
    """
GlobalNetworkPolicy:
  tier: default
  order: 10.5
  selector: has(a) && b in {'c'}
  namespaceSelector: all()
  serviceAccountSelector: a == 'b'
  types: [Ingress, Egress]
  applyOnForward: true
  ingress:
  - {action: Allow, protocol: TCP, http: {methods: [GET], paths: [{exact: /a}]}}
  - action: Deny
    protocol: 17
    source: {nets: [10.0.0.0/8], notSelector: has(x)}
    destination: {ports: [80, "81:90", http], notPorts: [9], serviceAccounts: {names: [a]}}
  - {action: Log, notProtocol: SCTP, ipVersion: 4}
  egress:
  - {action: Pass, protocol: ICMP, icmp: {type: 8, code: 0}, notICMP: {type: 3}}
  - {action: Allow, destination: {services: {name: a, namespace: b}}}
  - {action: Allow, destination: {notNets: ["fd00::/8"], namespaceSelector: global()}}
NetworkPolicy:
  selector: all()
  egress: [{action: Allow, destination: {selector: a contains 'b'}}]
StagedGlobalNetworkPolicy: {stagedAction: Set, selector: all(), ingress: [{action: Deny}]}
StagedNetworkPolicy: {stagedAction: Delete}
StagedKubernetesNetworkPolicy: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}
Tier: {order: 10, defaultAction: Pass}
NetworkSet: {nets: [10.0.0.0/8, "fd00::1"]}
GlobalNetworkSet: {nets: []}
HostEndpoint:
  node: n1
  interfaceName: eth0
  expectedIPs: [10.0.0.1]
  profiles: [projectcalico-default-allow]
  ports: [{name: http, protocol: TCP, port: 80}]
Profile: {labelsToApply: {a: b}, ingress: [{action: Allow}], egress: [{action: Deny}]}
"""
)


def _seed(kind: str, api: str) -> Manifest:
    metadata: Manifest = {"name": "x", "labels": {"a": "b"}, "annotations": {"c": "d"}}
    if kind in {"NetworkSet", "NetworkPolicy"} or (kind.startswith("Staged") and "Glo" not in kind):
        metadata["namespace"] = "shop"
    if api == STORED_API:
        metadata["annotations"]["projectcalico.org/metadata"] = '{"name": "x"}'
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": _SPECS[kind]}


CALICO: list[Manifest] = [_seed(kind, api) for kind in _SPECS for api in (API, STORED_API)]
CALICO_ENDPOINT: Manifest = {
    "apiVersion": API,
    "kind": "WorkloadEndpoint",
    "metadata": {"name": "n1-k8s-p-eth0", "namespace": "shop", "labels": {"a": "b"}},
    "spec": {
        "node": "n1",
        "orchestrator": "k8s",
        "pod": "p",
        "profiles": ["kns.shop", "ksa.shop.default"],
        "ipNetworks": ["10.0.0.1/32"],
        "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
    },
}

CILIUM_ENDPOINT: Manifest = {
    "apiVersion": "cilium.io/v2",
    "kind": "CiliumEndpoint",
    "metadata": {"name": "p", "namespace": "shop", "ownerReferences": [{"kind": "Pod"}]},
    "status": {
        "identity": {"labels": ["k8s:a=b", "k8s:io.cilium.k8s.namespace.labels.team=x"]},
        "networking": {"addressing": [{"ipv4": "10.0.0.1"}], "node": "10.0.0.2"},
        "named-ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
    },
}

#: A NetworkPolicy, which stands among them in a cluster.
NETWORK_POLICY: Manifest = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "p", "namespace": "shop"},
    "spec": {
        "podSelector": {"matchLabels": {"a": "b"}},
        "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": "http"}]}],
    },
}
ALL = [*ADMIN_AND_CILIUM, *CALICO, NETWORK_POLICY, CALICO_ENDPOINT, CILIUM_ENDPOINT]
