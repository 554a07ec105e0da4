"""Attendance: sheets, the register they make, and statements (PROTOCOL 7).

A register is the union of all leaders' sheets for one session; nobody's mark is
dropped, and two leaders who differ are both shown. The rules of merging are
``sync.merge``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sync import merge
from sync.check import Space
from sync.desk.apologies import Apologies, Apology
from sync.desk.groups import Groups
from sync.desk.items import Item, is_of
from sync.desk.sessions import Meeting, Sessions
from sync.desk.shelf import LEADS, Shelf
from sync.envelope import RecordKey, parse_header
from sync.kinds import CircleKind, Role, Rule, SpaceKind
from sync.membership import Account
from sync.merge import Cell, Standing
from sync.records import Record
from sync.replica import Opened

MARKED_ROLES = frozenset({"member", "observer"})


@dataclass(frozen=True)
class Sheet:
    """One leader's cells for one session, all its heads joined.

    Attributes:
        account: whose sheet it is.
        base: ids of the heads; what its next version is written on.
        pending: whether something of it is not sent yet.
    """

    session: bytes
    account: bytes
    cells: tuple[Cell, ...] = ()
    visitors: tuple[tuple[bytes, str], ...] = ()
    finished: bool = False
    base: tuple[bytes, ...] = ()
    pending: bool = False


@dataclass(frozen=True)
class Line:
    """One person's line in a register.

    Attributes:
        by_value: for each value that stands, the names of those who marked it.
        expected: False during leave.
    """

    person: bytes
    label: str
    standing: Standing
    by_value: Mapping[str, tuple[str, ...]]
    apology: Apology | None
    visitor: bool
    expected: bool


@dataclass(frozen=True)
class Register:
    """One session's register as this device can show it."""

    meeting: Meeting
    lines: tuple[Line, ...]
    finished_by: tuple[str, ...]
    cells: tuple[Cell, ...]
    pending: bool

    @property
    def blank(self) -> tuple[Line, ...]:
        """Who is expected and not marked."""
        return tuple(
            line for line in self.lines
            if line.standing.state == "not_marked" and line.expected
        )  # fmt: skip

    @property
    def differ(self) -> tuple[Line, ...]:
        """About whom leaders disagree."""
        return tuple(line for line in self.lines if line.standing.state == "differ")


