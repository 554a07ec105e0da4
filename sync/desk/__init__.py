"""What a person does, in domain words, over a ``Client`` (PROTOCOL 9, 14.6).

Everything works without a network: it reads the verified log with the outbox on top,
and writes intents. Only circles that are this account's by its own act are shown.
Each part of a desk is a module here; they look only down:

    registers, apologies, places   attendance; who cannot come; invitations
    sessions, board                when the group meets; rules and notices
    groups                         groups and their people
    programmes                     programmes and their keys
    personal, notes                settings and private notes
    shelf, items                   reading and writing records

Leaves sending to the client, merging to ``sync.merge``, and words on a screen to
whoever calls.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sync.client import Client
from sync.desk.apologies import Apologies, Apology
from sync.desk.board import Board
from sync.desk.groups import Group, Groups, Person
from sync.desk.items import Item
from sync.desk.notes import NoteEditor, Notes
from sync.desk.personal import Personal
from sync.desk.places import PendingCode, Places
from sync.desk.programmes import Programmes
from sync.desk.registers import Line, Register, Registers
from sync.desk.sessions import Meeting, Sessions
from sync.desk.shelf import Shelf

__all__ = [
    "Apology", "Desk", "Group", "Item", "Line", "Meeting", "NoteEditor", "PendingCode",
    "Person", "Register",
]  # fmt: skip


class Desk:
    """One account's work."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.shelf = Shelf(client)
        self.programmes = Programmes(self.shelf)
        self.groups = Groups(self.shelf, self.programmes)
        self.board = Board(self.shelf)
        self.sessions = Sessions(self.shelf, self.groups)
        self.places = Places(self.shelf, self.groups, self.sessions, self.board)
        self.apologies = Apologies(self.shelf, self.programmes)
        self.registers = Registers(
            self.shelf, self.groups, self.sessions, self.apologies
        )
        self.personal = Personal(self.shelf)
        self.notes = Notes(self.shelf)

    def sync(self) -> None:
        """Send and read until nothing is left, deriving what follows.

        Raises:
            Later: no answer; everything is kept.
            AfterUser: a person has to do something first.
        """
        self.derive()
        self.client.sync()
        while self.derive():
            self.client.sync()
        with self.client.store.write():
            self.client.store.set_meta("checked_at", self.client.now)

    def checked_at(self) -> datetime | None:
        """When the server last gave a full answer (E-11)."""
        at = self.client.store.meta("checked_at")
        return datetime.fromtimestamp(at, UTC) if at else None

    def derive(self) -> bool:
        """Do what follows from others' acts; whether anything was written.

        Programmes' keys are taken from the frames of one's groups, and put there by
        coordinators; a leader's finished sheets tell whoever has joined since.
        """
        self.programmes.take_keys()
        before = self.client.store.one("SELECT max(n) FROM outbox")
        self.programmes.publish_keys()
        self.registers.write_all_statements()
        return self.client.store.one("SELECT max(n) FROM outbox") != before
