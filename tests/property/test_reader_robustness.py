"""Whatever is sent, the reader answers with an upload or one of its own refusals."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from typing import Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from service.manifests.archive import (
    decode_inventory,
    decode_policies,
    encode_inventory,
    encode_policies,
    manifest_documents,
    policy_set_digest,
)
from service.manifests.faults import UnsupportedContent, UploadRefused, UploadTooLarge
from service.manifests.limits import Limits
from service.manifests.reader import Upload, UploadPart, read_upload
from service.manifests.selectors import SelectorSyntax, parse_label_selector
from service.manifests.snapshot import build_snapshot

LIMITS = Limits(sent_bytes=1 << 20, unpacked_bytes=1 << 20, documents=1000)
MEDIA_TYPES = ("", "application/yaml", "application/json", "application/x-ndjson")

_KINDS = st.sampled_from(
    [
        *(("v1", each) for each in ("Pod", "Service", "Namespace", "Node", "List", "PodList")),
        *(("apps/v1", each) for each in ("Deployment", "ReplicaSet")),
        *(("batch/v1", each) for each in ("Job", "CronJob")),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("networking.k8s.io/v1", "NetworkPolicyList"),
        ("extensions/v1beta1", "NetworkPolicy"),
        ("projectcalico.org/v3", "NetworkPolicy"),
        ("crd.projectcalico.org/v1", "GlobalNetworkPolicy"),
        ("cilium.io/v2", "CiliumNetworkPolicy"),
        ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
    ]
)
_WORDS = st.sampled_from(
    [
        *("metadata", "spec", "status", "items", "name", "namespace", "labels", "podSelector"),
        *("ingress", "egress", "from", "to", "ports", "port", "endPort", "protocol", "ipBlock"),
        *("cidr", "except", "matchLabels", "matchExpressions", "key", "operator", "values"),
        *("template", "containers", "containerPort", "podIPs", "ip", "ownerReferences", "types"),
        *("policyTypes", "namespaceSelector", "selector", "clusterIP", "targetPort", "subject"),
    ]
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 70_000),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["a", "web", "TCP", "Ingress", "10.0.0.0/8", "::/0", "In", "http", "", "-"]),
    st.text(max_size=8),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_WORDS | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def _objects(draw: st.DrawFn) -> dict[str, Any]:
    api_version, kind = draw(_KINDS)
    found = draw(st.dictionaries(_WORDS, _VALUES, max_size=4))
    if draw(st.booleans()):
        found["metadata"] = {"name": draw(st.sampled_from("abc")), "namespace": "x"}
    return {"apiVersion": api_version, "kind": kind, **found}


def _read(content: bytes, media_type: str = "", encoding: str = "identity") -> Upload | None:
    try:
        return read_upload([UploadPart(content, media_type, encoding)], LIMITS)
    except UploadRefused as refused:
        faults = refused.faults
    except (UploadTooLarge, UnsupportedContent):
        return None
    assert faults
    assert all(each.code and each.detail for each in faults)
    assert all(each.document >= 0 and each.line >= 0 for each in faults)
    return None


def _goes_round(upload: Upload) -> None:
    """What was read can be stored, taken out again, and written out."""
    assert decode_inventory(encode_inventory(upload.inventory)) == upload.inventory
    assert decode_policies(encode_policies(upload.policies)) == upload.policies
    build_snapshot(upload.inventory, upload.policies)
    for form in ("yaml", "ndjson"):
        text = manifest_documents(upload.policies, upload.inventory, form)
        again = read_upload([UploadPart(text.encode())])
        assert again.inventory == upload.inventory
        assert policy_set_digest(again.policies) == policy_set_digest(upload.policies)


@given(st.binary(max_size=200), st.sampled_from(MEDIA_TYPES), st.sampled_from(("identity", "gzip")))
@example(b"\x1f\x8b", "", "identity")
@example(b'{"a": "\\ud800"}', "application/json", "identity")
@example(b"\xff\xfea\x00", "application/yaml", "identity")
def test_any_bytes(content: bytes, media_type: str, encoding: str) -> None:
    _read(content, media_type, encoding)


@given(st.text(alphabet="a1:-?[]{},&*!|>'\"%@`# \n\t.~<=\u0085\u2028é\\u", max_size=60))
def test_any_text_of_yaml_signs(text: str) -> None:
    _read(text.encode())
    _read(f"apiVersion: v1\nkind: Pod\n{text}".encode(), "application/yaml")


@given(st.text(alphabet='{}[],:"\\u0d8e-+.tfnalse \n', max_size=60), st.sampled_from(MEDIA_TYPES))
def test_any_text_of_json_signs(text: str, media_type: str) -> None:
    _read(text.encode(), media_type)


@given(st.lists(_objects(), max_size=4))
def test_any_objects(objects: list[dict[str, Any]]) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    upload = _read(json.dumps(listed).encode())
    lines = "\n".join(map(json.dumps, objects)).encode()
    by_line = _read(lines, "application/x-ndjson")
    assert (upload is None) == (by_line is None)
    if upload is not None:
        _goes_round(upload)


@given(st.lists(_objects(), max_size=3))
def test_objects_as_yaml_and_packed(objects: list[dict[str, Any]]) -> None:
    text = yaml.safe_dump_all(objects, allow_unicode=True).encode()
    upload = _read(text, "application/yaml")
    packed = _read(gzip.compress(text), "application/yaml", "gzip")
    assert upload == packed
    if upload is not None:
        _goes_round(upload)


@given(st.text(max_size=30) | st.text(alphabet="abin()=!,< ", max_size=20))
def test_any_selector(text: str) -> None:
    with suppress(SelectorSyntax):
        selector = parse_label_selector(text)
        assert parse_label_selector(text) == selector