class Registers:
    """Taking and reading registers."""

    def __init__(
        self, shelf: Shelf, groups: Groups, sessions: Sessions, apologies: Apologies
    ) -> None:
        self.shelf, self.groups = shelf, groups
        self.sessions, self.apologies = sessions, apologies

    def show(self, meeting: Meeting) -> Register:
        """A session's register: all leaders' sheets joined, with apologies."""
        self.shelf.must_be(meeting.circle, LEADS, "see the register")
        sheets = self._sheets_of(meeting)
        cells, standing = _cells(sheets), merge.register(_cells(sheets))
        leaders = self.groups.account_labels(meeting.circle)
        authors = {c.dot: leaders.get(s.account, "?") for s in sheets for c in s.cells}
        roster = self._roster(meeting)
        guests = _guests(sheets, roster, standing)
        said = self.apologies.of(meeting)
        lines = [
            _line(person, label, standing.get(person, Standing()), authors,
                  said.get(person), person in guests, expected)
            for person, (label, expected) in {**roster, **guests}.items()
        ]  # fmt: skip
        finished = tuple(leaders.get(s.account, "?") for s in sheets if s.finished)
        pending = any(sheet.pending for sheet in sheets)
        return Register(meeting, tuple(lines), finished, cells, pending)

    def _roster(self, meeting: Meeting) -> dict[bytes, tuple[str, bool]]:
        """Label of each person who may be marked, and whether they are expected."""
        return {
            p.person: (p.label, not p.is_away(meeting.on))
            for p in self.groups.people(meeting.circle)
            if p.is_listed(meeting.on) and p.roles & MARKED_ROLES
        }

    def attendance(self, circle: bytes) -> list[Register]:
        """The register of every session that has begun and was not cancelled."""
        now = self.shelf.now
        return [
            self.show(meeting)
            for meeting in self.sessions.of(circle)
            if not meeting.cancelled and meeting.starts_at <= now
        ]

    # -- marking ----------------------------------------------------------

    def mark(self, meeting: Meeting, person: bytes, value: str) -> None:
        """Mark one person; it settles every mark that is on the screen for them."""
        cells = _cells(self._sheets_of(meeting))
        dot = self.shelf.client.random(8)
        self._add(meeting, [merge.mark(cells, person, value, dot)])

    def fill_blanks(self, meeting: Meeting, value: str = "here") -> int:
        """Mark everybody else, except who sent apologies or is on leave; how many."""
        shown = self.show(meeting)
        blank = [
            line.person for line in shown.blank
            if line.apology is None or line.apology.withdrawn
        ]  # fmt: skip
        dots = [self.shelf.client.random(8) for _ in blank]
        cells = merge.fill(shown.cells, blank, value, dots)
        if cells:
            self._add(meeting, cells)
        return len(cells)

    def add_visitor(
        self, meeting: Meeting, name: str, person: bytes | None = None
    ) -> bytes:
        """Somebody present who is not on the list; their id.

        Args:
            person: their id in the group they usually come to, if known (E-27).
        """
        person = person or self.shelf.new_id()
        mine = self._my_sheet(meeting)
        seen = _cells(self._sheets_of(meeting))
        cell = merge.mark(seen, person, "here", self.shelf.client.random(8))
        visitors = (*(v for v in mine.visitors if v[0] != person), (person, name))
        cells = (*mine.cells, cell)
        self._put(meeting.circle, replace(mine, visitors=visitors, cells=cells))
        return person

    def finish(self, meeting: Meeting) -> None:
        """Close one's own sheet, and tell each person what it says about them."""
        with self.shelf.store.write():
            sheet = replace(self._my_sheet(meeting), finished=True)
            self._put(meeting.circle, sheet)
            self._write_statements(meeting.circle)

    def _my_sheet(self, meeting: Meeting) -> Sheet:
        self.shelf.must_be(meeting.circle, LEADS, "take the register")
        account, sheets = self.shelf.account, self._sheets_of(meeting)
        mine = (sheet for sheet in sheets if sheet.account == account)
        return next(mine, Sheet(meeting.rec, account))

    def _add(self, meeting: Meeting, cells: Iterable[Cell]) -> None:
        mine = self._my_sheet(meeting)
        with self.shelf.store.write():
            self._put(meeting.circle, replace(mine, cells=(*mine.cells, *cells)))
            if mine.finished:  # a correction (E-22)
                self._write_statements(meeting.circle)

    def _put(self, circle: bytes, sheet: Sheet) -> None:
        fields: dict[str, Any] = {
            "session": sheet.session, "cells": sheet.cells, "finished": sheet.finished
        }  # fmt: skip
        if sheet.visitors:
            fields["visitors"] = dict(sheet.visitors)
        register, rec = (
            Space(circle, SpaceKind.REGISTER),
            self.shelf.own_rec(b"sheet", sheet.session),
        )
        self.shelf.put(register, Rule.OWN, rec, "sheet", fields, sheet.base)

    # -- sheets -----------------------------------------------------------

    def _sheets_of(self, meeting: Meeting) -> list[Sheet]:
        every = self._sheets(meeting.circle)
        return [sheet for sheet in every if sheet.session == meeting.rec]

    def _sheets(self, circle: bytes) -> list[Sheet]:
        held = self.shelf.held(circle, SpaceKind.REGISTER)
        overlay = self.shelf.client.outbox.overlay(held) if held else {}
        return sheets(overlay)

    # -- statements -------------------------------------------------------

    def write_all_statements(self) -> None:
        """Tell whoever has joined since, in every group that this account leads."""
        for circle in self.shelf.circles(CircleKind.GROUP):
            self._write_statements(circle)

    def _write_statements(self, circle: bytes) -> None:
        """Put into each thread what this leader's finished sheets say of its person."""
        if not self.shelf.roles(circle) & Role.LEADER:
            return
        mine = [
            s for s in self._sheets(circle)
            if s.finished and s.account == self.shelf.account
        ]  # fmt: skip
        membership = self.shelf.membership(circle)
        for person in sorted({cell.person for sheet in mine for cell in sheet.cells}):
            account = membership.acting(person)
            if account:
                self._write_statements_to(circle, account, mine)

    def _write_statements_to(
        self, circle: bytes, account: Account, mine: list[Sheet]
    ) -> None:
        thread = Space(circle, SpaceKind.THREAD, account.person)
        said = {
            item.fields["session"]: item
            for item in self.shelf.items(thread, "statement")
            if item.account == self.shelf.account
        }
        for sheet in mine:
            cells = merge.statement_cells(sheet.cells, account.person)
            old = said.get(sheet.session)
            if cells and not self._is_told(thread, old, cells, account):
                rec = self.shelf.own_rec(b"statement", sheet.session, account.person)
                fields = {"session": sheet.session, "person": account.person,
                          "cells": cells}  # fmt: skip
                base = old.base if old else ()
                self.shelf.put(thread, Rule.OWN, rec, "statement", fields, base)

    def _is_told(
        self, thread: Space, old: Item | None, cells: tuple[Cell, ...], to: Account
    ) -> bool:
        """Said already, under an epoch whose key the account was given.

        An account that joined later, a second one for a person too, was given none
        of the older keys of a thread.
        """
        if old is None or old.differ or old.fields["cells"] != cells:
            return False
        held = self.shelf.replica.spaces[thread.id]
        given = {b.mark.number for b in held.ring.begun if to.id in b.entry.accounts}
        rows = [
            self.shelf.store.one(
                "SELECT header FROM version WHERE space = ? AND id = ?", held.id, head
            )
            for head in old.base
        ]
        return all(parse_header(row[0]).epoch in given for row in rows if row)

    def mine(self, circle: bytes) -> dict[bytes, Standing]:
        """What one's leaders say about oneself, by session."""
        person = self.shelf.person_in(circle)
        cells: dict[bytes, set[Cell]] = {}
        thread = Space(circle, SpaceKind.THREAD, person)
        for item in self.shelf.items(thread, "statement"):
            if item.fields["person"] == person:
                said = cells.setdefault(item.fields["session"], set())
                for told in (item.fields["cells"], *item.differ.get("cells", ())):
                    said.update(told)
        return {
            session: merge.register(found).get(person, Standing())
            for session, found in cells.items()
        }


