"""What a person does, in domain words, over a ``Client`` (PROTOCOL 9, 14.6).

Every method works without a network: it reads the verified log with the outbox on
top, and writes intents. Only circles that are this account's by its own act are
shown. ``derive`` does what follows from others' acts: statements for people who
joined, the programme's key for its groups. Leaves sending to the client, merging to
``sync.merge``, and words on a screen to whoever calls.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sync import entries, labels, merge, notes, records, registers, schedule
from sync.check import Space
from sync.client import Client
from sync.encoding import b64, sha256, unb64
from sync.envelope import parse_header, record_key
from sync.errors import AfterUser
from sync.invitations import Invitation, open_box, seal_box
from sync.items import Item, editor_of, is_of, items
from sync.kinds import ZERO16, CircleKind, Role, Rule, SpaceKind
from sync.membership import Account, Membership
from sync.notes import NoteEditor
from sync.outbox import Intent
from sync.records import Record
from sync.registers import Apology, Register, Sheet
from sync.replica import Held, role_names
from sync.sealing import Context

INVITATION_DAYS = 90
RULES_IN_PACK_BYTES = 3_000
MARKED_ROLES = frozenset({"member", "observer"})


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
    """Somebody on a roster, with or without an account.

    Attributes:
        label: the name, with what tells two of one name apart (E-23).
        account: the account that now acts for the person.
        invited: an invitation is open.
    """

    person: bytes
    label: str
    item: Item
    account: Account | None
    invited: bool

    @property
    def roles(self) -> frozenset[str]:
        """What the roster says the person is; members where it says nothing."""
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


@dataclass(frozen=True)
class Meeting:
    """One session of one group, with its moments."""

    group: Group
    item: Item
    starts_at: datetime
    ends_at: datetime

    @property
    def rec(self) -> bytes:
        """The session's name, 16 bytes."""
        return self.item.rec

    @property
    def cancelled(self) -> bool:
        """Whether it counts for nobody (E-12)."""
        return bool(self.item.fields["state"] == "cancelled")


@dataclass(frozen=True)
class PendingCode:
    """An invitation whose code has not been handed over yet.

    Attributes:
        batch: whether it belongs to an import, whose codes go to a file.
        sent: its entry and its pack have arrived; only then the code is shown.
    """

    invitation: Invitation
    circle: bytes
    person: bytes
    roles: Role
    expires_at: int
    batch: bool
    sent: bool


