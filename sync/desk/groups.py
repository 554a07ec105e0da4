"""Groups and the people on their rosters, with or without an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sync import entries
from sync.check import Space
from sync.declined import Declined
from sync.desk.items import Item
from sync.desk.programmes import Programmes
from sync.desk.shelf import LEADS, Shelf, shared_rec
from sync.kinds import CircleKind, Role, SpaceKind
from sync.membership import Account
from sync.replica import Held, role_names


@dataclass(frozen=True)
class Group:
    """One group, as its own people see it.

    Attributes:
        roles: what this account is in it.
        programme: the circle of the programme that lists it, when known.
        frozen: why nothing can be written in it, or ``None``.
    """

    circle: bytes
    name: str
    code: str
    roles: Role
    programme: bytes | None
    frozen: str | None


@dataclass(frozen=True)
class Person:
    """Somebody on a roster.

    Attributes:
        label: the name, with what tells two of one name apart (E-23).
        account: the account that now acts for the person, if one does.
        invited: an invitation is open.
    """

    person: bytes
    label: str
    item: Item
    account: Account | None
    invited: bool

    @property
    def roles(self) -> frozenset[str]:
        """What the roster says the person is; a member where it says nothing."""
        return frozenset(self.item.fields.get("roles") or ("member",))

    def is_listed(self, on: date) -> bool:
        """Whether the person belongs to the group on a day (E-26, E-29)."""
        since = self.item.fields.get("from_on") or date.min
        until = self.item.fields.get("until_on") or date.max
        return bool(since <= on <= until)

    def is_away(self, on: date) -> bool:
        """Whether a day lies in a leave (E-32)."""
        spans = self.item.fields.get("leave", ())
        return any(s["first_on"] <= on <= s.get("last_on", date.max) for s in spans)


class Groups:
    """The groups of this account."""

    def __init__(self, shelf: Shelf, programmes: Programmes) -> None:
        self.shelf, self.programmes = shelf, programmes

    def all(self) -> list[Group]:
        """All groups, by name."""
        found = [self.get(circle) for circle in self.shelf.circles(CircleKind.GROUP)]
        return sorted(found, key=lambda group: (group.name, group.circle))

    def get(self, circle: bytes) -> Group:
        """One group."""
        named = self.shelf.frame(circle, "group")
        fields = named[0].fields if named else {}
        return Group(
            circle, fields.get("name", "(its name has not arrived yet)"),
            fields.get("code", ""), self.shelf.roles(circle),
            self.programmes.of(circle), self.shelf.replica.frozen(circle),
        )  # fmt: skip

    def begin(
        self,
        name: str,
        my_name: str | None = None,
        roles: Role = Role.LEADER,
        programme: bytes | None = None,
        code: str = "",
    ) -> bytes:
        """Begin a group; its circle.

        Args:
            my_name: puts its founder on the roster.
            roles: what the founder is in it.
            programme: the programme that lists it from now on.
            code: the programme's own id of the group.
        """
        shelf = self.shelf
        with shelf.store.write():
            me = shelf.me()
            circle = shelf.client.begin_circle(CircleKind.GROUP, roles, me).space.circle
            fields = {"name": name} | ({"code": code} if code else {})
            frame = Space(circle, SpaceKind.FRAME)
            shelf.put_shared(frame, shared_rec(b"group", circle), "group", fields)
            if my_name:
                self.add_person(circle, my_name, roles=roles, person=me)
            if programme:
                log = shelf.replica.log_of(programme)
                shelf.client.outbox.write_entry(log, entries.Listing(circle, 1))
        return circle

    # -- people -----------------------------------------------------------

    def people(self, circle: bytes) -> list[Person]:
        """The roster, in the order of its labels."""
        found = self.shelf.frame(circle, "person")
        membership = self.shelf.membership(circle)
        names = [item.fields["name"] for item in found]
        invited = {p.person for p in membership.invites.values() if p.state == "open"}
        people = [
            Person(
                item.fields["person"], _label(item.fields, names), item,
                membership.acting(item.fields["person"]),
                item.fields["person"] in invited,
            )
            for item in found
        ]  # fmt: skip
        return sorted(people, key=lambda p: (p.label.casefold(), p.person))

    def labels(self, circle: bytes) -> dict[bytes, str]:
        """What a group calls each person."""
        return {person.person: person.label for person in self.people(circle)}

    def account_labels(self, circle: bytes) -> dict[bytes, str]:
        """What a group calls each account, removed ones too."""
        labels = self.labels(circle)
        accounts = self.shelf.membership(circle).accounts.values()
        return {a.id: labels.get(a.person, "(not on the list)") for a in accounts}

    def add_person(
        self,
        circle: bytes,
        name: str,
        second: str | None = None,
        roles: Role = Role.MEMBER,
        person: bytes | None = None,
        **more: Any,
    ) -> bytes:
        """Put somebody on the roster; they need no account. Their id.

        Args:
            second: tells two of one name apart.
            person: the id that they have already, in the programme for instance.
        """
        person = person or self.shelf.new_id()
        words = tuple(sorted(role_names(roles)))
        fields = {"person": person, "name": name, "roles": words, **more}
        if second:
            fields["second"] = second
        frame, rec = Space(circle, SpaceKind.FRAME), shared_rec(b"person", person)
        self.shelf.put_shared(frame, rec, "person", fields)
        return person

    def change_person(self, circle: bytes, person: bytes, **changes: Any) -> bool:
        """Change a roster entry; a new name shows everywhere at once (E-24).

        Args:
            changes: new fields; ``None`` takes one away.

        Returns:
            Whether anything changed.
        """
        found = self.shelf.frame(circle, "person")
        old = next((i for i in found if i.fields["person"] == person), None)
        if old is None:
            raise Declined("nobody of that id is on the list")
        fields = {**old.fields, **changes}
        present = {name: value for name, value in fields.items() if value is not None}
        return self.shelf.put_shared(
            Space(circle, SpaceKind.FRAME), old.rec, "person", present
        )

    def confirm(self, circle: bytes, person: bytes) -> None:
        """This account's word that a person's account is really theirs.

        It admits them to the leaders' space and the threads, and accepts epochs that
        their account began and that prove nothing else (PROTOCOL 6.4).
        """
        account = self.shelf.membership(circle).acting(person)
        if account is None:
            raise Declined("this person has not joined yet")
        client = self.shelf.client
        client.confirm(circle, account.id)
        for held in list(self.shelf.replica.spaces.values()):
            newest = held.ring.newest
            if held.space.circle == circle and newest and newest.author == account.id:
                client.confirm(circle, newest.mark.id)

    def unconfirmed(self, circle: bytes) -> list[Account]:
        """Who lacks a space until this account, or another holder, confirms them."""
        waiting: dict[bytes, Account] = {}
        for held in self._confirming(circle):
            known = {a.id for a in self.shelf.client.outbox.recipients(held)}
            readers = held.membership.readers(held.space.kind, held.space.subject)
            waiting |= {i: a for i, a in readers.items() if i not in known}
        return list(waiting.values())

    def _confirming(self, circle: bytes) -> list[Held]:
        """Spaces held here into which newcomers come by somebody's word."""
        by_word = (SpaceKind.LEADERS, SpaceKind.THREAD)
        return [
            held
            for held in self.shelf.replica.spaces.values()
            if (held.space.circle, held.space.kind in by_word) == (circle, True)
            and held.ring.newest
            and held.ring.newest.mark.kid in held.ring.keys
        ]

    def remove_person(self, circle: bytes, person: bytes) -> None:
        """End a person's place: accounts, open invitations, the list from today on."""
        shelf = self.shelf
        if person != shelf.person_in(circle):  # everybody may go
            shelf.must_be(circle, LEADS, "remove somebody")
        membership, log = shelf.membership(circle), shelf.replica.log_of(circle)
        with shelf.store.write():
            for account in membership.accounts.values():
                if account.person == person and account.roles:
                    shelf.client.remove(circle, account.id, entries.REMOVE_ACCOUNT)
            for key, place in membership.invites.items():
                if place.person == person and place.state == "open":
                    shelf.client.outbox.write_entry(log, entries.Revoke(key))
            if shelf.roles(circle) & LEADS:
                self.change_person(circle, person, until_on=shelf.now.date())


def _label(fields: Mapping[str, Any], names: Sequence[str]) -> str:
    """Names are shown exactly; two alike are always told apart (E-23, E-25)."""
    if "second" in fields:
        return f"{fields['name']} ({fields['second']})"
    if names.count(fields["name"]) > 1:
        return f"{fields['name']} ({fields['person'].hex()[:4]})"
    return str(fields["name"])
