"""Odd containers that speak invoke."""

from tests.support.odd.container import PASSES, Odd

UNHEALTHY = (
    "The algorithm container's inference server didn't pass the health check within 300 seconds or the /health endpoint"
    " took to long to respond (10 seconds per call). Verify that the container starts correctly and that /health"
    " responds quickly."
)
BROKEN = "HTTP error calling invoke endpoint"
LINES = ("LABEL org.grand-challenge.api-method=invoke",)


def _server(*, health="self.reply(200)", invoke="write()\nself.reply(201)", before=""):
    """Return the program of a server with these replies; `calls` holds one element for each call of /invoke."""
    return f"""
import http.server
calls = []
{before}

class Handler(http.server.BaseHTTPRequestHandler):
    def reply(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass

    def do_GET(self):
        {_indented(health)}

    def do_POST(self):
        calls.append(1)
        {_indented(invoke)}

http.server.ThreadingHTTPServer(("", 4743), Handler).serve_forever()
"""


def _indented(lines):
    return lines.replace("\n", "\n        ")


def _odd(there, source, **facts):
    more = {name: facts.pop(name) for name in ("health", "invoke", "before") if name in facts}
    return Odd(_server(**more), there, source, lines=LINES, writes=False, **facts)


SERVERS = {
    "a server": _odd(PASSES, "RUN"),
    "a server of two cases": _odd(PASSES, "RUN", cases=2),
    "a server that answers 200": _odd(
        "Invoke endpoint returned status 200, expected 201", "SHIM", invoke="write()\nself.reply(200)"
    ),
    "a server whose /health redirects": _odd(
        "Health check failed: Health endpoint returned redirect response", "SHIM",
        health="self.reply(302, Location='/')",
    ),
    "a server that ends at its start": _odd(UNHEALTHY, "SHIM", before="sys.exit('no weights')"),
    "a server past its limit": _odd(
        "Invoke time limit exceeded", "SHIM, seldom “Time limit exceeded”", invoke="time.sleep(60)",
        options=("--limit-s", "3"),
    ),
    "a server that looks for its case once": _odd(
        BROKEN,
        "RUN",
        invoke="scans[:] = scans or Path('/input', SCAN).iterdir()\nscans[0].read_bytes()\nwrite()\nself.reply(201)",
        before="scans = []",
        cases=2,
    ),
    "a server that ends in its second case": _odd(
        BROKEN,
        "SHIM",
        invoke="if len(calls) > 1: os._exit(1)\nwrite()\nself.reply(201)",
        cases=2,
    ),
    "a server that closes the call": _odd(
        BROKEN, "SHIM", invoke="self.connection.close()",
    ),
}  # fmt: skip
"""Odd servers by name."""
