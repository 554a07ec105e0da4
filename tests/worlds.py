"""The servers that the client suite runs against, each behind one transport."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server import create_app, services_of, upgrade
from server.services import backup
from server.services.invitations import at_rest
from sync.errors import Later
from tests.people import World
from tests.sim.memory_server import MemoryServer

START = 1_800_000_000.0


class FlaskServer:
    """The real application, called in process; every byte still goes through WSGI."""

    origin = "http://localhost:8000"

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder, self.url, self.time = folder, url, START
        self.world: World | None = None
        self.count = 0
        self._start()
        upgrade(self.app)

    def _start(self) -> None:
        self.app = create_app(
            {
                "DATABASE_URL": self.url,
                "ENID_DATA": str(self.folder),
                "ENID_ORIGIN": self.origin,
                "CLOCK": self.now,
                "SYNC_PER_MINUTE": 10**9,
                "FAILED_LOOKUPS_PER_MINUTE": 10**9,
            }
        )
        self.http = self.app.test_client(use_cookies=False)

    def now(self) -> float:
        return self.world.time if self.world else START

    def request(
        self, method: str, path: str, body: dict[str, Any] | None, token: str | None
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.http.open(path, method=method, json=body, headers=headers)
        if not answer.data:
            return answer.status_code, {}
        if "json" not in (answer.content_type or ""):
            raise Later("no_answer")
        return answer.status_code, json.loads(answer.data)

    def admit(self, lookup: bytes) -> None:
        """What ``flask invite-coordinator`` does, for a code that a test made."""
        from sqlalchemy import text

        row = {"lookup": at_rest(lookup), "expires": int(self.now()) + 86_400}
        services_of(self.app).database.write(
            lambda connection: (
                connection.execute(
                    text(
                        "INSERT INTO invitation (lookup_hash, expires_at)"
                        " VALUES (:lookup, :expires)"
                    ),
                    row,
                ).rowcount
            )
        )

    def dump(self) -> Path:
        self.count += 1
        file = self.folder / f"backup-{self.count}"
        with self.app.app_context():
            backup.backup(services_of(self.app).database.engine.url, file)
        return file

    def restore(self, file: Path) -> None:
        database = services_of(self.app).database
        database.close()
        backup.restore(database.engine.url, file, int(self.now()))
        self._start()

    def close(self) -> None:
        services_of(self.app).database.close()


def memory_world() -> World:
    """The in-memory server."""
    server = MemoryServer()
    world = World(server, server.operator_code, server)
    server.clock = lambda: world.time
    return world


def flask_world(folder: Path, url: str = "") -> World:
    """The real application on SQLite, or on the database of ``url``."""
    server = FlaskServer(folder, url)
    world = server.world = World(server, server.admit, server)
    return world


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each server in turn."""
    if request.param == "memory":
        yield memory_world()
        return
    url = ""
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_database")
    with tempfile.TemporaryDirectory() as folder:
        world = flask_world(Path(folder), url)
        yield world
        world.server.close()
