from __future__ import annotations

import gzip

import pytest

from service.manifests.faults import (
    Fault,
    UnsupportedContent,
    UploadRefused,
    UploadTooLarge,
)
from service.manifests.limits import Limits
from service.manifests.reader import UploadPart, read_upload
from service.manifests.report import Report
from service.manifests.source import Spot
from service.model.finding import Severity
from tests.unit.manifests.reading import faults_of, read

NAMESPACE = b"{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n"
PADDED = NAMESPACE + b"#" * 100_000


def _names(*parts: UploadPart) -> list[str]:
    return [each.name for each in read_upload(parts).inventory.namespaces]


@pytest.mark.parametrize(
    "part",
    [
        UploadPart(gzip.compress(NAMESPACE), "application/yaml", "gzip"),
        UploadPart(gzip.compress(NAMESPACE[:9]) + gzip.compress(NAMESPACE[9:]), "", "gzip"),
        UploadPart(gzip.compress(NAMESPACE) + b"\0" * 70_000, "", "gzip"),
        # A file that was compressed before it was sent.
        UploadPart(gzip.compress(NAMESPACE), "application/gzip"),
        UploadPart(gzip.compress(NAMESPACE), "application/yaml"),
        UploadPart(NAMESPACE, "Application/YAML; charset=UTF-8"),
        UploadPart(NAMESPACE, "", ""),
    ],
)
def test_encodings_and_media_types(part: UploadPart) -> None:
    assert _names(part) == ["a"]


def test_a_big_part_unpacks_to_the_same_bytes() -> None:
    text = NAMESPACE + b"".join(b"# %d\n" % each for each in range(200_000))
    assert _names(UploadPart(gzip.compress(text, 1), "", "gzip")) == ["a"]


@pytest.mark.parametrize(
    "packed", [b"", b"text", gzip.compress(PADDED)[:-5], gzip.compress(PADDED) + b"more"]
)
def test_what_is_not_gzip(packed: bytes) -> None:
    with pytest.raises(UploadRefused) as refused:
        read_upload([UploadPart(packed, "application/yaml", "gzip", "a.gz")])
    (fault,) = refused.value.faults
    assert (fault.code, fault.part) == ("MalformedDocument", "a.gz")


@pytest.mark.parametrize(
    "part",
    [
        UploadPart(NAMESPACE, "text/html"),
        UploadPart(NAMESPACE, "application/yaml", "br"),
        UploadPart(NAMESPACE, "application/yaml; charset=utf-16"),
    ],
)
def test_unsupported_content(part: UploadPart) -> None:
    with pytest.raises(UnsupportedContent, match="not supported"):
        read_upload([part])


@pytest.mark.parametrize(
    ("limits", "parts", "code"),
    [
        (Limits(sent_bytes=100), [PADDED], "SentBytesExceeded"),
        (Limits(sent_bytes=100), [NAMESPACE, NAMESPACE], "SentBytesExceeded"),
        (Limits(unpacked_bytes=1000), [PADDED], "UnpackedBytesExceeded"),
        (Limits(unpacked_bytes=1000), [gzip.compress(PADDED)], "UnpackedBytesExceeded"),
        (Limits(unpacked_bytes=100_100), [gzip.compress(PADDED)] * 2, "UnpackedBytesExceeded"),
        (Limits(ratio=10, ratio_floor=0), [gzip.compress(PADDED)], "RatioExceeded"),
        (Limits(documents=1), [NAMESPACE, NAMESPACE.replace(b"a}", b"b}")], "DocumentsExceeded"),
        (Limits(documents=2), [b'{"kind": "List", "items": [3, 3, 3]}'], "DocumentsExceeded"),
    ],
)
def test_bounds_on_the_whole_upload(limits: Limits, parts: list[bytes], code: str) -> None:
    with pytest.raises(UploadTooLarge) as refused:
        read_upload([UploadPart(each) for each in parts], limits)
    assert refused.value.code == code


