"""Taking versions in: one space, one transaction, the prefix rule (PROTOCOL 8.1).

Versions are judged in order; the first refusal stops the space, what stood before
it stands. A known id is success before anything else. Whether a version is genuine
and permitted is ``sync.check``'s to say; here it is only decided who may carry one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from server.errors import no_such_space
from server.services import Caller, Services
from server.services.circles import account_of, note_entry, reads
from server.services.spacelog import SpaceLog, find_log, find_to_write
from server.services.wraps import HEADER, Wrap, store_wraps
from sync import entries as e
from sync.check import Judgement, Serving, Space, check
from sync.encoding import unb64
from sync.envelope import Version, parse, parse_header
from sync.errors import AfterUser, EnidError, Never
from sync.kinds import SPACES, ZERO16, CircleKind, Rule, SpaceKind
from sync.membership import Membership

CIRCLES_MAX = 200
RESTORING_S = 86400


@dataclass
class SpacePush:
    """What one request brings for one space.

    Attributes:
        versions: those before the first that cannot be read.
        unread: why the next one cannot be read.
    """

    space: bytes
    versions: list[Version] = field(default_factory=list)
    unread: EnidError | None = None
    wraps: list[Wrap] = field(default_factory=list)

    @property
    def in_log(self) -> bool:
        """Whether these are entries of a circle's log: they go first."""
        header = self.versions[0].header if self.versions else None
        return bool(header and header.rule is Rule.CONTROL and not header.epoch)


@dataclass
class Outcome:
    """How many versions stand, and what stopped the next one."""

    accepted: int = 0
    error: EnidError | None = None


def read_push(space: bytes, items: list[Any], wraps: list[Wrap]) -> SpacePush:
    """Parse versions off the wire, outside any transaction."""
    push = SpacePush(space, wraps=wraps)
    for item in items:
        try:
            push.versions.append(read_version(item))
        except EnidError as error:
            push.unread = error
            break
    return push


def read_version(item: Any) -> Version:
    """``[header, signature, body]`` or ``[header, signature, null, body_hash]``."""
    if not isinstance(item, list) or len(item) not in (3, 4):
        raise Never("bad_envelope", "a version is a list of three or four")
    if (item[2] is None) != (len(item) == 4):
        raise Never("bad_envelope", "a version has either a body or its hash")
    if item[2] is None:
        return parse(unb64(item[0]), unb64(item[1]), None, unb64(item[3], 32))
    return parse(unb64(item[0]), unb64(item[1]), unb64(item[2]))


def take(
    services: Services, connection: Connection, caller: Caller, push: SpacePush
) -> Outcome:
    """Take one space's versions and wraps in; run by the writer."""
    if push.unread and not push.versions:
        return Outcome(0, push.unread)
    try:
        log = _open(services, connection, caller, push)
    except EnidError as error:
        return Outcome(0, error)
    outcome = _take_versions(services, caller, log, push)
    if not log.fresh:
        store_wraps(connection, caller, log, push.wraps)
    return outcome


def _take_versions(
    services: Services, caller: Caller, log: SpaceLog, push: SpacePush
) -> Outcome:
    outcome, seq_before, today = Outcome(error=push.unread), log.seq, services.today
    log.load(push.versions, caller.inc)
    complete = _is_complete(log, caller.inc)
    settled = complete or _has_waited(services, log)
    serving = Serving(caller.inc, settled, log.head_at, complete)
    for version in push.versions:
        if log.knows(version):
            log.keep_body(version)
        else:
            accounts = dict(log.membership.accounts)
            try:
                judged = check(version, log, serving)
            except EnidError as error:
                outcome.error = error
                break
            log.append(version, judged, today)
            _note(log, version, judged, accounts, today)
        outcome.accepted += 1
    if log.seq > seq_before:
        log.save()
        if log.space.kind is SpaceKind.CIRCLE:
            services.memberships.remember(log.membership, log.seq, log.head)
            _count_circle(log, caller, seq_before)
    return outcome


def _note(
    log: SpaceLog, version: Version, judged: Judgement, accounts: Any, today: int
) -> None:
    if log.space.kind is SpaceKind.CIRCLE:
        if judged.entry:
            note_entry(log.connection, log.membership, accounts, judged, log.seq, today)
    elif log.space.kind is SpaceKind.PERSONAL and version.header.deleted:
        _forget(log, version)


# -- who may carry versions into a space ---------------------------------------------


def _open(
    services: Services, connection: Connection, caller: Caller, push: SpacePush
) -> SpaceLog:
    row = find_to_write(connection, push.space)
    if row is None:
        return _begin(services, connection, caller, push)
    membership = services.memberships.at(
        connection, row.circle_id, row.log_seq, row.log_head
    )
    kind = SpaceKind(row.kind)
    if not _admits(connection, caller, membership, push.space, kind, row.subject):
        raise no_such_space()
    if kind is SpaceKind.CIRCLE:
        membership = membership.copy()  # ``check`` takes entries in
    space = Space(row.circle_id, kind, row.subject)
    return SpaceLog(connection, space, membership, row)


