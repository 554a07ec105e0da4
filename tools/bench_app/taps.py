"""Twelve marks, one by one, with no network: the taps, until painted, until kept."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page

from tools.bench_app.phone import NEXT, Bench, bench, throttle
from tools.bench_server import Broken

RUNS = 5
MARKS = ("Here", "Here", "Late", "Here", "Absent", "Here")
# Event Timing says how long each tap took until the next paint, to the nearest 8 ms and
# from 16 ms on. A tap is kept when the row shows its tick, after its transaction.
WATCH = """
globalThis.painted = []
new PerformanceObserver((list) => {
  for (const { interactionId, duration } of list.getEntries()) {
    if (interactionId) painted.push(duration)
  }
}).observe({ type: 'event', durationThreshold: 16, buffered: true })
globalThis.kept = []
addEventListener('click', ({ target, timeStamp }) => {
  const row = target.closest?.('.register-row')
  if (!row || !target.matches('input')) return
  const look = () => {
    if (!row.querySelector('.register-tick')) return
    watch.disconnect()
    kept.push(performance.now() - timeStamp)
  }
  const watch = new MutationObserver(look)
  watch.observe(row, { childList: true, subtree: true, attributes: true })
}, true)
"""
SCROLLED = """[document.documentElement, ...document.querySelectorAll('*')]
  .some((one) => one.scrollTop > 0)"""


@dataclass
class Thumb:
    """Taps, and counts."""

    taps: int = 0

    def tap(self, what: Locator) -> None:
        what.tap()
        self.taps += 1


@dataclass
class Taken:
    """One register."""

    taps: int
    painted_ms: list[float] = field(default_factory=list)
    kept_ms: list[float] = field(default_factory=list)


def take_register(page: Page, one: Bench) -> Taken:
    """From Today to a finished register."""
    thumb = Thumb()
    page.goto(f"{one.origin}/today")
    page.locator(NEXT).wait_for()
    page.wait_for_timeout(2_000)  # whoever marks has looked at the screen first
    thumb.tap(page.get_by_role("link", name="Take register").first)
    people = page.locator(".register-row")
    people.first.wait_for()
    if people.count() != 12:
        raise Broken(f"{people.count()} people are on the list and not 12")
    page.wait_for_timeout(1_000)
    page.evaluate("painted.length = 0")
    for place in range(12):
        mark = MARKS[place % len(MARKS)]
        thumb.tap(people.nth(place).get_by_role("radio", name=mark))
        people.nth(place).locator(".register-tick").first.wait_for()
    page.wait_for_timeout(500)
    painted, kept = page.evaluate("[painted, kept]")
    thumb.tap(page.get_by_role("button", name="Finish register", exact=True))
    page.get_by_text("Register finished").first.wait_for()
    if page.evaluate(SCROLLED):
        raise Broken("the list had to be scrolled")
    if len(kept) != 12:
        raise Broken(f"{len(kept)} marks were kept and not 12")
    return Taken(thumb.taps, painted, kept)


def register(one: Bench, *, throttled: bool) -> Taken:
    with one.browser(one.copy("leader")) as context:
        context.set_offline(True)
        page = context.pages[0]
        page.add_init_script(WATCH)
        if throttled:
            throttle(page)
        return take_register(page, one)


def measure(
    scratch: Path, say: Callable[[str], None], runs: int = RUNS
) -> dict[str, float]:
    with bench("demo", scratch) as one:
        one.phone("leader")
        one.server.stop()
        slow = [register(one, throttled=True) for _ in range(runs)]
        fast = [register(one, throttled=False) for _ in range(runs)]
    worst = [max(run.painted_ms, default=0) for run in slow]
    kept = [ms for run in fast for ms in run.kept_ms]
    say(f"  worst tap of each run: {' '.join(f'{each:.0f}' for each in worst)} ms")
    say(f"  slowest mark to be kept: {max(kept):.0f} ms")
    return {
        "tap_paint_ms_4x": statistics.median(worst),
        "tap_durable_ms": statistics.median(kept),
        "register12_taps": max(run.taps for run in slow + fast),
    }
