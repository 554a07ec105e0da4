"""``enid programme import people.csv sessions.csv`` (docs/commands.md).

Reads two spreadsheets, reports every problem row by row before anything is written,
and writes what differs from what is there: a second import of the same files changes
nothing. Rows are known again by the programme's own ids. Ids of people and how to
reach them stay in the coordinators' office; a group's roster has names only.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from sync import entries
from sync.check import Space
from sync.desk import Desk, Person
from sync.desk.schedule import bank_holiday, day_in_words, read_clock, read_day
from sync.desk.shelf import shared_rec
from sync.kinds import ZERO32, Role, SpaceKind
from sync.membership import Account
from sync.replica import role_names
from sync.spreadsheet import Row, Table, read_table, write_table

ROLES = {
    "member": Role.MEMBER, "leader": Role.LEADER,
    "coordinator": Role.COORDINATOR, "observer": Role.OBSERVER,
}  # fmt: skip
PEOPLE = {
    "id": 80, "name": 200, "mark": 200, "group": 80, "role": 20, "email": 254,
    "phone": 40,
}  # fmt: skip
SESSIONS = {
    "id": 80, "group": 80, "date": 20, "start": 10, "minutes": 4, "place": 500,
    "link": 2000, "leaders": 1000,
}  # fmt: skip
NEEDED = {
    "people": ("id", "name", "group", "role"),
    "sessions": ("id", "group", "date", "start", "minutes"),
}
_EXCEL_NUMBER = re.compile(r"[0-9][.,][0-9]+E\+[0-9]+", re.IGNORECASE)


@dataclass(frozen=True)
class Attending:
    """One person in one group, as the file has them."""

    row: Row
    roles: Role

    @property
    def key(self) -> tuple[str, str]:
        """The group and the person, by the programme's own ids."""
        return self.row["group"], self.row["id"]


@dataclass(frozen=True)
class Planned:
    """One session, as the file has it."""

    row: Row
    on: date
    start: time
    minutes: int
    leaders: tuple[str, ...]


