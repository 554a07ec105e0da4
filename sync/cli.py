"""The command ``enid`` (docs/commands.md).

Every command works without a network, save those that take a code. Every error is
one line on stderr and exit code 2. Two words tell where something is: *Saved on this
device*, and *Sent* once it has been seen in the verified log.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TextIO

from sync import records
from sync.client import Client, Transport
from sync.declined import Declined
from sync.desk import Desk, Line, Meeting, NoteEditor, finding
from sync.desk.schedule import LONDON, read_clock, read_day, when_in_words, zone
from sync.encoding import b64
from sync.errors import EnidError, Later
from sync.home import Home, Offline, open_home
from sync.http import HttpTransport
from sync.invitations import Invitation
from sync.kinds import Role, SpaceKind
from sync.merge import VALUES
from sync.outbox import Row
from sync.programme_import import ROLES, Importer, write_codes
from sync.replica import role_names
from sync.spreadsheet import write_table
from sync.verify import verify

WORDS = {
    "not_admitted": "not admitted", "apology_before": "apologies before the start",
    "apology_after": "apologies after the start",
    "attended_elsewhere": "attended elsewhere", "none": "not marked",
}  # fmt: skip
WAITING = {
    SpaceKind.THREAD: "a leader of the group has to confirm you",
    SpaceKind.LEADERS: "a leader of the group has to confirm you",
}


class Work:
    """One command at work: the open home, what was typed, and where to print."""

    def __init__(self, home: Home, args: argparse.Namespace, out: TextIO) -> None:
        self.home, self.args, self.out = home, args, out
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """The desk of the account that is here."""
        if self._desk is None:
            self._desk = Desk(self.home.client())
        return self._desk

    def begin(self) -> Client:
        """The account that is here, or a new one."""
        client = self.home.new_client()
        self._desk = Desk(client)
        return client

    def say(self, line: str = "") -> None:
        """Print one line."""
        self.out.write(f"{line}\n")

    def rows(self) -> dict[int, Row]:
        """What somebody wrote that is not sent yet."""
        rows = self.desk.client.outbox.rows()
        return {row.n: row for row in rows if row.derived is None}

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Around writing: afterwards try to send, and say where it is."""
        before = {(n, row.intent) for n, row in self.rows().items()}
        yield
        ours = {n for n, row in self.rows().items() if (n, row.intent) not in before}
        try:
            self.desk.sync()
        except Later as error:
            self.say(f"Saved on this device. Not sent yet ({self.reason(error)}).")
        except EnidError as error:
            raise Declined(f"Saved on this device. Not sent: {plain(error)}") from error
        else:
            self._say_sent([row for n, row in self.rows().items() if n in ours])
        self.hand_over_codes()

    def _say_sent(self, left: list[Row]) -> None:
        refused = [row.code for row in left if row.code]
        if refused:
            raise Declined(
                f"Saved on this device. The server refused it ({refused[0]}):"
                " see enid tray"
            )
        if not left:
            self.say("Sent.")
            return
        kinds = {self.desk.client.replica.spaces[row.space].space.kind for row in left}
        why = next((WAITING[k] for k in kinds if k in WAITING), "a key has to arrive")
        self.say(f"Saved on this device. Not sent yet ({why}).")

    def reason(self, error: Later) -> str:
        """Why nothing was sent."""
        if self.args.offline:
            return "offline, as asked"
        if error.code == "no_answer":
            return f"no answer from {self.home.server}"
        return f"{self.home.server} says: {error.code.replace('_', ' ')}"

    def hand_over_codes(self) -> None:
        """Show each new code once, or put those of an import into a file."""
        for code in self.desk.places.codes():
            if code.sent and not code.batch:
                person = self.desk.groups.labels(code.circle).get(code.person, "?")
                until = datetime.fromtimestamp(code.expires_at, UTC).date()
                group = self.desk.groups.get(code.circle).name
                self.say(f"Code for {person} in {group}, once, until {until}:")
                self.say(f"  {code.invitation.code}")
                self.desk.places.handed_over([code])
        written = write_codes(self.desk, Path(getattr(self.args, "out", ".")))
        if written:
            self.say(f"{written[1]} invitation codes: {written[0]} (only you can read")
            self.say("it). Each is there once: give them out, then delete the file.")


# Beginning ------------------------------------------------------------------


