"""Invoke generation of the platform: the container serves requests, one for each case.

`GET /health` answers 200 once the ensemble is loaded, 503 before. `POST /invoke` with an empty body answers 201 when
the output is complete, 500 with the explanation otherwise. After DIAGNijmegen/rse-sagemaker-shim, `models.py`.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hnseg.platform.failure import explain, sentence_of

logger = logging.getLogger(__name__)

PORT = 4743
_AWAKE_S = 0.5
_METHODS = {"/health": "GET", "/invoke": "POST"}


class _Call:
    """Request for a case, answered by the main thread."""

    def __init__(self) -> None:
        self._answered = threading.Event()
        self._failure: str | None = None

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


class _Server(ThreadingHTTPServer):
    """HTTP server that answers while a case runs; the cases themselves wait in a queue for the main thread."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("", port), _Handler)
        self.calls: queue.Queue[_Call] = queue.Queue()
        self.ready = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (the inherited signature)
        """Log what the inherited method writes to stderr: a client that didn't wait for its answer."""
        logger.info("a request ended early (%s)", sys.exc_info()[1])


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _respond(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))  # unread, it could cost the client the answer
        path = self.path.partition("?")[0]
        if path not in _METHODS:
            self._send(HTTPStatus.NOT_FOUND, "There are GET /health and POST /invoke.")
        elif self.command != _METHODS[path]:
            self._send(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {_METHODS[path]}.")
        elif not self.server.ready.is_set():
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, "The ensemble is being loaded.")
        elif path == "/health":
            self._send(HTTPStatus.OK, "ready")
        else:
            call = _Call()
            self.server.calls.put(call)
            failure = call.wait()
            self._send(HTTPStatus.CREATED if failure is None else HTTPStatus.INTERNAL_SERVER_ERROR, failure or "done")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815 (the names http.server looks for)

    def _send(self, status: HTTPStatus, text: str) -> None:
        body = f"{text}\n".encode()
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


def serve(load: Callable[[], Callable[[], None]], *, port: int = PORT) -> None:
    """Serve until a signal handler raises SystemExit, which is passed on only if it stopped a case.

    Cases run one after another in the calling thread, which must be the main one: a signal then unwinds the running
    case, so that nothing half-written stays behind.

    Args:
        load: Function that loads the ensemble, and returns the function that segments one case with it.
        port: Port to listen at, on all addresses.
    """
    call: _Call | None = None
    with _Server(port) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            segment = load()
            server.ready.set()
            logger.info("serving on port %d", port)
            while True:
                # Python may miss a signal that comes just before it blocks; waking up now and then lets it be noticed.
                with suppress(queue.Empty):
                    call = server.calls.get(timeout=_AWAKE_S)
                    _answer(call, segment)
        except SystemExit:
            if call is not None and not call.is_answered():
                call.answer("The container was stopped before the case was finished.")
                raise
            logger.info("told to stop while no case was running")
        finally:
            server.shutdown()


def _answer(call: _Call, segment: Callable[[], None]) -> None:
    try:
        segment()
    except Exception as error:  # noqa: BLE001 (one case's failure must not end the server)
        explain(error)
        call.answer(sentence_of(error))
    else:
        call.answer(None)
