"""Uploads as they arrive over a wire: compressed, in chunks, large, too large, broken."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e.conftest import REVISIONS
from tests.e2e.manifests import pod_list, policies
from tests.running import RunningService, running_service

JSON = {"Content-Type": "application/json"}
YAML = {"Content-Type": "application/yaml"}
PODS_OF_20_MB = 9_000


@pytest.mark.slow
def test_a_large_dump(sqlite_service: RunningService, http: httpx.Client) -> None:
    dump = pod_list(PODS_OF_20_MB)
    assert len(dump) > 18 << 20
    plain = http.post(REVISIONS, content=dump, headers=JSON)
    assert plain.status_code == 201, plain.text[:500]
    assert plain.json()["counts"]["pods"] == PODS_OF_20_MB
    packed = gzip.compress(dump, 1)
    again = http.post(REVISIONS, content=packed, headers={**JSON, "Content-Encoding": "gzip"})
    assert again.status_code == 200, again.text[:500]
    assert again.json() == plain.json()


@pytest.mark.slow
def test_pieces_of_unknown_length(sqlite_service: RunningService, http: httpx.Client) -> None:
    text = policies("chunked", 300).encode()

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(text), 1000):
            yield text[start : start + 1000]

    answer = http.post(REVISIONS, content=pieces(), headers=YAML)
    assert answer.status_code == 201, answer.text
    assert answer.json()["counts"]["policies"] == 300


@pytest.mark.slow
def test_what_is_too_large_is_refused_before_it_is_sent(sqlite_service: RunningService) -> None:
    head = f"POST {REVISIONS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/yaml\r\n"
    answer = _exchange(sqlite_service, f"{head}Content-Length: 99999999999\r\n\r\nkind: Pod\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer
    assert b"SentBytesExceeded" in answer


@pytest.mark.slow
def test_pieces_that_never_end_are_cut_off(sqlite_service: RunningService) -> None:
    head = (
        f"POST {REVISIONS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/yaml\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"100000\r\n" + b"#" * 0x100000 + b"\r\n"
    with _connect(sqlite_service) as connection:
        connection.sendall(head.encode())
        sent = 0
        try:
            while sent < 200:
                connection.sendall(chunk)
                sent += 1
        except OSError:
            pass
        assert sent < 100


TWO = [policies("first", 1), "#" * 1200 + "\n", policies("second", 1)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "head", "body", "status", "code"),
    [
        # What came is a whole YAML file, though not the one that was announced.
        (REVISIONS, YAML, f"{TWO[0]}---\n", 400, "IncompleteBody"),
        ("/v1/clusters", JSON, '{"name": "cut", "engine": "npm"}', 400, "IncompleteBody"),
    ],
)
def test_a_body_that_ends_early_is_refused(
    sqlite_service: RunningService,
    http: httpx.Client,
    path: str,
    head: dict[str, str],
    body: str,
    status: int,
    code: str,
) -> None:
    before = http.get("/v1/clusters").json(), http.get(REVISIONS).json()
    answer = _exchange(
        sqlite_service,
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {head['Content-Type']}\r\n"
        f"Content-Length: 100000\r\n\r\n{body}",
    )
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert code.encode() in answer
    assert (http.get("/v1/clusters").json(), http.get(REVISIONS).json()) == before


@pytest.mark.slow
def test_pieces_behind_the_limit_are_not_left_out(sqlite_url: str, tmp_path: Path) -> None:
    with (
        running_service(
            sqlite_url,
            tmp_path,
            NETVERDICT_MAX_UPLOAD_BYTES="1400",
            NETVERDICT_MAX_BODY_BYTES="1400",
        ) as service,
        httpx.Client(base_url=service.base) as http,
    ):
        http.post("/v1/clusters", json={"name": "demo", "engine": "npm"}).raise_for_status()
        for path, head, text in (
            (REVISIONS, YAML, "---\n".join(TWO)),
            ("/v1/clusters", JSON, '{"name": "a", "engine": "npm"}' + " " * 1400 + "x"),
        ):
            answer = http.post(path, content=iter([text.encode()]), headers=head)
            assert answer.status_code == 413, answer.text
            assert answer.json()["code"] == "SentBytesExceeded"
        whole = f"{TWO[0]}{'#' * (1400 - len(TWO[0]))}"
        for content in (whole.encode(), iter([whole.encode()])):
            assert http.post(REVISIONS, content=content, headers=YAML).is_success
        assert http.get(f"{REVISIONS}/1").json()["counts"]["policies"] == 1


BROKEN = [
    ("an empty path", "GET  HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("bytes that are no UTF-8 in the path", "GET /v1/clusters/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("half of an escape", "GET /v1/clusters/%f HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a slash in a name", "GET /v1/clusters/a%2fb HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("dots", "GET /v1/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("NUL", "GET /v1/clusters/%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("NUL in the query", "GET /v1/clusters?engine=%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a half escape in the query", "GET /v1/clusters?engine=%f HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a huge page size", f"GET /v1/clusters?pageSize={'9' * 4000} HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a huge revision", f"GET {REVISIONS}/{'9' * 4000} HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a long line", f"GET /{'a' * 100_000} HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a strange tag", 'GET /v1/clusters/demo HTTP/1.1\r\nHost: x\r\nIf-None-Match: "\r\n\r\n'),
    ("a strange Accept", "GET /v1/clusters HTTP/1.1\r\nHost: x\r\nAccept: ;;;q=x\r\n\r\n"),
    ("a strange Host", "GET /v1/clusters HTTP/1.1\r\nHost: \xff<>\r\n\r\n"),
    ("no Host", "GET /v1/clusters HTTP/1.1\r\n\r\n"),
    ("a form without a boundary", "POST {}\r\nContent-Type: multipart/form-data\r\n{}"),
    ("a form that ends early", "POST {}\r\nContent-Type: multipart/form-data; boundary=a\r\n{}"),
    ("two lengths", "POST {}\r\nContent-Type: application/yaml\r\nContent-Length: 5\r\n{}"),
    ("a strange type", "POST {}\r\nContent-Type: application/yaml; charset=\xff\r\n{}"),
    ("an unknown charset", "POST {}\r\nContent-Type: application/yaml; charset=klingon\r\n{}"),
]


@pytest.mark.slow
def test_broken_requests_are_no_fault_of_ours(
    sqlite_service: RunningService, http: httpx.Client
) -> None:
    for name, text in BROKEN:
        request = (
            text.format(f"{REVISIONS} HTTP/1.1\r\nHost: x", "Content-Length: 4\r\n\r\n--a\n")
            if "{}" in text
            else text
        )
        answer = _exchange(sqlite_service, request)
        status = int(answer.split(b" ", 2)[1]) if answer else 400
        assert status < 500, (name, answer[:300])
    # And the service is as well as before.
    assert http.get("/readyz").status_code == 200
    log = [line for line in sqlite_service.log.read_text().splitlines() if line.startswith("{")]
    assert [line for line in map(json.loads, log) if line["level"] in {"error", "critical"}] == []


def _connect(service: RunningService) -> socket.socket:
    parts = urlsplit(service.base)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)


def _exchange(service: RunningService, request: str) -> bytes:
    """Send bytes as they are and read until the service closes or says nothing more."""
    with _connect(service) as connection:
        connection.sendall(request.encode("latin-1"))
        # The service may have answered and hung up already.
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except OSError:
            pass
        return received
