"""The real server as a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.live import LiveServer


@pytest.fixture
def live_server(tmp_path: Path) -> Iterator[LiveServer]:
    """gunicorn on a free port, with a migrated SQLite file of its own."""
    with LiveServer(tmp_path).running() as server:
        yield server