def init(work: Work) -> None:
    """Begin with the operator's code."""
    invitation, client = Invitation.from_code(work.args.code), work.begin()
    with client.store.write():
        client.store.set_meta("lookup", invitation.lookup)
    client.sign_in(invitation.lookup)
    work.home.keep_server()
    _settle_in(work, client, work.args.me)


def _settle_in(work: Work, client: Client, name: str | None) -> None:
    client.person_circle()
    if name:
        work.desk.personal.set_setting("name", name)
    client.keep_slot()
    work.desk.sync()
    code = client.recovery_code()
    if code:
        work.say("Your recovery code opens your account on another device, and is the")
        work.say("only way back to your notes. Write it down:")
        work.say(f"  {code}")
        work.say("When it is safe: enid recovery-code --saved")


def open_account(work: Work) -> None:
    """Open an account on a second device with its recovery code."""
    if work.home.has_account:
        raise Declined(f"{work.home.folder} already has an account")
    Client.reopen(work.home.keys, work.args.code, work.home.transport, os.urandom)
    work.home.keep_server()
    work.desk.sync()
    names = [group.name for group in work.desk.groups.all()]
    work.say(f"This device is open. Groups: {', '.join(names) or 'none yet'}.")


def join(work: Work) -> None:
    """Take the place of an invitation."""
    invitation, fresh = Invitation.from_code(work.args.code), not work.home.has_account
    client = work.begin()
    try:
        pack = client.join(invitation)
    except EnidError as error:
        if error.code == "no_such_invite":
            raise Declined(
                "no group has this code (an operator's code goes with enid init)"
            ) from error
        raise
    work.home.keep_server()
    name = pack.get("name") or None
    if fresh:
        _settle_in(work, client, name)
    else:
        work.desk.sync()
    work.say(f"You have joined {pack.get('group') or 'the group'}.")
    for when in pack.get("next", []):
        work.say(f"  {when}")
    if not work.desk.sessions.all():
        work.say("Its schedule arrives once one of its people has been online.")


def recovery_code(work: Work) -> None:
    """Show the recovery code, or erase it from this device."""
    client = work.desk.client
    code = client.recovery_code()
    if code is None:
        raise Declined("the recovery code is not on this device; it was saved before")
    if work.args.saved:
        client.forget_recovery_code()
        work.say("Erased from this device. The code that you wrote down still works.")
    else:
        work.say(code)


# Groups ---------------------------------------------------------------------


def _my_name(work: Work) -> str:
    name = work.args.me or work.desk.personal.settings().get("name")
    if not name:
        raise Declined('say once what the group calls you: --me "Dr A. Rowe"')
    return str(name)


def group_create(work: Work) -> None:
    """Begin a group."""
    args, desk = work.args, work.desk
    name = _my_name(work)
    listed = args.programme and finding.programme(desk, args.programme)
    with work.saving():
        desk.personal.set_setting("name", name)
        roles = _roles(args.role)
        desk.groups.begin(args.name, name, roles, listed or None)


def _roles(typed: Iterable[str]) -> Role:
    roles = Role.NONE
    for role in typed:
        roles |= ROLES[role]
    return roles


def programme_create(work: Work) -> None:
    """Begin a programme."""
    with work.saving():
        work.desk.programmes.begin(
            work.args.name, apologies_shown=work.args.apologies_shown
        )


def programme_import(work: Work) -> None:
    """Take people, groups and sessions from two spreadsheets."""
    args, desk = work.args, work.desk
    importer = Importer(desk, finding.programme(desk, args.programme))
    files = importer.read(args.people, args.sessions)
    for line in files.notices:
        work.say(f"look at {line}")
    if files.faults:
        for line in files.faults:
            work.say(line)
        raise Declined(f"{len(files.faults)} problems; nothing was written")
    if args.dry_run:
        _say_outcome(work, importer, files, dry=True)
        work.say("A dry run: nothing was written.")
        return
    with work.saving():
        _say_outcome(work, importer, files, dry=False)


def _say_outcome(work: Work, importer: Importer, files: Any, dry: bool) -> None:
    outcome = importer.write(files, dry)
    for line in outcome.notices:
        work.say(f"look at: {line}")
    for what, count in sorted(outcome.counts.items()):
        work.say(f"{count:6,} {what}")


