"""The people of the stories: a group with real keys, its server, and their phones.

Priya and Sam lead, Chloe is a member with the app, Alex coordinates; the others of the
twelve have no app. The group is made once, through the Python client; each story gets
the server and the homes as they stood then.
"""

from __future__ import annotations

import io
import re
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Playwright

from server import create_app, services_of, upgrade
from server.demo.phones import Phones, open_phones
from sync.desk import Desk
from sync.desk.schedule import LONDON, zone
from sync.encoding import b64
from sync.home import open_home
from sync.http import HttpTransport
from sync.kinds import Role
from tests.e2e.needles import Haystack, forms_of_word
from tests.pwa.builds import AppServer
from tests.pwa.phone import Phone

LEADER, CO_LEADER, MEMBER, COORDINATOR = "leader", "co-leader", "member", "coordinator"
NAMES = {
    LEADER: "Priya Shah", CO_LEADER: "Sam Osei", MEMBER: "Chloe Adeyemi",
    COORDINATOR: "Alex Rowe",
}  # fmt: skip
WITHOUT_APP = (
    "Ben Whitlock", "Catrin Llwyd", "Dev Patel", "Eilidh Fraser", "Farah Siddiqui",
    "George Mensah", "Hana Kovács", "Imogen Vale", "Li Wei", "Mohammed Ali Khan",
    "Tom O’Neill",
)  # fmt: skip
GROUP = "Tuesdays at one"
# A register can be taken from half an hour before, and all the stories take less.
STARTS_IN = timedelta(minutes=25)
RULES = ("What is said here stays here.", "Come as often as your rota lets you.")
HELP = ({"name": "Samaritans", "reach": "116 123", "hours": "always"},)
CANARY = re.compile(r"Kanarie[0-9a-f]{12}")


def word() -> str:
    """A word that nobody else uses."""
    return f"Kanarie{secrets.token_hex(6)}"


@dataclass(frozen=True)
class Made:
    """The group as it was made.

    Attributes:
        session: path of the session that starts soon.
        codes: recovery codes by role.
        joining: an invitation that nobody has used yet.
    """

    folder: Path
    circle: bytes
    session: str
    codes: dict[str, str]
    joining: str


def make(folder: Path, origin: str) -> Made:
    """Make the group, through the client and the server's own code."""
    app = create_app(
        {
            "ENID_DATA": str(folder / "server"), "ENID_ORIGIN": origin,
            "DATABASE_URL": "", "SYNC_PER_MINUTE": 10**9,
        }
    )  # fmt: skip
    upgrade(app)
    log = redirect_stderr(io.StringIO())  # a line for each request
    with log, open_phones(app, folder / "homes", origin, time.time) as phones:
        made = _made(folder, phones)
    services_of(app).database.close()
    return made


def _made(folder: Path, phones: Phones) -> Made:
    desk = phones.begin(COORDINATOR)
    programme = desk.programmes.begin("Doctors", late_minutes=10, help=HELP)
    circle = desk.groups.begin(GROUP, NAMES[COORDINATOR], Role.COORDINATOR, programme)
    desk.board.write_rules(circle, RULES, title="What we agreed", code="rules.v1")
    roles = {LEADER: Role.LEADER, CO_LEADER: Role.LEADER, MEMBER: Role.MEMBER}
    people = {
        name: desk.groups.add_person(circle, NAMES[name], roles=role)
        for name, role in roles.items()
    }
    others = {name: desk.groups.add_person(circle, name) for name in WITHOUT_APP}
    leaders = (people[LEADER], people[CO_LEADER])
    now = datetime.now(zone(LONDON)) + STARTS_IN
    for at in (now, now + timedelta(days=7), now + timedelta(days=14)):
        add_session(desk, circle, at, "Room 4", leaders)
    for name, role in roles.items():
        phones.join(name, COORDINATOR, circle, people[name], role)
    phones.sync()
    phones[LEADER].groups.confirm(circle, people[CO_LEADER])
    phones[CO_LEADER].groups.confirm(circle, people[LEADER])
    phones[MEMBER].board.agree(circle)
    invitation = desk.places.invite(circle, others["Ben Whitlock"], Role.MEMBER)
    phones.sync()
    codes = {name: phones[name].client.recovery_code() or "" for name in NAMES}
    session = phones.meetings(LEADER, circle)[0]
    return Made(folder, circle, f"/s/{b64(session.rec)}", codes, invitation.code)


