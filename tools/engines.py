"""`make engines`: the core stories in Firefox and in WebKitGTK.

Both are Debian's and are driven by what they bring themselves: Firefox by Marionette,
its own protocol over a socket; WebKitGTK's MiniBrowser by WebKitWebDriver over HTTP.
So nothing is needed here but the standard library. WebKitGTK is like Safari, and is
not Safari.

    python -m tools.engines [firefox] [webkit]
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol

from tools.bench_app.phone import AppServer
from tools.bench_server import ROOT, Broken, running

PATIENCE_S = 60
PACKAGES = {
    "firefox": (("firefox-esr",), ("firefox-esr",)),
    "webkit": (("WebKitWebDriver", "xvfb-run"), ("webkit2gtk-driver", "xvfb")),
}
"""What each engine needs on the PATH, and Debian's packages for it."""
DEMO = """
import pathlib, sys
from server.demo.__main__ import prepare
prepare(pathlib.Path(sys.argv[1]), sys.argv[2])
"""
MINI_BROWSER = "webkit2gtk-4.*/MiniBrowser"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Wire(Protocol):
    """How a browser is spoken to; the commands are those of WebDriver."""

    def go(self, url: str) -> None: ...
    def run(self, script: str, *arguments: Any) -> Any: ...
    def element(self, script: str, *arguments: Any) -> Any: ...
    def click(self, element: Any) -> None: ...
    def keys(self, element: Any, text: str) -> None: ...


# -- Firefox ---------------------------------------------------------------------------


