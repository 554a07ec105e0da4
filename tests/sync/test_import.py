"""``programme import``: every problem by its row, nothing half done, nothing twice."""

from __future__ import annotations

import csv
import stat
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from sync.desk import Desk
from sync.errors import EnidError
from sync.invitations import Invitation
from sync.kinds import Role, SpaceKind
from sync.programme_import import Files, Importer, read_files, write_codes
from sync.verify import verify
from tests.worlds import flask_world, memory_world

PEOPLE = """id,name,mark,group,role,email,phone
0001,Siân Ó Briain-Okafor,,14,member,sian@example.org,+44 1632 960001
0002,Mohammed Ali Khan,Y3,14,member,,
0003,Mohammed Ali Khan,Y4,14,member,,
0004,Dr A. Rowe,,14,leader,rowe@example.org,
"""
SESSIONS = """id,group,date,start,minutes,place,link,leaders
s1,14,2027-01-19,12:10,50,Room 3.14,,0004
s2,14,02/02/2027,12:10,50,Room 3.14,,0004
"""


class Office:
    """A coordinator with a programme, and two files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.world = folder, memory_world()
        self.desk = Desk(self.world.first())
        self.programme = self.desk.programmes.begin("Year 3")
        self.files(PEOPLE, SESSIONS)

    def files(self, people: str, sessions: str = SESSIONS) -> None:
        (self.folder / "people.csv").write_text(people, encoding="utf-8")
        (self.folder / "sessions.csv").write_text(sessions, encoding="utf-8")

    def read(self) -> Files:
        self.importer = Importer(self.desk, self.programme)
        return self.importer.read(
            self.folder / "people.csv", self.folder / "sessions.csv"
        )

    def take(self) -> Counter[str]:
        files = self.read()
        assert files.faults == []
        return self.importer.write(files).counts

    def circle(self) -> bytes:
        return self.desk.groups.all()[0].circle


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def faults(office: Office, people: str = PEOPLE, sessions: str = SESSIONS) -> list[str]:
    office.files(people, sessions)
    return office.read().faults


# Taking in


def test_groups_people_and_sessions_are_there_after_an_import(office):
    office.take()
    circle = office.circle()
    labels = {p.label for p in office.desk.groups.people(circle)}
    assert labels == {
        "Siân Ó Briain-Okafor", "Mohammed Ali Khan (Y3)", "Mohammed Ali Khan (Y4)",
        "Dr A. Rowe",
    }  # fmt: skip
    days = [m.on for m in office.desk.sessions.of(circle)]
    assert days == [date(2027, 1, 19), date(2027, 2, 2)]
    leader = office.desk.sessions.of(circle)[0].item.fields["led_by"][0]
    assert office.desk.groups.labels(circle)[leader] == "Dr A. Rowe"


def test_ids_and_addresses_of_people_stay_in_the_office(office):
    office.take()
    for item in office.desk.shelf.frame(office.circle(), "person"):
        assert set(item.fields) <= {"person", "name", "second", "roles"}
    held = office.desk.shelf.held(office.programme, SpaceKind.OFFICE)
    contacts = office.desk.shelf.items(held.space, "contact")
    assert {i.fields["email"] for i in contacts} == {
        "sian@example.org", "rowe@example.org",
    }  # fmt: skip


def test_a_second_import_of_the_same_files_writes_nothing(office):
    office.take()
    office.desk.sync()
    before = office.desk.client.store.all("SELECT count(*) FROM version")
    counts = office.take()
    assert office.desk.client.outbox.rows() == []
    assert all(what.startswith("unchanged") for what in counts)
    assert office.desk.client.store.all("SELECT count(*) FROM version") == before


def test_a_second_import_before_the_first_was_sent_writes_nothing_either(office):
    office.take()
    rows = len(office.desk.client.outbox.rows())
    office.take()
    assert len(office.desk.client.outbox.rows()) == rows


def test_a_second_import_changes_only_what_changed(office):
    office.take()
    office.desk.sync()
    office.files(
        PEOPLE.replace("Dr A. Rowe", "Prof. A. Rowe"),
        SESSIONS.replace("2027-01-19", "2027-01-20"),
    )
    counts = office.take()
    assert counts["changed sessions"] == 1
    assert counts["changed people"] == 1
    assert counts["changed places in groups"] == 1
    assert counts["new invitations"] == 0
    moved = office.desk.sessions.of(office.circle())[0]
    assert moved.item.fields["changes"][0]["what"] == "when"


def test_an_empty_cell_leaves_as_it_is_what_a_leader_wrote(office):
    office.take()
    circle = office.circle()
    rec = office.desk.sessions.of(circle)[0].rec
    office.files(PEOPLE, SESSIONS.replace("Room 3.14", ""))
    office.desk.sessions.change(circle, rec, place="Library")
    office.take()
    assert office.desk.sessions.get(circle, rec).item.fields["place"] == "Library"


def test_somebody_who_left_is_not_brought_back_by_an_old_file(office):
    office.take()
    office.desk.sync()
    circle = office.circle()
    khan = next(p for p in office.desk.groups.people(circle) if "Y3" in p.label)
    office.desk.groups.remove_person(circle, khan.person)
    office.desk.sync()
    office.world.time += 3 * 86_400
    assert office.take()["new invitations"] == 0
    notices = office.importer.outcome.notices
    assert notices == ["Mohammed Ali Khan (Y3) has left 14: not brought back"]


def test_somebody_missing_from_the_file_is_kept_and_named(office):
    office.take()
    lines = PEOPLE.splitlines(keepends=True)
    office.files("".join([lines[0], *lines[2:]]))
    office.take()
    assert office.importer.outcome.notices == [
        "Siân Ó Briain-Okafor is in 14, and not in the file: kept"
    ]


def test_whoever_has_an_account_in_the_programme_is_seated_without_a_code(office):
    office.take()
    office.desk.sync()
    codes = {c.person: c for c in office.desk.places.codes()}
    rowe = next(
        p for p in office.desk.groups.people(office.circle()) if "Rowe" in p.label
    )
    phone = office.world.newcomer()
    phone.join(Invitation.from_code(codes[rowe.person].invitation.code))
    leader = Desk(phone)
    leader.sync()
    office.desk.sync()
    office.files(PEOPLE + "0004,Dr A. Rowe,,15,leader,,\n")
    counts = office.take()
    assert (counts["seated at once"], counts["new invitations"]) == (1, 0)
    office.desk.sync()
    leader.sync()
    assert [g.name for g in leader.groups.all()] == ["14", "15"]
    assert office.take()["seated at once"] == 0


def test_a_changed_role_closes_the_old_place_and_opens_another(office):
    office.take()
    office.desk.sync()
    office.files(PEOPLE.replace("Y4,14,member", "Y4,14,observer"))
    counts = office.take()
    assert counts["new invitations"] == 1
    office.desk.sync()
    places = office.desk.shelf.membership(office.circle()).invites.values()
    assert Counter(p.state for p in places) == {"open": 4, "revoked": 1}
    assert Role.OBSERVER in {p.roles for p in places if p.state == "open"}


def test_a_dry_run_counts_and_leaves_nothing(office):
    files = office.read()
    before = office.desk.client.store.all("SELECT count(*) FROM outbox")
    counts = office.importer.write(files, dry=True).counts
    assert (counts["new groups"], counts["new people"], counts["new sessions"]) == (
        1,
        4,
        2,
    )
    assert office.desk.client.store.all("SELECT count(*) FROM outbox") == before
    again = Desk(office.world.restart(office.desk.client))
    assert again.groups.all() == []


def test_only_a_coordinator_of_the_programme_can_import(office):
    stranger = Desk(office.world.first())
    with pytest.raises(EnidError) as refused:
        Importer(stranger, office.programme)
    assert refused.value.code == "role_denied"


# Codes


def test_codes_go_once_into_a_file_that_only_its_owner_can_read(office, tmp_path):
    office.take()
    assert write_codes(office.desk, tmp_path) is None, "nothing is sent yet"
    office.desk.sync()
    written = write_codes(office.desk, tmp_path)
    assert written is not None
    path, count = written
    assert (path.name, count) == ("invitations-2027-01-15.csv", 4)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert {row["name"] for row in rows} >= {"Siân Ó Briain-Okafor"}
    pack = office.world.newcomer().ask_pack(Invitation.from_code(rows[0]["code"]))
    assert pack["group"] == "14"
    assert write_codes(office.desk, tmp_path) is None, "each code is written once"


def test_a_second_file_of_one_day_does_not_replace_the_first(office, tmp_path):
    for more in ("", "0005,Wei Li,,14,member,,\n"):
        office.files(PEOPLE + more)
        office.take()
        office.desk.sync()
        write_codes(office.desk, tmp_path)
    names = sorted(p.name for p in tmp_path.glob("invitations*"))
    assert names == ["invitations-2027-01-15-2.csv", "invitations-2027-01-15.csv"]


def test_codes_survive_a_restart_before_they_were_written(office, tmp_path):
    office.take()
    again = Desk(office.world.restart(office.desk.client))
    again.sync()
    written = write_codes(again, tmp_path)
    assert written is not None
    assert written[1] == 4


# Problems, each with its line


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("2027-01-19", "31/02/2027", "sessions.csv:2: date: 31/02/2027 is not a day"),
        ("2027-01-19", "", "sessions.csv:2: no date"),
        ("s1,14", "s1,41", "sessions.csv:2: unknown group: 41"),
        ("s2,14", "s1,14", "sessions.csv:3: id s1 is there already (line 2)"),
        ("2027-01-19,12:10", "2027-01-19,noon", "sessions.csv:2: start: noon is not"),
        ("12:10,50,Room 3.14,,0004\ns2", "12:10,0,Room 3.14,,0004\ns2",
         "sessions.csv:2: minutes: 0 is not"),
        (",,0004\ns2", ",,0009\ns2", "sessions.csv:2: leaders: nobody has the id 0009"),
        ("Room 3.14,,0004\ns2", "=cmd|'/c calc'!A1,,0004\ns2",
         "sessions.csv:2: place: begins with =, as a formula does"),
        ("id,group,date", "id,gruop,date", "sessions.csv:1: missing column: group"),
    ],
)  # fmt: skip
def test_a_problem_with_a_session_is_named_with_its_line(office, old, new, fault):
    found = faults(office, sessions=SESSIONS.replace(old, new))
    assert any(line.startswith(fault) for line in found), found


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("Khan,Y3", "Khan,", "people.csv:3: Mohammed Ali Khan is twice in 14 (line 4)"),
        ("Khan,Y3", "Khan,y4",
         "people.csv:4: Mohammed Ali Khan is twice in 14 (line 3)"),
        ("0002,Moh", "2,Moh", "people.csv:3: id 2 seems to have lost its zeros (others"
         " look like 0002)"),
        ("0002,Moh", "1.2E+05,Moh", "people.csv:3: id 1.2E+05: a spreadsheet has made"),
        ("0002,Moh", "0001,Moh", "people.csv:3: id 0001 is in this group already"),
        ("0002,Mohammed Ali Khan,Y3,14", "0001,Mohammed Ali Khan,Y3,15",
         "people.csv:3: id 0001 has another name on another line"),
        ("14,leader", "14,boss", "people.csv:5: role: boss is none of member, leader"),
        ("Dr A. Rowe", "+Rowe", "people.csv:5: name: begins with +"),
        ("Dr A. Rowe", "@Rowe", "people.csv:5: name: begins with @"),
        ("Dr A. Rowe", "-Rowe", "people.csv:5: name: begins with -"),
        ("Siân Ó Briain-Okafor", "Briain, Siân",
         "people.csv:2: more cells than columns"),
        ("Dr A. Rowe", "", "people.csv:5: no name"),
        ("Dr A. Rowe", "x" * 201, "people.csv:5: name: longer than 200 characters"),
        ("Dr A. Rowe", '"Dr\nRowe"', "people.csv:5: name: holds a line break"),
        ("+44 1632 960001", "=1+1", "people.csv:2: phone: begins with ="),
        ("id,name,mark,group,role", "id,name,mark,group,rolle",
         "people.csv:1: missing column: role"),
        ("id,name,mark", "id,name,name", "people.csv:1: the column name is there 2"),
    ],
)  # fmt: skip
def test_a_problem_with_a_person_is_named_with_its_line(office, old, new, fault):
    found = faults(office, people=PEOPLE.replace(old, new))
    assert any(line.startswith(fault) for line in found), found


def test_all_problems_are_told_at_once_and_nothing_is_written(office):
    found = faults(
        office, PEOPLE.replace("Khan,Y3", "Khan,"), SESSIONS.replace("-19", "-32")
    )
    assert len(found) == 2
    assert office.desk.groups.all() == []


def test_a_lost_zero_is_noticed_against_what_the_programme_knows_already(office):
    office.take()
    found = faults(office, people="id,name,group,role\n4,Dr A. Rowe,14,leader\n")
    assert "lost its zeros (others look like 0004)" in found[0]


@pytest.mark.parametrize(
    "data",
    [
        PEOPLE.encode("utf-8-sig"),
        PEOPLE.replace("\n", "\r\n").encode("utf-8-sig"),
        PEOPLE.replace(",", ";").encode(),
        PEOPLE.replace(",", "\t").encode("utf-16"),
        ("\n" + PEOPLE).replace("\n0003", "\n,,,,,,\n0003").lstrip("\n").encode(),
        PEOPLE.replace("id,name", " ID , Name ").encode(),
    ],
    ids=["bom", "crlf", "semicolons", "utf-16 and tabs", "empty lines", "header"],
)
def test_whatever_a_spreadsheet_writes_is_read(office, data):
    (office.folder / "people.csv").write_bytes(data)
    files = office.read()
    assert (files.faults, files.notices) == ([], [])
    assert files.attending[0].row["name"] == "Siân Ó Briain-Okafor"


def test_latin_1_is_read_and_pointed_out(office):
    (office.folder / "people.csv").write_bytes(PEOPLE.encode("cp1252"))
    files = office.read()
    assert files.attending[0].row["name"] == "Siân Ó Briain-Okafor"
    assert files.notices == [
        "people.csv:1: not UTF-8: read as Latin-1, so look at names with accents"
    ]


def test_a_session_on_a_bank_holiday_is_asked_about(office):
    office.files(PEOPLE, SESSIONS.replace("2027-01-19", "2027-03-26"))
    files = office.read()
    assert files.faults == []
    assert files.notices == [
        "sessions.csv:2: Fri 26 Mar 2027 is Good Friday: is that meant?"
    ]


def test_a_file_that_is_not_there_is_one_plain_error(tmp_path):
    with pytest.raises(EnidError, match="No such file"):
        read_files(tmp_path / "none.csv", tmp_path / "none.csv")


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"id", b'"', b"\xff\xfe\x00"])
def test_a_file_that_is_no_table_is_a_fault_and_no_crash(office, data):
    (office.folder / "people.csv").write_bytes(data)
    assert office.read().faults


# A whole year


@pytest.mark.slow
def test_a_year_of_450_people_41_groups_and_533_sessions_is_taken_in(tmp_path):
    world = flask_world(tmp_path / "server")
    desk = Desk(world.first())
    programme = desk.programmes.begin("Year 3")
    _write_year(tmp_path)
    started = time.monotonic()
    importer = Importer(desk, programme)
    counts = importer.write(
        importer.read(tmp_path / "people.csv", tmp_path / "sessions.csv")
    ).counts
    desk.sync()
    written = write_codes(desk, tmp_path)
    assert time.monotonic() - started < 60
    assert (counts["new people"], counts["new groups"]) == (450, 41)
    assert len(desk.sessions.all()) == counts["new sessions"] == 533
    assert written is not None
    assert written[1] == 450
    assert desk.client.outbox.rows() == []
    assert verify(desk.client).faults == []
    world.server.close()


def _write_year(folder: Path) -> None:
    people = ["id,name,mark,group,role,email,phone"]
    for n in range(450):
        role = "leader" if n < 82 else "member"
        people.append(f"{n:05},Person {n},,Group {n % 41 + 1},{role},p{n}@example.org,")
    sessions = ["id,group,date,start,minutes,place,link,leaders"]
    for n in range(533):
        on = date(2027, 1, 19) + timedelta(weeks=2 * (n // 41))
        sessions.append(
            f"s{n},Group {n % 41 + 1},{on},12:10,50,Room {n % 41},,{n % 41:05}"
        )
    (folder / "people.csv").write_text("\n".join(people))
    (folder / "sessions.csv").write_text("\n".join(sessions))
