"""A server of its own for each test, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from server import create_app, services_of, upgrade
from server.extensions import Base
from tests import postgres
from tests.server.builders import Circle, Phone, group_of


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str, tmp_path_factory) -> Iterator[str]:
    """One database for all tests of this room: making one for each takes a second."""
    folder = str(tmp_path_factory.mktemp("migrated"))
    with postgres.database(postgres_url) as url:
        app = create_app({"ENID_DATA": folder, "DATABASE_URL": url})
        upgrade(app)
        services_of(app).database.close()
        yield url


def emptied(url: str) -> str:
    names = ", ".join(f'"{table}"' for table in Base.metadata.tables)
    with psycopg.connect(url) as connection:
        connection.execute(f"TRUNCATE {names}".encode())
        connection.execute("INSERT INTO server_state VALUES ('inc', 1)")
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    """The address of an empty database; none means SQLite."""
    if request.param == "sqlite":
        return ""
    return emptied(request.getfixturevalue("migrated_postgres"))


@pytest.fixture
def settings(tmp_path: Path, clock: Clock) -> dict[str, Any]:
    # Without the built app: what a server says by itself.
    return {
        "ENID_DATA": str(tmp_path), "CLOCK": clock, "DATABASE_URL": "",
        "ENID_APP": str(tmp_path / "no app"),
    }  # fmt: skip


def started(settings: dict[str, Any]) -> Iterator[Flask]:
    app = create_app(settings)
    if not settings["DATABASE_URL"]:
        upgrade(app)
    yield app
    services_of(app).database.close()


@pytest.fixture
def app(settings: dict[str, Any], database: str) -> Iterator[Flask]:
    """A migrated server, on SQLite and on PostgreSQL."""
    yield from started(settings | {"DATABASE_URL": database})


@pytest.fixture
def sqlite_app(settings: dict[str, Any]) -> Iterator[Flask]:
    """A migrated server on SQLite, for what only SQLite does."""
    yield from started(settings)


@pytest.fixture
def leader(app: Flask) -> Phone:
    return Phone(app).enrol()


@pytest.fixture
def member(app: Flask) -> Phone:
    return Phone(app).enrol()


@pytest.fixture
def circle(leader: Phone, member: Phone) -> Circle:
    """A group of the two, with a room."""
    return group_of(leader, member)
