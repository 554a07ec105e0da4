"""Python's desk and the app's domain, side by side over the same records."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sync.check import Space
from sync.desk import Desk
from sync.encoding import b64, unb64
from sync.envelope import RecordKey
from sync.kinds import CircleKind, Rule, SpaceKind
from sync.outbox import Intent, Row
from sync.records import Record, Unknown, dump, least_bucket, load
from sync.replica import Held, Opened, local_name, role_names

ROOT = Path(__file__).resolve().parents[2]
TYPES = (
    "agreement",
    "apology",
    "apology_flag",
    "contact",
    "group",
    "note",
    "notice",
    "person",
    "programme",
    "programme_key",
    "rules",
    "session",
    "settings",
    "sheet",
    "sitting",
    "statement",
)


class Twin:
    """The app's domain in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, desk: Desk, *question: str | None, tab: bytes = bytes(16)) -> Any:
        """What the app shows, or the intents of an act, on what a desk holds."""
        assert self.process.stdin
        assert self.process.stdout
        asked = world_of(desk) | {
            "do": question,
            "tab": b64(tab),
            "now": desk.client.now * 1000,
            "secret": b64(desk.client.identity.record_secret),
        }
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def act(self, desk: Desk, *question: str | None, tab: bytes = bytes(16)) -> int:
        """Do something by the app and keep it in the desk's outbox; how many rows."""
        intents = self.ask(desk, *question, tab=tab)
        for intent in intents:
            keep(desk, intent)
        return len(intents)


