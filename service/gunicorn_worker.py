"""gunicorn's request threads, which clients cannot keep for ever; named in gunicorn.conf.py."""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import _DEFER, ThreadWorker

#: gunicorn lets a client that has said nothing yet have a thread for five seconds.
_SECONDS_TO_BEGIN = 0.05
_SEND_BUFFER = 128 * 1024


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Gives up a client that neither sends its request nor reads its answer.

    gunicorn has no limit for that: as many such clients as there are threads, and nobody else is
    answered. What is read or written after the limit raises `BlockingIOError`.
    """

    #: Set by gunicorn.conf.py.
    client_timeout = 30

    def handle(self, conn: Any) -> Any:
        """Answer one request; runs in a thread of its own."""
        if not conn.initialized:
            if not conn.wait_for_data(_SECONDS_TO_BEGIN):
                return _DEFER
            _limit(conn.sock, self.client_timeout)
        stays = super().handle(conn)
        if not stays:
            _take_leave(conn.sock)
        return stays


def _limit(connection: socket.socket, seconds: int) -> None:
    # Python's own time limit would not do: gunicorn clears it before each request.
    limit = struct.pack("ll", seconds, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    # A client counts as reading when a third of this is free again; Linux would take megabytes.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)


def _take_leave(connection: socket.socket) -> None:
    """Wait here until the client has closed its side, or for two seconds.

    gunicorn waits in the thread that accepts connections, where nobody else gets in meanwhile.
    """
    with contextlib.suppress(OSError):
        util.close_graceful(connection.dup())
        # Now there is nothing to wait for.
        connection.shutdown(socket.SHUT_RD)
