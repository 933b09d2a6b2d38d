"""Invoke generation of the platform: the container serves requests, one for each case.

`GET /health` answers 200 once the ensemble is loaded, 503 before. `POST /invoke` with an empty body answers 201 when
the output is complete, 500 with the explanation otherwise. After DIAGNijmegen/rse-sagemaker-shim, `models.py`.

One request may wait while a case runs; another gets 503. A client that left before its turn starts no case. The whole
of a request must come within a time limit, and a request that is not well-formed is refused (`http_request`).
"""

from __future__ import annotations

import io
import logging
import socket
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hnseg.platform.failure import explain, sentence_of
from hnseg.platform.http_request import Refusal, RequestStream, body_bytes, is_gone, linger, skip_body

logger = logging.getLogger(__name__)

PORT = 4743
REQUEST_LIMIT_S = 10.0
_AWAKE_S = 0.5
_LINGER_S = 1.0
_MOST_CONNECTIONS = 64
_MOST_ADMITTED = 2  # one case that runs, one that is next
_METHODS = {"/health": "GET", "/invoke": "POST"}
_GONE = "The client left before its case began."


class _Call:
    """Request for a case, answered by the main thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._answered = threading.Event()
        self._replied = threading.Event()
        self._failure: str | None = None

    def is_gone(self) -> bool:
        """Return whether the client has left."""
        return is_gone(self._connection)

    def answer(self, failure: str | None) -> None:
        """Record the end of the case.

        Args:
            failure: Sentence that explains why it failed; None if it did not.
        """
        self._failure = failure
        self._answered.set()

    def is_answered(self) -> bool:
        """Return whether the case has ended, well or not."""
        return self._answered.is_set()

    def wait(self) -> str | None:
        """Wait for the case to end, and return the sentence that explains why it failed; None if it did not."""
        self._answered.wait()
        return self._failure

    def has_replied(self) -> None:
        """Record that the reply was sent, or can't be."""
        self._replied.set()

    def wait_for_reply(self, *, timeout_s: float) -> None:
        """Wait until the reply was sent, but not for a client that does not take it."""
        self._replied.wait(timeout_s)


