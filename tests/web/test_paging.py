"""Lists come in pages whose tokens are good for one list only."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.web.conftest import Api

NAMES = [f"c{number:02}" for number in range(7)]


@pytest.fixture
def seven(api: Api) -> Api:
    for name in NAMES:
        api.cluster(name, labels={"even": str(int(name[1:]) % 2 == 0).lower()})
    return api


def test_pages_hold_every_item_once(seven: Api) -> None:
    found: list[str] = []
    path = "/v1/clusters?pageSize=3"
    sizes = []
    while path:
        answer = seven("GET", path)
        body = answer.get_json()
        sizes.append(len(body["items"]))
        found += [each["name"] for each in body["items"]]
        link = answer.headers.get("Link", "")
        assert bool(link) == (body["nextPageToken"] is not None)
        path = link.partition(">")[0].lstrip("<")
        if link:
            assert link.endswith('; rel="next"')
            assert body["nextPageToken"] in path
    assert found == NAMES
    assert sizes == [3, 3, 1]


def test_the_link_keeps_the_filters(seven: Api) -> None:
    answer = seven("GET", "/v1/clusters?labelSelector=even%3Dtrue&pageSize=2")
    target = answer.headers["Link"].partition(">")[0].lstrip("<")
    assert urlsplit(target).path == "/v1/clusters"
    names = [each["name"] for each in seven.get(target)["items"]]
    assert names == ["c04", "c06"]


@pytest.mark.parametrize("size", [1000, 1001, 10**17])
def test_a_page_size_beyond_the_largest_means_the_largest(seven: Api, size: int) -> None:
    assert len(seven.get(f"/v1/clusters?pageSize={size}")["items"]) == len(NAMES)


def test_a_token_is_good_for_its_own_list_only(seven: Api) -> None:
    token = seven.get("/v1/clusters?pageSize=2")["nextPageToken"]
    seven.get(f"/v1/clusters?pageToken={token}")
    seven.get(f"/v1/clusters?pageToken={token}&pageSize=5")
    for path in (
        f"/v1/clusters?pageToken={token}&engine=npm",
        f"/v1/clusters?pageToken={token[:-1]}",
        f"/v1/clusters?pageToken={token}x",
        "/v1/clusters?pageToken=x",
        "/v1/clusters?pageToken=",
        f"/v1/clusters/c00/revisions?pageToken={token}",
    ):
        problem = seven.problem("GET", path, 400)
        assert problem["code"] == "InvalidPageToken"
        assert problem["errors"][0]["parameter"] == "pageToken"


def test_writers_in_between_shift_nothing(seven: Api) -> None:
    token = seven.get("/v1/clusters?pageSize=3")["nextPageToken"]
    seven("DELETE", "/v1/clusters/c00", 204)
    seven.cluster("c02a")
    rest = [each["name"] for each in seven.get(f"/v1/clusters?pageToken={token}")["items"]]
    assert rest == ["c02a", "c03", "c04", "c05", "c06"]
