from __future__ import annotations

import json

import pytest

from service.manifests.faults import UploadRefused
from service.manifests.reader import Upload, UploadPart, read_upload
from service.model.finding import Severity
from tests.unit.manifests.reading import codes_of, faults_of, read

A = '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}'
B = '{"kind": "Namespace", "metadata": {"name": "b"}, "apiVersion": "v1"}'
POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "p"},
    "spec": {"podSelector": {}},
}


def _json(text: str, media_type: str = "application/json") -> Upload:
    return read_upload([UploadPart(text.encode(), media_type)])


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        (f"{A}\n{B}\n", "application/x-ndjson"),
        (f"\n{A}\n\n  {B}", "application/x-ndjson"),
        (f"{A}\r\n{B}\r\n", "application/x-ndjson"),
        (f"{A}\n{B}", ""),
        (f"{A}{B}", "application/json"),
        (json.dumps(json.loads(A), indent=2) + "\n" + json.dumps(json.loads(B), indent=2), ""),
        (f'{{"apiVersion": "v1", "kind": "List", "items": [{A}, {B}]}}', "application/json"),
        (f'{{"items": [{A}, {B}], "apiVersion": "v1", "kind": "List"}}', "application/yaml"),
        (f'\ufeff{{"items": [{A},{B}], "apiVersion": "v1", "kind": "List"}}', "application/json"),
        (
            '{"kind": "NamespaceList", "apiVersion": "v1", "metadata": {},'
            ' "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]}',
            "text/yaml",
        ),
        (f'{{"kind": "List", "items": [{{"kind": "List", "items": [{A}]}}, {B}]}}', ""),
        (f'{{"kind": "List", "items": [{A}]}}\n{{"kind": "List", "items": [{B}]}}', ""),
    ],
)
def test_ways_to_write_two_namespaces(text: str, media_type: str) -> None:
    upload = _json(text, media_type)
    assert [each.name for each in upload.inventory.namespaces] == ["a", "b"]
    assert upload.documents == 2


def test_nothing_is_an_empty_upload() -> None:
    assert _json(" \n").documents == 0
    assert _json("", "application/x-ndjson").documents == 0
    assert _json('{"apiVersion": "v1", "kind": "PodList", "items": []}').documents == 0


def test_items_keep_their_lines_and_their_exact_text() -> None:
    item = json.dumps(POLICY, indent=4)
    text = f'{{"kind": "List", "items": [\n{A},\n\n{item}\n]}}'
    (document,) = _json(text).policies
    assert (document.position.document, document.position.line) == (2, 4)
    assert document.text == item


def test_equal_items_are_told_apart_by_place() -> None:
    text = f'{{"kind": "List", "items": [{A},\n{A},\n{A}]}}'
    assert [(each.document, each.line) for each in faults_of(text)] == [(2, 2), (3, 3)]


@pytest.mark.parametrize(
    ("text", "media_type", "line"),
    [
        ('{"a": 1', "application/json", 1),
        ('{\n"a": 1,\n}', "application/json", 3),
        ("[", "application/json", 1),
        ('{"a": 01}', "application/json", 1),
        ("a: 1", "application/json", 1),
        (f"{A}\n{{", "application/json", 2),
        (f'{A}\n{{"a" 1}}', "application/x-ndjson", 2),
        ('{"a": 1', "", 1),
    ],
)
def test_malformed_json(text: str, media_type: str, line: int) -> None:
    (fault,) = faults_of(text, media_type=media_type)
    assert fault.code == "MalformedDocument"
    assert fault.line == line
    assert fault.detail.startswith("not JSON: ")


def test_each_broken_line_is_a_fault() -> None:
    found = faults_of(f"{{\n{A}\nx\n[1]\n", media_type="application/x-ndjson")
    assert [(each.code, each.line) for each in found] == [
        ("MalformedDocument", 1),
        ("MalformedDocument", 3),
        ("NotAnObject", 4),
    ]


@pytest.mark.parametrize("media_type", ["", "application/yaml"])
@pytest.mark.parametrize(
    "text",
    [
        "{apiVersion: v1, kind: Namespace, metadata: {name: a}}",
        f"{A} # a comment",
        f"{A}\n# a comment\n",
        A.replace('"v1"', "v1"),
        A.replace('"Namespace"', "'Namespace'"),
        A[:-1] + ",\n}",
    ],
)
def test_flow_style_yaml_is_no_malformed_json(text: str, media_type: str) -> None:
    assert [each.name for each in read(text, media_type=media_type).inventory.namespaces] == ["a"]


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        # What is neither is told for what it is until later.
        ('{"a": 1,\n"b" 2}', 2, "not JSON: "),
        ('{"a": 1,\n"b": {"c": 2}', 2, "not JSON: "),
        ('{"apiVersion": v1,\n"kind": Pod,\n"metadata": {"name": [}}', 3, "not YAML: "),
        ('{"a": "\udcff', 1, "not JSON: "),
    ],
)
def test_what_is_neither_json_nor_yaml(text: str, line: int, told: str) -> None:
    with pytest.raises(UploadRefused) as refused:
        read_upload([UploadPart(text.encode(errors="surrogateescape"))])
    (fault,) = refused.value.faults
    assert (fault.code, fault.line) == ("MalformedDocument", line)
    assert fault.detail.startswith(told)


