"""Uploads in every form in which people have their manifests."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
import yaml
from flask import Flask

from service.app import create_app, create_context
from service.settings import Settings
from tests.web.conftest import Api
from tests.web.story import PODS, POLICY, REVISIONS, YAML

OBJECTS = list(yaml.safe_load_all(PODS))
LIST = {"apiVersion": "v1", "kind": "List", "items": OBJECTS}
NDJSON = "\n".join(map(json.dumps, OBJECTS))


def _packed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


Files = list[tuple[io.BytesIO, str] | tuple[io.BytesIO, str, str]]


@pytest.fixture
def demo(api: Api) -> Api:
    api.cluster()
    return api


def digest(api: Api, body: Any, content_type: str, **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = api.client.post(REVISIONS, data=body, content_type=content_type, headers=named)
    assert answer.status_code in {200, 201}, answer.get_data(as_text=True)
    found: str = answer.get_json()["inventoryDigest"]
    return found


def files(*each: tuple[bytes, str] | tuple[bytes, str, str]) -> dict[str, Files]:
    return {"manifests": [(io.BytesIO(content), *rest) for content, *rest in each]}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (PODS, YAML, ""),
        (PODS, "application/x-yaml", ""),
        (PODS, "text/yaml; charset=utf-8", ""),
        (PODS, "text/x-yaml", "identity"),
        (json.dumps(LIST), "application/json", ""),
        (json.dumps(LIST), YAML, ""),
        (NDJSON, "application/x-ndjson", ""),
        (_packed(PODS), YAML, "gzip"),
        (_packed(json.dumps(LIST)), "application/json", "GZIP"),
        (_packed(NDJSON), "application/x-ndjson", "x-gzip"),
    ],
    ids=[
        "yaml",
        "old yaml",
        "text yaml",
        "text x-yaml",
        "json",
        "json as yaml",
        "ndjson",
        "packed yaml",
        "packed json",
        "packed ndjson",
    ],
)
def test_one_body(demo: Api, body: str | bytes, content_type: str, encoding: str) -> None:
    headers = {"Content_Encoding": encoding} if encoding else {}
    assert digest(demo, body, content_type, **headers) == digest(demo, PODS, YAML)


@pytest.mark.parametrize(
    "parts",
    [
        files((PODS.encode(), "pods.yaml")),
        files((PODS.encode(), "pods", "application/octet-stream")),
        files((json.dumps(LIST).encode(), "list.json", "application/json")),
        files((_packed(PODS), "pods.yaml.gz", "application/gzip")),
        files((_packed(PODS), "pods.yaml.gz", "application/octet-stream")),
        files(*((yaml.safe_dump(each).encode(), f"{n}.yaml") for n, each in enumerate(OBJECTS))),
        {"manifests": PODS},
    ],
    ids=["yaml", "unknown type", "json", "gzip", "gzip by name", "several", "field"],
)
def test_forms(demo: Api, parts: Any) -> None:
    assert digest(demo, parts, "multipart/form-data") == digest(demo, PODS, YAML)


def test_a_fault_names_the_file(demo: Api) -> None:
    wrong = POLICY.replace("port: 80", "port: 0").encode()
    parts = files((PODS.encode(), "pods.yaml"), (wrong, "policy.yaml"))
    problem = demo.problem("POST", REVISIONS, 422, data=parts, content_type="multipart/form-data")
    assert {each["part"] for each in problem["errors"]} == {"policy.yaml"}


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("", YAML, 400, "EmptyBody"),
        ({}, "multipart/form-data", 400, "EmptyBody"),
        ({"other": "a"}, "multipart/form-data", 400, "UnknownPart"),
        ({"manifests": ""}, "multipart/form-data", 400, "EmptyBody"),
        ("# nothing\n---\n\n", YAML, 400, "EmptyBody"),
        ({"manifests": "\n# nothing"}, "multipart/form-data", 400, "EmptyBody"),
        (PODS, "", 415, "UnsupportedMediaType"),
        (PODS, "text/plain", 415, "UnsupportedMediaType"),
        (PODS, "application/x-www-form-urlencoded", 415, "UnsupportedMediaType"),
        (PODS, "application/yaml; charset=utf-16", 415, "UnsupportedCharset"),
    ],
    ids=lambda value: str(value)[:30].replace("\n", " "),
)
def test_bodies_that_are_refused(
    demo: Api, body: Any, content_type: str, status: int, code: str
) -> None:
    answer = demo("POST", REVISIONS, status, data=body, content_type=content_type)
    assert answer.get_json()["code"] == code
    if status == 415:
        assert YAML in answer.headers["Accept-Post"]


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_encodings_that_are_refused(demo: Api, encoding: str) -> None:
    headers = {"Content-Encoding": encoding}
    answer = demo("POST", REVISIONS, 415, data=PODS, content_type=YAML, headers=headers)
    assert answer.headers["Accept-Encoding"] == "gzip, identity"


def test_a_form_is_not_compressed_as_a_whole(demo: Api) -> None:
    demo(
        "POST",
        REVISIONS,
        415,
        data=files((PODS.encode(), "pods.yaml")),
        content_type="multipart/form-data",
        headers={"Content-Encoding": "gzip"},
    )


BROKEN: dict[str, tuple[bytes, str]] = {
    "no gzip": (b"not gzip at all", "gzip"),
    "gzip that ends early": (_packed(PODS)[:-20], "gzip"),
    "gzip that goes wrong": (_packed(PODS)[:20] + b"x" * 20, "gzip"),
    "UTF-16": (b"\xff\xfe" + PODS.encode("utf-16-le"), ""),
    "no UTF-8": (b"a: \xff\n", ""),
    "only NUL": (b"\x00" * 100, ""),
    "NUL": (b"a: \x00b\n", ""),
    "a lone surrogate": (b'a: "\\ud800"\n', ""),
    "deep brackets": (b"{" * 5000, ""),
    "deep lists": (b"- " * 5000 + b"a", ""),
    "an alias of itself": (b"a: &a [*a]\n", ""),
    "a tag": (b"!!python/object/apply:os.system ['true']\n", ""),
    "an object as key": (b"? {a: b}\n: c\n", ""),
    "no version": (b"kind: Pod\n", ""),
    "a list": (b"- 1\n- 2\n", ""),
    "text": (b"just text\n", ""),
    "a huge number": (
        b"apiVersion: v1\nkind: Pod\nmetadata: {name: " + b"9" * 5000 + b"}\n",
        "",
    ),
    "another YAML": (b"%YAML 9.9\n---\na: b\n", ""),
    "a key twice": (b"a: 1\na: 2\n", ""),
}


@pytest.mark.parametrize(("body", "encoding"), list(BROKEN.values()), ids=list(BROKEN))
def test_broken_input_is_never_a_fault_of_ours(demo: Api, body: bytes, encoding: str) -> None:
    headers = {"Content-Encoding": encoding} if encoding else {}
    answer = demo.client.post(REVISIONS, data=body, content_type=YAML, headers=headers)
    assert answer.status_code in {400, 422}, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["errors"]


@pytest.fixture
def small(sqlite_url: str) -> Api:
    """A service that takes little."""
    settings = Settings(
        database_url=sqlite_url,
        max_upload_bytes=2000,
        max_unpacked_bytes=20_000,
        max_documents=5,
        max_document_depth=10,
        max_document_aliases=3,
    )
    context = create_context(settings)
    app: Flask = create_app(settings, context)
    api = Api(app.test_client())
    api.cluster()
    return api


DOCUMENT = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: n%d}\n"


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (b"#" * 2001, "", 413, "SentBytesExceeded"),
        (_packed("#" * 30_000), "gzip", 413, "UnpackedBytesExceeded"),
        ("".join(DOCUMENT % n for n in range(6)).encode(), "", 413, "DocumentsExceeded"),
        (b"a: " + b"[" * 11 + b"]" * 11, "", 422, "DepthExceeded"),
        (b"a: &a 1\nb: [" + b"*a, " * 4 + b"]", "", 422, "AliasesExceeded"),
    ],
    ids=["sent", "unpacked", "documents", "depth", "aliases"],
)
def test_limits(small: Api, body: bytes, encoding: str, status: int, code: str) -> None:
    headers = {"Content-Encoding": encoding} if encoding else {}
    problem = small.problem(
        "POST", REVISIONS, status, data=body, content_type=YAML, headers=headers
    )
    assert code in {problem["code"], *(each["code"] for each in problem.get("errors", ()))}


def test_a_form_that_is_too_large(small: Api) -> None:
    parts = files((b"#" * 100_000, "large.yaml"))
    small.problem("POST", REVISIONS, 413, data=parts, content_type="multipart/form-data")
    fields = {"manifests": "#" * 5000}
    small.problem("POST", REVISIONS, 413, data=fields, content_type="multipart/form-data")
