import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection

import numpy as np
import pytest

from tests.support.hostile_requests import hostile_requests, reply_status

# A server of its own process, as in the container: signals go to its main thread. Its ensemble takes a moment to load;
# a case takes the seconds that the file `seconds` says, and fails with the sentence in the file `error`.
PROGRAM = """
import logging, os, signal, sys, time
from pathlib import Path
from hnseg.errors import InputError
from hnseg.platform.exec import run_once
from hnseg.platform.invoke import serve
from hnseg.signals import end_process

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
            raise InputError(os.fsdecode((folder / "error").read_bytes()))
        log.write("end\\n")
    finally:
        log.write("left\\n")

def stop(number, frame):
    raise SystemExit(128 + number)

signal.signal(signal.SIGTERM, stop)
end_process(run_once(lambda: serve(load, port=int(sys.argv[2]), request_limit_s=REQUEST_LIMIT_S)))
"""


REQUEST_LIMIT_S = 1.0  # as short as a busy machine allows
PROGRAM = PROGRAM.replace("REQUEST_LIMIT_S", str(REQUEST_LIMIT_S))
INVOKE = b"POST /invoke HTTP/1.1\r\nHost: x\r\n"


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

    def connect(self, data):
        """Return a connection over which bytes were sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(data)
        return connection

    def status_of(self, data):
        """Return the status that a request of these bytes gets; None without a reply."""
        with self.connect(data) as connection:
            return reply_status(connection)

    def begin_case(self, seconds):
        """Post a request for a case that takes so long, wait until it has begun, and return its connection."""
        begun = self.cases().count("begin")
        (self.folder / "seconds").write_text(str(seconds))
        connection = self.connect(INVOKE + b"\r\n")
        while self.cases().count("begin") == begun:
            time.sleep(0.01)
        (self.folder / "seconds").write_text("0")
        return connection

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


def test_a_sentence_with_a_name_that_is_not_utf8_reaches_the_client(server):
    server.load()
    (server.folder / "error").write_bytes(b"The scan \xff.mha must be readable.")
    sentence = "The scan \\udcff.mha must be readable."
    assert server.ask("POST", "/invoke") == (500, sentence)
    assert server.stop() == (0, f"{sentence}\n")


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


def test_sigterm_unwinds_the_running_case_and_its_client_is_told(server):
    server.load()
    with server.begin_case(60) as connection:
        status, stderr = server.stop()
        assert reply_status(connection) == 500
    assert status == 143
    assert stderr.startswith("The case was stopped by a signal before it was finished")
    assert server.cases() == ["begin", "left"]


def test_a_client_that_left_does_not_disturb(server):
    server.load()
    (server.folder / "seconds").write_text("0.2")
    for _ in range(2):
        server.connect(INVOKE + b"\r\n").close()
    assert server.ask("POST", "/invoke") == (201, "done")
    assert server.stop() == (0, "")
    assert server.cases().count("begin") == server.cases().count("end") <= 3


@pytest.mark.parametrize("rest", [b"\r\n", b"Content-Length: 2\r\n\r\n{}", b"\r\nunread"])
def test_a_client_that_left_before_its_turn_starts_no_case(server, rest):
    server.load()
    running = server.begin_case(0.5)
    server.connect(INVOKE + rest).close()
    assert reply_status(running) == 201
    running.close()
    assert server.ask("POST", "/invoke") == (201, "done")
    assert server.cases() == ["begin", "end", "left"] * 2
    assert server.stop() == (0, "")


@pytest.mark.parametrize("data", [INVOKE, INVOKE + b"Content-Length: 3\r\n\r\n{}"])
def test_a_request_that_ends_too_early_is_refused(server, data):
    server.load()
    with server.connect(data) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert reply_status(connection) == 400
    assert not server.cases()


def test_one_request_waits_and_another_gets_503(server):
    server.load()
    running = server.begin_case(1)
    waiting = server.connect(INVOKE + b"\r\n")
    time.sleep(0.2)
    assert server.ask("POST", "/invoke") == (503, "A case is running and another one waits.")
    assert server.ask("GET", "/health") == (200, "ready")
    assert [reply_status(each) for each in (running, waiting)] == [201, 201]
    assert server.cases() == ["begin", "end", "left"] * 2


def test_two_clients_that_ask_again_and_again_are_never_refused(server):
    server.load()
    answers = []
    callers = [
        threading.Thread(target=lambda: answers.extend(server.ask("POST", "/invoke") for _ in range(20)))
        for _ in range(2)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert answers == [(201, "done")] * 40
    assert server.stop() == (0, "")


def test_a_waiting_client_that_left_keeps_nobody_waiting(server):
    server.load()
    running = server.begin_case(1)
    server.connect(INVOKE + b"\r\n").close()
    time.sleep(0.2)
    assert server.ask("POST", "/invoke") == (201, "done")
    assert reply_status(running) == 201
    assert server.cases() == ["begin", "end", "left"] * 2


@pytest.mark.parametrize(
    ("length", "status"),
    [
        (b"0", 201),
        (b"1048576", 201),
        (b"1048577", 413),
        (b"9" * 5000, 413),
        (b"-1", 400),
        (b"+1", 400),
        (b"1_0", 400),
        (b"0x1", 400),
        (b"1.0", 400),
        (b"1, 1", 400),
        (b"1\r\nContent-Length: 1", 400),
        (b"", 400),
        (b"\xb2", 400),
    ],
)
def test_the_length_of_a_body_is_strict_and_capped(server, length, status):
    server.load()
    body = b" " * 1048577 if length.startswith(b"10485") else b"x"
    assert server.status_of(INVOKE + b"Content-Length: " + length + b"\r\n\r\n" + body[: 1 << 20]) == status
    assert len(server.cases()) == (3 if status == 201 else 0)


@pytest.mark.parametrize("pause_s", [0, REQUEST_LIMIT_S / 10])
@pytest.mark.parametrize("begin", [b"", INVOKE, INVOKE + b"Content-Length: 1000\r\n\r\n"])
def test_a_request_must_come_in_time_even_if_it_comes_in_drops(server, begin, pause_s):
    server.load()
    began = time.monotonic()
    with server.connect(begin) as connection:
        while pause_s and time.monotonic() < began + 2 * REQUEST_LIMIT_S:
            try:
                connection.sendall(b"x")
            except ConnectionError:
                break
            time.sleep(pause_s)
        assert reply_status(connection) in ((408, None) if b"Length" in begin else (None,))
    assert time.monotonic() - began < 5 * REQUEST_LIMIT_S
    assert not server.cases()


def test_a_late_body_is_408(server):
    server.load()
    assert server.status_of(INVOKE + b"Content-Length: 3\r\n\r\n{}") == 408


def test_many_idle_connections_do_not_keep_a_good_one_waiting(server):
    server.load()
    idle = [server.connect(b"GET /hea") for _ in range(300)]
    began = time.monotonic()
    assert server.ask("GET", "/health") == (200, "ready")
    assert time.monotonic() - began < REQUEST_LIMIT_S
    for connection in idle:
        connection.close()


def test_after_1000_hostile_requests_a_good_one_is_answered_at_once(server):
    server.load()
    good = server.ask("POST", "/invoke")
    manners = np.random.default_rng(12).integers(3, size=1000)  # leave at once, send no more, or stay a moment
    for number, (data, manner) in enumerate(zip(hostile_requests(1000, seed=11), manners, strict=True)):
        with suppress(ConnectionError, TimeoutError), server.connect(data) as connection:
            if manner == 1:
                connection.shutdown(socket.SHUT_WR)
            if manner:
                connection.settimeout(20 if manner == 1 else 0.03)
                assert reply_status(connection) in {None, 400, 404, 408, 411, 413, 414, 431, 501, 505}, data[:100]
        if number % 100 == 99:
            began = time.monotonic()
            assert server.ask("POST", "/invoke") == good == (201, "done")
            assert time.monotonic() - began < 1
    assert server.cases() == ["begin", "end", "left"] * 11
    assert server.stop() == (0, "")
