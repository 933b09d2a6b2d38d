"""Calls of an invoke container's server from inside the container, which so needs no network.

The container's own Python runs this module's source, so it uses only the standard library of Python 3.7 or newer.

    python -c SOURCE health PORT LIMIT_S CALL_LIMIT_S     call /health until it gives 200
    python -c SOURCE invoke PORT LIMIT_S                  post to /invoke once

prints one JSON line: outcome (answered, timeout, refused, broken), status, seconds, body.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import time
from typing import Any

BODY_LIMIT_BYTES = 2000


def call(method: str, path: str, port: int, limit_s: float) -> dict[str, Any]:
    """Make one call and return its reply, with the keys that the header names."""
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=max(limit_s, 0.1))
    reply: dict[str, Any] = {"outcome": "answered", "status": None, "body": ""}
    try:
        connection.request(method, path)
        response = connection.getresponse()
        reply["status"] = response.status
        reply["body"] = response.read(BODY_LIMIT_BYTES).decode("utf-8", "replace")
    except socket.timeout:  # noqa: UP041 (its name before Python 3.10)
        reply["outcome"] = "timeout"
    except ConnectionRefusedError:
        reply["outcome"] = "refused"
    except (OSError, http.client.HTTPException) as error:
        reply["outcome"], reply["body"] = "broken", repr(error)
    finally:
        connection.close()
    reply["seconds"] = time.monotonic() - started
    return reply


def wait_until_healthy(port: int, limit_s: float, call_limit_s: float) -> dict[str, Any]:
    """Call /health until it gives 200 or redirects, or the time is over, and return the last reply."""
    started = time.monotonic()
    while True:
        left_s = limit_s - (time.monotonic() - started)
        reply = call("GET", "/health", port, min(call_limit_s, left_s))
        reply["seconds"] = time.monotonic() - started
        status = reply["status"]
        final = status == 200 or (status is not None and 300 <= status < 400)
        if final or reply["seconds"] >= limit_s:
            return reply
        time.sleep(0.2)


def main(arguments: list[str]) -> None:
    """Make the calls that the arguments ask for and print the last reply."""
    endpoint, port, limits = arguments[0], int(arguments[1]), [float(limit) for limit in arguments[2:]]
    reply = wait_until_healthy(port, *limits) if endpoint == "health" else call("POST", "/invoke", port, *limits)
    print(json.dumps(reply))  # noqa: T201 (standard output is the way out of the container)


if __name__ == "__main__":
    main(sys.argv[1:])
