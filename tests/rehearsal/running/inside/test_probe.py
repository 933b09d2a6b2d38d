import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from hnseg.rehearsal.running.inside.probe import BODY_LIMIT_BYTES, call, main, wait_until_healthy


@contextmanager
def serving(*statuses, body=b"ready"):
    """Serve these statuses in turn, the last one for ever, and yield the port and the calls that came."""
    left, calls = list(statuses), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            calls.append((self.command, self.path))
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 (the base class looks for this name)

        def log_message(self, *_):
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port, calls
        finally:
            server.shutdown()
            thread.join()


def test_a_reply_has_status_and_the_beginning_of_the_body():
    with serving(201, body=b"x" * 3000) as (port, calls):
        reply = call("POST", "/invoke", port, 10)
    assert calls == [("POST", "/invoke")]
    assert (reply["outcome"], reply["status"], reply["body"]) == ("answered", 201, "x" * BODY_LIMIT_BYTES)
    assert 0 < reply["seconds"] < 10


def test_a_port_that_nobody_listens_on_refuses():
    with serving(200) as (port, _):
        pass
    reply = call("GET", "/health", port, 1)
    assert (reply["outcome"], reply["status"]) == ("refused", None)


def test_health_is_called_until_it_gives_200():
    with serving(503, 503, 200) as (port, calls):
        assert wait_until_healthy(port, 30, 10)["status"] == 200
    assert calls == [("GET", "/health")] * 3


def test_a_redirect_is_final():
    with serving(302, 200) as (port, calls):
        assert wait_until_healthy(port, 30, 10)["status"] == 302
    assert len(calls) == 1


def test_health_that_never_comes_ends_with_the_time():
    with serving(503) as (port, _):
        reply = wait_until_healthy(port, 0.5, 10)
    assert reply["status"] == 503
    assert reply["seconds"] >= 0.5


@pytest.mark.parametrize(
    ("arguments", "called"), [(("health", "10", "5"), ("GET", "/health")), (("invoke", "10"), ("POST", "/invoke"))]
)
def test_the_last_reply_is_printed_as_json(capsys, arguments, called):
    endpoint, *limits = arguments
    with serving(200) as (port, calls):
        main([endpoint, str(port), *limits])
    assert calls == [called]
    assert json.loads(capsys.readouterr().out)["status"] == 200
