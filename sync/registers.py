"""What a register says, read from sheets and apologies (PROTOCOL 7).

A register is the union of all leaders' sheets for one session; nobody's mark is
dropped, and two leaders who differ are both shown. The rules of merging are
``sync.merge``'s; this module finds the cells and puts names beside them. It reads
only; ``sync.desk`` writes sheets and statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync import merge
from sync.envelope import RecordKey
from sync.items import is_of
from sync.merge import Cell, Standing
from sync.records import Record
from sync.replica import Opened


@dataclass(frozen=True)
class Sheet:
    """One leader's cells for one session, all their heads joined.

    Attributes:
        account: whose sheet it is.
        base: ids of its heads; what its next version is written on.
        pending: whether something of it is not sent yet.
    """

    session: bytes
    account: bytes
    cells: tuple[Cell, ...] = ()
    visitors: Mapping[bytes, str] = field(default_factory=dict)
    finished: bool = False
    base: tuple[bytes, ...] = ()
    pending: bool = False

    def fields(self) -> dict[str, Any]:
        """The record's fields."""
        visitors = {"visitors": self.visitors} if self.visitors else {}
        return {
            "session": self.session,
            "cells": self.cells,
            "finished": self.finished,
            **visitors,
        }


@dataclass(frozen=True)
class Apology:
    """What a member said about not coming, as it now stands (E-08, E-09).

    Attributes:
        in_time: written before the session began, by the writer's own clock.
        reason: only where the reader may see it, and one was given.
    """

    written_at: datetime
    in_time: bool
    withdrawn: bool
    reason: str | None = None


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
    apology: Apology | None = None
    visitor: bool = False
    expected: bool = True


@dataclass(frozen=True)
class Register:
    """One session's register as this device can show it."""

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


def sheets(overlay: Mapping[RecordKey, list[Opened]]) -> list[Sheet]:
    """All sheets of a register space, one for each leader and session."""
    heads = [h for found in overlay.values() for h in found if is_of(h, "sheet")]
    by_owner: dict[tuple[bytes, bytes], list[Opened]] = {}
    for head in heads:
        owner = (_fields(head)["session"], head.account)
        by_owner.setdefault(owner, []).append(head)
    return [_joined(*owner, found) for owner, found in sorted(by_owner.items())]


def _joined(session: bytes, account: bytes, heads: list[Opened]) -> Sheet:
    every = [_fields(head) for head in sorted(heads, key=lambda h: h.id)]
    visitors: dict[bytes, str] = {}
    for fields in every:
        visitors |= fields.get("visitors", {})
    return Sheet(
        session, account,
        tuple(sorted({cell for fields in every for cell in fields["cells"]})),
        visitors, any(fields["finished"] for fields in every),
        tuple(head.id for head in heads), any(head.pending for head in heads),
    )  # fmt: skip


def _fields(head: Opened) -> Mapping[str, Any]:
    assert isinstance(head.content, Record)
    return head.content.fields


def all_cells(sheets: Iterable[Sheet]) -> tuple[Cell, ...]:
    """What is on the screen: every distinct cell of every sheet."""
    return tuple(sorted({cell for sheet in sheets for cell in sheet.cells}))


def view(
    sheets: Iterable[Sheet],
    roster: Mapping[bytes, str],
    leaders: Mapping[bytes, str],
    apologies: Mapping[bytes, Apology],
    away: Iterable[bytes] = (),
) -> Register:
    """One session's register with names.

    Args:
        sheets: the sheets of this session.
        roster: label of each person who may be marked, in the order to show them.
        leaders: what to call each account that marks.
        apologies: by person.
        away: persons on leave, whom nobody expects (E-32).
    """
    known = list(sheets)
    cells, authors = all_cells(known), _authors(known, leaders)
    standing, gone = merge.register(cells), set(away)
    guests = _guests(known, roster, standing)
    lines = tuple(
        Line(
            person, label, standing.get(person, Standing()),
            _by_value(standing.get(person, Standing()), authors),
            apologies.get(person), person in guests, person not in gone,
        )
        for person, label in {**roster, **guests}.items()
    )  # fmt: skip
    finished = tuple(leaders.get(s.account, "?") for s in known if s.finished)
    return Register(lines, finished, cells, any(s.pending for s in known))


def _authors(known: Iterable[Sheet], leaders: Mapping[bytes, str]) -> dict[bytes, str]:
    return {
        cell.dot: leaders.get(sheet.account, "?")
        for sheet in known
        for cell in sheet.cells
    }


def _guests(
    known: Iterable[Sheet], roster: Mapping[bytes, str], marked: Iterable[bytes]
) -> dict[bytes, str]:
    """Visitors, and whoever was marked and has left the roster since."""
    named = {p: name for sheet in known for p, name in sheet.visitors.items()}
    gone = {p: "(no longer on the list)" for p in marked}
    return {p: n for p, n in {**gone, **named}.items() if p not in roster}


def _by_value(
    standing: Standing, authors: Mapping[bytes, str]
) -> dict[str, tuple[str, ...]]:
    return {
        value: tuple(
            sorted({authors[c.dot] for c in standing.cells if c.value == value})
        )
        for value in standing.values
    }
