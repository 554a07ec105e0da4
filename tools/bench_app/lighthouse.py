"""Lighthouse as on a mobile phone, signed in: Today, Register and Notes.

It comes from `pwa/bench`, a package of its own that only `make bench` installs.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import chromium
from tools.bench_app.phone import Bench, bench
from tools.bench_server import ROOT, Broken

RUNS = 3
PACKAGE = ROOT / "pwa" / "bench"
TOOLS = ROOT / ".venv" / "bin"
CATEGORIES = {
    "performance": "lighthouse_performance",
    "accessibility": "lighthouse_accessibility",
    "best-practices": "lighthouse_best_practices",
}
PATIENCE_S = 240


def install(say: Callable[[str], None]) -> None:
    """`npm ci`, once for each lock file."""
    lock, done = PACKAGE / "package-lock.json", PACKAGE / "node_modules" / ".installed"
    if done.exists() and done.read_bytes() == lock.read_bytes():
        return
    say("  installing Lighthouse from pwa/bench/package-lock.json (once) ...")
    run([str(TOOLS / "npm"), "ci"])
    done.write_bytes(lock.read_bytes())


def run(command: list[str]) -> str:
    path = os.pathsep.join([str(TOOLS), os.environ.get("PATH", "")])
    try:
        done = subprocess.run(
            command, cwd=PACKAGE, env=os.environ | {"PATH": path, "CI": "1"},
            capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Broken(f"{Path(command[0]).name} does not end") from error
    if done.returncode:
        raise Broken(f"{Path(command[0]).name} fails:\n{done.stderr[-2000:]}")
    return done.stdout


@contextmanager
def chromium_on(profile: Path) -> Iterator[int]:
    """A Chromium that nobody drives but Lighthouse; its debugging port."""
    port_file = profile / "DevToolsActivePort"
    port_file.unlink(missing_ok=True)
    how = chromium.how()
    process = subprocess.Popen(
        [str(how["executable_path"]), *how["args"], "--headless=new",  # type: ignore[misc]
         "--remote-debugging-port=0", f"--user-data-dir={profile}",
         "--password-store=basic", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 30
        while not (port_file.exists() and port_file.read_text().strip()):
            if process.poll() is not None or time.monotonic() > until:
                raise Broken("Chromium does not start")
            time.sleep(0.1)
        yield int(port_file.read_text().split()[0])
    finally:
        process.terminate()
        process.wait(30)


def audit(port: int, address: str) -> dict[str, object]:
    """One report. The phone's storage stays: else it would score the front page."""
    report = json.loads(run([
        str(PACKAGE / "node_modules" / ".bin" / "lighthouse"), address,
        f"--port={port}", "--output=json", "--quiet", "--disable-storage-reset",
        "--form-factor=mobile", f"--only-categories={','.join(CATEGORIES)}",
    ]))  # fmt: skip
    if report["finalDisplayedUrl"] != address or report.get("runtimeError"):
        raise Broken(f"{address} ended at {report['finalDisplayedUrl']}")
    return dict(report)


def score(
    one: Bench, path: str, runs: int, say: Callable[[str], None]
) -> dict[str, float]:
    """The medians of a page, 0 to 100."""
    found: dict[str, list[float]] = {name: [] for name in CATEGORIES}
    faults: set[str] = set()
    for _ in range(runs):
        with chromium_on(one.copy("leader")) as port:
            report = audit(port, one.origin + path)
        categories, audits = report["categories"], report["audits"]
        assert isinstance(categories, dict)  # noqa: S101 - for the types
        assert isinstance(audits, dict)  # noqa: S101
        for name, scores in found.items():
            scores.append(categories[name]["score"] * 100)
            faults |= {
                ref["id"] for ref in categories[name]["auditRefs"]
                if ref["weight"] and (audits[ref["id"]]["score"] or 0) < 0.9
                and audits[ref["id"]]["scoreDisplayMode"] in ("binary", "numeric")
            }  # fmt: skip
    medians = {name: statistics.median(scores) for name, scores in found.items()}
    said = " ".join(f"{name} {median:.0f}" for name, median in medians.items())
    say(f"  {path.split('/')[-1]}: {said}")
    if faults:
        say(f"    not well in {', '.join(sorted(faults))}")
    return medians


def measure(
    scratch: Path, say: Callable[[str], None], runs: int = RUNS
) -> dict[str, float]:
    """The lowest page counts."""
    install(say)
    with bench("demo", scratch) as one:
        paths = ("/today", f"/s/{one.made.session}/register", "/notes")
        pages = [score(one, path, runs, say) for path in paths]
    shutil.rmtree(scratch / "copy", ignore_errors=True)
    return {key: min(page[name] for page in pages) for name, key in CATEGORIES.items()}
