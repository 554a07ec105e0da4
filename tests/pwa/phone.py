"""A phone: the built app in a browser of its own, with seven verbs.

`open`, `tap`, `type`, `text`, `offline`, `close`, `shot`. A phone that is opened again
after `close` is the same phone: its browser is another process on the same profile.
Nothing of the app is reached into; a story sees what a person sees.
"""

from __future__ import annotations

import difflib
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    BrowserContext,
    BrowserType,
    CDPSession,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    expect,
)

from tools import chromium

PATIENCE_MS = 20_000
TREMBLE_MS = 300
MOVING = re.compile(r"Sending|Saving|Opening|Getting")
SENDING = re.compile(rf"{MOVING.pattern}|Not sent · |\d+ changes? saved on this phone")
KEPT = re.compile(r"Saved on this phone|Sent")
STEADY_MS = 250
TAPPED = ("button", "link", "radio", "checkbox")
# What a browser says about a server that is not there; everything else is a fault.
EXPECTED = re.compile(r"^Failed to load resource: ")
# What is not kept on the phone and may be another at the next look: the minute, and
# what the network did last.
PASSING = (
    (re.compile(r"\d{1,2}(:\d\d)?(am|pm)"), "(a time)"),
    (re.compile(r"(No signal|Not sent|Sending) · seen by"), "(not sent) · seen by"),
    (re.compile(r"No signal\. (?=\d)"), ""),
    (re.compile(r"Up to date · \(a time\)|No signal\. You can carry on"), "(all sent)"),
    (re.compile(r"On its way, no answer yet"), "Saved on this phone"),
    (re.compile(r"Sending (\d+ changes?)"), r"\1 saved on this phone"),
)

PLACE = """() => [
  location.pathname, document.querySelector('dialog[open] h2, main h1')?.innerText,
]"""
WATCH = """
addEventListener('securitypolicyviolation', (event) => {
  const { violatedDirective, blockedURI, sourceFile, lineNumber, sample } = event;
  const said = [violatedDirective, blockedURI, sourceFile, lineNumber, sample];
  console.error('POLICY ' + said.join(' '));
});
"""
# A clock that is wrong, or a day that has not come yet.
AHEAD = """
{
  const Right = Date;
  const ahead = %d;
  globalThis.Date = class Date extends Right {
    constructor(...when) {
      if (when.length) super(...when);
      else super(Right.now() + ahead);
    }
    static now() { return Right.now() + ahead; }
  };
}
"""
# Text, and what stands in the fields: all that a reload must bring back.
SHOWN = """() => {
  const main = document.getElementById('main');
  if (!main) return null;
  const fields = [...main.querySelectorAll('input, textarea')].map((field) => [
    field.getAttribute('aria-label') ?? field.labels?.[0]?.innerText ?? '',
    ['radio', 'checkbox'].includes(field.type) ? field.checked : field.value,
  ]);
  const status = document.querySelector('a.status, div.status');
  // What was only said aloud, about what just happened, is no part of it.
  const aloud = [...main.querySelectorAll('.unseen:is([role=status], [role=alert])')]
    .map((one) => one.innerText.trim());
  const text = main.innerText.split('\\n').map((line) => line.trim())
    .filter((line) => line && !aloud.includes(line)).join('\\n');
  return { status: status?.innerText ?? '', text, fields };
}"""

Name = str | re.Pattern[str]


