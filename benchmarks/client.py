"""A client that costs little: kept connections, requests prepared as bytes."""

from __future__ import annotations

import itertools
import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

_ATTEMPTS = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, as far as a measurement needs it."""

    status: int
    worker: str
    body: bytes


class Connection:
    """One kept connection."""

    def __init__(self, port: int, timeout: float = 120) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, request: bytes) -> None:
        self._socket.sendall(request)

    def receive(self) -> Answer | None:
        """Read once; the answer if it is whole now."""
        piece = self._socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the service closed a connection")
        self._received += piece
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
        }
        if len(body) < int(headers.get(b"content-length", b"0")):
            return None
        self._received = b""
        return Answer(int(head[9:12]), headers.get(b"x-worker", b"").decode(), body)

    def ask(self, request: bytes) -> Answer:
        """Send and wait for the whole answer."""
        self.send(request)
        while True:
            answer = self.receive()
            if answer is not None:
                return answer

    def close(self) -> None:
        self._socket.close()


def prepared(
    method: str, path: str, body: bytes = b"", kind: str = "application/json", encoding: str = ""
) -> bytes:
    """A request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", "Accept: application/json"]
    if body:
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    if encoding:
        lines.append(f"Content-Encoding: {encoding}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def spread(port: int, each: int) -> list[Connection]:
    """Connections, as many to every worker, and each worker's in turn."""
    request = prepared("GET", "/trivial")
    found: dict[str, list[Connection]] = {}
    surplus: list[Connection] = []
    for _ in range(_ATTEMPTS):
        connection = Connection(port)
        of_worker = found.setdefault(connection.ask(request).worker, [])
        (of_worker if len(of_worker) < each else surplus).append(connection)
        if len(found) >= 2 and all(len(chosen) == each for chosen in found.values()):
            break
    for connection in surplus:
        connection.close()
    return [connection for turn in zip(*found.values(), strict=False) for connection in turn]


def saturate(
    connections: Sequence[Connection], requests: Sequence[bytes], seconds: float
) -> tuple[int, float]:
    """Answers and the seconds they took, with a request under way on every connection all the time.

    The requests are sent in turn.
    """
    following = itertools.cycle(requests)
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ, connection)
            connection.send(next(following))
        start = time.perf_counter()
        answers, waiting = 0, len(connections)
        while waiting:
            for key, _ in selector.select():
                answer = key.data.receive()
                if answer is None:
                    continue
                if answer.status >= 300:
                    raise RuntimeError(f"{answer.status}: {answer.body.decode()}")
                answers += 1
                if time.perf_counter() - start < seconds:
                    key.data.send(next(following))
                else:
                    waiting -= 1
        return answers, time.perf_counter() - start


def paced(
    connections: Sequence[Connection], request: bytes, per_second: int, seconds: float
) -> list[float]:
    """How long answers took that were asked for at a steady pace, one at a time.

    A request that had to wait for the answer before it counts from when it was due.
    """
    queue = deque(connections)
    found: list[float] = []
    begin = time.perf_counter()
    free = begin
    for number in range(int(per_second * seconds)):
        due = begin + number / per_second
        delay = due - time.perf_counter()
        if delay > 0:
            time.sleep(delay)
        start = due if free > due else time.perf_counter()
        answer = queue[0].ask(request)
        free = time.perf_counter()
        if answer.status >= 300:
            raise RuntimeError(f"{answer.status}: {answer.body.decode()}")
        found.append(free - start)
        queue.rotate()
    return found