@contextmanager
def twin() -> Iterator[Twin]:
    """The app's domain, for as long as it is asked."""
    with subprocess.Popen(
        [str(ROOT / ".venv/bin/node"), "tests/domain/twin.ts"],
        cwd=ROOT / "pwa",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Twin(process)
        assert process.stdin
        process.stdin.close()


def keep(desk: Desk, intent: dict[str, Any]) -> None:
    """Write an intent of the app; its record must be one that Python takes."""
    where, content = intent["space"], None
    kind = SpaceKind[where["kind"].upper()]
    what = Space(unb64(where["circle"]), kind, unb64(where["subject"]))
    least = 256
    if intent["content"] is not None:
        spelled = json.dumps(intent["content"]).encode()
        record = load(spelled)
        assert isinstance(record, Record)
        content, least = dump(record.type, record.fields), least_bucket(record.type)
        plain = json.loads(content)
        assert plain == intent["content"], "the app writes what Python would write"
    rule, rec = Rule[intent["rule"].upper()], unb64(intent["rec"])
    base = tuple(_base(name) for name in intent["base"])
    written = Intent(rule, rec, content, base, least)
    desk.client.outbox.write(what, written, unb64(intent["editor"]))


def _base(name: str) -> bytes:
    local, _, n = name.partition(":")
    return local_name(int(n)) if n else unb64(local)


def _name(name: bytes) -> str:
    if name.startswith(b"outbox") and len(name) == 14:
        return f"outbox:{int.from_bytes(name[6:], 'big')}"
    return b64(name)


# -- a world as the app has it ------------------------------------------------------


def world_of(desk: Desk) -> dict[str, Any]:
    """What a desk holds, opened."""
    replica, client = desk.shelf.replica, desk.client
    circles = [
        {
            "id": b64(circle),
            "kind": membership.kind.name.lower(),
            "seats": [
                {
                    "account": b64(a.id),
                    "person": b64(a.person),
                    "roles": sorted(role_names(a.roles)),
                }
                for a in sorted(membership.accounts.values(), key=lambda a: a.order)
            ],
            "groups": [b64(group) for group in sorted(membership.groups)],
            "frozen": replica.frozen(circle),
        }
        for circle, membership in replica.circles.items()
        if membership.length
        # Members hold their programme's space by its key, and have no seat in it.
        and (replica.is_trusted(circle) or membership.kind is CircleKind.PROGRAMME)
    ]
    held = [h for h in replica.spaces.values() if h.space.kind is not SpaceKind.CIRCLE]
    return {
        "account": b64(client.account),
        "circles": circles,
        "spaces": [_space(desk, each) for each in held],
        "outbox": [
            _pending(row)
            for row in client.outbox.rows()
            if not row.intent.entry and not row.derived
        ],
        "seen": [
            (_name(name), b64(last))
            for name, last in client.store.all("SELECT id, last FROM editor")
        ],
    }


def _space(desk: Desk, held: Held) -> dict[str, Any]:
    replica, space = desk.shelf.replica, held.space
    live = {head.id for heads in replica.heads(held.id).values() for head in heads}
    versions = [
        _opened(opened, judged.record, opened.id in live)
        for version, judged in replica._contents(held)
        if (opened := replica.open(held, version, judged.account, judged.record))
    ]
    return {
        "id": b64(held.id),
        "circle": b64(space.circle),
        "kind": space.kind.name.lower(),
        "subject": b64(space.subject),
        "versions": versions,
        "checkedAt": None,
        "skipped": {},
    }


def _opened(opened: Opened, record: RecordKey, live: bool) -> dict[str, Any]:
    content = opened.content
    plain = None
    if isinstance(content, Record):
        plain = json.loads(dump(content.type, content.fields))
    elif isinstance(content, Unknown):
        plain = {"t": content.type, "v": content.version}
    return {
        "id": b64(opened.id),
        "account": b64(opened.account),
        "rule": Rule(record[0]).name.lower(),
        "rec": b64(record[-16:]),
        "parents": [b64(parent) for parent in opened.parents],
        "content": plain,
        "unknown": isinstance(content, Unknown),
        "live": live,
    }


def _pending(row: Row) -> dict[str, Any]:
    intent = row.intent
    state = "refused" if row.code else "batched" if row.id else "saved"
    return {
        "n": row.n,
        "state": state,
        "space": b64(row.space),
        "rule": intent.rule.name.lower(),
        "rec": b64(intent.rec),
        "content": None if intent.content is None else json.loads(intent.content),
        "base": [_name(name) for name in intent.base],
        "editor": b64(row.editor or b""),
        "code": row.code,
        "at": 0,
    }


# -- what Python shows --------------------------------------------------------------


def shown(desk: Desk) -> dict[str, Any]:
    """The same as the app is asked for, by Python's desk."""
    groups = desk.groups.all()
    return {
        "settings": dict(desk.personal.settings()),
        "notes": sorted(
            [n.title, n.text, sorted(n.versions)] for n in desk.notes.all()
        ),
        "groups": [[g.name, sorted(role_names(g.roles))] for g in groups],
        "sessions": [
            _meeting(desk, m) for g in groups for m in desk.sessions.of(g.circle)
        ],
        "board": [_board(desk, g.circle) for g in groups],
    }


def _meeting(desk: Desk, meeting: Any) -> dict[str, Any]:
    fields, leads = meeting.item.fields, "leader" in role_names(meeting.group.roles)
    told = desk.registers.mine(meeting.circle).get(meeting.rec)
    comes = role_names(meeting.group.roles) & {"member", "observer"}
    begun = meeting.starts_at.timestamp() <= desk.client.now
    mine: str | None = "none"
    if comes and begun and not meeting.cancelled:
        state = told.state if told else "not_marked"
        mine = {"not_marked": "not_recorded", "differ": "still_agreeing"}.get(
            state, told.value if told else ""
        )
    register = desk.registers.show(meeting) if leads else None
    news = desk.personal.unread_changes(meeting)
    return {
        "rec": b64(meeting.rec),
        "starts": meeting.starts_at.timestamp(),
        "ends": meeting.ends_at.timestamp(),
        "end": f"{meeting.ends_at:%H:%M}",
        "place": fields.get("place"),
        "cancelled": meeting.cancelled,
        "news": [
            [r["what"], r.get("before"), r.get("after"), r["at"].timestamp()]
            for r in news
        ],
        "differ": sorted(meeting.item.differ),
        "mine": mine,
        "register": [_line(line) for line in register.lines] if register else None,
        "finished": sorted(register.finished_by) if register else None,
    }


def _line(line: Any) -> list[Any]:
    apology, sides = line.apology, []
    if line.standing.state == "differ":
        sides = sorted([v, who] for v, names in line.by_value.items() for who in names)
    stands = apology and not apology.withdrawn
    return [
        b64(line.person),
        line.label,
        line.standing.state,
        line.standing.value,
        sides,
        [apology.in_time, apology.reason] if stands else None,
        line.visitor,
        line.expected,
    ]


def _board(desk: Desk, circle: bytes) -> dict[str, Any]:
    rules, person = desk.board.rules(circle), desk.shelf.person_in(circle)
    on = desk.shelf.now.date()
    thread = Space(circle, SpaceKind.THREAD, person)
    agreed = [
        item.fields["rules_version"] for item in desk.shelf.items(thread, "agreement")
    ]
    chosen = desk.apologies.sittings(circle, desk.shelf.now.date().replace(day=19))
    return {
        "people": [
            [b64(p.person), p.label, sorted(p.roles), p.account is not None]
            for p in desk.groups.people(circle)
            if p.is_listed(on)
        ],
        "rules": [rules.fields["version"], list(rules.fields["rules"])]
        if rules
        else None,
        "agreed": max(agreed, default=None) if rules else None,
        "notices": [item.fields["text"] for item in desk.board.notices(circle)],
        "sittings": sorted([b64(p), s and b64(s)] for p, s in chosen.items()),
        "late": desk.programmes.setting(circle, "group_word"),
    }
