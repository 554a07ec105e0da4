"""Typed contents: what is read, what is refused, and where it counts (PROTOCOL 9)."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from sync import records
from sync.encoding import b64
from sync.errors import BadRecord
from sync.merge import Cell, mark
from sync.records import (
    PLACES,
    SCHEMAS,
    Record,
    Unknown,
    accepted,
    dump,
    json_schema,
    least_bucket,
    load,
)

CHLOE, SIAN, SESSION, NEXT = (bytes([n]) * 16 for n in (1, 2, 3, 4))
WRITTEN = datetime(2026, 10, 27, 12, 41, 5, tzinfo=UTC)
TUESDAY, MONDAY = date(2026, 10, 27), date(2026, 10, 26)
LEAVE = ({"first_on": TUESDAY, "last_on": date(2027, 2, 1)}, {"first_on": TUESDAY})
FIRST = Cell(CHLOE, "here", b"dot-0001")
AGAIN = mark([FIRST], CHLOE, "late", b"dot-0002")

# Every type with every field that it knows.
FULL: dict[str, dict[str, Any]] = {
    "agreement": {"rules_version": 2, "at": WRITTEN},
    "apology": {
        "session": SESSION,
        "written_at": WRITTEN,
        "withdrawn": False,
        "reason": "On nights.\nSorry!",
    },
    "apology_flag": {"session": SESSION, "person": CHLOE, "withdrawn": True},
    "contact": {
        "person": CHLOE,
        "email": "chloe@example.org",
        "phone": "01632 960 001",
        "supervisors": (
            {
                "name": "Dr A. Rowe",
                "role": "educational supervisor",
                "email": "rowe@example.org",
                "phone": "01632 960 002",
            },
        ),
    },
    "group": {"name": "Group 14", "code": "g14"},
    "note": {"title": "Bed 4", "text": "She said nothing.\n\nNor did I. 🙂"},
    "notice": {"title": "Room", "text": "We meet upstairs.", "at": WRITTEN},
    "person": {
        "person": CHLOE,
        "name": "Siân Ó Briain-Okafor",
        "second": "year 4",
        "code": "s-0441",
        "usual": "Tuesday",
        "roles": ("member", "observer"),
        "from_on": TUESDAY,
        "until_on": date(2027, 5, 4),
        "leave": LEAVE,
    },
    "programme": {
        "name": "Demo",
        "code": "demo-weekly",
        "group_word": "Balint group",
        "tz": "Europe/London",
        "apologies_shown": "group",
        "late_minutes": 10,
        "min_present": 5,
        "purpose": "A place to think about work.",
        "help": (
            {
                "name": "A help line",
                "reach": "to be filled in",
                "for_whom": "doctors",
                "hours": "always",
                "source": "its own page",
                "checked_on": TUESDAY,
            },
        ),
        "terms": LEAVE,
        "closed": ({"first_on": TUESDAY, "name": "half-term"},),
    },
    "programme_key": {
        "circle": bytes(range(32)),
        "epochs": ((0, b"kid-0000", bytes(32)), (2**32 - 1, b"kid-0001", b"k" * 32)),
    },
    "rota": {
        "name": "ST5 CAMHS, non-resident on-call 1:8",
        "anchor": date(2026, 8, 3),
        "weeks": ("NNNNNoo", "NNBNNoo", "zNNNNWW"),
        "codes": {
            "N": ((time(9), time(17)),),
            "B": ((time(9), time(17)), (time(17), time(9))),
            "W": ((time(9), time(9)),),
        },
        "leave": LEAVE,
    },
    "rules": {
        "version": 3,
        "code": "rules.student.v1",
        "title": "Ground rules",
        "rules": ("What is said here stays here.", "Devices away."),
        "guidelines": ({"text": "No notes.", "why": "Not knowing is allowed."},),
    },
    "session": {
        "series": "Tuesday",
        "code": "2026-10-27-tue",
        "on": TUESDAY,
        "start": time(13, 0),
        "minutes": 60,
        "tz": "Europe/London",
        "led_by": (SIAN,),
        "place": "Room 3",
        "link": "https://meet.example.org/x",
        "passcode": "4411",
        "state": "cancelled",
        "reason": "snow",
        "replaced_by": NEXT,
        "changes": (
            {
                "what": "place",
                "before": "Room 2",
                "after": "Room 3",
                "by": SIAN,
                "at": WRITTEN,
            },
        ),
    },
    "settings": {"values": {"language": "cy", "usual sitting": "Tuesday"}},
    "sheet": {
        "session": SESSION,
        "cells": (FIRST, AGAIN),
        "finished": True,
        "visitors": {SIAN: "Li Wei"},
    },
    "sitting": {"person": CHLOE, "week": MONDAY, "session": SESSION},
    "statement": {"session": SESSION, "person": CHLOE, "cells": (AGAIN,)},
}
EVERY_FIELD = [(name, field) for name in FULL for field in FULL[name]]


def spelled(name, /, **changes):
    """The JSON object of a full record, with some members changed or (...) removed."""
    members = json.loads(dump(name, FULL[name])) | changes
    kept = {key: value for key, value in members.items() if value is not ...}
    return json.dumps(kept).encode()


def fields_of(content):
    read = load(content)
    assert isinstance(read, Record)
    return read.fields


def refusal(content):
    with pytest.raises(BadRecord) as caught:
        load(content)
    assert caught.value.code == "bad_record"
    return caught.value.detail


# --- what is read ------------------------------------------------------------------


def test_the_examples_show_every_type_with_every_field():
    shown = {name: set(values) for name, values in FULL.items()}
    schemas = json_schema()["$defs"]
    assert shown == {n: set(s["properties"]) - {"t", "v"} for n, s in schemas.items()}


@pytest.mark.parametrize("name", FULL)
def test_every_type_comes_back_as_it_was_written(name):
    assert load(dump(name, FULL[name])) == Record(name, 1, FULL[name])


@pytest.mark.parametrize("name", FULL)
def test_writing_what_was_read_gives_the_same_bytes(name):
    content = dump(name, FULL[name])
    assert dump(name, fields_of(content)) == content


def test_a_content_is_compact_with_sorted_keys_and_plain_letters():
    content = dump("group", {"name": "Siân", "code": "g1"})
    assert content.decode() == '{"code":"g1","name":"Siân","t":"group","v":1}'


def test_the_order_of_cells_does_not_show_in_a_sheet_rel06():
    sheet = FULL["sheet"]
    turned = sheet | {"cells": sheet["cells"][::-1]}
    assert dump("sheet", turned) == dump("sheet", sheet)


def test_a_moment_elsewhere_is_written_in_utc():
    summer = timezone(timedelta(hours=1))
    at = WRITTEN.astimezone(summer)
    assert dump("agreement", FULL["agreement"] | {"at": at}) == dump(
        "agreement", FULL["agreement"]
    )


@pytest.mark.parametrize("spelling", ["2", "2.0", "20e-1"])
def test_one_number_is_one_number_however_it_is_spelled(spelling):
    content = spelled("agreement", rules_version="?").replace(b'"?"', spelling.encode())
    assert fields_of(content)["rules_version"] == 2


@pytest.mark.parametrize(
    "name",
    [
        "Mohammed Ali Khan",
        "Ó Briain-Okafor’s",
        "李偉",
        "Thiruvalluvan",
        "x" * 64,
        "شيماء",
    ],
)
def test_a_name_is_kept_exactly_e25(name):
    content = dump("person", {"person": CHLOE, "name": name})
    assert fields_of(content)["name"] == name


def test_a_type_that_is_not_known_is_kept():
    content = b'{"t":"seating","v":1,"seats":[1]}'
    assert load(content) == Unknown("seating", 1, content)


def test_a_version_that_is_not_known_is_kept():
    content = spelled("note", v=2, mood="blue")
    assert load(content) == Unknown("note", 2, content)


# --- what is refused ---------------------------------------------------------------


@pytest.mark.parametrize(("name", "field"), EVERY_FIELD)
@pytest.mark.parametrize("wrong", [None, 12.7, [{"a": None}], {"a": None}, "\x00"])
def test_a_malformed_field_is_named(name, field, wrong):
    assert f"{name}.{field}" in refusal(spelled(name, **{field: wrong}))


@pytest.mark.parametrize(("name", "field"), EVERY_FIELD)
def test_a_missing_field_is_named_or_was_optional(name, field):
    content = spelled(name, **{field: ...})
    if field in json_schema()["$defs"][name]["required"]:
        assert f"{name}.{field}: Missing" in refusal(content)
    else:
        assert field not in fields_of(content)


@pytest.mark.parametrize("name", FULL)
def test_a_field_too_many_is_named(name):
    assert f"{name}.colour: Unknown" in refusal(spelled(name, colour="red"))


@pytest.mark.parametrize(
    ("name", "field", "wrong"),
    [
        ("session", "minutes", "60"),
        ("session", "minutes", True),
        ("session", "minutes", 0),
        ("session", "minutes", 10**30),
        ("session", "on", "2026-02-30"),
        ("session", "on", "20261027"),
        ("session", "on", "2026-10-27\n"),
        ("session", "on", "٢٠٢٦-10-27"),
        ("session", "start", "13:00:30"),
        ("session", "start", "24:00"),
        ("session", "state", "perhaps"),
        ("session", "place", "Room 3\nupstairs"),
        ("session", "led_by", {b64(SIAN): 1}),
        ("session", "led_by", [b64(SIAN)] * 13),
        ("session", "replaced_by", b64(NEXT) + "=="),
        ("session", "replaced_by", b64(NEXT)[:-1] + "B"),
        ("session", "replaced_by", b64(NEXT[:15])),
        ("session", "replaced_by", "AAAA+/AAAAAAAAAAAAAAAA"),
        ("agreement", "at", "2026-10-27T12:41:05"),
        ("agreement", "at", "2026-10-27T12:41:05+00:00"),
        ("agreement", "at", "2026-10-27T12:41:60Z"),
        ("apology", "withdrawn", "yes"),
        ("apology", "withdrawn", 1),
        ("note", "text", "\ud800"),
        ("note", "text", "a\x00b"),
        ("note", "text", "a" * 65_001),
        ("person", "name", ""),
        ("sitting", "week", "2026-10-27"),
        ("settings", "values", {"": "x"}),
        ("sheet", "visitors", {"Li Wei": "Li Wei"}),
        ("rota", "weeks", ["NNNNN"]),
        ("rota", "codes", {"N": [["09:00"]]}),
        ("programme_key", "epochs", [[-1, b64(bytes(8)), b64(bytes(32))]]),
    ],
)
def test_what_another_program_could_read_otherwise_is_refused(name, field, wrong):
    assert f"{name}.{field}" in refusal(spelled(name, **{field: wrong}))


DOTS = [b64(bytes([n]) * 8) for n in range(3)]


@pytest.mark.parametrize(
    "cells",
    [
        [[b64(CHLOE), "here", DOTS[0]]],
        [[b64(CHLOE), "asleep", DOTS[0], []]],
        [[b64(CHLOE), ["here"], DOTS[0], []]],
        [[b64(CHLOE), "here", b64(CHLOE), []]],
        [[b64(CHLOE), "here", DOTS[0], DOTS[1]]],
        [[b64(CHLOE), "here", DOTS[0], [DOTS[0]]]],
        [[b64(CHLOE), "here", DOTS[0], []], [b64(SIAN), "late", DOTS[0], []]],
        [{"person": 1, "value": 2, "dot": 3, "over": 4}],
        "here",
    ],
    ids=["short", "value", "list", "dot", "over", "itself", "one dot", "map", "string"],
)
def test_a_malformed_cell_is_refused(cells):
    assert "sheet.cells" in refusal(spelled("sheet", cells=cells))


def test_a_statement_about_somebody_else_is_refused():
    content = spelled("statement", person=b64(SIAN))
    assert "statement.cells: Must be about this person only" in refusal(content)
    with pytest.raises(BadRecord):
        dump(
            "statement", FULL["statement"] | {"cells": (Cell(SIAN, "late", b"8" * 8),)}
        )


def test_the_place_of_the_fault_is_named_and_nothing_that_was_typed():
    change = {"what": "place", "by": "Chloe", "at": "yesterday"}
    detail = refusal(spelled("session", changes=[change]))
    assert "session.changes.0.by: Must be 16 bytes" in detail
    assert "session.changes.0.at: Must be UTC" in detail
    assert "Chloe" not in detail
    assert "yesterday" not in detail


def test_a_fault_in_a_map_does_not_name_its_key():
    detail = refusal(spelled("settings", values={"how I feel": None}))
    assert detail == "settings.values: Must be a map of well-formed entries."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'"note"',
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"t":"note","v":1,"text":NaN}',
        b'{"t":"note","v":1,"text":"a"} x',
        b"[" * 60_000,
        b'{"v":1}',
        b'{"t":"note"}',
        b'{"t":1,"v":1}',
        b'{"t":"note","v":true}',
        b'{"t":"note","v":1.5}',
        b'{"t":"note","v":"1"}',
    ],
)
def test_what_is_no_record_at_all_is_refused(content):
    assert refusal(content)


def test_a_content_over_the_largest_bucket_is_refused_both_ways():
    assert "more than 65532 bytes" in refusal(b" " * 65_533)
    with pytest.raises(BadRecord, match="and at most 65532 fit"):
        dump("note", {"text": "ŵ" * 33_000})


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("agreement", {"at": WRITTEN.replace(tzinfo=None)}),
        ("agreement", {"at": None}),
        ("agreement", {"colour": "red"}),
        ("agreement", {"rules_version": 2.5}),
        ("session", {"changes": [{"wat": "place"}]}),
        ("session", {"start": time(13, 0, 30)}),
        ("session", {"replaced_by": b"short"}),
        ("note", {"text": object()}),
    ],
)
def test_what_could_not_be_read_again_is_not_written(name, changes):
    with pytest.raises(BadRecord, match=f"{name}.{next(iter(changes))}"):
        dump(name, FULL[name] | changes)


def test_a_type_that_is_not_known_cannot_be_written():
    with pytest.raises(BadRecord, match="no type seating"):
        dump("seating", {})


# --- where it counts ---------------------------------------------------------------


def test_every_type_has_its_places():
    assert list(PLACES) == list(SCHEMAS)
    assert all(PLACES.values())


@pytest.mark.parametrize(
    ("name", "kind", "rule", "role"),
    [
        ("session", "frame", "lead", "coordinator"),
        ("sheet", "register", "own", "leader"),
        ("apology", "thread", "own", "member"),
        ("statement", "thread", "own", "leader"),
        ("contact", "leaders", "lead", "leader"),
        ("contact", "office", "lead", "coordinator"),
        ("note", "personal", "own", "owner"),
        ("programme", "programme", "lead", "coordinator"),
    ],
)
def test_a_record_counts_in_its_place(name, kind, rule, role):
    assert accepted(name, kind, rule, {role, "named"})


@pytest.mark.parametrize(
    ("name", "kind", "rule", "role"),
    [
        ("session", "frame", "lead", "member"),
        ("session", "room", "lead", "leader"),
        ("sheet", "register", "all", "leader"),
        ("sheet", "room", "own", "leader"),
        ("apology", "room", "own", "member"),
        ("apology", "frame", "own", "member"),
        ("statement", "thread", "own", "member"),
        ("note", "leaders", "own", "leader"),
        ("contact", "frame", "lead", "leader"),
        ("seating", "leaders", "own", "leader"),
    ],
)
def test_a_record_counts_nowhere_else(name, kind, rule, role):
    assert not accepted(name, kind, rule, {role})
    assert not accepted(name, kind, rule, set())


def test_a_reason_never_stands_where_coordinators_read():
    assert {place.kind for place in PLACES["apology"]} == {"thread"}


def test_the_length_of_a_sheet_does_not_tell_how_many_are_marked():
    marks = [Cell(bytes([n]) * 16, "apology_before", bytes([n]) * 8) for n in range(20)]
    full = dump("sheet", {"session": SESSION, "cells": marks, "finished": True})
    assert len(full) < least_bucket("sheet") == 2048
    assert least_bucket("note") == 256


# --- the schema file for the other language ----------------------------------------


def test_the_schema_file_is_up_to_date():
    file = Path(records.__file__).with_name("records.schema.json")
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written == json_schema(), "run: python -m sync.records"


def test_the_schema_file_closes_every_object():
    def objects(schema):
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                yield schema
            schema = list(schema.values())
        if isinstance(schema, list):
            for each in schema:
                yield from objects(each)

    found = list(objects(json_schema()))
    assert len(found) > len(SCHEMAS)
    assert all("additionalProperties" in each for each in found)


def test_the_patterns_of_the_schema_file_are_anchored():
    patterns = re.findall(r'"pattern": "([^"]*)"', json.dumps(json_schema()))
    assert patterns
    assert all(p.startswith("^(?:") and p.endswith(")$") for p in patterns)
