"""Private notes and their editors (PROTOCOL 7.4, 14.3).

An editor remembers the versions it was opened on; what it saves names them as its
base, never whatever is newest. Two versions written apart are joined paragraph by
paragraph where that loses nothing; otherwise the owner sees both and decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync import merge, records
from sync.check import Space
from sync.declined import Declined
from sync.desk.items import Lineage, is_of
from sync.desk.personal import personal_space
from sync.desk.shelf import Shelf
from sync.envelope import RecordKey, record_key
from sync.kinds import Rule
from sync.outbox import Intent
from sync.records import Record
from sync.replica import Held, Opened

BETWEEN = "\n\n===== also written on another device =====\n\n"


@dataclass(frozen=True)
class NoteEditor:
    """One opening of one note.

    Attributes:
        rec: 16 bytes, the note's name.
        base: ids of the versions that are on the screen.
        editor: 16 bytes; two openings are two editors.
        text: what to edit: the one version, the joined ones, or all of them one
            below the other when a person has to choose.
        versions: the texts that could not be joined; empty when nothing is open.
        pending: whether something of it is not sent yet.
    """

    space: Space
    rec: bytes
    base: tuple[bytes, ...]
    editor: bytes
    title: str = ""
    text: str = ""
    versions: tuple[str, ...] = ()
    pending: bool = False


class Notes:
    """The notes that only their owner reads."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def all(self) -> Iterator[NoteEditor]:
        """All notes, each opened, in the order of their names."""
        space = personal_space(self.shelf)
        held = self.shelf.replica.ensure(space)
        for key, heads in sorted(self.shelf.client.outbox.overlay(held).items()):
            if any(is_of(head, "note") for head in heads):
                yield self._opened(held, key, heads)

    def new(self, title: str = "") -> NoteEditor:
        """An editor for a note that does not exist yet."""
        space = personal_space(self.shelf)
        rec, editor = self.shelf.new_id(), self.shelf.new_id()
        return NoteEditor(space, rec, (), editor, title)

    def open(self, rec: bytes) -> NoteEditor:
        """Open a note on what is held now.

        Raises:
            Declined: there is no such note.
        """
        held = self.shelf.replica.ensure(personal_space(self.shelf))
        key = record_key(Rule.OWN, self.shelf.account, rec)
        heads = self.shelf.client.outbox.overlay(held).get(key, [])
        if not any(is_of(head, "note") for head in heads):
            raise Declined("there is no such note")
        return self._opened(held, key, heads)

    def save(self, editor: NoteEditor, text: str, title: str | None = None) -> None:
        """Keep what was typed, on the versions that were on the screen."""
        title = editor.title if title is None else title
        fields = {"text": text} | ({"title": title} if title else {})
        self._write(editor, records.dump("note", fields))

    def delete(self, editor: NoteEditor) -> None:
        """Delete the versions that were on the screen."""
        self._write(editor, None)

    def _write(self, editor: NoteEditor, content: bytes | None) -> None:
        intent = Intent(Rule.OWN, editor.rec, content, editor.base)
        self.shelf.client.outbox.write(editor.space, intent, editor.editor)

    # -- opening ----------------------------------------------------------

    def _opened(
        self, held: Held, key: RecordKey, heads: Sequence[Opened]
    ) -> NoteEditor:
        written = sorted((h for h in heads if is_of(h, "note")), key=lambda h: h.id)
        every = [_fields(head) for head in written]
        text, versions = self._text(held, key, written)
        return NoteEditor(
            held.space, key[-16:],
            tuple(h.id for h in heads if h.content is None or h in written),
            self._waiting_editor(held, key) or self.shelf.new_id(),
            next((f["title"] for f in every if "title" in f), ""),
            text, versions, any(h.pending for h in heads),
        )  # fmt: skip

    def _waiting_editor(self, held: Held, key: RecordKey) -> bytes | None:
        """The editor of a version that still waits unsealed here: it goes on.

        One process has this device's store, so that opening was closed before.
        """
        for row in self.shelf.client.outbox.rows(held.id):
            if row.editor and row.id is None and row.intent.rec == key[-16:]:
                return row.editor
        return None

    def _text(
        self, held: Held, key: RecordKey, heads: Sequence[Opened]
    ) -> tuple[str, tuple[str, ...]]:
        texts = list(dict.fromkeys(str(_fields(head)["text"]) for head in heads))
        if len(texts) == 1:
            return texts[0], ()
        base = Lineage(self.shelf.client.outbox, held, key, heads).base_fields()
        joined = _joined(base["text"], texts) if base is not None else None
        if joined is None:
            return BETWEEN.join(texts), tuple(texts)
        return joined, ()


def _joined(base: str, texts: Sequence[str]) -> str | None:
    joined: str | None = texts[0]
    for other in texts[1:]:
        if joined is not None:
            joined = merge.merge_note(base, joined, other)
    return joined


def _fields(head: Opened) -> Mapping[str, Any]:
    return head.content.fields if isinstance(head.content, Record) else {}
