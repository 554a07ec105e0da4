"""Take pictures of every screen and state of the app, and ask axe about each.

    make shots                     all of them, into build/shots/
    make shots ARGS="today rules"  only states whose names begin so
    make shots ARGS=--more         at 320 px, in forced colours, at twice the text
    make shots ARGS=--store        also renews the pictures of the manifest and README

Opens an e2e build of the app in Debian's Chromium under the server's own headers, at
360x640, 412x915 and 1280x800, light and dark; `index.html` and `sheet-*.png` beside
the pictures show them together. Exit code 1 when a page said an error, was wider than
its window, or axe found something.
"""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from playwright.sync_api import Browser, Error, Page

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from server.app_files import with_app  # noqa: E402 - found beside this folder
from server.headers import with_headers  # noqa: E402
from tools.chromium import chromium  # noqa: E402
from tools.shots_states import STATES, State  # noqa: E402

OUT, APP, PWA = ROOT / "build/shots", ROOT / "build/shots-app", ROOT / "pwa"
SIZES = {"360": (360, 640), "412": (412, 915), "1280": (1280, 800)}
SMALL = {"320": (320, 568)}
# Pictures for people, and those that are more for axe.
KINDS = tuple((size, theme) for theme in ("light", "dark") for size in SIZES)
MORE = (
    ("320", "light"), ("320", "dark"), ("360", "forced"), ("1280", "forced"),
    ("360", "large"),
)  # fmt: skip
HELPERS = ROOT / "tools/shots.js"
AXE = PWA / "node_modules/axe-core/axe.min.js"
# A Tuesday, a quarter of an hour before one o'clock: every run shows the same.
NOON = datetime(2027, 1, 12, 12, 44, tzinfo=UTC)
# The pictures that go along with the app, and what shows on each.
STORE = {
    "narrow-1-today": "today-360-light",
    "narrow-2-a-register-with-no-signal": "register-marked-360-light",
    "narrow-3-your-group": "group-people-360-light",
    "narrow-4-private-notes": "note-360-dark",
    "wide-1-today": "today-leader-1280-light",
    "wide-2-what-was-agreed": "rules-1280-light",
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASK_AXE = """async (tags) => {
  const { violations } = await axe.run(document, { runOnly: tags })
  const where = (v) => v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(', ')
  return violations.map((v) => `${v.id}: ${where(v)}`)
}"""
# Nothing is on its way any more, and two frames have passed.
SETTLED = """() => new Promise((done) => {
  const until = performance.now() + 3000
  const look = () => (document.querySelector('[aria-busy=true]')
    && performance.now() < until ? setTimeout(look, 20)
    : requestAnimationFrame(() => requestAnimationFrame(done)))
  setTimeout(look, 30)
})"""
# What a picture may say in the console: no server answers behind it.
QUIET = (
    "Failed to load resource", "Service Worker registration", "Unrecognized feature",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    names = tuple(a for a in arguments if not a.startswith("--"))
    wanted = [s for s in STATES if not names or s.name.startswith(names)]
    kinds = KINDS + (MORE if "--more" in arguments else ())
    build()
    shutil.rmtree(OUT, ignore_errors=not OUT.exists())
    OUT.mkdir(parents=True)
    problems: dict[str, list[str]] = defaultdict(list)
    with serving() as origin, chromium() as browser:
        for size, theme in kinds:
            print(f"{size} {theme}", flush=True)
            camera = Camera(browser, origin, size, theme, problems)
            for state in wanted:
                camera.take(state)
            if camera.plain:
                camera.plain.context.close()
        sheets(browser, [state.name for state in wanted], kinds)
    if "--store" in arguments:
        store()
    for problem, where in problems.items():
        more = f" and {len(where) - 4} more" if len(where) > 4 else ""
        print(f"{problem}\n    {', '.join(where[:4])}{more}")
    taken = len(wanted) * len(kinds)
    print(f"{taken} pictures in {OUT.relative_to(ROOT)}, {len(problems)} problems")
    return 1 if problems else 0


def store() -> None:
    """Keep the pictures that the manifest and the README show."""
    folder = PWA / "public/screenshots"
    folder.mkdir(exist_ok=True)
    for name, picture in STORE.items():
        shutil.copyfile(OUT / f"{picture}.png", folder / f"{name}.png")


def build() -> None:
    """Build the app with the hook that pictures need."""
    node = ROOT / ".venv/bin/node"
    vite = PWA / "node_modules/vite/bin/vite.js"
    done = subprocess.run(
        [node, vite, "build", "--mode", "e2e", "--logLevel", "warn"],
        cwd=PWA, env=dict(os.environ, ENID_APP_OUT=str(APP)), check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit("The app could not be built; the words above say why.")


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing: there are thousands of requests."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve the built app and nothing else, with the headers of the real server."""

    def nothing(_: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("404 Not Found", [("Content-Type", "text/plain")])
        return [b""]

    server = make_server("127.0.0.1", 0, nothing, _Server, _Quiet)
    origin = f"http://localhost:{server.server_port}"
    server.set_app(with_headers(with_app(nothing, APP), origin))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield origin
    server.shutdown()


@dataclass
class Camera:
    """One size and theme, and what went wrong while pictures were taken in it."""

    browser: Browser
    origin: str
    size: str
    theme: str
    problems: dict[str, list[str]]
    name: str = ""
    plain: Page | None = None

    def take(self, state: State) -> None:
        """Lead a page to a state, and keep what it looks like."""
        self.name = f"{state.name}-{self.size}-{self.theme}"
        page = self.page(state)
        try:
            page.goto(f"{self.origin}/")
            page.evaluate(SETTLED)
            if state.role:
                page.evaluate("(role) => enid.act.startMadeUp(role)", state.role)
                page.evaluate("() => enid.go('today')")
                page.evaluate(SETTLED)
            page.context.set_offline(bool(state.context.get("offline")))
            for step in state.steps:
                page.evaluate(f"async () => {{ {step} }}")
                page.evaluate(SETTLED)
            page.screenshot(path=OUT / f"{self.name}.png")
            self.judge(page)
        except Error as error:
            self.note(f"no picture: {str(error).splitlines()[0]}")
        finally:
            page.context.set_offline(False)
            if page is not self.plain:
                page.context.close()

    def page(self, state: State) -> Page:
        """A page of this size; the same again when the state asks for nothing else."""
        options = {k: v for k, v in state.context.items() if k != "offline"}
        plain = not options
        if plain and self.plain:
            return self.plain
        width, height = (SIZES | SMALL)[self.size]
        options |= {"color_scheme": "dark" if self.theme == "dark" else "light"}
        if self.theme == "forced":
            options |= {"forced_colors": "active"}
        page = self.browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion="reduce", service_workers="block",
            device_scale_factor=1 if width > 1000 else 2,
            **{"timezone_id": "Europe/London"} | options,
        ).new_page()  # fmt: skip
        page.clock.set_fixed_time(NOON)
        page.add_init_script(path=HELPERS)
        if self.theme == "large":
            page.add_init_script("localStorage.setItem('text', 'largest')")
        page.on("pageerror", lambda error: self.note(f"error: {error}"))
        page.on("console", lambda said: self.heard(said.type, said.text))
        if plain:
            self.plain = page
        return page

    def note(self, problem: str) -> None:
        self.problems[problem].append(self.name)

    def heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(known in text for known in QUIET):
            self.note(f"{kind}: {text}")

    def judge(self, page: Page) -> None:
        """Ask axe, and whether anything is wider than the window."""
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for found in page.evaluate(ASK_AXE, RULES):
            self.note(f"axe: {found}")
        wider = page.evaluate(
            "() => Math.max(...[document.documentElement, "
            "document.querySelector('main')].map((e) => e.scrollWidth - e.clientWidth))"
        )
        if wider > 0:
            self.note(f"{wider} px wider than the window")


def sheets(
    browser: Browser, names: list[str], kinds: tuple[tuple[str, str], ...]
) -> None:
    """All pictures together: a page, and one picture for each size and theme."""
    ends = [f"{size}-{theme}" for size, theme in kinds]
    (OUT / "index.html").write_text(_page(names, ends), encoding="utf-8")
    page = browser.new_page(viewport={"width": 2200, "height": 1000})
    for end in ends:
        sheet = OUT / f"sheet-{end}.html"
        sheet.write_text(_page(names, [end]), encoding="utf-8")
        page.goto(sheet.as_uri())
        page.screenshot(path=OUT / f"sheet-{end}.png", full_page=True)
        sheet.unlink()


def _page(names: list[str], ends: list[str]) -> str:
    figures = "".join(
        f'<figure><img src="{name}-{end}.png" alt="" width='
        f'"{640 if end.startswith("1280") else 240}">'
        f"<figcaption>{html.escape(name)}</figcaption></figure>"
        for name in names
        for end in ends
        if (OUT / f"{name}-{end}.png").exists()
    )
    style = (
        "body{font:14px system-ui;background:#888;display:flex;flex-wrap:wrap;gap:12px}"
        "figure{margin:0}img{display:block}figcaption{color:#fff;padding:2px 0}"
    )
    return f"<!doctype html><title>Enid</title><style>{style}</style>{figures}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
