"""What only its owner reads besides notes: settings, and what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.check import Space
from sync.desk.sessions import Meeting
from sync.desk.shelf import Shelf
from sync.encoding import b64
from sync.kinds import SpaceKind


def personal_space(shelf: Shelf) -> Space:
    """The space that nobody else reads."""
    return Space(shelf.client.person_circle().space.circle, SpaceKind.PERSONAL)


class Personal:
    """Settings that all devices of one account share."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def settings(self) -> Mapping[str, str]:
        """All of them."""
        rec = self.shelf.own_rec(b"settings")
        found = self.shelf.own(personal_space(self.shelf), "settings", rec)
        values: Mapping[str, str] = found.fields["values"] if found else {}
        return values

    def set_setting(self, name: str, value: str) -> None:
        """Keep one; nothing is written when it is so already."""
        rec = self.shelf.own_rec(b"settings")
        values = {**self.settings(), name: value}
        self.shelf.put_own(
            personal_space(self.shelf), rec, "settings", {"values": values}
        )

    def unread_changes(self, meeting: Meeting) -> tuple[Mapping[str, Any], ...]:
        """What others changed in a session since this person looked (E-11)."""
        me, fields = self.shelf.person_in(meeting.circle), meeting.item.fields
        seen = self.settings().get(_seen(meeting), "")
        return tuple(
            row for row in fields.get("changes", ())
            if row["by"] != me and row["at"].isoformat() > seen
        )  # fmt: skip

    def mark_seen(self, meeting: Meeting) -> None:
        """Remember that this person has seen a session as it now stands."""
        changes = meeting.item.fields.get("changes", ())
        if changes:
            newest = max(row["at"].isoformat() for row in changes)
            self.set_setting(_seen(meeting), newest)


def _seen(meeting: Meeting) -> str:
    return f"seen:{b64(meeting.rec)}"
