"""Python's desk and the app read and write the same records alike.

A seed decides who does what next, by which of the two, and who finds a network. After
each act both are asked what they show of what that device holds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sync.desk import Desk, Meeting
from sync.encoding import b64
from sync.kinds import Role
from sync.merge import VALUES
from tests.desks import ONE, TUESDAY, Balint, group
from tests.pwa.desk_twin import Twin, shown, twin

STEPS = 30
# Two days before the first session, and the day after it.
BEFORE, AFTER = 1_800_000_000 + 2 * 86_400, 1_800_000_000 + 5 * 86_400
MARKED = ("Chloe", "Li Wei", "Siân Ó Briain-Okafor")
TEXTS = ("One.\n\nTwo.", "One.\n\nZwei.", "Eins.\n\nTwo.", "Three.")

# What is asked of the app, and the same at the desk.
Act = tuple[tuple[str | None, ...], Callable[[], Any]]


@pytest.fixture(scope="module")
def app() -> Iterator[Twin]:
    with twin() as found:
        yield found


# What a member does


def apologise(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    why = chance.choice((None, "Ill"))
    send = desk.apologies.send
    return ("apologise", b64(meeting.rec), why), lambda: send(meeting, why)


def withdraw(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    send = desk.apologies.send
    return ("withdraw", b64(meeting.rec)), lambda: send(meeting, withdraw=True)


def agree(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    def by_desk() -> None:
        if desk.board.rules(meeting.circle):
            desk.board.agree(meeting.circle)

    return ("agree",), by_desk


def sit(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    where = chance.choice((meeting.rec, None))
    choose = desk.apologies.choose_sitting
    asked = ("sit", TUESDAY.isoformat(), b64(where) if where else None)
    return asked, lambda: choose(meeting.circle, TUESDAY, where)


def keep_setting(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    name, value = chance.choice(("theme", "text")), chance.choice("abc")
    return ("set", name, value), lambda: desk.personal.set_setting(name, value)


def see(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    return ("see", b64(meeting.rec)), lambda: desk.personal.mark_seen(meeting)


def write_note(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    text, notes = chance.choice(TEXTS), desk.notes
    return ("note", "Title", text), lambda: notes.save(notes.new("Title"), text)


def edit_note(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    there, text = list(desk.notes.all()), chance.choice(TEXTS)
    if not there:
        return write_note(desk, meeting, chance)
    note = chance.choice(there)
    asked = ("edit", b64(note.rec), text)
    return asked, lambda: desk.notes.save(note, text, "Edited")


# What a leader does


def mark(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    people = {p.label: p.person for p in desk.groups.people(meeting.circle)}
    person, value = people[chance.choice(MARKED)], chance.choice(VALUES)
    asked = ("mark", b64(meeting.rec), b64(person), value)
    return asked, lambda: desk.registers.mark(meeting, person, value)


def fill(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    return ("fill", b64(meeting.rec)), lambda: desk.registers.fill_blanks(meeting)


def add_visitor(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    add = desk.registers.add_visitor
    return ("visitor", b64(meeting.rec), "Guest"), lambda: add(meeting, "Guest")


def finish(desk: Desk, meeting: Meeting, chance: random.Random) -> Act:
    return ("finish", b64(meeting.rec)), lambda: desk.registers.finish(meeting)


MEMBER = (apologise, withdraw, agree, sit, keep_setting, see, write_note, edit_note)
LEADER = (mark, mark, mark, mark, fill, add_visitor, finish)


def at_the_desk(desk: Desk, meeting: Meeting, chance: random.Random) -> None:
    """What a leader of this version does with the Python client only."""
    circle, place = meeting.circle, chance.choice(("Room 4", "Room 5"))
    minutes = chance.choice((50, 60))
    chance.choice(
        (
            lambda: desk.sessions.change(circle, meeting.rec, place=place),
            lambda: desk.sessions.change(circle, meeting.rec, minutes=minutes),
            lambda: desk.board.write_rules(circle, ["It stays here."]),
            lambda: desk.board.write_notice(circle, place),
        )
    )()


def play(app: Twin, us: Balint, chance: random.Random) -> None:
    name = chance.choice(("priya", "sam", "chloe"))
    desk = us[name]
    meeting = chance.choice(desk.sessions.of(us.circle))
    dice = chance.random()
    if dice < 0.3:
        desk.sync()
    elif dice < 0.4 and name != "chloe":
        at_the_desk(desk, meeting, chance)
    else:
        make = chance.choice(MEMBER if name == "chloe" else LEADER)
        question, by_desk = make(desk, meeting, chance)
        if chance.random() < 0.5:
            app.act(
                desk, *question, tab=chance.choice((bytes(16), b"another tab 0123"))
            )
        else:
            by_desk()


# What both show


def agree_on(app: Twin, us: Balint) -> None:
    """Both show the same on each device."""
    for name in ("priya", "sam", "chloe"):
        desk = us[name]
        assert list(differences(app.ask(desk, "show"), shown(desk))) == [], name


def differences(app: Any, desk: Any, path: str = "") -> Iterator[str]:
    """Where two answers differ: the place, the app's value, the desk's."""
    if isinstance(app, dict) and isinstance(desk, dict) and app.keys() == desk.keys():
        for key in app:
            yield from differences(app[key], desk[key], f"{path}.{key}")
    elif isinstance(app, list) and isinstance(desk, list) and len(app) == len(desk):
        for place, (one, other) in enumerate(zip(app, desk, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif app != desk:
        yield f"{path}: {app!r} in the app, {desk!r} at the desk"


def balint() -> Balint:
    us = group(group_word="Balint group")
    us["alex"].sessions.add(us.circle, TUESDAY.replace(day=26), ONE)
    us.add(MARKED[-1], Role.MEMBER)
    us.meet()
    us.world.time = BEFORE
    return us


@pytest.mark.parametrize("seed", range(4))
def test_desk_and_app_show_the_same_whoever_wrote_it(app: Twin, seed: int) -> None:
    us, chance = balint(), random.Random(seed)
    for step in range(STEPS):
        if step == STEPS // 2:
            us.world.time = AFTER
        play(app, us, chance)
        agree_on(app, us)
    us.meet()
    agree_on(app, us)


@pytest.mark.parametrize("name", ["priya", "chloe"])
def test_desk_goes_on_with_the_very_records_that_the_app_wrote(
    app: Twin, name: str
) -> None:
    us, chance = balint(), random.Random(1)
    desk = us[name]
    meeting = us.session(name)
    for make in (mark, finish) if name == "priya" else (apologise, sit, keep_setting):
        question, by_desk = make(desk, meeting, chance)
        written = app.act(desk, *question)
        assert written
        desk.sync()
        by_desk()
        bases = [row.intent.base for row in desk.client.outbox.rows()]
        assert all(bases), "each is written on what the app wrote"
        desk.sync()
