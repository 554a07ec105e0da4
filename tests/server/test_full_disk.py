"""A full disk, a database that may only be read, and one that another holds.

Whoever meets the fault is told so with the time to come again (507 ``quota``, 503
``busy``; inside ``/v1/sync`` for the space alone, so that reading goes on). Nobody else
is hurt, what stood stands, and a client that could not send loses nothing (REL-01).
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

import server.database
from server import create_app, services_of, upgrade
from server.services import backup
from sync.encoding import b64
from sync.errors import Later
from sync.kinds import SpaceKind
from tests.people import World, begin_group, shown, space, texts, write_text
from tests.server.builders import SIZE, Circle, Phone, group_of, wire
from tests.worlds import flask_world

ROOT = Path(__file__).resolve().parents[2]
ROOM, FRAME = SpaceKind.ROOM, SpaceKind.FRAME
BIG, SMALL = 65536 + 48, SIZE


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The real application on SQLite, which waits for a lock for a second only."""
    monkeypatch.setattr(server.database, "BUSY_S", 1)
    world = flask_world(tmp_path)
    yield world
    world.server.close()


@pytest.fixture
def app(world: World) -> Flask:
    app: Flask = world.server.app
    return app


@pytest.fixture
def phones(app: Flask) -> tuple[Phone, Phone, Circle]:
    leader, member = Phone(app).enrol(), Phone(app).enrol()
    return leader, member, group_of(leader, member)


def file_of(app: Flask) -> Path:
    return Path(app.config["ENID_DATA"]) / "enid.sqlite"


def push_of(phone: Phone, circle: Circle, size: int, count: int = 1) -> dict[str, Any]:
    room = circle.space(ROOM)
    made = [phone.write(circle, ROOM, body=os.urandom(size)) for _ in range(count)]
    return {"push": {b64(room): [wire(version) for version in made]}}


def outcome(answer: Any, circle: Circle) -> dict[str, Any]:
    told = answer.json.get("code")
    assert (answer.status_code, told) in [(200, None), *TOLD.values()], answer.json
    pushed: dict[str, Any] = answer.json["pushed"][b64(circle.space(ROOM))]
    return pushed


# -- faults -------------------------------------------------------------------------


@contextmanager
def full_disk(app: Flask, pages: int = 8) -> Iterator[None]:
    """SQLite may take so many more pages and no more, until the block ends."""
    with services_of(app).database.read() as connection:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with writer_begins_with(app, f"PRAGMA max_page_count = {used + pages}"):
        yield
    with writer_begins_with(app, "PRAGMA max_page_count = 1000000"):
        services_of(app).database.write(lambda connection: None)


@contextmanager
def writer_begins_with(app: Flask, statement: str) -> Iterator[None]:
    engine = services_of(app).database.writer._engine  # type: ignore[attr-defined]

    def say(connection: Any) -> None:
        connection.exec_driver_sql(statement)

    event.listen(engine, "begin", say)
    try:
        yield
    finally:
        event.remove(engine, "begin", say)


