"""The command ``enid``: one line for each error, exit code 2, and no network needed."""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sync.cli import main
from sync.invitations import Invitation
from sync.store import lock
from tests.people import World
from tests.worlds import flask_world, memory_world

CODE = re.compile(r"^  ((?:[0-9A-Z]{5}-){4}[0-9A-Z]{5})$", re.MULTILINE)
RECOVERY = re.compile(r"^  ((?:[0-9A-Z]{5}-){7}[0-9A-Z]{5})$", re.MULTILINE)


@dataclass
class Said:
    """What a command printed, and its exit code."""

    out: str
    err: str
    code: int


class Terminal:
    """Runs commands in homes below a folder, against one server."""

    def __init__(self, world: World, folder: Path, capsys) -> None:
        self.world, self.folder, self.capsys = world, folder, capsys

    def run(self, home: str, *words: str) -> Said:
        """One command; it may fail."""
        out = io.StringIO()
        argv = ["--home", str(self.folder / home), *words]
        code = main(argv, lambda _: self.world.transport, lambda: self.world.time, out)
        printed = self.capsys.readouterr().err.splitlines(keepends=True)
        err = "".join(line for line in printed if not line.startswith("{"))
        return Said(out.getvalue(), err, code)  # without the server's own log

    def ok(self, home: str, *words: str) -> str:
        """One command that must not fail."""
        said = self.run(home, *words)
        assert (said.code, said.err) == (0, ""), said
        return said.out

    def fails(self, home: str, *words: str) -> str:
        """One command that must fail with one line."""
        said = self.run(home, *words)
        assert said.code == 2
        assert said.err.startswith("enid: ")
        assert said.err.count("\n") == 1
        return said.err

    def operator_code(self) -> str:
        invitation = Invitation.new(os.urandom)
        self.world.admit(invitation.lookup)
        return invitation.code

    def begin(self) -> None:
        """A leader with a group, a session and a programme."""
        self.ok("priya", "init", self.operator_code(), "--me", "Priya Shah")
        self.ok("priya", "programme", "create", "Doctors")
        self.ok("priya", "group", "create", "Tuesdays", "--programme", "Doctors",
                "--role", "leader", "coordinator")  # fmt: skip
        self.ok("priya", "session", "add", "tues", "2027-01-19", "13:00",
                "--place", "Room 4", "--leader", "Priya Shah")  # fmt: skip

    def join(self, home: str, name: str, role: str = "member") -> None:
        code = CODE.findall(self.ok("priya", "invite", "tues", name, "--role", role))
        self.ok(home, "join", code[0])
        for one in ("priya", home, "priya", home):
            self.ok(one, "sync")


@pytest.fixture
def terminal(tmp_path: Path, capsys) -> Terminal:
    return Terminal(memory_world(), tmp_path, capsys)


@pytest.fixture
def group(terminal: Terminal) -> Terminal:
    terminal.begin()
    terminal.join("chloe", "Chloe Adeyemi")
    return terminal


# Beginning