class Desk:
    """One account's work."""

    def __init__(self, client: Client) -> None:
        self.client, self.outbox = client, client.outbox
        self.replica, self.store = client.replica, client.store
        self._trusted: tuple[int, frozenset[bytes]] = (-1, frozenset())

    @property
    def now(self) -> datetime:
        """This moment, to the second, in UTC."""
        return datetime.fromtimestamp(self.client.now, UTC)

    @property
    def account(self) -> bytes:
        """This account's id."""
        return self.client.account

    # -- sending ----------------------------------------------------------

    def sync(self) -> None:
        """Send and read until nothing is left, deriving what follows.

        Raises:
            Later: no answer; everything is kept.
            AfterUser: a person has to do something first.
        """
        self.derive()
        self.client.sync()
        while self.derive():
            self.client.sync()

    def derive(self) -> bool:
        """Do what follows from others' acts; whether anything was written."""
        self._take_programme_keys()
        before = self.store.one("SELECT max(n) FROM outbox")
        self._publish_programme_keys()
        for group in self.groups():
            if group.roles & Role.LEADER:
                self._write_statements(group)
        return self.store.one("SELECT max(n) FROM outbox") != before

    # -- circles ----------------------------------------------------------

    def circles(self, kind: CircleKind) -> list[bytes]:
        """Circles of a kind in which this account sits by its own act."""
        return [
            circle
            for circle, membership in self.replica.circles.items()
            if membership.kind is kind
            and circle in self.trusted()
            and self._roles(membership)
        ]

    def trusted(self) -> frozenset[bytes]:
        """The circles that are this account's by its own act (PROTOCOL 14.6)."""
        length = sum(m.length for m in self.replica.circles.values())
        if self._trusted[0] != length:
            found = {c for c in self.replica.circles if self.replica.is_trusted(c)}
            self._trusted = (length, frozenset(found))
        return self._trusted[1]

    def groups(self) -> list[Group]:
        """All groups of this account, by name."""
        found = [self.group(circle) for circle in self.circles(CircleKind.GROUP)]
        return sorted(found, key=lambda g: (g.name, g.circle))

    def group(self, circle: bytes) -> Group:
        """One group."""
        named = self.items(Space(circle, SpaceKind.FRAME), "group")
        fields = named[0].fields if named else {}
        return Group(
            circle, fields.get("name", "(its name has not arrived yet)"),
            fields.get("code", ""), self._roles(self.replica.circles[circle]),
            self._programme_of(circle), self.replica.frozen(circle),
        )  # fmt: skip

    def person_in(self, circle: bytes) -> bytes:
        """Who this account is in a circle."""
        return self.replica.circles[circle].accounts[self.account].person

    def me(self) -> bytes:
        """The person that this account's own circles name."""
        return self.person_in(self.client.person_circle().space.circle)

    def _roles(self, membership: Membership) -> Role:
        seated = membership.accounts.get(self.account)
        return seated.roles if seated else Role.NONE

    def _must(self, circle: bytes, roles: Role, act: str) -> None:
        if not self._roles(self.replica.circles[circle]) & roles:
            wanted = " or ".join(sorted(role_names(roles)))
            raise AfterUser("role_denied", f"only a {wanted} of this group can {act}")

    # -- reading and writing records --------------------------------------

    def items(self, what: Space, record_type: str) -> list[Item]:
        """All records of a type in a space; none when the space is not held."""
        held = self.replica.spaces.get(what.id)
        return items(self.outbox, held, record_type) if held else []

    def put(
        self,
        what: Space,
        rule: Rule,
        rec: bytes,
        record_type: str,
        fields: Mapping[str, Any],
        base: tuple[bytes, ...] = (),
    ) -> None:
        """Write a record on the versions that were on the screen, durably."""
        key = record_key(rule, self.account, rec)
        content = records.dump(record_type, fields)
        least = records.least_bucket(record_type)
        self.outbox.write(
            what, Intent(rule, rec, content, base, least), editor_of(what, key)
        )

    def put_shared(
        self, what: Space, rec: bytes, record_type: str, fields: Mapping[str, Any]
    ) -> bool:
        """Write a ``lead`` record unless it says so already; whether it did not."""
        old = self._item(what, record_type, rec)
        if old and dict(old.fields) == dict(fields) and not old.differ:
            return False
        base = old.base if old else ()
        self.put(what, Rule.LEAD, rec, record_type, fields, base)
        return True

    def put_own(
        self, what: Space, rec: bytes, record_type: str, fields: Mapping[str, Any]
    ) -> None:
        """Write one of this account's own records."""
        mine = self._own(what, record_type, rec)
        base = mine.base if mine else ()
        self.put(what, Rule.OWN, rec, record_type, fields, base)

    def _item(self, what: Space, record_type: str, rec: bytes) -> Item | None:
        found = self.items(what, record_type)
        return next((item for item in found if item.rec == rec), None)

    def _own(self, what: Space, record_type: str, rec: bytes) -> Item | None:
        found = [i for i in self.items(what, record_type) if i.account == self.account]
        return next((item for item in found if item.rec == rec), None)

    def own_rec(self, *key: bytes) -> bytes:
        """A record's name on which all devices of this account meet."""
        secret = self.client.identity.record_secret
        return hmac.new(secret, b"\0".join(key), hashlib.sha256).digest()[:16]

    def _new_rec(self) -> bytes:
        return self.client.random(16)

    # -- programmes -------------------------------------------------------

    def begin_programme(self, name: str, **settings: Any) -> bytes:
        """Begin a programme with this account as its coordinator; its circle.

        Args:
            settings: further fields of the record; sensible ones are filled in.
        """
        held = self.client.begin_circle(
            CircleKind.PROGRAMME, Role.COORDINATOR, self.me()
        )
        circle = held.space.circle
        fields = {"tz": schedule.LONDON, "apologies_shown": "group", **settings}
        self.put_shared(
            Space(circle, SpaceKind.PROGRAMME), shared_rec(b"programme", circle),
            "programme", {"name": name, **fields},
        )  # fmt: skip
        return circle

    def programmes(self) -> dict[bytes, Mapping[str, Any]]:
        """Fields of each programme that this account knows of, by circle."""
        circles = self.circles(CircleKind.PROGRAMME)
        listed = [self._programme_of(c) for c in self.circles(CircleKind.GROUP)]
        every = dict.fromkeys([*circles, *(c for c in listed if c)])
        return {circle: self.programme(circle) for circle in every}

    def programme(self, circle: bytes) -> Mapping[str, Any]:
        """A programme's fields; empty while they have not arrived."""
        found = self.items(Space(circle, SpaceKind.PROGRAMME), "programme")
        return found[0].fields if found else {}

    def _programme_of(self, group: bytes) -> bytes | None:
        """The programme that lists a group, as the group or this account knows it."""
        named = {item.fields["circle"] for item in self._key_records(group)}
        for circle, membership in self.replica.circles.items():
            known = circle in named or circle in self.trusted()
            kind = membership.kind is CircleKind.PROGRAMME
            if kind and known and group in membership.groups:
                return circle
        return None

    def _key_records(self, group: bytes) -> list[Item]:
        return self.items(Space(group, SpaceKind.FRAME), "programme_key")

    def _take_programme_keys(self) -> None:
        """Take the programmes' keys out of the frames of this account's groups."""
        for group in self.circles(CircleKind.GROUP):
            for item in self._key_records(group):
                circle = item.fields["circle"]
                listed = self.replica.circles.get(circle, Membership()).groups
                held = self.replica.spaces.get(Space(circle, SpaceKind.PROGRAMME).id)
                rows = [(kid, key) for _, kid, key in item.fields["epochs"]]
                if held and group in listed and self._is_news(held, rows):
                    self.replica.take_secrets(held, rows)

    def _is_news(self, held: Held, rows: Iterable[tuple[bytes, bytes]]) -> bool:
        return any(kid not in held.ring.keys for kid, _ in rows)

    def _publish_programme_keys(self) -> None:
        """Put a programme's newest keys into the frame of each group it lists."""
        for circle in self.circles(CircleKind.PROGRAMME):
            held = self.replica.spaces.get(Space(circle, SpaceKind.PROGRAMME).id)
            newest = held.ring.newest if held else None
            if held and newest and newest.mark.kid in held.ring.keys:
                for group in self.replica.circles[circle].groups:
                    self._publish_to(group, held, newest.mark.kid)

    def _publish_to(self, group: bytes, programme: Held, kid: bytes) -> None:
        membership = self.replica.circles.get(group)
        if not membership or not self._roles(membership) & _LEAD:
            return
        circle = programme.space.circle
        known = [i for i in self._key_records(group) if i.fields["circle"] == circle]
        if any(row[1] == kid for item in known for row in item.fields["epochs"]):
            return
        keys = sorted(programme.ring.keys.values(), key=lambda key: key.number)
        rows = tuple((key.number, key.kid, key.secret) for key in keys)
        self.put_shared(
            Space(group, SpaceKind.FRAME), shared_rec(b"programme-key", circle),
            "programme_key", {"circle": circle, "epochs": rows[-500:]},
        )  # fmt: skip

    # -- groups and people ------------------------------------------------

    def begin_group(
        self,
        name: str,
        my_name: str | None = None,
        roles: Role = Role.LEADER,
        programme: bytes | None = None,
        code: str = "",
    ) -> bytes:
        """Begin a group; its circle.

        Args:
            my_name: puts the founder on the roster.
            roles: what the founder is in it.
            programme: the programme that lists it from now on.
        """
        me = self.me()
        held = self.client.begin_circle(CircleKind.GROUP, roles, me)
        circle = held.space.circle
        fields = {"name": name} | ({"code": code} if code else {})
        frame = Space(circle, SpaceKind.FRAME)
        self.put_shared(frame, shared_rec(b"group", circle), "group", fields)
        if my_name:
            self.add_person(circle, my_name, roles=roles, person=me)
        if programme:
            log = self.replica.log_of(programme)
            self.outbox.write_entry(log, entries.Listing(circle, 1))
        return circle

    def people(self, circle: bytes) -> list[Person]:
        """The roster, in the order of its labels."""
        found = self.items(Space(circle, SpaceKind.FRAME), "person")
        membership = self.replica.circles[circle]
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
        return {p.person: p.label for p in self.people(circle)}

    def account_labels(self, circle: bytes) -> dict[bytes, str]:
        """What a group calls each account, removed ones too."""
        labels = self.labels(circle)
        accounts = self.replica.circles[circle].accounts.values()
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
        """Put somebody on the roster, without an account so far; their id."""
        person = person or self._new_rec()
        words = tuple(sorted(role_names(roles)))
        fields = {"person": person, "name": name, "roles": words, **more}
        if second:
            fields["second"] = second
        frame = Space(circle, SpaceKind.FRAME)
        self.put_shared(frame, shared_rec(b"person", person), "person", fields)
        return person

    def change_person(self, circle: bytes, person: bytes, **changes: Any) -> None:
        """Change a roster entry; a new name shows everywhere at once (E-24)."""
        frame = Space(circle, SpaceKind.FRAME)
        rec = shared_rec(b"person", person)
        old = self._item(frame, "person", rec)
        if old is None:
            raise AfterUser("no_such_person", "nobody of that id is on the list")
        fields = {**old.fields, **changes}
        present = {k: v for k, v in fields.items() if v is not None}
        self.put_shared(frame, rec, "person", present)

    def invite(
        self, circle: bytes, person: bytes, roles: Role, batch: bool = False
    ) -> Invitation:
        """Open a place for a person; ``codes`` tells when its code may be shown."""
        expires_at = self.client.now + INVITATION_DAYS * 86400
        pack = self._pack(circle, person, roles)
        with self.store.write():
            invitation = self.client.invite(circle, person, roles, pack, expires_at)
            pending = [
                b64(invitation.secret), b64(circle), b64(person), int(roles),
                expires_at, batch,
            ]  # fmt: skip
            sealed = seal_box(
                self.replica.local_key, self._code_context(invitation.lookup),
                json.dumps(pending).encode(), self.client.random,
            )  # fmt: skip
            self.store.set_meta(f"code:{b64(invitation.lookup)}", sealed)
        return invitation

    def _code_context(self, lookup: bytes) -> Context:
        return Context(self.client.suite, labels.LOCAL, b"code" + lookup)

    def _pack(self, circle: bytes, person: bytes, roles: Role) -> dict[str, Any]:
        """What somebody may read before any key has come (PROTOCOL 7.3)."""
        group = self.group(circle)
        item = self._item(
            Space(circle, SpaceKind.FRAME), "person", shared_rec(b"person", person)
        )
        named = item.fields if item else {}
        coming = [m for m in self.meetings(circle) if m.ends_at > self.now][:3]
        pack = {
            "v": 1, "group": group.name, "name": named.get("name", ""),
            "second": named.get("second", ""), "roles": sorted(role_names(roles)),
            "next": [schedule.when_in_words(m.item.fields) for m in coming],
            "as_of": self.now.date().isoformat(),
        }  # fmt: skip
        rules = self.rules(circle)
        words = list(rules.fields["rules"]) if rules else []
        if len(json.dumps(words)) <= RULES_IN_PACK_BYTES:
            pack["rules"] = words
        if group.programme:
            programme = self.programme(group.programme)
            pack["programme"] = programme.get("name", "")
            pack["help"] = [
                f"{h['name']}: {h['reach']}" for h in programme.get("help", ())
            ][:8]
        return pack

    def codes(self) -> list[PendingCode]:
        """Invitations whose codes have not been handed over, oldest expiry first."""
        rows = self.store.all("SELECT name, value FROM meta WHERE name LIKE 'code:%'")
        found = [self._pending_code(unb64(name[5:]), value) for name, value in rows]
        return sorted(found, key=lambda code: (code.expires_at, code.person))

    def _pending_code(self, lookup: bytes, sealed: bytes) -> PendingCode:
        opened = open_box(self.replica.local_key, self._code_context(lookup), sealed)
        secret, circle, person, roles, expires_at, batch = json.loads(opened)
        invitation = Invitation(unb64(secret), self.client.suite)
        known = self.replica.circles[unb64(circle)].invites
        pack = self.store.one("SELECT sent FROM pack_out WHERE lookup = ?", lookup)
        sent = invitation.public in known and bool(pack and pack[0])
        return PendingCode(
            invitation, unb64(circle), unb64(person), Role(roles), expires_at,
            batch, sent,
        )  # fmt: skip

    def handed_over(self, codes: Iterable[PendingCode]) -> None:
        """Forget codes that were shown or written to a file: they are shown once."""
        with self.store.write():
            for code in codes:
                name = f"code:{b64(code.invitation.lookup)}"
                self.store.run("DELETE FROM meta WHERE name = ?", name)

    def confirm(self, circle: bytes, person: bytes) -> None:
        """This account's word that a person's account is really theirs.

        Also for epochs which that account began and which prove nothing else.
        """
        account = self.replica.circles[circle].acting(person)
        if account is None:
            raise AfterUser("no_account", "this person has not joined yet")
        self.client.confirm(circle, account.id)
        for held in list(self.replica.spaces.values()):
            newest = held.ring.newest
            if held.space.circle == circle and newest and newest.author == account.id:
                self.client.confirm(circle, newest.mark.id)

    def unconfirmed(self, circle: bytes) -> list[Account]:
        """Leaders who lack a space until an existing holder confirms them."""
        mine = [
            held for held in self.replica.spaces.values()
            if held.space.circle == circle
            and held.space.kind in (SpaceKind.LEADERS, SpaceKind.THREAD)
            and held.ring.newest and held.ring.newest.mark.kid in held.ring.keys
        ]  # fmt: skip
        waiting: dict[bytes, Account] = {}
        for held in mine:
            known = {a.id for a in self.outbox.recipients(held)}
            what = held.space
            readers = held.membership.readers(what.kind, what.subject)
            waiting |= {i: a for i, a in readers.items() if i not in known}
        return list(waiting.values())

    def remove_person(self, circle: bytes, person: bytes) -> None:
        """End a person's place: accounts, open invitations, and the list from today."""
        membership, log = self.replica.circles[circle], self.replica.log_of(circle)
        self._must(circle, _LEAD, "remove somebody")
        with self.store.write():
            for account in membership.accounts.values():
                if account.person == person and account.roles:
                    self.client.remove(circle, account.id, entries.REMOVE_ACCOUNT)
            for key, place in membership.invites.items():
                if place.person == person and place.state == "open":
                    self.outbox.write_entry(log, entries.Revoke(key))
            self.change_person(circle, person, until_on=self.now.date())

    # -- sessions ---------------------------------------------------------

    def add_session(
        self, circle: bytes, on: date, start: time, minutes: int = 60, **more: Any
    ) -> bytes:
        """Plan a session by the wall clock; its name."""
        fields = {
            "on": on, "start": start, "minutes": minutes, "tz": schedule.LONDON,
            "led_by": (), "state": "planned", **more,
        }  # fmt: skip
        rec = self._new_rec()
        self.put_shared(Space(circle, SpaceKind.FRAME), rec, "session", fields)
        return rec

    def change_session(self, circle: bytes, rec: bytes, **changes: Any) -> bool:
        """Change a session and tell the group what changed; whether it did.

        Args:
            changes: new fields; ``None`` takes one away.
        """
        frame = Space(circle, SpaceKind.FRAME)
        old = self._session(circle, rec).item
        merged = {**old.fields, **changes}
        fields = {k: v for k, v in merged.items() if v is not None}
        told = schedule.news(
            old.fields, fields, self.person_in(circle), self.now, self.labels(circle)
        )
        every = (*old.fields.get("changes", ()), *told)
        if every:
            fields["changes"] = every[-schedule.CHANGES_MAX :]
        return self.put_shared(frame, rec, "session", fields)

    def meetings(self, circle: bytes) -> list[Meeting]:
        """A group's sessions in the order of time."""
        group = self.group(circle)
        found = [
            Meeting(group, item, schedule.starts_at(item.fields),
                    schedule.ends_at(item.fields))
            for item in self.items(Space(circle, SpaceKind.FRAME), "session")
        ]  # fmt: skip
        return sorted(found, key=lambda m: (m.starts_at, m.rec))

    def schedule(self) -> list[Meeting]:
        """All sessions of all groups in the order of time."""
        circles = self.circles(CircleKind.GROUP)
        found = [meeting for circle in circles for meeting in self.meetings(circle)]
        return sorted(found, key=lambda m: (m.starts_at, m.rec))

    def _session(self, circle: bytes, rec: bytes) -> Meeting:
        found = [m for m in self.meetings(circle) if m.rec == rec]
        if not found:
            raise AfterUser("no_such_session", "there is no such session")
        return found[0]

    # -- what the group reads ---------------------------------------------

    def rules(self, circle: bytes) -> Item | None:
        """The rules that the group agreed on."""
        found = self.items(Space(circle, SpaceKind.FRAME), "rules")
        return max(found, key=lambda item: int(item.fields["version"]), default=None)

    def write_rules(self, circle: bytes, rules: Sequence[str], **more: Any) -> None:
        """Set the group's rules; their version counts up."""
        self._must(circle, _LEAD, "write the rules")
        old = self.rules(circle)
        version = old.fields["version"] + 1 if old else 1
        fields = {"version": version, "rules": tuple(rules), **more}
        frame = Space(circle, SpaceKind.FRAME)
        self.put_shared(frame, shared_rec(b"rules", circle), "rules", fields)

    def agree(self, circle: bytes) -> None:
        """Agree to the newest rules, in one's own thread."""
        rules = self.rules(circle)
        if rules is None:
            raise AfterUser("no_rules", "this group has no rules yet")
        fields = {"rules_version": rules.fields["version"], "at": self.now}
        rec = self.own_rec(b"agreement", circle)
        self.put_own(self._own_thread(circle), rec, "agreement", fields)

    def write_notice(self, circle: bytes, text: str, title: str = "") -> None:
        """Tell everybody in the group, coordinators too."""
        self._must(circle, _LEAD, "write a notice")
        fields = {"text": text, "at": self.now} | ({"title": title} if title else {})
        frame = Space(circle, SpaceKind.FRAME)
        self.put_shared(frame, self._new_rec(), "notice", fields)

    def notices(self, circle: bytes) -> list[Item]:
        """Notices, newest first."""
        found = self.items(Space(circle, SpaceKind.FRAME), "notice")
        return sorted(found, key=lambda i: (i.fields["at"], i.rec), reverse=True)

    # -- registers --------------------------------------------------------

    def register(self, circle: bytes, session: bytes) -> Register:
        """A session's register: all leaders' sheets joined, with apologies."""
        self._must(circle, _LEAD, "see the register")
        meeting, people = self._session(circle, session), self.people(circle)
        on = meeting.item.fields["on"]
        roster = {
            p.person: p.label for p in people
            if p.is_listed(on) and p.roles & MARKED_ROLES
        }  # fmt: skip
        away = [p.person for p in people if p.is_away(on)]
        return registers.view(
            self._sheets(circle, session), roster, self.account_labels(circle),
            self.apologies(circle, meeting), away,
        )  # fmt: skip

    def _sheets(self, circle: bytes, session: bytes) -> list[Sheet]:
        held = self.replica.spaces.get(Space(circle, SpaceKind.REGISTER).id)
        every = registers.sheets(self.outbox.overlay(held)) if held else []
        return [sheet for sheet in every if sheet.session == session]

    def mark(self, circle: bytes, session: bytes, person: bytes, value: str) -> None:
        """Mark one person; it settles every mark that is on the screen for them."""
        cells = registers.all_cells(self._sheets(circle, session))
        cell = merge.mark(cells, person, value, self.client.random(8))
        self._add_cells(circle, session, [cell])

    def fill_blanks(self, circle: bytes, session: bytes, value: str = "here") -> int:
        """Mark everybody else, except who sent apologies or is on leave; how many."""
        shown = self.register(circle, session)
        blank = [
            line.person for line in shown.blank
            if line.apology is None or line.apology.withdrawn
        ]  # fmt: skip
        dots = [self.client.random(8) for _ in blank]
        cells = merge.fill(shown.cells, blank, value, dots)
        if cells:
            self._add_cells(circle, session, cells)
        return len(cells)

    def add_visitor(
        self, circle: bytes, session: bytes, name: str, person: bytes | None = None
    ) -> bytes:
        """Somebody present who is not on the list; their id.

        Args:
            person: their id in the group they usually come to, if it is known (E-27).
        """
        person = person or self._new_rec()
        mine = self._my_sheet(circle, session)
        sheet = replace(mine, visitors={**mine.visitors, person: name})
        cell = merge.mark(mine.cells, person, "here", self.client.random(8))
        self._put_sheet(circle, replace(sheet, cells=(*sheet.cells, cell)))
        return person

    def finish(self, circle: bytes, session: bytes) -> None:
        """Close one's own sheet and write what it says to each person about them."""
        with self.store.write():
            self._put_sheet(
                circle, replace(self._my_sheet(circle, session), finished=True)
            )
            self._write_statements(self.group(circle))

    def _my_sheet(self, circle: bytes, session: bytes) -> Sheet:
        self._must(circle, _LEAD, "take the register")
        mine = (s for s in self._sheets(circle, session) if s.account == self.account)
        return next(mine, Sheet(session, self.account))

    def _add_cells(
        self, circle: bytes, session: bytes, cells: Iterable[merge.Cell]
    ) -> None:
        mine = self._my_sheet(circle, session)
        with self.store.write():
            self._put_sheet(circle, replace(mine, cells=(*mine.cells, *cells)))
            if mine.finished:  # a correction (E-22)
                self._write_statements(self.group(circle))

    def _put_sheet(self, circle: bytes, sheet: Sheet) -> None:
        register = Space(circle, SpaceKind.REGISTER)
        rec = self.own_rec(b"sheet", sheet.session)
        self.put(register, Rule.OWN, rec, "sheet", sheet.fields(), sheet.base)

    def attendance(self, circle: bytes) -> list[tuple[Meeting, Register]]:
        """Every session that was held so far, with its register (E-12)."""
        held = [
            m for m in self.meetings(circle)
            if not m.cancelled and m.starts_at <= self.now
        ]  # fmt: skip
        return [(meeting, self.register(circle, meeting.rec)) for meeting in held]

    # -- statements -------------------------------------------------------

    def _write_statements(self, group: Group) -> None:
        """Tell each person with an account what this leader's sheets say of them."""
        if not group.roles & Role.LEADER:
            return
        held = self.replica.spaces.get(Space(group.circle, SpaceKind.REGISTER).id)
        every = registers.sheets(self.outbox.overlay(held)) if held else []
        finished = [s for s in every if s.finished and s.account == self.account]
        marked = {cell.person for sheet in finished for cell in sheet.cells}
        membership = self.replica.circles[group.circle]
        for person in sorted(marked):
            account = membership.acting(person)
            if account:
                self._write_statements_for(group.circle, person, account, finished)

    def _write_statements_for(
        self, circle: bytes, person: bytes, account: Account, finished: list[Sheet]
    ) -> None:
        thread = Space(circle, SpaceKind.THREAD, person)
        mine = {
            item.fields["session"]: item
            for item in self.items(thread, "statement")
            if item.account == self.account
        }
        for sheet in finished:
            cells = merge.statement_cells(sheet.cells, person)
            old = mine.get(sheet.session)
            said = old.fields["cells"] if old else ()
            if cells and (cells != said or not self._can_read(thread, old, account)):
                self.put(
                    thread, Rule.OWN, self.own_rec(b"statement", sheet.session, person),
                    "statement",
                    {"session": sheet.session, "person": person, "cells": cells},
                    old.base if old else (),
                )  # fmt: skip

    def _can_read(self, thread: Space, item: Item | None, account: Account) -> bool:
        """Whether a statement stands under an epoch that the account was given."""
        held = self.replica.spaces[thread.id]
        given = {
            b.mark.number for b in held.ring.begun if account.id in b.entry.accounts
        }
        for version in item.base if item else ():
            row = self.store.one(
                "SELECT header FROM version WHERE space = ? AND id = ?",
                held.id, version,
            )  # fmt: skip
            if row and parse_header(row[0]).epoch not in given:
                return False
        return True

    def my_attendance(self, circle: bytes) -> dict[bytes, merge.Standing]:
        """What one's leaders say about oneself, by session."""
        person = self.person_in(circle)
        cells: dict[bytes, list[merge.Cell]] = {}
        for item in self.items(Space(circle, SpaceKind.THREAD, person), "statement"):
            if item.fields["person"] == person:
                cells.setdefault(item.fields["session"], []).extend(
                    item.fields["cells"]
                )
        shown = {session: merge.register(found) for session, found in cells.items()}
        return {s: found.get(person, merge.Standing()) for s, found in shown.items()}

    # -- apologies and sittings -------------------------------------------

    def _own_thread(self, circle: bytes) -> Space:
        return Space(circle, SpaceKind.THREAD, self.person_in(circle))

    def apology(
        self,
        circle: bytes,
        session: bytes,
        reason: str | None = None,
        withdraw: bool = False,
    ) -> None:
        """Say that one cannot come, or take it back; a reason is never needed.

        The reason is read by that person's leaders only. Where the programme shows
        apologies to the group, the group learns that there is one, never why.
        """
        self._must(circle, Role.MEMBER | Role.OBSERVER, "send apologies")
        self._session(circle, session)
        fields = {"session": session, "written_at": self.now, "withdrawn": withdraw}
        if reason and not withdraw:
            fields["reason"] = reason
        rec = self.own_rec(b"apology", session)
        with self.store.write():
            self.put_own(self._own_thread(circle), rec, "apology", fields)
            if self._shows_apologies(circle):
                flag = {"session": session, "person": self.person_in(circle),
                        "withdrawn": withdraw}  # fmt: skip
                room = Space(circle, SpaceKind.ROOM)
                self.put_own(room, rec, "apology_flag", flag)

    def _shows_apologies(self, circle: bytes) -> bool:
        programme = self._programme_of(circle)
        shown = self.programme(programme).get("apologies_shown") if programme else None
        return shown == "group"

    def apologies(self, circle: bytes, meeting: Meeting) -> dict[bytes, Apology]:
        """Apologies for a session that this account may read, by person.

        From the threads with their reasons for leaders; for others only who.
        """
        found = self._flags(circle, meeting)
        for held in list(self.replica.spaces.values()):
            if (held.space.circle, held.space.kind) == (circle, SpaceKind.THREAD):
                found |= self._said(held, meeting)
        return found

    def _said(self, held: Held, meeting: Meeting) -> dict[bytes, Apology]:
        person = held.space.subject
        return {
            person: Apology(
                item.fields["written_at"],
                item.fields["written_at"] <= meeting.starts_at,
                item.fields["withdrawn"], item.fields.get("reason"),
            )
            for item in items(self.outbox, held, "apology")
            if item.fields["session"] == meeting.rec
            and held.membership.accounts[item.account].person == person
        }  # fmt: skip

    def _flags(self, circle: bytes, meeting: Meeting) -> dict[bytes, Apology]:
        accounts = self.replica.circles[circle].accounts
        return {
            item.fields["person"]: Apology(
                meeting.starts_at, True, item.fields["withdrawn"]
            )
            for item in self.items(Space(circle, SpaceKind.ROOM), "apology_flag")
            if item.fields["session"] == meeting.rec
            and accounts[item.account].person == item.fields["person"]
        }

    def choose_sitting(self, circle: bytes, on: date, session: bytes | None) -> None:
        """Say which session of a week one comes to, or neither; the group sees it."""
        self._must(circle, Role.MEMBER, "choose a sitting")
        week = schedule.monday(on)
        fields = {"person": self.person_in(circle), "week": week}
        if session:
            fields["session"] = session
        rec = self.own_rec(b"sitting", circle, week.isoformat().encode())
        self.put_own(Space(circle, SpaceKind.ROOM), rec, "sitting", fields)

    def sittings(self, circle: bytes, on: date) -> dict[bytes, bytes | None]:
        """Who comes to which session in the week of a day, by person."""
        week, accounts = schedule.monday(on), self.replica.circles[circle].accounts
        return {
            item.fields["person"]: item.fields.get("session")
            for item in self.items(Space(circle, SpaceKind.ROOM), "sitting")
            if item.fields["week"] == week
            and accounts[item.account].person == item.fields["person"]
        }

    # -- one's own --------------------------------------------------------

    def personal(self) -> Space:
        """The space that nobody else reads."""
        circle = self.client.person_circle().space.circle
        return Space(circle, SpaceKind.PERSONAL)

    def settings(self) -> Mapping[str, str]:
        """One's own settings."""
        found = self._item(self.personal(), "settings", self.own_rec(b"settings"))
        values: Mapping[str, str] = found.fields["values"] if found else {}
        return values

    def set_setting(self, name: str, value: str) -> None:
        """Keep one of them; nothing is written when it is so already."""
        if self.settings().get(name) != value:
            values = {**self.settings(), name: value}
            rec = self.own_rec(b"settings")
            self.put_own(self.personal(), rec, "settings", {"values": values})

    def unread_changes(self, meeting: Meeting) -> tuple[Mapping[str, Any], ...]:
        """What changed in a session since this person looked, others' changes only."""
        me, changes = self.person_in(meeting.group.circle), meeting.item.fields
        seen = self.settings().get(f"seen:{b64(meeting.rec)}", "")
        return tuple(
            row for row in changes.get("changes", ())
            if row["by"] != me and row["at"].isoformat() > seen
        )  # fmt: skip

    def mark_seen(self, meeting: Meeting) -> None:
        """Remember that the person has seen a session as it now stands."""
        changes = meeting.item.fields.get("changes", ())
        if changes:
            newest = max(row["at"].isoformat() for row in changes)
            self.set_setting(f"seen:{b64(meeting.rec)}", newest)

    def notes(self) -> Iterator[NoteEditor]:
        """All notes, each opened, in the order of their names."""
        held = self.replica.ensure(self.personal())
        for key, heads in sorted(self.outbox.overlay(held).items()):
            if any(is_of(head, "note") for head in heads):
                opened = notes.open_note(self.outbox, held, key, self.client.random)
                if opened:
                    yield opened

    def new_note(self, title: str = "") -> NoteEditor:
        """An empty editor for a note that does not exist yet."""
        rec, editor = self._new_rec(), self._new_rec()
        return NoteEditor(self.personal(), rec, (), editor, title, "")

    def open_note(self, rec: bytes) -> NoteEditor:
        """Open a note on what is held now."""
        held = self.replica.ensure(self.personal())
        key = record_key(Rule.OWN, self.account, rec)
        opened = notes.open_note(self.outbox, held, key, self.client.random)
        if opened is None:
            raise AfterUser("no_such_note", "there is no such note")
        return opened

    def save(self, editor: NoteEditor, text: str, title: str | None = None) -> None:
        """Keep what was typed, on the versions that were on the screen."""
        title = editor.title if title is None else title
        fields = {"text": text} | ({"title": title} if title else {})
        content = records.dump("note", fields)
        intent = Intent(Rule.OWN, editor.rec, content, editor.base)
        self.outbox.write(editor.space, intent, editor.editor)

    def delete_note(self, editor: NoteEditor) -> None:
        """Delete the versions that were on the screen."""
        intent = Intent(Rule.OWN, editor.rec, None, editor.base)
        self.outbox.write(editor.space, intent, editor.editor)


_LEAD = Role.LEADER | Role.COORDINATOR


def shared_rec(kind: bytes, subject: bytes) -> bytes:
    """The name on which everybody who leads a circle meets, 16 bytes."""
    return sha256(kind, subject)[:16]


def _label(fields: Mapping[str, Any], names: Sequence[str]) -> str:
    """Names are shown exactly; two alike are always told apart (E-23, E-25)."""
    if "second" in fields:
        return f"{fields['name']} ({fields['second']})"
    if names.count(fields["name"]) > 1:
        return f"{fields['name']} ({fields['person'].hex()[:4]})"
    return str(fields["name"])


def end_of_day(on: date) -> datetime:
    """Midnight after a day in the United Kingdom."""
    midnight = datetime.combine(on + timedelta(days=1), time(), UTC)
    return midnight.astimezone(schedule.zone(schedule.LONDON))


__all__ = ["Apology", "Desk", "Group", "Meeting", "NoteEditor", "Person", "Record",
           "Register", "ZERO16"]  # fmt: skip
