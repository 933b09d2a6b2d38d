"""Chromium without a window, asked by its DevTools protocol: opens pages from disk and evaluates JavaScript in them."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium() -> str | None:
    """Return the program of a Chromium that is installed; None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """Page of a browser, whose questions are answered one after another."""

    def __init__(self, connection: WebSocketClientConnection, loop: asyncio.AbstractEventLoop) -> None:
        self._connection, self._loop, self._number = connection, loop, 0

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the result of a method of the protocol."""
        return self._loop.run_until_complete(self._ask(method, params))

    async def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        await self._connection.write_message(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = await self._connection.read_message()
            if message is None:
                raise RuntimeError("Chromium ended before it had answered")
            reply = json.loads(message)
            if reply.get("id") == self._number:
                return reply["result"]

    def open(self, path: Path, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Open a file in a window of a size, and wait until it is loaded."""
        scheme = "dark" if dark else "light"
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.ask("Page.navigate", url=path.resolve().as_uri())
        deadline_s = time.monotonic() + 60
        while self.evaluate("location.href + document.readyState") != path.resolve().as_uri() + "complete":
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"{path} was not loaded after a minute")
            time.sleep(0.02)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, which may be a promise."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"].get("description"))
        return found["result"].get("value")

    def screenshot(self) -> bytes:
        """Return the window as a PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])


@contextmanager
def chromium() -> Iterator[Page]:
    """Yield a page of a browser that ends with the block."""
    program = find_chromium()
    if program is None:
        raise FileNotFoundError("no Chromium is installed")
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--remote-debugging-port=0",
        ]
        browser = subprocess.Popen(
            [program, *options, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        loop = asyncio.new_event_loop()
        try:
            yield Page(loop.run_until_complete(_connected(Path(profile), browser)), loop)
        finally:
            os.killpg(browser.pid, 15)
            browser.wait(10)
            loop.close()


async def _connected(profile: Path, browser: subprocess.Popen[bytes]) -> WebSocketClientConnection:
    """Return the connection to the browser's first page, once it has one."""
    port_file, deadline_s = profile / "DevToolsActivePort", time.monotonic() + 60
    while True:
        if browser.poll() is not None or time.monotonic() > deadline_s:
            raise RuntimeError(f"Chromium did not start (status {browser.poll()})")
        port = port_file.read_text().partition("\n")[0] if port_file.exists() else ""
        if port:
            reply = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/json/list")
            pages = [target for target in json.loads(reply.body) if target["type"] == "page"]
            if pages:
                return await websocket_connect(pages[0]["webSocketDebuggerUrl"], max_message_size=1 << 28)
        await asyncio.sleep(0.05)
