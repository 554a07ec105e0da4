"""The sessions of all groups, when they are, and what has changed about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sync.check import Space
from sync.declined import Declined
from sync.desk import schedule
from sync.desk.groups import Group, Groups
from sync.desk.items import Item
from sync.desk.shelf import LEADS, Shelf
from sync.kinds import CircleKind, SpaceKind


@dataclass(frozen=True)
class Meeting:
    """One session of one group, with its moments."""

    group: Group
    item: Item
    starts_at: datetime
    ends_at: datetime

    @property
    def circle(self) -> bytes:
        """The group's circle."""
        return self.group.circle

    @property
    def rec(self) -> bytes:
        """The session's name, 16 bytes."""
        return self.item.rec

    @property
    def on(self) -> date:
        """Its day on the wall."""
        day: date = self.item.fields["on"]
        return day

    @property
    def cancelled(self) -> bool:
        """Whether it counts for nobody (E-12)."""
        return bool(self.item.fields["state"] == "cancelled")


class Sessions:
    """When the groups of this account meet."""

    def __init__(self, shelf: Shelf, groups: Groups) -> None:
        self.shelf, self.groups = shelf, groups

    def of(self, circle: bytes) -> list[Meeting]:
        """A group's sessions in the order of time."""
        group = self.groups.get(circle)
        found = [
            Meeting(
                group, item, schedule.starts_at(item.fields),
                schedule.ends_at(item.fields),
            )
            for item in self.shelf.frame(circle, "session")
        ]  # fmt: skip
        return sorted(found, key=lambda m: (m.starts_at, m.rec))

    def all(self) -> list[Meeting]:
        """All sessions of all groups in the order of time."""
        circles = self.shelf.circles(CircleKind.GROUP)
        found = [meeting for circle in circles for meeting in self.of(circle)]
        return sorted(found, key=lambda m: (m.starts_at, m.rec))

    def get(self, circle: bytes, rec: bytes) -> Meeting:
        """One session.

        Raises:
            Declined: there is none of that name.
        """
        for meeting in self.of(circle):
            if meeting.rec == rec:
                return meeting
        raise Declined("there is no such session")

    def add(
        self, circle: bytes, on: date, start: time, minutes: int = 60, **more: Any
    ) -> bytes:
        """Plan a session by the wall clock; its name.

        Args:
            more: place, link, passcode, led_by, series, code, tz.
        """
        self.shelf.must_be(circle, LEADS, "plan a session")
        fields = {
            "on": on, "start": start, "minutes": minutes, "tz": schedule.LONDON,
            "led_by": (), "state": "planned", **more,
        }  # fmt: skip
        rec, frame = self.shelf.new_id(), Space(circle, SpaceKind.FRAME)
        self.shelf.put_shared(frame, rec, "session", fields)
        return rec

    def change(self, circle: bytes, rec: bytes, **changes: Any) -> bool:
        """Change a session and tell the group what changed; whether it did (E-11).

        Args:
            changes: new fields; ``None`` takes one away.
        """
        self.shelf.must_be(circle, LEADS, "change a session")
        old = self.get(circle, rec).item
        merged = {**old.fields, **changes}
        fields = {name: value for name, value in merged.items() if value is not None}
        told = schedule.news(
            old.fields, fields, self.shelf.person_in(circle), self.shelf.now,
            self.groups.labels(circle),
        )  # fmt: skip
        every = (*old.fields.get("changes", ()), *told)
        if every:
            fields["changes"] = every[-schedule.CHANGES_MAX :]
        frame = Space(circle, SpaceKind.FRAME)
        return self.shelf.put_shared(frame, rec, "session", fields)
