"""The server of the stories: the real one, on a day that may not have come yet.

gunicorn loads it as ``tests.pwa.served:create_app()``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

AHEAD_S = float(os.environ.get("ENID_STORY_AHEAD_S", "0"))


def later(clock: Callable[[], float]) -> Callable[[], float]:
    """A clock that is ahead of another."""
    return lambda: clock() + AHEAD_S


if (
    AHEAD_S
):  # before anybody has taken hold of it; the answers' Date comes from here too
    time.time = later(time.time)

from flask import Flask  # noqa: E402

import server  # noqa: E402


def create_app() -> Flask:
    """As in production, but a hundred restarts of one phone are not an attack."""
    return server.create_app({"SYNC_PER_MINUTE": 10**9})
