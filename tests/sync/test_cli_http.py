"""The transport over HTTP, against servers that are not what they should be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sync.errors import AfterUser, Later
from sync.http import HttpTransport

JSON = "application/json"


class Server(ThreadingHTTPServer):
    """Gives every request the next of the answers that were laid out."""

    answers: list[tuple[int, str, bytes]]
    asked: list[tuple[str, str, dict[str, str], bytes]]
    connections = 0

    def get_request(self):
        self.connections += 1
        return super().get_request()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        headers = {k.lower(): v for k, v in self.headers.items()}
        self.server.asked.append(
            (self.command, self.path, headers, self.rfile.read(size))
        )
        status, kind, body = self.server.answers.pop(0)
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET = do_POST

    def log_message(self, *_args) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as made:
        made.answers, made.asked = [], []
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def transport(server: Server) -> Iterator[HttpTransport]:
    made = HttpTransport(f"http://127.0.0.1:{server.server_port}", timeout_s=2)
    yield made
    made.close()


def test_a_request_carries_its_token_and_its_body(server, transport):
    server.answers = [(200, JSON, b'{"inc":1}')]
    assert transport.request("POST", "/v1/sync", {"a": 1}, "tok") == (200, {"inc": 1})
    method, path, headers, body = server.asked[0]
    assert (method, path, body) == ("POST", "/v1/sync", b'{"a":1}')
    assert headers["authorization"] == "Bearer tok"
    assert headers["content-type"] == JSON


def test_a_connection_is_kept(server, transport):
    server.answers = [(200, JSON, b"{}")] * 3
    for _ in range(3):
        transport.request("POST", "/", {}, None)
    assert server.connections == 1


def test_a_kept_connection_that_was_closed_is_opened_again(server, transport):
    server.answers = [(200, JSON, b"{}"), (0, "", b""), (200, JSON, b"{}")]
    transport.request("POST", "/", {}, None)
    assert transport.request("POST", "/", {}, None) == (200, {})


def test_a_problem_document_is_an_answer(server, transport):
    problem = b'{"code":"busy","retry":"later","status":503}'
    server.answers = [(503, "application/problem+json", problem)]
    status, answer = transport.request("POST", "/", {}, None)
    assert (status, answer["code"]) == (503, "busy")


def test_nothing_is_an_answer_when_nothing_was_promised(server, transport):
    server.answers = [(204, "text/plain", b"")]
    assert transport.request("PUT", "/", {}, None) == (204, {})


@pytest.mark.parametrize(
    "answer",
    [
        (200, "text/html", b"<h1>Sign in to the hospital's network</h1>"),
        (200, JSON, b"{"),
        (200, JSON, b"[]"),
        (200, JSON, b"\xff"),
        (200, "text/plain", b"{}"),
        (200, "application/problem+json", b"{}"),
        (302, "text/html", b""),
        (302, JSON, b"{}"),
        (502, "text/html", b"<h1>Bad gateway</h1>"),
        (500, "text/plain", b""),
        (0, "", b""),
    ],
)
def test_what_is_not_the_servers_own_json_is_no_answer(server, transport, answer):
    server.answers = [answer]
    with pytest.raises(Later) as refused:
        transport.request("POST", "/", {}, None)
    assert refused.value.code == "no_answer"
    assert len(server.asked) == 1, "a redirect is not followed"


def test_a_port_where_nobody_listens_is_no_answer():
    with pytest.raises(Later):
        HttpTransport("http://127.0.0.1:9", timeout_s=1).request("POST", "/", {}, None)


@pytest.mark.parametrize(
    "origin",
    [
        "http://groups.example.org", "ftp://localhost", "localhost:8000", "",
        "https://", "https://example.org/path", "http://localhost.example.org",
    ],
)  # fmt: skip
def test_clear_text_goes_to_this_very_machine_only(origin):
    with pytest.raises(AfterUser) as refused:
        HttpTransport(origin)
    assert refused.value.code == "bad_server"


@pytest.mark.parametrize(
    "origin", ["https://groups.example.org", "http://localhost:8000", "http://[::1]:80"]
)
def test_an_address_is_the_origin_that_sign_ins_are_made_for(origin):
    assert HttpTransport(origin).origin == origin
