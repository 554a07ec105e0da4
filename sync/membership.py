"""A circle's log, folded: who is seated, with which devices and roles (PROTOCOL 4).

``Membership.apply`` judges one control entry against everything before it and
takes it in, or raises and changes nothing. Certificates and join proofs are
verified here; the version's own signature and chain are ``sync.check``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sync import entries as e
from sync import labels, signing
from sync.encoding import sha256
from sync.errors import AfterPull, AfterUser, Never, Unknown, UpgradeRequired
from sync.kinds import (
    ALL_ROLES,
    AUTHORITY,
    SPACES,
    ZERO16,
    ZERO32,
    Audience,
    CircleKind,
    Role,
    Rule,
    SpaceKind,
)


def account_id(sign_key: bytes, wrap_key: bytes) -> bytes:
    """16 bytes that name an account for ever."""
    return sha256(labels.ID_ACCOUNT, sign_key, wrap_key)[:16]


def device_id(device_key: bytes) -> bytes:
    """16 bytes that name a device for ever."""
    return sha256(labels.ID_DEVICE, device_key)[:16]


def space_id(circle: bytes, kind: SpaceKind, subject: bytes = ZERO16) -> bytes:
    """16 bytes that name one audience of a circle (PROTOCOL 2.2)."""
    return sha256(labels.ID_SPACE, circle, bytes([kind]), subject)[:16]


def certify(
    suite: int, identity_seed: bytes, account: bytes, device_key: bytes
) -> bytes:
    """The identity's certificate for a device, 64 bytes."""
    message = account + device_key
    return signing.sign(suite, identity_seed, labels.SIGN_DEVICE, message)


def verify_certificate(
    suite: int, sign_key: bytes, account: bytes, device_key: bytes, certificate: bytes
) -> None:
    """Raise ``BadSignature`` unless the identity certified the device."""
    message = account + device_key
    signing.verify(suite, sign_key, labels.SIGN_DEVICE, message, certificate)


@dataclass(frozen=True)
class Account:
    """One account's seat in a circle.

    Attributes:
        roles: what it may do now; empty once removed.
        ever: every role that it has had here; what it wrote then still counts.
        order: place of its entry in the log; the last join for a person counts.
    """

    id: bytes
    sign_key: bytes
    wrap_key: bytes
    person: bytes
    roles: Role
    ever: Role
    order: int


@dataclass(frozen=True)
class Seated:
    """A device and the account that it signs for."""

    key: bytes
    account: bytes
    revoked: bool = False


@dataclass(frozen=True)
class Place:
    """An invitation as the log knows it."""

    person: bytes
    roles: Role
    by: bytes
    state: str = "open"


@dataclass(frozen=True)
class Change:
    """A removal or role change: whose roles went from what to what."""

    id: bytes
    account: bytes
    before: Role
    after: Role
    device: bytes | None = None


