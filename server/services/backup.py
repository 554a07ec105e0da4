"""Backup and restore (PROTOCOL 9): a restored server is a new incarnation.

Restoring raises ``inc``, so that every phone compares from the beginning and puts
back what the backup did not have yet; all tokens die, phones renew silently. SQLite
is copied by its own online backup, PostgreSQL by ``pg_dump`` and ``pg_restore``.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from sync.encoding import sha256
from sync.envelope import version_id
from sync.kinds import ZERO32


class BackupError(Exception):
    """A backup that cannot be made or used; the text is for a person."""


def backup(url: URL, file: Path) -> None:
    """Write a consistent copy; a running server goes on."""
    if url.get_backend_name() != "sqlite":
        _run(url, "pg_dump", "--format=custom", f"--file={file}")
        return
    fresh = file.with_name(file.name + ".part")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with _open(_sqlite_file(url)) as source, closing(sqlite3.connect(fresh)) as target:
        source.backup(target)
    fresh.replace(file)


def restore(url: URL, file: Path, now: int) -> int:
    """Replace the database by a backup; gives the new incarnation.

    Raises:
        BackupError: the file is not a sound backup; nothing was changed.
    """
    before = _current_inc(url)
    if url.get_backend_name() != "sqlite":
        if not file.exists():
            raise BackupError(f"{file} does not exist")
        _run(url, "pg_restore", "--clean", "--if-exists", "--single-transaction",
             str(file))  # fmt: skip
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        with engine.begin() as connection:
            return _begin_incarnation(connection, before, now)
    check(file)
    target = _sqlite_file(url)
    copy = target.with_name(target.name + ".restoring")
    shutil.copyfile(file, copy)
    copy.chmod(0o600)
    with _engine(copy) as engine, engine.begin() as connection:
        inc = _begin_incarnation(connection, before, now)
    _replace(copy, target)
    return inc


def check(file: Path) -> dict[str, int]:
    """Hold a SQLite backup to its own chains; gives counts.

    Raises:
        BackupError: damage, a gap in a log, or a head that does not follow.
    """
    with _open(file) as opened:
        try:
            verdict = opened.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise BackupError(f"{file} is not a SQLite database") from error
        if verdict != "ok":
            raise BackupError(f"{file} is damaged: {verdict}")
    with _engine(file) as engine, engine.connect() as connection:
        try:
            return _check_chains(connection)
        except SQLAlchemyError as error:
            raise BackupError(f"{file} is not a backup of Enid") from error


_SPACES = text("SELECT space_id, seq, head FROM space ORDER BY space_id")
_VERSIONS = text(
    "SELECT seq, id, header, body, body_hash, head FROM version "
    "WHERE space_id = :space ORDER BY seq"
)


def _check_chains(connection: Connection) -> dict[str, int]:
    counts = {"spaces": 0, "versions": 0, "without_body": 0}
    for space in connection.execute(_SPACES).all():
        name, seq, head = space.space_id.hex(), 0, ZERO32
        for row in connection.execute(_VERSIONS, {"space": space.space_id}):
            seq, head = seq + 1, sha256(head, row.id)
            body_fits = row.body is None or sha256(row.body) == row.body_hash
            if not body_fits or version_id(row.header, row.body_hash) != row.id:
                raise BackupError(f"space {name}: version {row.seq} was altered")
            if row.seq != seq or row.head != head:
                raise BackupError(f"space {name}: the log breaks at {row.seq}")
            counts["versions"] += 1
            counts["without_body"] += row.body is None
        if (space.seq, space.head) != (seq, head):
            raise BackupError(f"space {name}: the log ends at {seq}, not {space.seq}")
        counts["spaces"] += 1
    return counts


def _begin_incarnation(connection: Connection, before: int, now: int) -> int:
    rows = connection.execute(text("SELECT key, value FROM server_state"))
    state: dict[str, int] = {row.key: row.value for row in rows}
    inc: int = max(before, state.get("inc", 1)) + 1
    for key, value in (("inc", inc), ("restored_at", now)):
        connection.execute(
            text("DELETE FROM server_state WHERE key = :key"), {"key": key}
        )
        connection.execute(
            text("INSERT INTO server_state (key, value) VALUES (:key, :value)"),
            {"key": key, "value": value},
        )
    connection.execute(text("DELETE FROM token"))
    return inc


def _current_inc(url: URL) -> int:
    """The incarnation to be replaced, 0 when it cannot be read any more."""
    if url.get_backend_name() == "sqlite" and not _sqlite_file(url).exists():
        return 0
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            statement = text("SELECT value FROM server_state WHERE key = 'inc'")
            return connection.execute(statement).scalar() or 0
    except SQLAlchemyError:
        return 0


def _replace(copy: Path, target: Path) -> None:
    """Put the copy in place, through SQLite so that open connections see it."""
    try:
        with closing(sqlite3.connect(copy)) as source, _open(target) as live:
            source.backup(live)
        copy.unlink()
    except (sqlite3.DatabaseError, BackupError):
        # What is there is no database any more: set it aside and take its name.
        for suffix in ("", "-wal", "-shm"):
            damaged = target.with_name(target.name + suffix)
            if damaged.exists():
                damaged.replace(target.with_name(f"{target.name}.damaged{suffix}"))
        copy.replace(target)


@contextmanager
def _open(file: Path) -> Iterator[sqlite3.Connection]:
    if not file.exists():
        raise BackupError(f"{file} does not exist")
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        yield connection


@contextmanager
def _engine(file: Path) -> Iterator[Engine]:
    engine = create_engine(
        f"sqlite:///{file}", poolclass=NullPool, hide_parameters=True
    )
    yield engine
    engine.dispose()


def _sqlite_file(url: URL) -> Path:
    return Path(url.database or "")


def _run(url: URL, program: str, *arguments: str) -> None:
    if not shutil.which(program):
        raise BackupError(f"{program} is not installed: it comes with PostgreSQL")
    address = URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, url.query
    ).render_as_string(hide_password=False)
    done = subprocess.run(  # noqa: S603 - a fixed program with our own arguments
        [program, f"--dbname={address}", *arguments],
        env=os.environ | {"PGPASSWORD": url.password or ""},  # not for `ps` to show
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip().splitlines()[-1]}")
