"""The readers of Calico's kinds survive whatever is handed to them, in both API forms."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given

from service.engines.registry import compile_pipeline, engine_names
from service.manifests.calico import KINDS, read_calico, read_calico_workload
from service.model.calico import API, STORED_API
from service.model.inventory import Inventory
from service.model.policy import UnreadPolicy
from service.model.snapshot import PolicySet, Snapshot
from tests.builders import Manifest, profile
from tests.property.bounds import bounded
from tests.property.test_policy_readers import _mutated, stands_for_a_pod

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


SEEDS = [_seed(kind, api) for kind in _SPECS for api in (API, STORED_API)]
ENDPOINT: Manifest = {
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


@bounded(5)
@given(_mutated(SEEDS))
def test_readers(manifest: Manifest) -> None:
    before = copy.deepcopy(manifest)
    reading = read_calico(manifest)
    assert manifest == before
    assert (reading.value is None) == any(each.severity is None for each in reading.notes)
    assert all(each.code and each.detail for each in reading.notes)
    if reading.value is None:
        return
    again = read_calico(dict(reading.normalised))
    assert again.value == reading.value
    assert again.normalised == reading.normalised
    snapshot = Snapshot(Inventory(), PolicySet((reading.value,)))
    for name in engine_names():
        compile_pipeline(snapshot, profile(name))


@bounded(1)
@given(_mutated([ENDPOINT]))
def test_endpoint_reader(manifest: Manifest) -> None:
    reading, notes = read_calico_workload(manifest)
    assert all(each.code and each.detail and each.severity for each in notes)
    assert reading is not None or notes
    stands_for_a_pod(manifest, is_read=reading is not None)


@pytest.mark.parametrize("seed", SEEDS, ids=[f"{e['kind']}-{e['apiVersion']}" for e in SEEDS])
def test_seeds_are_valid(seed: Manifest) -> None:
    assert (seed["apiVersion"], seed["kind"]) in KINDS
    reading = read_calico(seed)
    assert reading.value is not None, reading.notes
    assert not isinstance(reading.value, UnreadPolicy)


@pytest.mark.parametrize("seed", SEEDS, ids=[f"{e['kind']}-{e['apiVersion']}" for e in SEEDS])
@pytest.mark.parametrize("metadata", [None, [], "x", 1, {}, {"name": None}, {"name": 3}])
def test_without_a_name(seed: Manifest, metadata: Any) -> None:
    assert read_calico({**seed, "metadata": metadata}).value is None


def test_every_kind_has_a_seed() -> None:
    assert {(each["apiVersion"], each["kind"]) for each in SEEDS} == KINDS


@pytest.mark.parametrize("spec", [None, {}, [], "", "x", 0, [{}]])
@pytest.mark.parametrize(("api", "kind"), sorted(KINDS))
def test_without_a_spec(api: str, kind: str, spec: Any) -> None:
    raw = {"apiVersion": api, "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    reading = read_calico(raw)
    assert reading.notes or not spec
    if reading.value is not None:
        assert read_calico(dict(reading.normalised)).value == reading.value
