"""Fixtures that more than one room's tests use."""

import os
from collections.abc import Iterator

import pytest

from tests import postgres

pytest_plugins = ["tests.worlds"]


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a PostgreSQL that lives for this run; CI may not go without it."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    server = postgres.running()
    try:
        with capture.global_and_fixture_disabled():  # an installation takes a while
            url = server.__enter__()
    except postgres.Unavailable as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs PostgreSQL. {error}", pytrace=False)
        pytest.skip(f"NOT TESTED ON POSTGRESQL. {error}")
    yield url
    server.__exit__(None, None, None)


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of an empty database, dropped after the test."""
    with postgres.database(postgres_url) as url:
        yield url
