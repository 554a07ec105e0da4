"""Looking for words and keys in whatever a server keeps, says or writes."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path


def forms(secret: bytes) -> set[bytes]:
    """The ways in which the same bytes may stand in a file."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for shift in range(3):
        # Of base64, the part that does not depend on what stands before and after.
        coded = base64.b64encode(bytes(shift) + secret)
        first = -(-shift * 8 // 6)
        last = (shift + len(secret)) * 8 // 6
        found |= {coded[first:last], coded[first:last].translate(_URL)}
    return found


_URL = bytes.maketrans(b"+/", b"-_")


def forms_of_word(word: str) -> set[bytes]:
    """In every encoding of text as well."""
    texts = {word.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be")}
    return set().union(*(forms(text) for text in texts))


class Haystack:
    """Pieces to search, by name."""

    def __init__(self) -> None:
        self.pieces: dict[str, bytes] = {}

    def add(self, name: str, data: bytes) -> None:
        self.pieces[name] = data

    def add_folder(self, folder: Path) -> None:
        """Every file as it lies there, and every cell of every SQLite table."""
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.add(str(file.relative_to(folder)), file.read_bytes())
                if file.read_bytes()[:15] == b"SQLite format 3":
                    self.add(f"{file.name} (cells)", b"\n".join(cells(file)))

    def find(self, needles: Mapping[str, set[bytes]]) -> list[str]:
        """Which needle is in which piece."""
        return [
            f"{what} is in {name}"
            for name, data in self.pieces.items()
            for what, every in needles.items()
            if any(needle in data for needle in every)
        ]


def cells(file: Path) -> Iterator[bytes]:
    """All values, so that a long one is not torn apart by SQLite's pages."""
    with closing(sqlite3.connect(file)) as connection:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
        for (table,) in connection.execute(tables).fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    yield value if isinstance(value, bytes) else str(value).encode()
