"""Building the demo, once, through the client: so with real keys (requirements 4)."""

from __future__ import annotations

import csv
import random
from datetime import date, time, timedelta
from pathlib import Path

from server.demo import words
from server.demo.phones import Phones
from sync.desk import Desk
from sync.kinds import Role
from sync.programme_import import Importer, write_codes

SITTINGS = ((1, time(13), "Tuesday 1pm"), (3, time(17, 30), "Thursday 5:30pm"))
WEEKS_BEFORE, WEEKS_AFTER = 4, 8
LINK = "https://meet.example.org/doctors"
FORTNIGHTS_BEFORE, FORTNIGHTS = 6, 13


def build(phones: Phones, folder: Path) -> None:
    """Make both programmes."""
    desk = phones.begin("coordinator")
    desk.personal.set_setting("name", words.COORDINATOR)
    _doctors(phones, desk)
    _students(desk, folder)
    phones.sync()


def _doctors(phones: Phones, desk: Desk) -> None:
    """Two linked sittings a week, as in Sussex: one group, 12 members, 2 leaders."""
    programme = desk.programmes.begin(
        words.PROGRAMME, code="demo-weekly", group_word="Balint group", late_minutes=10,
        min_present=5, purpose=words.PURPOSE, help=words.HELP,
    )  # fmt: skip
    circle = desk.groups.begin(
        words.GROUP, words.COORDINATOR, Role.COORDINATOR, programme, "demo-weekly"
    )
    desk.board.write_rules(
        circle, words.RULES, title="What we agreed", code="rules.doctor.v1"
    )
    people = {
        (name, mark): desk.groups.add_person(circle, name, mark)
        for name, mark in words.MEMBERS
    }
    leaders = {
        name: desk.groups.add_person(circle, name, roles=Role.LEADER)
        for name in (words.LEADER, words.CO_LEADER)
    }
    today = desk.shelf.now.date()
    desk.groups.change_person(
        circle, people[words.ON_LEAVE, None],
        leave=({"first_on": today - timedelta(days=20)},),
    )  # fmt: skip
    first = today - timedelta(weeks=WEEKS_BEFORE)
    plan_weeks(desk, circle, first, today + timedelta(weeks=WEEKS_AFTER))
    seats = {
        "leader": (leaders[words.LEADER], Role.LEADER),
        "co-leader": (leaders[words.CO_LEADER], Role.LEADER),
        "member": (people[words.MEMBER, None], Role.MEMBER),
        "writer": (people[words.WRITER, None], Role.MEMBER),
    }
    for name, (person, role) in seats.items():
        phones.join(name, "coordinator", circle, person, role)
    phones.sync()
    phones["leader"].groups.confirm(circle, leaders[words.CO_LEADER])
    phones["co-leader"].groups.confirm(circle, leaders[words.LEADER])
    phones["member"].board.agree(circle)


def plan_weeks(desk: Desk, circle: bytes, first: date, last: date) -> None:
    """Plan the weekly sittings from a day to a day that are not there yet."""
    planned = {(m.on, m.item.fields["start"]) for m in desk.sessions.of(circle)}
    led_by = tuple(p.person for p in desk.groups.people(circle) if "leader" in p.roles)
    for day in range((last - first).days + 1):
        on = first + timedelta(days=day)
        for weekday, start, series in SITTINGS:
            if on.weekday() == weekday and (on, start) not in planned:
                desk.sessions.add(
                    circle, on, start, 60, series=series, place="Seminar room 2",
                    link=LINK, led_by=led_by,
                )  # fmt: skip


def _students(desk: Desk, folder: Path) -> None:
    """A small year of students, taken in from two spreadsheets."""
    programme = desk.programmes.begin(
        words.YEAR, code="demo-year", apologies_shown="leaders", late_minutes=10,
        min_present=5,
    )  # fmt: skip
    files = folder / "year"
    files.mkdir(exist_ok=True)
    _write(files / "people.csv", _student_rows())
    _write(files / "sessions.csv", _session_rows(desk.shelf.now.date()))
    importer = Importer(desk, programme)
    importer.write(importer.read(files / "people.csv", files / "sessions.csv"))
    desk.sync()
    write_codes(desk, files)
    _fill_year(desk, importer)


def _student_rows() -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("id", "name", "mark", "group", "role", "email")]
    for place, name in enumerate(words.STUDENTS):
        group = "Group 1" if place < 11 else "Group 2"
        rows.append((f"{place + 1:04}", name, "", group, "member", ""))
    for place, name in enumerate(words.STUDENT_LEADERS):
        rows.append(
            (f"L{place + 1}", name, "", f"Group {place // 2 + 1}", "leader", "")
        )
    return rows


def _session_rows(today: date) -> list[tuple[str, ...]]:
    head = ("id", "group", "date", "start", "minutes", "place", "leaders")
    rows: list[tuple[str, ...]] = [head]
    days_to_tuesday = (1 - today.weekday()) % 7
    first = today + timedelta(days=days_to_tuesday, weeks=-2 * FORTNIGHTS_BEFORE)
    for group, leaders in ((1, "L1 L2"), (2, "L3 L4")):
        for number in range(FORTNIGHTS):
            on = first + timedelta(weeks=2 * number)
            rows.append(
                (f"g{group}-{number + 1}", f"Group {group}", on.isoformat(), "12:10",
                 "50", f"Room {group + 2}.14", leaders)
            )  # fmt: skip
    return rows


def _write(path: Path, rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows(rows)


def _fill_year(desk: Desk, importer: Importer) -> None:
    """Past registers, all but the last, roughly as attendance is (requirements 4.4)."""
    for code, circle in importer.circle_by_code.items():
        chance = random.Random(code)  # noqa: S311 - the same demo for everybody
        past = [m for m in desk.sessions.of(circle) if m.ends_at < desk.shelf.now]
        for meeting in past[:-1]:
            for line in desk.registers.show(meeting).lines:
                value = chance.choices(("late", "absent", "apology_before"), (4, 2, 6))[
                    0
                ]
                if chance.random() < 0.12:
                    desk.registers.mark(meeting, line.person, value)
            desk.registers.fill_blanks(meeting)
            desk.registers.finish(meeting)
