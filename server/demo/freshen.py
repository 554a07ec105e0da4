"""Keeping the demo fresh: on every start, whatever day it is (reference/app.md).

Each function makes sure of one thing that a visitor should find, through the
client, and writes nothing when it is there already.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from server.demo import words
from server.demo.build import LINK, plan_weeks
from server.demo.phones import Phones
from sync.desk import Meeting
from sync.desk.schedule import LONDON, zone

SOON = (timedelta(minutes=15), timedelta(minutes=20))
RECENT = timedelta(days=28)
WEEK = timedelta(days=7)


def freshen(phones: Phones, circle: bytes) -> None:
    """Everything that a visitor should find today."""
    phones.sync(1)
    desk, now = phones["leader"], phones["leader"].shelf.now
    plan_weeks(desk, circle, now.date() - timedelta(days=9), now.date() + 3 * WEEK)
    _one_starts_soon(phones, circle)
    phones.sync(1)
    _leaders_disagree_once(phones, circle)
    _one_register_is_missing(phones, circle)
    _older_registers_are_finished(phones, circle)
    phones.sync(1)
    _apologies(phones, circle)
    _one_change_is_unread(phones, circle)
    _one_note(phones)
    phones.sync()


def now_of(phones: Phones) -> datetime:
    """This moment."""
    return phones["leader"].shelf.now


def _coming(phones: Phones, circle: bytes) -> list[Meeting]:
    now = now_of(phones)
    return [m for m in phones.meetings("leader", circle) if m.starts_at > now]


def _past(phones: Phones, circle: bytes) -> list[Meeting]:
    """Recent sessions that are over, newest first."""
    now = now_of(phones)
    past = phones.meetings("leader", circle)
    return [m for m in reversed(past) if m.ends_at < now < m.ends_at + RECENT]


def _is_missing(phones: Phones, meeting: Meeting) -> bool:
    return not phones["leader"].registers.show(meeting).cells


def _one_starts_soon(phones: Phones, circle: bytes) -> None:
    now = now_of(phones)
    if not any(
        SOON[0] <= m.starts_at - now <= SOON[1] for m in _coming(phones, circle)
    ):
        _add(phones, circle, now + timedelta(minutes=18), 60)


def _add(phones: Phones, circle: bytes, at: datetime, minutes: int) -> None:
    here, desk = at.astimezone(zone(LONDON)), phones["leader"]
    led_by = tuple(p.person for p in desk.groups.people(circle) if "leader" in p.roles)
    desk.sessions.add(
        circle, here.date(), here.time().replace(second=0, microsecond=0, tzinfo=None),
        minutes, place="Seminar room 2", link=LINK, led_by=led_by,
    )  # fmt: skip


def _leaders_disagree_once(phones: Phones, circle: bytes) -> None:
    past = _past(phones, circle)
    if any(phones["leader"].registers.show(m).differ for m in past):
        return
    blank = [m for m in past[1:] if _is_missing(phones, m)]
    if not blank:
        _add(phones, circle, now_of(phones) - timedelta(days=2), 60)
        phones.sync(1)
        blank = [m for m in _past(phones, circle) if _is_missing(phones, m)]
    meeting = blank[min(1, len(blank) - 1)]  # the newest of them is last week's
    tom = next(
        p.person for p in phones["leader"].groups.people(circle)
        if p.label.startswith("Tom")
    )  # fmt: skip
    for name, value in (("leader", "here"), ("co-leader", "late")):  # apart, offline
        desk = phones[name]
        desk.registers.mark(meeting, tom, value)
        desk.registers.fill_blanks(meeting)
        desk.registers.finish(meeting)
    phones.sync()


def _one_register_is_missing(phones: Phones, circle: bytes) -> None:
    if not any(_is_missing(phones, m) for m in _past(phones, circle)):
        _add(phones, circle, now_of(phones) - timedelta(days=1, hours=1), 60)
        phones.sync(1)


def _older_registers_are_finished(phones: Phones, circle: bytes) -> None:
    """All but the newest that is missing: a leader who is nearly up to date."""
    desk = phones["leader"]
    missing = [m for m in _past(phones, circle) if _is_missing(phones, m)]
    for place, meeting in enumerate(missing[1:]):
        lines = [n.person for n in desk.registers.show(meeting).lines if n.expected]
        late, absent = lines[place % len(lines)], lines[(place + 4) % len(lines)]
        desk.registers.mark(meeting, late, "late")
        desk.registers.mark(meeting, absent, "apology_before")
        desk.registers.fill_blanks(meeting)
        desk.registers.finish(meeting)


def _apologies(phones: Phones, circle: bytes) -> None:
    """One with a reason for the next session; one withdrawn for the one after."""
    coming = _coming(phones, circle)[:2]
    for name, meeting, withdrawn in zip(
        ("writer", "member"), coming, (False, True), strict=False
    ):
        desk = phones[name]
        me = desk.shelf.person_in(circle)
        if me not in desk.apologies.of(meeting):
            desk.apologies.send(meeting, None if withdrawn else words.REASON)
            desk.sync()
            if withdrawn:
                desk.apologies.send(meeting, withdraw=True)
                desk.sync()


def _one_change_is_unread(phones: Phones, circle: bytes) -> None:
    desk, coming = phones["member"], _coming(phones, circle)[:3]
    known = {m.rec: m for m in desk.sessions.of(circle)}
    if any(
        m.rec in known and desk.personal.unread_changes(known[m.rec]) for m in coming
    ):
        return
    meeting = coming[-1]
    place = meeting.item.fields.get("place")
    other = "Library, first floor" if place == "Seminar room 2" else "Seminar room 2"
    phones["leader"].sessions.change(circle, meeting.rec, place=other)


def _one_note(phones: Phones) -> None:
    notes = phones["member"].notes
    if not any(True for _ in notes.all()):
        notes.save(notes.new("What stayed with me"), words.NOTE)