def test_init_prints_the_recovery_code_and_keeps_files_that_only_the_owner_reads(
    terminal,
):
    said = terminal.ok("priya", "init", terminal.operator_code())
    assert len(RECOVERY.findall(said)) == 1
    home = terminal.folder / "priya"
    for name in ("enid.sqlite", "keys.json"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_second_device_opens_with_the_recovery_code(group):
    code = group.ok("chloe", "recovery-code").strip()
    group.ok("chloe", "note", "new", "Bed 4 again", "--title", "Bed")
    assert "Groups: Tuesdays" in group.ok("tablet", "open", code)
    assert "Bed" in group.ok("tablet", "note", "list")
    assert "13:00-14:00" in group.ok("tablet", "schedule")


def test_the_recovery_code_is_erased_when_it_is_saved(terminal):
    terminal.ok("priya", "init", terminal.operator_code())
    terminal.ok("priya", "recovery-code", "--saved")
    assert "not on this device" in terminal.fails("priya", "recovery-code")
    assert "account_key" not in json.loads(
        (terminal.folder / "priya" / "keys.json").read_text()
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("init", "nonsense"), "group 1 looks wrong"),
        (("join", "nonsense"), "group 1 looks wrong"),
        (("open", "nonsense"), "group 1 looks wrong"),
        (("status",), "no account is in"),
        (("schedule",), "enid init CODE"),
        (("frobnicate",), "invalid choice"),
        (("register", "mark", "next", "x", "late-ish"), "invalid choice"),
        ((), "COMMAND"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(terminal, words, told):
    assert told in terminal.fails("priya", *words)


def test_a_code_works_once(group):
    code = CODE.findall(group.ok("priya", "invite", "tues", "Li Wei"))[0]
    group.ok("wei", "join", code)
    assert "invite_used" in group.fails("thief", "join", code)


def test_an_operators_code_is_no_code_of_a_group(terminal):
    assert "enid init" in terminal.fails("x", "join", terminal.operator_code())


def test_a_code_of_nobody_is_one_line(terminal):
    code = Invitation.new(os.urandom).code
    assert re.search(
        "no_such_invite|invitation_needed", terminal.fails("x", "init", code)
    )


# A story


def test_two_leaders_and_a_member_and_nobody_needs_a_network_meanwhile(group):
    group.join("sam", "Sam Osei", "leader")
    group.ok("priya", "confirm", "tues", "Sam")
    saved = "Saved on this device. Not sent yet (offline, as asked).\n"
    assert saved in group.ok(
        "chloe", "--offline", "apology", "next", "--reason", "nights"
    )
    assert saved in group.ok(
        "priya", "--offline", "register", "mark", "next", "Chloe", "here"
    )
    assert saved in group.ok(
        "sam", "--offline", "register", "mark", "next", "Chloe Adeyemi", "late"
    )
    for home in ("priya", "sam", "chloe") * 3:
        group.ok(home, "sync")
    shown = group.ok("priya", "register", "show", "next")
    assert 'sent apologies 15 Jan 08:00: "nights"' in shown
    assert "you differ: here (Priya Shah); late (Sam Osei)" in shown
    for home in ("priya", "sam"):
        assert "Sent." in group.ok(home, "register", "finish", "next")
    group.ok("chloe", "sync")
    assert "You: your leaders are still agreeing" in group.ok("chloe", "schedule")
    for home in ("priya", "sam", "chloe"):
        assert "0 faults." in group.ok(home, "verify")
        assert "0 saved on this device and not sent" in group.ok(home, "status")


def test_a_server_that_does_not_answer_loses_nothing(group, monkeypatch):
    from sync.errors import Later

    def silence(*_):
        raise Later("no_answer")

    with monkeypatch.context() as patch:
        patch.setattr(group.world.transport, "request", silence)
        said = group.ok("chloe", "apology", "next")
        assert said == (
            "Saved on this device. Not sent yet (no answer from http://localhost:8000).\n"
        )
        failed = group.fails("chloe", "sync")
        assert "2 items are saved on this device and not sent" in failed
        assert "needs a network once" in group.fails("x", "init", _code())
    assert "All is sent." in group.ok("chloe", "sync")


def _code() -> str:
    return Invitation.new(os.urandom).code


def test_marking_others_and_a_visitor(group):
    group.ok("priya", "invite", "tues", "Li Wei")
    group.ok("priya", "register", "mark", "next", "Li Wei", "absent")
    assert "1 marked." in group.ok(
        "priya", "register", "mark", "next", "--others", "here"
    )
    group.ok("priya", "register", "mark", "next", "--visitor", "Wei Li")
    shown = group.ok("priya", "register", "show", "next")
    assert re.search(r"Wei Li +here +\(visitor\)", shown)
    group.ok("priya", "register", "mark", "next", "Wei Li", "late")
    assert re.search(r"Wei Li +late", group.ok("priya", "register", "show", "next"))
    assert "PERSON MARK" in group.fails("priya", "register", "mark", "next")


def test_a_member_sees_a_change_of_place_as_news(group):
    group.ok("priya", "session", "change", "next", "--place", "Room 12")
    group.ok("chloe", "sync")
    shown = group.ok("chloe", "schedule")
    assert "new place: Room 4 -> Room 12 (Priya Shah)" in shown
    assert shown.startswith("UK time. Checked just now.")


def test_an_old_schedule_says_how_old_it_is(group):
    group.world.time += 3 * 86_400
    assert "Checked 3 days ago." in group.ok("chloe", "schedule")


def test_a_cancelled_session_says_so(group):
    group.ok("priya", "session", "change", "2027-01-19", "--cancel", "snow")
    group.ok("chloe", "sync")
    assert "CANCELLED snow" in group.ok("chloe", "schedule")
    assert "there is no next session" in group.fails("chloe", "apology", "next")


def test_a_member_may_not_take_a_register(group):
    said = group.fails("chloe", "register", "mark", "next", "Priya Shah", "here")
    assert "only a coordinator or leader" in said


def test_a_name_that_two_people_have_is_never_chosen_by_chance(group):
    for mark in ("Y3", "Y4"):
        group.ok("priya", "invite", "tues", "Mohammed Ali Khan", "--mark", mark)
    said = group.fails("priya", "register", "mark", "next", "Mohammed", "here")
    assert "Mohammed Ali Khan (Y3)" in said
    assert "Mohammed Ali Khan (Y4)" in said
    group.ok("priya", "register", "mark", "next", "mohammed ali khan (y4)", "here")


def test_a_removed_member_is_gone_from_the_next_register(group):
    group.ok("priya", "remove", "tues", "Chloe Adeyemi")
    assert "Chloe" not in group.ok("priya", "register", "show", "next")
    group.ok("chloe", "sync")
    assert "no session is planned" in group.ok("chloe", "schedule").lower()


# Notes


def test_notes_are_written_shown_and_edited_offline(terminal, monkeypatch):
    terminal.ok("priya", "init", terminal.operator_code())
    said = terminal.ok("priya", "--offline", "note", "new", "one", "--title", "Bed 4")
    name = said.split()[0]
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\n\ntwo\n"))
    terminal.ok("priya", "--offline", "note", "edit", name)
    assert terminal.ok("priya", "note", "show", "bed 4") == "Bed 4\n\none\n\ntwo\n"
    assert "(not sent yet)" in terminal.ok("priya", "note", "list")
    terminal.ok("priya", "sync")
    assert terminal.ok("priya", "note", "list") == f"{name}  Bed 4\n"


def test_a_note_that_two_devices_wrote_differently_shows_both(terminal):
    terminal.ok("phone", "init", terminal.operator_code())
    code = terminal.ok("phone", "recovery-code").strip()
    terminal.ok("phone", "note", "new", "one", "--title", "Bed")
    terminal.ok("tablet", "open", code)
    terminal.ok("phone", "--offline", "note", "edit", "Bed", "two")
    terminal.ok("tablet", "--offline", "note", "edit", "Bed", "three")
    for home in ("phone", "tablet", "phone"):
        terminal.ok(home, "sync")
    said = terminal.run("phone", "note", "show", "Bed")
    assert said.code == 2
    assert "two" in said.out
    assert "three" in said.out
    terminal.ok("phone", "note", "edit", "Bed", "two and three")
    terminal.ok("tablet", "sync")
    assert "two and three" in terminal.ok("tablet", "note", "show", "Bed")


# Spreadsheets


def test_the_register_in_a_spreadsheet_holds_no_formula(group):
    for name in ("=cmd|'/c calc'!A1", "+44", "-1", "@sum", "Siân"):
        group.ok("priya", "invite", "tues", "--", name)
    group.ok("priya", "register", "mark", "next", "--others", "here")
    group.world.time += 30 * 86_400
    file = group.folder / "out.csv"
    group.ok("priya", "export-register", "tues", "--csv", str(file), "--bom")
    data = file.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    cells = data.decode("utf-8-sig").splitlines()
    assert cells[0] == "person,Tue 19 Jan 2027 13:00-14:00"
    for cell in ("'=cmd", "'+44,here", "'-1,here", "'@sum,here", "Siân,here"):
        assert any(line.startswith(cell) for line in cells), cell


def test_an_import_with_problems_lists_them_and_writes_nothing(terminal):
    terminal.begin()
    people, sessions = (terminal.folder / n for n in ("people.csv", "sessions.csv"))
    people.write_text("id,name,group,role\n1,Ann,14,member\n2,Ann,14,member\n")
    sessions.write_text("id,group,date,start,minutes\ns1,14,someday,12:10,50\n")
    said = terminal.run("priya", "programme", "import", str(people), str(sessions))
    assert said.code == 2
    assert "people.csv:2: Ann is twice in 14" in said.out
    assert "sessions.csv:2: date: someday is not a day" in said.out
    assert said.err == "enid: 3 problems; nothing was written\n"
    assert "14" not in terminal.ok("priya", "status")


def test_an_import_writes_codes_into_a_file_and_a_dry_run_nothing(terminal):
    terminal.begin()
    people, sessions = (terminal.folder / n for n in ("people.csv", "sessions.csv"))
    people.write_text("id,name,group,role\n1,Ann,14,member\n2,Ben,14,leader\n")
    sessions.write_text("id,group,date,start,minutes\ns1,14,2027-02-02,12:10,50\n")
    files = [str(people), str(sessions), "--out", str(terminal.folder)]
    said = terminal.ok("priya", "programme", "import", "--dry-run", *files)
    assert "2 new people" in said
    assert "nothing was written" in said
    assert "14" not in terminal.ok("priya", "status").replace(str(terminal.folder), "")
    said = terminal.ok("priya", "programme", "import", *files)
    assert "2 invitation codes" in said
    assert (terminal.folder / "invitations-2027-01-15.csv").exists()
    said = terminal.ok("priya", "programme", "import", *files)
    assert "1 unchanged sessions" in said
    assert "codes" not in said


def test_codes_of_an_offline_import_come_with_the_next_sync(terminal, monkeypatch):
    terminal.begin()
    monkeypatch.chdir(terminal.folder)
    Path("people.csv").write_text("id,name,group,role\n1,Ann,14,member\n")
    Path("sessions.csv").write_text("id,group,date,start,minutes\n")
    terminal.ok(
        "priya", "--offline", "programme", "import", "people.csv", "sessions.csv"
    )
    assert not list(terminal.folder.glob("invitations*"))
    assert "1 invitation codes" in terminal.ok("priya", "sync")
    assert list(terminal.folder.glob("invitations*"))


# This device


def test_a_second_process_gets_one_line_and_exit_code_2(terminal):
    terminal.ok("priya", "init", terminal.operator_code())
    with lock(terminal.folder / "priya" / "enid.lock"):
        assert "another enid is using" in terminal.fails("priya", "status")
    terminal.ok("priya", "status")


def test_a_damaged_store_is_one_line(terminal):
    terminal.ok("priya", "init", terminal.operator_code())
    (terminal.folder / "priya" / "enid.sqlite").write_bytes(b"not a database" * 100)
    assert "cannot be opened" in terminal.fails("priya", "status")


def test_damaged_keys_are_one_line(terminal):
    terminal.ok("priya", "init", terminal.operator_code())
    (terminal.folder / "priya" / "keys.json").write_text("{")
    terminal.fails("priya", "status")


def test_a_home_that_cannot_be_made_is_one_line(terminal):
    (terminal.folder / "file").write_text("")
    terminal.fails("file", "status")


def test_verify_finds_a_changed_byte_and_exits_with_1(group):
    store = sqlite3.connect(group.folder / "chloe" / "enid.sqlite")
    store.execute(
        "UPDATE version SET signature = zeroblob(64) WHERE ord ="
        " (SELECT max(ord) FROM version WHERE control = 0)"
    )
    store.commit()
    store.close()
    said = group.run("chloe", "verify")
    assert said.code == 1
    assert "FAULT" in said.out
    assert "bad_signature" in said.out


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("body = zeroblob(length(body))", "does not open"),
        ("header = zeroblob(300)", "bad_envelope"),
        ("seq = seq + 7", "is not in its place"),
    ],
)
def test_verify_finds_whatever_was_changed(group, change, told):
    store = sqlite3.connect(group.folder / "chloe" / "enid.sqlite")
    store.execute(
        f"UPDATE version SET {change} WHERE ord ="
        " (SELECT max(ord) FROM version WHERE control = 0)"
    )
    store.commit()
    store.close()
    said = group.run("chloe", "verify")
    assert said.code == 1
    assert told in said.out


