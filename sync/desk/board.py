"""What everybody in a group reads: the rules they agreed on, and notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sync.check import Space
from sync.declined import Declined
from sync.desk.items import Item
from sync.desk.shelf import LEADS, Shelf, shared_rec
from sync.kinds import Role, SpaceKind


class Board:
    """Rules, agreement to them, and notices."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def rules(self, circle: bytes) -> Item | None:
        """The rules of a group, newest version; ``None`` before the first."""
        found = self.shelf.frame(circle, "rules")
        return max(found, key=lambda item: int(item.fields["version"]), default=None)

    def write_rules(self, circle: bytes, rules: Sequence[str], **more: Any) -> None:
        """Set the rules; their version counts up.

        Args:
            more: title, guidelines, code.
        """
        self.shelf.must_be(circle, LEADS, "write the rules")
        old = self.rules(circle)
        version = old.fields["version"] + 1 if old else 1
        fields = {"version": version, "rules": tuple(rules), **more}
        frame, rec = Space(circle, SpaceKind.FRAME), shared_rec(b"rules", circle)
        self.shelf.put_shared(frame, rec, "rules", fields)

    def agree(self, circle: bytes) -> None:
        """Agree to the newest rules; one's leaders see that one has."""
        self.shelf.must_be(circle, Role.MEMBER | Role.OBSERVER, "agree to the rules")
        rules = self.rules(circle)
        if rules is None:
            raise Declined("this group has no rules yet")
        person = self.shelf.person_in(circle)
        thread = Space(circle, SpaceKind.THREAD, person)
        fields = {"rules_version": rules.fields["version"], "at": self.shelf.now}
        rec = self.shelf.own_rec(b"agreement", circle)
        self.shelf.put_own(thread, rec, "agreement", fields)

    def write_notice(self, circle: bytes, text: str, title: str = "") -> None:
        """Tell everybody in the group, coordinators too."""
        self.shelf.must_be(circle, LEADS, "write a notice")
        fields = {"text": text, "at": self.shelf.now} | (
            {"title": title} if title else {}
        )
        frame = Space(circle, SpaceKind.FRAME)
        self.shelf.put_shared(frame, self.shelf.new_id(), "notice", fields)

    def notices(self, circle: bytes) -> list[Item]:
        """Notices, newest first."""
        found = self.shelf.frame(circle, "notice")
        return sorted(found, key=lambda i: (i.fields["at"], i.rec), reverse=True)
