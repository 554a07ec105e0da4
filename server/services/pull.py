"""What has moved for one account since it last looked (PROTOCOL 8.4).

One query finds every space that the account may read and where its log stands; only
spaces that moved are read further, each along its primary key, so a pull costs the
same in a space of 200 and of 500,000 versions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, column, text

from server.services import Caller, Services
from server.services.spacelog import CONTROL
from server.services.wraps import lacking
from sync.check import Space
from sync.encoding import b64
from sync.kinds import ZERO32, SpaceKind

ANSWER_BYTES_MAX = 512 * 1024
ROWS = 256

# Kind 6 is ``thread``, which the person reads whom it is about; 0 and 7 are a
# programme's log and space, open to every account of a group that it lists.
# Named columns let SQLAlchemy keep what it has worked out about a result.
_NAMES = (
    "space_id", "circle_id", "kind", "subject", "seq", "head", "kid", "lacks", "partly",
)  # fmt: skip
_READABLE = text(
    "SELECT s.space_id, s.circle_id, s.kind, s.subject, s.seq, s.head, s.kid, s.lacks,"
    " 0 AS partly FROM seat JOIN space s ON s.circle_id = seat.circle_id "
    "WHERE seat.account_id = :account AND ((s.readers & seat.roles) <> 0 "
    "OR (s.kind = 6 AND s.subject = seat.person_id)) "
    "UNION ALL "
    "SELECT s.space_id, s.circle_id, s.kind, s.subject, s.seq, s.head, s.kid, 0, 0 "
    "FROM seat JOIN listing l ON l.group_id = seat.circle_id "
    "JOIN space s ON s.circle_id = l.circle_id AND s.kind IN (0, 7) "
    "WHERE seat.account_id = :account "
    "UNION ALL "
    "SELECT s.space_id, s.circle_id, s.kind, s.subject, s.seq, s.head, s.kid, 0, 0 "
    "FROM space s WHERE s.space_id = :peek "
    "UNION ALL "
    "SELECT s.space_id, s.circle_id, s.kind, s.subject, c.seq, v.head, s.kid, 0, 1 "
    "FROM closing c JOIN space s ON s.space_id = c.space_id "
    "JOIN version v ON v.space_id = c.space_id AND v.seq = c.seq "
    "WHERE c.account_id = :account"
).columns(*map(column, _NAMES))
_VERSIONS = text(
    "SELECT seq, header, signature, body, body_hash, head, record FROM version "
    "WHERE space_id = :space AND seq >= :first AND seq <= :last "
    "ORDER BY seq LIMIT :rows"
).columns(
    *map(
        column,
        ("seq", "header", "signature", "body", "body_hash", "head", "record"),
    )
)
_WRAPS = text(
    "SELECT DISTINCT space_id, kid, wrapped FROM wrap "
    "WHERE account_id = :account AND space_id IN :spaces"
).bindparams(bindparam("spaces", expanding=True))

Have = dict[bytes, tuple[int, int, bytes]]  # space: inc, seq, head


@dataclass
class Pulled:
    """The pulling half of an answer; ``complete``: spaces where no wrap is missing."""

    pull: dict[str, Any] = field(default_factory=dict)
    wraps: dict[str, list[list[str]]] = field(default_factory=dict)
    lacking: dict[str, list[str]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    more: bool = False
    left: int = 0  # versions that did not fit, for a progress bar
    complete: list[Space] = field(default_factory=list)
    room: int = ANSWER_BYTES_MAX


def readable_spaces(connection: Connection, caller: Caller) -> dict[bytes, Any]:
    """Rows of every space that an account may read, circles' logs first."""
    where = {"account": caller.account, "peek": caller.peek}
    spaces: dict[bytes, Any] = {}
    for row in connection.execute(_READABLE, where).all():
        # A space may be open twice; what is open now wins over what once was.
        spaces.setdefault(row.space_id, row)
    return dict(sorted(spaces.items(), key=lambda item: item[1].kind != 0))


