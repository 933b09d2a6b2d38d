import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection

import pytest

# A server of its own process, as in the container: signals go to its main thread. Its ensemble takes a moment to load;
# a case takes the seconds that the file `seconds` says, and fails with the sentence in the file `error`.
PROGRAM = """
import logging, signal, sys, time
from pathlib import Path
from hnseg.errors import InputError
from hnseg.platform.exec import run_once
from hnseg.platform.invoke import serve

folder = Path(sys.argv[1])
log = (folder / "cases").open("a", buffering=1)

def load():
    while not (folder / "weights").exists():
        time.sleep(0.01)
    return segment

def segment():
    log.write("begin\\n")
    try:
        time.sleep(float((folder / "seconds").read_text()))
        if (folder / "error").exists():
            raise InputError((folder / "error").read_text())
        log.write("end\\n")
    finally:
        log.write("left\\n")

def stop(number, frame):
    raise SystemExit(128 + number)

signal.signal(signal.SIGTERM, stop)
raise SystemExit(run_once(lambda: serve(load, port=int(sys.argv[2]))))
"""


class Server:
    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("", 0))
            self.port = probe.getsockname()[1]
        (folder / "seconds").write_text("0")
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder), str(self.port)], stderr=subprocess.PIPE, text=True
        )

    def ask(self, method, path, body=None):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode().strip()

    def wait_for(self, status):
        for _ in range(1000):
            try:
                if self.ask("GET", "/health")[0] == status:
                    return
            except ConnectionRefusedError:
                pass
            time.sleep(0.02)
        raise TimeoutError(f"/health never answered {status}")

    def load(self):
        (self.folder / "weights").touch()
        self.wait_for(200)

    def cases(self):
        return (self.folder / "cases").read_text().split()

    def stop(self):
        self.process.terminate()
        _, stderr = self.process.communicate(timeout=20)
        return self.process.returncode, stderr


@pytest.fixture
def server(tmp_path):
    started = Server(tmp_path)
    yield started
    started.process.kill()
    started.process.wait()
    started.process.stderr.close()


def test_it_is_healthy_only_once_loaded(server):
    server.wait_for(503)
    assert server.ask("POST", "/invoke") == (503, "The ensemble is being loaded.")
    server.load()
    assert server.ask("GET", "/health") == (200, "ready")


def test_each_case_is_answered_with_201_and_nothing_goes_to_stderr(server):
    server.load()
    assert [server.ask("POST", "/invoke") for _ in range(3)] == [(201, "done")] * 3
    assert server.cases() == ["begin", "end", "left"] * 3
    assert server.stop() == (0, "")


def test_a_failed_case_is_500_with_its_sentence_and_the_next_is_served(server):
    server.load()
    (server.folder / "error").write_text("The scan must be there, but is not.")
    assert server.ask("POST", "/invoke") == (500, "The scan must be there, but is not.")
    (server.folder / "error").unlink()
    assert server.ask("POST", "/invoke") == (201, "done")
    assert server.stop() == (0, "The scan must be there, but is not.\n")


def test_it_stays_healthy_while_a_case_runs_and_runs_one_at_a_time(server):
    server.load()
    (server.folder / "seconds").write_text("0.5")
    answers = []
    callers = [threading.Thread(target=lambda: answers.append(server.ask("POST", "/invoke"))) for _ in range(2)]
    for caller in callers:
        caller.start()
    while "begin" not in server.cases():
        time.sleep(0.01)
    assert server.ask("GET", "/health") == (200, "ready")
    assert "end" not in server.cases()
    for caller in callers:
        caller.join()
    assert answers == [(201, "done")] * 2
    assert server.cases() == ["begin", "end", "left"] * 2


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("POST", "/health/", 404),
        ("GET", "/invoke", 405),
        ("POST", "/health", 405),
        ("PUT", "/invoke", 405),
        ("GET", "/health?now", 200),
    ],
)
def test_other_requests_are_refused(server, method, path, status):
    server.load()
    assert server.ask(method, path)[0] == status


def test_a_body_is_ignored(server):
    server.load()
    assert server.ask("POST", "/invoke", body="{}" * 100_000) == (201, "done")


def test_sigterm_unwinds_the_running_case(server):
    server.load()
    (server.folder / "seconds").write_text("60")
    threading.Thread(target=lambda: server.ask("POST", "/invoke"), daemon=True).start()
    while "begin" not in server.cases():
        time.sleep(0.01)
    status, stderr = server.stop()
    assert status == 143
    assert stderr.startswith("The case was stopped by a signal before it was finished")
    assert server.cases() == ["begin", "left"]


def test_a_client_that_left_does_not_disturb(server):
    server.load()
    (server.folder / "seconds").write_text("0.2")
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"POST /invoke HTTP/1.1\r\nHost: x\r\n\r\n")
    assert server.ask("POST", "/invoke") == (201, "done")
    while server.cases().count("left") < 3:
        time.sleep(0.01)
    assert server.stop() == (0, "")
