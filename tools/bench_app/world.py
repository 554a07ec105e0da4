"""People to measure the app with: `python -m tools.bench_app.world KIND FOLDER ORIGIN`.

`demo` is the product's demo whose leader has led for three years, so that 3,000 records
are on that phone; `year` is a coordinator who has taken in 41 groups from two
spreadsheets. Both are made by the production client. A process of its own: whoever
measures must not hold the server's code and memory.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from datetime import time as Clock
from pathlib import Path

from server import create_app, services_of, upgrade
from server.demo import words
from server.demo.__main__ import prepare
from server.demo.phones import Phones, open_phones
from sync.desk import Desk, Meeting
from sync.encoding import b64
from sync.programme_import import Importer

RECORDS = 3_000
OPENED = 2_000
YEARS_BACK = 3
REGISTERS_WEEKS = 26
SITTINGS = (Clock(13), Clock(17, 30))
NOTE = (
    "The one who would not go home. I kept looking at the clock and she saw me do it."
    " What was I afraid of? Ask the group what they do when a patient waits for them"
    " and not for the bed.\n\nAnd the son, who thanked me for nothing at all."
)
GROUPS, STUDENTS, SESSIONS = 41, 450, 533


@dataclass(frozen=True)
class Made:
    """What is told to whoever measures.

    Attributes:
        codes: recovery codes by role.
        session: the id of the next session, as in its address.
        people: who is on that session's list and is expected.
        records: how many contents the leader's, or coordinator's, phone will show.
    """

    codes: dict[str, str]
    session: str = ""
    people: tuple[str, ...] = ()
    records: int = 0


def main(kind: str, folder: Path, origin: str) -> None:
    """Make a world below a folder and tell of it in `made.json` there."""
    made = {"demo": make_demo, "year": make_year}[kind](folder, origin)
    (folder / "made.json").write_text(json.dumps(asdict(made)))


def read(folder: Path) -> Made:
    """What `main` has told."""
    told = json.loads((folder / "made.json").read_text())
    return Made(**(told | {"people": tuple(told["people"])}))


@contextlib.contextmanager
def phones_of(folder: Path, origin: str) -> Iterator[Phones]:
    """The phones of a server that is not running."""
    app = create_app(
        {
            "ENID_DATA": str(folder), "ENID_ORIGIN": origin, "DATABASE_URL": "",
            "SYNC_PER_MINUTE": 10**9,
        }
    )  # fmt: skip
    log = contextlib.redirect_stderr(io.StringIO())  # a line for each request
    with log, open_phones(app, folder / "homes", origin, time.time) as phones:
        upgrade(app)
        yield phones
    services_of(app).database.close()


# -- the demo, three years on ----------------------------------------------------------


def make_demo(folder: Path, origin: str) -> Made:
    """The demo; everybody is expected next time, and the leader has much behind her."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.redirect_stdout(io.StringIO()):
        prepare(folder, origin)
    with phones_of(folder, origin) as phones:
        leader = phones["leader"]
        circle = next(g.circle for g in leader.groups.all() if g.code == "demo-weekly")
        everybody_comes(phones, circle)
        settle(leader, circle)
        phones.sync()
        grow(leader, circle)
        phones.sync()
        fill(phones["writer"], OPENED - held(phones["writer"]))
        meeting = next_of(leader, circle)
        lines = leader.registers.show(meeting).lines
        codes = {
            name: desk.client.recovery_code() or ""
            for name, desk in phones.desks.items()
        }
        return Made(
            codes,
            b64(meeting.rec),
            tuple(n.label for n in lines if n.expected),
            count(leader),
        )


def next_of(desk: Desk, circle: bytes) -> Meeting:
    now = desk.shelf.now
    return next(
        m for m in desk.sessions.of(circle) if m.starts_at > now and not m.cancelled
    )


def everybody_comes(phones: Phones, circle: bytes) -> None:
    """No leave and no apology: twelve marks are twelve taps."""
    leader = phones["leader"]
    for person in leader.groups.people(circle):
        if person.is_away(leader.shelf.now.date()):
            phones["coordinator"].groups.change_person(circle, person.person, leave=())
    writer = phones["writer"]
    writer.apologies.send(next_of(leader, circle), withdraw=True)


