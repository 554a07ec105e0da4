"""Connections: many readers with snapshots here, the one way to write in ``writer``.

On SQLite a reader may never write (``query_only``), so whatever goes round the
writer fails in the first test.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from server.writer import GroupCommit, RowLocks, T, Work, Writer

BUSY_S = 5


class Database:
    """One database for one application.

    Attributes:
        engine: reads; on PostgreSQL writes too.
        writer: see ``server.writer``.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.writer: Writer
        if self.is_sqlite:
            event.listen(engine, "connect", _prepare_reader)
            self.writer = GroupCommit(engine.url, BUSY_S)
        else:
            self.writer = RowLocks(engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection whose statements all see the same moment."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql(
                "BEGIN"
                if self.is_sqlite
                else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
            )
            yield connection

    def write(self, work: Work[T]) -> T:
        """Run one piece of work durably; its errors come back here."""
        result: T = self.writer.run(work)
        return result

    def write_all(self, works: Sequence[Work[Any]]) -> list[Any]:
        """Run several, each in its own transaction; errors stand in the list."""
        return self.writer.run_all(works)

    def close(self) -> None:
        self.writer.close()
        self.engine.dispose()


def _prepare_reader(connection: sqlite3.Connection, _record: object) -> None:
    # Python's driver would begin transactions by itself, and none for SELECT (T4).
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000}")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cache_size = -1000")  # KiB; there may be 64 readers
