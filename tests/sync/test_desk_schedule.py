"""Days, clocks and joining fields: pure rules with the moment as an argument."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from sync.desk import schedule
from sync.desk.items import joined
from sync.errors import EnidError


def session(on: str, start: str = "13:00", minutes: int = 60) -> dict:
    return {
        "on": date.fromisoformat(on), "start": time.fromisoformat(start),
        "minutes": minutes, "tz": schedule.LONDON, "led_by": (), "state": "planned",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("on", "utc"),
    [
        ("2026-10-20", "12:00"), ("2026-10-27", "13:00"),
        ("2027-03-23", "13:00"), ("2027-03-30", "12:00"),
    ],
)  # fmt: skip
def test_one_o_clock_stays_one_o_clock_across_both_clock_changes(on, utc):
    start = schedule.starts_at(session(on))
    assert start.strftime("%H:%M") == "13:00"
    assert start.astimezone(UTC).strftime("%H:%M") == utc


@pytest.mark.parametrize(
    ("on", "hours"), [("2026-10-24", 13.5), ("2027-03-27", 11.5), ("2026-11-01", 12.5)]
)
def test_a_night_that_crosses_a_clock_change_really_lasts_that_long(on, hours):
    begun = session(on, "20:30", int(hours * 60))
    assert schedule.ends_at(begun).strftime("%H:%M") == "09:00"


def test_a_session_is_told_by_the_wall_clock():
    assert schedule.when_in_words(session("2026-10-27")) == (
        "Tue 27 Oct 2026 13:00-14:00"
    )


def test_a_zone_that_this_machine_does_not_know_is_one_plain_error():
    with pytest.raises(EnidError, match="time zone Europe/Atlantis"):
        schedule.zone("Europe/Atlantis")


@pytest.mark.parametrize(
    ("on", "name"),
    [
        ("2026-12-25", "Christmas Day"), ("2026-12-26", "Boxing Day"),
        ("2026-12-28", "the day off for Boxing Day"), ("2027-01-01", "New Year's Day"),
        ("2027-03-26", "Good Friday"), ("2027-03-29", "Easter Monday"),
        ("2027-05-03", "the May Day holiday"),
        ("2027-05-31", "the spring bank holiday"),
        ("2027-08-30", "the summer bank holiday"),
        ("2021-12-27", "the day off for Christmas Day"),
        ("2026-10-27", None), ("2027-06-04", None),
    ],
)  # fmt: skip
def test_bank_holidays_are_known(on, name):
    assert schedule.bank_holiday(date.fromisoformat(on)) == name


@pytest.mark.parametrize(
    "typed",
    ["2026-10-27", "27/10/2026", "27.10.2026", "27 Oct 2026", "27 October 2026"],
)
def test_a_day_is_read_as_people_type_it(typed):
    assert schedule.read_day(typed) == date(2026, 10, 27)


@pytest.mark.parametrize(
    "typed", ["31/02/2027", "10/27/2026", "tomorrow", "", "2026-13-01"]
)
def test_a_day_that_does_not_exist_is_refused(typed):
    with pytest.raises(ValueError, match="is not a day"):
        schedule.read_day(typed)


@pytest.mark.parametrize(("typed", "hour"), [("13:00", 13), ("9:05", 9), ("13.30", 13)])
def test_a_time_is_read_as_people_type_it(typed, hour):
    assert schedule.read_clock(typed).hour == hour


def test_the_news_of_a_change_names_what_was_and_what_is():
    before = {**session("2026-10-27"), "place": "Room 4"}
    after = {**session("2026-10-28"), "link": "https://meet.example.org"}
    at = datetime(2026, 10, 20, tzinfo=UTC)
    told = schedule.news(before, after, bytes(16), at, {})
    assert [(n["what"], n.get("before"), n.get("after")) for n in told] == [
        ("when", "Tue 27 Oct 2026 13:00-14:00", "Wed 28 Oct 2026 13:00-14:00"),
        ("place", "Room 4", None),
        ("link", None, "https://meet.example.org"),
    ]


# Joining


def test_what_one_side_changed_stands():
    base = {"a": 1, "b": 1, "c": 1}
    fields, differ = joined(base, [{"a": 2, "b": 1, "c": 1}, {"a": 1, "b": 3}])
    assert (fields, differ) == ({"a": 2, "b": 3}, {})


def test_where_both_changed_a_field_all_values_are_shown():
    fields, differ = joined({"a": 1}, [{"a": 2}, {"a": 3}])
    assert fields == {"a": 2}
    assert differ == {"a": (2, 3)}


def test_without_a_common_base_every_difference_is_shown():
    _, differ = joined(None, [{"a": 1, "b": 1}, {"a": 2, "b": 1}])
    assert differ == {"a": (1, 2)}


def test_a_field_taken_away_by_one_and_changed_by_the_other_is_shown():
    _, differ = joined({"a": 1}, [{}, {"a": 2}])
    assert differ == {"a": (None, 2)}


def test_the_changes_of_a_session_are_united_in_the_order_of_time():
    first, second = ({"at": n, "what": "place"} for n in (1, 2))
    fields, differ = joined(None, [{"changes": (second,)}, {"changes": (first,)}])
    assert fields["changes"] == (first, second)
    assert differ == {}
