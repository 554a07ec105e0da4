"""What was shown as saved is saved: on full phones, and in tabs that suddenly end."""

import json
import random
import re
import time
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page

from tests.pwa.phone import PATIENCE_MS, Phone
from tests.pwa.table import CO_LEADER, LEADER, MEMBER, Table, word

pytestmark = pytest.mark.slow

BEN, CATRIN = "Ben Whitlock", "Catrin Llwyd"


def room(phone: Phone, free: int | None) -> None:
    """Leave so many bytes on the phone; ``None``: as many as there are.

    Before the browser's first write: later it has room set aside for half a minute.
    """
    quota = {} if free is None else {"quotaSize": free}
    how = {"origin": phone.origin, **quota}
    phone.cdp().send("Storage.overrideQuotaForOrigin", how)


def test_a_full_phone_says_so_on_the_row_keeps_the_value_and_saves_it_on_another_try(
    table: Table,
):
    """REL-01: nothing looks saved that is not, and nothing typed is lost."""
    priya = table.opened(LEADER, table.register)
    priya.mark(CATRIN, "Here").sees("Sent", within=CATRIN)
    with priya.offline().pocketed():
        pass
    room(priya.stands(CATRIN, "Here"), 1)
    priya.tap("Late", BEN).sees("Not saved, tap to try again", within=BEN)
    priya.stands(BEN, "Late").sees("1 not saved").sees("Sent", within=CATRIN)
    priya.row(BEN).get_by_role("button").first.click()
    priya.sees("Not saved, tap to try again", within=BEN).stands(BEN, "Late")
    room(priya, None)
    priya.row(BEN).get_by_role("button").first.click()
    priya.sees(re.compile("Saved on this phone|Sent"), within=BEN).again()
    priya.offline(False).sees("Sent", within=BEN).again()


def test_a_note_on_a_full_phone_stays_on_the_screen_until_it_is_saved(table: Table):
    chloe = table.opened(MEMBER, "/notes").tap("New note")
    chloe.tap(re.compile("^I understand"))
    first, second = word(), word()
    chloe.type("Your note", first).sees("Sent")
    with chloe.offline().pocketed():
        pass
    room(chloe.sees("Delete this note"), 1)
    chloe.type("Your note", f"{first} {second}").sees("Not saved", "This phone is full")
    room(chloe, None)
    chloe.tap("Try again").misses("Not saved").again()
    chloe.open("/notes").sees(f"{first} {second}").again()


# -- ends between two writes -----------------------------------------------------------

SEED = 1900
ENDS, ENDS_AT_FIRST = 88, 12
WRITES_MAX = 45
VALUES = ("here", "late", "absent")
# Before every single write the page may stop for good: it waits there for its end.
STOP = """{
  let left = %s;
  globalThis.storyEndsAfter = (writes) => { left = writes; };
  globalThis.enidOnWrite = () => {
    left -= 1;
    if (left > 0) return;
    storyStops();
    for (;;);
  };
}"""
# Tells what each row shows as kept, at the moment when it shows it.
TELL = """{
  const told = new Map();
  const look = () => {
    for (const row of document.querySelectorAll('li.register-row')) {
      const name = row.querySelector('.register-label')?.textContent;
      const value = row.querySelector('input:checked')?.value;
      const kept = ['saved', 'sent'].includes(row.dataset.saving);
      if (!name || !value || !kept || told.get(name) === value) continue;
      told.set(name, value);
      storyShows(name, value);
    }
  };
  const watch = { subtree: true, childList: true, attributes: true };
  document.addEventListener('DOMContentLoaded', () => {
    new MutationObserver(look).observe(document.body, watch);
  });
}"""
# Marks one person after the other, and finds a network now and then, until it ends.
MARK = """([writes, taps]) => {
  storyEndsAfter(writes);
  const rows = [...document.querySelectorAll('li.register-row')];
  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
  (async () => {
    for (const [place, value, ms, network] of taps) {
      const row = rows[place];
      storyTaps(row.querySelector('.register-label').textContent, value);
      row.querySelector(`input[value=${value}]`).click();
      await pause(ms);
      if (network) dispatchEvent(new Event('online'));
    }
    storyStops();
  })();
}"""
# Types the code in as soon as it is asked for; stops also when nothing is left to do.
OPEN = """{
  const code = '%s';
  let typed = false;
  const look = () => {
    const field = document.getElementById('code');
    if (!field || typed) return;
    typed = true;
    field.value = code;
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    setTimeout(() => field.form.requestSubmit(), 50);
  };
  document.addEventListener('DOMContentLoaded', () => {
    const watch = { subtree: true, childList: true };
    new MutationObserver(look).observe(document.body, watch);
  });
  setTimeout(() => globalThis.storyStops?.(), 6000);
}"""
STANDS = """() => Object.fromEntries([...document.querySelectorAll('li.register-row')]
  .map((row) => [row.querySelector('.register-label').textContent,
    row.querySelector('input:checked')?.value ?? null]))"""