def test_verify_finds_a_missing_version(group):
    store = sqlite3.connect(group.folder / "chloe" / "enid.sqlite")
    store.execute("DELETE FROM version WHERE ord = (SELECT max(ord) FROM version)")
    store.commit()
    store.close()
    said = group.run("chloe", "verify")
    assert said.code == 1
    assert "the chain of heads ends elsewhere" in said.out


def test_what_a_server_refuses_for_good_goes_to_the_tray_and_can_be_taken_out(group):
    group.ok("chloe", "--offline", "apology", "next", "--reason", "nights")
    store = sqlite3.connect(group.folder / "chloe" / "enid.sqlite")
    store.execute("DELETE FROM outbox WHERE derived NOT NULL")
    store.execute("UPDATE outbox SET code = 'too_large', id = NULL, chain = NULL")
    store.commit()
    store.close()
    shown = group.ok("chloe", "tray")
    assert "too_large" in shown
    assert "apology" in shown
    file = group.folder / "tray.json"
    group.ok("chloe", "tray", "export", str(file))
    assert "nights" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "nothing in the tray" in group.fails("chloe", "tray", "retry", "99")
    for number in re.findall(r"^ +(\d+) ", shown, re.MULTILINE):
        group.ok("chloe", "tray", "retry", number)
    assert group.ok("chloe", "tray") == "0 in the tray.\n"
    assert "0 saved on this device" in group.ok("chloe", "status")


