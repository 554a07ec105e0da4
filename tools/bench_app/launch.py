"""How long until Today answers, with no network, no server and no worker running."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tools.bench_app.phone import NEXT, Bench, bench, stop_workers, throttle, within

RUNS = 9
BUTTON = ".next a[href]"
# Milliseconds since navigation, in the first task after the frame with the next
# session's text in it. Its button is in the same frame and links are listened to before
# the first paint; that it does answer is tried by tapping it (app.md 3.2).
PAINTED = f"""
globalThis.painted = new Promise((tell) => {{
  const seen = () => document.querySelector('{NEXT}')?.textContent
    && document.querySelector('{BUTTON}')
  const watch = new MutationObserver(look)
  function look() {{
    if (!seen()) return
    watch.disconnect()
    requestAnimationFrame(() => {{
      const {{ port1, port2 }} = new MessageChannel()
      port1.onmessage = () => tell(performance.now())
      port2.postMessage(null)
    }})
  }}
  watch.observe(document, {{ childList: true, subtree: true }})
  look()
}})
"""


def launch(page: Page, origin: str) -> float:
    """Milliseconds from navigation to Today, at 4x; its button is then tapped."""
    page.add_init_script(PAINTED)
    throttle(page)
    page.goto(f"{origin}/today", wait_until="commit")
    took = float(page.evaluate(within("painted")))
    button = page.locator(BUTTON).first
    address = button.get_attribute("href")
    button.tap()
    page.wait_for_url(f"**{address}")
    return took


def warm(one: Bench, role: str, runs: int) -> list[float]:
    """A browser that runs already: a new tab each time."""
    took = []
    with one.browser(one.copy(role)) as context:
        context.set_offline(True)  # once, and before any worker is stopped
        for _ in range(runs + 1):
            stop_workers(context)
            page = context.new_page()
            took.append(launch(page, one.origin))
            page.close()
    return took[1:]  # the first one reads the disk for the others


def cold(one: Bench, role: str, runs: int) -> list[float]:
    """A browser process of its own each time."""
    took, profile = [], one.copy(role)
    for _ in range(runs + 1):
        with one.browser(profile) as context:
            context.set_offline(True)
            took.append(launch(context.pages[0], one.origin))
    return took[1:]


def measure(
    scratch: Path, say: Callable[[str], None], runs: int = RUNS
) -> dict[str, float]:
    """The leader warm and cold, and the coordinator of 41 groups."""
    figures = {}
    for kind, role, ways in (
        ("demo", "leader", {"launch_offline_ms_4x": warm, "launch_cold_ms_4x": cold}),
        ("year", "coordinator", {"launch_coordinator_ms_4x": warm}),
    ):
        folder = scratch / kind
        folder.mkdir()
        with bench(kind, folder) as one:
            one.phone(role)
            one.server.stop()
            for name, way in ways.items():
                took = way(one, role, runs)
                say(f"  {name}: {' '.join(f'{each:.0f}' for each in took)}")
                figures[name] = statistics.median(took)
    return figures