@contextmanager
def read_only(app: Flask) -> Iterator[None]:
    """SQLite opens the file for reading only, as on a disk remounted after an error."""
    database, file = services_of(app).database, file_of(app)
    engine = database.writer._engine  # type: ignore[attr-defined]

    def connect(*_arguments: Any) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{file}?mode=ro", uri=True)

    database.writer.close()
    event.listen(engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(engine, "do_connect", connect)
        database.writer.close()


@contextmanager
def locked(app: Flask) -> Iterator[None]:
    """Another process is in the middle of writing."""
    holder = (
        "import sqlite3, sys\n"
        "held = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "held.execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", holder, str(file_of(app))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        yield
        other.communicate()


FAULTS = {"full disk": full_disk, "read only": read_only, "locked": locked}
TOLD = {
    "full disk": (507, "quota"),
    "read only": (503, "busy"),
    "locked": (503, "busy"),
}
Fault = Callable[[Flask], Any]


# -- what whoever asks is told --------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_space_that_met_the_fault_is_told_and_reading_goes_on(
    app: Flask, phones: tuple[Phone, Phone, Circle], fault: str
):
    leader, member, circle = phones
    leader.accepted(circle.space(ROOM), leader.write(circle, ROOM))
    late = push_of(leader, circle, BIG, 8)
    with FAULTS[fault](app):
        answer = leader.post(**late)
        told = outcome(answer, circle)
        page = member.sync()["pull"][b64(circle.space(ROOM))]
    assert (told["accepted"], told["error"]["code"]) == (0, TOLD[fault][1])
    assert told["error"]["retry_after"] > 0
    assert (answer.status_code, answer.json["code"]) == TOLD[fault]
    assert int(answer.headers["Retry-After"]) > 0
    assert len(page["versions"]) == 2, "the epoch and what was there before"
    assert outcome(leader.post(**late), circle) == {"accepted": 8}
    assert backup.check(file_of(app))["versions"] == 13


@pytest.mark.parametrize("fault", FAULTS)
def test_whole_request_that_met_the_fault_is_507_or_503_and_says_when_to_come_again(
    app: Flask, phones: tuple[Phone, Phone, Circle], fault: str
):
    leader, _, _ = phones
    with FAULTS[fault](app):
        for _ in range(1000):  # a token each, until one does not fit
            refused = leader.sign_in()
            if refused.status_code != 201:
                break
    assert (refused.status_code, refused.json["code"]) == TOLD[fault]
    assert refused.mimetype == "application/problem+json"
    assert int(refused.headers["Retry-After"]) > 0
    assert leader.sign_in().status_code == 201


def test_full_disk_hurts_the_request_that_met_it_and_no_other(
    app: Flask, phones: tuple[Phone, Phone, Circle]
):
    """One transaction holds them all; the one that does not fit falls out of it."""
    leader, _, circle = phones
    others = [Phone(app).enrol() for _ in range(4)]
    own = [group_of(phone) for phone in others]
    asked = [(leader, circle, push_of(leader, circle, BIG, 8))]
    asked += [(p, c, push_of(p, c, SMALL)) for p, c in zip(others, own, strict=True)]
    answers: dict[Phone, Any] = {}

    def ask(phone: Phone, where: Circle, body: dict[str, Any]) -> None:
        answers[phone] = outcome(phone.post(**body), where)

    threads = [threading.Thread(target=ask, args=one) for one in asked]
    with full_disk(app, 12):
        with writer_held(app):
            for thread in threads:
                thread.start()
            wait_for_queue(app, len(threads))
        for thread in threads:
            thread.join()
    assert answers.pop(leader)["error"]["code"] == "quota"
    assert list(answers.values()) == [{"accepted": 1}] * len(others)


@contextmanager
def writer_held(app: Flask) -> Iterator[None]:
    """The writer is busy, so that what comes is committed together afterwards."""
    begun, enough = threading.Event(), threading.Event()

    def hold(_connection: Any) -> None:
        begun.set()
        enough.wait(20)

    database = services_of(app).database
    holder = threading.Thread(target=database.write, args=(hold,))
    holder.start()
    assert begun.wait(10)
    yield
    enough.set()
    holder.join()


def wait_for_queue(app: Flask, count: int) -> None:
    queue = services_of(app).database.writer._queue  # type: ignore[attr-defined]
    for _ in range(1000):
        if queue.qsize() >= count:
            return
        threading.Event().wait(0.01)
    raise AssertionError("the requests did not arrive")


# -- what a client keeps --------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_client_loses_nothing_and_sends_it_later(world: World, fault: str):
    """REL-01, REL-02: saved stays saved, *Sent* is not said, and nobody has to act."""
    leader = world.first()
    circle = begin_group(leader)
    frame = space(leader, circle, FRAME)
    write_text(leader, frame, "before")
    leader.sync()
    long = [f"{i}" * 16_000 for i in range(6)]
    for text in long:
        write_text(leader, frame, text)
    with FAULTS[fault](world.server.app):
        sync_or_later(leader)
        leader = world.restart(leader)
        sync_or_later(leader)
        assert texts(leader, frame) == sorted(["before", *long])
        assert sum(opened.pending for opened in shown(leader, frame)) == len(long)
        assert [row.code for row in leader.outbox.rows()] == [None] * len(long)
    leader.sync()
    assert leader.outbox.rows() == []
    fresh = world.second_device(leader)
    assert texts(fresh, frame) == sorted(["before", *long])


@pytest.mark.parametrize("fault", FAULTS)
def test_client_goes_on_putting_back_what_a_restored_server_lost(
    world: World, fault: str
):
    """REL-03: a full disk in the middle of a repair is not the end of it."""
    leader = world.first()
    circle = begin_group(leader)
    frame = space(leader, circle, FRAME)
    write_text(leader, frame, "before")
    leader.sync()
    copy = world.server.dump()
    long = [f"{i}" * 16_000 for i in range(6)]
    for text in long:
        write_text(leader, frame, text)
    leader.sync()
    world.server.restore(copy)
    sync_or_later(leader)
    world.time += 31
    with FAULTS[fault](world.server.app):
        for _ in range(4):  # more often than a client tries what is refused
            sync_or_later(leader)
    leader.sync()
    fresh = world.second_device(leader)
    assert texts(fresh, frame) == sorted(["before", *long])


def sync_or_later(phone: Any) -> None:
    try:
        phone.sync()
    except Later:
        return


# -- the real thing -------------------------------------------------------------------


def test_disk_that_is_really_full_is_507_and_goes_on_when_there_is_room_again(
    tmp_path: Path,
):
    """A small tmpfs: SQLite's journal meets the end of the disk too."""
    with tmpfs(tmp_path / "disk", "4m") as disk:
        app = create_app({"ENID_DATA": str(disk / "data"), "DATABASE_URL": ""})
        upgrade(app)
        leader, member = Phone(app).enrol(), Phone(app).enrol()
        circle = group_of(leader, member)
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(disk).free - 100_000))
        big = push_of(leader, circle, BIG, 8)
        told = outcome(leader.post(**big), circle)
        assert (told["accepted"], told["error"]["code"]) == (0, "quota")
        assert member.sync()["pull"]
        ballast.write_bytes(bytes(0))
        small = push_of(member, circle, SMALL)
        assert outcome(member.post(**small), circle) == {"accepted": 1}
        services_of(app).database.close()
        assert backup.check(disk / "data" / "enid.sqlite")["versions"] > 3


