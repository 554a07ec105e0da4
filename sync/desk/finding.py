"""What somebody typed, found among what this device knows.

Nothing is ever chosen by a name alone when two share it (E-23): the answer is then
what to type instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

from sync.declined import Declined
from sync.desk import Desk
from sync.desk.groups import Group, Person
from sync.desk.notes import NoteEditor
from sync.desk.schedule import read_day, when_in_words
from sync.desk.sessions import Meeting

ID_LETTERS = 6
T = TypeVar("T")


def short(rec: bytes) -> str:
    """How an id is shown, and may be typed: its first letters in hex."""
    return rec.hex()[:ID_LETTERS]


def group(desk: Desk, typed: str) -> Group:
    """A group by its name, its code, or the beginning of its name."""
    return _one(
        "group", typed, desk.groups.all(), lambda g: f"{g.name} ({short(g.circle)})",
        [
            lambda g: typed.casefold() in (g.name.casefold(), g.code.casefold()),
            lambda g: g.name.casefold().startswith(typed.casefold()),
            lambda g: _is_id(g.circle, typed),
        ],
    )  # fmt: skip


def person(desk: Desk, circle: bytes, typed: str) -> Person:
    """Somebody on a roster by label, name, beginning of the name, or id."""
    wanted = typed.casefold()
    return _one(
        "person", typed, desk.groups.people(circle),
        lambda p: f"{p.label} ({short(p.person)})",
        [
            lambda p: p.label.casefold() == wanted,
            lambda p: str(p.item.fields["name"]).casefold() == wanted,
            lambda p: p.label.casefold().startswith(wanted),
            lambda p: _is_id(p.person, typed),
        ],
    )  # fmt: skip


def programme(desk: Desk, typed: str | None) -> bytes:
    """A programme that this account coordinates: by name, or the only one."""
    known = desk.programmes.coordinated()
    if typed is None and len(known) == 1:
        return known[0]
    if not known:
        raise Declined("there is no programme yet: enid programme create NAME")
    wanted = (typed or "").casefold()
    return _one(
        "programme", typed or "(none named)", known,
        lambda c: str(desk.programmes.fields(c).get("name", short(c))),
        [
            lambda c: desk.programmes.fields(c).get("name", "").casefold() == wanted,
            lambda c: bool(wanted) and _is_id(c, wanted),
        ],
    )  # fmt: skip


def meeting(desk: Desk, typed: str) -> Meeting:
    """A session: next, last, today, a day, its id, or its code; GROUP: before it."""
    name, _, rest = typed.rpartition(":")
    every = desk.sessions.of(group(desk, name).circle) if name else desk.sessions.all()
    now = desk.shelf.now
    if rest in ("next", "last"):
        coming = [m for m in every if m.ends_at > now and not m.cancelled]
        begun = [m for m in every if m.starts_at <= now and not m.cancelled]
        found = coming[:1] if rest == "next" else begun[-1:]
        if not found:
            raise Declined(f"there is no {rest} session")
        return found[0]
    on = _day(rest, now.date())
    return _one(
        "session", typed, every,
        lambda m: f"{short(m.rec)} {when_in_words(m.item.fields)} {m.group.name}",
        [
            lambda m: m.item.fields.get("code") == rest,
            lambda m: on is not None and m.on == on,
            lambda m: _is_id(m.rec, rest),
        ],
    )  # fmt: skip


def note(desk: Desk, typed: str) -> NoteEditor:
    """A note by its id or its title."""
    wanted = typed.casefold()
    return _one(
        "note", typed, list(desk.notes.all()), lambda n: f"{short(n.rec)} {n.title}",
        [
            lambda n: _is_id(n.rec, typed),
            lambda n: bool(n.title) and n.title.casefold() == wanted,
        ],
    )  # fmt: skip


def _day(typed: str, today: date) -> date | None:
    if typed == "today":
        return today
    try:
        return read_day(typed)
    except ValueError:
        return None


def _is_id(rec: bytes, typed: str) -> bool:
    return len(typed) >= 4 and rec.hex().startswith(typed.casefold())


def _one(
    what: str,
    typed: str,
    known: Iterable[T],
    label: Callable[[T], str],
    tests: Iterable[Callable[[T], bool]],
) -> T:
    """The only one that passes the first test that any passes."""
    every = list(known)
    for test in tests:
        found = [one for one in every if test(one)]
        if len(found) == 1:
            return found[0]
        if found:
            names = "; ".join(label(one) for one in found[:8])
            raise Declined(f"more than one {what} is called {typed}: {names}")
    raise Declined(f"no {what} is called {typed}")
