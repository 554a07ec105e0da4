"""A second phone opens an account of 2,000 versions."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable
from pathlib import Path

from tools.bench_app.phone import NEXT, Bench, bench, throttle, within
from tools.bench_server import Broken

RUNS = 3
VERSIONS = 2_000
# Seconds from the tap on Open to the frame in which Today stands and all has been read.
WATCH = f"""
globalThis.bars = new Set()
globalThis.opened = new Promise((tell) => {{
  let begun = null
  addEventListener('submit', ({{ timeStamp }}) => {{ begun = timeStamp }}, true)
  new MutationObserver((_, watch) => {{
    const bar = document.querySelector('progress')
    if (bar) bars.add(bar.value)
    const all = document.querySelector('.status')?.textContent.startsWith('Up to date')
    if (begun === null || bar || !all || !document.querySelector('{NEXT}')) return
    watch.disconnect()
    requestAnimationFrame(() => setTimeout(
      () => tell((performance.now() - begun) / 1000)))
  }}).observe(document, {{ childList: true, subtree: true, characterData: true }})
}})
"""
KEPT = """async () => {
  const name = `enid-${localStorage.getItem('account')}`
  const db = await new Promise((done) => {
    const asked = indexedDB.open(name)
    asked.onsuccess = () => done(asked.result)
  })
  return new Promise((done) => {
    const asked = db.transaction('versions').objectStore('versions').count()
    asked.onsuccess = () => { db.close(); done(asked.result) }
  })
}"""


def open_once(one: Bench, say: Callable[[str], None]) -> float:
    profile = one.folder / "second phone"
    shutil.rmtree(profile, ignore_errors=True)
    with one.browser(profile) as context:
        page = context.pages[0]
        page.goto(one.origin)
        page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        page.add_init_script(WATCH)
        page.goto(f"{one.origin}/open")
        throttle(page)
        page.locator("#code").fill(one.made.codes["writer"])
        page.get_by_role("button", name="Open", exact=True).tap()
        took, bars = float(page.evaluate(within("opened"))), page.evaluate("bars.size")
        kept = page.evaluate(KEPT)
    if kept < VERSIONS:
        raise Broken(f"{kept} versions are on the phone and not {VERSIONS}")
    if not bars:
        raise Broken("no progress bar was shown")
    say(f"  {kept} versions: {took:.2f} s, the bar moved {bars} times")
    return took


def measure(
    scratch: Path, say: Callable[[str], None], runs: int = RUNS
) -> dict[str, float]:
    with bench("demo", scratch) as one:
        took = [open_once(one, say) for _ in range(runs)]
    return {"first_sync_2000_s": statistics.median(took)}
