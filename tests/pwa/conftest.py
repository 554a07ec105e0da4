"""A browser for the tests of the app; CI may not go without it."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tools import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not chromium.find():
        told = "No Chromium is on the PATH. Debian or Ubuntu: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(told, pytrace=False)
        pytest.skip(f"NOT TESTED IN A BROWSER. {told}")
    with chromium.chromium() as browser:
        yield browser
