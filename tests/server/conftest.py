"""A server of its own for each test, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server import create_app, services_of, upgrade
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


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    """The address of an empty database; none means SQLite."""
    if request.param == "sqlite":
        return ""
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture
def settings(tmp_path: Path, clock: Clock) -> dict[str, Any]:
    return {"ENID_DATA": str(tmp_path), "CLOCK": clock, "DATABASE_URL": ""}


def started(settings: dict[str, Any]) -> Iterator[Flask]:
    app = create_app(settings)
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
