"""Every policy of Calico's, Cilium's and the admin APIs among real manifests: read, or refused.

A refusal is listed here with its faults and the reason why it is right. Where a file is a Go
template, each fault must lie where the template has something to be filled in.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from service.manifests.faults import Fault, UploadRefused
from service.manifests.reader import Upload, UploadPart, read_upload
from service.model.policy import UnreadPolicy
from tests.shared_corpus import CORPUS, requires_corpus

pytestmark = requires_corpus

REAL = CORPUS / "real"
_GROUPS = (
    *("projectcalico.org/", "crd.projectcalico.org/"),
    *("cilium.io/", "policy.networking.k8s.io/"),
)
_TEMPLATE = "{{"

#: Peers of the first draft, in which `namespaces` held a `namespaceSelector`. The API server has
#: no such field: strict validation refuses it, and dropped it would leave every namespace.
_DRAFT = "UnknownField"
_IN, _OUT = "/spec/ingress/0/from/0", "/spec/egress/{}/to/0"
_OLD = "/namespaces/namespaceSelector"
_ASSISTANT = "policy-assistant-examples/cmd/policy-assistant"

#: Files, with code and pointer of each fault.
REFUSED: dict[str, list[tuple[str, str]]] = {
    **{
        f"{_ASSISTANT}/examples/demos/{name}": [(_DRAFT, f"{_IN}{_OLD}")]
        for name in (
            *(f"kubecon-eu-2024/policies/anp{number}.yaml" for number in (1, 2, 3)),
            "kubecon-eu-2024/policies/banp.yaml",
            *(f"walkthrough/policies/anp{number}.yaml" for number in (1, 2)),
            "walkthrough/policies/banp.yaml",
        )
    },
    f"{_ASSISTANT}/test/example-policies/anps/anp.yaml": [
        (_DRAFT, f"{_OUT.format(index)}{_OLD}") for index in range(7)
    ],
    f"{_ASSISTANT}/test/example-policies/banp/banp.yaml": [
        (_DRAFT, f"{_OUT.format(index)}{_OLD}") for index in range(5)
    ],
    # A list with "Items" is no list to the API server, and has no name for an object.
    f"{_ASSISTANT}/test/example-policies/anps/anp-list.yaml": [("MissingName", "/metadata/name")],
    # The test fills in a name.
    "cilium-connectivity-policies/cilium-cli/connectivity/builder/manifests/"
    "local-redirect-policy.yaml": [("MissingName", "/metadata/name")],
    # A semicolon stands where the comma between two entries of a mapping belongs.
    **{
        f"network-policy-api-conformance/site-src/user-story-examples/user-story-4-{name}.yaml": [
            ("MalformedDocument", "")
        ]
        for name in ("v1", "v2")
    },
}
READ = {
    "CiliumNetworkPolicy": 55,
    "CiliumClusterwideNetworkPolicy": 7,
    "ClusterNetworkPolicy": 25,
    "GlobalNetworkPolicy": 5,
    **dict.fromkeys(("GlobalNetworkSet", "HostEndpoint", "NetworkPolicy", "NetworkSet", "Tier"), 1),
}


@cache
def _files() -> tuple[Path, ...]:
    found = []
    for path in sorted(REAL.rglob("*")):
        if path.suffix in {".yaml", ".yml", ".json"} and "LICENSES" not in path.parts:
            text = path.read_text(encoding="utf-8", errors="replace")
            if any(f"apiVersion: {each}" in text.replace('"', "") for each in _GROUPS):
                found.append(path)
    return tuple(found)


def _name(path: Path) -> str:
    return path.relative_to(REAL).as_posix()


def _read(path: Path) -> Upload | tuple[Fault, ...]:
    try:
        return read_upload([UploadPart(path.read_bytes(), name=path.name)])
    except UploadRefused as refused:
        return refused.faults


@pytest.mark.parametrize("path", _files() if CORPUS.exists() else (), ids=_name)
def test_is_read_or_refused_for_its_reason(path: Path) -> None:
    found, name = _read(path), _name(path)
    if isinstance(found, Upload):
        assert name not in REFUSED
        assert found.policies
        return
    text = path.read_text(encoding="utf-8")
    if _TEMPLATE in text:
        assert name not in REFUSED
        lines = ["", *text.splitlines()]
        for fault in found:
            # A parser stops at the next line at the latest.
            near = lines[fault.line - 1 : fault.line + 1]
            near = near if fault.code == "MalformedDocument" else near[1:]
            assert any(_TEMPLATE in each for each in near), fault
    else:
        assert [(each.code, each.pointer) for each in found] == REFUSED.get(name), found


def test_nothing_else_is_listed() -> None:
    names = {_name(each) for each in _files()}
    assert {*REFUSED} <= names


def test_what_is_read() -> None:
    read: Counter[str] = Counter()
    for path in _files():
        found = _read(path)
        if isinstance(found, Upload):
            read.update(
                each.ref.kind
                for each in found.policies
                if not isinstance(each.policy, UnreadPolicy)
                and each.ref.api_version.startswith(_GROUPS)
            )
    assert read == READ
