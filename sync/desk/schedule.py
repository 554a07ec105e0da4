"""Group sessions on the wall clock: when they start, end and what changed.

A session is kept as a day, a time on the wall and a zone, so that it stays at one
o'clock across both clock changes (E-01) and reads the same on a phone abroad (E-03).
Pure: the present moment is an argument. Leaves storing them to ``sync.desk``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.declined import Declined

LONDON = "Europe/London"
CHANGES_MAX = 100

# Which fields of a session belong to one line of news for the group.
NEWS = {
    "when": ("on", "start", "minutes"),
    "place": ("place",),
    "link": ("link", "passcode"),
    "leaders": ("led_by",),
    "state": ("state",),
}


def zone(name: str) -> ZoneInfo:
    """The rules of a time zone.

    Raises:
        Declined: this machine has no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Declined(f"this machine does not know the time zone {name}") from error


def starts_at(fields: Mapping[str, Any]) -> datetime:
    """The moment a session starts, in its own zone."""
    return datetime.combine(fields["on"], fields["start"], zone(fields["tz"]))


def ends_at(fields: Mapping[str, Any]) -> datetime:
    """The moment it ends: its minutes really pass, also across a clock change."""
    end = starts_at(fields).astimezone(UTC) + timedelta(minutes=fields["minutes"])
    return end.astimezone(zone(fields["tz"]))


def monday(on: date) -> date:
    """The first day of a week."""
    return on - timedelta(days=on.weekday())


def day_in_words(on: date) -> str:
    """As in ``Tue 27 Oct 2026``."""
    return f"{on:%a} {on.day} {on:%b} {on.year}"


def when_in_words(fields: Mapping[str, Any]) -> str:
    """As in ``Tue 27 Oct 2026 13:00-14:00``."""
    end = ends_at(fields)
    return f"{day_in_words(fields['on'])} {fields['start']:%H:%M}-{end:%H:%M}"


def news(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    by: bytes,
    at: datetime,
    names: Mapping[bytes, str],
) -> tuple[dict[str, Any], ...]:
    """What a change of a session tells the group (E-11, E-16).

    Args:
        by: the person who changed it.
        at: the moment, to be shown.
        names: what the group calls each person.

    Returns:
        The rows that join the record's ``changes``, oldest first.
    """
    rows = []
    for what, fields in NEWS.items():
        old, new = (_told(what, fields, side, names) for side in (before, after))
        if old != new:
            told = {"before": old, "after": new}
            rows.append({"what": what, "by": by, "at": at}
                        | {k: v for k, v in told.items() if v})  # fmt: skip
    return tuple(rows)


def _told(
    what: str,
    fields: tuple[str, ...],
    side: Mapping[str, Any],
    names: Mapping[bytes, str],
) -> str:
    if what == "when":
        return when_in_words(side)
    if what == "leaders":
        return ", ".join(names.get(person, "?") for person in side["led_by"])[:500]
    return " ".join(str(side[name]) for name in fields if name in side)[:500]


def bank_holiday(on: date) -> str | None:
    """The bank holiday of England and Wales on a day, if it is one (E-05).

    Only to ask "is this meant?"; one-off holidays are not known.
    """
    easter = _easter(on.year)
    moving = {
        easter - timedelta(days=2): "Good Friday",
        easter + timedelta(days=1): "Easter Monday",
        _monday_from(date(on.year, 5, 1)): "the May Day holiday",
        _monday_from(date(on.year, 5, 25)): "the spring bank holiday",
        _monday_from(date(on.year, 8, 25)): "the summer bank holiday",
    }
    return moving.get(on) or _fixed_holidays(on.year).get(on)


def _fixed_holidays(year: int) -> dict[date, str]:
    """New Year, Christmas and Boxing Day, and the days off in their stead."""
    found: dict[date, str] = {}
    names = {
        (1, 1): "New Year's Day",
        (12, 25): "Christmas Day",
        (12, 26): "Boxing Day",
    }
    for (month, day), name in names.items():
        found[date(year, month, day)] = name
    for (month, day), name in names.items():
        stead = date(year, month, day)
        if stead.weekday() < 5:
            continue
        while stead.weekday() >= 5 or stead in found:
            stead += timedelta(days=1)
        found[stead] = f"the day off for {name}"
    return found


def _monday_from(on: date) -> date:
    return on + timedelta(days=-on.weekday() % 7)


def _easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian rule (Meeus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * weekday) // 433
    month = (h + weekday - 7 * m + 90) // 25
    day = (h + weekday - 7 * m + 33 * month + 19) % 32
    return date(year, month, day)


def read_day(text: str) -> date:
    """A typed day: 2026-10-27, 27/10/2026 or 27 Oct 2026.

    Raises:
        ValueError: nothing of the kind.
    """
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - only a day
        except ValueError:
            continue
    raise ValueError(f"{text} is not a day such as 2026-10-27 or 27/10/2026")


def read_clock(text: str) -> time:
    """A typed time on the wall: 13:00, 9:05, 13.00 or 13:00:00.

    Raises:
        ValueError: nothing of the kind.
    """
    for form in ("%H:%M", "%H.%M", "%H:%M:%S"):
        try:
            read = datetime.strptime(text, form)  # noqa: DTZ007 - only a time
            return read.time().replace(second=0)
        except ValueError:
            continue
    raise ValueError(f"{text} is not a time such as 13:00")
