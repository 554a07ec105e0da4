"""Invitations: a pack or nothing under a lookup id, kept by its hash (PROTOCOL 7).

A circle's invitation is spent by the join in its log (``circles.note_entry``), an
operator's by the account that it makes (``session``).
"""

from __future__ import annotations

import os
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, text

from server.errors import bad_request, no_such_space
from server.services import DAY_S, Caller, Services
from server.services.circles import reads
from server.services.spacelog import find
from sync import labels
from sync.encoding import code_from_bytes, sha256
from sync.errors import AfterUser, EnidError, Unknown
from sync.kinds import ZERO16, SpaceKind

EXPIRES_DAYS_MAX = 400
INVITE_GROUPS = 5

Pack = tuple[bytes, bytes, bytes, int, bytes]  # lookup, log, invite key, expiry, pack

_FIND = text(
    "SELECT space_id, expires_at, pack, used_by FROM invitation "
    "WHERE lookup_hash = :lookup"
)
_REPLACE = text(
    "DELETE FROM invitation WHERE lookup_hash = :lookup AND space_id = :space "
    "AND invite_key = :key"
)
_INSERT = text(
    "INSERT INTO invitation (lookup_hash, space_id, invite_key, by_account, expires_at,"
    " pack) VALUES (:lookup, :space, :key, :by, :expires, :pack) "
    "ON CONFLICT DO NOTHING"
)


def at_rest(lookup: bytes) -> bytes:
    """The name under which a lookup id is kept; the id itself is not."""
    return sha256(labels.ID_LOOKUP, lookup)


def find_open(
    connection: Connection, lookup: bytes, now: int, account: bytes | None = None
) -> Any:
    """The row of an invitation that ``account`` may still use.

    Raises:
        EnidError: ``no_such_invite``, ``invite_used`` or ``invite_expired``.
    """
    row = connection.execute(_FIND, {"lookup": at_rest(lookup)}).first()
    if row is None:
        raise AfterUser("no_such_invite", "there is no such invitation")
    if row.used_by is not None and row.used_by != account:
        raise AfterUser("invite_used", "this invitation was used or taken back")
    if row.expires_at <= now and row.used_by is None:
        raise AfterUser("invite_expired", "this invitation has expired")
    return row


def look_up(services: Services, lookup: bytes) -> Any:
    """What a joiner may fetch before signing in: the pack and where it leads."""
    with services.database.read() as connection:
        return find_open(connection, lookup, services.now)


def put_packs(
    services: Services, caller: Caller, packs: list[Pack], connection: Connection
) -> list[EnidError | None]:
    """Keep packs of invitations that are open in a log; one answer for each."""
    answers: list[EnidError | None] = []
    for pack in packs:
        try:
            _put_pack(services, connection, caller, pack)
            answers.append(None)
        except EnidError as error:
            answers.append(error)
    return answers


def _put_pack(
    services: Services, connection: Connection, caller: Caller, pack: Pack
) -> None:
    lookup, log, invite_key, expires_at, content = pack
    row = find(connection, log)
    if row is None or row.kind != SpaceKind.CIRCLE:
        raise no_such_space()
    membership = services.memberships.at(connection, row.circle_id, row.seq, row.head)
    if not reads(membership, caller.account, SpaceKind.CIRCLE, ZERO16):
        raise no_such_space()
    place = membership.invites.get(invite_key)
    if place is None:
        raise Unknown("unknown_invite", "the invitation is not in the log")
    if place.state != "open":
        raise AfterUser("invite_used", f"this invitation was {place.state}")
    if not services.now < expires_at <= services.now + EXPIRES_DAYS_MAX * DAY_S:
        raise bad_request("an invitation expires within 400 days", field="expires_at")
    key = {"lookup": at_rest(lookup), "space": log, "key": invite_key}
    connection.execute(_REPLACE, key)
    added = {"by": caller.account, "expires": expires_at, "pack": content}
    if connection.execute(_INSERT, key | added).rowcount == 0:
        raise AfterUser("invite_used", "this lookup id belongs to another invitation")


def new_operator_code(services: Services, days: int) -> str:
    """A code that makes one account; only a hash of its lookup id is kept."""
    secret = bytearray(os.urandom(13))
    secret[-1] &= 0xF0
    row = {
        "lookup": at_rest(lookup_of(bytes(secret))),
        "space": None, "key": None, "by": None, "pack": None,
        "expires": services.now + days * DAY_S,
    }  # fmt: skip
    services.database.write(
        lambda connection: connection.execute(_INSERT, row).rowcount
    )
    return code_from_bytes(bytes(secret), INVITE_GROUPS)


def lookup_of(secret: bytes) -> bytes:
    """The lookup id of an invitation's secret, 16 bytes (PROTOCOL 7.1)."""
    hkdf = HKDF(algorithm=SHA256(), length=16, salt=None, info=labels.INVITE_LOOKUP)
    return hkdf.derive(secret)
