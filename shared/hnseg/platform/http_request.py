"""Strict and bounded reading of an HTTP request, so that no client can hold the server up.

Sources: RFC 9110, sections 8.6 and 15.5; RFC 9112, sections 6.1 to 6.3.
"""

from __future__ import annotations

import io
import re
import select
import socket
import time
from dataclasses import dataclass
from email.errors import FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect
from email.message import Message
from http import HTTPStatus
from typing import Any

MOST_BODY_BYTES = 1 << 20
MOST_REQUEST_BYTES = MOST_BODY_BYTES + (1 << 16)
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True)
class Refusal:
    """Refusal of a request.

    Attributes:
        status: HTTP status, 400 to 499.
        sentence: Reason, for the client.
    """

    status: HTTPStatus
    sentence: str


class RequestStream(io.RawIOBase):
    """Stream of one request's bytes, limited in time and size.

    Attributes:
        cut: Whether the client closed its end, or the limit of bytes was reached, before all was read that was asked.
    """

    def __init__(self, connection: socket.socket, *, limit_s: float, most_bytes: int = MOST_REQUEST_BYTES) -> None:
        """Begin to read.

        Args:
            connection: Connection whose timeout is set before each read.
            limit_s: Seconds from now until the whole request must have come.
            most_bytes: Number of bytes after which the stream ends.
        """
        super().__init__()
        self.cut = False
        self._connection = connection
        self._until_s = time.monotonic() + limit_s
        self._bytes_left = most_bytes

    def readable(self) -> bool:
        """Return True: the stream can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Receive at most as many bytes as the buffer holds, and return their number; 0 at the end.

        Raises:
            TimeoutError: The request did not come in time.
        """
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the request did not come in time")
        self._connection.settimeout(left_s)
        count = self._connection.recv_into(buffer, min(len(buffer), self._bytes_left)) if self._bytes_left else 0
        self._bytes_left -= count
        self.cut = self.cut or count == 0
        return count


def body_bytes(headers: Message) -> int | Refusal:
    """Return the number of bytes of a request's body, 0 without Content-Length, or why the request is refused.

    Args:
        headers: Headers as `http.server` parses them. Refused with 400 are lines that are no header, more than one
            Content-Length, one that is not a decimal number, and one beside Transfer-Encoding; with 411 a
            Transfer-Encoding alone; with 413 a length over `MOST_BODY_BYTES`.
    """
    if any(
        isinstance(each, MissingHeaderBodySeparatorDefect | FirstHeaderLineIsContinuationDefect)
        for each in headers.defects
    ):
        return Refusal(HTTPStatus.BAD_REQUEST, "Each line before the body must be a header, name: value.")
    lengths = headers.get_all("Content-Length", [])
    if "Transfer-Encoding" in headers and not lengths:
        return Refusal(HTTPStatus.LENGTH_REQUIRED, "A body needs a Content-Length; Transfer-Encoding is not read.")
    if "Transfer-Encoding" in headers:
        return Refusal(HTTPStatus.BAD_REQUEST, "Content-Length and Transfer-Encoding exclude each other.")
    return _length(lengths) if lengths else 0


def _length(texts: list[str]) -> int | Refusal:
    digits = texts[0].strip(" \t")
    if len(texts) > 1 or not re.fullmatch("[0-9]+", digits):
        return Refusal(HTTPStatus.BAD_REQUEST, "Content-Length must be one decimal number.")
    digits = digits.lstrip("0") or "0"
    if len(digits) > len(str(MOST_BODY_BYTES)) or int(digits) > MOST_BODY_BYTES:
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body may have at most {MOST_BODY_BYTES} bytes.")
    return int(digits)


def skip_body(stream: io.BufferedIOBase, count: int) -> bool:
    """Read a body in pieces and forget it.

    Args:
        stream: Stream at the body's begin.
        count: Number of bytes of the body.

    Returns:
        Whether all of it came.

    Raises:
        TimeoutError: It did not come in time.
    """
    while count:
        piece = stream.read(min(count, _PIECE_BYTES))
        if not piece:
            return False
        count -= len(piece)
    return True


def is_gone(connection: socket.socket) -> bool:
    """Return whether the client closed the connection or its sending half, be there unread bytes or not.

    Linux only: POLLRDHUP (man 2 poll).
    """
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return bool(poll.poll(0))


def linger(connection: socket.socket, *, limit_s: float) -> None:
    """Close the sending half and forget what the client still sends until it closes, too, or the time is over.

    Closed with unread bytes, a connection is reset, which can cost the client the reply (RFC 9112, section 9.6).
    """
    try:
        connection.shutdown(socket.SHUT_WR)
        stream = RequestStream(connection, limit_s=limit_s)
        while stream.read(_PIECE_BYTES):
            pass
    except OSError:
        return  # reset by the client, or out of time