@dataclass
class Membership:
    """The fold of one circle's log up to some point."""

    circle: bytes = b""
    kind: CircleKind = CircleKind.PERSON
    suite: int = 1
    length: int = 0
    accounts: dict[bytes, Account] = field(default_factory=dict)
    devices: dict[bytes, Seated] = field(default_factory=dict)
    invites: dict[bytes, Place] = field(default_factory=dict)
    groups: set[bytes] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)

    def copy(self) -> Membership:
        """An independent fold of the same log."""
        fresh: dict[str, Any] = {
            name: value.copy()
            for name, value in vars(self).items()
            if isinstance(value, dict | set | list)
        }
        return replace(self, **fresh)

    # -- questions --------------------------------------------------------

    @property
    def log(self) -> bytes:
        """The space id of the circle's log."""
        return space_id(self.circle, SpaceKind.CIRCLE)

    @property
    def last_change(self) -> bytes:
        """Id of the last removal or role change; zeros before the first."""
        return self.changes[-1].id if self.changes else ZERO32

    def device(self, device: bytes) -> Seated:
        """The device, revoked or not.

        Raises:
            Unknown: it is not in this log (yet).
        """
        try:
            return self.devices[device]
        except KeyError:
            raise Unknown("unknown_author", "the device is not in the log") from None

    def author(self, device: bytes) -> Account:
        """The account that a device signs for, removed or not."""
        return self.accounts[self.device(device).account]

    def acting(self, person: bytes) -> Account | None:
        """The account that now acts for a person: the last that joined."""
        seats = [a for a in self.accounts.values() if a.person == person and a.roles]
        return max(seats, key=lambda a: a.order, default=None)

    def readers(self, kind: SpaceKind, subject: bytes = ZERO16) -> dict[bytes, Account]:
        """Accounts that may read a space now: a fixed function of the log."""
        audience = SPACES[kind]
        return {
            a.id: a
            for a in self.accounts.values()
            if _reads(audience, a.roles, a.person, subject)
        }

    def may_write(self, account: Account, roles: Role, kind: SpaceKind,
                  subject: bytes, rule: Rule) -> bool:  # fmt: skip
        """Whether these roles of an account allow a write rule in a space."""
        audience = SPACES[kind]
        if rule is Rule.LEAD:
            return bool(roles & audience.lead)
        return _reads(audience, roles, account.person, subject)

    def may_rotate(
        self, account: Account, roles: Role, kind: SpaceKind, subject: bytes
    ) -> bool:
        """Whether these roles of an account allow it to begin an epoch of a space."""
        audience = SPACES[kind]
        own_thread = audience.by_person and account.person == subject
        return bool(roles & audience.rotate or (own_thread and roles))

    def acts_for(self, account: bytes, person: bytes) -> bool:
        """Whether an account is the one that now acts for a person."""
        acting = self.acting(person)
        return acting is not None and acting.id == account

    def knows_change(self, change: bytes) -> bool:
        """Whether a removal or role change is in this log (zeros always are)."""
        return change == ZERO32 or any(c.id == change for c in self.changes)

    def lost(
        self, since: bytes, until: bytes, kind: SpaceKind, subject: bytes
    ) -> set[bytes]:
        """Devices that lost a right in a space after one change, up to another.

        Devices of an account that lost the space, or the rule ``lead`` in it, by a
        removal or role change; and devices that were revoked.
        """
        lost: set[bytes] = set()
        if since == until:
            return lost
        for later in self._changes_after(since):
            if later.device:
                lost.add(later.device)
            elif self._lost_right(later, kind, subject):
                lost |= {
                    d for d, s in self.devices.items() if s.account == later.account
                }
            if later.id == until:
                break
        return lost

    def is_due(self, change: bytes, kind: SpaceKind, subject: bytes) -> bool:
        """Whether somebody lost a right here after the change that its epoch names."""
        return any(
            not c.device and self._lost_right(c, kind, subject)
            for c in self._changes_after(change)
        )

    def roles_at(self, account: Account, change: bytes) -> Role:
        """What an account was allowed once ``change`` had been made."""
        later = (c for c in self._changes_after(change) if c.account == account.id)
        return next((c.before for c in later if not c.device), account.roles)

    def roles_since(self, account: Account, change: bytes) -> Role:
        """All that an account was allowed at any time since ``change``."""
        roles = account.roles
        for later in self._changes_after(change):
            if later.account == account.id and not later.device:
                roles |= later.before | later.after
        return roles

    def revoked_at(self, device: bytes, change: bytes) -> bool:
        """Whether a device had been signed out once ``change`` had been made."""
        later = any(c.device == device for c in self._changes_after(change))
        return self.device(device).revoked and not later

    def follows(self, change: bytes, earlier: bytes) -> bool:
        """Whether a change is the same as an earlier one, or comes after it."""
        ids = [ZERO32, *(c.id for c in self.changes)]
        return ids.index(change) >= ids.index(earlier)

    def _changes_after(self, change: bytes) -> Iterator[Change]:
        ids = [c.id for c in self.changes]
        start = ids.index(change) + 1 if change in ids else 0  # zeros: all of them
        return iter(self.changes[start:])

    def _lost_right(self, change: Change, kind: SpaceKind, subject: bytes) -> bool:
        audience, person = SPACES[kind], self.accounts[change.account].person
        read_before = _reads(audience, change.before, person, subject)
        read_after = _reads(audience, change.after, person, subject)
        led = change.before & audience.lead and not change.after & audience.lead
        return (read_before and not read_after) or bool(led)

    # -- taking entries in ------------------------------------------------

    def apply(self, version: bytes, device: bytes, entry: e.Entry) -> None:
        """Judge one entry and take it in.

        Args:
            version: id of the version that carries it, 32 bytes.
            device: its author, whose signature the caller has verified.

        Raises:
            Never: ``bad_entry``.
            AfterPull: ``head_moved`` when ``after`` is not the last change.
            AfterUser: ``role_denied``, ``device_revoked``, ``invite_used``.
        """
        if (self.length == 0) != isinstance(entry, e.Genesis):
            raise _bad("a log begins with its genesis and has one")
        handler = _HANDLERS.get(type(entry))
        if handler is None:
            raise _bad("this entry does not belong in a circle's log")
        handler(self, version, device, entry)
        self.length += 1

    def active(self, device: bytes) -> Account:
        """The author, who must be seated and not revoked."""
        seated = self.device(device)
        account = self.accounts[seated.account]
        if seated.revoked:
            raise AfterUser("device_revoked", "this device was signed out for good")
        if not account.roles:
            raise AfterUser("role_denied", "this account has left the circle")
        return account

    def _genesis(self, version: bytes, device: bytes, entry: e.Genesis) -> None:
        try:
            kind = CircleKind(entry.kind)
        except ValueError:
            raise UpgradeRequired(detail="a kind of circle not known here") from None
        roles = _roles(entry.roles)
        self._introduce(device, entry.device_key)
        account = account_id(entry.sign_key, entry.wrap_key)
        verify_certificate(
            self.suite, entry.sign_key, account, entry.device_key, entry.certificate
        )
        self._seat(entry.sign_key, entry.wrap_key, entry.person, roles)
        self.circle, self.kind = version, kind
        self.devices[device] = Seated(entry.device_key, account)

    def _invite(self, version: bytes, device: bytes, entry: e.Invite) -> None:
        author, roles = self.active(device), _roles(entry.roles)
        self._must_command(author, roles | self._roles_of(entry.person))
        if entry.invite_key in self.invites:
            raise _bad("this invitation key was used before")
        signing.check_key(self.suite, entry.invite_key)
        self.invites[entry.invite_key] = Place(entry.person, roles, author.id)

    def _revoke(self, version: bytes, device: bytes, entry: e.Revoke) -> None:
        author, place = self.active(device), self._open_place(entry.invite_key)
        if place.by != author.id:
            self._must_command(author, place.roles)
        self.invites[entry.invite_key] = replace(place, state="revoked")

    def _join(self, version: bytes, device: bytes, entry: e.Join) -> None:
        place = self._open_place(entry.invite_key)
        account = account_id(entry.sign_key, entry.wrap_key)
        self._introduce(device, entry.device_key, back=account)
        verify_certificate(
            self.suite, entry.sign_key, account, entry.device_key, entry.certificate
        )
        verify_join(self.suite, self.circle, entry)
        if self._is_seated(account):
            raise _bad("this account is seated already")
        self._seat(entry.sign_key, entry.wrap_key, place.person, place.roles)
        self.devices[device] = Seated(entry.device_key, account)
        self.invites[entry.invite_key] = replace(place, state="used")

    def _grant(self, version: bytes, device: bytes, entry: e.Grant) -> None:
        author, roles = self.active(device), _roles(entry.roles)
        self._must_command(author, roles | self._roles_of(entry.person))
        if self._is_seated(account_id(entry.sign_key, entry.wrap_key)):
            raise _bad("this account is seated already")
        signing.check_key(self.suite, entry.sign_key)
        self._seat(entry.sign_key, entry.wrap_key, entry.person, roles)

    def _device(self, version: bytes, device: bytes, entry: e.Device) -> None:
        self._introduce(device, entry.device_key)
        if not self._is_seated(entry.account):
            raise AfterUser("role_denied", "no such account is seated here")
        key = self.accounts[entry.account].sign_key
        verify_certificate(
            self.suite, key, entry.account, entry.device_key, entry.certificate
        )
        self.devices[device] = Seated(entry.device_key, entry.account)

    def _set_roles(self, version: bytes, device: bytes, entry: e.SetRoles) -> None:
        author, roles = self.active(device), _roles(entry.roles)
        self._must_follow(entry.after)
        target = self._target(entry.account)
        self._must_command(author, target.roles | roles)
        self._change(version, target, roles)

    def _removal(self, version: bytes, device: bytes, entry: e.Removal) -> None:
        author = self.active(device)
        self._must_follow(entry.after)
        if entry.what == e.REMOVE_DEVICE:
            self._revoke_device(version, author, entry.subject)
        elif entry.what == e.REMOVE_ACCOUNT:
            target = self._target(entry.subject)
            if target.id != author.id:
                self._must_command(author, target.roles)
            self._change(version, target, Role.NONE)
        else:
            raise _bad("a removal names an account or a device")

    def _listing(self, version: bytes, device: bytes, entry: e.Listing) -> None:
        author = self.active(device)
        if self.kind is not CircleKind.PROGRAMME or not author.roles & Role.COORDINATOR:
            raise AfterUser(
                "role_denied", "only a programme's coordinator lists groups"
            )
        if entry.listed not in (0, 1) or bool(entry.listed) == (
            entry.group in self.groups
        ):
            raise _bad("the listing changes nothing")
        (self.groups.add if entry.listed else self.groups.discard)(entry.group)

    def _revoke_device(self, version: bytes, author: Account, device: bytes) -> None:
        seated = self.device(device)
        if seated.revoked:
            raise _bad("this device was revoked before")
        owner = self.accounts[seated.account]
        if owner.id != author.id:
            self._must_command(author, owner.roles)
        self.devices[device] = replace(seated, revoked=True)
        self.changes.append(Change(version, owner.id, owner.roles, owner.roles, device))

    def _change(self, version: bytes, target: Account, roles: Role) -> None:
        if not roles:  # places that it opened close behind it
            for key, place in self.invites.items():
                if place.by == target.id and place.state == "open":
                    self.invites[key] = replace(place, state="revoked")
        self.changes.append(Change(version, target.id, target.roles, roles))
        after = replace(target, roles=roles, ever=target.ever | roles)
        self.accounts[target.id] = after

    def _seat(
        self, sign_key: bytes, wrap_key: bytes, person: bytes, roles: Role
    ) -> None:
        account = account_id(sign_key, wrap_key)
        before = self.accounts.get(account)
        signing.check_wrap_key(self.suite, wrap_key)
        if before and before.person != person:
            raise _bad("this account stood for another person here")
        ever = roles | (before.ever if before else Role.NONE)
        self.accounts[account] = Account(
            account, sign_key, wrap_key, person, roles, ever, self.length
        )

    def _introduce(self, device: bytes, device_key: bytes, back: bytes = b"") -> None:
        """A new device; or one that comes ``back`` with an account that had left."""
        known = self.devices.get(device)
        returns = known is not None and known.account == back and not known.revoked
        if device_id(device_key) != device or (known and not returns):
            raise _bad("the device key does not fit, or is in the log already")

    def _roles_of(self, person: bytes) -> Role:
        """What would be taken over by another account for the same person."""
        acting = self.acting(person)
        return acting.roles if acting else Role.NONE

    def _is_seated(self, account: bytes) -> bool:
        return account in self.accounts and bool(self.accounts[account].roles)

    def _target(self, account: bytes) -> Account:
        if not self._is_seated(account):
            raise _bad("no such account is seated here")
        return self.accounts[account]

    def _open_place(self, invite_key: bytes) -> Place:
        place = self.invites.get(invite_key)
        if place is None:
            raise Unknown("unknown_invite", "the invitation is not in the log")
        if place.state != "open":
            raise AfterUser("invite_used", f"this invitation was {place.state}")
        return place

    def _must_follow(self, after: bytes) -> None:
        if after != self.last_change:
            raise AfterPull("head_moved", "another change came first")

    def _must_command(self, author: Account, roles: Role) -> None:
        table = AUTHORITY[self.kind]
        allowed = Role.NONE
        for role, over in table.items():
            if author.roles & role:
                allowed |= over
        in_group = self.kind is CircleKind.GROUP
        if in_group and author.roles & Role.LEADER and not self._has_coordinator():
            allowed |= Role.COORDINATOR
        if roles & ~allowed:
            raise AfterUser("role_denied", "not within this account's authority")

    def _has_coordinator(self) -> bool:
        seated = any(a.roles & Role.COORDINATOR for a in self.accounts.values())
        invited = any(
            p.state == "open" and p.roles & Role.COORDINATOR
            for p in self.invites.values()
        )
        return seated or invited


