"""Debian's Chromium, for tests and tools that need a real browser."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserType, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


def find() -> str | None:
    """The browser's path; `tools/setup.py dev` has installed one where it may."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def how() -> dict[str, object]:
    """What Playwright's launch functions want to know.

    Raises:
        FileNotFoundError: there is none.
    """
    path = find()
    if not path:
        raise FileNotFoundError("No Chromium is on the PATH: apt-get install chromium")
    # Its sandbox refuses root, and containers are root.
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": path, "headless": True, "args": [*ARGUMENTS, *alone]}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with no profile."""
    with sync_playwright() as playwright:
        kind: BrowserType = playwright.chromium
        browser = kind.launch(**how())  # type: ignore[arg-type]
        try:
            yield browser
        finally:
            browser.close()
