"""Entity tags: 304 for what is known, 412 for what has changed."""

from __future__ import annotations

import pytest

from tests.web.conftest import Api

URL = "/v1/clusters/demo"


def tag_of(api: Api) -> str:
    return api("GET", URL).headers["ETag"]


def test_a_known_representation_is_not_sent_again(api: Api) -> None:
    api.cluster()
    tag = tag_of(api)
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        for method in ("GET", "HEAD"):
            answer = api(method, URL, 304, headers={"If-None-Match": known})
            assert answer.data == b""
            assert answer.headers["ETag"] == tag
            assert "Content-Type" not in answer.headers
            assert answer.headers["X-Request-Id"]
    api("GET", URL, 200, headers={"If-None-Match": '"other"'})


def test_a_write_that_expects_the_current_version(api: Api) -> None:
    api.cluster()
    for label in "ab":
        body = {"engine": "npm", "labels": {"x": label}}
        headers = {"If-Match": f'"other", {tag_of(api)}'}
        api("PUT", URL, 200, json=body, headers=headers)
        api("PUT", URL, 200, json=body, headers={"If-Match": tag_of(api)})
    api("PUT", URL, 200, json={"engine": "npm"}, headers={"If-Match": "*"})
    api("DELETE", URL, 204, headers={"If-Match": tag_of(api)})


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("wanted", ['"other"', '"a", "b"', "weak"])
def test_a_write_that_expects_another_version(api: Api, method: str, wanted: str) -> None:
    api.cluster()
    # Only a strong tag says that nothing at all has changed.
    value = f"W/{tag_of(api)}" if wanted == "weak" else wanted
    body = {"json": {"engine": "npm"}} if method == "PUT" else {}
    api.problem(method, URL, 412, headers={"If-Match": value}, **body)


def test_a_condition_without_a_tag_is_no_condition_to_ignore(api: Api) -> None:
    api.cluster()
    problem = api.problem("DELETE", URL, 400, headers={"If-Match": " "})
    assert problem["errors"][0]["header"] == "If-Match"


def test_put_that_only_creates(api: Api) -> None:
    headers = {"If-None-Match": "*"}
    api("PUT", URL, 201, json={"engine": "npm"}, headers=headers)
    api.problem("PUT", URL, 412, json={"engine": "npm"}, headers=headers)
    api.problem("PUT", URL, 400, json={"engine": "npm"}, headers={"If-None-Match": '"1"'})


@pytest.mark.parametrize("wanted", ["*", '"1-1"', '"a", "b"'])
def test_put_that_only_replaces(api: Api, wanted: str) -> None:
    api.problem("PUT", URL, 412, json={"engine": "npm"}, headers={"If-Match": wanted})
    api.problem("GET", URL, 404)


@pytest.mark.parametrize("wanted", ["*", '"1-1"'])
def test_what_is_not_there_is_not_found_whatever_is_expected(api: Api, wanted: str) -> None:
    api.problem("DELETE", URL, 404, headers={"If-Match": wanted})


def test_a_name_taken_again_has_other_tags(api: Api) -> None:
    api.cluster()
    before = tag_of(api)
    api("DELETE", URL, 204)
    api.cluster()
    assert tag_of(api) != before