def invite(work: Work) -> None:
    """Open a place for a person; the code is shown once it works."""
    args, desk = work.args, work.desk
    circle = finding.group(desk, args.group).circle
    roles = _roles(args.role)
    names = {p.item.fields["name"] for p in desk.groups.people(circle)}
    with work.saving():
        if args.mark or args.name not in names:
            person = desk.groups.add_person(circle, args.name, args.mark, roles)
        else:
            person = finding.person(desk, circle, args.name).person
        desk.places.invite(circle, person, roles)


def confirm(work: Work) -> None:
    """Say that an account is really that person's."""
    circle = finding.group(work.desk, work.args.group).circle
    person = finding.person(work.desk, circle, work.args.name)
    with work.saving():
        work.desk.groups.confirm(circle, person.person)


def remove(work: Work) -> None:
    """End a person's place in a group."""
    circle = finding.group(work.desk, work.args.group).circle
    person = finding.person(work.desk, circle, work.args.name)
    with work.saving():
        work.desk.groups.remove_person(circle, person.person)


# Sessions -------------------------------------------------------------------


def schedule(work: Work) -> None:
    """Show when the groups meet."""
    desk, now = work.desk, work.desk.shelf.now
    meetings = desk.sessions.all()
    if work.args.group:
        circle = finding.group(desk, work.args.group).circle
        meetings = [m for m in meetings if m.circle == circle]
    shown = [m for m in meetings if work.args.all or m.ends_at > now]
    if not shown:
        work.say("No session is planned." if not meetings else "No more sessions.")
        return
    work.say(f"UK time. {_age(work, now)}")
    for meeting in shown:
        _say_meeting(work, meeting)


def _age(work: Work, now: datetime) -> str:
    checked = work.desk.checked_at()
    return f"Checked {ago(now, checked)}." if checked else "Never checked."


