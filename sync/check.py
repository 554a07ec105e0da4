"""Is this version valid here? One function judges for all (PROTOCOL 8).

A version is judged by its author, never by who carries it. The caller has
already looked up whether the id is known (a known id is success before anything
else) and passes what it knows of the space. With ``Serving`` the stricter rules
of the server apply as well: current epoch, present rights, views, compare-and-set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sync import entries, labels, signing
from sync.envelope import SEALED_OVERHEAD, RecordKey, Version, record_key
from sync.errors import AfterPull, AfterUser, Later, Never, Unknown
from sync.kinds import BUCKETS, SPACES, ZERO16, ZERO32, Role, Rule, SpaceKind
from sync.membership import Account, Membership, device_id, space_id

Tip = tuple[int, bytes]  # n and id of a device's newest version in a space
NO_TIP: Tip = (0, ZERO32)
_SEALED_SIZES = frozenset(size + SEALED_OVERHEAD for size in BUCKETS)


@dataclass(frozen=True)
class Space:
    """Which audience this is: circle (32 bytes), kind, subject (16 bytes)."""

    circle: bytes
    kind: SpaceKind
    subject: bytes = ZERO16

    @property
    def id(self) -> bytes:
        """16 bytes."""
        return space_id(self.circle, self.kind, self.subject)


@dataclass(frozen=True)
class EpochMark:
    """The newest epoch of a space: number, key id, entry id, change it names."""

    number: int
    kid: bytes
    id: bytes
    membership: bytes


class State(Protocol):
    """What must be known of one space to judge a version."""

    @property
    def space(self) -> Space:
        """Which audience this is."""

    @property
    def membership(self) -> Membership:
        """The fold of its circle's log; in a log, ``check`` takes entries in."""

    @property
    def epoch(self) -> EpochMark | None:
        """The newest epoch, if one has begun."""

    def tip(self, device: bytes) -> Tip:
        """Newest (n, id) of a device here; ``NO_TIP`` before its first."""

    def record_of(self, version: bytes) -> RecordKey | None:
        """The record that a known version belongs to."""

    def kid_of(self, epoch: int) -> bytes | None:
        """The key id of an epoch that is in this log."""

    def closed_at(self, device: bytes) -> Tip | None:
        """Where a device's chain ends, when an epoch entry said so."""


@dataclass(frozen=True)
class Serving:
    """What only the server knows and enforces.

    Attributes:
        inc: incarnation of this server.
        settled: whether new changes of rights are taken: all accounts of the circle
            have synced under ``inc``, or have had 24 hours to.
        head_at: the log's head at a seq, or ``None`` past its end.
        complete: whether all accounts have synced, however long that takes; until
            then what was written before the restore may still be put back.
    """

    inc: int
    settled: bool
    head_at: Callable[[int], bytes | None]
    complete: bool = True


@dataclass(frozen=True)
class Judgement:
    """A version that may stand: its author, its record, its control entry."""

    account: bytes
    record: RecordKey
    entry: entries.Entry | None = None


def check(version: Version, state: State, serving: Serving | None = None) -> Judgement:
    """Judge one version; in a circle's log also take its entry in.

    Raises:
        Unknown: author, parent or epoch is not known yet; the version waits.
        Never, AfterPull, AfterUser, Later: PROTOCOL 10 names each code.
    """
    header = version.header
    entry = _entry(version)
    in_log = state.space.kind is SpaceKind.CIRCLE
    home = ZERO16 if isinstance(entry, entries.Genesis) else state.space.id
    if header.space != home or (header.rule is Rule.CONTROL) != (entry is not None):
        raise Never("bad_envelope", "this version belongs somewhere else")
    _verify_signature(version, entry, state.membership)
    _check_chain(version, state)
    if serving:
        _check_view(version, serving)
    repaired = bool(serving and header.view.inc < serving.inc and not serving.complete)
    if serving and not repaired and _compares(entry) and not serving.settled:
        raise Later("restoring", "after a restore, changes of rights wait")
    if in_log:
        return _check_log_entry(version, entry, state)
    author = _author(version, state, serving, repaired)
    if isinstance(entry, entries.Epoch):
        _check_epoch(version, entry, author, state, bool(serving) and not repaired)
        return Judgement(author.id, record_key(Rule.CONTROL, ZERO16, ZERO16), entry)
    if entry is not None:
        raise Never("bad_entry", "only epochs stand beside contents")
    return _check_content(version, author, state, serving, repaired)