@dataclass(repr=False)
class Phone:
    """One phone.

    Attributes:
        typed: what was typed into it, for whoever looks where it must not be.
        said: the lines, headers and bodies of its requests.
        faults: broken policy, uncaught errors, and errors on the console.
    """

    kind: BrowserType
    profile: Path
    origin: str
    typed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    ahead: timedelta = timedelta()
    scripts: list[str] = field(default_factory=list)
    bypass_csp: bool = False
    is_offline: bool = False
    tapped_on: object = None
    tapped_at: float = 0
    context: BrowserContext | None = None
    page: Page = None  # type: ignore[assignment]

    # -- the seven verbs ------------------------------------------------------------

    def open(self, path: str = "/") -> Phone:
        """Take the phone out of the pocket, at one of the app's addresses."""
        if self.context is None:
            self._start()
        self.page.goto(self.origin + path)
        return self

    def tap(self, name: Name, within: str | None = None) -> Phone:
        """Tap what has this name; ``within`` names the row, or the part of the page."""
        found = self.find(name, within)
        found.wait_for()
        self._as_a_thumb_does()
        found.click()
        return self

    def _as_a_thumb_does(self) -> None:
        """A tap on what came up a moment ago, or a second one at once, is not meant."""
        before, self.tapped_on = self.tapped_on, self.page.evaluate(PLACE)
        since = 1000 * (time.monotonic() - self.tapped_at)
        wait = TREMBLE_MS if self.tapped_on != before else TREMBLE_MS - since
        if wait > 0:
            self.page.wait_for_timeout(wait)
        self.tapped_at = time.monotonic()

    def type(self, label: str, text: str) -> Phone:
        """Write into the field that is called so, in place of what stands there."""
        self.typed.append(text)
        self.field(label).fill(text)
        return self

    def text(self) -> str:
        """What the page says, the status line first."""
        shown = self.shown()
        return f"{shown['status']}\n{shown['text']}"

    def offline(self, yes: bool = True) -> Phone:
        """Into the lift, or out of it."""
        self.is_offline = yes
        if self.context:
            self.context.set_offline(yes)
        return self

    def close(self) -> None:
        """End the browser; what it keeps stays on the phone."""
        context, self.context = self.context, None
        if context:
            context.close()

    def __repr__(self) -> str:
        return f"<{self.profile.name}>"

    def shot(self, name: str) -> Path:
        """A picture, for whoever looks into a failure."""
        file = self.profile.with_name(f"{self.profile.name}-{name}.png")
        self.page.screenshot(path=file)
        return file

    # -- what the verbs stand on ----------------------------------------------------

    def _start(self) -> None:
        self.context = self.kind.launch_persistent_context(
            self.profile, base_url=self.origin, viewport={"width": 360, "height": 740},
            has_touch=True, is_mobile=True, accept_downloads=True, locale="en-GB",
            timezone_id="Europe/London", bypass_csp=self.bypass_csp,
            **chromium.how(),  # type: ignore[arg-type]
        )  # fmt: skip
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(WATCH)
        if self.ahead:
            self.context.add_init_script(AHEAD % (self.ahead.total_seconds() * 1000))
        for script in self.scripts:
            self.context.add_init_script(script)
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.faults.append(str(error.error)))
        self.context.on("request", self._overhear)
        self.page = self.context.pages[0]
        self.context.set_offline(self.is_offline)

    def _hear(self, message: ConsoleMessage) -> None:
        expected = EXPECTED.match(message.text) or message.type != "error"
        if not expected or "Content Security Policy" in message.text:
            self.faults.append(message.text)

    def _overhear(self, request: Request) -> None:
        self.said.append(
            f"{request.method} {request.url} {request.headers} "
            f"{(request.post_data_buffer or b'').decode('latin-1')}"
        )

    def find(self, name: Name, within: str | None = None) -> Locator:
        """What can be tapped and has this name."""
        place: Any = self.page
        if within:
            place = self.page.get_by_role("group", name=within, exact=True)
        found = None
        for role in TAPPED:
            one = place.get_by_role(role, name=name, exact=True)
            found = one if found is None else found.or_(one)
        assert found is not None
        return found.or_(place.locator("summary").filter(has_text=name))

    def field(self, label: str) -> Locator:
        """The field that is called so."""
        return self.page.get_by_label(label, exact=True)

    def sees(self, *texts: str | re.Pattern[str], within: str | None = None) -> Phone:
        """Wait until the page, or a row of it, says all of this."""
        place = self.row(within) if within else self.page.locator("#app")
        for text in texts:
            expect(place).to_contain_text(text, timeout=PATIENCE_MS)
        return self

    def misses(self, *texts: str | re.Pattern[str], within: str | None = None) -> Phone:
        """Wait until nothing says so any more."""
        place = self.row(within) if within else self.page.locator("#app")
        for text in texts:
            expect(place).not_to_contain_text(text, timeout=PATIENCE_MS)
        return self

    def row(self, name: str) -> Locator:
        """A person's row in the register."""
        return self.page.get_by_role("group", name=name, exact=True)

    def mark(self, name: str, value: str) -> Phone:
        """Mark somebody in the register; the row says that it is kept."""
        self.tap(value, name)
        return self.stands(name, value).sees(KEPT, within=name)

    def stands(self, name: str, value: str) -> Phone:
        """Wait until somebody is marked so, by whomever."""
        mark = self.row(name).get_by_role("radio", name=value)
        expect(mark).to_be_checked(timeout=PATIENCE_MS)
        return self

    def shown(self) -> dict[str, Any]:
        """What the page shows: its text, its fields, the status line."""
        shown: dict[str, Any] | None = self.page.evaluate(SHOWN)
        return shown or {"status": "", "text": "", "fields": []}

    def again(self) -> Phone:
        """Load the page anew: it shows the same, or that is a bug (app.md 4)."""
        before = self.settled()
        self.page.reload()
        waited = 0
        while (after := _timeless(self.shown())) != before and waited < PATIENCE_MS:
            self.page.wait_for_timeout(100)
            waited += 100
        assert after == before, "\n".join(
            ["a reload shows something else:", *_differences(before, after)]
        )
        return self

    def settled(self) -> dict[str, Any]:
        """What the page shows once it stands still and nothing is under way."""
        waited, since, before = 0, 0, self.shown()
        while waited < PATIENCE_MS and (since < STEADY_MS or self._moves(before)):
            self.page.wait_for_timeout(50)
            waited, since = waited + 50, since + 50
            now = self.shown()
            if now != before:
                before, since = now, 0
        return _timeless(before)

    def _moves(self, shown: dict[str, Any]) -> bool:
        """Whether something is under way that ends by itself."""
        lines = [shown["status"], *shown["text"].splitlines()]
        moving = MOVING if self.is_offline else SENDING
        return any(moving.match(line) for line in lines)

    def installed(self) -> Phone:
        """Wait until the whole app is on the phone."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        return self

    def download(self, name: Name, file: Path) -> Path:
        """Tap what hands over a file, and put it somewhere."""
        with self.page.expect_download() as handed:
            self.tap(name)
        handed.value.save_as(file)
        return file

    @contextmanager
    def answered(self) -> Iterator[None]:
        """Wait until the server has answered, and the phone has taken that in."""
        with self.page.expect_response(
            lambda answer: answer.url.endswith("/v1/sync") and answer.ok
        ):
            yield
        self.page.wait_for_timeout(1_500)

    def cdp(self) -> CDPSession:
        """The inspector's way into the page."""
        assert self.context
        return self.context.new_cdp_session(self.page)

    def tab(self) -> Phone:
        """Another tab of the same browser."""
        assert self.context
        return _Tab(self, self.context.new_page())

    @contextmanager
    def pocketed(self) -> Iterator[None]:
        """The browser is closed for a while, and opened again where it was."""
        path = self.page.url.removeprefix(self.origin)
        self.close()
        yield
        self.open(path)


class _Tab(Phone):
    """A further tab: of its phone, with a page of its own."""

    def __init__(self, of: Phone, page: Page) -> None:
        super().__init__(of.kind, of.profile, of.origin)
        self.typed, self.said, self.faults = of.typed, of.said, of.faults
        self.context, self.page = of.context, page

    def close(self) -> None:
        self.page.close()


def _timeless(shown: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(shown, ensure_ascii=False)
    for pattern, instead in PASSING:
        text = pattern.sub(instead, text)
    return json.loads(text)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    one, other = (
        [*shown["text"].splitlines(), shown["status"], *map(str, shown["fields"])]
        for shown in (before, after)
    )
    return difflib.unified_diff(one, other, "before", "after", lineterm="")
