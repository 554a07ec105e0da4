"""Programmes, and their keys in the frames of their groups (PROTOCOL 6.6).

A programme's log names its coordinators only. Members read its space because each
of their groups' frames holds its keys; coordinators put them there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sync import entries
from sync.check import Space
from sync.desk import schedule
from sync.desk.items import Item
from sync.desk.shelf import LEADS, Shelf, shared_rec
from sync.kinds import CircleKind, Role, SpaceKind
from sync.replica import Held

EPOCHS_MAX = 500


class Programmes:
    """The programmes that this account coordinates, or that list its groups."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def begin(self, name: str, **settings: Any) -> bytes:
        """Begin a programme with this account as its coordinator; its circle.

        Args:
            settings: further fields of the record.
        """
        shelf = self.shelf
        held = shelf.client.begin_circle(
            CircleKind.PROGRAMME, Role.COORDINATOR, shelf.me()
        )
        circle = held.space.circle
        fields = {"tz": schedule.LONDON, "apologies_shown": "group", **settings}
        shelf.put_shared(
            Space(circle, SpaceKind.PROGRAMME), shared_rec(b"programme", circle),
            "programme", {"name": name, **fields},
        )  # fmt: skip
        return circle

    def all(self) -> dict[bytes, Mapping[str, Any]]:
        """Fields of each programme that this account knows of, by circle."""
        listed = [self.of(group) for group in self.shelf.circles(CircleKind.GROUP)]
        known = [*self.coordinated(), *(circle for circle in listed if circle)]
        return {circle: self.fields(circle) for circle in dict.fromkeys(known)}

    def coordinated(self) -> list[bytes]:
        """The programmes of which this account is a coordinator."""
        return self.shelf.circles(CircleKind.PROGRAMME)

    def fields(self, circle: bytes) -> Mapping[str, Any]:
        """A programme's fields; empty while they have not arrived."""
        found = self.shelf.items(Space(circle, SpaceKind.PROGRAMME), "programme")
        return found[0].fields if found else {}

    def of(self, group: bytes) -> bytes | None:
        """The programme that lists a group and that the group or this account knows."""
        named = [item.fields["circle"] for item in self._keys_in(group)]
        known = dict.fromkeys([*named, *self.coordinated()])
        return next((circle for circle in known if group in self.groups(circle)), None)

    def groups(self, circle: bytes) -> set[bytes]:
        """The groups that a programme lists, those not sent yet included."""
        log = self.shelf.held(circle, SpaceKind.CIRCLE)
        rows = self.shelf.client.outbox.rows(log.id) if log else []
        written = [entries.decode(row.intent.entry) for row in rows if row.intent.entry]
        listed = {e.group for e in written if isinstance(e, entries.Listing)}
        return self.shelf.membership(circle).groups | listed

    def setting(self, group: bytes, name: str) -> Any:
        """One setting of the programme of a group, or ``None``."""
        circle = self.of(group)
        return self.fields(circle).get(name) if circle else None

    # -- keys -------------------------------------------------------------

    def take_keys(self) -> None:
        """Take programmes' keys out of the frames of this account's groups."""
        for group in self.shelf.circles(CircleKind.GROUP):
            for item in self._keys_in(group):
                circle = item.fields["circle"]
                held = self.shelf.held(circle, SpaceKind.PROGRAMME)
                if held and group in self.shelf.membership(circle).groups:
                    self._take(held, item.fields["epochs"])

    def _take(self, held: Held, epochs: Iterable[tuple[int, bytes, bytes]]) -> None:
        rows = [(kid, key) for _, kid, key in epochs if kid not in held.ring.keys]
        if rows:
            self.shelf.replica.take_secrets(held, rows)

    def publish_keys(self) -> None:
        """Put a programme's newest key into the frame of each group it lists."""
        for circle in self.coordinated():
            held = self.shelf.held(circle, SpaceKind.PROGRAMME)
            newest = held.ring.newest if held else None
            if held and newest and newest.mark.kid in held.ring.keys:
                for group in sorted(self.shelf.membership(circle).groups):
                    if self.shelf.roles(group) & LEADS:
                        self._publish(group, held, newest.mark.kid)

    def _publish(self, group: bytes, programme: Held, kid: bytes) -> None:
        circle = programme.space.circle
        known = [i for i in self._keys_in(group) if i.fields["circle"] == circle]
        if any(row[1] == kid for item in known for row in item.fields["epochs"]):
            return
        keys = sorted(programme.ring.keys.values(), key=lambda key: key.number)
        rows = tuple((key.number, key.kid, key.secret) for key in keys)
        self.shelf.put_shared(
            Space(group, SpaceKind.FRAME), shared_rec(b"programme-key", circle),
            "programme_key", {"circle": circle, "epochs": rows[-EPOCHS_MAX:]},
        )  # fmt: skip

    def _keys_in(self, group: bytes) -> list[Item]:
        return self.shelf.frame(group, "programme_key")
