"""HTTP requests none of which may start a case: malformed, cut, or random bytes."""

from __future__ import annotations

import socket

import numpy as np

INVOKE = b"POST /invoke HTTP/1.1\r\n"


def hostile_requests(count: int, seed: int) -> list[bytes]:
    """Return requests of all kinds in turn, none of which may start a case."""
    rng = np.random.default_rng(seed)
    forms = [
        b"Content-Length: 1e3\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 0\r\n\r\n",
        b"Content-Length : 5\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
        b"Content-Length: 50\r\n\r\nshort",
        b" Content-Length: 5\r\n\r\n",
        b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        b"X: y\r\n" * 200 + b"\r\n",
    ]
    whole = [INVOKE + form for form in forms]
    cut = [INVOKE[: rng.integers(len(INVOKE))] for _ in range(10)]
    junk = [rng.bytes(int(rng.integers(1, 300))) for _ in range(10)]
    lines = [b"POST /invoke HTTP/9.9\r\n\r\n", b"POST /invoke\r\n\r\n", b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n"]
    kinds = [*whole, *cut, *junk, *lines]
    return [kinds[number % len(kinds)] for number in range(count)]


def reply_status(connection: socket.socket) -> int | None:
    """Read a reply to its end and return its status; None where the connection ends without one."""
    try:
        reply = b"".join(iter(lambda: connection.recv(65536), b""))
    except ConnectionError:
        return None
    return int(reply.split()[1]) if reply else None
