"""Invitations: places opened for people, and the codes that take them (PROTOCOL 7).

A code is shown once, and only when its entry and its pack have arrived: until then
whoever typed it would find nothing. Until it is shown it is kept sealed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sync import labels
from sync.desk import schedule
from sync.desk.board import Board
from sync.desk.groups import Groups
from sync.desk.sessions import Sessions
from sync.desk.shelf import Shelf
from sync.encoding import b64, unb64
from sync.invitations import Invitation, open_box, seal_box
from sync.kinds import Role
from sync.replica import role_names
from sync.sealing import Context

INVITATION_DAYS = 90
PACK_BYTES_MAX = 3_900  # 4,092 with the circle and the inviter
NEXT_IN_PACK, HELP_IN_PACK = 3, 8


@dataclass(frozen=True)
class PendingCode:
    """An invitation whose code has not been handed over yet.

    Attributes:
        batch: whether it belongs to an import, whose codes go into a file.
        sent: whether its entry and its pack have arrived.
    """

    invitation: Invitation
    circle: bytes
    person: bytes
    roles: Role
    expires_at: int
    batch: bool
    sent: bool


class Places:
    """Inviting people."""

    def __init__(
        self, shelf: Shelf, groups: Groups, sessions: Sessions, board: Board
    ) -> None:
        self.shelf, self.groups = shelf, groups
        self.sessions, self.board = sessions, board

    def invite(
        self, circle: bytes, person: bytes, roles: Role, batch: bool = False
    ) -> Invitation:
        """Open a place for a person on the roster; ``codes`` tells when it is sent."""
        shelf = self.shelf
        expires_at = shelf.client.now + INVITATION_DAYS * 86400
        pack = self._pack(circle, person, roles)
        with shelf.store.write():
            invitation = shelf.client.invite(circle, person, roles, pack, expires_at)
            self.keep(
                PendingCode(invitation, circle, person, roles, expires_at, batch, False)
            )
        return invitation

    def keep(self, code: PendingCode) -> None:
        """Remember a code, sealed, until it is handed over."""
        lookup = code.invitation.lookup
        row = [
            b64(code.invitation.secret), b64(code.circle), b64(code.person),
            int(code.roles), code.expires_at, code.batch,
        ]  # fmt: skip
        sealed = seal_box(
            self.shelf.replica.local_key, self._context(lookup),
            json.dumps(row).encode(), self.shelf.client.random,
        )  # fmt: skip
        self.shelf.store.set_meta(_name(lookup), sealed)

    def _context(self, lookup: bytes) -> Context:
        return Context(self.shelf.client.suite, labels.LOCAL, b"code" + lookup)

    def codes(self) -> list[PendingCode]:
        """All codes that have not been handed over, the oldest first."""
        rows = self.shelf.store.all(
            "SELECT name, value FROM meta WHERE name LIKE 'code:%'"
        )
        found = [self._opened(unb64(name[5:]), sealed) for name, sealed in rows]
        return sorted(found, key=lambda code: (code.expires_at, code.person))

    def _opened(self, lookup: bytes, sealed: bytes) -> PendingCode:
        row = open_box(self.shelf.replica.local_key, self._context(lookup), sealed)
        secret, circle, person, roles, expires_at, batch = json.loads(row)
        invitation = Invitation(unb64(secret), self.shelf.client.suite)
        known = self.shelf.membership(unb64(circle)).invites
        pack = self.shelf.store.one(
            "SELECT sent FROM pack_out WHERE lookup = ?", lookup
        )
        sent = invitation.public in known and bool(pack and pack[0])
        return PendingCode(
            invitation, unb64(circle), unb64(person), Role(roles), expires_at,
            batch, sent,
        )  # fmt: skip

    def handed_over(self, codes: Iterable[PendingCode]) -> None:
        """Forget codes that were shown, or written to a file: they are shown once."""
        with self.shelf.store.write():
            for code in codes:
                self.shelf.store.run(
                    "DELETE FROM meta WHERE name = ?", _name(code.invitation.lookup)
                )

    # -- packs ------------------------------------------------------------

    def _pack(self, circle: bytes, person: bytes, roles: Role) -> dict[str, Any]:
        """What somebody may read before any key has come (PROTOCOL 7.3)."""
        found = self.shelf.frame(circle, "person")
        named = next((i.fields for i in found if i.fields["person"] == person), {})
        pack = {
            **self._news(circle), "name": named.get("name", ""),
            "second": named.get("second", ""), "roles": sorted(role_names(roles)),
        }  # fmt: skip
        for least_needed in ("help", "rules", "next"):
            if len(json.dumps(pack)) > PACK_BYTES_MAX:
                del pack[least_needed]
        return pack

    def _news(self, circle: bytes) -> dict[str, Any]:
        group, now = self.groups.get(circle), self.shelf.now
        coming = [m for m in self.sessions.of(circle) if m.ends_at > now]
        rules = self.board.rules(circle)
        programmes = self.groups.programmes
        fields = programmes.fields(group.programme) if group.programme else {}
        contacts = fields.get("help", ())[:HELP_IN_PACK]
        return {
            "v": 1, "group": group.name, "programme": fields.get("name", ""),
            "next": [
                schedule.when_in_words(m.item.fields) for m in coming[:NEXT_IN_PACK]
            ],
            "rules": list(rules.fields["rules"]) if rules else [],
            "help": [f"{contact['name']}: {contact['reach']}" for contact in contacts],
            "as_of": now.date().isoformat(),
        }  # fmt: skip


def _name(lookup: bytes) -> str:
    return f"code:{b64(lookup)}"