def _entry(version: Version) -> entries.Entry | None:
    if version.header.rule is not Rule.CONTROL:
        return None
    header = version.header
    if version.body is None or header.parents or header.flags or header.rec != ZERO16:
        raise Never("bad_envelope", "a control entry has a body and no record")
    return entries.decode(version.body)


def _verify_signature(
    version: Version, entry: entries.Entry | None, membership: Membership
) -> None:
    header = version.header
    if membership.length and header.suite != membership.suite:
        raise Never("bad_envelope", "not this circle's suite")
    if isinstance(entry, entries.Genesis | entries.Join | entries.Device):
        key = entry.device_key
        if device_id(key) != header.device:
            raise Never("bad_entry", "the device key does not fit the device")
    else:
        key = membership.device(header.device).key
    signing.verify(
        header.suite, key, labels.SIGN_VERSION, version.id, version.signature
    )


def _check_chain(version: Version, state: State) -> None:
    header = version.header
    n, tip = state.tip(header.device)
    if (header.n, header.prev) != (n + 1, tip):
        raise AfterPull("chain_conflict", "the device's chain goes on elsewhere",
                        device=header.device, n=n, id=tip)  # fmt: skip


def _check_view(version: Version, serving: Serving) -> None:
    view = version.header.view
    if view.seq == 0 and view.head == ZERO32:
        return
    if view.inc > serving.inc or (
        view.inc == serving.inc and serving.head_at(view.seq) != view.head
    ):
        raise AfterPull("view_mismatch", "the author saw another log")


def _compares(entry: entries.Entry | None) -> bool:
    return isinstance(entry, entries.Removal | entries.SetRoles | entries.Epoch)


def _check_log_entry(
    version: Version, entry: entries.Entry | None, state: State
) -> Judgement:
    header, membership = version.header, state.membership
    if entry is None or header.epoch or header.kid != bytes(8):
        raise Never("bad_entry", "a circle's log holds control entries only")
    if not membership.length:
        if version.id != state.space.circle:
            raise Never("bad_entry", "this genesis began another circle")
        membership.suite = header.suite
    membership.apply(version.id, header.device, entry)
    author = membership.author(header.device)
    return Judgement(author.id, record_key(Rule.CONTROL, ZERO16, ZERO16), entry)


def _author(
    version: Version, state: State, serving: Serving | None, repaired: bool
) -> Account:
    device = version.header.device
    if serving and not repaired:
        return state.membership.active(device)
    return state.membership.author(device)


def _check_epoch(
    version: Version,
    entry: entries.Epoch,
    author: Account,
    state: State,
    present: bool,
) -> None:
    """``present``: a server judges a new epoch by what stands now."""
    header, space, epoch = version.header, state.space, state.epoch
    named = (entry.circle, entry.kind, entry.subject)
    audience = SPACES[space.kind]
    if named != (space.circle, space.kind, space.subject):
        raise Never("bad_entry", "this epoch is another space's")
    by_person = space.subject != ZERO16
    if audience.circle is not state.membership.kind or audience.by_person != by_person:
        raise Never("bad_entry", "this circle has no such space")
    number, before = (epoch.number, epoch.id) if epoch else (0, ZERO32)
    if entry.after != before or header.epoch != number + 1:
        raise AfterPull("head_moved", "another epoch came first")
    if author.id not in entry.accounts:
        raise Never("bad_entry", "only who will hold the key begins an epoch")
    if any(state.kid_of(past) == header.kid for past in range(1, header.epoch)):
        raise Never("bad_entry", "this key served an epoch before")
    _check_epoch_membership(entry, author, state, present)
    _check_tips(entry, state, present)