@dataclass
class Watched:
    """What a page told before it ended: taps, and what was shown as kept."""

    context: BrowserContext
    may: dict[str, set[str]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    stopped: bool = False
    inspector: CDPSession = None  # type: ignore[assignment]
    session: str = ""

    def __post_init__(self) -> None:
        self.context.expose_binding("storyStops", lambda _: self._stop())
        self.context.expose_binding("storyTaps", lambda _, *tap: self._tap(*tap))
        self.context.expose_binding("storyShows", lambda _, *seen: self._show(*seen))

    def _stop(self) -> None:
        self.stopped = True

    def _tap(self, name: str, value: str) -> None:
        self.may.setdefault(name, set()).add(value)

    def _show(self, name: str, value: str) -> None:
        self.shown[name] = value
        self.may[name] = {value}

    def page(self, writes: int | None = None) -> Page:
        """A page that stops before its so many-th write, or when it is told."""
        self.stopped = False
        page = self.context.new_page()
        page.add_init_script(STOP % (writes or "Infinity"))
        assert self.context.browser
        session = self.context.new_cdp_session(page)
        target = session.send("Target.getTargetInfo")["targetInfo"]["targetId"]
        session.detach()
        self.inspector = self.context.browser.new_browser_cdp_session()
        how = {"targetId": target, "flatten": False}
        self.session = self.inspector.send("Target.attachToTarget", how)["sessionId"]
        return page

    def wait(self) -> None:
        """Until the page has stopped; it answers nothing any more."""
        until = time.monotonic() + PATIENCE_MS / 1000
        while not self.stopped:
            assert time.monotonic() < until, "nothing was written"
            self.context.cookies()  # lets the page's messages come in
            time.sleep(0.01)

    def end(self, page: Page) -> None:
        """As the phone's system ends a tab: its process is gone."""
        crash = json.dumps({"id": 1, "method": "Page.crash"})
        how = {"sessionId": self.session, "message": crash}
        with page.expect_event("crash"):
            self.inspector.send("Target.sendMessageToTarget", how)
        page.close()
        self.inspector.detach()


def taps(chance: random.Random) -> list[tuple[int, str, int, bool]]:
    """Person, mark, milliseconds until the next, and whether a network comes then."""
    return [
        (
            chance.randrange(12), chance.choice(VALUES), chance.choice((0, 5, 40)),
            chance.random() < 0.25,
        )
        for _ in range(2 * WRITES_MAX)
    ]  # fmt: skip


# Nothing is lost, but the last step is not always reached: after several hundred marks
# about twelve people a sheet no longer fits 64 KiB (`over` is cumulative), and what
# follows goes to the tray. It has to mark less before it may speak again.
@pytest.mark.skip(reason="marks until a sheet is too large to send: to be made smaller")
def test_a_tab_that_ends_between_any_two_writes_loses_nothing_that_it_showed_as_saved(
    table: Table,
):
    """REL-01: it ends in the middle of marking, sealing, sending and reading."""
    chance = random.Random(SEED)
    priya = table.opened(LEADER, table.register)
    assert priya.context
    priya.context.add_init_script(TELL)
    watched = Watched(priya.context)
    shown = 0
    for number in range(ENDS):
        page = watched.page()
        page.goto(table.register)
        page.locator("li.register-row").nth(11).wait_for()
        stands = page.evaluate(STANDS)
        for name, values in watched.may.items():
            wanted = values if name in watched.shown else {*values, None}
            assert stands[name] in wanted, f"end {number}: {name} is {stands[name]}"
        watched.may = {n: {v} for n, v in stands.items() if v}
        watched.shown = {n: v for n, v in stands.items() if v}
        page.evaluate(MARK, [chance.randrange(1, WRITES_MAX), taps(chance)])
        watched.wait()
        shown += len(watched.shown)
        watched.end(page)
    assert shown > ENDS

    priya.open(table.register).settled()
    stands = {n: v for n, v in priya.page.evaluate(STANDS).items() if v}
    assert [n for n, v in stands.items() if v not in watched.may[n]] == []
    priya.again().open("/today").sees("Up to date")
    sam = table.opened(CO_LEADER, table.register)
    sam.settled()
    assert {n: v for n, v in sam.page.evaluate(STANDS).items() if v} == stands


def test_a_phone_that_ends_again_and_again_while_it_is_opened_first_is_whole_at_last(
    table: Table,
):
    """REL-01: half an account, half a log and half a page are gone on with."""
    chance = random.Random(SEED)
    priya = table.phone().open("/open")
    assert priya.context
    priya.context.add_init_script(OPEN % table.made.codes[LEADER])
    watched = Watched(priya.context)
    for _ in range(ENDS_AT_FIRST):
        page = watched.page(chance.randrange(1, 25))
        page.goto("/open", wait_until="commit")
        watched.wait()
        watched.end(page)
    priya.open("/open").sees("Room 4", "Up to date").settled()
    priya.again().open(table.register).mark("Li Wei", "Here").again()
    priya.sees("Sent", within="Li Wei")
