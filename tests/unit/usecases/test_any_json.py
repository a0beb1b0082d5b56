"""Whatever JSON arrives is read or refused; nothing else comes out of a reader."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from service.manifests.aks_record import NotAnAksRecord, read_aks_show
from service.manifests.selectors import parse_label_selector
from service.usecases.cluster_json import merge, read_record, record_document
from service.usecases.errors import FieldError, Invalid
from service.usecases.flow_json import describe_end, flow_body, read_flow
from service.usecases.stated_json import facts_document, read_facts

Value = TypeVar("Value")

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


def objects(*keys: str) -> st.SearchStrategy[Any]:
    """JSON values whose members mostly bear names that mean something."""
    names = st.sampled_from(keys) | st.text(max_size=4)
    return st.recursive(
        SCALARS | st.sampled_from(["azure", "cilium", "10.0.0.0/8", "10.0.0.1", "1.31", "a/b"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
        max_leaves=20,
    )


AKS = objects(
    *("id", "name", "properties", "tags", "sku", "identity", "type", "kubernetesVersion"),
    *("networkProfile", "networkPolicy", "networkPlugin", "networkDataplane", "podCidr"),
    *("podCidrs", "agentPoolProfiles", "count", "osType"),
)
RECORD = objects(
    *("engine", "name", "version", "options", "labels", "sku", "kubernetesVersion"),
    *("networkProfile", "podCidrs", "ipFamilies", "nodePools", "azureResourceId", "displayName"),
)
FLOW = objects(
    *("source", "destination", "protocol", "port", "namespace"),
    *("pod", "workload", "labelSelector", "node", "ip", "service"),
)


FACTS = objects(
    *("azureCli", "terraform", "azurerm", "disruptionBudgets", "webhooks", "hostPorts", "port"),
    *("namespace", "name", "pod", "kind", "service", "protocol", "nodeCidrs", "vnetCidrs"),
    *("configMaps", "localDns", "validatorOutput", "needsIcmp"),
)


def read_or_refuse(read: Callable[[], Value]) -> Value | tuple[FieldError, ...]:
    """What was read, or the faults, of which there must be some."""
    try:
        return read()
    except Invalid as refused:
        return refused.errors or (FieldError("", "no fault"),)


@given(AKS)
@settings(max_examples=200, deadline=None)
def test_aks_records(document: Any) -> None:
    try:
        read = read_aks_show(document)
    except NotAnAksRecord:
        return
    # What was read can be stored, or is refused with the reason.
    stored = read_or_refuse(
        lambda: read_record(record_document(read.record), engine_required=False)
    )
    assert FieldError("", "no fault") not in (stored if isinstance(stored, tuple) else ())


@given(RECORD, RECORD)
@settings(max_examples=200, deadline=None)
def test_cluster_records(document: Any, patch: Any) -> None:
    for each in (document, merge(document, patch)):
        record = read_or_refuse(partial(read_record, each, engine_required=False))
        if isinstance(record, tuple):
            assert FieldError("", "no fault") not in record
        else:
            assert read_record(record_document(record), engine_required=False) == record


@given(FACTS)
@settings(max_examples=300, deadline=None)
def test_stated_facts(document: Any) -> None:
    faults: list[FieldError] = []
    stated = read_facts(document, "/facts", faults)
    assert (stated is None) == bool(faults)
    if stated is None:
        assert all(each.pointer.startswith("/facts") and each.code for each in faults)
    else:
        assert read_facts(facts_document(stated), "", []) == stated


@given(FLOW)
@settings(max_examples=300, deadline=None)
def test_flows(document: Any) -> None:
    flow = read_or_refuse(lambda: read_flow(document, "/flows/0"))
    if isinstance(flow, tuple):
        assert all(each.pointer.startswith("/flows/0") for each in flow)
    else:
        assert read_flow(flow_body(flow)) == flow
        assert describe_end(flow.source)
        assert describe_end(flow.destination)


@given(st.text("ab=!,() inot.-/\x00", max_size=20))
@settings(max_examples=300, deadline=None)
def test_label_selectors(text: str) -> None:
    try:
        selector = parse_label_selector(text)
    except ValueError:
        return
    if selector.requirements:
        assert parse_label_selector(str(selector)) == selector