def ago(now: datetime, then: datetime) -> str:
    """How long ago, roughly."""
    minutes = max(0, int((now - then).total_seconds() // 60))
    for size, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        count = minutes // size
        if count:
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now"


def _say_meeting(work: Work, meeting: Meeting) -> None:
    fields, labels = meeting.item.fields, work.desk.groups.labels(meeting.circle)
    when = when_in_words(fields)
    work.say(f"{finding.short(meeting.rec)}  {when}  {meeting.group.name}")
    here = meeting.starts_at.astimezone()
    if here.utcoffset() != meeting.starts_at.utcoffset():
        _more(work, f"{here:%a %H:%M} by this device's clock")
    if meeting.cancelled:
        _more(work, f"CANCELLED {fields.get('reason', '')}")
    led_by = ", ".join(labels.get(person, "?") for person in fields["led_by"])
    _more(work, fields.get("place"), led_by, fields.get("link"), fields.get("passcode"))
    for row in work.desk.personal.unread_changes(meeting):
        before = f"{row['before']} -> " if "before" in row else ""
        by = labels.get(row["by"], "?")
        _more(work, f"new {row['what']}: {before}{row.get('after', '')} ({by})")
    for name, values in meeting.item.differ.items():
        both = " or ".join(str(value) for value in values)
        _more(work, f"two people wrote a different {name}: {both}")
    _more(work, *_about_me(work, meeting))
    _more(work, "not sent yet" if meeting.item.pending else "")


def _more(work: Work, *parts: str | None) -> None:
    text = "  ".join(part for part in parts if part)
    if text:
        work.say(f"        {text}")


def _about_me(work: Work, meeting: Meeting) -> Iterator[str]:
    """One's own apology, and what one's leaders have marked."""
    desk, circle = work.desk, meeting.circle
    said = desk.apologies.of(meeting).get(desk.shelf.person_in(circle))
    if said:
        yield "You withdrew apologies." if said.withdrawn else "You sent apologies."
    standing = desk.registers.mine(circle).get(meeting.rec)
    if standing and standing.values:
        agreed = standing.value
        yield f"You: {words(agreed) if agreed else 'your leaders are still agreeing'}"


def session_add(work: Work) -> None:
    """Plan a session."""
    args, desk = work.args, work.desk
    circle = finding.group(desk, args.group).circle
    more = {k: v for k, v in (("place", args.place), ("link", args.link)) if v}
    leaders = tuple(finding.person(desk, circle, n).person for n in args.leader)
    try:
        on, start = read_day(args.day), read_clock(args.start)
    except ValueError as error:
        raise Declined(str(error)) from error
    with work.saving():
        rec = desk.sessions.add(circle, on, start, args.minutes, **more, led_by=leaders)
        work.say(f"{finding.short(rec)}  {args.day} {args.start}")


def session_change(work: Work) -> None:
    """Change a session; the group is told what changed."""
    args, desk = work.args, work.desk
    meeting = finding.meeting(desk, args.session)
    changes = {k: v for k, v in vars(args).items() if k in ("place", "link", "minutes")}
    changes = {k: v for k, v in changes.items() if v is not None}
    try:
        if args.on:
            changes["on"] = read_day(args.on)
        if args.start:
            changes["start"] = read_clock(args.start)
    except ValueError as error:
        raise Declined(str(error)) from error
    if args.cancel is not None:
        changes["state"] = "cancelled"
        if args.cancel:
            changes["reason"] = args.cancel
    with work.saving():
        desk.sessions.change(meeting.circle, meeting.rec, **changes)


def apology(work: Work) -> None:
    """Send apologies, or withdraw them."""
    meeting = finding.meeting(work.desk, work.args.session)
    with work.saving():
        work.desk.apologies.send(meeting, work.args.reason, work.args.withdraw)


# Registers ------------------------------------------------------------------


def register_show(work: Work) -> None:
    """Show a register."""
    meeting = finding.meeting(work.desk, work.args.session)
    shown = work.desk.registers.show(meeting)
    work.say(f"{meeting.group.name}, {when_in_words(meeting.item.fields)}")
    width = max((len(line.label) for line in shown.lines), default=0)
    for line in shown.lines:
        work.say(f"  {line.label:{width}}  {said_of(line)}")
    if shown.finished_by:
        work.say(f"Finished by {' and '.join(shown.finished_by)}.")
    if shown.pending:
        work.say("Saved on this device. Not sent yet.")
    work.say("Seen by leaders and coordinators.")


def said_of(line: Line) -> str:
    """What a register says of one person, in words."""
    state = line.standing.state
    if state == "agreed":
        text = words(line.standing.value or "")
    elif state == "differ":
        both = (f"{words(v)} ({', '.join(by)})" for v, by in line.by_value.items())
        text = f"you differ: {'; '.join(both)}"
    else:
        text = "not marked" if line.expected else "on leave"
    said = line.apology
    if said:
        at = said.written_at and said.written_at.astimezone(zone(LONDON))
        when = f" {at:%d %b %H:%M}" if at else ""
        after = "" if said.in_time else ", after the start"
        why = f': "{said.reason}"' if said.reason else ""
        what = "withdrew apologies" if said.withdrawn else "sent apologies"
        text += f"  [{what}{when}{after}{why}]"
    return text + ("  (visitor)" if line.visitor else "")


def words(value: str) -> str:
    """A mark as it is spoken."""
    return WORDS.get(value, value)


def register_mark(work: Work) -> None:
    """Mark one person, everybody else, or a visitor."""
    args, desk = work.args, work.desk
    meeting = finding.meeting(desk, args.session)
    if bool(args.person) + bool(args.others) + bool(args.visitor) != 1:
        raise Declined("give PERSON MARK, or --others MARK, or --visitor NAME")
    if args.person and not args.mark:
        raise Declined(f"how? One of: {', '.join(VALUES)}")
    with work.saving():
        if args.visitor:
            desk.registers.add_visitor(meeting, args.visitor)
        elif args.others:
            count = desk.registers.fill_blanks(meeting, args.others)
            work.say(f"{count} marked.")
        else:
            person = _marked_person(work, meeting)
            desk.registers.mark(meeting, person, args.mark)


def _marked_person(work: Work, meeting: Meeting) -> bytes:
    """Somebody on the roster, or a visitor by name."""
    lines = work.desk.registers.show(meeting).lines
    visitors = [n for n in lines if n.visitor and n.label == work.args.person]
    if len(visitors) == 1:
        return visitors[0].person
    return finding.person(work.desk, meeting.circle, work.args.person).person


def register_finish(work: Work) -> None:
    """Close one's own sheet."""
    meeting = finding.meeting(work.desk, work.args.session)
    with work.saving():
        work.desk.registers.finish(meeting)
    blank = len(work.desk.registers.show(meeting).blank)
    if blank:
        work.say(f"Finished; {blank} not marked.")


def export_register(work: Work) -> None:
    """Write a group's attendance into a spreadsheet."""
    group = finding.group(work.desk, work.args.group)
    registers = work.desk.registers.attendance(group.circle)
    people: dict[bytes, str] = {}
    for register in registers:
        people |= {line.person: line.label for line in register.lines}
    days = [when_in_words(register.meeting.item.fields) for register in registers]
    table: list[Sequence[object]] = [["person", *days]]
    for person, label in sorted(people.items(), key=lambda p: p[1].casefold()):
        lines = [{n.person: n for n in register.lines} for register in registers]
        found = [_cell(by_person.get(person)) for by_person in lines]
        table.append([label, *found])
    write_table(work.args.csv, table, work.args.bom)
    work.say(f"{len(people)} people, {len(days)} sessions: {work.args.csv}")


def _cell(line: Line | None) -> str:
    if line is None:
        return ""
    if line.standing.state == "differ":
        return f"differ: {' / '.join(words(v) for v in line.standing.values)}"
    return words(line.standing.value or "")


# Notes ----------------------------------------------------------------------


def note_new(work: Work) -> None:
    """Write a private note."""
    editor = work.desk.notes.new(work.args.title or "")
    text = _typed(work, "")
    with work.saving():
        work.desk.notes.save(editor, text)
        work.say(f"{finding.short(editor.rec)}  {editor.title}".rstrip())
    if work.desk.client.recovery_code():
        work.say("Your recovery code is the only way back to notes: enid recovery-code")


def note_edit(work: Work) -> None:
    """Write a note anew."""
    editor = finding.note(work.desk, work.args.note)
    text = _typed(work, editor.text)
    with work.saving():
        work.desk.notes.save(editor, text, work.args.title)


def _typed(work: Work, before: str) -> str:
    """The text of a note: an argument, stdin, or what an editor leaves."""
    given: str | None = work.args.text
    if given is not None and given != "-":
        return given
    if given == "-" or not sys.stdin.isatty():
        return sys.stdin.read().rstrip("\n")
    with tempfile.NamedTemporaryFile("w+", suffix=".txt", dir=work.home.folder) as file:
        file.write(before)
        file.flush()
        command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        subprocess.run([*command.split(), file.name], check=False)  # noqa: S603 - own
        return Path(file.name).read_text(encoding="utf-8").rstrip("\n")


def note_list(work: Work) -> None:
    """Show all notes."""
    for note in work.desk.notes.all():
        first = note.title or note.text.split("\n", 1)[0][:60]
        work.say(f"{finding.short(note.rec)}  {first}{_note_state(note)}")


def _note_state(note: NoteEditor) -> str:
    state = "  (two versions: edit to settle)" if note.versions else ""
    return state + ("  (not sent yet)" if note.pending else "")


def note_show(work: Work) -> None:
    """Show one note."""
    note = finding.note(work.desk, work.args.note)
    if note.title:
        work.say(note.title)
        work.say()
    work.say(note.text)
    if note.versions:
        raise Declined("two devices wrote differently: enid note edit settles it")


# This device ----------------------------------------------------------------


def sync(work: Work) -> None:
    """Send and read."""
    try:
        work.desk.sync()
    except Later as error:
        left = len(work.rows())
        raise Declined(
            f"{work.reason(error)}; {left} items are saved on this device and not sent"
        ) from error
    work.hand_over_codes()
    left = len(work.rows())
    work.say(f"Not sent yet: {left}; see enid status." if left else "All is sent.")


def status(work: Work) -> None:
    """Show where everything is."""
    desk, rows = work.desk, work.rows().values()
    tray = [row for row in rows if row.code]
    work.say(f"{work.home.folder}, account {desk.client.account.hex()[:8]}")
    work.say(f"server {work.home.server}")
    work.say(f"{len(rows) - len(tray)} saved on this device and not sent yet")
    if tray:
        work.say(f"{len(tray)} in the tray: enid tray")
    for group in desk.groups.all():
        roles = ", ".join(sorted(role_names(group.roles)))
        work.say(f"group {group.name}: you are {roles}")
        if group.frozen:
            work.say(f"  nothing can be written in it ({group.frozen})")
        labels = desk.groups.labels(group.circle)
        for account in desk.groups.unconfirmed(group.circle):
            name = labels.get(account.person, "?")
            work.say(f"  {name} waits until a leader says: enid confirm")
    for fields in desk.programmes.all().values():
        work.say(f"programme {fields.get('name', '(its words have not arrived yet)')}")
    for at, space, code in desk.client.store.all("SELECT at, space, code FROM alarm"):
        when = datetime.fromtimestamp(at, UTC)
        work.say(f"alarm {code} in space {b64(space)[:8]}, {when:%d %b %Y %H:%M} UTC")
    if desk.client.recovery_code():
        work.say("the recovery code is still on this device: enid recovery-code")


def tray(work: Work) -> None:
    """Show what the server refused; try it again, or take it out as a file."""
    args, rows = work.args, [row for row in work.rows().values() if row.code]
    if args.act == "retry":
        if not any(str(row.n) == args.what for row in rows):
            raise Declined(f"nothing in the tray has the number {args.what}")
        with work.saving():
            work.desk.client.outbox.retry(int(args.what))
    elif args.act == "export":
        _export(Path(args.what or "tray.json"), rows)
        work.say(f"{len(rows)} items: {args.what or 'tray.json'}")
    else:
        for row in rows:
            work.say(f"{row.n:6}  {_kind(row):12} {row.code}")
        work.say(f"{len(rows)} in the tray.")


def _kind(row: Row) -> str:
    if row.intent.content is None:
        return "entry" if row.intent.entry else "deletion"
    return records.load(row.intent.content).type


def _export(path: Path, rows: Iterable[Row]) -> None:
    """Write items in clear, for their owner's eyes."""
    found = [
        {"n": row.n, "refused": row.code,
         "content": json.loads(row.intent.content or b"null")}
        for row in rows
    ]  # fmt: skip
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            json.dump(found, file, ensure_ascii=False, indent=1)
    except OSError as error:
        raise Declined(f"{path}: {error.strerror}") from error


def verify_all(work: Work) -> int:
    """Recompute everything that was ever verified; exit code 1 on any fault."""
    report = verify(work.desk.client)
    for what, count in sorted(report.counts.items()):
        work.say(f"{count:8,} {what}")
    for fault in report.faults:
        work.say(f"FAULT {fault}")
    work.say(f"{len(report.faults)} faults.")
    return 1 if report.faults else 0


# The command line -----------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """One whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage."""
        raise Declined(f"{message} (see {self.prog} --help)")


def parser() -> Parser:
    """All commands."""
    top = Parser(prog="enid", description="Your group, on your device.")
    home = os.environ.get("ENID_HOME") or Path.home() / ".enid"
    top.add_argument("--home", type=Path, default=Path(home), metavar="DIR")
    top.add_argument("--server", metavar="URL")
    top.add_argument("--offline", action="store_true", help="do not try the network")
    add = top.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    _add_beginning(add)
    _add_groups(add)
    _add_sessions(add)
    _add_register(add)
    _add_notes(add)
    _add_device(add)
    return top


def _command(add: Any, name: str, act: Callable[[Work], Any], *names: str) -> Parser:
    made: Parser = add.add_parser(name, help=(act.__doc__ or "").split("\n")[0])
    made.set_defaults(act_on=act)
    for one in names:
        made.add_argument(one)
    return made


def _nested(add: Any, name: str, what: str) -> Any:
    made = add.add_parser(name, help=what)
    return made.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)


def _add_beginning(add: Any) -> None:
    _command(add, "init", init, "code").add_argument("--me", metavar="NAME")
    _command(add, "open", open_account, "code")
    _command(add, "join", join, "code")
    saved = _command(add, "recovery-code", recovery_code)
    saved.add_argument("--saved", action="store_true", help="erase it from this device")


def _add_groups(add: Any) -> None:
    create = _command(_nested(add, "group", "Groups."), "create", group_create, "name")
    create.add_argument("--me", metavar="NAME", help="what the group calls you")
    create.add_argument("--programme", metavar="NAME")
    create.add_argument("--role", nargs="+", choices=ROLES, default=["leader"])
    programmes = _nested(add, "programme", "Programmes.")
    begin = _command(programmes, "create", programme_create, "name")
    begin.add_argument(
        "--apologies-shown", choices=["group", "leaders"], default="group"
    )
    take = _command(programmes, "import", programme_import)
    take.add_argument("people", type=Path)
    take.add_argument("sessions", type=Path)
    take.add_argument("--programme", metavar="NAME")
    take.add_argument("--dry-run", action="store_true")
    take.add_argument("--out", default=".", metavar="DIR", help="for the codes")
    asked = _command(add, "invite", invite, "group", "name")
    asked.add_argument("--role", nargs="+", choices=ROLES, default=["member"])
    asked.add_argument("--mark", help="tells two people of one name apart")
    _command(add, "confirm", confirm, "group", "name")
    _command(add, "remove", remove, "group", "name")


def _add_sessions(add: Any) -> None:
    shown = _command(add, "schedule", schedule)
    shown.add_argument("group", nargs="?")
    shown.add_argument("--all", action="store_true", help="past sessions too")
    sessions = _nested(add, "session", "Plan and change sessions.")
    new = _command(sessions, "add", session_add, "group", "day", "start")
    new.add_argument("--minutes", type=int, default=60)
    new.add_argument("--leader", action="append", default=[], metavar="NAME")
    changed = _command(sessions, "change", session_change, "session")
    changed.add_argument("--on", metavar="DAY")
    changed.add_argument("--start", metavar="TIME")
    changed.add_argument("--minutes", type=int)
    changed.add_argument("--cancel", nargs="?", const="", metavar="REASON")
    for made in (new, changed):
        made.add_argument("--place")
        made.add_argument("--link")
    sorry = _command(add, "apology", apology, "session")
    sorry.add_argument("--reason", help="read by your leaders only; never needed")
    sorry.add_argument("--withdraw", action="store_true")


def _add_register(add: Any) -> None:
    register = _nested(add, "register", "Take and show registers.")
    _command(register, "show", register_show, "session")
    mark = _command(register, "mark", register_mark, "session")
    mark.add_argument("person", nargs="?")
    mark.add_argument("mark", nargs="?", choices=VALUES)
    mark.add_argument("--others", choices=VALUES, help="whoever is not marked yet")
    mark.add_argument("--visitor", metavar="NAME")
    _command(register, "finish", register_finish, "session")
    export = _command(add, "export-register", export_register, "group")
    export.add_argument("--csv", type=Path, required=True, metavar="FILE")
    export.add_argument("--bom", action="store_true", help="for Excel")


def _add_notes(add: Any) -> None:
    notes = _nested(add, "note", "Private notes.")
    new = _command(notes, "new", note_new)
    _command(notes, "list", note_list)
    _command(notes, "show", note_show, "note")
    edit = _command(notes, "edit", note_edit, "note")
    for made in (new, edit):
        made.add_argument("text", nargs="?", help="or - for stdin")
        made.add_argument("--title")


def _add_device(add: Any) -> None:
    _command(add, "sync", sync)
    _command(add, "status", status)
    trays = _command(add, "tray", tray)
    trays.add_argument("act", nargs="?", choices=["retry", "export"])
    trays.add_argument("what", nargs="?", metavar="N|FILE")
    _command(add, "verify", verify_all)


def plain(error: EnidError) -> str:
    """An error as one line for a person."""
    return " ".join(f"{error.detail} ({error.code})".split())


def main(
    argv: Sequence[str] | None = None,
    connect: Callable[[str], Transport] = HttpTransport,
    clock: Callable[[], float] = time.time,
    out: TextIO | None = None,
) -> int:
    """Run one command; its exit code.

    Args:
        connect: makes the transport for a server's address.
        clock: unix time in seconds.
    """
    try:
        return _run(parser().parse_args(argv), connect, clock, out or sys.stdout)
    except Later as error:
        where = f" ({error.code.replace('_', ' ')})"
        return _fail(f"The server cannot be reached; this needs a network once{where}")
    except Declined as error:
        return _fail(error.detail)
    except EnidError as error:
        return _fail(plain(error))
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _fail("interrupted; what was saved on this device stays there")
    except OSError as error:
        return _fail(f"{error.filename or 'this device'}: {error.strerror or error}")
    except sqlite3.Error as error:
        return _fail(f"the store of this device cannot be used: {error}")


def _run(
    args: argparse.Namespace,
    connect: Callable[[str], Transport],
    clock: Callable[[], float],
    out: TextIO,
) -> int:
    chosen: Callable[[str], Any] = Offline if args.offline else connect
    with open_home(args.home.expanduser(), chosen, clock, args.server) as home:
        code: int = args.act_on(Work(home, args, out)) or 0
    out.flush()
    return code


def _fail(line: str) -> int:
    sys.stderr.write(f"enid: {' '.join(line.split())}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