def test_every_command_of_the_parser_stands_in_the_handbook():
    from sync.cli import parser

    handbook = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()
    for command in _commands(parser()):
        assert f"enid {command}" in handbook, command


def _commands(parser, before: str = "") -> Iterator[str]:
    for action in parser._actions:
        for name, inner in (
            (getattr(action, "choices", None) or {}).items()
            if (hasattr(action, "add_parser"))
            else ()
        ):
            below = list(_commands(inner, f"{before}{name} "))
            yield from below or [f"{before}{name}"]


# The real thing


@pytest.mark.slow
def test_the_program_itself_runs_and_says_what_is_missing(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "sync.cli", "--home", str(tmp_path / "x"), "status"],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_story_runs_against_the_real_server(tmp_path, capsys):
    world = flask_world(tmp_path / "server")
    terminal = Terminal(world, tmp_path, capsys)
    terminal.begin()
    terminal.join("chloe", "Chloe Adeyemi")
    capsys.readouterr()
    terminal.run("chloe", "apology", "next", "--reason", "nights")
    terminal.run("priya", "register", "mark", "next", "Chloe", "late")
    terminal.run("priya", "register", "finish", "next")
    said = terminal.run("chloe", "sync")
    assert "All is sent." in said.out
    assert "You: late" in terminal.run("chloe", "schedule").out
    world.server.close()
