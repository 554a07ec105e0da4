"""The real server as a process, and clients on real files that talk to it over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sync.client import Client, Transport
from sync.errors import Later
from sync.http import HttpTransport
from sync.invitations import Invitation
from sync.kinds import Role
from sync.store import JsonKeyFile, Store

ROOT = Path(__file__).resolve().parents[2]
READY_S = 30
MONTH_S = 30 * 86_400


class Wire:
    """A transport that remembers every byte that went either way."""

    def __init__(self, origin: str) -> None:
        self.origin, self.address = origin, urlsplit(origin).netloc
        self.said: list[bytes] = []
        self.heard: list[bytes] = []

    def request(
        self, method: str, path: str, body: dict[str, Any] | None, token: str | None
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        said = json.dumps(body).encode()
        self.said.append(f"{method} {path}".encode() + said)
        status, data = self.raw(method, path, said, headers)
        return status, json.loads(data) if data else {}

    def raw(
        self, method: str, path: str, body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:  # fmt: skip
        """Status and bytes of any answer."""
        connection = http.client.HTTPConnection(self.address, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Later("no_answer") from error
        finally:
            connection.close()
        self.heard.append(str(answer.getheaders()).encode() + data)
        return answer.status, data


class LiveServer:
    """gunicorn with its own folder; may be killed and started again on the same file.

    Attributes:
        data: its ``ENID_DATA``.
        log: whatever it has written to stdout and stderr so far.
    """

    factory = "server:create_app()"

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.data, self.log = folder / "data", folder / "server.log"
        self.port = port or free_port()
        self.origin = f"http://localhost:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def database(self) -> Path:
        return self.data / "enid.sqlite"

    @property
    def environment(self) -> dict[str, str]:
        ours = {"DATABASE_URL", "ENID_SECRET", "ENID_PROXIES", "ENID_BIND"}
        kept = {k: v for k, v in os.environ.items() if k not in ours}
        return kept | {
            "ENID_DATA": str(self.data), "ENID_ORIGIN": self.origin,
            "PORT": str(self.port), "PYTHONPATH": str(ROOT),
        }  # fmt: skip

    def flask(self, *arguments: str) -> str:
        """Run an operator's command; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "server", *arguments],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self) -> None:
        """Start, and wait until it says that it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "server/gunicorn.conf.py",
                 self.factory],
                env=self.environment, cwd=ROOT, stdout=log, stderr=log,
                start_new_session=True,  # so that `kill` reaches its workers too
            )  # fmt: skip
        until = time.monotonic() + READY_S
        while not self.is_ready():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.02)

    def is_ready(self) -> bool:
        try:
            status, _ = Wire(self.origin).raw("GET", "/readyz")
        except Later:
            return False
        return status == 200

    def kill(self) -> None:
        """As the power cord does it: every process of it at once, without a word."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As an operator does it."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if how is signal.SIGKILL:
            os.killpg(process.pid, how)
        else:
            process.send_signal(how)
        process.wait(timeout=30)

    @contextmanager
    def running(self) -> Iterator[LiveServer]:
        """Migrated and started; stopped at the end."""
        self.data.mkdir(parents=True)
        self.flask("db", "upgrade")
        self.start()
        try:
            yield self
        finally:
            self.stop()


class Phone:
    """A folder with a client's two files."""

    def __init__(
        self, folder: Path, origin: str, transport: Transport | None = None
    ) -> None:
        self.folder, self.origin = folder, origin
        self.transport = transport or HttpTransport(origin)
        self.keys = JsonKeyFile(folder / "keys.json")
        self.file = folder / "store.sqlite"

    def create(self) -> Client:
        """Make an account here."""
        self.folder.mkdir(parents=True)
        Client.create(self.keys, os.urandom)
        return self.open()

    def reopen(self, code: str) -> Client:
        """Make this another device of the account of a recovery code."""
        self.folder.mkdir(parents=True)
        Client.reopen(self.keys, code, self.transport, os.urandom)
        client = self.open()
        client.sync()
        return client

    def open(self) -> Client:
        """The app started."""
        return Client(Store.open(self.file), self.keys, self.transport, time.time)


def close(client: Client) -> None:
    """The app ended."""
    if isinstance(client.transport, HttpTransport):
        client.transport.close()
    client.store.connection.close()


def first(server: LiveServer, phone: Phone) -> Client:
    """The operator's first account."""
    client = phone.create()
    invitation = Invitation.from_code(server.flask("invite-coordinator"))
    with client.store.write():
        client.store.set_meta("lookup", invitation.lookup)
    client.person_circle()
    client.keep_slot()
    client.sync()
    return client


def join(inviter: Client, circle: bytes, role: Role, phone: Phone) -> Client:
    """Somebody new joins by a typed code."""
    expires_at = int(time.time()) + MONTH_S
    invitation = inviter.invite(circle, os.urandom(16), role, {}, expires_at)
    inviter.sync()
    client = phone.create()
    client.join(Invitation.from_code(invitation.code))
    client.keep_slot()
    client.sync()
    inviter.sync()
    client.sync()
    return client


def sync_at_last(client: Client, tries: int = 200) -> None:
    """Sync, however often it takes."""
    for _ in range(tries):
        try:
            client.sync()
        except Later:
            time.sleep(0.1 * random.random())
        else:
            return
    raise AssertionError("the server never answered")


def sent(store: Path) -> set[bytes]:
    """Versions that a client's file has seen in the verified log."""
    with closing(sqlite3.connect(store, timeout=30)) as connection:
        rows = connection.execute("SELECT id FROM version WHERE seq IS NOT NULL")
        return {row[0] for row in rows}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