_LISTED = text(
    "SELECT 1 FROM listing JOIN seat ON seat.circle_id = listing.group_id "
    "WHERE listing.circle_id = :circle AND seat.account_id = :account LIMIT 1"
)


def _admits(
    connection: Connection,
    caller: Caller,
    membership: Membership,
    space: bytes,
    kind: SpaceKind,
    subject: bytes,
) -> bool:
    if reads(membership, caller.account, kind, subject):
        return True
    if kind is SpaceKind.CIRCLE and caller.peek == space:
        return True
    if membership.kind is not CircleKind.PROGRAMME or kind not in (
        SpaceKind.CIRCLE, SpaceKind.PROGRAMME,
    ):  # fmt: skip
        return False
    where = {"circle": membership.circle, "account": caller.account}
    return connection.execute(_LISTED, where).first() is not None


def _begin(
    services: Services, connection: Connection, caller: Caller, push: SpacePush
) -> SpaceLog:
    """A space that is not here yet: a new log, or a new audience of a known circle."""
    first = push.versions[0] if push.versions else None
    if first is None or first.header.rule is not Rule.CONTROL or first.body is None:
        raise no_such_space()
    entry = e.decode(first.body)
    if isinstance(entry, e.Genesis):
        space = Space(first.id, SpaceKind.CIRCLE)
        if space.id != push.space or not _seats(push, caller.account):
            raise no_such_space()
        if caller.circles >= CIRCLES_MAX:
            raise AfterUser("quota", f"an account founds {CIRCLES_MAX} circles at most")
        return SpaceLog(connection, space, Membership(), None)
    if not isinstance(entry, e.Epoch):
        raise no_such_space()
    row = find_log(connection, entry.circle)
    audience = _audience(entry)
    if row is None or audience is None or audience.id != push.space:
        raise no_such_space()
    membership = services.memberships.at(connection, entry.circle, row.seq, row.head)
    if SPACES[audience.kind].circle is not membership.kind or not _admits(
        connection, caller, membership, push.space, audience.kind, audience.subject
    ):
        raise no_such_space()
    return SpaceLog(connection, audience, membership, None)


def _audience(entry: e.Epoch) -> Space | None:
    """The space that a first epoch names, if there can be such a space."""
    try:
        kind = SpaceKind(entry.kind)
    except ValueError:
        return None
    if kind not in SPACES or SPACES[kind].by_person == (entry.subject == ZERO16):
        return None
    return Space(entry.circle, kind, entry.subject)


def _seats(push: SpacePush, account: bytes) -> bool:
    """Whether a log that is new here seats the account that brings it.

    Its founder's does; after a restore, so does one that any of its people bring.
    """
    for version in push.versions:
        try:
            entry = e.decode(version.body or b"")
        except EnidError:
            continue
        if isinstance(entry, e.Genesis | e.Join | e.Grant) and (
            account_of(entry) == account
        ):
            return True
    return False


_COUNT = text("UPDATE account SET circles = circles + 1 WHERE account_id = :account")


def _count_circle(log: SpaceLog, caller: Caller, seq_before: int) -> None:
    if seq_before == 0:
        log.connection.execute(_COUNT, {"account": caller.account})


# -- after a restore --------------------------------------------------------------

_RESTORED = text("SELECT value FROM server_state WHERE key = 'restored_at'")
_UNSYNCED = text(
    "SELECT 1 FROM seat LEFT JOIN account ON account.account_id = seat.account_id "
    "WHERE seat.circle_id = :circle AND COALESCE(account.synced_inc, 0) <> :inc LIMIT 1"
)


def _is_complete(log: SpaceLog, inc: int) -> bool:
    """Whether everybody of a circle has put back what they hold (PROTOCOL 8.4)."""
    if inc == 1:
        return True
    where = {"circle": log.space.circle, "inc": inc}
    return log.connection.execute(_UNSYNCED, where).first() is None


def _has_waited(services: Services, log: SpaceLog) -> bool:
    """Whether everybody has had 24 hours to."""
    restored_at = log.connection.execute(_RESTORED).scalar() or 0
    return bool(services.now - restored_at >= RESTORING_S)


# -- deletion ---------------------------------------------------------------------

_DROP = text("UPDATE version SET body = NULL WHERE space_id = :space AND id = :id")


def _forget(log: SpaceLog, version: Version) -> None:
    """In ``personal`` what a deletion replaces is dropped at once (PROTOCOL 5.6)."""
    queue, seen = list(version.header.parents), set[bytes]()
    while queue:
        parent = queue.pop()
        where = {"space": log.space.id, "id": parent}
        row = log.connection.execute(HEADER, where).first()
        if row and parent not in seen:
            seen.add(parent)
            log.connection.execute(_DROP, where)
            queue += parse_header(row.header).parents
