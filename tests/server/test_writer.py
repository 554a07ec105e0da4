"""Group commit: durable, fair, and one failure hurts one request (REL-08)."""

import threading
from functools import partial
from statistics import median
from typing import Any

import pytest
from sqlalchemy import Connection, text

from server import services_of
from server.database import Database
from sync.encoding import b64
from sync.errors import AfterUser, EnidError, Later, Never
from sync.kinds import SpaceKind
from tests.server.builders import Phone, group_of, wire


def put(key: str, value: int, connection: Connection) -> str:
    connection.execute(
        text("INSERT INTO server_state (key, value) VALUES (:key, :value)"),
        {"key": key, "value": value},
    )
    return key


def keys(database: Database) -> set[str]:
    with database.read() as connection:
        rows = connection.execute(text("SELECT key FROM server_state"))
        return {row.key for row in rows} - {"inc"}


def test_work_of_many_threads_is_all_there(app):
    database = services_of(app).database
    names = [f"k{i}" for i in range(32)]
    threads = [
        threading.Thread(target=database.write, args=(partial(put, name, i),))
        for i, name in enumerate(names)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys(database) == set(names)


def test_slowest_of_32_writers_gets_at_least_a_quarter_of_the_median(sqlite_app):
    database, counts = services_of(sqlite_app).database, [0] * 32
    begin, stop = threading.Barrier(33), threading.Event()

    def write_on(me: int) -> None:
        begin.wait()
        while not stop.is_set():
            database.write(partial(put, f"{me}-{counts[me]}", me))
            counts[me] += 1

    threads = [threading.Thread(target=write_on, args=(i,)) for i in range(32)]
    for thread in threads:
        thread.start()
    begin.wait()
    while sum(counts) < 32 * 20:
        stop.wait(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    assert min(counts) >= median(counts) / 4


def refuse(connection: Connection) -> None:
    put("half", 1, connection)
    raise Never("bad_entry")


def break_it(connection: Connection) -> None:
    put("half", 1, connection)
    connection.execute(text("SELECT nonsense"))


def test_failing_item_is_rolled_back_alone(app):
    database = services_of(app).database
    works: list[Any] = [partial(put, "a", 1), refuse, break_it, partial(put, "b", 2)]
    first, refused, broken, last = database.write_all(works)
    assert (first, last) == ("a", "b")
    assert isinstance(refused, Never)
    assert isinstance(broken, Exception)
    assert not isinstance(broken, EnidError)
    assert keys(database) == {"a", "b"}


def test_single_failing_item_raises_and_leaves_nothing(app):
    database = services_of(app).database
    with pytest.raises(Never):
        database.write(refuse)
    assert keys(database) == set()


def pragma(database: Database, statement: str) -> Any:
    def work(connection: Connection) -> Any:
        result = connection.exec_driver_sql(f"PRAGMA {statement}")
        return result.scalar() if result.returns_rows else None

    return database.write(work)


def fill(connection: Connection) -> None:
    connection.exec_driver_sql("INSERT INTO slot VALUES (?, ?, zeroblob(400000))",
                               (b"big", b"big"))  # fmt: skip


def test_full_disk_fails_the_request_that_met_it_and_no_other(sqlite_app):
    database = services_of(sqlite_app).database
    pages = pragma(database, "page_count")
    pragma(database, f"max_page_count = {pages + 20}")
    works: list[Any] = [partial(put, "a", 1), fill, partial(put, "b", 2)]
    first, full, last = database.write_all(works)
    assert (first, last) == ("a", "b")
    assert isinstance(full, AfterUser)
    assert full.code == "quota"
    assert keys(database) == {"a", "b"}


def dies_for(name: str, failed: list[str], connection: Connection) -> str:
    """Ends the common transaction once, as SQLite does on some full disks."""
    if not failed:
        failed.append(name)
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("SELECT nonsense")
    return put(name, 1, connection)


def test_items_run_again_alone_when_the_common_transaction_dies(sqlite_app):
    database, failed = services_of(sqlite_app).database, list[str]()
    works: list[Any] = [
        partial(put, "a", 1), partial(dies_for, "b", failed), refuse,
        partial(put, "c", 3),
    ]  # fmt: skip
    a, b, refused, c = database.write_all(works)
    assert (a, b, c) == ("a", "b", "c")
    assert isinstance(refused, Never)
    assert keys(database) == {"a", "b", "c"}


def test_full_disk_is_told_to_the_phone_and_nothing_is_lost(sqlite_app):
    leader = Phone(sqlite_app).enrol()
    circle = group_of(leader)
    room, kind = circle.space(SpaceKind.ROOM), SpaceKind.ROOM
    database = services_of(sqlite_app).database
    pragma(database, f"max_page_count = {pragma(database, 'page_count') + 1}")
    big = leader.write(circle, kind, body=bytes(65536 + 48))
    refused = leader.post(push={b64(room): [wire(big)]})
    error = refused.json["pushed"][b64(room)]["error"]
    assert refused.status_code == 507
    assert (error["code"], error["retry"]) == ("quota", "after_user")
    pragma(database, "max_page_count = 1000000")
    leader.accepted(room, big)


def test_database_that_may_only_be_read_says_try_later(sqlite_app):
    leader = Phone(sqlite_app).enrol()
    circle = group_of(leader)
    room, version = circle.space(SpaceKind.ROOM), leader.write(circle, SpaceKind.ROOM)
    database = services_of(sqlite_app).database
    pragma(database, "query_only = ON")
    refused = leader.post(push={b64(room): [wire(version)]})
    error = refused.json["pushed"][b64(room)]["error"]
    assert refused.status_code == 503
    assert (error["code"], error["retry"]) == ("busy", "later")
    assert leader.sync()["pull"]
    refused = leader.client.post("/v1/session", json=leader.claim())
    assert (refused.status_code, refused.json["code"]) == (503, "busy")
    assert int(refused.headers["Retry-After"]) > 0
    database.writer.close()
    leader.accepted(room, version)


def test_locked_database_says_try_later(sqlite_app):
    import sqlite3

    database = services_of(sqlite_app).database
    pragma(database, "busy_timeout = 50")
    other = sqlite3.connect(database.engine.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcomes = database.write_all([partial(put, "a", 1), partial(put, "b", 1)])
    assert all(isinstance(outcome, Later) for outcome in outcomes)
    other.execute("ROLLBACK")
    other.close()
    assert database.write(partial(put, "a", 1)) == "a"


def test_readers_cannot_write(sqlite_app):
    database = services_of(sqlite_app).database
    with database.read() as connection, pytest.raises(Exception, match="readonly"):
        put("a", 1, connection)


def test_writers_of_one_space_take_turns(app):
    """Each gets its own place in the log, on either database (REL-07)."""
    leader = Phone(app).enrol()
    members = [Phone(app).enrol() for _ in range(6)]
    circle = group_of(leader, *members)
    room, kind = circle.space(SpaceKind.ROOM), SpaceKind.ROOM
    outcomes: list[Any] = []

    def write(phone: Phone) -> None:
        for _ in range(5):
            outcomes.append(phone.push(room, phone.write(circle, kind)))

    threads = [threading.Thread(target=write, args=(phone,)) for phone in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [{"accepted": 1}] * 30
    page = leader.pull()[b64(room)]
    assert (page["seq"], len(page["versions"])) == (31, 31)


def test_first_versions_of_a_space_may_race(app):
    """Two bring the same new space at once: one order, nothing doubled."""
    leader = Phone(app).enrol()
    circle = group_of(leader)
    frame = circle.space(SpaceKind.FRAME)
    version = leader.epoch(circle, SpaceKind.FRAME)
    outcomes: list[Any] = []

    def bring() -> None:
        outcomes.append(leader.sync(push={b64(frame): [wire(version)]})["pushed"])

    threads = [threading.Thread(target=bring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [{b64(frame): {"accepted": 1}}] * 4
    assert leader.pull()[b64(frame)]["seq"] == 1
