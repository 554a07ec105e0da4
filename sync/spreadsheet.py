"""Spreadsheets: what comes out of Excel, and what may safely go into it.

Reading is liberal about form (byte-order marks, semicolons, line ends, Latin-1) and
strict about content: every cell that cannot be meant is reported with its line.
Writing never lets a cell be a formula.
"""

from __future__ import annotations

import csv
import io
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sync.declined import Declined

BYTES_MAX, ROWS_MAX = 8 << 20, 20_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PHONE = re.compile(r"\+?[0-9 ()./-]{3,40}")


@dataclass(frozen=True)
class Row:
    """One line of a file, by column."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass
class Table:
    """One file, with what was noticed about it.

    Attributes:
        faults: ``file:line: what is wrong``; any of them stops the import.
        notices: the same for what a person should look at.
    """

    name: str
    rows: list[Row] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def fault(self, row: Row | int, what: str) -> None:
        """Report a problem."""
        line = row if isinstance(row, int) else row.line
        self.faults.append(f"{self.name}:{line}: {what}")

    def notice(self, row: Row | int, what: str) -> None:
        """Report something to look at."""
        line = row if isinstance(row, int) else row.line
        self.notices.append(f"{self.name}:{line}: {what}")


def read_table(path: Path, columns: Mapping[str, int], needed: Iterable[str]) -> Table:
    """Read a file that a spreadsheet wrote; problems go into the table.

    Args:
        columns: each known column with its longest cell, in characters.
        needed: columns that must be there and filled.

    Raises:
        Declined: it cannot be read at all.
    """
    table = Table(path.name)
    lines = _cells(_text(path, table))
    header = [cell.strip().casefold() for cell in next(lines, (1, []))[1]]
    missing = [column for column in needed if column not in header]
    if missing:
        table.fault(1, f"missing column: {', '.join(missing)}")
        return table
    for column, count in Counter(header).items():
        if count > 1 and column:
            table.fault(1, f"the column {column} is there {count} times")
        elif column not in columns and column:
            table.notice(1, f"the column {column} is not read")
    for line, cells in lines:
        if any(cell.strip() for cell in cells):
            _read_row(table, line, header, cells, columns, needed)
    if len(table.rows) > ROWS_MAX:
        table.fault(ROWS_MAX, f"more than {ROWS_MAX:,} rows")
    return table


def _text(path: Path, table: Table) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise Declined(f"{path}: {error.strerror}") from error
    if len(data) > BYTES_MAX:
        raise Declined(f"{path} is larger than {BYTES_MAX >> 20} MB")
    for encoding in ("utf-8-sig", "utf-16"):
        if encoding == "utf-16" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    table.notice(1, "not UTF-8: read as Latin-1, so look at names with accents")
    return data.decode("cp1252", "replace")


def _cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines with their numbers; commas, semicolons or tabs, as the header has them."""
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = ["\0"]  # reported as a control character
        yield line, cells


def _read_row(
    table: Table, line: int, header: list[str], cells: list[str],
    columns: Mapping[str, int], needed: Iterable[str],
) -> None:  # fmt: skip
    if len([c for c in cells[len(header) :] if c.strip()]):
        table.fault(line, "more cells than columns: is a comma in a name?")
        return
    values = {
        column: unicodedata.normalize("NFC", cell.strip())
        for column, cell in zip(header, cells, strict=False)
        if column in columns
    }
    row = Row(line, {column: cell for column, cell in values.items() if cell})
    for column in needed:
        if not row[column]:
            table.fault(row, f"no {column}")
    for column, cell in row.cells.items():
        problem = _cell_problem(column, cell, columns[column])
        if problem:
            table.fault(row, f"{column}: {problem}")
    table.rows.append(row)


def _cell_problem(column: str, cell: str, most: int) -> str:
    if column == "phone" and _PHONE.fullmatch(cell):
        return ""
    if cell.startswith(FORMULA):
        return f"begins with {cell[0]}, as a formula does"
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in cell):
        return "holds a line break or a control character"
    if len(cell) > most:
        return f"longer than {most} characters"
    return ""


# Writing


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def write_table(
    path: Path, rows: Iterable[Sequence[object]], bom: bool = False, fresh: bool = False
) -> None:
    """Write a CSV file that only its owner can read, durably.

    Args:
        bom: begin with a byte-order mark, by which Excel knows UTF-8.
        fresh: refuse to replace a file.

    Raises:
        Declined: it cannot be written.
    """
    out = io.StringIO()
    csv.writer(out).writerows([safe_cell(cell) for cell in row] for row in rows)
    data = out.getvalue().encode("utf-8-sig" if bom else "utf-8")
    mode = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if fresh else os.O_TRUNC)
    try:
        with os.fdopen(os.open(path, mode, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Declined(f"{path}: {error.strerror}") from error