def _check_epoch_membership(
    entry: entries.Epoch, author: Account, state: State, present: bool
) -> None:
    membership, space = state.membership, state.space
    if not membership.knows_change(entry.membership):
        raise Unknown("unknown_change", "the epoch names a change not in the log")
    if present and entry.membership != membership.last_change:
        raise AfterPull("epoch_stale", "the epoch does not know the last removal")
    if state.epoch and not membership.follows(entry.membership, state.epoch.membership):
        raise Never("bad_entry", "the epoch forgets a removal that was known")
    roles = membership.roles_at(author, entry.membership)
    if not membership.may_rotate(author, roles, space.kind, space.subject):
        raise AfterUser("role_denied", "this account may not begin an epoch here")
    for account in entry.accounts:
        known = membership.accounts.get(account)
        if known is None:
            raise Unknown("unknown_author", "the epoch wraps to an unknown account")
        then = membership.roles_at(known, entry.membership)
        if not membership.may_write(known, then, space.kind, space.subject, Rule.ALL):
            raise Never("bad_entry", "the epoch wraps to an account outside the space")


def _check_tips(entry: entries.Epoch, state: State, present: bool) -> None:
    since = state.epoch.membership if state.epoch else ZERO32
    space = state.space
    lost = state.membership.lost(since, entry.membership, space.kind, space.subject)
    right = {(d, *state.tip(d)) for d in lost if state.tip(d) != NO_TIP}
    listed = set(entry.tips)
    if present and listed != right:
        raise AfterPull("epoch_stale", "the epoch does not list the latest tips")
    devices = {row[0] for row in listed}
    if not devices <= lost or len(devices) != len(listed):
        raise Never("bad_entry", "the epoch lists the wrong devices")


def _check_content(
    version: Version,
    author: Account,
    state: State,
    serving: Serving | None,
    repaired: bool,
) -> Judgement:
    header = version.header
    roles = author.roles if serving and not repaired else author.ever | author.roles
    space = state.space
    if not state.membership.may_write(
        author, roles, space.kind, space.subject, header.rule
    ):
        raise AfterUser("role_denied", "this role may not write so here")
    _check_epoch_of(version, state, None if repaired else serving)
    _check_size(version, space.kind)
    record = record_key(header.rule, author.id, header.rec)
    for parent in header.parents:
        known = state.record_of(parent)
        if known is not None and known != record:
            raise Never("bad_parent", "a parent is a version of another record")
        if known is None and serving:
            raise Unknown("unknown_parent", "a parent is not in this log yet")
    return Judgement(author.id, record)


def _check_epoch_of(version: Version, state: State, serving: Serving | None) -> None:
    header, epoch = version.header, state.epoch
    if epoch is None or header.epoch > epoch.number:
        raise Unknown("unknown_epoch", "the epoch is not in this log yet")
    if serving and header.epoch < epoch.number:
        raise AfterPull("epoch_stale", "a newer epoch has begun")
    if header.kid != state.kid_of(header.epoch):
        raise Never("bad_epoch", "the key id is not this epoch's")


def _check_size(version: Version, kind: SpaceKind) -> None:
    if version.body is None:
        return
    size = len(version.body)
    if version.header.deleted:
        if size:
            raise Never("bad_padding", "a deletion has no body")
        return
    least = SPACES[kind].least if version.header.rule is Rule.OWN else BUCKETS[0]
    if size not in _SEALED_SIZES or size < least + SEALED_OVERHEAD:
        raise Never("bad_padding", "not one of the padded sizes")


def still_counts(version: Version, judged: Judgement, state: State) -> bool:
    """Whether a version that may stand still counts (PROTOCOL 8.3).

    A version of a device that lost the space counts up to the tip that the next
    epoch lists, or as far as its roles since the newest epoch allow it.
    """
    header = version.header
    closed = state.closed_at(header.device)
    if closed is None or header.n <= closed[0]:
        return True
    membership, space = state.membership, state.space
    # What was lost since the newest epoch is for the next one to close, and what was
    # given since counts already.
    then = state.epoch.membership if state.epoch else ZERO32
    account = membership.accounts[judged.account]
    roles = membership.roles_since(account, then)
    return (
        not membership.revoked_at(header.device, then)
        and roles != Role.NONE
        and membership.may_write(account, roles, space.kind, space.subject, header.rule)
    )