class Marionette:
    """Firefox's own remote control: `length:[0, id, command, arguments]`."""

    def __init__(self, port: int) -> None:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        self._buffer, self._number = b"", 0
        self._answer()  # it says hello
        asked = {
            "strictFileInteractability": False,
            "unhandledPromptBehavior": "accept",
        }
        self._ask("WebDriver:NewSession", {"capabilities": {"alwaysMatch": asked}})

    def _ask(self, command: str, arguments: dict[str, Any] | None = None) -> Any:
        self._number += 1
        said = json.dumps([0, self._number, command, arguments or {}]).encode()
        self._socket.sendall(b"%d:%s" % (len(said), said))
        _, _, error, value = self._answer()
        if error:
            raise Broken(f"{command}: {error['error']}: {error['message']}")
        return value["value"] if isinstance(value, dict) and "value" in value else value

    def _answer(self) -> Any:
        while b":" not in self._buffer:
            self._more()
        size, _, self._buffer = self._buffer.partition(b":")
        while len(self._buffer) < int(size):
            self._more()
        found, self._buffer = self._buffer[: int(size)], self._buffer[int(size) :]
        return json.loads(found)

    def _more(self) -> None:
        chunk = self._socket.recv(1 << 16)
        if not chunk:
            raise Broken("Firefox has gone")
        self._buffer += chunk

    def go(self, url: str) -> None:
        self._ask("WebDriver:Navigate", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        asked = {"script": script, "args": arguments}
        return self._ask("WebDriver:ExecuteScript", asked)

    def element(self, script: str, *arguments: Any) -> Any:
        found = self.run(script, *arguments)
        return found[ELEMENT] if found else None

    def click(self, element: Any) -> None:
        self._ask("WebDriver:ElementClick", {"id": element})

    def keys(self, element: Any, text: str) -> None:
        self._ask("WebDriver:ElementSendKeys", {"id": element, "text": text})


@contextmanager
def firefox(profile: Path) -> Iterator[Wire]:
    """Firefox ESR without a window."""
    profile.mkdir(exist_ok=True)
    port = free_port()
    (profile / "user.js").write_text(f"""
user_pref("marionette.port", {port});
user_pref("app.normandy.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("remote.prefs.recommended", true);
""")
    command = ["firefox-esr", "--headless", "--marionette", "--profile", str(profile)]
    with process([*command, "--no-remote"], profile / "log"):
        yield Marionette(port)


# -- WebKitGTK -------------------------------------------------------------------------


class WebDriver:
    """The protocol of the W3C over HTTP."""

    def __init__(self, port: int, capabilities: dict[str, Any]) -> None:
        self.port = port
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                asked = {"capabilities": {"alwaysMatch": capabilities}}
                self.session = self._ask("POST", "/session", asked)["sessionId"]
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        said = None if body is None else json.dumps(body)
        connection.request(method, path, said, {"Content-Type": "application/json"})
        value = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(value, dict) and "error" in value:
            raise Broken(f"{path}: {value['error']}: {value.get('message', '')}")
        return value

    def _do(self, path: str, body: Any) -> Any:
        return self._ask("POST", f"/session/{self.session}/{path}", body)

    def go(self, url: str) -> None:
        self._do("url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        return self._do("execute/sync", {"script": script, "args": arguments})

    def element(self, script: str, *arguments: Any) -> Any:
        found = self.run(script, *arguments)
        return found[ELEMENT] if found else None

    def click(self, element: Any) -> None:
        self._do(f"element/{element}/click", {})

    def keys(self, element: Any, text: str) -> None:
        self._do(f"element/{element}/value", {"text": text})

    def quit(self) -> None:
        with suppress(OSError, Broken):
            self._ask("DELETE", f"/session/{self.session}")


@contextmanager
def webkit(profile: Path) -> Iterator[Wire]:
    """MiniBrowser on a screen that nobody sees; its data lives as long as this."""
    profile.mkdir(exist_ok=True)
    port = free_port()
    command = ["xvfb-run", "-a", "-s", "-screen 0 800x1280x24", "WebKitWebDriver"]
    # Its sandbox refuses containers, and its GPU is not there.
    settings = {
        "HOME": str(profile), "XDG_DATA_HOME": str(profile / "data"),
        "XDG_CACHE_HOME": str(profile / "cache"), "LIBGL_ALWAYS_SOFTWARE": "1",
        "WEBKIT_DISABLE_DMABUF_RENDERER": "1", "NO_AT_BRIDGE": "1",
    }  # fmt: skip
    options = {"binary": str(mini_browser()), "args": ["--automation"]}
    with process([*command, f"--port={port}"], profile / "log", settings):
        driver = WebDriver(port, {"webkitgtk:browserOptions": options})
        try:
            yield driver
        finally:
            driver.quit()


def mini_browser() -> Path | None:
    """Where Debian puts it; it is on no PATH."""
    return next(Path("/usr/lib").glob(f"*/{MINI_BROWSER}"), None)


# -- processes -------------------------------------------------------------------------


@contextmanager
def process(
    command: list[str], log: Path, settings: dict[str, str] | None = None
) -> Iterator[None]:
    """A program and whatever it starts; all of it ends with this."""
    with log.open("ab") as out:
        started = subprocess.Popen(
            command, stdout=out, stderr=out, env=os.environ | (settings or {}),
            start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, 15)
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, 9)
            started.wait()


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


# -- a phone ---------------------------------------------------------------------------

# What can be tapped, or written into, by its name; what a person reads.
FIND = """
const [name, selector] = arguments
const visible = (one) => one.getClientRects().length > 0
const nameOf = (one) => (one.getAttribute('aria-label')
  ?? (one.labels?.[0] ?? one).innerText ?? '').trim()
return [...document.querySelectorAll(selector)]
  .filter((one) => visible(one.labels?.[0] ?? one))
  .find((one) => nameOf(one).startsWith(name)) ?? null
"""
TEXT = """
const fields = [...document.querySelectorAll('textarea, input')]
return [document.body.innerText, ...fields.map((one) => one.value)].join('\\n')
"""
ROW = "return document.querySelector('.register-row')?.dataset.saving"
TAPPED = "a[href], button"
FIELDS = "input:not([type=radio]), textarea"


class Phone:
    """As in `tests/pwa`, with the verbs that these stories need."""

    def __init__(self, wire: Wire, origin: str) -> None:
        self.wire, self.origin = wire, origin

    def open(self, path: str) -> Phone:
        self.wire.go(self.origin + path)
        return self

    def tap(self, name: str) -> Phone:
        self.wire.click(self._found(name, TAPPED))
        return self

    def type(self, label: str, text: str) -> Phone:
        self.wire.keys(self._found(label, FIELDS), text)
        return self

    def _found(self, name: str, selector: str) -> Any:
        return self.until(
            lambda: self.wire.element(FIND, name, selector), f"nothing is called {name}"
        )

    def text(self) -> str:
        """What the page says, and what stands in its fields."""
        return str(self.wire.run(TEXT))

    def sees(self, *texts: str) -> Phone:
        for text in texts:
            self.until(partial(self._says, text), f"it does not say {text!r}")
        return self

    def _says(self, text: str) -> bool:
        return text in self.text()

    def until(self, there: Callable[[], Any], why: str) -> Any:
        """Wait for it; else say what the page says instead."""
        end = time.monotonic() + PATIENCE_S
        while True:
            with suppress(Broken):  # the page may just be on its way
                if found := there():
                    return found
            if time.monotonic() > end:
                raise Broken(f"{why}; the page says:\n{self.text()[:800]}")
            time.sleep(0.1)

    def mark(self, row: int, value: str) -> Phone:
        """Mark somebody, and wait until the row is kept."""
        there = f"document.querySelectorAll('.register-row')[{row}]"
        radio = f"return {there}?.querySelector('input[value={value}]')"
        self.wire.click(self.until(lambda: self.wire.element(radio), "there is no row"))
        return self.is_marked(row, value)

    def is_marked(self, row: int, value: str) -> Phone:
        """Wait until a row shows a mark and its tick."""
        chosen = f".register-choice:has(input[value={value}]:checked) .register-tick"
        asked = f"""
          const row = document.querySelectorAll('.register-row')[{row}]
          return Boolean(row?.querySelector('{chosen}'))
        """
        self.until(lambda: self.wire.run(asked), f"row {row} is not kept as {value}")
        return self

    def installed(self) -> Phone:
        """Wait until the worker has the whole app and the page."""
        asked = "return Boolean(navigator.serviceWorker?.controller)"
        self.until(lambda: self.wire.run(asked), "no service worker takes the page")
        return self


# -- the stories -----------------------------------------------------------------------


def made_up(phone: Phone, server: AppServer, codes: dict[str, str]) -> None:
    """The made-up group opens with no server at all."""
    phone.open("/").sees("Try it with a made-up group").installed()
    server.stop()
    phone.open("/").tap("a leader").sees("Take register")
    phone.tap("Take register").mark(0, "late")
    server.start()


def leader(phone: Phone, server: AppServer, codes: dict[str, str]) -> None:
    """The demo's leader opens with the recovery code, and everything comes."""
    phone.open("/open").type("Your recovery code", codes["leader"]).tap("Open")
    phone.sees("Take register", "Seminar room")


def register(phone: Phone, server: AppServer, codes: dict[str, str]) -> None:
    """A mark that was made without a server is there after a reload, and is sent."""
    phone.open("/today").tap("Take register")
    phone.until(lambda: phone.wire.run(ROW), "there is no register")
    server.stop()
    phone.mark(0, "here")
    path = str(phone.wire.run("return location.pathname"))
    phone.open(path).is_marked(0, "here")
    server.start()
    phone.open(path).is_marked(0, "here")
    phone.until(lambda: phone.wire.run(ROW) == "sent", "the mark is not sent")


def note(phone: Phone, server: AppServer, codes: dict[str, str]) -> None:
    """A note is there after a reload."""
    phone.open("/notes").tap("New note").tap("I understand")
    phone.type("Your note", "What stayed with me").sees("Saved on this phone")
    path = str(phone.wire.run("return location.pathname"))
    phone.open(path).sees("What stayed with me")
    phone.open("/notes").sees("What stayed with me")


STORIES = (made_up, leader, register, note)
ENGINES: dict[str, Callable[[Path], Any]] = {"firefox": firefox, "webkit": webkit}


def can(name: str) -> str | None:
    """What is missing for an engine, once Debian was asked; `None` if nothing is."""
    needed, packages = PACKAGES[name]

    def missing() -> list[str]:
        lacking = [program for program in needed if not shutil.which(program)]
        if name == "webkit" and not mini_browser():
            lacking.append("MiniBrowser")
        return lacking

    if missing() and not os.geteuid() and shutil.which("apt-get"):
        print(f"Installing Debian's {', '.join(packages)} (once) ...", flush=True)
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update"], ["install", "-y", *packages]):
            subprocess.run(
                ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=400", *step],
                env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                check=False,
            )  # fmt: skip
    lacking = missing()
    if not lacking:
        return None
    return f"{', '.join(lacking)} is missing: apt-get install {' '.join(packages)}"


def tell(name: str, server: AppServer, folder: Path) -> list[str]:
    """All stories in one engine; what failed."""
    faults = []
    people = json.loads((server.data / "people.json").read_text())
    codes = {person["role"]: person["code"] for person in people}
    with ENGINES[name](folder / name) as wire, running(server):
        phone = Phone(wire, server.origin)
        print(f"{name}: {phone.open('/').wire.run('return navigator.userAgent')}")
        for story in STORIES:
            what, started = str(story.__doc__).rstrip("."), time.monotonic()
            try:
                story(phone, server, codes)
                said = "ok"
            except (Broken, OSError) as error:
                said = f"FAILED: {error}"
                faults.append(f"{name}: {what}")
                if not server.processes():
                    server.start()
            print(f"  {what}: {said} ({time.monotonic() - started:.0f} s)", flush=True)
    return faults


def main(names: list[str]) -> int:
    """All stories in all engines, or in those that are named."""
    (ROOT / "build").mkdir(exist_ok=True)
    faults = []
    with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="engines-") as scratch:
        folder, made = Path(scratch), Path(scratch) / "made"
        made.mkdir()
        server = AppServer(folder / "data")
        print("Making the demo ...", flush=True)
        server.data.mkdir()
        server.run("-c", DEMO, str(made), server.origin)
        for name in names or ENGINES:
            if lacking := can(name):
                faults.append(f"{name}: {lacking}")
                continue
            shutil.rmtree(server.data)
            shutil.copytree(made, server.data)
            try:
                faults += tell(name, server, folder)
            except (Broken, OSError) as error:
                faults.append(f"{name}: {error}")
    for fault in faults:
        print(f"NOT SHOWN: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and stop what was started
    unknown = set(sys.argv[1:]) - set(ENGINES)
    sys.exit(f"There is no {unknown.pop()}." if unknown else main(sys.argv[1:]))