def settle(leader: Desk, circle: bytes) -> None:
    """Nothing is open between the leaders, so the status line says when all is sent."""
    for shown in leader.registers.attendance(circle):
        for line in shown.differ:
            leader.registers.mark(shown.meeting, line.person, "here")


def grow(leader: Desk, circle: bytes) -> None:
    """Three years of sittings twice a week, and a note after each; then more notes."""
    first = leader.shelf.now.date() - timedelta(days=365 * YEARS_BACK)
    led_by = tuple(
        p.person for p in leader.groups.people(circle) if "leader" in p.roles
    )
    for week in range(52 * YEARS_BACK - 5):
        for start in SITTINGS:
            leader.sessions.add(
                circle, first + timedelta(weeks=week, days=start.hour % 4), start, 60,
                place="Seminar room 2", led_by=led_by,
            )  # fmt: skip
    past = [m for m in leader.sessions.of(circle) if m.starts_at < leader.shelf.now]
    for meeting in past[: len(SITTINGS) * REGISTERS_WEEKS]:
        leader.registers.fill_blanks(meeting)
        leader.registers.finish(meeting)
    leader.sync()
    fill(leader, RECORDS - count(leader))


def fill(desk: Desk, notes: int) -> None:
    """So many notes more."""
    for number in range(max(0, notes)):
        desk.notes.save(desk.notes.new(f"Week {number}"), f"{number}: {NOTE}")
        if number % 400 == 399:
            desk.sync()
    desk.sync()


def held(desk: Desk) -> int:
    """The versions that another phone of this account reads."""
    found = desk.client.store.one("SELECT count(*) FROM version")
    return int(found[0]) if found else 0


def count(desk: Desk) -> int:
    """The contents that this account's phone shows."""
    replica = desk.client.replica
    return sum(len(replica.heads(space)) for space in list(replica.spaces))


# -- a whole programme -----------------------------------------------------------------


def make_year(folder: Path, origin: str) -> Made:
    """450 students in 41 groups, 533 sessions, as the spreadsheets have them."""
    with phones_of(folder, origin) as phones:
        desk = phones.begin("coordinator")
        desk.personal.set_setting("name", words.COORDINATOR)
        programme = desk.programmes.begin(
            words.YEAR, code="bench-year", apologies_shown="leaders", late_minutes=10
        )
        files = folder / "year"
        files.mkdir()
        write_csv(files / "people.csv", people_rows())
        write_csv(files / "sessions.csv", session_rows(desk.shelf.now.date()))
        importer = Importer(desk, programme)
        importer.write(importer.read(files / "people.csv", files / "sessions.csv"))
        desk.sync()
        return Made(
            {"coordinator": desk.client.recovery_code() or ""}, records=count(desk)
        )


def people_rows() -> Iterator[tuple[str, ...]]:
    yield "id", "name", "group", "role"
    first, last = words.STUDENTS, [name.split()[-1] for name in words.STUDENTS]
    for n in range(STUDENTS):
        name = f"{first[n % 21].split()[0]} {last[n // 21 % 21]} {chr(65 + n // 441)}"
        yield f"{n:05}", name, f"Group {n % GROUPS + 1}", "member"
    for n in range(GROUPS):
        yield f"L{n}", f"Dr {last[n % 21]} {n}", f"Group {n + 1}", "leader"


def session_rows(today: date) -> Iterator[tuple[str, ...]]:
    yield "id", "group", "date", "start", "minutes", "place", "leaders"
    first = today - timedelta(days=today.weekday(), weeks=11)
    for n in range(SESSIONS):
        group, number = n % GROUPS, n // GROUPS
        on = first + timedelta(weeks=2 * number, days=group % 5)
        yield (
            f"s{n}", f"Group {group + 1}", on.isoformat(), "12:10", "50",
            f"Room {group}", f"L{group}",
        )  # fmt: skip


def write_csv(path: Path, rows: Iterator[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


if __name__ == "__main__":
    os.umask(0o077)
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
