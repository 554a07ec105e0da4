"""The typed contents: what a version may hold once it is opened (PROTOCOL 9).

A content is UTF-8 JSON: an object with ``t`` (its type), ``v`` (1) and the fields of
that type, none of them null. This module says which fields those are, reads and writes
them strictly, and says in which space, under which rule and from whose hand a type
counts. From the same schemas comes ``records.schema.json`` for the TypeScript twin
(``python -m sync.records`` writes it). What that file cannot say, the twin checks by
hand: days that exist, weeks that begin on a Monday, no dot twice in one sheet or over
itself, a statement about one person. Lengths count code points, so the patterns want
JavaScript's ``u`` flag; ``1.0`` is an integer.

In Python ids and keys are bytes, days and times those of `datetime`, lists tuples, and
cells `sync.merge.Cell`. A type or version that is not known is kept, not applied, not
dropped. Messages name fields and rules, never what somebody typed.

Left to others: sealing and padding (`sync.sealing`), joining versions (`sync.merge`),
whether an author holds a role (`sync.membership`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

from marshmallow import RAISE, Schema, ValidationError, fields

from sync.encoding import b64, unb64
from sync.errors import BadRecord
from sync.merge import VALUES, Cell

CONTENT_BYTES_MAX = 65_536 - 4
"""The largest padded size less its length prefix (PROTOCOL 5)."""


# Forms of fields: marshmallow's own let through what another language reads otherwise


class Form(fields.Field[Any]):
    """A JSON value of one form: its JSON Schema, and the strict function that reads it.

    Required unless `maybe` says otherwise.
    """

    def __init__(self, schema: dict[str, Any], read: Callable[[Any], Any]) -> None:
        super().__init__(required=True)
        self.schema, self.read = schema, read

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return self.read(value)


def _must(what: str, holds: bool) -> None:
    if not holds:
        raise ValidationError(f"Must be {what}.")


def coded(what: str, form: str, decode: Callable[[str], Any] = str) -> Form:
    """A string that matches ``form`` as a whole, in Python as in JavaScript."""
    expression = re.compile(form)

    def read(value: Any) -> Any:
        _must(what, isinstance(value, str) and bool(expression.fullmatch(value)))
        try:
            return decode(value)
        except ValueError as error:
            raise ValidationError(f"Must be {what}.") from error

    return Form({"type": "string", "pattern": f"^(?:{form})$"}, read)


def B64(size: int) -> Form:
    """Exactly ``size`` bytes in canonical base64url without padding."""
    full, rest = divmod(size * 8, 6)
    last = {0: "", 2: "[AQgw]", 4: "[AEIMQUYcgkosw048]"}[rest]
    what = f"{size} bytes in base64url without padding"
    return coded(what, f"[A-Za-z0-9_-]{{{full}}}{last}", unb64)


def line(most: int = 200) -> Form:
    """One line of 1 to ``most`` code points, kept exactly (E-25)."""
    form = rf"[^\u0000-\u001f\u007f\ud800-\udfff]{{1,{most}}}"
    return coded(f"1 to {most} characters on one line", form)


def text(most: int) -> Form:
    """Up to ``most`` code points, kept exactly; no NUL, no half of a surrogate pair."""
    form = rf"[^\u0000\ud800-\udfff]{{0,{most}}}"
    return coded(f"text of at most {most} characters", form)


def one_of(*words: str) -> Form:
    """One of a few words."""
    return coded(f"one of: {', '.join(words)}", "|".join(words))


def _monday(value: str) -> date:
    day = date.fromisoformat(value)
    _must("a Monday", day.weekday() == 0)
    return day


_DAY = "2[0-9]{3}-[01][0-9]-[0-3][0-9]"
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"


def day(decode: Callable[[str], date] = date.fromisoformat) -> Form:
    """A calendar day; with `_monday` a week, by its first day."""
    return coded("a day such as 2026-10-26", _DAY, decode)


def clock() -> Form:
    """A time on the wall where the group meets."""
    return coded("a time such as 13:00", _TIME, time.fromisoformat)


def moment() -> Form:
    """A moment in UTC, to the second: to be shown, never to order anything."""
    form = f"{_DAY}T{_TIME}:[0-5][0-9]Z"
    return coded("UTC such as 2026-10-27T12:41:05Z", form, datetime.fromisoformat)


def flag() -> Form:
    """True or false, and nothing that resembles them."""

    def read(value: Any) -> Any:
        _must("true or false", isinstance(value, bool))
        return value

    return Form({"type": "boolean"}, read)


def whole(least: int, most: int) -> Form:
    """An integer from ``least`` to ``most``; 12.7 and "12" are refused."""

    def read(value: Any) -> Any:
        fits = type(value) is int and least <= value <= most
        _must(f"a whole number from {least} to {most}", fits)
        return value

    return Form({"type": "integer", "minimum": least, "maximum": most}, read)


def items(inner: Form, most: int) -> Form:
    """An array of at most ``most`` like things."""

    def read(value: Any) -> tuple[Any, ...]:
        fits = isinstance(value, list) and len(value) <= most
        _must(f"a list of at most {most}", fits)
        return tuple(_read_at(place, inner, each) for place, each in enumerate(value))

    return Form({"type": "array", "items": inner.schema, "maxItems": most}, read)


def row(*kinds: Form) -> Form:
    """An array with one thing of each kind, in order."""
    size = len(kinds)

    def read(value: Any) -> tuple[Any, ...]:
        _must(f"a list of {size}", isinstance(value, list) and len(value) == size)
        return tuple(_read_at(i, kinds[i], each) for i, each in enumerate(value))

    schema = {"prefixItems": [kind.schema for kind in kinds], "items": False}
    return Form({"type": "array", **schema, "minItems": size}, read)


def _read_at(place: int, form: Form, value: Any) -> Any:
    try:
        return form.read(value)
    except ValidationError as error:
        raise ValidationError({place: error.messages}) from error


def entries(key: Form, inner: Form, most: int) -> Form:
    """An object whose keys are data; its errors do not name them."""

    def read(value: Any) -> dict[Any, Any]:
        fits = isinstance(value, dict) and len(value) <= most
        _must(f"a map of at most {most} entries", fits)
        try:
            return {key.read(name): inner.read(each) for name, each in value.items()}
        except ValidationError as error:
            raise ValidationError("Must be a map of well-formed entries.") from error

    schema = {"propertyNames": key.schema, "additionalProperties": inner.schema}
    return Form({"type": "object", **schema, "maxProperties": most}, read)


def part(**forms: Form) -> Form:
    """An object with exactly these fields."""
    schema = Schema.from_dict(dict(forms))(unknown=RAISE)
    required = [name for name, form in forms.items() if form.required]
    properties = {name: form.schema for name, form in forms.items()}
    closed = {"required": required, "additionalProperties": False}
    return Form({"type": "object", "properties": properties, **closed}, schema.load)


def cells() -> Form:
    """Marks as ``[person, value, dot, [over, …]]``, sorted; each dot names one."""
    rows = items(row(B64(16), one_of(*VALUES), B64(8), items(B64(8), 4000)), 2000)

    def read(value: Any) -> tuple[Cell, ...]:
        found = sorted(
            Cell(person, mark, dot, tuple(sorted(set(over))))
            for person, mark, dot, over in rows.read(value)
        )
        _must("marks with a dot each", len({cell.dot for cell in found}) == len(found))
        _must("over other marks", all(cell.dot not in cell.over for cell in found))
        return tuple(found)

    return Form(rows.schema, read)


def about_one_person(statement: Form) -> Form:
    """Keep another person's mark out of somebody's thread."""

    def read(value: Any) -> Any:
        found = statement.read(value)
        if any(cell.person != found["person"] for cell in found["cells"]):
            raise ValidationError({"cells": ["Must be about this person only."]})
        return found

    return Form(statement.schema, read)


def maybe(form: Form) -> Form:
    """Let a field be absent; it is still never null."""
    form.required = False
    return form


# The types, as a table: what belongs together stands in one row. `code` is the
# programme's own id of a thing, so that importing twice adds nothing.
# fmt: off

_ID, _CODE, _LINE = B64(16), maybe(line(80)), maybe(line())
_SPANS = maybe(items(part(first_on=day(), last_on=maybe(day()), name=_LINE), 60))
_REACH = {"email": maybe(line(254)), "phone": maybe(line(40))}
_SUPERVISOR = part(name=line(), role=_LINE, **_REACH)
_HELP = part(
    name=line(), reach=line(300), for_whom=_LINE, hours=_LINE, source=maybe(line(300)),
    checked_on=maybe(day()),
)
_CHANGE = part(
    what=line(40), before=maybe(line(500)), after=maybe(line(500)), by=_ID, at=moment()
)
_GUIDELINE = part(text=text(1000), why=maybe(text(1000)))
_EPOCH_KEY = row(whole(0, 2**32 - 1), B64(8), B64(32))
_SHIFTS = items(row(clock(), clock()), 4)

SCHEMAS: dict[str, Form] = {
    # The person of this thread agreed to a version of the rules.
    "agreement": part(rules_version=whole(1, 10_000), at=moment()),
    # The person of this thread cannot come; the reason is theirs to give or not.
    "apology": part(
        session=_ID, written_at=moment(), withdrawn=flag(), reason=maybe(text(2000))
    ),
    # "Sends apologies", where the programme shows it to the group.
    "apology_flag": part(session=_ID, person=_ID, withdrawn=flag()),
    "contact": part(person=_ID, **_REACH, supervisors=maybe(items(_SUPERVISOR, 8))),
    # What a group is called; no other record has it.
    "group": part(name=line(), code=_CODE),
    "note": part(title=_LINE, text=text(65_000)),
    "notice": part(title=_LINE, text=text(4000), at=moment()),
    # A roster entry, with or without an account. `second` tells two people of one name
    # apart (E-23); during `leave` nobody expects them (E-32).
    "person": part(
        person=_ID, name=line(), second=_LINE, code=_CODE, usual=_LINE,
        roles=maybe(items(line(40), 8)),
        from_on=maybe(day()), until_on=maybe(day()), leave=_SPANS,
    ),
    "programme": part(
        name=line(), code=_CODE, group_word=_LINE, tz=line(64),
        apologies_shown=one_of("group", "leaders"),
        late_minutes=maybe(whole(0, 240)), min_present=maybe(whole(0, 100)),
        purpose=maybe(text(4000)), help=maybe(items(_HELP, 40)),
        terms=_SPANS, closed=_SPANS,
    ),
    # The programme's circle and its space keys, in rows of epoch, kid, key.
    "programme_key": part(circle=B64(32), epochs=items(_EPOCH_KEY, 500)),
    # Weeks of seven letters, over and over from a Monday. A shift is start and finish;
    # a finish at or before the start is on the next day. Letters without: o, z, f.
    "rota": part(
        name=_LINE, anchor=day(_monday), leave=_SPANS,
        weeks=items(coded("seven letters, Monday first", "[A-Za-z]{7}"), 53),
        codes=entries(coded("a letter", "[A-Za-z]"), _SHIFTS, 52),
    ),
    "rules": part(
        version=whole(1, 10_000), code=_CODE, title=_LINE,
        rules=items(text(1000), 40), guidelines=maybe(items(_GUIDELINE, 40)),
    ),
    # One meeting, by the wall clock of its zone; `changes` is what the group is told.
    "session": part(
        series=_LINE, code=_CODE, on=day(), start=clock(), minutes=whole(1, 1440),
        tz=line(64), led_by=items(_ID, 12),
        place=maybe(line(500)), link=maybe(line(2000)), passcode=maybe(line(100)),
        state=one_of("planned", "cancelled"), reason=maybe(text(500)),
        replaced_by=maybe(B64(16)), changes=maybe(items(_CHANGE, 100)),
    ),
    "settings": part(values=entries(line(64), text(500), 200)),
    # One leader's cells for one session, and the names of its visitors.
    "sheet": part(
        session=_ID, cells=cells(), finished=flag(),
        visitors=maybe(entries(B64(16), line(), 100)),
    ),
    # Which session of a week somebody comes to; none named means neither.
    "sitting": part(person=_ID, week=day(_monday), session=maybe(B64(16))),
    # One leader's cells about the person of this thread.
    "statement": about_one_person(part(session=_ID, person=_ID, cells=cells())),
}
"""The fields of each type, version 1."""
# fmt: on


# Places


class Place(NamedTuple):
    """Where a type counts: kind of space, write rule, roles that may author it."""

    kind: str
    rule: str
    roles: frozenset[str]


def _place(kind: str, rule: str, *roles: str) -> Place:
    return Place(kind, rule, frozenset(roles))


_FRAME = _place("frame", "lead", "leader", "coordinator")
_OFFICE = _place("office", "lead", "coordinator")
_PERSONAL = _place("personal", "own", "owner")
_THREAD = _place("thread", "own", "member", "observer")

PLACES: dict[str, tuple[Place, ...]] = {
    "agreement": (_THREAD,),
    "apology": (_THREAD,),
    "apology_flag": (_place("room", "own", "member", "observer"),),
    "contact": (_place("leaders", "lead", "leader"), _OFFICE),
    "group": (_FRAME,),
    "note": (_PERSONAL,),
    "notice": (_FRAME, _place("room", "lead", "leader")),
    "person": (_FRAME, _OFFICE),
    "programme": (_place("programme", "lead", "coordinator"),),
    "programme_key": (_place("frame", "lead", "coordinator"),),
    "rota": (_PERSONAL,),
    "rules": (_FRAME,),
    "session": (_FRAME,),
    "settings": (_PERSONAL,),
    "sheet": (_place("register", "own", "leader", "coordinator"),),
    "sitting": (_place("room", "own", "member"),),
    "statement": (_place("thread", "own", "leader"),),
}
"""The table of types (PROTOCOL 9): a record anywhere else is skipped and counted."""


def accepted(record_type: str, space_kind: str, rule: str, roles: Set[str]) -> bool:
    """Tell whether a record of this type counts where it was found.

    Args:
        record_type: a type of `PLACES`; any other counts nowhere, and is kept.
        space_kind: such as "frame".
        rule: "lead", "own" or "all", from the version's header.
        roles: the author's roles in the circle, such as {"member"}.
    """
    return any(
        (place.kind, place.rule) == (space_kind, rule) and place.roles & roles
        for place in PLACES.get(record_type, ())
    )


def least_bucket(record_type: str) -> int:
    """The smallest padded size, bytes: a sheet's must not tell how many are marked."""
    return 2048 if record_type == "sheet" else 256


