"""Writing: durable when ``run`` returns, fair, and one failure hurts one request.

SQLite: one thread owns the only writing connection and commits whatever has queued
up together, each item inside a savepoint; 32 writers then share one fsync and none
starves. If the common transaction dies (a full disk can end it), every item is run
again alone. PostgreSQL: the caller's thread, READ COMMITTED, row locks taken by the
work itself, and a retry when two collide. Work may run twice, so it must be a pure
function of the request. Leaves the meaning of errors to ``server.errors``.
"""

from __future__ import annotations

import queue
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from server.errors import translate
from sync.errors import Later

T = TypeVar("T")
Work = Callable[[Connection], T]
ATTEMPTS = 8
TOGETHER_MAX = 256
# Serialisation failure, deadlock, and two writers who took the same place.
RETRIED = {"40001", "40P01", "23505"}


class Writer(Protocol):
    def run(self, work: Work[Any]) -> Any:
        """Run and commit; raises what the work raised."""

    def run_all(self, works: Sequence[Work[Any]]) -> list[Any]:
        """Run in order, each its own transaction; failures are returned."""

    def close(self) -> None:
        """Finish what was queued, then let go."""


class _Item:
    def __init__(self, work: Work[Any]) -> None:
        self.work, self.outcome = work, None

    def run(self, connection: Connection) -> None:
        self.outcome = self.work(connection)

    def fail(self, error: BaseException) -> None:
        self.outcome = translate(error)  # type: ignore[assignment]


class _Request:
    """Items of one caller and the lock that wakes it."""

    def __init__(self, works: Sequence[Work[Any]]) -> None:
        self.items = [_Item(work) for work in works]
        self.done = threading.Lock()
        self.done.acquire()


class GroupCommit:
    """SQLite's writer thread."""

    def __init__(self, url: URL, busy_s: int) -> None:
        self._queue: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._engine = create_engine(url, hide_parameters=True, poolclass=NullPool)
        event.listen(self._engine, "connect", _prepare(busy_s))
        self._connection: Connection | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def run(self, work: Work[Any]) -> Any:
        outcome = self.run_all([work])[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def run_all(self, works: Sequence[Work[Any]]) -> list[Any]:
        if not self._thread:
            self._start()
        request = _Request(works)
        self._queue.put(request)
        request.done.acquire()
        return [item.outcome for item in request.items]

    def close(self) -> None:
        with self._starting:
            if self._thread:
                self._queue.put(None)
                self._thread.join()
                self._thread = None

    def _start(self) -> None:
        # Not in the constructor: a server forks after the application is made.
        with self._starting:
            if not self._thread:
                self._thread = threading.Thread(
                    target=self._loop, name="writer", daemon=True
                )
                self._thread.start()

    def _loop(self) -> None:
        closing = False
        while not closing:
            requests: list[_Request] = []
            waiting = self._queue.get()
            while waiting:
                requests.append(waiting)
                if self._queue.empty() or len(requests) >= TOGETHER_MAX:
                    break
                waiting = self._queue.get()
            closing = waiting is None
            self._commit([item for request in requests for item in request.items])
            for request in requests:
                request.done.release()
        if self._connection:
            self._connection.close()
            self._connection = None

    def _commit(self, items: list[_Item]) -> None:
        try:
            if not self._connection:
                self._connection = self._engine.connect()
            if len(items) > 1 and self._together(self._connection, items):
                return
            for item in items:
                self._alone(self._connection, item)
        except Exception as error:
            for item in items:
                item.fail(error)

    def _together(self, connection: Connection, items: list[_Item]) -> bool:
        """One transaction for all; ``False`` when it died and all must run again."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            for item in items:
                connection.exec_driver_sql("SAVEPOINT item")
                try:
                    item.run(connection)
                except Exception as error:
                    connection.exec_driver_sql("ROLLBACK TO item")
                    item.fail(error)
                connection.exec_driver_sql("RELEASE item")
            connection.commit()
        except Exception:
            connection.rollback()
            return False
        return True

    def _alone(self, connection: Connection, item: _Item) -> None:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            item.run(connection)
            connection.commit()
        except Exception as error:
            connection.rollback()
            item.fail(error)


def _prepare(busy_s: int) -> Callable[[sqlite3.Connection, object], None]:
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # BEGIN IMMEDIATE is ours to say (T4)
        for pragma in (
            f"busy_timeout = {busy_s * 1000}",
            "journal_mode = WAL",
            # NORMAL could lose an acknowledged register at a power cut.
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return prepare


class RowLocks:
    """PostgreSQL: the database orders the writers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(self, work: Work[Any]) -> Any:
        for attempt in range(ATTEMPTS):
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in RETRIED:
                    raise translate(error) from error
            time.sleep(random.random() * 0.01 * 2**attempt)  # noqa: S311 - jitter
        raise Later("busy", "too many writers of one space")

    def run_all(self, works: Sequence[Work[Any]]) -> list[Any]:
        outcomes: list[Any] = []
        for work in works:
            try:
                outcomes.append(self.run(work))
            except Exception as error:
                outcomes.append(error)
        return outcomes

    def close(self) -> None:
        """Nothing is kept."""
