"""The transport over HTTP: one connection, kept open (PROTOCOL 11).

Whatever is not JSON from the server itself (a captive portal's page, a proxy's error,
a redirect, a broken line) is *no answer*: the request may or may not have arrived,
and the same bytes are sent again later.
"""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from sync.errors import AfterUser, Later

TIMEOUT_S = 20.0
ANSWER_BYTES_MAX = 8 << 20
JSON_TYPES = frozenset({"application/json", "application/problem+json"})
_FAILURES = (OSError, http.client.HTTPException)


class HttpTransport:
    """Requests to one server.

    Args:
        origin: such as ``https://groups.example.org``; clear text goes to this very
            machine only.

    Raises:
        AfterUser: ``bad_server`` for an address of another form.
    """

    def __init__(self, origin: str, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(origin)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.timeout_s, self.parts = timeout_s, parts
        loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if origin.rstrip("/") != self.origin or not parts.hostname:
            raise AfterUser("bad_server", f"{origin} is not the address of a server")
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise AfterUser("bad_server", "a server's address begins with https://")
        self._connection: http.client.HTTPConnection | None = None

    def request(
        self, method: str, path: str, body: dict[str, Any] | None, token: str | None
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object.

        Raises:
            Later: ``no_answer``.
        """
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        payload = None
        if body is not None:
            payload = json.dumps(body, separators=(",", ":")).encode()
            headers["Content-Type"] = "application/json"
        answer, data = self._answer(method, path, payload, headers)
        return answer.status, _object(answer, data)

    def _answer(
        self, method: str, path: str, payload: bytes | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """One exchange; once more when a kept connection turns out to be closed.

        Sending the same bytes twice is harmless: a known version is a success.
        """
        kept = self._connection is not None
        try:
            return self._exchange(method, path, payload, headers)
        except _FAILURES as error:
            self.close()
            if not kept:
                raise _no_answer() from error
        try:
            return self._exchange(method, path, payload, headers)
        except _FAILURES as error:
            self.close()
            raise _no_answer() from error

    def _exchange(
        self, method: str, path: str, payload: bytes | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.request(method, path, payload, headers)
        answer = self._connection.getresponse()
        data = answer.read(ANSWER_BYTES_MAX)
        if answer.will_close or not answer.isclosed():
            self.close()
        return answer, data

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self.parts.hostname or "", self.parts.port
        if self.parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                host, port, timeout=self.timeout_s, context=context
            )
        return http.client.HTTPConnection(host, port, timeout=self.timeout_s)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _object(answer: http.client.HTTPResponse, data: bytes) -> dict[str, Any]:
    if answer.status == 204:
        return {}
    kind = answer.headers.get_content_type()
    ours = kind == "application/json" if answer.status < 300 else kind in JSON_TYPES
    if not ours or 300 <= answer.status < 400:
        raise _no_answer()
    try:
        value = json.loads(data)
    except ValueError as error:
        raise _no_answer() from error
    if not isinstance(value, dict):
        raise _no_answer()
    return value


def _no_answer() -> Later:
    return Later("no_answer", "the server cannot be reached")
