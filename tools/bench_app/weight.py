"""Bytes of the built app."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tools import sizes
from tools.bench_app.phone import app_folder


def measure(_: Path, __: Callable[[str], None]) -> dict[str, float]:
    return dict(sizes.measure(app_folder()))
