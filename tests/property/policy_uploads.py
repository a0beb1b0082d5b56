"""What must hold of every upload of policies, whatever is in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from service.engines.registry import compile_pipeline, resolve_profile
from service.manifests.archive import (
    decode_inventory,
    decode_policies,
    encode_inventory,
    encode_policies,
    manifest_documents,
    policy_set_digest,
)
from service.manifests.faults import Fault, Problem, UploadRefused
from service.manifests.policy_kinds import policy_kind
from service.manifests.reader import Upload, UploadPart, read_upload
from service.manifests.snapshot import build_snapshot

Manifest = dict[str, Any]

PROFILES = tuple(
    map(
        resolve_profile,
        ("npm", "calico:3.28", "calico", "calico:3.32", "cilium:1.14", "cilium:1.19", "kubernetes"),
    )
)


def check_upload(manifests: Sequence[Manifest], *, in_yaml: bool = False) -> Upload | None:
    """Read objects as an upload: refused with places, or the same however it is kept."""
    text = _text(manifests, in_yaml=in_yaml)
    try:
        found = read_upload([UploadPart(text.encode(), name="part")])
    except UploadRefused as refused:
        for fault in refused.faults:
            assert fault.code, fault
            assert fault.detail, fault
            assert fault.part == "part", fault
            assert 1 <= fault.document <= len(manifests), fault
            assert 1 <= fault.line <= text.count("\n") + 1, fault
        _check_pointers(manifests, refused.faults)
        return None
    for problem in found.problems:
        assert problem.code, problem
        assert problem.detail, problem
    _check_pointers(manifests, found.problems)
    _check_kept(found)
    return found


def _text(manifests: Sequence[Manifest], *, in_yaml: bool) -> str:
    if in_yaml:
        return yaml.safe_dump_all(manifests, allow_unicode=True, width=10_000)
    return "\n".join(map(json.dumps, manifests))


def _check_pointers(manifests: Sequence[Manifest], told: Iterable[Fault | Problem]) -> None:
    """Each leads to what is there, or to what is missing from it, or below what is told itself."""
    places = {(each.document, each.pointer) for each in told if each.document}
    for document, pointer in places:
        above = (other for at, other in places if at == document and other != pointer)
        assert _leads_somewhere(manifests[document - 1], pointer) or any(
            pointer.startswith(f"{each}/") for each in above if each
        ), (document, pointer)


def _leads_somewhere(manifest: Any, pointer: str) -> bool:
    """Whether a pointer leads to something, or to where something is missing."""
    value = manifest
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            if not key.isdecimal() or int(key) >= len(value):
                return False
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return value is None or isinstance(value, dict)
    return True


def _check_kept(upload: Upload) -> None:
    """Normalised it reads back the same; stored and written out it is the same."""
    for each in upload.policies:
        normalised = dict(each.normalised)
        kind = policy_kind(str(normalised["apiVersion"]), str(normalised["kind"]))
        assert kind is not None
        again = kind.read(normalised, each.position)
        assert again.value == each.policy, each.ref
        assert again.normalised == normalised, each.ref
        assert again.ref == each.ref
    assert decode_policies(encode_policies(upload.policies)) == upload.policies
    assert decode_inventory(encode_inventory(upload.inventory)) == upload.inventory
    for form in ("yaml", "ndjson"):
        text = manifest_documents(upload.policies, upload.inventory, form)
        again_read = read_upload([UploadPart(text.encode())])
        assert again_read.inventory == upload.inventory
        assert policy_set_digest(again_read.policies) == policy_set_digest(upload.policies)
    snapshot, _ = build_snapshot(upload.inventory, upload.policies)
    for profile in PROFILES:
        compile_pipeline(snapshot, profile)
