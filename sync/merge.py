"""Pure merge rules: which versions stand, what a register says, how notes join.

Everything here is a function of its arguments: no clock, no randomness, no order of
arrival. Two devices that hold the same versions therefore show the same thing, in
Python and in TypeScript (REL-06, PROTOCOL 6).

* A register is the union of all cells in all heads of all sheets, less the cells
  whose dot another cell is ``over``. Nobody's mark is dropped by a clock; two leaders
  who differ are both shown until one of them marks again (E-21, REL-08).
* A note joins by paragraph from the text its editor was opened on; where both sides
  touched the same place, nothing is joined and a person decides.

Left to others: reading cells out of a sheet (`sync.records`), who may write one
(`sync.check`), who made a mark (the author of the sheet that holds the dot).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sync.errors import BadRecord

TAKEN_BACK = "none"
"""The mark that takes a mark back: the person is not marked, and nobody differs."""

VALUES = (
    "here",
    "late",
    "not_admitted",
    "absent",
    "apology_before",
    "apology_after",
    "excused",
    "attended_elsewhere",
    TAKEN_BACK,
)
"""Every value a cell may hold, in the order of PROTOCOL 6."""


def heads(parents_by_id: Mapping[bytes, Collection[bytes]]) -> set[bytes]:
    """Name the versions of one record that no other version replaces.

    Args:
        parents_by_id: the parents of each known version id; parents that are not
            known themselves replace nothing (PROTOCOL 5).

    Returns:
        The ids that are nobody's parent; empty only when nothing is known.
    """
    replaced = {parent for parents in parents_by_id.values() for parent in parents}
    return set(parents_by_id) - replaced


class Cell(NamedTuple):
    """One mark about one person, with what it overrides (PROTOCOL 6).

    Attributes:
        person: 16 bytes, the roster's id for the person.
        value: one of `VALUES`.
        dot: 8 random bytes made at the tap; the name of this mark.
        over: the dots that this mark settles, sorted; cumulative.
    """

    person: bytes
    value: str
    dot: bytes
    over: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Standing:
    """What a register says about one person.

    Attributes:
        cells: the cells that stand, sorted, without those that were taken back.
    """

    cells: tuple[Cell, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        """The distinct values that stand, in the order of `VALUES`."""
        return tuple(sorted({cell.value for cell in self.cells}, key=VALUES.index))

    @property
    def state(self) -> Literal["not_marked", "agreed", "differ"]:
        """Whether nobody marked, all who marked agree, or two values stand."""
        if not self.cells:
            return "not_marked"
        return "agreed" if len(self.values) == 1 else "differ"

    @property
    def value(self) -> str | None:
        """The agreed value; None when nobody marked or the leaders differ."""
        return self.values[0] if self.state == "agreed" else None


def settled(cells: Iterable[Cell]) -> dict[bytes, tuple[Cell, ...]]:
    """Keep the cells that nothing is over.

    Args:
        cells: the cells of all heads of all sheets, in any order; the same cell
            may come many times.

    Returns:
        For each person with a standing cell, those cells, sorted. Equal sets of
        cells give equal results (REL-06).
    """
    known = set(cells)
    settled_dots = {dot for cell in known for dot in cell.over}
    standing: dict[bytes, tuple[Cell, ...]] = {}
    for cell in sorted(known):
        if cell.dot not in settled_dots:
            standing[cell.person] = (*standing.get(cell.person, ()), cell)
    return standing


def register(cells: Iterable[Cell]) -> dict[bytes, Standing]:
    """Say what the register holds for each person who has been marked.

    A mark that was taken back counts for nothing, so it never makes a disagreement.
    Whoever is absent from the result is not marked: `Standing()`.
    """
    return {
        person: Standing(tuple(c for c in standing if c.value != TAKEN_BACK))
        for person, standing in settled(cells).items()
    }


def mark(cells: Iterable[Cell], person: bytes, value: str, dot: bytes) -> Cell:
    """Make the cell for one tap.

    The new cell is over every dot on the screen for the person and over everything
    those were over. The second half matters: without it a settled disagreement comes
    back when an old sheet arrives after the cell that settled it (PROTOCOL 6).

    Args:
        cells: what was on the screen: the cells of all sheets the editor showed.
        person: 16 bytes.
        value: one of `VALUES`; "none" takes the mark back.
        dot: 8 fresh random bytes.

    Raises:
        BadRecord: the value is not a mark.
    """
    if value not in VALUES:
        raise BadRecord(detail=f"a mark is one of: {', '.join(VALUES)}")
    on_screen = settled(cells).get(person, ())
    over = {known for cell in on_screen for known in (cell.dot, *cell.over)}
    return Cell(person, value, dot, tuple(sorted(over)))


def fill(
    cells: Iterable[Cell],
    roster: Collection[bytes],
    value: str,
    dots: Collection[bytes],
) -> tuple[Cell, ...]:
    """Mark everybody on the roster who is not marked yet, and nobody else.

    Args:
        cells: what was on the screen.
        roster: the persons to fill, each once; leave out who must not be filled
            (somebody who sent apologies).
        value: one of `VALUES`.
        dots: one fresh dot of 8 bytes for each place of the roster; those of
            persons already marked are not used.

    Returns:
        The new cells in roster order; empty when nobody is blank.

    Raises:
        BadRecord: the value is not a mark.
        ValueError: not as many dots as persons.
    """
    known = tuple(cells)
    shown = register(known)
    dot_by_person = dict(zip(roster, dots, strict=True))
    return tuple(
        mark(known, person, value, dot)
        for person, dot in dot_by_person.items()
        if shown.get(person, Standing()).state == "not_marked"
    )


def statement_cells(cells: Iterable[Cell], person: bytes) -> tuple[Cell, ...]:
    """Take one leader's cells about one person, for that person's thread.

    Args:
        cells: the cells of that leader's sheet.
        person: 16 bytes.

    Returns:
        Every distinct cell about that person, sorted. Cells that were settled stay
        in, so that the statements of two leaders merge as their sheets do.
    """
    return tuple(sorted({cell for cell in cells if cell.person == person}))


# Notes ----------------------------------------------------------------------

_BLANK = re.compile(r"((?:\n[ \t\r]*)+\n)")
# Pieces that differ, base times new, beyond which a person decides: half a second.
_COMPARED_MAX = 1_000_000


class _Edit(NamedTuple):
    """Base pieces from ``start`` up to ``stop`` (not included) become ``pieces``."""

    start: int
    stop: int
    pieces: tuple[str, ...]

    def claims(self) -> set[int]:
        """Name the base pieces that no other edit may touch.

        Added paragraphs also claim the blank lines around them: two paragraphs
        written into one gap have no order that their authors agreed on.
        """
        if len(self.pieces) <= self.stop - self.start:
            return set(range(self.start, self.stop))
        return set(range(self.start & ~1, self.stop | 1))


def merge_note(base: str | None, mine: str, theirs: str) -> str | None:
    """Join two edits of one note, paragraph by paragraph (PROTOCOL 7).

    A paragraph is what stands between blank lines; all text, blank lines too, is
    kept exactly. The result does not depend on which side is called mine.

    Args:
        base: the text that both editors were opened on; None when it is not held.
        mine: one side's text.
        theirs: the other side's text.

    Returns:
        The joined text, or None when a person must choose: the edits overlap, the
        base is missing, joining would lose a paragraph, or the texts are too long
        to compare.
    """
    if base is None or mine == theirs:
        return mine if mine == theirs else None
    pieces, left, right = _pieces(base), _pieces(mine), _pieces(theirs)
    ours, others = _edits(pieces, left), _edits(pieces, right)
    if ours is None or others is None or _overlap(ours - others, others - ours):
        return None
    joined = _applied(pieces, ours | others)
    return "".join(joined) if _keeps(pieces, left, right, joined) else None


def _pieces(text: str) -> list[str]:
    """Split into edge, paragraph, blank lines, paragraph, ..., edge.

    Paragraphs stand at the odd places, so an edit never leaves two of them touching.
    """
    return ["", *_BLANK.split(text), ""]


def _edits(base: list[str], new: list[str]) -> set[_Edit] | None:
    """Say how `new` differs from `base`; None when that is too long to compare."""
    start, stop, new_stop = _differing(base, new)
    if (stop - start) * (new_stop - start) > _COMPARED_MAX:
        return None
    kept = _aligned(base[start:stop], new[start:new_stop])
    edits, i, j = set(), start, start
    for kept_i, kept_j in [*kept, (stop - start, new_stop - start)]:
        if (i, j) != (start + kept_i, start + kept_j):
            pieces = tuple(new[j : start + kept_j])
            edits.add(_Edit(i, start + kept_i, pieces))
        i, j = start + kept_i + 1, start + kept_j + 1
    return edits


def _differing(base: list[str], new: list[str]) -> tuple[int, int, int]:
    """Cut off what both ends share: start, stop in base, stop in new."""
    start, end, shorter = 0, 0, min(len(base), len(new))
    while start < shorter and base[start] == new[start]:
        start += 1
    while end < shorter - start and base[-1 - end] == new[-1 - end]:
        end += 1
    return start, len(base) - end, len(new) - end


def _aligned(base: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Pair the pieces of a longest common subsequence, passing base pieces first."""
    longest = _common_lengths(base, new)
    pairs, i, j = [], 0, 0
    while i < len(base) and j < len(new):
        if base[i] == new[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _common_lengths(base: list[str], new: list[str]) -> list[list[int]]:
    """Tabulate the common subsequence's length from each pair of places on."""
    rows = [[0] * (len(new) + 1)]
    for piece in reversed(base):
        below, row = rows[-1], [0] * (len(new) + 1)
        for j in range(len(new) - 1, -1, -1):
            equal = piece == new[j]
            row[j] = below[j + 1] + 1 if equal else max(below[j], row[j + 1])
        rows.append(row)
    return rows[::-1]


def _overlap(ours: set[_Edit], others: set[_Edit]) -> bool:
    """Tell whether an edit of one side touches what one of the other claims."""
    claimed = {place for edit in ours for place in edit.claims()}
    return any(claimed & edit.claims() for edit in others)


def _applied(base: list[str], edits: set[_Edit]) -> list[str]:
    """Carry out edits that do not overlap."""
    joined, done = [], 0
    for edit in sorted(edits):
        joined += [*base[done : edit.start], *edit.pieces]
        done = edit.stop
    return joined + base[done:]


def _keeps(base: list[str], a: list[str], b: list[str], joined: list[str]) -> bool:
    """Check that what one side wrote, and what both kept, is in the result.

    The edits alone would lose a paragraph that stood twice and of which each side
    took away a different copy.
    """
    written = {*a[1::2], *b[1::2]} - {*base[1::2]}
    kept = {*a[1::2]} & {*b[1::2]}
    return written | kept <= {*joined[1::2]}