def sheets(overlay: Mapping[RecordKey, list[Opened]]) -> list[Sheet]:
    """All sheets of a register space, one for each leader and session."""
    heads = [h for found in overlay.values() for h in found if is_of(h, "sheet")]
    by_owner: dict[tuple[bytes, bytes], list[tuple[Opened, Mapping[str, Any]]]] = {}
    for head in sorted(heads, key=lambda h: h.id):
        if isinstance(head.content, Record):
            fields = head.content.fields
            owner = (fields["session"], head.account)
            by_owner.setdefault(owner, []).append((head, fields))
    return [
        Sheet(
            *owner,
            tuple(sorted({cell for _, fields in found for cell in fields["cells"]})),
            tuple(sorted({v for _, f in found for v in f.get("visitors", {}).items()})),
            any(fields["finished"] for _, fields in found),
            tuple(head.id for head, _ in found),
            any(head.pending for head, _ in found),
        )
        for owner, found in sorted(by_owner.items())
    ]


def _cells(sheets: Iterable[Sheet]) -> tuple[Cell, ...]:
    return tuple(sorted({cell for sheet in sheets for cell in sheet.cells}))


def _guests(
    sheets: Iterable[Sheet], roster: Mapping[bytes, Any], marked: Iterable[bytes]
) -> dict[bytes, tuple[str, bool]]:
    """Visitors, and whoever was marked and is no longer on the roster."""
    names = dict.fromkeys(marked, "(no longer on the list)")
    names |= {person: name for sheet in sheets for person, name in sheet.visitors}
    return {p: (name, True) for p, name in names.items() if p not in roster}


def _line(
    person: bytes, label: str, standing: Standing, authors: Mapping[bytes, str],
    apology: Apology | None, visitor: bool, expected: bool,
) -> Line:  # fmt: skip
    by_value = {
        value: tuple(
            sorted({authors[c.dot] for c in standing.cells if c.value == value})
        )
        for value in standing.values
    }
    return Line(person, label, standing, by_value, apology, visitor, expected)