@dataclass
class Files:
    """Both files, read and judged."""

    people: Table
    sessions: Table
    attending: list[Attending] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Everything that stops the import."""
        return self.people.faults + self.sessions.faults

    @property
    def notices(self) -> list[str]:
        """Everything that a person should look at."""
        return self.people.notices + self.sessions.notices


def read_files(
    people: Path, sessions: Path, codes: Iterable[str] = (), groups: Iterable[str] = ()
) -> Files:
    """Read and judge both files, without changing anything.

    Args:
        codes: ids of people that the programme knows already.
        groups: the same for its groups.
    """
    files = Files(
        read_table(people, PEOPLE, NEEDED["people"]),
        read_table(sessions, SESSIONS, NEEDED["sessions"]),
    )
    _judge_people(files, set(codes))
    _judge_sessions(files, set(codes), set(groups))
    _ask_about_zeros(files.people, codes)
    _ask_about_zeros(files.sessions, ())
    return files


def _judge_people(files: Files, codes: set[str]) -> None:
    table = files.people
    names: dict[str, str] = {}
    seen: dict[tuple[str, str], int] = {}
    alike: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in table.rows:
        role = row["role"].casefold()
        if row["role"] and role not in ROLES:
            table.fault(row, f"role: {row['role']} is none of {', '.join(ROLES)}")
        first = seen.setdefault((row["group"], row["id"]), row.line)
        if first != row.line and row["id"]:
            table.fault(row, f"id {row['id']} is in this group already (line {first})")
        if names.setdefault(row["id"], row["name"]) != row["name"] and row["id"]:
            table.fault(row, f"id {row['id']} has another name on another line")
        alike[row["group"], row["name"].casefold()].append(row)
        files.attending.append(Attending(row, ROLES.get(role, Role.MEMBER)))
    for rows in alike.values():
        _judge_alike(table, rows)


def _judge_alike(table: Table, rows: list[Row]) -> None:
    """Two people of one name in one group need something that tells them apart."""
    marks = Counter(row["mark"].casefold() for row in rows)
    for row in rows if len({r["id"] for r in rows}) > 1 else ():
        if not row["mark"] or marks[row["mark"].casefold()] > 1:
            lines = ", ".join(str(r.line) for r in rows if r is not row)
            table.fault(
                row, f"{row['name']} is twice in {row['group']} (line {lines}):"
                " give each a mark, such as a year or an initial",
            )  # fmt: skip


def _judge_sessions(files: Files, codes: set[str], groups: set[str]) -> None:
    table = files.sessions
    groups = groups | {row["group"] for row in files.people.rows}
    codes = codes | {row["id"] for row in files.people.rows}
    placed = {(row["group"], row["id"]) for row in files.people.rows}
    seen: dict[str, int] = {}
    for row in table.rows:
        first = seen.setdefault(row["id"], row.line)
        if first != row.line and row["id"]:
            table.fault(row, f"id {row['id']} is there already (line {first})")
        if row["group"] and row["group"] not in groups:
            table.fault(row, f"unknown group: {row['group']}")
        leaders = tuple(row["leaders"].replace(";", " ").replace(",", " ").split())
        for leader in leaders:
            if leader not in codes:
                table.fault(row, f"leaders: nobody has the id {leader}")
            elif (row["group"], leader) not in placed:
                table.notice(row, f"leaders: {leader} is not in {row['group']}")
        planned = _planned(table, row, leaders)
        if planned:
            files.planned.append(planned)
            holiday = bank_holiday(planned.on)
            if holiday:
                day = day_in_words(planned.on)
                table.notice(row, f"{day} is {holiday}: is that meant?")


def _planned(table: Table, row: Row, leaders: tuple[str, ...]) -> Planned | None:
    faults = len(table.faults)
    on, start, minutes = date.min, time(), 0
    try:
        on = read_day(row["date"])
    except ValueError as error:
        table.fault(row, f"date: {error}")
    try:
        start = read_clock(row["start"])
    except ValueError as error:
        table.fault(row, f"start: {error}")
    if row["minutes"].isdecimal() and 1 <= int(row["minutes"]) <= 1440:
        minutes = int(row["minutes"])
    else:
        table.fault(row, f"minutes: {row['minutes']} is not a number from 1 to 1440")
    if on != date.min and not 2000 <= on.year < 3000:
        table.fault(row, f"date: the year {on.year} cannot be meant")
    return None if len(table.faults) > faults else Planned(
        row, on, start, minutes, leaders
    )  # fmt: skip


def _ask_about_zeros(table: Table, known: Iterable[str]) -> None:
    """Find ids from which a spreadsheet has taken zeros, or made a number of them."""
    ids = {row["id"] for row in table.rows} | set(known)
    widths = {len(i) for i in ids if i.isdecimal() and i.startswith("0")}
    for row in table.rows:
        typed = row["id"]
        padded = [typed.zfill(width) for width in widths if len(typed) < width]
        if _EXCEL_NUMBER.fullmatch(typed):
            table.fault(row, f"id {typed}: a spreadsheet has made a number of it")
        elif typed.isdecimal() and padded:
            likely = next((p for p in padded if p in ids), padded[0])
            table.fault(
                row, f"id {typed} seems to have lost its zeros (others look like"
                f" {likely})",
            )  # fmt: skip


@dataclass
class Outcome:
    """What an import changes, or would change."""

    counts: Counter[str] = field(default_factory=Counter)
    notices: list[str] = field(default_factory=list)


class _TakenBack(Exception):
    """A dry run ends."""


class Importer:
    """Writes judged files into one programme, in one transaction.

    Raises:
        AfterUser: ``role_denied`` unless this account coordinates the programme.
    """

    def __init__(self, desk: Desk, programme: bytes) -> None:
        self.desk, self.shelf, self.programme = desk, desk.shelf, programme
        self.shelf.must_be(programme, Role.COORDINATOR, "import into the programme")
        self.office = Space(programme, SpaceKind.OFFICE)
        self.outcome = Outcome()
        self.person_by_code = {
            item.fields["code"]: item.fields["person"]
            for item in self.shelf.items(self.office, "person")
            if "code" in item.fields
        }
        listed = desk.programmes.groups(programme)
        self.circle_by_code = {
            group.code: group.circle
            for group in desk.groups.all()
            if group.circle in listed and group.code
        }

    def read(self, people: Path, sessions: Path) -> Files:
        """Read and judge the files against what the programme knows."""
        return read_files(people, sessions, self.person_by_code, self.circle_by_code)

    def write(self, files: Files, dry: bool = False) -> Outcome:
        """Write whatever is new or has changed; everything, or nothing.

        Args:
            dry: take everything back in the end; the desk must not be used after.
        """
        try:
            with self.shelf.store.write():
                self._write(files)
                if dry:
                    raise _TakenBack
        except _TakenBack:
            pass
        return self.outcome

    def _write(self, files: Files) -> None:
        attending: dict[str, list[Attending]] = defaultdict(list)
        planned: dict[str, list[Planned]] = defaultdict(list)
        for one in files.attending:
            attending[one.row["group"]].append(one)
        for session in files.planned:
            planned[session.row["group"]].append(session)
        self._write_office(files.attending)
        for code in {**attending, **planned}:
            self._write_group(code, attending[code], planned[code])

    def _count(self, new: bool, changed: bool, what: str) -> None:
        kind = "new" if new else "changed" if changed else "unchanged"
        self.outcome.counts[f"{kind} {what}"] += 1

    def _write_office(self, attending: list[Attending]) -> None:
        """Names, ids and how to reach people: for coordinators only."""
        people = {i.rec: i for i in self.shelf.items(self.office, "person")}
        contacts = {i.rec: i for i in self.shelf.items(self.office, "contact")}
        for code, rows in _by_person(attending).items():
            new = code not in self.person_by_code
            person = self.person_by_code.setdefault(code, self.shelf.new_id())
            fields = {"person": person, "code": code, "name": rows[0]["name"]}
            if rows[0]["mark"]:
                fields["second"] = rows[0]["mark"]
            changed = self._put(people, b"person", person, "person", fields)
            reach = {c: rows[0][c] for c in ("email", "phone") if rows[0][c]}
            if reach:
                contact = {"person": person, **reach}
                changed |= self._put(contacts, b"contact", person, "contact", contact)
            self._count(new, changed, "people")

    def _put(
        self, known: Mapping[bytes, Any], kind: bytes, person: bytes,
        record_type: str, fields: Mapping[str, Any],
    ) -> bool:  # fmt: skip
        rec = shared_rec(kind, person)
        old = known.get(rec)
        merged = {**(old.fields if old else {}), **fields}
        return self.shelf.put_over(old, self.office, rec, record_type, merged)

    def _write_group(
        self, code: str, attending: list[Attending], planned: list[Planned]
    ) -> None:
        new = code not in self.circle_by_code
        if new:
            self.circle_by_code[code] = self.desk.groups.begin(
                code, None, Role.COORDINATOR, self.programme, code
            )
        self._count(new, False, "groups")
        circle = self.circle_by_code[code]
        self._write_sessions(circle, planned)
        self._write_roster(circle, attending)

    # -- rosters ----------------------------------------------------------

    def _write_roster(self, circle: bytes, attending: list[Attending]) -> None:
        known = {p.person: p for p in self.desk.groups.people(circle)}
        name = self.desk.groups.get(circle).name
        for one in attending:
            person = self.person_by_code[one.row["id"]]
            old = known.pop(person, None)
            if old and not old.is_listed(self.shelf.now.date()):
                self._notice(f"{old.label} has left {name}: not brought back")
            else:
                self._put_person(circle, old, one)
                self._seat(circle, one)
        imported = set(self.person_by_code.values())
        for person, old in known.items():
            if person in imported and old.is_listed(self.shelf.now.date()):
                self._notice(f"{old.label} is in {name}, and not in the file: kept")

    def _notice(self, what: str) -> None:
        self.outcome.notices.append(what)

    def _put_person(self, circle: bytes, old: Person | None, one: Attending) -> None:
        person = self.person_by_code[one.row["id"]]
        mark = {"second": one.row["mark"]} if one.row["mark"] else {}
        fields = {
            **(old.item.fields if old else {}), **mark, "person": person,
            "name": one.row["name"], "roles": tuple(sorted(role_names(one.roles))),
        }  # fmt: skip
        changed = self.shelf.put_over(
            old.item if old else None, Space(circle, SpaceKind.FRAME),
            shared_rec(b"person", person), "person", fields,
        )  # fmt: skip
        self._count(old is None, changed, "places in groups")

    def _seat(self, circle: bytes, one: Attending) -> None:
        """Invite whoever has no account; seat at once who has one in the programme."""
        person = self.person_by_code[one.row["id"]]
        here = self.shelf.membership(circle).acting(person)
        elsewhere = None if here else self._account_of(person)
        if here:
            self._set_roles(circle, here, one.roles)
        elif elsewhere:
            self._grant(circle, person, elsewhere, one.roles)
        elif not self._is_invited(circle, person, one.roles):
            self.desk.places.invite(circle, person, one.roles, batch=True)
            self.outcome.counts["new invitations"] += 1

    def _set_roles(self, circle: bytes, account: Account, roles: Role) -> None:
        mine = account.id == self.shelf.account  # nobody loses their own role by a file
        if account.roles != roles and not mine:
            entry = entries.SetRoles(ZERO32, account.id, roles)
            log = self.shelf.replica.log_of(circle)
            self.shelf.client.outbox.write_entry(log, entry)
            self.outcome.counts["changed roles"] += 1

    def _grant(
        self, circle: bytes, person: bytes, account: Account, roles: Role
    ) -> None:
        entry = entries.Grant(person, roles, account.sign_key, account.wrap_key)
        log = self.shelf.replica.log_of(circle)
        waiting = self.shelf.client.outbox.rows(log.id)
        if all(row.intent.entry != entries.encode(entry) for row in waiting):
            self.shelf.client.outbox.write_entry(log, entry)
            self.outcome.counts["seated at once"] += 1

    def _account_of(self, person: bytes) -> Account | None:
        """The account that acts for a person in another group of this programme."""
        found = (
            self.shelf.membership(circle).acting(person)
            for circle in self.circle_by_code.values()
        )
        return next((account for account in found if account), None)

    def _is_invited(self, circle: bytes, person: bytes, roles: Role) -> bool:
        """An open place of these roles, sent or not; others are closed."""
        log = self.shelf.replica.log_of(circle)
        for key, place in self.shelf.membership(circle).invites.items():
            if place.person == person and place.state == "open":
                if place.roles == roles:
                    return True
                self.shelf.client.outbox.write_entry(log, entries.Revoke(key))
        waiting = self.shelf.client.outbox.rows(log.id)
        asked = [entries.decode(r.intent.entry) for r in waiting if r.intent.entry]
        return any(
            isinstance(entry, entries.Invite) and entry.person == person
            for entry in asked
        )

    # -- sessions ---------------------------------------------------------

    def _write_sessions(self, circle: bytes, planned: list[Planned]) -> None:
        known = {m.item.fields.get("code"): m for m in self.desk.sessions.of(circle)}
        for one in planned:
            led_by = tuple(self.person_by_code[code] for code in one.leaders)
            typed = {
                "place": one.row["place"],
                "link": one.row["link"],
                "led_by": led_by,
            }
            fields: dict[str, Any] = {
                "on": one.on, "start": one.start, "minutes": one.minutes,
                **{name: value for name, value in typed.items() if value},
            }  # fmt: skip
            old = known.get(one.row["id"])
            if old is None:
                self.desk.sessions.add(circle, **fields, code=one.row["id"])
                self._count(True, False, "sessions")
            else:
                changed = self.desk.sessions.change(circle, old.rec, **fields)
                self._count(False, changed, "sessions")


def _by_person(attending: Iterable[Attending]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for one in attending:
        found[one.row["id"]].append(one.row)
    return found


def write_codes(desk: Desk, folder: Path) -> tuple[Path, int] | None:
    """Put the codes of an import into a new file that only its owner can read.

    Only those whose invitations have been sent; each code is written once.

    Returns:
        The file and how many codes stand in it; ``None`` when there are none.
    """
    ready = [code for code in desk.places.codes() if code.batch and code.sent]
    if not ready:
        return None
    labels = {code.circle: desk.groups.labels(code.circle) for code in ready}
    names = {circle: desk.groups.get(circle).name for circle in labels}
    rows = [("group", "name", "role", "code", "good until")]
    for code in ready:
        until = datetime.fromtimestamp(code.expires_at, UTC).date().isoformat()
        name = labels[code.circle].get(code.person, "")
        role = " ".join(sorted(role_names(code.roles)))
        rows.append((names[code.circle], name, role, code.invitation.code, until))
    path = _free_name(folder, f"invitations-{desk.shelf.now.date().isoformat()}")
    write_table(path, [rows[0], *sorted(rows[1:])], bom=True, fresh=True)
    desk.places.handed_over(ready)
    return path, len(ready)


def _free_name(folder: Path, stem: str) -> Path:
    path, count = folder / f"{stem}.csv", 1
    while path.exists():
        count += 1
        path = folder / f"{stem}-{count}.csv"
    return path
