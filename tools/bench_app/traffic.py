"""What a phone says to the server: in a normal week, and while nobody looks at it.

Bytes are counted where they pass: a relay stands between the phone and the server, on
the address that the phone knows. So HTTP's own lines are in it; TLS would add to it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from sync.desk import Desk
from sync.desk.sessions import Meeting
from sync.home import open_home
from tools.bench_app.phone import NEXT, Bench, bench, up_to_date
from tools.bench_server import Broken, Http

OPENINGS = 14  # twice a day
NOTE = (
    "She asked me twice whether I had eaten. I said yes and it was not true. I think"
    " she knew. I would have been angry with a colleague for that, and with her I was"
    " not."
)
OTHERS = 10  # members whose choices of a sitting arrive in the week
HIDDEN_S, QUIET_S = 300, 5
HIDE = """
Object.defineProperties(document, {
  hidden: { get: () => true }, visibilityState: { get: () => 'hidden' },
})
document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
"""


class Relay:
    """Hands every byte on, and counts them.

    Attributes:
        sent: bytes from the phone.
        received: bytes to the phone.
        requests: how many the phone has made.
    """

    def __init__(self, port: int) -> None:
        self.to, self.sent, self.received, self.requests = port, 0, 0, 0
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._open, daemon=True).start()

    def _open(self) -> None:
        while True:
            try:
                phone, _ = self._door.accept()
            except OSError:  # closed
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                phone.close()
                continue
            for one, other, up in ((phone, server, True), (server, phone, False)):
                threading.Thread(
                    target=self._pass, args=(one, other, up), daemon=True
                ).start()

    def _pass(self, one: socket.socket, other: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while chunk := one.recv(1 << 16):
                if up:
                    self.sent += len(chunk)
                    self.requests += chunk.count(b" HTTP/1.1\r\n")
                else:
                    self.received += len(chunk)
                other.sendall(chunk)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._door.close()


@contextmanager
def desk(one: Bench, name: str) -> Iterator[Desk]:
    """Somebody else's phone; its bytes do not pass the relay."""
    with open_home(
        one.server.data / "homes" / name, lambda _: Http(one.server), time.time
    ) as home:
        found = Desk(home.client())
        found.sync()
        yield found
        found.sync()


def coming(found: Desk) -> list[Meeting]:
    now = found.shelf.now
    return [m for m in found.sessions.all() if m.starts_at > now and not m.cancelled]


# -- what happens in a week ------------------------------------------------------------


def open_and_close(context: BrowserContext, one: Bench) -> None:
    """The app is opened, read, and put away once all has been sent."""
    page = context.new_page()
    look(page, one, "/today")
    page.locator(NEXT).wait_for()
    page.close()


def look(page: Page, one: Bench, path: str) -> None:
    page.goto(one.origin + path)
    up_to_date(page)
    page.wait_for_timeout(1_000)


def a_place_changes(_: BrowserContext, one: Bench) -> None:
    with desk(one, "leader") as leader:
        meeting = coming(leader)[0]
        leader.sessions.change(
            meeting.circle, meeting.rec, place="Library, first floor"
        )


def a_notice_is_written(_: BrowserContext, one: Bench) -> None:
    with desk(one, "leader") as leader:
        circle = coming(leader)[0].circle
        leader.board.write_notice(
            circle, "We meet twice next week as well.", "Next week"
        )


def others_choose(_: BrowserContext, one: Bench) -> None:
    """One of the others, so often as there are others."""
    with desk(one, "writer") as writer:
        meeting = coming(writer)[0]
        for number in range(OTHERS):
            chosen = meeting.rec if number % 2 else None
            writer.apologies.choose_sitting(meeting.circle, meeting.on, chosen)
            writer.sync()