# Reading and writing


@dataclass(frozen=True)
class Record:
    """A content of a known type and version, with every field checked."""

    type: str
    version: int
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Unknown:
    """A content that a newer program wrote: kept as it came, applied to nothing."""

    type: str
    version: int
    content: bytes


def load(content: bytes) -> Record | Unknown:
    """Read an opened version's content.

    Args:
        content: the plaintext without its length prefix and padding.

    Raises:
        BadRecord: not such an object, or a known type with a field that is missing,
            not known or malformed; the message names each.
    """
    values = _parsed(content)
    name, version = values.pop("t", None), values.pop("v", None)
    if not isinstance(name, str) or type(version) is not int:
        raise BadRecord(detail="t must be a string and v an integer")
    if name not in SCHEMAS or version != 1:
        return Unknown(name, version, content)
    return Record(name, version, _checked(name, values))


def dump(record_type: str, values: Mapping[str, Any]) -> bytes:
    """Write the canonical content of a record.

    Args:
        record_type: one of `SCHEMAS`.
        values: its fields as `load` gives them; absent ones are left out.

    Returns:
        Compact JSON with sorted keys, the same bytes for the same fields.

    Raises:
        BadRecord: no such type, a field that `load` would refuse, or too long.
    """
    if record_type not in SCHEMAS:
        raise BadRecord(detail=f"there is no type {record_type}")
    checked = _checked(record_type, _plain(values))
    content = canonical(_plain({**checked, "t": record_type, "v": 1}))
    if len(content) > CONTENT_BYTES_MAX:
        size = f"{len(content)} bytes, and at most {CONTENT_BYTES_MAX} fit"
        raise BadRecord(detail=f"{record_type}: {size}")
    return content


