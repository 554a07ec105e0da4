"""The server as a process of its own, and what the kernel says it has used.

gunicorn runs on the first core under ``server/gunicorn.conf.py``; whoever measures
stays on the last. An open port is not yet a server that answers (server-stack T8), so
readiness is asked for by HTTP. Linux only: the figures come from ``/proc``.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from sync.errors import Later

ROOT = Path(__file__).resolve().parent.parent
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
READY_S, ANSWER_S = 30, 60


class Broken(Exception):
    """What was measured is not what should have been: no figure comes of it."""


class Server:
    """One gunicorn on the server's core.

    Args:
        app: as gunicorn takes it.
        data: folder of its database, on a real disk.
    """

    def __init__(self, app: str, data: Path) -> None:
        self.app, self.data, self.port = app, data, _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def environment(self) -> dict[str, str]:
        known = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        return known | {
            "ENID_DATA": str(self.data),
            "ENID_ORIGIN": self.origin,
            "ENID_BIND": "127.0.0.1",
            "PORT": str(self.port),
        }

    def run(self, *arguments: str) -> None:
        """Run a command of the server's to its end."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment(),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Broken(f"{' '.join(arguments)} fails:\n{done.stderr[-2000:]}")

    def start(self) -> None:
        """Return when the application, not only its socket, answers."""
        command = [sys.executable, "-m", "gunicorn", "-c", "server/gunicorn.conf.py"]
        with (self.data / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, self.app], cwd=ROOT, env=self.environment(),
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        # Before Python has started up, so everything that it starts inherits it.
        os.sched_setaffinity(self._process.pid, {SERVER_CORE})
        deadline = time.monotonic() + READY_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Broken(f"the server does not start:\n{self.log_tail()}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return Connection(self.port).exchange(message("GET", "/readyz"))[0] == 200
        except OSError:
            return False

    def log_tail(self) -> str:
        lines = (self.data / "server.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-15:])

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._process = None

    def processes(self) -> list[int]:
        """Ids of the whole tree."""
        if self._process is None:
            return []
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (stat := _stat(int(entry.name))):
                children.setdefault(int(stat[1]), []).append(int(entry.name))
        tree, waiting = [], [self._process.pid]
        while waiting:
            tree.append(waiting.pop())
            waiting += children.get(tree[-1], [])
        return tree

    def cpu_s(self) -> float:
        """User and system time of the tree so far."""
        stats = [_stat(process) for process in self.processes()]
        return sum(int(s[11]) + int(s[12]) for s in stats if s) / TICKS_PER_S

    def rss_mib(self) -> float:
        """What the tree holds in memory now."""
        kib = 0
        for process in self.processes():
            for line in Path(f"/proc/{process}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    kib += int(line.split()[1])
        return kib / 1024


@contextmanager
def running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _stat(process: int) -> list[str] | None:
    """The fields of ``/proc/<pid>/stat`` after the command's name."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


# -- HTTP, with as little of our own time as can be ------------------------------------


def message(
    method: str, path: str, body: bytes | None = None, token: str | None = None
) -> bytes:
    """A whole request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


class Connection:
    """One connection that is kept open, and opened again when it was closed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket: socket.socket | None = None

    def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Status and body.

        Raises:
            OSError: no answer; the request may or may not have arrived.
        """
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), ANSWER_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(request)
            return self._answer(self._socket)
        except OSError:
            self.close()
            raise

    def _answer(self, connection: socket.socket) -> tuple[int, bytes]:
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += _receive(connection)
        head = data[:end].lower()
        size = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name == b"content-length":
                size = int(value)
            elif name == b"connection" and b"close" in value:
                self._socket = None
        parts, missing = [data[end + 4 :]], end + 4 + size - len(data)
        while missing > 0:
            parts.append(_receive(connection))
            missing -= len(parts[-1])
        return int(head.split(b" ", 2)[1]), b"".join(parts)

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None


def _receive(connection: socket.socket) -> bytes:
    chunk = connection.recv(1 << 18)
    if not chunk:
        raise ConnectionError("the server closed the connection")
    return chunk


class Http:
    """A client's transport."""

    def __init__(self, server: Server) -> None:
        self.origin, self.port = server.origin, server.port
        self.connection = Connection(server.port)

    def request(
        self, method: str, path: str, body: dict[str, Any] | None, token: str | None
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object; an old connection is opened again once."""
        data = None if body is None else orjson.dumps(body)
        asked = message(method, path, data, token)
        try:
            status, answer = self.connection.exchange(asked)
        except OSError:
            try:
                status, answer = self.connection.exchange(asked)
            except OSError as error:
                raise Later("offline", str(error)) from error
        return status, orjson.loads(answer) if answer else {}


# -- the disk --------------------------------------------------------------------------


def fsync_ms(folder: Path, times: int = 100) -> float:
    """The median time in which one appended page becomes durable."""
    taken = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(bytes(4096))
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000
