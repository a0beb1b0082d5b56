"""Manifests of well-known applications, one by one and as whole sets.

What is not listed here as refused must be accepted; what is listed must be refused, and for the
reason given. In sets one object often stands in several files, for several ways to install.
"""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from service.manifests.archive import (
    decode_inventory,
    decode_policies,
    encode_inventory,
    encode_policies,
    inventory_digest,
    manifest_documents,
    policy_set_digest,
)
from service.manifests.faults import Fault, UploadRefused
from service.manifests.reader import Upload, UploadPart, read_upload
from service.manifests.snapshot import build_snapshot
from tests.shared_corpus import CORPUS, requires_corpus

pytestmark = requires_corpus

REAL = CORPUS / "real"
_NO_OBJECT = {"MissingApiVersion", "MissingKind"}

#: Pattern of paths, the codes of the refusal, and why it is right.
REFUSED: list[tuple[str, set[str], str]] = [
    ("aks-show/*", _NO_OBJECT, "descriptions of AKS clusters, no Kubernetes objects"),
    ("aks-baseline/*/aspnetapp-ingress-patch.yaml", {"NotAnObject"}, "a JSON patch"),
    ("calico-demo/e2e/config/*", _NO_OBJECT, "settings of test runs"),
    ("cilium-*/local-redirect-policy.yaml", {"MissingName"}, "the name is filled in by a test"),
    ("ingress-nginx/*.helm.values.yaml", _NO_OBJECT, "values of a chart"),
    ("kubebuilder-project-v4/*/kustomization.yaml", _NO_OBJECT, "kustomize lets them be left out"),
    ("kubectl-dumps/get*Output.json", {"NotAnObject"}, "bare lists"),
    ("kubectl-dumps/pods_list.json", {"WrongType"}, "ports is a mapping"),
    ("kubernetes-goat/*/Chart.yaml", {"MissingKind"}, "description of a chart"),
    ("kubernetes-goat/*/values.yaml", _NO_OBJECT, "values of a chart"),
    ("network-policy-api-conformance/*/user-story-4-*", {"MalformedDocument"}, "broken YAML"),
    ("network-policy-recipes/0[89]-*", _NO_OBJECT, "bits of objects after the policy"),
    ("network-policy-recipes/11-*", {"DuplicateObject"}, "a policy before and after a change"),
    ("network-policy-recipes/README.yaml", _NO_OBJECT, "front matter of a text"),
    ("policy-assistant-examples/*probe*.json", _NO_OBJECT, "questions of a test tool"),
    ("policy-assistant-examples/*targets*.json", {"NotAnObject"}, "questions of a test tool"),
    ("policy-assistant-examples/*traffic*.json", {"NotAnObject"}, "questions of a test tool"),
    ("policy-assistant-examples/*Output.json", {"NotAnObject"}, "bare lists"),
    ("policy-assistant-examples/*/anp-list.yaml", {"MissingName"}, "a list whose items are Items"),
    ("policy-assistant-examples/*/banp.yaml", {"UnknownField"}, "fields of an old draft"),
    ("policy-assistant-examples/*/anp.yaml", {"UnknownField"}, "fields of an old draft"),
    ("policy-assistant-examples/*/policies/anp[123].yaml", {"UnknownField"}, "the same"),
]
#: A folder in which some files have a key twice in one mapping, which the API server takes.
KEYS_TWICE = "azure-npm-testpolicies/*/cilium/*"
#: Refused whatever their codes are: Go templates are YAML by accident only.
_TEMPLATE = b"{{"


def _files() -> list[Path]:
    found = (each for each in REAL.rglob("*") if each.suffix in {".yaml", ".yml", ".json"})
    return sorted(each for each in found if "LICENSES" not in each.parts)


def _name(path: Path) -> str:
    return path.relative_to(REAL).as_posix()


def _read(*paths: Path) -> Upload | tuple[Fault, ...]:
    try:
        return read_upload([UploadPart(each.read_bytes(), name=_name(each)) for each in paths])
    except UploadRefused as refused:
        return refused.faults


def _expected(path: Path) -> tuple[set[str], ...]:
    name = _name(path)
    return tuple(codes for pattern, codes, _ in REFUSED if fnmatch(name, pattern))


def _assert_told(faults: tuple[Fault, ...]) -> None:
    assert faults
    for each in faults:
        assert each.code
        assert each.detail
        assert each.part
        assert each.document >= 1
        assert each.line >= 1


def _assert_whole(upload: Upload) -> None:
    """It can be stored, compiled from and written out, without a change."""
    assert decode_inventory(encode_inventory(upload.inventory)) == upload.inventory
    assert decode_policies(encode_policies(upload.policies)) == upload.policies
    build_snapshot(upload.inventory, upload.policies)
    text = manifest_documents(upload.policies, upload.inventory)
    again = read_upload([UploadPart(text.encode())])
    assert inventory_digest(again.inventory) == inventory_digest(upload.inventory)
    assert policy_set_digest(again.policies) == policy_set_digest(upload.policies)
    assert [each.text.strip() for each in again.policies] == [
        each.text.strip() for each in upload.policies
    ]


@pytest.mark.parametrize("path", _files(), ids=_name)
def test_one_file(path: Path) -> None:
    found = _read(path)
    expected = _expected(path)
    if isinstance(found, Upload):
        assert not expected
        _assert_whole(found)
        return
    _assert_told(found)
    codes = {each.code for each in found}
    assert codes in expected or _TEMPLATE in path.read_bytes(), found


@pytest.mark.parametrize(("pattern", "codes"), [each[:2] for each in REFUSED])
def test_every_expected_refusal_happens(pattern: str, codes: set[str]) -> None:
    found = [_read(each) for each in _files() if fnmatch(_name(each), pattern)]
    assert any(
        not isinstance(each, Upload) and {fault.code for fault in each} == codes for each in found
    )


@pytest.mark.parametrize(
    "folder", sorted(each for each in REAL.glob("*") if each.name != "LICENSES"), ids=_name
)
def test_a_whole_set(folder: Path) -> None:
    files = [each for each in _files() if folder in each.parents]
    alone = [_read(each) for each in files]
    codes = {fault.code for each in alone if not isinstance(each, Upload) for fault in each}
    whole = _read(*files)
    if isinstance(whole, Upload):
        assert not codes
        assert whole.documents == sum(each.documents for each in alone if isinstance(each, Upload))
        _assert_whole(whole)
    else:
        _assert_told(whole)
        assert {each.code for each in whole} <= codes | {"DuplicateObject"}


@pytest.mark.parametrize(
    "folder", sorted((CORPUS / "cases" / "manifests").glob("*")), ids=lambda folder: folder.name
)
def test_inputs_of_cases_go_round(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".yaml", ".yml", ".json"}:
            try:
                found = read_upload([UploadPart(path.read_bytes(), name=path.name)])
            except UploadRefused as refused:
                _assert_told(refused.faults)
            else:
                _assert_whole(found)


def test_keys_twice_are_told() -> None:
    told = [
        each.code
        for path in _files()
        if fnmatch(_name(path), KEYS_TWICE) and isinstance(found := _read(path), Upload)
        for each in found.problems
    ]
    assert "DuplicateKey" in told


def test_most_files_are_accepted() -> None:
    refused = [each for each in _files() if not isinstance(_read(each), Upload)]
    assert len(refused) < len(_files()) / 3