def canonical(value: Any) -> bytes:
    """Compact JSON in UTF-8 with sorted keys; only what must be is escaped."""
    spelled = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return spelled.encode()


def _parsed(content: bytes) -> dict[str, Any]:
    if len(content) > CONTENT_BYTES_MAX:
        raise BadRecord(detail=f"more than {CONTENT_BYTES_MAX} bytes")
    try:
        values = json.loads(content.decode(), parse_float=_number, parse_constant=int)
    except (ValueError, RecursionError) as error:
        raise BadRecord(detail="not UTF-8 JSON") from error
    if not isinstance(values, dict):
        raise BadRecord(detail="not an object")
    return values


def _number(spelled: str) -> int | float:
    """As JavaScript has it: 1.0 and 1e2 are integers."""
    value = float(spelled)
    return int(value) if value.is_integer() else value


def _checked(record_type: str, values: Any) -> dict[str, Any]:
    try:
        checked: dict[str, Any] = SCHEMAS[record_type].read(values)
    except ValidationError as error:
        problems = "; ".join(_problems(record_type, error.messages))
        raise BadRecord(detail=problems) from error
    return checked


def _problems(path: str, messages: Any) -> Iterator[str]:
    if not isinstance(messages, dict):
        yield f"{path}: {' '.join(messages)}"
        return
    for name, inner in messages.items():
        yield from _problems(f"{path}.{name}", inner)


def _plain(value: Any) -> Any:
    """What JSON can hold; anything else stays as it is, for a field to refuse."""
    match value:
        case bytes():
            return b64(value)
        case datetime():
            known = value.astimezone(UTC) if value.tzinfo else value
            return known.isoformat(timespec="seconds").replace("+00:00", "Z")
        case date() | time():
            return value.isoformat().removesuffix(":00")
        case Mapping():
            return {_plain(name): _plain(each) for name, each in value.items()}
        case tuple() | list():
            return [_plain(each) for each in value]
    return value


def json_schema() -> dict[str, Any]:
    """All types as one JSON Schema (2020-12), told apart by ``t``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Enid records, version 1",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in SCHEMAS],
        "$defs": {name: _tagged(name, form.schema) for name, form in SCHEMAS.items()},
    }


def _tagged(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    tags = {"t": {"const": name}, "v": {"const": 1}}
    properties = tags | schema["properties"]
    return schema | {"properties": properties, "required": [*tags, *schema["required"]]}


if __name__ == "__main__":
    file = Path(__file__).with_name("records.schema.json")
    file.write_text(json.dumps(json_schema(), indent=1) + "\n")
