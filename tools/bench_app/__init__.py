"""The app's part of `make bench`: each function measures in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Say = Callable[[str], None]
Figures = dict[str, float]


def sizes(_: Path, __: Say) -> Figures:
    """Bytes of the build."""
    from tools.bench_app.phone import app_folder
    from tools.sizes import measure

    return dict(measure(app_folder()))


def launch(scratch: Path, say: Say) -> Figures:
    """Until Today answers, with no network."""
    from tools.bench_app.launch import measure

    return measure(scratch, say)


def taps(scratch: Path, say: Say) -> Figures:
    """Twelve marks."""
    from tools.bench_app.taps import measure

    return measure(scratch, say)


def first_sync(scratch: Path, say: Say) -> Figures:
    """A second phone."""
    from tools.bench_app.first_sync import measure

    return measure(scratch, say)


def traffic(scratch: Path, say: Say) -> Figures:
    """A week, and a phone at which nobody looks."""
    from tools.bench_app.traffic import measure

    return measure(scratch, say)


def lighthouse(scratch: Path, say: Say) -> Figures:
    """Three pages."""
    from tools.bench_app.lighthouse import measure

    return measure(scratch, say)


# Their imports wait: a figure of the server needs no browser.
PARTS: dict[str, Callable[[Path, Say], Figures]] = {
    "sizes": sizes,
    "launch": launch,
    "taps": taps,
    "firstsync": first_sync,
    "traffic": traffic,
    "lighthouse": lighthouse,
}
