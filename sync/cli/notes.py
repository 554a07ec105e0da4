"""Private notes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sync.cli.work import Work, command, nested
from sync.declined import Declined
from sync.desk import NoteEditor, finding


def note_new(work: Work) -> None:
    """Write a private note."""
    editor = work.desk.notes.new(work.args.title or "")
    text = _typed(work, "")
    with work.saving():
        work.desk.notes.save(editor, text)
        work.say(f"{finding.short(editor.rec)}  {editor.title}".rstrip())
    if work.desk.client.recovery_code():
        work.say("Your recovery code is the only way back to notes: enid recovery-code")


def note_edit(work: Work) -> None:
    """Write a note anew."""
    editor = finding.note(work.desk, work.args.note)
    text = _typed(work, editor.text)
    with work.saving():
        work.desk.notes.save(editor, text, work.args.title)


def _typed(work: Work, before: str) -> str:
    """The text of a note: an argument, stdin, or what an editor leaves."""
    given: str | None = work.args.text
    if given is not None and given != "-":
        return given
    if given == "-" or not sys.stdin.isatty():
        return sys.stdin.read().rstrip("\n")
    with tempfile.NamedTemporaryFile("w+", suffix=".txt", dir=work.home.folder) as file:
        file.write(before)
        file.flush()
        command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        subprocess.run([*command.split(), file.name], check=False)  # noqa: S603 - own
        return Path(file.name).read_text(encoding="utf-8").rstrip("\n")


def note_list(work: Work) -> None:
    """Show all notes."""
    for note in work.desk.notes.all():
        first = note.title or note.text.split("\n", 1)[0][:60]
        work.say(f"{finding.short(note.rec)}  {first}{_note_state(note)}")


def _note_state(note: NoteEditor) -> str:
    state = "  (two versions: edit to settle)" if note.versions else ""
    return state + ("  (not sent yet)" if note.pending else "")


def note_show(work: Work) -> None:
    """Show one note."""
    note = finding.note(work.desk, work.args.note)
    if note.title:
        work.say(note.title)
        work.say()
    work.say(note.text)
    if note.versions:
        raise Declined("two devices wrote differently: enid note edit settles it")


def add_to(add: Any) -> None:
    """Add these commands to the parser."""
    notes = nested(add, "note", "Private notes.")
    new = command(notes, "new", note_new)
    command(notes, "list", note_list)
    command(notes, "show", note_show, "note")
    edit = command(notes, "edit", note_edit, "note")
    for made in (new, edit):
        made.add_argument("text", nargs="?", help="or - for stdin")
        made.add_argument("--title")
