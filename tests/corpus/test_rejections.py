"""Inputs that another analyzer refuses: refused here where the API server refuses them too."""

from __future__ import annotations

from typing import Any

import pytest

from service.manifests.faults import Fault, UploadRefused
from service.manifests.reader import Upload, UploadPart, read_upload
from tests.shared_corpus import case_files, load_cases, requires_corpus

pytestmark = requires_corpus

PREFIX = "npa/reject/"

#: Code and pointer of what the API server refuses.
REFUSED = {
    "bad_netpols_subdir7": ("InvalidLabelValue", "/spec/egress/0/to/0/podSelector/matchLabels/app"),
    "np_bad_path_test_1": ("DuplicateObject", "/metadata/name"),
    "np_bad_path_test_2": ("InvalidEndPort", "/spec/ingress/1/ports/0/endPort"),
    "np_test_with_empty_port_range": ("InvalidEndPort", "/spec/egress/0/ports/1/endPort"),
    "bad_path_namespace_with_same_name": ("DuplicateObject", "/metadata/name"),
    # The tool refuses it because pods of one owner differ in labels that a policy selects by. That
    # is fine with the API server, but the policy's name and an owner without a kind are not.
    "example_pods_w_same_owner_and_labels_gap_with_bad_match_expression": (
        "RequiredField",
        "/metadata/ownerReferences/0/kind",
    ),
}
#: What the API server takes, and why the tool does not.
ACCEPTED = {
    "bad_netpols_subdir6": (
        "A named port beside an ipBlock is valid; it matches nothing, because only pods have named "
        "ports. The tool calls it a mistake."
    ),
}


def _cases() -> list[dict[str, Any]]:
    return [each for each in load_cases("npa_reject") if each["category"] == "NP"]


def _read(case: dict[str, Any]) -> Upload | tuple[Fault, ...]:
    files = case_files(case)
    try:
        return read_upload([UploadPart(each.read_bytes(), name=each.name) for each in files])
    except UploadRefused as refused:
        return refused.faults


def test_every_case_is_placed() -> None:
    names = {each["id"].removeprefix(PREFIX) for each in _cases()}
    assert names == set(REFUSED) | set(ACCEPTED)


@pytest.mark.parametrize("case", _cases(), ids=lambda case: case["id"].removeprefix(PREFIX))
def test_case(case: dict[str, Any]) -> None:
    name = case["id"].removeprefix(PREFIX)
    found = _read(case)
    if name in ACCEPTED:
        assert isinstance(found, Upload), ACCEPTED[name]
        return
    assert not isinstance(found, Upload)
    assert REFUSED[name] in {(each.code, each.pointer) for each in found}
    assert all(each.document and each.line and each.part for each in found)
