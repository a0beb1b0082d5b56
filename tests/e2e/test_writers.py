"""Several writers at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.e2e.conftest import REVISIONS
from tests.e2e.manifests import policies
from tests.running import RunningService

YAML = {"Content-Type": "application/yaml"}


def post(base: str, mark: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(
        f"{base}{REVISIONS}", content=policies(mark, 5), headers={**YAML, **named}, timeout=60
    )


@pytest.mark.slow
def test_numbers_have_no_gap_and_no_upload_is_lost(
    service: RunningService, http: httpx.Client
) -> None:
    marks = [f"m{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda mark: post(service.base, mark), marks))
    assert Counter(each.status_code for each in answers) == {201: len(marks)}
    made = {each.json()["number"]: each.json()["digest"] for each in answers}
    assert sorted(made) == list(range(1, len(marks) + 1))
    assert len(set(made.values())) == len(marks)
    latest = http.get(f"{REVISIONS}/latest").json()
    assert latest["number"] == len(marks)


@pytest.mark.slow
def test_of_writers_that_expect_the_same_revision_one_wins(
    service: RunningService, http: httpx.Client
) -> None:
    tag = post(service.base, "first").headers["ETag"]
    for turn in range(3):
        marks = [f"t{turn}-{number}" for number in range(6)]
        with ThreadPoolExecutor(6) as pool:
            answers = list(
                pool.map(lambda mark, tag=tag: post(service.base, mark, If_Match=tag), marks)
            )
        assert Counter(each.status_code for each in answers) == {201: 1, 412: 5}
        tag = next(each.headers["ETag"] for each in answers if each.status_code == 201)
    assert http.get(f"{REVISIONS}/latest").json()["number"] == 4


@pytest.mark.slow
def test_of_writers_that_change_the_same_record_one_wins(
    service: RunningService, http: httpx.Client
) -> None:
    tag = http.get("/v1/clusters/demo").headers["ETag"]

    def put(number: int) -> int:
        body = {"engine": "npm", "labels": {"writer": str(number)}}
        return httpx.put(
            f"{service.base}/v1/clusters/demo", json=body, headers={"If-Match": tag}, timeout=60
        ).status_code

    with ThreadPoolExecutor(6) as pool:
        assert Counter(pool.map(put, range(6))) == {200: 1, 412: 5}


@pytest.mark.slow
def test_of_writers_that_create_the_same_cluster_one_wins(service: RunningService) -> None:
    def put(_: int) -> int:
        return httpx.put(
            f"{service.base}/v1/clusters/new",
            json={"engine": "npm"},
            headers={"If-None-Match": "*"},
            timeout=60,
        ).status_code

    with ThreadPoolExecutor(6) as pool:
        assert Counter(pool.map(put, range(6))) == {201: 1, 412: 5}