class _AdmittedCalls:
    """Calls whose case runs in the main thread or is next: at most one of each."""

    def __init__(self) -> None:
        self._waiting: list[_Call] = []
        self._runs = False
        self._changed = threading.Condition()

    def offer(self, call: _Call) -> bool:
        """Let a call wait, in place of those whose clients have left, and return whether it may."""
        with self._changed:
            gone = [waiting for waiting in self._waiting if waiting.is_gone()]
            self._waiting = [waiting for waiting in self._waiting if waiting not in gone]
            # Two may wait while none runs: the main thread has not yet taken the first.
            is_admitted = len(self._waiting) + self._runs < _MOST_ADMITTED
            if is_admitted:
                self._waiting.append(call)
                self._changed.notify()
        for left in gone:
            left.answer(_GONE)
        return is_admitted

    def take(self, *, timeout_s: float) -> _Call | None:
        """Return the next call, whose case runs until `end`; None if none comes in time or its client has left."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, timeout_s)
            call = self._waiting.pop(0) if self._waiting else None
            self._runs = call is not None
        if call is not None and call.is_gone():
            logger.info("a client left before its case began")
            self.end()
            call.answer(_GONE)
            return None
        return call

    def end(self) -> None:
        """Make room for another call: no case runs now. To be called before the reply, which another may follow."""
        with self._changed:
            self._runs = False


class _Connections:
    """Open connections, a bounded number, except those whose case runs or waits: the oldest makes way for a new one."""

    def __init__(self) -> None:
        self._connections: dict[socket.socket, None] = {}  # in the order of their coming
        self._lock = threading.Lock()

    def add(self, connection: socket.socket) -> None:
        """Add a new connection, and cut off the oldest one where they are too many."""
        with self._lock:
            if len(self._connections) >= _MOST_CONNECTIONS:
                oldest = next(iter(self._connections))
                self._connections.pop(oldest)
                _cut_off(oldest)
            self._connections[connection] = None

    def remove(self, connection: socket.socket) -> None:
        """Remove a connection, if it is still among them: it ends, or its case runs or waits."""
        with self._lock:
            self._connections.pop(connection, None)


def _cut_off(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed by the client


class _Server(ThreadingHTTPServer):
    """HTTP server that answers while a case runs; the next case waits for the main thread."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, request_limit_s: float) -> None:
        self.request_limit_s = request_limit_s
        self.calls = _AdmittedCalls()
        self.connections = _Connections()
        self.ready = threading.Event()
        super().__init__(("", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start the thread that answers a connection."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        self.connections.remove(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (the inherited signature)
        """Log what the inherited method writes to stderr; quietly if it is a client that didn't wait for its answer."""
        error = sys.exc_info()[1]
        logger.log(logging.DEBUG if isinstance(error, OSError) else logging.INFO, "a request ended early (%r)", error)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    default_request_version = "HTTP/1.0"  # HTTP/0.9, the inherited one, has replies without a status

    def setup(self) -> None:
        """Read by a stream that is limited in time and size."""
        super().setup()
        self.rfile.close()
        self._stream = RequestStream(self.connection, limit_s=self.server.request_limit_s)
        self.rfile = io.BufferedReader(self._stream)

    def finish(self) -> None:
        """Close so that the client can read the reply, whatever it sent."""
        super().finish()
        linger(self.connection, limit_s=_LINGER_S)

    def _respond(self) -> None:
        refusal = self._refusal()
        path = self.path.partition("?")[0]
        if refusal is not None:
            self._send(refusal.status, refusal.sentence)
        elif path not in _METHODS:
            self._send(HTTPStatus.NOT_FOUND, "There are GET /health and POST /invoke.")
        elif self.command != _METHODS[path]:
            self._send(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {_METHODS[path]}.")
        elif not self.server.ready.is_set():
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, "The ensemble is being loaded.")
        elif path == "/health":
            self._send(HTTPStatus.OK, "ready")
        else:
            self._invoke()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815 (the names http.server looks for)

    def _refusal(self) -> Refusal | None:
        """Read the rest of the request and return why it is refused; None if it is not."""
        size = 0 if self._stream.cut else body_bytes(self.headers)
        if isinstance(size, Refusal):
            return size
        try:
            skip_body(self.rfile, size)
        except TimeoutError:
            sentence = f"A request must come within {self.server.request_limit_s:g} s."
            return Refusal(HTTPStatus.REQUEST_TIMEOUT, sentence)
        if self._stream.cut:
            return Refusal(HTTPStatus.BAD_REQUEST, "The request ended before it was complete.")
        return None

    def _invoke(self) -> None:
        call = _Call(self.connection)
        if not self.server.calls.offer(call):
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, "A case is running and another one waits.")
            return
        self.server.connections.remove(self.connection)
        failure = call.wait()
        try:
            self._send(HTTPStatus.CREATED if failure is None else HTTPStatus.INTERNAL_SERVER_ERROR, failure or "done")
        finally:
            call.has_replied()

    def _send(self, status: HTTPStatus, text: str) -> None:
        self.connection.settimeout(self.server.request_limit_s)
        body = f"{text}\n".encode(errors="backslashreplace")  # a file's name need not be UTF-8
        self.send_response(status)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", _METHODS[self.path.partition("?")[0]])
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the inherited name)
        """Log a request quietly: the inherited one writes to stderr, which the platform shows as a warning."""
        logger.debug(format, *args)


def serve(
    load: Callable[[], Callable[[], None]], *, port: int = PORT, request_limit_s: float = REQUEST_LIMIT_S
) -> None:
    """Serve until a signal handler raises SystemExit, which is passed on only if it stopped a case.

    Cases run one after another in the calling thread, which must be the main one: a signal then unwinds the running
    case, so that nothing half-written stays behind.

    Args:
        load: Function that loads the ensemble, and returns the function that segments one case with it.
        port: Port to listen at, on all addresses.
        request_limit_s: Seconds within which the whole of a request must come; the platform gives /health as long.
    """
    call: _Call | None = None
    with _Server(port, request_limit_s) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            segment = load()
            server.ready.set()
            logger.info("serving on port %d", port)
            while True:
                # Python may miss a signal that comes just before it blocks; waking up now and then lets it be noticed.
                call = server.calls.take(timeout_s=_AWAKE_S)
                if call is not None:
                    _run(call, segment, server.calls)
        except SystemExit:
            if call is not None and not call.is_answered():
                call.answer("The container was stopped before the case was finished.")
                call.wait_for_reply(timeout_s=_LINGER_S)  # the process, and with it the thread that replies, ends now
                raise
            logger.info("told to stop while no case was running")
        finally:
            server.shutdown()


def _run(call: _Call, segment: Callable[[], None], calls: _AdmittedCalls) -> None:
    failure = None
    try:
        segment()
    except Exception as error:  # noqa: BLE001 (one case's failure must not end the server)
        explain(error)
        failure = sentence_of(error)
    calls.end()
    call.answer(failure)
