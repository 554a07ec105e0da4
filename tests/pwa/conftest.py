"""A browser for the tests of the app, and a table with phones for its stories.

CI may not go without a browser.
"""

import os
import random
import socket
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from tests.pwa.builds import built_app
from tests.pwa.table import Made, Table, make, table
from tools import chromium


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A story that fails says what its phones showed."""
    report = yield
    laid = getattr(item, "funcargs", {}).get("table")
    if report.when == "call" and report.failed and isinstance(laid, Table):
        for phone in laid.phones:
            told = [*phone.faults]
            with suppress(Error):  # it may answer nothing any more
                shown = phone.page.locator("#app").inner_text(timeout=2_000)
                told = [phone.page.url, str(phone.shot("failed")), *told, shown]
            report.sections.append((str(phone), "\n".join(told)))
    return report


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    if not chromium.find():
        told = "No Chromium is on the PATH. Debian or Ubuntu: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(told, pytrace=False)
        pytest.skip(f"NOT TESTED IN A BROWSER. {told}")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(**chromium.how())  # type: ignore[arg-type]
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app, built from the sources as they are."""
    return built_app(tmp_path_factory.mktemp("app"))


@pytest.fixture(scope="session")
def port() -> int:
    """One for all stories: an account belongs to the address that it knows."""
    while True:
        port = random.randrange(20_000, 32_000)
        with closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, port: int) -> Made:
    """The group, before any story."""
    return make(tmp_path_factory.mktemp("made"), f"http://localhost:{port}")


@pytest.fixture(name="table")
def laid_table(
    playwright: Playwright, tmp_path: Path, made: Made, app: Path, port: int
) -> Iterator[Table]:
    """The group, its server and its phones, as one story needs them."""
    with table(playwright, tmp_path, made, app, port) as laid:
        yield laid