def test_a_bound_that_is_just_kept() -> None:
    limits = Limits(sent_bytes=len(NAMESPACE), unpacked_bytes=len(NAMESPACE), documents=1)
    assert read_upload([UploadPart(NAMESPACE)], limits).documents == 1


def _nested(levels: int) -> str:
    return "apiVersion: v1\nkind: Other\nx: " + "[" * (levels - 1) + "]" * (levels - 1)


def test_depth_of_yaml() -> None:
    assert read(_nested(64)).documents == 1
    assert faults_of(_nested(65))[0].code == "DepthExceeded"


@pytest.mark.parametrize(
    "text",
    [
        _nested(100_000),
        "{a: " * 100_000,
        "- " * 100_000 + "x",
        "? " * 100_000 + "x",
        "".join(" " * each + "a:\n" for each in range(1500)),
    ],
)
def test_depths_that_would_exhaust_the_stack(text: str) -> None:
    assert faults_of(text)[0].code == "DepthExceeded"


@pytest.mark.parametrize("levels", [70, 2000, 200_000])
def test_depth_of_json(levels: int) -> None:
    text = (
        '{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": '
        '{"name": "a"}, "spec": ' + "[" * levels + "]" * levels + "}"
    )
    assert faults_of(text)[0].code in {"DepthExceeded", "MalformedDocument"}


def test_aliases_are_counted() -> None:
    text = "apiVersion: v1\nkind: Other\na: &a {b: c}\nx: [" + "*a," * 11 + "]\n"
    assert read(text, limits=Limits(aliases=11)).documents == 1
    assert faults_of(text, limits=Limits(aliases=10))[0].code == "AliasesExceeded"


def test_what_aliases_multiply_is_bounded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (fault,) = faults_of("\n".join(lines))
    assert fault.code == "AliasesExceeded"


def test_an_anchor_inside_of_itself() -> None:
    assert faults_of("a: &a [*a]\n")[0].code == "AliasesExceeded"


def test_what_is_told_of_a_fault_is_bounded() -> None:
    report = Report()
    report.fault(Spot("", 1), "Code", "x" * 5000, f"/{'y' * 5000}")
    with pytest.raises(UploadRefused) as refused:
        report.refuse_if_faulty()
    (fault,) = refused.value.faults
    assert max(len(fault.detail), len(fault.pointer)) < 1100


def test_the_list_of_faults_is_bounded() -> None:
    report = Report(most_listed=2)
    for number in range(5):
        report.fault(Spot("", number), "Code", "detail")
        report.problem(Spot("", number), "Code", Severity.LOW, "detail")
    with pytest.raises(UploadRefused) as refused:
        report.refuse_if_faulty()
    assert [each.code for each in refused.value.faults] == ["Code", "Code", "MoreFaults"]
    assert refused.value.faults[-1].detail == "3 more faults are not listed"
    assert refused.value.count == 5
    assert [each.code for each in report.problems()] == ["Code", "Code", "MoreProblems"]


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("Code", "detail"), "detail [Code]"),
        (Fault("Code", "detail", 2), "document 2: detail [Code]"),
        (
            Fault("Code", "detail", 2, 7, "/spec", "a.yaml"),
            "a.yaml, document 2, line 7, /spec: detail [Code]",
        ),
    ],
)
def test_a_fault_in_one_line(fault: Fault, text: str) -> None:
    assert str(fault) == text


def test_documents_count_on_from_part_to_part() -> None:
    parts = [UploadPart(NAMESPACE, name="one.yaml"), UploadPart(b"\n" + NAMESPACE, name="two.yaml")]
    with pytest.raises(UploadRefused) as refused:
        read_upload(parts)
    (fault,) = refused.value.faults
    assert (fault.code, fault.part, fault.document, fault.line) == (
        "DuplicateObject",
        "two.yaml",
        2,
        2,
    )
