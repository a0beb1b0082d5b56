from __future__ import annotations

import pytest

from service.manifests.faults import UploadRefused
from service.manifests.reader import UploadPart, read_upload
from service.manifests.yaml_documents import split
from service.model.finding import Severity
from tests.unit.manifests.reading import codes_of, faults_of, policy_text, read

NAMESPACE = "{apiVersion: v1, kind: Namespace, metadata: {name: %s}}"


def _names(text: str) -> list[str]:
    return [each.name for each in read(text).inventory.namespaces]


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("a: 1\n", [("a: 1\n", 1)]),
        ("---\na: 1\n---\nb: 2\n", [("---\na: 1\n", 1), ("---\nb: 2\n", 3)]),
        ("a: 1\n...\n---\nb: 2\n", [("a: 1\n", 1), ("---\nb: 2\n", 3)]),
        ("a: 1\n...\nb: 2\n", [("a: 1\n", 1), ("\nb: 2\n", 2)]),
        ("--- {a: 1}\n--- # c\nb: 2\n", [("--- {a: 1}\n", 1), ("--- # c\nb: 2\n", 2)]),
        ("a: 1\r\n---\r\nb: 2\r\n", [("a: 1\r\n", 1), ("---\r\nb: 2\r\n", 2)]),
        # Empty, blank, commented documents and directives are none.
        ("", []),
        ("---\n---\n\n---\n# only a comment\n---", []),
        ("%YAML 1.1\n---\na: 1\n", [("---\na: 1\n", 2)]),
        # What only looks like a marker is none.
        ("a: |\n  ---\n  x\n---x: 1\n", [("a: |\n  ---\n  x\n---x: 1\n", 1)]),
    ],
)
def test_splitting(text: str, chunks: list[tuple[str, int]]) -> None:
    assert [(each.text, each.line) for each in split(text)] == chunks