def two_registers_are_finished(_: BrowserContext, one: Bench) -> None:
    with desk(one, "leader") as leader:
        past = [m for m in leader.sessions.all() if m.starts_at < leader.shelf.now]
        blank = [m for m in past if leader.registers.show(m).blank]
        for meeting in blank[-2:]:
            leader.registers.fill_blanks(meeting)
            leader.registers.finish(meeting)


def i_send_apologies(context: BrowserContext, one: Bench) -> None:
    page = context.new_page()
    look(page, one, f"/s/{one.made.session}/apology")
    page.get_by_role("button", name="Send apologies").tap()
    page.get_by_text("You sent apologies").first.wait_for()
    up_to_date(page)
    page.close()


def i_write_a_note(context: BrowserContext, one: Bench) -> None:
    """Sentence by sentence, with time to think between them."""
    page = context.new_page()
    look(page, one, "/notes")
    page.get_by_role("link", name="New note").or_(
        page.get_by_role("button", name="New note")
    ).first.tap()
    agreed = page.get_by_role("button", name="I understand")
    text = page.get_by_label("Your note", exact=True)
    agreed.or_(text).first.wait_for()
    if agreed.is_visible():
        agreed.tap()
    for sentence in NOTE.split(". "):
        text.press_sequentially(f"{sentence}. ")
        page.wait_for_timeout(4_000)
    up_to_date(page)
    page.close()


WEEK = {
    1: a_place_changes, 3: others_choose, 4: i_send_apologies,
    6: two_registers_are_finished, 8: a_notice_is_written, 9: i_write_a_note,
}  # fmt: skip
"""What happens before which opening."""


def a_week(one: Bench, relay: Relay, say: Callable[[str], None]) -> int:
    """Bytes up and down in a member's week."""
    profile = one.copy("member")
    with one.browser(
        profile
    ) as context:  # a phone that was not just opened for the first time
        open_and_close(context, one)
    before = relay.sent, relay.received, relay.requests
    with one.browser(profile) as context:
        for number in range(OPENINGS):
            if happens := WEEK.get(number):
                happens(context, one)
            open_and_close(context, one)
    after = relay.sent, relay.received, relay.requests
    sent, received, requests = (b - a for a, b in zip(before, after, strict=True))
    say(f"  {requests} requests, {sent} bytes up, {received} bytes down")
    return sent + received


# -- while nobody looks ----------------------------------------------------------------


def hidden(one: Bench, relay: Relay, say: Callable[[str], None]) -> int:
    """Requests from 5 s after hiding, for 5 minutes of the page's own clock."""
    with one.browser(one.copy("member")) as context:
        page = context.pages[0]
        page.clock.install()
        page.goto(f"{one.origin}/today")
        page.locator(NEXT).wait_for()
        up_to_date(page)
        must_ask_while_seen(page, relay)
        page.evaluate(HIDE)
        page.clock.run_for(QUIET_S * 1000)
        page.wait_for_timeout(1_000)
        before = relay.requests
        page.clock.run_for(HIDDEN_S * 1000)
        page.wait_for_timeout(2_000)
        return relay.requests - before


def must_ask_while_seen(page: Page, relay: Relay) -> None:
    """The clock that is turned does move the app: seen for as long, it asks."""
    before = relay.requests
    page.clock.run_for((HIDDEN_S + QUIET_S) * 1000)
    page.wait_for_timeout(2_000)
    if relay.requests == before:
        raise Broken("the app asks nothing in five minutes even while it is seen")
    up_to_date(page)


@contextmanager
def relayed(scratch: Path) -> Iterator[tuple[Bench, Relay]]:
    with bench("demo", scratch, relay=Relay) as one:
        assert isinstance(one.server.relay, Relay)  # noqa: S101 - it was asked for
        one.phone("member")
        yield one, one.server.relay


def measure(scratch: Path, say: Callable[[str], None]) -> dict[str, float]:
    with relayed(scratch) as (one, relay):
        return {
            "hidden_requests": hidden(one, relay, say),
            "week_bytes": a_week(one, relay, say),
        }
