"""Clients that stand still do not keep the threads of a worker from everybody else."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e.conftest import REVISIONS, register
from tests.e2e.manifests import pod_list
from tests.running import RunningService, running_service

THREADS = 4
HEAD = "Host: localhost\r\nContent-Length: 1000\r\n"
HALF = {
    "the head": "GET /livez HTTP/1.1\r\nHost: local",
    "JSON": f"POST /v1/clusters HTTP/1.1\r\n{HEAD}Content-Type: application/json\r\n\r\n{{",
    "manifests": f"POST {REVISIONS} HTTP/1.1\r\n{HEAD}Content-Type: application/yaml\r\n\r\nkind: ",
    "a form": f"POST {REVISIONS} HTTP/1.1\r\n{HEAD}"
    "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n",
    "chunks": f"POST {REVISIONS} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    "Content-Type: application/yaml\r\n\r\n6\r\nkind: \r\n",
    "what it announced": f"POST {REVISIONS} HTTP/1.1\r\n{HEAD}Expect: 100-continue\r\n"
    "Content-Type: application/yaml\r\n\r\n",
}
#: Every pod reaches every other, so the map is longer than what a kernel keeps for a client.
PODS = 250
STREAM = (
    f"GET {REVISIONS}/latest/connectivity HTTP/1.1\r\nHost: localhost\r\n"
    "Accept: application/x-ndjson\r\n\r\n"
)


@pytest.fixture
def impatient(sqlite_url: str, tmp_path: Path) -> Iterator[RunningService]:
    settings = {"NETVERDICT_THREADS": str(THREADS), "NETVERDICT_CLIENT_TIMEOUT": "1"}
    with running_service(sqlite_url, tmp_path, workers=1, **settings) as running:
        register(running)
        yield running
        assert "Traceback" not in running.log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("half", HALF)
def test_who_sends_half_of_a_request(impatient: RunningService, half: str) -> None:
    with connected(impatient) as clients:
        for client in clients:
            client.sendall(HALF[half].encode())
        assert seconds_until_alive(impatient) < 10
        for client in clients:
            answer = everything(client).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
            if half == "the head":
                assert answer == b""
            else:
                head, _, body = answer.partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 408 ")
                assert json.loads(body)["code"] == "RequestTimeout"


@pytest.mark.slow
def test_who_does_not_read(impatient: RunningService) -> None:
    upload(impatient)
    with connected(impatient) as clients:
        for client in clients:
            client.sendall(STREAM.encode())
        # From here on nobody is waited for but clients.
        for client in clients[:THREADS]:
            assert client.recv(8) == b"HTTP/1.1"
        assert seconds_until_alive(impatient) < 15
        for client in clients:
            # The end is missing, and can be seen to be.
            assert not everything(client).endswith(b"\r\n0\r\n\r\n")


@pytest.mark.slow
def test_who_does_not_ask(impatient: RunningService) -> None:
    with connected(impatient) as clients:
        assert seconds_until_alive(impatient) < 2
        assert [everything(client) for client in clients] == [b""] * len(clients)


@pytest.mark.slow
def test_who_does_not_leave(impatient: RunningService) -> None:
    with connected(impatient) as clients:
        for client in clients:
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert seconds_until_alive(impatient) < 2 * THREADS
        assert all(everything(client).startswith(b"HTTP/1.1 200 ") for client in clients)


@pytest.mark.slow
def test_who_reads_slowly(impatient: RunningService) -> None:
    upload(impatient)
    address = urlsplit(impatient.base)
    # With as much room as kernels give by themselves.
    with socket.create_connection((address.hostname, address.port), 20) as client:
        client.sendall(STREAM.encode())
        for _ in range(40):
            time.sleep(0.1)
            assert client.recv(65536, socket.MSG_WAITALL)
        assert everything(client, b"\r\n0\r\n\r\n").endswith(b"\r\n0\r\n\r\n")


@pytest.mark.slow
def test_who_sends_slowly(impatient: RunningService) -> None:
    body = b'"name": "slow", "engine": "npm"}'.ljust(999)
    with connected(impatient) as (client, *_):
        client.sendall(HALF["JSON"].encode())
        for start in range(0, len(body), 333):
            time.sleep(0.7)
            client.sendall(body[start : start + 333])
        assert client.recv(12) == b"HTTP/1.1 201"


@contextmanager
def connected(service: RunningService) -> Iterator[list[socket.socket]]:
    """Twice as many clients as the service has threads, with little room for answers."""
    address = urlsplit(service.base)
    with ExitStack() as stack:
        made = [stack.enter_context(socket.socket()) for _ in range(2 * THREADS)]
        for client in made:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            client.settimeout(20)
            client.connect((address.hostname, address.port))
        yield made


def upload(service: RunningService) -> None:
    headers = {"Content-Type": "application/json"}
    address = f"{service.base}{REVISIONS}"
    answer = httpx.post(address, content=pod_list(PODS), headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text


def seconds_until_alive(service: RunningService) -> float:
    begun = time.monotonic()
    assert httpx.get(f"{service.base}/livez", timeout=30).status_code == 200
    return time.monotonic() - begun


def everything(client: socket.socket, end: bytes = b"\0") -> bytes:
    """What comes until the other side closes, or until the end that is given."""
    found = bytearray()
    with suppress(ConnectionResetError):
        while not found.endswith(end) and (piece := client.recv(65536)):
            found += piece
    return bytes(found)
