"""Private notes and their editors (PROTOCOL 7.4, 14.3).

An editor remembers the versions it was opened on; what it saves names them as its
base, never whatever is newest. Two versions written apart are joined paragraph by
paragraph where that loses nothing; otherwise the owner sees both and decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sync import merge
from sync.check import Space
from sync.envelope import RecordKey
from sync.items import Lineage, is_of
from sync.outbox import Outbox
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
        versions: the texts that could not be joined; empty when none is left over.
    """

    space: Space
    rec: bytes
    base: tuple[bytes, ...]
    editor: bytes
    title: str
    text: str
    versions: tuple[str, ...] = ()
    pending: bool = False


def open_note(
    outbox: Outbox, held: Held, key: RecordKey, random: Callable[[int], bytes]
) -> NoteEditor | None:
    """Open a note on all its heads; ``None`` when it was deleted or cannot be read."""
    heads = outbox.overlay(held).get(key, [])
    written = sorted((h for h in heads if is_of(h, "note")), key=lambda h: h.id)
    if not written:
        return None
    text, versions = _text(outbox, held, key, written)
    title = next((t for t in map(_title, written) if t), "")
    base = tuple(h.id for h in heads if h.content is None or h in written)
    editor = _waiting_editor(outbox, held, key) or random(16)
    pending = any(h.pending for h in heads)
    return NoteEditor(
        held.space, key[-16:], base, editor, title, text, versions, pending
    )


def _waiting_editor(outbox: Outbox, held: Held, key: RecordKey) -> bytes | None:
    """The editor of a version that still waits unsealed here: it goes on.

    One process has this device's store, so that opening was closed before.
    """
    for row in outbox.rows(held.id):
        if row.editor and row.id is None and row.intent.rec == key[-16:]:
            return row.editor
    return None


def _text(
    outbox: Outbox, held: Held, key: RecordKey, heads: Sequence[Opened]
) -> tuple[str, tuple[str, ...]]:
    texts = list(dict.fromkeys(_fields(head)["text"] for head in heads))
    if len(texts) == 1:
        return texts[0], ()
    base = Lineage(outbox, held, key, heads).base_fields()
    if base is not None:
        joined = _joined(base["text"], texts)
        if joined is not None:
            return joined, ()
    return BETWEEN.join(texts), tuple(texts)


def _joined(base: str, texts: Sequence[str]) -> str | None:
    joined: str | None = texts[0]
    for other in texts[1:]:
        if joined is not None:
            joined = merge.merge_note(base, joined, other)
    return joined


def _fields(head: Opened) -> Any:
    assert isinstance(head.content, Record)
    return head.content.fields


def _title(head: Opened) -> str:
    return str(_fields(head).get("title", ""))