def pull(
    services: Services,
    connection: Connection,
    caller: Caller,
    have: Have,
    want: set[bytes],
) -> Pulled:
    """Everything new for one account, as much as fits."""
    answer, spaces = Pulled(), readable_spaces(connection, caller)
    keys_due: set[bytes] = set()
    for space, row in spaces.items():
        known = have.get(space)
        if row.kind != SpaceKind.CIRCLE and (known is None or space in want):
            keys_due.add(space)
        if known != (caller.inc, row.seq, row.head) and _add_page(
            connection, answer, row, known, caller.inc
        ):
            keys_due.add(space)
        if row.lacks:
            _add_lacking(services, connection, answer, row, spaces)
    answer.gone = [b64(space) for space in have if space not in spaces]
    _add_wraps(connection, caller, answer, keys_due)
    return answer


def _add_page(
    connection: Connection, answer: Pulled, space: Any, known: Any, inc: int
) -> bool:
    """Add one space's next versions; whether its wraps belong beside them."""
    continues = known is not None and known[0] == inc and known[1] < space.seq
    after, head = known[1:] if continues else (0, ZERO32)
    page = _read_page(connection, answer, space, after, head)
    if page is None:
        continues, after = False, 0
        page = _read_page(connection, answer, space, 0, ZERO32)
    if page is None or not page.versions:
        answer.more = True
        answer.left += space.seq
        return False
    reset, more = known is not None and not continues, page.seq < space.seq
    answer.more = answer.more or more
    answer.left += space.seq - page.seq
    answer.pull[b64(space.space_id)] = {
        "after": after, "seq": page.seq, "head": b64(page.head),
        "versions": page.versions, "more": more, "reset": reset,
    }  # fmt: skip
    return reset or page.has_epoch


@dataclass
class _Page:
    seq: int
    head: bytes
    versions: list[list[str | None]] = field(default_factory=list)
    has_epoch: bool = False


def _read_page(
    connection: Connection, answer: Pulled, space: Any, after: int, head: bytes
) -> _Page | None:
    """Versions after a place, or ``None`` when that place has another head."""
    page, asked = _Page(after, head), -1
    while page.seq < space.seq and answer.room > 0 and page.seq != asked:
        asked = page.seq
        # The row of the place itself rides along, so that its head can be compared.
        where = {"space": space.space_id, "first": asked, "last": space.seq}
        rows = connection.execute(_VERSIONS, where | {"rows": ROWS}).all()
        for seq, header, signature, body, body_hash, head, record in rows:
            if seq == asked:
                if head != page.head:
                    return None
                continue
            wire = write_version(header, signature, body, body_hash)
            size = sum(map(len, filter(None, wire)))
            if size > answer.room and answer.room < ANSWER_BYTES_MAX:
                answer.room = 0
                break
            answer.room -= size
            page.versions.append(wire)
            page.has_epoch = page.has_epoch or record == CONTROL
            page.seq, page.head = seq, head
    return page


def write_version(
    header: bytes, signature: bytes, body: bytes | None, body_hash: bytes
) -> list[str | None]:
    """A stored version as it stands on the wire."""
    if body is None:
        return [b64(header), b64(signature), None, b64(body_hash)]
    return [b64(header), b64(signature), b64(body)]


def _add_lacking(
    services: Services,
    connection: Connection,
    answer: Pulled,
    row: Any,
    spaces: dict[bytes, Any],
) -> None:
    space = Space(row.circle_id, SpaceKind(row.kind), row.subject)
    log = spaces[Space(row.circle_id, SpaceKind.CIRCLE).id]
    membership = services.memberships.at(connection, row.circle_id, log.seq, log.head)
    missing = lacking(
        connection, membership, space.id, space.kind, space.subject, row.kid
    )
    if missing:
        answer.lacking[b64(space.id)] = [b64(account) for account in missing]
    else:
        answer.complete.append(space)


def _add_wraps(
    connection: Connection, caller: Caller, answer: Pulled, due: set[bytes]
) -> None:
    if not due:
        return
    where = {"account": caller.account, "spaces": list(due)}
    for row in connection.execute(_WRAPS, where):
        keys = answer.wraps.setdefault(b64(row.space_id), [])
        keys.append([b64(row.kid), b64(row.wrapped)])
