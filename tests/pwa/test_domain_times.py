"""The app's walls and moments are those of Python's zoneinfo (E-01 to E-03)."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

ROOT = Path(__file__).resolve().parents[2]
ZONES = (
    "Europe/London",
    "Europe/Dublin",
    "Europe/Lisbon",
    "America/New_York",
    "America/St_Johns",
    "Australia/Sydney",
    "Australia/Lord_Howe",  # half an hour forward
    "Asia/Kolkata",
    "UTC",
)
YEARS = (2026, 2027)


def changes(tz: str) -> list[datetime]:
    """The days around each change of the clock."""
    zone, found = ZoneInfo(tz), []
    for year in YEARS:
        first = datetime(year, 1, 1, tzinfo=UTC)
        days = [first + timedelta(days=n) for n in range(365)]
        found += [
            day.replace(tzinfo=None)
            for day, after in pairwise(days)
            if day.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset()
        ]
    return found


def around(change: datetime) -> list[datetime]:
    """What a wall shows each ten minutes of five days: some of it twice, or never."""
    start = change - timedelta(days=2)
    return [start + timedelta(minutes=10 * n) for n in range(5 * 24 * 6)]


def moments(walls: list[datetime], tz: str) -> list[tuple[int, str, str]]:
    """The same by the app."""
    rows = [(f"{wall:%Y-%m-%d}", f"{wall:%H:%M}", tz) for wall in walls]
    done = subprocess.run(
        [ROOT / ".venv/bin/node", "tests/domain/walls.ts"],
        cwd=ROOT / "pwa", input=json.dumps(rows), text=True, check=True, timeout=60,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    return [tuple(row) for row in json.loads(done.stdout)]


@pytest.mark.parametrize("tz", ZONES)
def test_the_app_reads_every_wall_as_zoneinfo_does(tz: str) -> None:
    days = [datetime(year, month, 15) for year in YEARS for month in range(1, 13)]  # noqa: DTZ001 - a wall
    walls = [wall for change in changes(tz) for wall in around(change)]
    walls += [day + timedelta(hours=n) for day in days for n in range(24)]
    expected = []
    for wall in walls:
        then = wall.replace(tzinfo=ZoneInfo(tz)).astimezone(UTC)
        back = then.astimezone(ZoneInfo(tz))
        expected.append((int(then.timestamp()), f"{back:%Y-%m-%d}", f"{back:%H:%M}"))
    assert moments(walls, tz) == expected


def test_both_clock_changes_of_both_years_are_in_the_table() -> None:
    assert len(changes("Europe/London")) == 4
