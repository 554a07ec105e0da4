"""Epoch keys sealed to accounts: rows beside a space's log (PROTOCOL 6.4).

The server cannot tell a good wrap from a bad one, so each is kept under its author
and a bad one blocks nobody's. What it can tell is who has none yet.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from server.services import Caller
from server.services.circles import reads
from server.services.spacelog import SpaceLog
from sync import entries as e
from sync.check import Space
from sync.envelope import parse_header
from sync.kinds import SPACES, ZERO32, SpaceKind
from sync.membership import Membership

Wrap = tuple[bytes, bytes, bytes]  # kid, account, 80 bytes

HEADER = text("SELECT header, body FROM version WHERE space_id = :space AND id = :id")
_WRAPPED = text(
    "SELECT DISTINCT account_id FROM wrap WHERE space_id = :space AND kid = :kid"
)
_UNWRAP = text(
    "DELETE FROM wrap WHERE space_id = :space AND account_id = :account "
    "AND kid = :kid AND by_account = :by"
)
_WRAP = text(
    "INSERT INTO wrap (space_id, account_id, kid, by_account, wrapped) "
    "VALUES (:space, :account, :kid, :by, :wrapped)"
)
_LACKS = text("UPDATE space SET lacks = :lacks WHERE space_id = :space")


def store_wraps(
    connection: Connection, caller: Caller, log: SpaceLog, wraps: list[Wrap]
) -> None:
    """Keep wraps by a reader, of epochs that stand here, to accounts seated here.

    Any other is passed over: the account stays in ``lacking``, and the client asks
    its verified log again.
    """
    space, membership = log.space, log.membership
    if not wraps or space.kind is SpaceKind.CIRCLE or not log.epoch:
        return
    if not reads(membership, caller.account, space.kind, space.subject):
        return
    kids = _kids(log, {kid for kid, _account, _wrapped in wraps})
    for kid, account, wrapped in wraps:
        seat = membership.accounts.get(account)
        if kid in kids and seat and seat.roles:
            key = {"space": space.id, "account": account, "kid": kid}
            row = key | {"by": caller.account}
            connection.execute(_UNWRAP, row)
            connection.execute(_WRAP, row | {"wrapped": wrapped})
    note_lacking(connection, membership, space, log.epoch.kid)


def note_lacking(
    connection: Connection, membership: Membership, space: Space, kid: bytes
) -> None:
    """Note whether some reader is without a wrap for the newest epoch."""
    missing = lacking(connection, membership, space.id, space.kind, space.subject, kid)
    connection.execute(_LACKS, {"space": space.id, "lacks": int(bool(missing))})


def _kids(log: SpaceLog, wanted: set[bytes]) -> set[bytes]:
    """Those of the wanted key ids that name an epoch here, newest first."""
    found: set[bytes] = set()
    epoch = log.epoch
    if not epoch or wanted == {epoch.kid}:
        return wanted
    entry_id = epoch.id
    while wanted - found:
        where = {"space": log.space.id, "id": entry_id}
        row = log.connection.execute(HEADER, where).first()
        if row is None:
            break
        found.add(parse_header(row.header).kid)
        entry = e.decode(row.body)
        entry_id = entry.after if isinstance(entry, e.Epoch) else ZERO32
    return found & wanted


def lacking(
    connection: Connection,
    membership: Membership,
    space: bytes,
    kind: SpaceKind,
    subject: bytes,
    kid: bytes,
) -> list[bytes]:
    """Readers of a space without a wrap for its newest epoch."""
    rows = connection.execute(_WRAPPED, {"space": space, "kid": kid})
    have = {row.account_id for row in rows}
    readers = {
        a.id for a in membership.accounts.values() if a.roles & SPACES[kind].readers
    }
    acting = membership.acting(subject) if SPACES[kind].by_person else None
    return sorted((readers | {acting.id} if acting else readers) - have)