def _reads(audience: Audience, roles: Role, person: bytes, subject: bytes) -> bool:
    own = audience.by_person and person == subject and bool(roles)
    return own or bool(roles & audience.readers)


def _roles(number: int) -> Role:
    if number & ~ALL_ROLES:
        raise UpgradeRequired(detail="a role that is not known here")
    if not number:
        raise _bad("no role at all")
    return Role(number)


def _bad(detail: str) -> Never:
    return Never("bad_entry", detail)


def join_message(circle: bytes, entry: e.Join) -> bytes:
    """What the invite key signs: circle, identity keys and device key."""
    return circle + entry.sign_key + entry.wrap_key + entry.device_key


def verify_join(suite: int, circle: bytes, entry: e.Join) -> None:
    """Raise ``BadSignature`` unless the invite key signed the joiner's keys."""
    message = join_message(circle, entry)
    signing.verify(suite, entry.invite_key, labels.SIGN_JOIN, message, entry.proof)


_HANDLERS: dict[type[e.Entry], Callable[..., None]] = {
    e.Genesis: Membership._genesis,
    e.Invite: Membership._invite,
    e.Revoke: Membership._revoke,
    e.Join: Membership._join,
    e.Grant: Membership._grant,
    e.Device: Membership._device,
    e.SetRoles: Membership._set_roles,
    e.Removal: Membership._removal,
    e.Listing: Membership._listing,
}
