"""The servers that the client suite runs against, each behind one transport."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.people import World
from tests.sim.memory_server import MemoryServer


def memory_world() -> World:
    """The in-memory server."""
    server = MemoryServer()
    world = World(server, server.operator_code, server)
    server.clock = lambda: world.time
    return world


@pytest.fixture(params=["memory"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each server in turn."""
    yield memory_world()