def add_session(
    desk: Desk, circle: bytes, at: datetime, place: str, led_by: tuple[bytes, ...] = ()
) -> None:
    """Plan an hour of the group."""
    start = at.time().replace(second=0, microsecond=0, tzinfo=None)
    desk.sessions.add(circle, at.date(), start, 60, place=place, led_by=led_by)


@dataclass(repr=False)
class Table:
    """One story: the group, its server, and the phones that take part."""

    playwright: Playwright
    folder: Path
    made: Made
    server: AppServer
    phones: list[Phone] = field(default_factory=list)

    @property
    def register(self) -> str:
        return f"{self.made.session}/register"

    def phone(self, name: str = "phone", **how: object) -> Phone:
        """A phone that has never been here."""
        place = self.folder / "phones" / f"{name} {len(self.phones)}"
        phone = Phone(self.playwright.chromium, place, self.server.origin, **how)  # type: ignore[arg-type]
        self.phones.append(phone)
        return phone

    def opened(self, name: str, path: str = "/today", **how: object) -> Phone:
        """A phone of somebody in the group, with everything on it."""
        phone = self.phone(name, **how).open("/open")
        phone.type("Your recovery code", self.made.codes[name])
        phone.tap("Open").sees(
            re.compile(r"Room \d"), re.compile("Up to date|clock looks wrong")
        )
        phone.installed().settled()
        return phone if path == "/today" else phone.open(path)

    def session_now(self, place: str) -> None:
        """Somebody adds a session that starts at this moment."""
        with self.desk(COORDINATOR) as desk:
            at = desk.shelf.now.astimezone(zone(LONDON))
            add_session(desk, self.made.circle, at, place)

    def wait(self, time: timedelta) -> None:
        """Let time pass: for the server at once, for a phone as it is opened again."""
        self.server.kill()
        self.server.ahead = time
        self.server.start()
        for phone in self.phones:
            phone.ahead = time

    @contextmanager
    def desk(self, name: str) -> Iterator[Desk]:
        """Somebody's computer with the command line."""
        transport = HttpTransport(self.server.origin)
        place, ahead = self.folder / "homes" / name, self.server.ahead.total_seconds()
        with open_home(place, lambda _: transport, lambda: time.time() + ahead) as home:
            desk = Desk(home.client())
            desk.sync()
            yield desk
            desk.sync()
        transport.close()

    def sql(self, statement: str) -> None:
        """As whoever has the server's disk may."""
        with closing(sqlite3.connect(self.server.database, timeout=30)) as connection:
            connection.execute(statement)
            connection.commit()

    # -- what holds in every story ----------------------------------------------------

    def nothing_was_refused(self) -> None:
        """No policy was broken and nothing was thrown, on any phone."""
        faults = [fault for phone in self.phones for fault in phone.faults]
        assert not faults, "\n".join(faults)

    def nothing_leaked(self) -> None:
        """No word that was typed is in a file, a log, a header or a request."""
        typed = {w for p in self.phones for t in p.typed for w in CANARY.findall(t)}
        found = Haystack()
        found.add_folder(self.server.log.parent)
        for phone in self.phones:
            found.add(
                f"requests of {phone.profile.name}", "\n".join(phone.said).encode()
            )
        leaks = found.find({each: forms_of_word(each) for each in typed})
        assert not leaks, "\n".join(leaks)


@contextmanager
def table(
    playwright: Playwright, folder: Path, made: Made, app: Path, port: int
) -> Iterator[Table]:
    """Lay the table for one story, and look at what it left."""
    place = folder / "server"
    shutil.copytree(made.folder / "server", place / "data")
    shutil.copytree(made.folder / "homes", folder / "homes")
    server = AppServer(place, port)
    server.app = app
    one = Table(playwright, folder, made, server)
    try:
        server.start()
        yield one
        one.nothing_was_refused()
    finally:
        for phone in one.phones:
            phone.close()
        server.kill()
    one.nothing_leaked()
