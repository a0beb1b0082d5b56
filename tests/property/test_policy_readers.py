"""The readers of admin policies and of Cilium's kinds survive whatever is handed to them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from service.engines.registry import compile_pipeline, engine_names
from service.manifests import admin_policy, cilium
from service.manifests.admin_policy import read_admin_policy
from service.manifests.archive import manifest_documents
from service.manifests.cilium import read_cilium, read_cilium_workload
from service.manifests.reader import UploadPart, read_upload
from service.manifests.readings import ReadingLike
from service.model.inventory import Inventory
from service.model.snapshot import PolicySet, Snapshot
from tests.builders import Manifest, profile, upload
from tests.property.bounds import bounded

SEEDS: list[Manifest] = list(
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
ENDPOINT: Manifest = {
    "apiVersion": "cilium.io/v2",
    "kind": "CiliumEndpoint",
    "metadata": {"name": "p", "namespace": "shop", "ownerReferences": [{"kind": "Pod"}]},
    "status": {
        "identity": {"labels": ["k8s:a=b", "k8s:io.cilium.k8s.namespace.labels.team=x"]},
        "networking": {"addressing": [{"ipv4": "10.0.0.1"}], "node": "10.0.0.2"},
        "named-ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
    },
}

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 70000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["", "0", "80", "*", "10.0.0.0/8", "::/0", "world", "In", "a:b", "$x", ":"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=6), inner, max_size=2)
    ),
    max_leaves=4,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for key, each in entries:
        yield (*path, key)
        yield from _paths(each, (*path, key))


@st.composite
def _mutated(draw: st.DrawFn, seeds: list[Manifest]) -> Manifest:
    """A valid object with up to three places overwritten, removed, added to or doubled."""
    found = copy.deepcopy(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 3))):
        paths = [each for each in _paths(found) if each[0] not in {"apiVersion", "kind"}]
        if not paths:
            break
        *steps, last = draw(st.sampled_from(paths))
        place: Any = found
        for step in steps:
            place = place[step]
        change = draw(st.sampled_from(["overwrite", "remove", "add", "double"]))
        if change == "remove":
            del place[last]
        elif change == "add" and isinstance(place, dict):
            place[draw(st.text(max_size=6))] = draw(VALUES)
        elif change == "double" and isinstance(place, list):
            place.append(copy.deepcopy(place[last]))
        else:
            place[last] = draw(VALUES)
    return found


def _reader(manifest: Manifest) -> Callable[[Manifest], ReadingLike]:
    identity = (manifest["apiVersion"], manifest["kind"])
    assert (identity in admin_policy.KINDS) != (identity in cilium.KINDS)
    return read_admin_policy if identity in admin_policy.KINDS else read_cilium


@bounded(5)
@given(_mutated(SEEDS))
def test_policy_readers(manifest: Manifest) -> None:
    before = copy.deepcopy(manifest)
    read = _reader(manifest)
    reading = read(manifest)
    assert manifest == before
    assert (reading.value is None) == any(each.severity is None for each in reading.notes)
    assert all(each.code and each.detail for each in reading.notes)
    if reading.value is None:
        return
    again = read(dict(reading.normalised))
    assert again.value == reading.value
    assert again.normalised == reading.normalised
    snapshot = Snapshot(Inventory(), PolicySet((reading.value,)))
    for name in engine_names():
        compile_pipeline(snapshot, profile(name))


def stands_for_a_pod(manifest: Manifest, *, is_read: bool) -> None:
    """An upload of the endpoint alone, which is no reason to refuse it, and back again."""
    found = upload(manifest)
    assert bool(found.inventory.pods) is is_read
    text = manifest_documents(found.policies, found.inventory)
    assert read_upload([UploadPart(text.encode())]).inventory == found.inventory


@bounded(1)
@given(_mutated([ENDPOINT]))
def test_endpoint_reader(manifest: Manifest) -> None:
    reading, notes = read_cilium_workload(manifest)
    assert all(each.code and each.detail for each in notes)
    stands_for_a_pod(manifest, is_read=reading is not None)


@pytest.mark.parametrize("seed", SEEDS, ids=[each["kind"] for each in SEEDS])
def test_seeds_are_valid(seed: Manifest) -> None:
    assert _reader(seed)(seed).value is not None


@pytest.mark.parametrize("seed", SEEDS, ids=[each["kind"] for each in SEEDS])
@pytest.mark.parametrize("metadata", [None, [], "x", 1, {}, {"name": None}, {"name": 3}])
def test_without_a_name(seed: Manifest, metadata: Any) -> None:
    assert _reader(seed)({**seed, "metadata": metadata}).value is None