@contextmanager
def tmpfs(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"A REALLY FULL DISK WAS NOT TESTED: {error}")
    if done.returncode:
        pytest.skip(f"A REALLY FULL DISK WAS NOT TESTED: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_files_that_may_not_be_written_are_503(what: str):
    """The real permissions, met by a server that may not overrule them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        app = create_app({"ENID_DATA": str(folder / "data"), "DATABASE_URL": ""})
        upgrade(app)
        leader = Phone(app).enrol()
        circle = group_of(leader)
        body = push_of(leader, circle, SMALL)
        services_of(app).database.close()
        question = json.dumps({"token": leader.token, "body": body})
        forbid(folder / "data", what)
        answers = json.loads(run_unprivileged(folder / "data", question))
        permit(folder / "data")
        app = create_app({"ENID_DATA": str(folder / "data"), "DATABASE_URL": ""})
        again = app.test_client().post(
            "/v1/sync", json=body, headers={"Authorization": f"Bearer {leader.token}"}
        )
        assert outcome(again, circle) == {"accepted": 1}
        services_of(app).database.close()
    signed_in, synced = answers
    assert (signed_in["status"], signed_in["code"]) == (503, "busy")
    assert int(signed_in["retry_after"]) > 0
    assert (synced["status"], synced["code"]) == (503, "busy")


def forbid(data: Path, what: str) -> None:
    for file in data.iterdir():
        file.chmod(0o444 if what == "file" else 0o644)
    data.chmod(0o755 if what == "file" else 0o555)


def permit(data: Path) -> None:
    data.chmod(0o700)
    for file in data.iterdir():
        file.chmod(0o600)


ASK = """
import json, os, sys
from server import create_app
from tests.server.builders import Phone
question = json.load(sys.stdin)
app = create_app({"ENID_DATA": sys.argv[1], "DATABASE_URL": ""})
phone = Phone(app)
answers = []
def told(answer, error):
    answers.append({"status": answer.status_code, "code": error["code"],
                    "retry_after": answer.headers.get("Retry-After")})
challenge = phone.client.post("/v1/session/challenge", json={})
if challenge.status_code == 200:
    answer = phone.client.post("/v1/session", json=phone.claim(
        challenge=challenge.json["challenge"]))
else:
    answer = challenge
told(answer, answer.json)
answer = phone.client.post("/v1/sync", json=question["body"],
    headers={"Authorization": "Bearer " + question["token"]})
spaces = answer.json.get("pushed", {}).values()
told(answer, next((s["error"] for s in spaces), answer.json))
print(json.dumps(answers))
"""


# Root without CAP_DAC_OVERRIDE: its own files' permissions hold for it as well.
BOUND = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""


def run_unprivileged(data: Path, question: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BOUND, ASK, str(data)], input=question, text=True,
        cwd=ROOT, capture_output=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
