"""The app in a real browser beside its real server, for whoever measures.

A phone that is measured is a copy of one that was opened once, so that every run begins
alike. Chromium may use all cores, as on a phone; the server stays on the first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import (
    BrowserContext,
    CDPSession,
    Page,
    Playwright,
    ViewportSize,
    sync_playwright,
)

from tools import chromium, setup
from tools.bench_app import world
from tools.bench_server import CORES, ROOT, Broken, Server

THROTTLE = 4
PATIENCE_MS = 60_000
VIEWPORT: ViewportSize = {"width": 360, "height": 628}
NEXT = ".next .next-hours"
DEMO = "server.demo.pages:create_app()"


def app_folder() -> Path:
    """The built app; `ENID_APP` may name another build."""
    folder = Path(os.environ.get("ENID_APP", setup.APP)).resolve()
    if not (folder / "sw.js").exists():
        raise Broken(f"there is no built app in {folder}")
    return folder


class Relay(Protocol):
    """What stands between a phone and the server."""

    port: int

    def close(self) -> None: ...


class AppServer(Server):
    """The demo's server, with the built app."""

    def __init__(self, data: Path, relay: Callable[[int], Relay] | None = None) -> None:
        super().__init__(DEMO, data)
        self.relay = relay(self.port) if relay else None
        self.serves = app_folder()

    @property
    def origin(self) -> str:
        """What the phones know: the relay's address, where there is one."""
        return f"http://localhost:{self.relay.port if self.relay else self.port}"

    def environment(self) -> dict[str, str]:
        more = {"ENID_APP": str(self.serves), "SYNC_PER_MINUTE": str(10**9)}
        return super().environment() | more


@dataclass
class Bench:
    """One made world, its server, and phones that were opened once."""

    folder: Path
    server: AppServer
    made: world.Made
    playwright: Playwright

    @property
    def origin(self) -> str:
        return self.server.origin

    def phone(self, role: str) -> Path:
        """The profile of somebody's phone, with everything on it."""
        profile = self.folder / f"phone {role}"
        if not profile.exists():
            with self.browser(profile) as context:
                page = context.pages[0]
                open_account(page, self.origin, self.made.codes[role])
                page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
                all_cached(page)
        return profile

    def copy(self, role: str) -> Path:
        """A phone as it was when it had been opened."""
        fresh = self.folder / "copy"
        shutil.rmtree(fresh, ignore_errors=True)
        ignored = shutil.ignore_patterns("Singleton*", "DevToolsActivePort")
        return Path(shutil.copytree(self.phone(role), fresh, ignore=ignored))

    @contextmanager
    def browser(self, profile: Path, **more: Any) -> Iterator[BrowserContext]:
        """A browser process on a profile."""
        how = chromium.how() | more
        context = self.playwright.chromium.launch_persistent_context(
            profile, viewport=VIEWPORT, has_touch=True, is_mobile=True, locale="en-GB",
            timezone_id="Europe/London", **how,  # type: ignore[arg-type]
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        try:
            yield context
        finally:
            context.close()


@contextmanager
def bench(
    kind: str, scratch: Path, relay: Callable[[int], Relay] | None = None
) -> Iterator[Bench]:
    """Make a world and start its server."""
    server = AppServer(scratch / "data", relay)
    command = [sys.executable, "-m", "tools.bench_app.world"]
    done = subprocess.run(
        [*command, kind, str(server.data), server.origin],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Broken(f"the {kind} cannot be made:\n{done.stderr[-2000:]}")
    os.sched_setaffinity(0, CORES)  # this process and the browsers that it starts
    server.start()
    try:
        with sync_playwright() as playwright:
            yield Bench(scratch, server, world.read(server.data), playwright)
    finally:
        server.stop()
        if server.relay:
            server.relay.close()


def open_account(page: Page, origin: str, code: str) -> None:
    """Type a recovery code and wait until everything is here."""
    page.goto(f"{origin}/open")
    page.locator("#code").fill(code)
    page.get_by_role("button", name="Open", exact=True).click()
    page.locator(NEXT).wait_for(timeout=4 * PATIENCE_MS)
    up_to_date(page)


def up_to_date(page: Page) -> None:
    page.locator(".status", has_text="Up to date").wait_for(timeout=4 * PATIENCE_MS)


def all_cached(page: Page) -> None:
    """The worker has the whole app, and this page is its."""
    page.evaluate("""async () => {
      const { serviceWorker } = navigator
      if (serviceWorker.controller) return
      await new Promise((taken) => { serviceWorker.oncontrollerchange = taken })
    }""")


def within(promise: str) -> str:
    """A promise of the page's that fails after a while instead of never."""
    late = f"setTimeout(() => no(new Error('not in time')), {4 * PATIENCE_MS})"
    return f"Promise.race([{promise}, new Promise((_, no) => {late})])"


def throttle(page: Page) -> CDPSession:
    """Four times slower, as the phones in question are."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    return session


def stop_workers(context: BrowserContext) -> None:
    """As after a day in which the app was not opened."""
    session = context.new_cdp_session(context.pages[0])
    session.send("ServiceWorker.enable")
    session.send("ServiceWorker.stopAllWorkers")
    session.detach()
