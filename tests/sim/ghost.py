"""The oracle: what was said to be saved, and what must therefore be there.

The ghost sees everything and takes no part. It knows each act that a client called
saved, what was on that editor's screen, which version ids the act was sealed under,
and, at each eviction and restore, which acts lost their last copy. ``World`` tells it;
``verdict.py`` holds the end of a history against it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sync.check import Space
from sync.envelope import RecordKey
from sync.merge import Cell


@dataclass(eq=False)
class Act:
    """One thing that somebody did and was told is saved on this phone.

    Attributes:
        seen: numbers of all acts that it replaces: what was on the screen, and
            what those had replaced.
        lawful: false for what a broken or hostile program wrote: it must not count.
    """

    number: int
    by: str
    account: bytes
    what: Space
    record: RecordKey
    content: bytes | None
    seen: frozenset[int]
    at: float
    lawful: bool = True
    cells: tuple[Cell, ...] = ()


@dataclass
class Ghost:
    """The acts of one history, and where their copies are."""

    acts: list[Act] = field(default_factory=list)
    versions: dict[bytes, Act] = field(default_factory=dict)
    delayed: set[bytes] = field(default_factory=set)
    committed: dict[bytes, float] = field(default_factory=dict)
    bodies: set[bytes] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    copied: set[int] = field(default_factory=set)
    below: dict[bytes, frozenset[bytes]] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def violate(self, invariant: str, detail: str) -> None:
        """Remember a broken promise."""
        self.violations.append(f"{invariant}: {detail}")

    def act(self, seen: Iterable[Act], **what: Any) -> Act:
        """Remember an act that a client said is saved."""
        known = frozenset(n for one in seen for n in (one.number, *one.seen))
        act = Act(number=len(self.acts), seen=known, **what)
        self.acts.append(act)
        return act

    def cover(self, numbers: Iterable[int]) -> set[int]:
        """The acts that these acts hold or replace."""
        covered: set[int] = set()
        for number in numbers:
            covered.add(number)
            covered |= self.acts[number].seen
        return covered

    def destroyed(self, present: Iterable[int]) -> None:
        """Copies were destroyed: what nobody holds any more may be missing."""
        covered = self.cover(present)
        self.lost |= {a.number for a in self.acts} - covered

    # -- registers --------------------------------------------------------

    def marked(self, cell: Cell, screen: Iterable[Cell]) -> None:
        """A mark was made while these cells stood on the screen for its person."""
        on_screen = {c.dot for c in screen if c.person == cell.person}
        deeper = [self.below.get(dot, frozenset()) for dot in on_screen]
        self.below[cell.dot] = frozenset(on_screen.union(*deeper))

    def look(self, who: str, shown: Iterable[Cell], standing: Iterable[Cell]) -> None:
        """A register is looked at: what was settled must not stand again."""
        dots = {cell.dot for cell in shown}
        settled = {b for dot in dots for b in self.below.get(dot, ())}
        for cell in standing:
            if cell.dot in settled:
                self.violate("REL-08", f"{who} sees a settled mark again")
