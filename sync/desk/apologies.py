"""Who cannot come, and who comes to which sitting (E-08 to E-10, E-27)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sync.check import Space
from sync.desk import schedule
from sync.desk.items import Item
from sync.desk.programmes import Programmes
from sync.desk.sessions import Meeting
from sync.desk.shelf import Shelf
from sync.kinds import Role, SpaceKind


@dataclass(frozen=True)
class Apology:
    """What a member said about not coming, as it now stands.

    Attributes:
        written_at: by the writer's own clock; ``None`` for who may know only that
            there is one.
        in_time: written before the session began.
        reason: only where the reader may see it, and one was given.
    """

    withdrawn: bool
    written_at: datetime | None = None
    in_time: bool = True
    reason: str | None = None


class Apologies:
    """Apologies and choices of a sitting."""

    def __init__(self, shelf: Shelf, programmes: Programmes) -> None:
        self.shelf, self.programmes = shelf, programmes

    def send(
        self, meeting: Meeting, reason: str | None = None, withdraw: bool = False
    ) -> None:
        """Say that one cannot come, or take it back; a reason is never needed.

        Only that person's leaders read the reason. Where the programme shows
        apologies to the group, the group learns that there is one, never why.
        """
        shelf, circle = self.shelf, meeting.circle
        shelf.must_be(circle, Role.MEMBER | Role.OBSERVER, "send apologies")
        person, rec = shelf.person_in(circle), shelf.own_rec(b"apology", meeting.rec)
        said = {"session": meeting.rec, "withdrawn": withdraw}
        why = {"reason": reason} if reason and not withdraw else {}
        with shelf.store.write():
            thread = Space(circle, SpaceKind.THREAD, person)
            shelf.put_own(
                thread, rec, "apology", {**said, **why, "written_at": shelf.now}
            )
            if self.programmes.setting(circle, "apologies_shown") == "group":
                room = Space(circle, SpaceKind.ROOM)
                shelf.put_own(room, rec, "apology_flag", {**said, "person": person})

    def of(self, meeting: Meeting) -> dict[bytes, Apology]:
        """Apologies for a session that this account may read, by person."""
        found = self._flags(meeting)
        for held in list(self.shelf.replica.spaces.values()):
            what = held.space
            if (what.circle, what.kind) == (meeting.circle, SpaceKind.THREAD):
                for item in self.shelf.items(what, "apology"):
                    if self._is_about(item, meeting, what.subject):
                        found[what.subject] = _said(item, meeting)
        return found

    def _flags(self, meeting: Meeting) -> dict[bytes, Apology]:
        room = Space(meeting.circle, SpaceKind.ROOM)
        return {
            item.fields["person"]: Apology(item.fields["withdrawn"])
            for item in self.shelf.items(room, "apology_flag")
            if self._is_about(item, meeting, item.fields["person"])
        }

    def _is_about(self, item: Item, meeting: Meeting, person: bytes) -> bool:
        """For this session, and written by the account of that very person."""
        author = self.shelf.membership(meeting.circle).accounts[item.account]
        return item.fields["session"] == meeting.rec and author.person == person

    # -- sittings ---------------------------------------------------------

    def choose_sitting(self, circle: bytes, on: date, session: bytes | None) -> None:
        """Say which session of a week one comes to, or neither; the group sees it."""
        shelf = self.shelf
        shelf.must_be(circle, Role.MEMBER, "choose a sitting")
        week = schedule.monday(on)
        fields = {"person": shelf.person_in(circle), "week": week}
        if session:
            fields["session"] = session
        rec = shelf.own_rec(b"sitting", circle, week.isoformat().encode())
        shelf.put_own(Space(circle, SpaceKind.ROOM), rec, "sitting", fields)

    def sittings(self, circle: bytes, on: date) -> dict[bytes, bytes | None]:
        """Who comes to which session in the week of a day, by person."""
        week, accounts = schedule.monday(on), self.shelf.membership(circle).accounts
        return {
            item.fields["person"]: item.fields.get("session")
            for item in self.shelf.items(Space(circle, SpaceKind.ROOM), "sitting")
            if item.fields["week"] == week
            and accounts[item.account].person == item.fields["person"]
        }


def _said(item: Item, meeting: Meeting) -> Apology:
    fields = item.fields
    return Apology(
        fields["withdrawn"], fields["written_at"],
        fields["written_at"] <= meeting.starts_at, fields.get("reason"),
    )  # fmt: skip
