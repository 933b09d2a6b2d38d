import io
import socket
import time
from http.client import parse_headers

import pytest

from hnseg.platform.http_request import MOST_BODY_BYTES, RequestStream, body_bytes, is_gone, linger, skip_body


@pytest.fixture
def pair():
    """Two ends of a connection: the server's and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    with server, client:
        yield server, client


def wait_until(condition):
    until = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def headers_of(lines):
    return parse_headers(io.BytesIO(lines + b"\r\n"))


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        (b"", 0),
        (b"Host: x\r\n", 0),
        (b"Content-Length: 0\r\n", 0),
        (b"content-length:7\r\n", 7),
        (b"Content-Length: \t7 \t\r\n", 7),
        (b"Content-Length: " + b"0" * 5000 + b"7\r\n", 7),
        (b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 7\r\n", 7),
        (f"Content-Length: {MOST_BODY_BYTES}\r\n".encode(), MOST_BODY_BYTES),
    ],
)
def test_a_body_has_the_length_that_its_header_says(lines, size):
    assert body_bytes(headers_of(lines)) == size


@pytest.mark.parametrize(
    ("lines", "status", "sentence"),
    [
        (b"Content-Length: -7\r\n", 400, "Content-Length must be one decimal number."),
        (b"Content-Length: 7 7\r\n", 400, "Content-Length must be one decimal number."),
        (b"Content-Length: 1\r\n 2\r\n", 400, "Content-Length must be one decimal number."),
        (b"Content-Length: 7\r\nContent-Length: 7\r\n", 400, "Content-Length must be one decimal number."),
        (b"Content-Length : 7\r\n", 400, "Each line before the body must be a header, name: value."),
        (b" Content-Length: 7\r\n", 400, "Each line before the body must be a header, name: value."),
        (b"Content-Length: 1048577\r\n", 413, "A body may have at most 1048576 bytes."),
        (b"Transfer-Encoding: chunked\r\n", 411, "A body needs a Content-Length; Transfer-Encoding is not read."),
        (
            b"Transfer-Encoding: chunked\r\nContent-Length: 7\r\n",
            400,
            "Content-Length and Transfer-Encoding exclude each other.",
        ),
    ],
)
def test_other_headers_are_refused_with_a_sentence(lines, status, sentence):
    refusal = body_bytes(headers_of(lines))
    assert (refusal.status, refusal.sentence) == (status, sentence)


def test_a_stream_ends_where_the_client_closes(pair):
    server, client = pair
    client.sendall(b"abc")
    stream = RequestStream(server, limit_s=5)
    assert stream.read(3) == b"abc"
    assert not stream.cut
    client.close()
    assert stream.read(3) == b""
    assert stream.cut


def test_a_stream_ends_after_its_number_of_bytes(pair):
    server, client = pair
    client.sendall(b"abcdef")
    stream = RequestStream(server, limit_s=5, most_bytes=4)
    assert io.BufferedReader(stream).read(6) == b"abcd"
    assert stream.cut


def read_in_drops(stream, client):
    """Send and read a byte again and again, for five seconds at most."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        client.sendall(b"x")
        stream.read(1)
        time.sleep(0.05)


def test_the_time_limit_is_that_of_all_reads_together(pair):
    server, client = pair
    began = time.monotonic()
    stream = RequestStream(server, limit_s=0.3)
    with pytest.raises(TimeoutError):
        read_in_drops(stream, client)
    assert 0.3 <= time.monotonic() - began < 5


@pytest.mark.parametrize(("count", "whole"), [(0, True), (70_000, True), (70_001, False)])
def test_a_body_is_skipped_and_a_short_one_noticed(count, whole):
    assert skip_body(io.BytesIO(b"x" * 70_000), count) is whole


@pytest.mark.parametrize("unread", [b"", b"more"])
@pytest.mark.parametrize("leave", [socket.socket.close, lambda client: client.shutdown(socket.SHUT_WR)])
def test_a_client_is_gone_once_it_closes_whatever_is_unread(pair, unread, leave):
    server, client = pair
    client.sendall(unread)
    time.sleep(0.05)
    assert not is_gone(server)
    leave(client)
    wait_until(lambda: is_gone(server))


def test_a_reply_reaches_a_client_that_sent_more_than_was_read(pair):
    server, client = pair
    client.sendall(b"x" * 100_000)
    server.sendall(b"reply")
    linger(server, limit_s=0.2)
    server.close()
    assert client.recv(100) == b"reply"
    assert client.recv(100) == b""


def test_lingering_ends_when_the_client_closes_or_the_time_is_over(pair):
    server, client = pair
    began = time.monotonic()
    linger(server, limit_s=0.2)
    assert 0.2 <= time.monotonic() - began < 5
    client.close()
    began = time.monotonic()
    linger(server, limit_s=60)
    assert time.monotonic() - began < 5
