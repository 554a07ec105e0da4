"""Durable local storage: one SQLite file, keys in a file of their own (PROTOCOL 14.1).

Holds sealed bytes only: versions as they stand in the log, intents sealed under
the device's local key, epoch keys sealed likewise. Every write happens inside
``Store.write()``, which is one transaction; a crash between any two statements
leaves what was there before. Decides nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from sync.encoding import b64, unb64
from sync.errors import AfterUser
from sync.kinds import ZERO32

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS space (
  id BLOB PRIMARY KEY, circle BLOB NOT NULL, kind INTEGER NOT NULL,
  subject BLOB NOT NULL, inc INTEGER NOT NULL DEFAULT 0,
  seq INTEGER NOT NULL DEFAULT 0, head BLOB NOT NULL, checked_at INTEGER,
  repair_at INTEGER, frozen TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS version (
  ord INTEGER PRIMARY KEY AUTOINCREMENT, space BLOB NOT NULL, id BLOB NOT NULL,
  seq INTEGER, header BLOB NOT NULL, signature BLOB NOT NULL, body BLOB,
  body_hash BLOB NOT NULL, device BLOB NOT NULL, n INTEGER NOT NULL,
  account BLOB, record BLOB, control INTEGER NOT NULL, code TEXT, head BLOB,
  tries INTEGER NOT NULL DEFAULT 0, UNIQUE (space, id));
CREATE INDEX IF NOT EXISTS version_device ON version (space, device, n);
CREATE INDEX IF NOT EXISTS version_record ON version (space, record);
CREATE INDEX IF NOT EXISTS version_missing ON version (space, ord) WHERE seq IS NULL;
CREATE INDEX IF NOT EXISTS version_waiting ON version (space, ord)
  WHERE code = 'waiting';
CREATE TABLE IF NOT EXISTS key (
  space BLOB, kid BLOB, sealed BLOB NOT NULL, PRIMARY KEY (space, kid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
  n INTEGER PRIMARY KEY AUTOINCREMENT, space BLOB NOT NULL, intent BLOB NOT NULL,
  editor BLOB, derived TEXT, chain INTEGER, id BLOB, header BLOB,
  signature BLOB, body BLOB, code TEXT);
CREATE INDEX IF NOT EXISTS outbox_space ON outbox (space, n);
CREATE INDEX IF NOT EXISTS outbox_editor ON outbox (editor, n);
CREATE INDEX IF NOT EXISTS outbox_id ON outbox (id);
CREATE TABLE IF NOT EXISTS wrap_out (
  space BLOB, kid BLOB, account BLOB, wrapped BLOB NOT NULL,
  PRIMARY KEY (space, kid, account)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pack_out (
  lookup BLOB PRIMARY KEY, log BLOB NOT NULL, invite_key BLOB NOT NULL,
  expires_at INTEGER NOT NULL, pack BLOB NOT NULL, sent INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS confirmed (
  circle BLOB, subject BLOB, PRIMARY KEY (circle, subject)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS editor (id BLOB PRIMARY KEY, last BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
  at INTEGER NOT NULL, space BLOB NOT NULL, code TEXT NOT NULL,
  PRIMARY KEY (space, code)) WITHOUT ROWID;
"""

Row = tuple[Any, ...]


class Store:
    """One account's local truth.

    Args:
        connection: SQLite; a file with ``Store.open``, or memory in the simulator.
        on_write: called before every writing statement; the simulator crashes there.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        on_write: Callable[[], None] = lambda: None,
    ) -> None:
        self.connection, self.on_write = connection, on_write
        connection.isolation_level = None
        connection.executescript(SCHEMA)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open or create the file, mode 0600, durable at every commit."""
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=5)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return cls(connection)

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction; nested calls join the outer one."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.on_write()
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> int:
        """A writing statement inside ``write()``; the last row id."""
        if not self.connection.in_transaction:
            raise RuntimeError("writes happen inside write()")
        self.on_write()
        return self.connection.execute(sql, values).lastrowid or 0

    def all(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        return self.connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Row | None:
        """The first row of a query."""
        row: Row | None = self.connection.execute(sql, values).fetchone()
        return row

    def meta(self, name: str) -> Any:
        """A small named value, or ``None``."""
        row = self.one("SELECT value FROM meta WHERE name = ?", name)
        return row[0] if row else None

    def set_meta(self, name: str, value: Any) -> None:
        """Keep a small named value."""
        self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, value)

    def add_space(self, space: bytes, circle: bytes, kind: int, subject: bytes) -> None:
        """Begin to keep a space, from an empty log."""
        self.run(
            "INSERT OR IGNORE INTO space (id, circle, kind, subject, head)"
            " VALUES (?, ?, ?, ?, ?)",
            space, circle, kind, subject, ZERO32,
        )  # fmt: skip

    def raise_alarm(self, now: int, space: bytes, code: str) -> None:
        """Remember that a server's answer did not fit; shown until dismissed."""
        self.run("INSERT OR IGNORE INTO alarm VALUES (?, ?, ?)", now, space, code)


class KeyFile(Protocol):
    """The secrets of one device: account secret, device seed, local key, token."""

    def load(self) -> dict[str, bytes]:
        """All secrets; empty on a fresh device."""

    def save(self, secrets: dict[str, bytes]) -> None:
        """Replace them durably, or change nothing."""


class JsonKeyFile:
    """A 0600 file of base64url values, replaced by rename and fsync."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> dict[str, bytes]:
        """All secrets; empty when there is no file."""
        if not self.path.exists():
            return {}
        return {k: unb64(v) for k, v in json.loads(self.path.read_text()).items()}

    def save(self, secrets: dict[str, bytes]) -> None:
        """Write beside, flush to disk, rename over."""
        beside = self.path.with_suffix(".new")
        opened = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "w") as file:
            json.dump({k: b64(v) for k, v in secrets.items()}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def lock(path: Path) -> IO[str]:
    """Hold the file lock until the returned file is closed.

    Raises:
        AfterUser: ``in_use`` when another process holds it.
    """
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise AfterUser(
            "in_use", f"another enid is using {path.parent}; close it and try again"
        ) from error
    return file