def test_a_long_blank_beginning_is_looked_at_once() -> None:
    assert len(list(split(" \n" * 20_000 + "a: 1\n"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "\n---\n".join(NAMESPACE % each for each in ("a", "b")),
        "\n...\n---\n".join(NAMESPACE % each for each in ("a", "b")),
        "\r\n---\r\n".join(NAMESPACE % each for each in ("a", "b")),
        "\ufeff" + "\n---\n".join(NAMESPACE % each for each in ("a", "b")),
        "apiVersion: v1\nkind: List\nitems:\n" + "".join(f"- {NAMESPACE % n}\n" for n in "ab"),
        "apiVersion: v1\nkind: NamespaceList\nitems:\n"
        + "".join(f"- metadata: {{name: {n}}}\n" for n in "ab"),
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n"
        + "".join(f"  - {NAMESPACE % n}\n" for n in "ab"),
        # A JSON document between YAML ones, and merge keys.
        '---\n{"apiVersion": "v1",\t"kind": "Namespace", "metadata": {"name": "a"}}\n---\n'
        + NAMESPACE % "b",
        "x: &base {apiVersion: v1, kind: Namespace}\n<<: *base\nmetadata: {name: a}\n---\n"
        + NAMESPACE % "b",
    ],
)
def test_ways_to_write_two_namespaces(text: str) -> None:
    assert _names(text) == ["a", "b"]


def test_documents_and_lines_count_from_one_and_items_count() -> None:
    upload = read(
        f"""\
        # first
        ---
        {NAMESPACE % "a"}
        ---
        ---
        apiVersion: v1
        kind: List
        items:
        - apiVersion: networking.k8s.io/v1
          kind: NetworkPolicy
          metadata: {{name: one}}
        - apiVersion: networking.k8s.io/v1
          kind: NetworkPolicy
          metadata: {{name: two}}
        """
    )
    assert upload.documents == 3
    places = [(each.position.document, each.position.line) for each in upload.policies]
    assert places == [(2, 9), (3, 12)]


def test_the_text_of_a_document_is_kept_exactly() -> None:
    text = "# why it is there\r\n" + policy_text("{}").replace("\n", "\r\n") + "# end\r\n"
    (document,) = read(f"---\n{text}---\n{NAMESPACE % 'a'}").policies
    assert document.text == text


def test_the_text_of_an_item_stands_alone() -> None:
    upload = read(
        """\
        apiVersion: v1
        kind: List
        items:
          - apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata:
              # why
              name: a
              annotations:
                note: |
                  first
                    second
            spec: {podSelector: {}}
          # about the next one
          - apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: b}
        """
    )
    first, second = upload.policies
    assert first.text == (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  # why\n  name: a\n"
        "  annotations:\n    note: |\n      first\n        second\nspec: {podSelector: {}}\n"
    )
    again = read(first.text, second.text.replace("#", "# "))
    assert [each.digest for each in again.policies] == [first.digest, second.digest]


def test_the_text_of_an_item_that_leans_on_its_list_is_made_whole() -> None:
    upload = read(
        """\
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicyList
        items:
        - metadata: {name: a}
          spec: {podSelector: &all {}}
        - metadata: {name: b}
          spec: {podSelector: *all}
        """
    )
    texts = [each.text for each in upload.policies]
    assert texts[0].startswith("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n")
    again = read(*texts)
    assert [each.digest for each in again.policies] == [each.digest for each in upload.policies]


@pytest.mark.parametrize(
    ("text", "code", "document", "line"),
    [
        ("a: [\n", "MalformedDocument", 1, 2),
        (f"{NAMESPACE % 'a'}\n---\na: b: c\n", "MalformedDocument", 2, 3),
        ("a: 1\n\tb: 2\n", "MalformedDocument", 1, 2),
        ("a: *unknown\n", "MalformedDocument", 1, 1),
        ("a: \x01\n", "MalformedDocument", 1, 1),
        ("a: .nan\nb: .nan\n", "MalformedDocument", 1, 1),
        ("a: !foo 1\n", "TagNotAllowed", 1, 1),
        ("a: !!set {b}\n", "TagNotAllowed", 1, 1),
        ("!foo\na: 1\n", "TagNotAllowed", 1, 1),
        ("? [a]\n: 1\n", "KeyNotText", 1, 1),
        ("~: 1\n", "KeyNotText", 1, 1),
        ("<<: 3\n", "MalformedDocument", 1, 1),
        ("text\n", "NotAnObject", 1, 1),
        ("- a\n", "NotAnObject", 1, 1),
        ("apiVersion: v1\nkind: List\nitems:\n- 3\n", "NotAnObject", 1, 4),
    ],
)
def test_faults_have_their_place(text: str, code: str, document: int, line: int) -> None:
    first = faults_of(text)[0]
    assert (first.code, first.document, first.line) == (code, document, line)


@pytest.mark.parametrize(
    ("text", "labels", "line", "pointer"),
    [
        ("metadata: {name: a}\nmetadata: {name: b, labels: {c: d}}\n", {"c": "d"}, 4, "/metadata"),
        (
            "metadata:\n  name: b\n  labels:\n    x: y\n    'x': z\n",
            {"x": "z"},
            7,
            "/metadata/labels/x",
        ),
        ("metadata: {name: a, name: b}\n", {}, 3, "/metadata/name"),
    ],
)
def test_of_equal_keys_the_last_one_counts(
    text: str, labels: dict[str, str], line: int, pointer: str
) -> None:
    found = read(f"apiVersion: v1\nkind: Namespace\n{text}")
    (namespace,) = found.inventory.namespaces
    assert (namespace.name, {**namespace.labels}) == (
        "b",
        {"kubernetes.io/metadata.name": "b", **labels},
    )
    (told,) = found.problems
    assert (told.code, told.severity) == ("DuplicateKey", Severity.MEDIUM)
    assert (told.document, told.line, told.pointer) == (1, line, pointer)


def test_equal_keys_in_an_item_of_a_list() -> None:
    upload = read(
        """\
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicyList
        items:
        - {metadata: {name: a}, spec: {podSelector: {}}}
        - metadata: {name: b}
          spec:
            podSelector: {}
            podSelector: {matchLabels: {x: z}}
        - {metadata: {name: c}, spec: {podSelector: {}}}
        """
    )
    (told,) = upload.problems
    assert (told.document, told.line, told.pointer) == (2, 8, "/spec/podSelector")
    again = read(*(each.text for each in upload.policies))
    assert [each.digest for each in again.policies] == [each.digest for each in upload.policies]
    # The first one would be a policy for every pod.
    assert upload.policies[0].digest != upload.policies[1].digest


def test_equal_keys_in_what_is_only_counted() -> None:
    found = read("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: y, x: z}\n")
    assert found.ignored == {"v1/ConfigMap": 1}
    assert [each.code for each in found.problems] == ["DuplicateKey"]


def test_one_broken_document_does_not_hide_the_faults_of_others() -> None:
    found = faults_of("a: [\n---\nkind: Pod\n---\nb: ]\n")
    assert [(each.code, each.document) for each in found] == [
        ("MalformedDocument", 1),
        ("MissingApiVersion", 2),
        ("MalformedDocument", 3),
    ]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("{}", [("MissingApiVersion", "/apiVersion"), ("MissingKind", "/kind")]),
        ("kind: Pod", [("MissingApiVersion", "/apiVersion")]),
        ("apiVersion: v1", [("MissingKind", "/kind")]),
        ("{apiVersion: 1, kind: y}", [("WrongType", "/apiVersion"), ("WrongType", "/kind")]),
        (
            "{apiVersion: null, kind: ''}",
            [("MissingApiVersion", "/apiVersion"), ("MissingKind", "/kind")],
        ),
    ],
)
def test_what_an_object_must_say(text: str, codes: list[tuple[str, str]]) -> None:
    assert codes_of(text) == codes


def test_text_that_is_not_utf_8() -> None:
    with pytest.raises(UploadRefused) as refused:
        read_upload([UploadPart(b"a: 1\nb: \xff\n", "application/yaml")])
    (fault,) = refused.value.faults
    assert (fault.code, fault.line) == ("MalformedDocument", 2)


def test_keys_become_strings_as_in_json() -> None:
    (namespace,) = read(
        "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {1: one, on: two}}}"
    ).inventory.namespaces
    assert namespace.labels["1"] == "one"
    assert namespace.labels["true"] == "two"
