"""Something that answers in the server's place: a hotel's sign-in page, or half one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Answer = tuple[int, str, bytes, int]
PAGE = b"<!doctype html><title>Hotel Wi-Fi</title><h1>Sign in to this network</h1>"
SYNC = {"inc": 1, "pull": {"AAAA": 3}, "more": "perhaps"}


def html(status: int = 200) -> Answer:
    """A page where no page should be."""
    return status, "text/html", PAGE, len(PAGE)


def as_json(said: object, status: int = 200, kind: str = "application/json") -> Answer:
    """Something that looks like an answer."""
    data = json.dumps(said).encode()
    return status, kind, data, len(data)


def broken_off(said: object) -> Answer:
    """An answer whose second half never comes."""
    status, kind, data, size = as_json(said)
    return status, kind, data[: size // 2], size


# Each is answered to everything that is asked.
LIES: dict[str, Answer] = {
    "a captive portal": html(),
    "a proxy's error": html(502),
    "an error of the server": as_json(
        {"code": "server_fault", "retry": "later"}, 500, "application/problem+json"
    ),
    "an error that the server does not know": as_json({"oh": "no"}, 500),
    "half an answer": broken_off(SYNC),
    "an empty answer": (200, "application/json", b"", 0),
    "a list": as_json([SYNC]),
    "an answer of another shape": as_json(SYNC),
    "an answer from nowhere": as_json({"inc": -1}),
    "a page called JSON": (200, "application/json", PAGE, len(PAGE)),
}


class Liar:
    """Answers the same to everything; counts what was asked of the interface."""

    def __init__(self, port: int) -> None:
        self.answer = LIES["a captive portal"]
        self.asked = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self.server.daemon_threads = True


def _handler(liar: Liar) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, data, size = liar.answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(size))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data)
            self.close_connection = True
            liar.asked += self.path.startswith("/v1/")

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def lying(port: int) -> Iterator[Liar]:
    """A liar on the server's port; the server must not be there."""
    liar = _in_place(port)
    thread = Thread(target=liar.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield liar
    finally:
        liar.server.shutdown()
        liar.server.server_close()
        thread.join()


def _in_place(port: int) -> Liar:
    """What was killed may still hold the port for a moment."""
    until = time.monotonic() + 10
    while True:
        try:
            return Liar(port)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