@pytest.mark.parametrize(
    ("twice", "kinds"),
    [
        ('{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}, "kind": "Namespace"}', 1),
        (
            '{"apiVersion": "v2", "kind": "Namespace", "metadata": {"name": "a"},'
            ' "apiVersion": "v1"}',
            1,
        ),
        ('{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}, "kind": "Node"}', 0),
        (
            '{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"},'
            ' "\\u006bind": "Namespace"}',
            1,
        ),
    ],
)
@pytest.mark.parametrize("form", ["{0}", '{{"kind": "List", "items": [{0}]}}', "{0}\n{1}"])
def test_of_two_equal_keys_the_last_says_what_it_is(form: str, twice: str, kinds: int) -> None:
    other = '{"apiVersion": "v1", "kind": "ConfigMap"}'
    found = _json(form.format(twice, other), "")
    assert [each.name for each in found.inventory.namespaces] == ["a"] * kinds
    assert not {*found.ignored} - {"v1/ConfigMap"}


def test_two_kinds_of_a_policy_in_a_list_are_told() -> None:
    item = json.dumps(POLICY | {"kind": "Ingress"})[:-1] + ', "kind": "NetworkPolicy"}'
    for text in (item, f'{{"kind": "List", "items": [{item}]}}', f"{item}\n{B}"):
        found = _json(text, "")
        assert [each.ref.name for each in found.policies] == ["p"]
        assert [each.code for each in found.problems] == ["DuplicateKey"]


@pytest.mark.parametrize(
    "of_item", ["", '"apiVersion": "networking.k8s.io/v1",', '"apiVersion": "", "kind": "",']
)
def test_items_of_a_typed_list_are_what_it_says(of_item: str) -> None:
    text = (
        '{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList", "items": '
        f'[{{{of_item} "metadata": {{"name": "p"}}, "spec": {{"podSelector": {{}}}}}}]}}'
    )
    as_yaml = f"# a list\n{text}"
    for each in (text, as_yaml):
        (document,) = read(each).policies
        assert (document.ref.kind, document.ref.name) == ("NetworkPolicy", "p")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("3", [("NotAnObject", "")]),
        ('"text"', [("NotAnObject", "")]),
        ("[]", [("NotAnObject", "")]),
        ("null", [("NotAnObject", "")]),
        (f'{{"kind": "List", "items": [{A}, null, []]}}', [("NotAnObject", "")] * 2),
        ('{"kind": "Pod"}', [("MissingApiVersion", "/apiVersion")]),
        ('{"kind": 1, "apiVersion": {}}', [("WrongType", "/apiVersion"), ("WrongType", "/kind")]),
        ('{"kind": "Pod", "apiVersion": "v1", "spec": 3}', [("WrongType", "/spec")]),
        ('{"apiVersion": "v1", "kind": ""}', [("MissingKind", "/kind")]),
        (
            '{"kind": "List", "items": [{"apiVersion": "v1", "kind": ""},'
            ' {"apiVersion": "", "kind": "Pod"}]}',
            [("MissingKind", "/kind"), ("MissingApiVersion", "/apiVersion")],
        ),
        (
            '{"apiVersion": "", "kind": "Pod"}\n{"apiVersion": "v1", "kind": ""}',
            [("MissingApiVersion", "/apiVersion"), ("MissingKind", "/kind")],
        ),
    ],
)
def test_what_is_no_object(text: str, codes: list[tuple[str, str]]) -> None:
    assert codes_of(text, media_type="application/json") == codes


def test_two_equal_keys_in_a_policy() -> None:
    text = json.dumps(POLICY)[:-1] + ', "spec": {"podSelector": {"matchLabels": {"last": "one"}}}}'
    found = _json(text)
    assert found.policies[0].normalised["spec"]["podSelector"] == {"matchLabels": {"last": "one"}}
    (told,) = found.problems
    assert (told.code, told.severity, told.document) == ("DuplicateKey", Severity.MEDIUM, 1)
    assert "'spec'" in told.detail


@pytest.mark.parametrize("name", ["\\ud800", "\\uDC00x", "a\\ud83d"])
def test_half_of_a_surrogate_pair_is_no_text(name: str) -> None:
    policy = json.dumps(POLICY).replace('"spec"', f'"x": "{name}", "spec"')
    assert faults_of(policy)[0].code == "MalformedDocument"
    namespace = A.replace('"a"', f'"{name}"')
    assert faults_of(namespace)[0].code == "MalformedDocument"


def test_a_whole_surrogate_pair_is_one() -> None:
    policy = json.dumps(POLICY | {"metadata": {"name": "p", "annotations": {"a": "😀"}}})
    assert "\\ud83d" in policy
    assert _json(policy).policies[0].ref.name == "p"


def test_a_fault_points_at_its_line() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"ports": [{"containerPort": 0}]}]},
    }
    text = f'{{"kind": "List", "items": [\n{A},\n{json.dumps(pod, indent=1)}]}}'
    (fault,) = faults_of(text)
    line = text[: text.index('"containerPort"')].count("\n") + 1
    assert (fault.code, fault.line, fault.document) == ("InvalidPort", line, 2)


def test_an_object_with_items_of_its_own_is_no_list() -> None:
    upload = _json('{"apiVersion": "example.com/v1", "kind": "Shelf", "items": {"a": 1}}')
    assert upload.ignored == {"example.com/v1/Shelf": 1}
