"""The app's part of `make bench`: each module measures in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

Say = Callable[[str], None]
Measure = Callable[[Path, Say], dict[str, float]]


def _measure(module: str, scratch: Path, say: Say) -> dict[str, float]:
    """Load a part when it is its turn: a figure of the server needs no browser."""
    measure: Measure = import_module(f"{__name__}.{module}").measure
    return measure(scratch, say)


PARTS: dict[str, Measure] = {
    "sizes": partial(_measure, "weight"),
    "launch": partial(_measure, "launch"),
    "taps": partial(_measure, "taps"),
    "firstsync": partial(_measure, "first_sync"),
    "traffic": partial(_measure, "traffic"),
    "lighthouse": partial(_measure, "lighthouse"),
}
