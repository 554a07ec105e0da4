"""Backup, restore and what a new incarnation means (REL-12)."""

import os
import shutil
import sqlite3

import pytest
from sqlalchemy import make_url

from server import create_app, services_of, upgrade
from server.services.backup import BackupError, backup, check, restore
from server.services.push import RESTORING_S
from sync import entries as e
from sync.encoding import b64
from sync.kinds import Role, SpaceKind
from tests.server.builders import Phone, group_of, wire

ROOM = SpaceKind.ROOM


def url_of(app):
    return make_url(app.config["DATABASE_URL"])


@pytest.fixture
def file(tmp_path):
    return tmp_path / "backup"


@pytest.fixture
def people(app):
    leader, member = Phone(app).enrol(), Phone(app).enrol()
    return leader, member, group_of(leader, member)


def put_back(app, file, clock) -> int:
    if url_of(app).get_backend_name() != "sqlite":
        if not shutil.which("pg_restore"):
            pytest.skip("pg_restore is not on the PATH")
        services_of(app).database.engine.dispose()
    return restore(url_of(app), file, int(clock()))


def save(app, file) -> None:
    if url_of(app).get_backend_name() != "sqlite" and not shutil.which("pg_dump"):
        pytest.skip("pg_dump is not on the PATH")
    backup(url_of(app), file)


def test_restore_raises_the_incarnation_and_ends_all_tokens(app, people, file, clock):
    leader, _member, circle = people
    save(app, file)
    room, lost = circle.space(ROOM), leader.write(circle, ROOM)
    leader.accepted(room, lost)
    assert put_back(app, file, clock) == 2
    assert leader.post().status_code == 401
    assert leader.sign_in().json["inc"] == 2
    assert leader.pull()[b64(room)]["seq"] == 1
    assert put_back(app, file, clock) == 3


def test_after_a_restore_old_versions_are_taken_and_new_removals_wait(
    app, people, file, clock
):
    leader, member, circle = people
    leader.pull()
    save(app, file)
    room = circle.space(ROOM)
    lost = leader.write(circle, ROOM)
    removal = leader.remove(circle, member)
    leader.accepted(room, lost)
    leader.accepted(circle.log, removal)
    put_back(app, file, clock)
    leader.sign_in()
    member.sign_in()
    leader.views.clear()
    leader.pull()
    fresh = e.SetRoles(bytes(32), member.account, Role.OBSERVER)
    new = leader.make(circle.log, e.encode(fresh), n=removal.header.n,
                      prev=removal.header.prev)  # fmt: skip
    error = leader.push(circle.log, new)["error"]
    assert (error["code"], error["retry"]) == ("restoring", "later")
    leader.accepted(room, lost)
    leader.accepted(circle.log, removal)


@pytest.mark.parametrize("how", ["all have synced", "a day has passed"])
def test_changes_of_rights_go_on_when_settled(app, people, file, clock, how):
    leader, member, circle = people
    save(app, file)
    put_back(app, file, clock)
    for phone in (leader, member):
        phone.sign_in()
        phone.pull()
    removal = leader.remove(circle, member)
    assert leader.push(circle.log, removal)["error"]["code"] == "restoring"
    if how == "all have synced":
        leader.sync(settled=2)
        member.sync(settled=2)
    else:
        clock.now += RESTORING_S
    leader.accepted(circle.log, removal)


def test_log_that_the_backup_lacks_is_brought_back_by_any_of_its_people(
    app, people, file, clock
):
    leader, member, _circle = people
    save(app, file)
    circle, genesis = leader.genesis()
    grant = leader.grant(circle, member, Role.MEMBER)
    leader.accepted(circle.log, genesis, grant)
    put_back(app, file, clock)
    member.sign_in()
    member.accepted(circle.log, genesis, grant)


def test_check_counts_a_sound_backup(sqlite_app, file):
    leader = Phone(sqlite_app).enrol()
    circle = group_of(leader)
    leader.accepted(circle.space(ROOM), leader.write(circle, ROOM))
    backup(url_of(sqlite_app), file)
    assert check(file) == {"spaces": 2, "versions": 3, "without_body": 0}
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE version SET body = zeroblob(9) WHERE seq = 1",
        "UPDATE version SET header = zeroblob(9) WHERE seq = 1",
        "UPDATE version SET head = zeroblob(32) WHERE seq = 1",
        "DELETE FROM version WHERE seq = 1",
        "UPDATE space SET seq = seq + 1",
        "DROP TABLE space",
    ],
)
def test_check_finds_damage_and_restore_then_changes_nothing(
    sqlite_app, file, clock, damage: str
):
    leader = Phone(sqlite_app).enrol()
    group_of(leader)
    backup(url_of(sqlite_app), file)
    with sqlite3.connect(file) as connection:
        connection.execute(damage)
    connection.close()
    with pytest.raises(BackupError):
        check(file)
    with pytest.raises(BackupError):
        restore(url_of(sqlite_app), file, int(clock()))
    assert leader.post().status_code == 200


def test_damaged_database_is_set_aside_by_a_restore(settings, file, tmp_path, clock):
    app = create_app(settings)
    upgrade(app)
    leader = Phone(app).enrol()
    circle = group_of(leader)
    backup(url_of(app), file)
    services_of(app).database.close()
    (tmp_path / "enid.sqlite").write_bytes(os.urandom(8192))
    assert restore(url_of(app), file, int(clock())) == 2
    again = create_app(settings)
    phone = leader
    phone.client.application = again
    phone.sign_in()
    assert b64(circle.log) in phone.pull()
    services_of(again).database.close()


def run(app, *arguments: str):
    return app.test_cli_runner().invoke(args=list(arguments))


def test_commands_answer_in_one_line_and_exit_code_2(sqlite_app, file, tmp_path):
    for arguments in (("restore", str(file)), ("restore", "--check", str(file))):
        result = run(sqlite_app, *arguments)
        assert (result.exit_code, result.output.count("\n")) == (2, 1)
    file.write_text("no database")
    result = run(sqlite_app, "restore", "--check", str(file))
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    result = run(sqlite_app, "backup", str(tmp_path / "no" / "such"))
    assert (result.exit_code, result.output.count("\n")) == (2, 1)


def test_commands_do_what_they_say(sqlite_app, file):
    assert run(sqlite_app, "backup", str(file)).exit_code == 0
    assert "spaces" in run(sqlite_app, "restore", "--check", str(file)).output
    assert "incarnation 2" in run(sqlite_app, "restore", str(file)).output
    assert "accounts" in run(sqlite_app, "stats").output
    assert "dropped" in run(sqlite_app, "jobs", "run", "--once").output
    code = run(sqlite_app, "invite-coordinator").output.strip()
    assert len(code) == 29


def test_files_of_the_server_hold_no_code_and_no_token(sqlite_app, tmp_path):
    phone = Phone(sqlite_app)
    code = run(sqlite_app, "invite-coordinator").output.strip()
    from server.services.invitations import lookup_of
    from sync.encoding import bytes_from_code

    secret = bytes_from_code(code, 5)
    phone.sign_in(lookup_of(secret))
    circle, genesis = phone.genesis()
    phone.sync(push={b64(circle.log): [wire(genesis)]})
    written = b"".join(f.read_bytes() for f in tmp_path.iterdir() if f.is_file())
    for kept in (code.encode(), secret, lookup_of(secret), phone.token.encode()):
        assert kept not in written
