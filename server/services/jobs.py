"""What is done at night: drop what was replaced long ago, purge what has expired.

Replaced ciphertext goes 30 days after its replacement, when every head of its
record descends from it; never in ``register``, where nothing that was marked may
vanish. Headers stay for ever, so chains and ids remain verifiable.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, text

from server.logs import log
from server.services import Services
from sync.envelope import parse_header
from sync.kinds import SpaceKind

KEPT_DAYS = 30
NIGHT_HOUR = 3  # UTC
CONTROL = bytes(33)
CHUNK = 500

_PURGES = (
    text("DELETE FROM redeemed WHERE expires_at < :now"),
    text("DELETE FROM token WHERE expires_at < :now"),
    text("UPDATE invitation SET pack = NULL "
         "WHERE pack IS NOT NULL AND (expires_at < :now OR used_by IS NOT NULL)"),
)  # fmt: skip
_SPACES = text(
    "SELECT space_id, seq FROM space WHERE kind NOT IN (:circle, :register) "
    "ORDER BY space_id"
)
_OLD = text(
    "SELECT 1 FROM version WHERE space_id = :space AND day <= :day "
    "AND record <> :control AND body IS NOT NULL LIMIT 1"
)
_RECORDS = text(
    "SELECT id, record, header, day, body IS NOT NULL AS kept FROM version "
    "WHERE space_id = :space AND record <> :control ORDER BY record, seq"
)
_SEQ = text("SELECT seq FROM space WHERE space_id = :space")
_DROP = text(
    "UPDATE version SET body = NULL WHERE space_id = :space AND id IN :ids"
).bindparams(bindparam("ids", expanding=True))


def run_nightly(services: Services) -> dict[str, int]:
    """Do everything once; says how many rows each part changed."""
    purged = services.database.write(partial(_purge, services.now))
    dropped = sum(_compact(services, *space) for space in _spaces(services))
    log.info("nightly", count=purged + dropped)
    return {"purged": purged, "dropped": dropped}


def run_forever(services: Services) -> None:
    """Do everything each night; a failure is noted and tried again tomorrow."""
    while True:
        time.sleep(seconds_until_night(datetime.now(UTC)))
        try:
            run_nightly(services)
        except Exception as error:
            log.error("nightly_failed", error=type(error).__name__)


def seconds_until_night(now: datetime) -> float:
    """How long until it is next 03:00 UTC."""
    night = now.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return ((night if night > now else night + timedelta(days=1)) - now).total_seconds()


def replaced(versions: Iterable[Any], before_day: int) -> list[bytes]:
    """Ids of one record's versions whose ciphertext nobody needs any more.

    Args:
        versions: rows of one record (id, header, day, kept).
        before_day: replacements must be no younger than this day.
    """
    rows = {row.id: row for row in versions}
    parents = {name: parse_header(row.header).parents for name, row in rows.items()}
    named = {parent for several in parents.values() for parent in several}
    heads = [name for name in rows if name not in named]
    common = set.intersection(*(_ancestors(head, parents) for head in heads))
    replaced_early = {
        parent
        for name, several in parents.items()
        if rows[name].day <= before_day
        for parent in several
    }
    return [i for i in rows if i in common & replaced_early and rows[i].kept]


def _ancestors(head: bytes, parents: dict[bytes, tuple[bytes, ...]]) -> set[bytes]:
    found: set[bytes] = set()
    queue = list(parents[head])
    while queue:
        parent = queue.pop()
        if parent not in found:
            found.add(parent)
            queue += parents.get(parent, ())
    return found


def _purge(now: int, connection: Connection) -> int:
    return sum(connection.execute(purge, {"now": now}).rowcount for purge in _PURGES)


def _spaces(services: Services) -> list[tuple[bytes, int]]:
    kinds = {"circle": int(SpaceKind.CIRCLE), "register": int(SpaceKind.REGISTER)}
    with services.database.read() as connection:
        return [(row.space_id, row.seq) for row in connection.execute(_SPACES, kinds)]


def _compact(services: Services, space: bytes, seq: int) -> int:
    day = services.today - KEPT_DAYS
    where = {"space": space, "day": day, "control": CONTROL}
    ids: list[bytes] = []
    with services.database.read() as connection:
        if connection.execute(_OLD, where).first():
            rows = connection.execute(_RECORDS, where)
            for _record, versions in groupby(rows, key=lambda row: row.record):
                ids += replaced(versions, day)
    for at in range(0, len(ids), CHUNK):
        drop = partial(_drop, space, seq, ids[at : at + CHUNK])
        if not services.database.write(drop):
            return at  # the space moved meanwhile: the rest waits for tomorrow
    return len(ids)


def _drop(space: bytes, seq: int, ids: list[bytes], connection: Connection) -> bool:
    if connection.execute(_SEQ, {"space": space}).scalar() != seq:
        return False
    connection.execute(_DROP, {"space": space, "ids": ids})
    return True
