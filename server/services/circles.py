"""What the server keeps beside a circle's log: its fold, its seats, its closings.

A log is folded once and remembered; a fold is named by the log's head, so one that
is out of date can never be mistaken for another. What was checked when it was taken
in is not verified again by its signature.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from sync import entries as e
from sync import labels
from sync.check import Judgement
from sync.entries import decode
from sync.kinds import ZERO16, Role, Rule, SpaceKind
from sync.membership import Account, Membership, account_id, space_id

REMEMBERED_MAX = 4096

_LOG = text(
    "SELECT seq, id, header, body, head, device_id FROM version "
    "WHERE space_id = :log AND seq >= :first AND seq <= :last ORDER BY seq"
)


class Memberships:
    """Folded logs by circle. A fold that was handed out is never changed."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[int, bytes, Membership]] = {}

    def at(
        self, connection: Connection, circle: bytes, seq: int, head: bytes
    ) -> Membership:
        """The members of a circle as of one head of its log."""
        held = self._known.get(circle)
        if held and held[:2] == (seq, head):
            return held[2]
        membership = self._fold(connection, circle, seq, held)
        self.remember(membership, seq, head)
        return membership

    def remember(self, membership: Membership, seq: int, head: bytes) -> None:
        if len(self._known) >= REMEMBERED_MAX:
            self._known.clear()
        self._known[membership.circle] = (seq, head, membership)

    def _fold(
        self,
        connection: Connection,
        circle: bytes,
        seq: int,
        held: tuple[int, bytes, Membership] | None,
    ) -> Membership:
        where = {"log": space_id(circle, SpaceKind.CIRCLE), "last": seq}
        first = held[0] if held and held[0] < seq else 0
        rows = list(connection.execute(_LOG, where | {"first": first}))
        membership = Membership()
        if held and first and rows and rows[0].head == held[1]:
            membership, rows = held[2].copy(), rows[1:]
        elif first:
            rows = list(connection.execute(_LOG, where | {"first": 0}))
        for row in rows:
            if not membership.length:
                membership.suite = row.header[len(labels.VERSION)]
            membership.apply(row.id, row.device_id, decode(row.body))
        return membership


def reads(
    membership: Membership, account: bytes, kind: SpaceKind, subject: bytes
) -> bool:
    """Whether an account is seated and reads this audience, or the log, now."""
    seat = membership.accounts.get(account)
    if not seat or not seat.roles:
        return False
    if kind is SpaceKind.CIRCLE:
        return True
    return membership.may_write(seat, seat.roles, kind, subject, Rule.ALL)


# -- after an entry was taken in ------------------------------------------------

_UNSEAT = text("DELETE FROM seat WHERE circle_id = :circle AND account_id = :account")
_SEAT = text(
    "INSERT INTO seat (circle_id, account_id, person_id, roles, since) "
    "VALUES (:circle, :account, :person, :roles, :day)"
)
_SPACES_OF = text(
    "SELECT space_id, kind, subject, seq FROM space WHERE circle_id = :circle"
)
_REOPEN = text("DELETE FROM closing WHERE space_id = :space AND account_id = :account")
_CLOSE = text(
    "INSERT INTO closing (space_id, account_id, seq) VALUES (:space, :account, :seq)"
)
_LACKS = text("UPDATE space SET lacks = 1 WHERE circle_id = :circle AND kind <> 0")
_UNPEEK = text(
    "UPDATE token SET peek_space = NULL "
    "WHERE account_id = :account AND peek_space = :log"
)
_REVOKE = text(
    "INSERT INTO revoked (device_id) VALUES (:device) ON CONFLICT DO NOTHING"
)
_SIGN_OUT = text("DELETE FROM token WHERE device_id = :device")
_LIST = text("INSERT INTO listing (circle_id, group_id) VALUES (:circle, :group)")
_UNLIST = text("DELETE FROM listing WHERE circle_id = :circle AND group_id = :group")
_SPEND = text(
    "UPDATE invitation SET used_by = :account, pack = NULL "
    "WHERE space_id = :log AND invite_key = :key"
)


def note_entry(
    connection: Connection,
    membership: Membership,
    before: dict[bytes, Account],
    judged: Judgement,
    seq: int,
    today: int,
) -> None:
    """Carry one entry of a circle's log over into the tables.

    A device is signed out everywhere only by its own account: others end its rights
    in their circle, and no stranger's circle can end anybody's sign-in.

    Args:
        membership: the fold with the entry.
        before: the accounts as they were without it.
        judged: the entry and its author.
        seq: where the entry stands in the log.
    """
    log, entry = membership.log, judged.entry
    for account in membership.accounts.values():
        if before.get(account.id) is not account:
            _note_seat(
                connection, membership, before.get(account.id), account, seq, today
            )
    if isinstance(entry, e.Removal) and entry.what == e.REMOVE_DEVICE:
        if membership.devices[entry.subject].account == judged.account:
            connection.execute(_REVOKE, {"device": entry.subject})
            connection.execute(_SIGN_OUT, {"device": entry.subject})
    elif isinstance(entry, e.Listing):
        where = {"circle": membership.circle, "group": entry.group}
        connection.execute(_LIST if entry.listed else _UNLIST, where)
    elif isinstance(entry, e.Join | e.Revoke):
        spent = {"log": log, "key": entry.invite_key, "account": ZERO16}
        if isinstance(entry, e.Join):
            spent["account"] = account_of(entry)
        connection.execute(_SPEND, spent)


def account_of(entry: e.Genesis | e.Join | e.Grant) -> bytes:
    """The account that an entry seats."""
    return account_id(entry.sign_key, entry.wrap_key)


def _note_seat(
    connection: Connection,
    membership: Membership,
    before: Account | None,
    after: Account,
    seq: int,
    today: int,
) -> None:
    circle = {"circle": membership.circle}
    connection.execute(_UNSEAT, circle | {"account": after.id})
    if after.roles:
        seat = {"person": after.person, "roles": int(after.roles), "day": today}
        connection.execute(_SEAT, circle | {"account": after.id} | seat)
        connection.execute(_LACKS, circle)
    else:
        connection.execute(_UNPEEK, {"account": after.id, "log": membership.log})
    for space in connection.execute(_SPACES_OF, circle).all():
        _close_or_reopen(connection, membership, before, after, space, seq)


def _close_or_reopen(
    connection: Connection,
    membership: Membership,
    before: Account | None,
    after: Account,
    space: Any,
    seq: int,
) -> None:
    kind, who = SpaceKind(space.kind), {"space": space.space_id, "account": after.id}
    if reads(membership, after.id, kind, space.subject):
        connection.execute(_REOPEN, who)
    elif before and _read(membership, before, kind, space.subject):
        # The log stays open up to the removal itself.
        end = seq if kind is SpaceKind.CIRCLE else space.seq
        connection.execute(_REOPEN, who)
        connection.execute(_CLOSE, who | {"seq": end})


def _read(
    membership: Membership, seat: Account, kind: SpaceKind, subject: bytes
) -> bool:
    if seat.roles == Role.NONE or kind is SpaceKind.CIRCLE:
        return bool(seat.roles)
    return membership.may_write(seat, seat.roles, kind, subject, Rule.ALL)
