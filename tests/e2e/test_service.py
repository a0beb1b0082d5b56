"""What only shows when several worker processes answer."""

from __future__ import annotations

import json
import re
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e.conftest import REVISIONS
from tests.e2e.manifests import policies
from tests.running import RunningService


@pytest.mark.slow
def test_metrics_are_those_of_all_workers(
    sqlite_service: RunningService, http: httpx.Client
) -> None:
    for _ in range(30):
        # A connection of its own, so that every worker gets some.
        assert httpx.get(f"{sqlite_service.base}/v1/engines/npm").status_code == 200
    text = http.get("/metrics").text
    label = re.escape('method="GET",route="/v1/engines/<engine:engine>",status="200"')
    found = re.search(rf"netverdict_http_requests_total{{{label}}} (\S+)", text)
    assert found is not None
    assert float(found[1]) == 30


@pytest.mark.slow
def test_a_page_token_is_good_in_every_worker(
    sqlite_service: RunningService, http: httpx.Client
) -> None:
    for name in "abc":
        http.put(f"/v1/clusters/{name}", json={"engine": "npm"}).raise_for_status()
    token = http.get("/v1/clusters?pageSize=1").json()["nextPageToken"]
    for _ in range(10):
        url = f"{sqlite_service.base}/v1/clusters?pageSize=1&pageToken={token}"
        assert httpx.get(url).json()["items"][0]["name"] == "b"


@pytest.mark.slow
def test_the_log_is_one_json_object_a_line(
    sqlite_service: RunningService, http: httpx.Client
) -> None:
    http.get("/v1/clusters/none", headers={"X-Request-Id": "find-me"})
    lines = [json.loads(line) for line in sqlite_service.log.read_text().splitlines()]
    (found,) = [line for line in lines if line.get("request_id") == "find-me"]
    assert (found["route"], found["status"]) == ("/v1/clusters/<cluster:cluster>", 404)


@pytest.mark.slow
def test_a_stop_lets_requests_end(sqlite_service: RunningService) -> None:
    text = policies("slow", 300).encode()
    half = len(text) // 2
    place = urlsplit(sqlite_service.base)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=60) as client:
        client.sendall(
            f"POST {REVISIONS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/yaml\r\n"
            f"Content-Length: {len(text)}\r\n\r\n".encode()
            + text[:half]
        )
        _wait_until_two_are_answered(sqlite_service)
        sqlite_service.server.terminate()
        client.sendall(text[half:])
        assert client.recv(65536).startswith(b"HTTP/1.1 201 ")
    assert sqlite_service.server.wait(60) == 0


def _wait_until_two_are_answered(service: RunningService) -> None:
    """Until the service says that it answers another request beside the one that asks."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        text = httpx.get(f"{service.base}/metrics").text
        found = re.search(r"^netverdict_http_requests_in_progress (\S+)$", text, re.MULTILINE)
        if found is not None and float(found[1]) >= 2:
            return
        time.sleep(0.05)
    pytest.fail("the request did not begin")
