"""Reading and writing the records of the spaces that this account holds.

Knows circles, rules and record names, and nothing of what the records mean.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sync import labels, records
from sync.check import Space
from sync.client import Client
from sync.desk.items import Item, editor_of, items
from sync.encoding import sha256
from sync.envelope import record_key
from sync.errors import AfterUser
from sync.kinds import CircleKind, Role, Rule, SpaceKind
from sync.membership import Membership
from sync.outbox import Intent
from sync.replica import Held, role_names

LEADS = Role.LEADER | Role.COORDINATOR


def shared_rec(kind: bytes, subject: bytes) -> bytes:
    """The name on which everybody who leads a circle meets, 16 bytes."""
    return sha256(labels.ID_RECORD, kind, b"\0", subject)[:16]


class Shelf:
    """All records that this account can read, with what is not sent yet on top."""

    def __init__(self, client: Client) -> None:
        self.client, self.replica, self.store = client, client.replica, client.store

    @property
    def now(self) -> datetime:
        """This moment, to the second, in UTC; to be shown, never to order anything."""
        return datetime.fromtimestamp(self.client.now, UTC)

    @property
    def account(self) -> bytes:
        """This account's id."""
        return self.client.account

    # -- circles ----------------------------------------------------------

    def circles(self, kind: CircleKind) -> list[bytes]:
        """Circles of a kind in which this account sits by its own act."""
        return [
            circle
            for circle, membership in self.replica.circles.items()
            if membership.kind is kind
            and self.replica.is_trusted(circle)
            and self.roles(circle)
        ]

    def membership(self, circle: bytes) -> Membership:
        """A circle's folded log; empty when it has not arrived."""
        return self.replica.circles.get(circle) or Membership()

    def roles(self, circle: bytes) -> Role:
        """What this account is in a circle now."""
        seated = self.membership(circle).accounts.get(self.account)
        return seated.roles if seated else Role.NONE

    def must_be(self, circle: bytes, roles: Role, act: str) -> None:
        """Refuse in words what the log would refuse by code.

        Raises:
            AfterUser: ``role_denied``.
        """
        if not self.roles(circle) & roles:
            wanted = " or ".join(sorted(role_names(roles)))
            raise AfterUser("role_denied", f"only a {wanted} of this group can {act}")

    def person_in(self, circle: bytes) -> bytes:
        """Who this account is in a circle, 16 bytes."""
        return self.membership(circle).accounts[self.account].person

    def me(self) -> bytes:
        """The person whom circles begun by this account name."""
        return self.person_in(self.client.person_circle().space.circle)

    # -- reading ----------------------------------------------------------

    def held(self, circle: bytes, kind: SpaceKind) -> Held | None:
        """A space, when it is held here."""
        return self.replica.spaces.get(Space(circle, kind).id)

    def items(self, what: Space, record_type: str) -> list[Item]:
        """All records of a type in a space; none when the space is not held."""
        held = self.replica.spaces.get(what.id)
        return items(self.client.outbox, held, record_type) if held else []

    def frame(self, circle: bytes, record_type: str) -> list[Item]:
        """All records of a type in a group's frame."""
        return self.items(Space(circle, SpaceKind.FRAME), record_type)

    # -- writing ----------------------------------------------------------

    def own_rec(self, *key: bytes) -> bytes:
        """A record's name on which all devices of this account meet, 16 bytes."""
        secret = self.client.identity.record_secret
        return hmac.new(secret, b"\0".join(key), hashlib.sha256).digest()[:16]

    def new_id(self) -> bytes:
        """16 random bytes that name a person or a record."""
        return self.client.random(16)

    def put_shared(
        self, what: Space, rec: bytes, record_type: str, fields: Mapping[str, Any]
    ) -> bool:
        """Write a ``lead`` record unless it says so already; whether it did not."""
        found = (item for item in self.items(what, record_type) if item.rec == rec)
        return self.put_over(next(found, None), what, rec, record_type, fields)

    def put_over(
        self,
        old: Item | None,
        what: Space,
        rec: bytes,
        record_type: str,
        fields: Mapping[str, Any],
        rule: Rule = Rule.LEAD,
    ) -> bool:
        """The same over what was read before."""
        if old and dict(old.fields) == dict(fields) and not old.differ:
            return False
        self.put(what, rule, rec, record_type, fields, old.base if old else ())
        return True

    def put_own(
        self, what: Space, rec: bytes, record_type: str, fields: Mapping[str, Any]
    ) -> bool:
        """The same for one of this account's own records."""
        old = self.own(what, record_type, rec)
        return self.put_over(old, what, rec, record_type, fields, Rule.OWN)

    def own(self, what: Space, record_type: str, rec: bytes) -> Item | None:
        """One of this account's own records."""
        mine = (i for i in self.items(what, record_type) if i.account == self.account)
        return next((item for item in mine if item.rec == rec), None)

    def put(
        self,
        what: Space,
        rule: Rule,
        rec: bytes,
        record_type: str,
        fields: Mapping[str, Any],
        base: tuple[bytes, ...] = (),
    ) -> None:
        """Write a record on the versions that were on the screen, durably."""
        key = record_key(rule, self.account, rec)
        content = records.dump(record_type, fields)
        least = records.least_bucket(record_type)
        intent = Intent(rule, rec, content, base, least)
        self.client.outbox.write(what, intent, editor_of(what, key))
