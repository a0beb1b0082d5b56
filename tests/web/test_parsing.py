"""What comes in is read strictly, and nothing that comes in is a fault of ours."""

from __future__ import annotations

import json

import pytest

from tests.web.conftest import Api

JSON = "application/json"
DEEP = b'{"name": "a", "labels": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "EmptyBody"),
        (b"  \n", 400, "EmptyBody"),
        (b"{", 400, "MalformedJson"),
        (b"{'name': 1}", 400, "MalformedJson"),
        (b'{"name": NaN}', 400, "MalformedJson"),
        (b'{"name": "\xff"}', 400, "MalformedJson"),
        (b'{"name": "\\ud800"}', 400, "MalformedJson"),
        (b'{"name": "a\\u0000"}', 400, "MalformedJson"),
        (b'{"labels": {"a\\u0000": "b"}}', 400, "MalformedJson"),
        (b"\xef\xbb\xbf{}", 400, "MalformedJson"),
        (b'{"count": ' + b"9" * 5000 + b"}", 400, "MalformedJson"),
        (b"[" * 100_000, 400, "MalformedJson"),
        (DEEP, 400, "MalformedJson"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, 400, "MalformedJson"),
        (b'{"name": "a", "name": "b"}', 400, "MalformedJson"),
        (b'{"name": "a", "name": "\\u003a"}', 400, "MalformedJson"),
        (b'{"name" : "a:b", "labels": {"a" : "1", "b": "2", "a": "1"}}', 400, "MalformedJson"),
        (b"[]", 422, "InvalidBody"),
        (b"null", 422, "InvalidBody"),
        (b"1", 422, "InvalidBody"),
        (b'"text"', 422, "InvalidBody"),
        (b"{}", 422, "InvalidBody"),
        (b'{"name": 5}', 422, "InvalidBody"),
        (b'{"name": "Capital"}', 422, "InvalidBody"),
        (b'{"name": "a\\n"}', 422, "InvalidBody"),
        (b'{"name": "a", "engine": 5}', 422, "InvalidBody"),
        (b'{"name": "a", "engine": {"name": 5}}', 422, "InvalidBody"),
        (b'{"name": "a", "engine": "istio"}', 422, "InvalidCluster"),
        (b'{"name": "a", "engine": "cilium:9.9"}', 422, "InvalidCluster"),
        (b'{"name": "a"}', 422, "InvalidCluster"),
        (b'{"name": "a", "engine": "npm", "labels": {"a": 1}}', 422, "InvalidBody"),
        (b'{"name": "a", "engine": "npm", "privateCluster": "yes"}', 422, "InvalidBody"),
        (b'{"name": "a", "engine": "npm", "networkProfile": []}', 422, "InvalidBody"),
        (b'{"name": "a", "engine": "npm", "networkProfile": {"zz": 1}}', 422, "InvalidCluster"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_json_bodies_that_are_refused(api: Api, body: bytes, status: int, code: str) -> None:
    problem = api.problem("POST", "/v1/clusters", status, data=body, content_type=JSON)
    assert problem["code"] == code


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/merge-patch+json",
        "application/json; charset=utf-16",
        "application/json; charset=latin1",
    ],
)
def test_bodies_of_another_type(api: Api, content_type: str) -> None:
    body = json.dumps({"name": "demo", "engine": "npm"})
    answer = api("POST", "/v1/clusters", 415, data=body, content_type=content_type)
    assert answer.headers["Accept-Post"] == JSON


def test_charset_utf_8_may_be_named(api: Api) -> None:
    body = json.dumps({"name": "demo", "engine": "npm"})
    api("POST", "/v1/clusters", 201, data=body, content_type="application/json; charset=UTF-8")


def test_compressed_json_is_refused(api: Api) -> None:
    headers = {"Content-Encoding": "gzip"}
    problem = api.problem("POST", "/v1/clusters", 415, json={}, headers=headers)
    assert problem["code"] == "UnsupportedContentEncoding"


def test_every_wrong_field_is_named(api: Api) -> None:
    body = {"name": "demo", "engine": "npm", "zz": 1, "nodePools": [{"count": "3"}], "a/b~c": 1}
    problem = api.problem("POST", "/v1/clusters", 422, json=body)
    found = {each["pointer"] for each in problem["errors"]}
    assert found == {"/zz", "/nodePools/0/count", "/nodePools/0/name", "/a~1b~0c"}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("x=1", "x"),
        ("pagesize=1", "pagesize"),
        ("pageSize=0", "pageSize"),
        ("pageSize=-1", "pageSize"),
        ("pageSize=1_0", "pageSize"),
        ("pageSize=%201", "pageSize"),
        ("pageSize=", "pageSize"),
        ("pageSize=1.5", "pageSize"),
        ("pageSize=" + "9" * 400, "pageSize"),
        ("pageSize=1&pageSize=2", "pageSize"),
        ("engine=npm&engine=calico", "engine"),
    ],
)
def test_queries_that_are_refused(api: Api, query: str, parameter: str) -> None:
    problem = api.problem("GET", f"/v1/clusters?{query}", 400)
    assert [each["parameter"] for each in problem["errors"]] == [parameter]


@pytest.mark.parametrize("query", ["engine=a%00b", "x=%00", "pageToken=%00"])
def test_nul_in_a_query(api: Api, query: str) -> None:
    api.problem("GET", f"/v1/clusters?{query}", 400)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/clusters/a%00b",
        "/v1/clusters/demo/revisions/%00",
        "/v1/evaluations/%00",
    ],
)
def test_nul_in_a_path(api: Api, path: str) -> None:
    assert api("GET", path, 400).get_json()["code"] == "MalformedRequest"


def test_a_body_that_is_too_large(api: Api) -> None:
    answer = api("POST", "/v1/clusters", 413, data=b" " * (5 << 20), content_type=JSON)
    assert answer.get_json()["code"] == "SentBytesExceeded"


@pytest.mark.parametrize("name", ["Capital", "a_b", "-a", "a-", "a" * 64, "a.b", "ä", "a:b"])
def test_names_that_no_cluster_can_have(api: Api, name: str) -> None:
    api.problem("PUT", f"/v1/clusters/{name}", 422, json={"engine": "npm"})
    assert api("GET", f"/v1/clusters/{name}", 404).get_json()["code"] == "ClusterNotFound"


@pytest.mark.parametrize(
    ("body", "detail", "line"),
    [
        (b'{\n  "name": "a",\n}', "trailing comma", 3),
        (b'{\n"name": "\xff"}', "not UTF-8 at byte 11", 2),
        (b'{"name": "a",\n"name": "b"}', "an object has the member 'name' twice", None),
    ],
)
def test_what_is_wrong_with_the_text_is_said_with_its_line(
    api: Api, body: bytes, detail: str, line: int | None
) -> None:
    problem = api.problem("POST", "/v1/clusters", 400, data=body, content_type=JSON)
    (error,) = problem["errors"]
    assert detail in error["detail"]
    assert error.get("line") == line
