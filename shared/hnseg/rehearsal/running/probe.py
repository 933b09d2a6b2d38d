"""Calls the server of an invoke container from inside it, so that the container needs no network.

Its source is handed to the container's own Python, so it holds nothing but the standard library of Python 3.7 or newer.

    python -c SOURCE health PORT LIMIT_S CALL_LIMIT_S     ask for /health until it gives 200
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
    """Make one call and describe what came of it."""
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=max(limit_s, 0.1))
    answer: dict[str, Any] = {"outcome": "answered", "status": None, "body": ""}
    try:
        connection.request(method, path)
        response = connection.getresponse()
        answer["status"] = response.status
        answer["body"] = response.read(BODY_LIMIT_BYTES).decode("utf-8", "replace")
    except socket.timeout:  # noqa: UP041 (its name before Python 3.10)
        answer["outcome"] = "timeout"
    except ConnectionRefusedError:
        answer["outcome"] = "refused"
    except (OSError, http.client.HTTPException) as error:
        answer["outcome"], answer["body"] = "broken", repr(error)
    finally:
        connection.close()
    answer["seconds"] = time.monotonic() - started
    return answer


def wait_until_healthy(port: int, limit_s: float, call_limit_s: float) -> dict[str, Any]:
    """Ask for /health until it gives 200 or redirects, or the time is over."""
    started = time.monotonic()
    while True:
        left_s = limit_s - (time.monotonic() - started)
        answer = call("GET", "/health", port, min(call_limit_s, left_s))
        answer["seconds"] = time.monotonic() - started
        status = answer["status"]
        final = status == 200 or (status is not None and 300 <= status < 400)
        if final or answer["seconds"] >= limit_s:
            return answer
        time.sleep(0.2)


def main(arguments: list[str]) -> None:
    """Do what the arguments say and print the answer."""
    what, port, limits = arguments[0], int(arguments[1]), [float(limit) for limit in arguments[2:]]
    answer = wait_until_healthy(port, *limits) if what == "health" else call("POST", "/invoke", port, *limits)
    print(json.dumps(answer))  # noqa: T201 (the answer's way out of the container)


if __name__ == "__main__":
    main(sys.argv[1:])
