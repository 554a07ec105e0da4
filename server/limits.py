"""A small rate limit in this process: so many events a minute for each name."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from sync.errors import Later

WINDOW_S = 60


class Limit:
    """At most ``most`` events a minute; 0 means no limit."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._window, self._counts = 0, Counter[str | bytes]()
        self._lock = threading.Lock()

    def check(self, name: str | bytes) -> None:
        """Raise ``rate_limited`` when the minute's events are used up."""
        self._count(name, 0)

    def hit(self, name: str | bytes) -> None:
        """Count one event; raises ``rate_limited`` past the limit."""
        self._count(name, 1)

    def _count(self, name: str | bytes, events: int) -> None:
        now = self._clock()
        with self._lock:
            if now // WINDOW_S != self._window:
                self._window = int(now // WINDOW_S)
                self._counts.clear()
            if self._most and self._counts[name] >= self._most:
                wait = max(1, int(WINDOW_S - now % WINDOW_S))
                raise Later("rate_limited", "too many requests", retry_after=wait)
            self._counts[name] += events
