"""The TypeScript twin of the protocol agrees with the Python, on what chance makes up.

One node process (``pwa/tests/protocol/differ.ts``) answers questions; whatever Python
says, a result or an error's code, the twin must say as well. The shared vectors hold
the rules one by one; here lawful, unlawful and damaged things are made at random.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from sync import encoding, entries, envelope, kinds, records, sealing, signing
from sync.check import Judgement, Serving, Space, still_counts
from sync.encoding import b64, unb64
from sync.envelope import Header, Version, View
from sync.errors import EnidError
from sync.invitations import AccountKey, Identity, Invitation
from sync.keyring import Ring
from sync.kinds import SPACES, ZERO16, ZERO32, CircleKind, Role, Rule, SpaceKind
from sync.merge import VALUES, Cell, fill, mark, merge_note, register, statement_cells
from sync.sealing import EpochKey
from tools import make_vectors
from tools.make_vectors import ANN, ANN_2, BOB, CORA, LEE, MAL, Known, Scene, hexed

ROOT = Path(__file__).parent.parent.parent
PHONES = (ANN, BOB, LEE, CORA, MAL, ANN_2)
Act = Callable[[], Any]


class Twin:
    """A running node; ``ask`` puts one question."""

    def __init__(self) -> None:
        beside = Path(sys.executable).with_name("node")
        node = str(beside) if beside.exists() else shutil.which("node")
        assert node, "node is missing: tools/setup.py installs it"
        script = ROOT / "pwa" / "tests" / "protocol" / "differ.ts"
        self.process = subprocess.Popen(
            [node, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, encoding="utf-8", env={**os.environ, "NODE_NO_WARNINGS": "1"},
        )  # fmt: skip

    def ask(self, op: str, **given: Any) -> Any:
        """The twin's answer: ``{"ok": …}`` or ``{"code": …}``."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"op": op, **hexed(given)}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the twin stopped at {op}"
        return json.loads(line)

    def agrees(self, act: Act, op: str, **given: Any) -> Any:
        """Ask the same of both; give what both said."""
        here, there = answer(act), self.ask(op, **given)
        assert there == here, (op, hexed(given))
        return here


class Fixed:
    """Random bytes that were chosen before."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __call__(self, size: int) -> bytes:
        return self.data[:size]


def answer(act: Act) -> Any:
    """What Python says, spelled as the twin spells it."""
    try:
        return {"ok": json.loads(json.dumps(hexed(act())))}
    except EnidError as error:
        return {"code": error.code}


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    asked = Twin()
    yield asked
    assert asked.process.stdin
    assert asked.process.stdout
    asked.process.stdin.close()
    asked.process.stdout.close()
    assert asked.process.wait(timeout=20) == 0


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The same every time, another for each test."""
    return random.Random(request.node.name)


def damaged(chance: random.Random, data: bytes) -> bytes:
    """The same bytes, a few of them changed, lost or added."""
    changed = bytearray(data)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(5):
            case 0:
                changed[at:at] = chance.randbytes(chance.randrange(1, 4))
            case 1:
                del changed[at : at + chance.randrange(1, 4)]
            case 2:
                del changed[at:]
            case _ if at < len(changed):
                changed[at] ^= 1 << chance.randrange(8)
    return bytes(changed)


# -- encodings ------------------------------------------------------------------------


def test_base64url_and_typed_codes_are_read_alike(twin, chance):
    for _ in range(120):
        text = b64(chance.randbytes(chance.randrange(40)))
        typed = damaged(chance, text.encode()).decode("latin1")
        twin.agrees(lambda typed=typed: unb64(typed), "base64url", text=typed)
    for _ in range(60):
        groups = chance.choice((5, 8))
        secret = chance.randbytes(20)[: -(-groups * 20 // 8)]
        code = encoding.code_from_bytes(secret, groups)
        typed = damaged(chance, code.encode()).decode("latin1")
        typed = chance.choice((str.lower, str.upper, str.title, str))(typed)

        def read(typed=typed, groups=groups):
            found = encoding.bytes_from_code(typed, groups)
            return encoding.code_from_bytes(found, groups)

        twin.agrees(read, "code", typed=typed, groups=groups)


def some_header(chance: random.Random) -> Header:
    n = chance.choice((1, 2, 7, 2**40, 2**53 - 1, 2**63 - 1))
    seq = chance.choice((0, 1, 2**31, 2**53 - 1, 2**63 - 1))
    parents = sorted(chance.randbytes(32) for _ in range(chance.randrange(9)))
    small = (0, 1, 2**31 - 1)
    return Header(
        chance.choice((1, 1, 1, 2)), chance.randbytes(16), chance.choice(small),
        chance.randbytes(8), chance.choice(list(Rule)), chance.randrange(2),
        chance.randbytes(16), chance.randbytes(16), n,
        ZERO32 if n == 1 else chance.randbytes(32),
        View(chance.choice(small), seq, chance.randbytes(32)), tuple(parents),
        chance.randbytes(24),
    )  # fmt: skip


def test_headers_are_read_alike_whole_or_damaged(twin, chance):
    for _ in range(200):
        data = damaged(chance, bytes(some_header(chance)))

        def read(data=data):
            found = envelope.parse_header(data)
            return bytes(found), found.n, found.view.seq, found.parents

        # A double holds the numbers that no chain reaches only nearly.
        here, there = answer(read), twin.ask("header", data=data)
        if "ok" in here and max(here["ok"][1], here["ok"][2]) >= 2**53:
            assert "ok" in there
            near = [float(number) for number in here["ok"][1:3]]
            assert [float(number) for number in there["ok"][1:3]] == near
        else:
            assert there == here


def test_versions_have_the_same_ids_and_limits(twin, chance):
    for size in (0, 1, 304, 65_584, 65_585):
        parts = [
            bytes(some_header(chance)),
            chance.randbytes(64),
            chance.randbytes(size),
        ]
        twin.agrees(lambda p=parts: envelope.parse(*p).id, "version", row=parts)
        parts[0] += bytes(300)
        twin.agrees(lambda p=parts: envelope.parse(*p).id, "version", row=parts)


def some_entry(chance: random.Random) -> entries.Entry:
    kind = chance.choice(list(entries.ENTRIES.values()))

    def value(field: encoding.Field) -> Any:
        match field:
            case encoding.Fixed(size):
                return chance.randbytes(size)
            case encoding.Number(size):
                return chance.randrange(256 ** min(size, 6))
            case encoding.ListOf(columns):
                rows = [tuple(map(value, columns)) for _ in range(chance.randrange(4))]
                return tuple(sorted(rows) if chance.random() < 0.8 else rows)

    return kind(*(value(field) for field in kind.layout))


def test_entries_are_read_alike_whole_or_damaged(twin, chance):
    for _ in range(200):
        whole = entries.encode(some_entry(chance))
        for data in (whole, damaged(chance, whole)):

            def read(data=data):
                entry = entries.decode(data)
                return entry.number, entries.encode(entry)

            if tips_are_beyond(data):
                assert "ok" in twin.ask("entry", data=data)
            else:
                twin.agrees(read, "entry", data=data)


def tips_are_beyond(data: bytes) -> bool:
    """Whether a tip has a number that a double holds only nearly."""
    try:
        entry = entries.decode(data)
    except EnidError:
        return False
    return isinstance(entry, entries.Epoch) and any(
        n >= 2**53 for _, n, _ in entry.tips
    )


def test_public_keys_are_refused_alike(twin, chance):
    """SEC-07: canonical, on the curve, not of small order, free of torsion."""
    prime = 2**255 - 19
    odd = [0, 1, 2, 9, prime - 1, prime, prime + 1, prime + 9, 2**255 - 1, 2**256 - 1]
    odd += [2**255, 2**255 + 1, 2**255 + prime - 1, 2**255 + prime, 2**255 + prime + 1]
    keys = [number.to_bytes(32, "little") for number in odd]
    keys += [chance.randbytes(32) for _ in range(24)]
    keys += [signing.public_key(1, chance.randbytes(32)) for _ in range(6)]
    for key in keys:

        def both(key=key):
            return [code_of(lambda: signing.check_key(1, key)),
                    code_of(lambda: signing.check_wrap_key(1, key))]  # fmt: skip

        twin.agrees(both, "keys", sign=key, wrap=key)


def code_of(act: Act) -> str:
    """``ok`` or the code of the error that came out."""
    try:
        act()
    except EnidError as error:
        return error.code
    return "ok"


# -- contents and merging -------------------------------------------------------------


SEEDS = [
    json.loads(case["content"])
    for case in json.loads((ROOT / "sync/vectors/records.json").read_text())["cases"]
    if case["expect"] == "ok" and case.get("known")
]
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.0, 0.5, 10_000, 10_001, 2**32 - 1, 2**32, 1e300, "",
    "x", "a\nb", "\0", "\ud800", "\U0001f642" * 200, "x" * 201, "2026-02-28",
    "2026-02-29", "2028-02-29", "2026-10-27", "2026-10-26", "2026-13-01", "2026-00-10",
    "1999-01-01", "23:59", "24:00", "2026-10-27T12:41:05Z", "2026-10-27T12:41:60Z",
    "2026-02-30T00:00:00Z", "here", "none", "planned", "A" * 22, "A" * 21 + "Q",
    "A" * 21 + "B", "A" * 43, "A" * 11, [], {}, [[]], ["x"], {"x": "y"},
    {"__proto__": "z", "\uff5e": "a", "\U0001f642": "b"},
    [["A" * 22, "late", "A" * 11, []]], [["A" * 22, "late", "A" * 11, ["A" * 11]]],
    [["A" * 22, "here", "A" * 11, []]] * 2,
    [["A" * 22, "here", "A" * 10 + "E", ["A" * 11, "A" * 10 + "I"]],
     ["A" * 22, "late", "A" * 10 + "Q", ["A" * 10 + "I", "A" * 11, "A" * 11]]],
)  # fmt: skip


def changed(chance: random.Random, value: Any) -> Any:
    """A content with something in it lost, added or put in another's place."""
    if chance.random() < 0.25 or not isinstance(value, dict | list) or not value:
        return chance.choice(ODD)
    if isinstance(value, list):
        at = chance.randrange(len(value))
        return [*value[:at], changed(chance, value[at]), *value[at + 1 :]]
    name = chance.choice(sorted(value))
    match chance.randrange(4):
        case 0:
            return {each: inner for each, inner in value.items() if each != name}
        case 1:
            return {
                **value,
                chance.choice(("colour", "title", "v")): chance.choice(ODD),
            }
        case _:
            return {**value, name: changed(chance, value[name])}


def test_contents_are_read_and_written_alike(twin, chance):
    def read(content: bytes) -> Any:
        found = records.load(content)
        if isinstance(found, records.Unknown):
            return "unknown"
        return records.dump(found.type, found.fields)

    known = 0
    for turn in range(1500):
        value = chance.choice(SEEDS)
        for _ in range(chance.choice((0, 1, 1, 2))):
            value = changed(chance, value)
        content = json.dumps(value, ensure_ascii=turn % 2 == 0).encode(
            errors="surrogatepass"
        )
        if turn % 9 == 0:
            content = damaged(chance, content)
        said = twin.agrees(lambda c=content: read(c), "record", content=content)
        known += "ok" in said
    assert known > 300


def test_every_type_counts_in_the_same_places(twin):
    types = [*records.SCHEMAS, "poll"]
    spaces = [kind.name.lower() for kind in SpaceKind]
    rules = ["lead", "own", "all"]
    roles = [role.name.lower() for role in Role if role.name]
    rows = list(product(types, spaces, rules, roles))
    here = [records.accepted(t, s, r, {role}) for t, s, r, role in rows]
    assert twin.ask("accepted", rows=rows)["ok"] == here


def some_cells(chance: random.Random) -> list[Cell]:
    ids = [bytes([n]) * 16 for n in (0, 1, 0x3F, 0x80, 0xFB, 0xFF)]
    dots = [chance.randbytes(8) for _ in range(6)] + [bytes([n]) * 8 for n in (0, 255)]
    return [
        Cell(chance.choice(ids), chance.choice(VALUES), chance.choice(dots),
             tuple(sorted(set(chance.choices(dots, k=chance.randrange(4))))))
        for _ in range(chance.randrange(12))
    ]  # fmt: skip


def test_registers_show_the_same_whoever_adds_them_up(twin, chance):
    for _ in range(150):
        cells = some_cells(chance)
        persons = sorted({cell.person for cell in cells} | {bytes([7]) * 16})
        value = chance.choice((*VALUES, "asleep"))
        dots = [chance.randbytes(8) for _ in persons]
        who, dot = persons[0], dots[0]

        def shown(cells=cells):
            return [
                [who, standing.state, standing.values, standing.cells]
                for who, standing in register(cells).items()
            ]

        twin.agrees(shown, "register", cells=cells)
        twin.agrees(
            lambda c=cells, w=who, v=value, d=dot: mark(c, w, v, d),
            "mark", cells=cells, person=who, value=value, dot=dot,
        )  # fmt: skip
        twin.agrees(
            lambda c=cells, p=persons, v=value, d=dots: fill(c, p, v, d),
            "fill", cells=cells, roster=persons, value=value, dots=dots,
        )  # fmt: skip
        twin.agrees(
            lambda c=cells, w=who: statement_cells(c, w),
            "statement", cells=cells, person=who,
        )  # fmt: skip


def test_notes_join_alike(twin, chance):
    words = (
        "one",
        "two",
        "three",
        "a\nline",
        "",
        " ",
        "\t",
        "\r",
        "\U0001f642",
        "one two",
    )
    gaps = ("\n\n", "\n \n", "\r\n\r\n", "\n\n\n", "\n")

    def note(size: int) -> str:
        parts = [chance.choice(words) + chance.choice(gaps) for _ in range(size)]
        return "".join(parts)

    def edited(text: str) -> str:
        parts = text.split("\n\n")
        for _ in range(chance.randrange(3)):
            at = chance.randrange(len(parts) + 1)
            parts[at : at + chance.randrange(2)] = [
                chance.choice(words)
            ] * chance.randrange(3)
        return "\n\n".join(parts)

    joined = 0
    for _ in range(400):
        base = note(chance.randrange(7))
        mine, theirs = edited(base), edited(base)
        held = None if chance.random() < 0.05 else base
        said = twin.agrees(
            lambda b=held, m=mine, t=theirs: merge_note(b, m, t),
            "note", base=held, mine=mine, theirs=theirs,
        )  # fmt: skip
        joined += said["ok"] is not None
    assert joined > 150


# -- seals ----------------------------------------------------------------------------


def test_contents_are_sealed_to_the_same_bytes_and_open_alike(twin, chance):
    for _ in range(40):
        header = some_header(chance)
        if max(header.n, header.view.seq) >= 2**53:
            header = replace(header, n=1, prev=ZERO32, view=View())
        key = EpochKey(1, header.space, header.epoch, chance.randbytes(32))
        content = chance.randbytes(chance.choice((0, 5, 252, 253, 1020, 5000)))
        least = chance.choice((256, 1024, 2048))
        where = {"space": key.space, "epoch": key.number, "secret": key.secret}
        body = sealing.seal_content(header, key, content, least)
        twin.agrees(
            lambda body=body: body,
            "seal", header=bytes(header), content=content, least=least, **where,
        )  # fmt: skip
        row = [bytes(header), bytes(64), damaged(chance, body)]

        def opened(row=row, key=key):
            return sealing.open_content(envelope.parse(*row), key)

        twin.agrees(opened, "open", row=row, **where)


def test_what_one_side_wraps_the_other_unwraps(twin, chance):
    scene = make_vectors.a_group("wrapping")
    where = scene.space(SpaceKind.FRAME)
    account = scene.membership.accounts[BOB.account]
    for _ in range(6):
        key = EpochKey(1, where.space.id, 2, chance.randbytes(32))
        wrapped = sealing.wrap(key, account)
        told = {
            "seed": BOB.identity.wrap_seed, "account": account.id, "space": key.space,
            "number": 2, "kid": key.kid, "commitment": key.commitment,
        }  # fmt: skip
        assert twin.ask("unwrap", **told, wrapped=wrapped) == {"ok": key.secret.hex()}
        other = make_vectors.flipped(wrapped, chance.randrange(640))
        assert twin.ask("unwrap", **told, wrapped=other) == {"code": "unopened"}


def test_accounts_invitations_and_slots_are_made_of_the_same_bytes(twin, chance):
    for _ in range(4):
        secret, key = chance.randbytes(32), AccountKey(chance.randbytes(20))
        who, salt = Identity(secret), chance.randbytes(24)
        twin.agrees(lambda w=who: [w.account, w.kept], "identity", secret=secret)
        slot = key.seal_slot(who, Fixed(salt))
        said = twin.ask("slot", key=key.key, secret=secret, random=salt)["ok"]
        assert said == [key.code, key.lookup.hex(), slot.hex()]
        spoiled = damaged(chance, slot)

        def opened(key=key, spoiled=spoiled):
            return key.open_slot(spoiled).secret

        twin.agrees(opened, "open_slot", key=key.key, slot=spoiled)

        invitation = Invitation.new(chance.randbytes)
        pack = {"circle": b64(chance.randbytes(32)), "group": "Siân ✓", "v": 1}
        told = {"secret": invitation.secret, "pack": pack, "random": salt}
        code, lookup, public, box = twin.ask("invitation", **told)["ok"]
        assert [code, lookup] == [invitation.code, invitation.lookup.hex()]
        assert public == invitation.public.hex()
        assert invitation.open_pack(bytes.fromhex(box)) == pack
        box = damaged(chance, invitation.seal_pack(pack, chance.randbytes))
        twin.agrees(
            lambda i=invitation, b=box: i.open_pack(b),
            "pack", secret=invitation.secret, box=box,
        )  # fmt: skip


# -- judging --------------------------------------------------------------------------


class Story:
    """People who write what they may and what they may not, in one circle."""

    def __init__(self, chance: random.Random, kind: CircleKind) -> None:
        self.chance, self.kind = chance, kind
        roles = chance.choice(list(kinds.AUTHORITY[kind]))
        self.scene = Scene(f"story {chance.random()}", ANN, roles, kind)
        self.invitations: list[Invitation] = []
        self.verdicts = ["ok"]
        self.steps = [step_of(self.scene.log, make_vectors.wire(self.scene.genesis))]
        self.stood: list[tuple[Known, Version, Judgement]] = []
        for phone in chance.sample(PHONES[1:5], k=3):
            self.judge(self.scene.log, self.scene.entry(ANN, self.invite(phone.person)))
            join = self.scene.join_entry(self.invitations[-1], phone)
            self.judge(self.scene.log, self.scene.entry(phone, join))
        for _ in range(4):
            self.begin(ANN)

    def someone(self) -> make_vectors.Phone:
        """Mostly somebody whom the log knows."""
        known = [p for p in PHONES if p.device in self.scene.membership.devices]
        return self.chance.choice(known if self.chance.random() < 0.8 else PHONES)

    def roles(self) -> int:
        """Mostly some that somebody in such a circle may give."""
        if self.chance.random() < 0.04:
            return self.chance.randrange(0, 1024)
        table = kinds.AUTHORITY[self.kind]
        every = [r for r in Role if r and any(r & over for over in table.values())]
        return int(self.chance.choice(every) | self.chance.choice(every))

    def invite(self, person: bytes) -> entries.Invite:
        made = Invitation.new(self.chance.randbytes)
        self.invitations.append(made)
        return entries.Invite(person, self.roles(), made.public)

    def entry(self, by: make_vectors.Phone) -> entries.Entry:
        """An entry of the log."""
        other, chance = self.someone(), self.chance
        match chance.randrange(12):
            case 0 | 1:
                return self.invite(other.person)
            case 2 | 3 | 4:
                return self.scene.join_entry(chance.choice(self.invitations[-4:]), by)
            case 5:
                return self.scene.grant(other, Role(self.roles() & kinds.ALL_ROLES))
            case 6:
                return self.scene.device(by)
            case 7 | 8:
                return self.scene.roles(other, self.roles())
            case 9:
                return self.scene.removal(other, chance.choice((1, 2, 2, 3)))
            case 10:
                return entries.Revoke(chance.choice(self.invitations).public)
            case _:
                listed = chance.choice((0, 1, 1, 2))
                return entries.Listing(bytes([chance.randrange(3)]) * 32, listed)

    def enter(self) -> None:
        """An entry of the log, sometimes with one field of it spoiled."""
        by, chance = self.someone(), self.chance
        entry: Any = self.entry(by)
        field = chance.choice(fields(entry))
        value = getattr(entry, field.name)
        if isinstance(value, bytes) and chance.random() < 0.15:
            spoiled = make_vectors.flipped(value, chance.randrange(len(value) * 8))
            entry = replace(entry, **{field.name: spoiled})
        self.judge(self.scene.log, self.scene.entry(by, entry))

    def space(self) -> Known:
        """Mostly one that such a circle has."""
        row = self.chance.choice(
            [k for k, a in SPACES.items() if a.circle is self.kind]
        )
        subject = self.someone().person if SPACES[row].by_person else ZERO16
        if self.chance.random() < 0.03:
            row, subject = self.chance.choice(list(SPACES)), self.someone().person
        return self.scene.space(row, subject)

    def begin(self, by: make_vectors.Phone | None = None) -> None:
        """An epoch; sometimes for others, of another time, or with other tips."""
        where, by, chance = self.space(), by or self.someone(), self.chance
        membership, key = self.scene.membership, self.scene.new_key(where)
        others = tuple(
            (a,) for a in sorted(membership.accounts) if chance.random() < 0.7
        )
        earlier = chance.choice([ZERO32, *(c.id for c in membership.changes)])
        tips = tuple(sorted((p.device, *where.tip(p.device)) for p in PHONES[:2]))
        changes: dict[str, Any] = {}
        for share, change in (
            (0.1, {"wrapped": others}), (0.15, {"membership": earlier}),
            (0.1, {"tips": tips}), (0.03, {"after": chance.randbytes(32)}),
            (0.02, {"circle": chance.randbytes(32)}), (0.1, {"tips": ()}),
        ):  # fmt: skip
            changes |= change if chance.random() < share else {}
        keys = self.scene.keys.setdefault(where.space.id, [])
        if keys and chance.random() < 0.05:
            key = replace(key, secret=keys[0].secret)
        entry = self.scene.epoch_entry(where, key, **changes)
        number = key.number + (chance.random() < 0.03)
        version = self.scene.epoch(by, where, key, entry, epoch=number)
        if self.judge(where, version):
            keys.append(key)

    def write(self) -> None:
        """A content, sometimes with a header that does not fit."""
        where, by, chance = self.space(), self.someone(), self.chance
        here = [(v, j) for k, v, j in self.stood if k is where]
        keys = self.scene.keys.get(where.space.id) or [self.scene.new_key(where)]
        key = chance.choice((*keys, keys[-1], keys[-1]))
        least = chance.choice((256, 2048, 2048, 2048))
        rec = chance.choice([j.record[17:] for _, j in here] or [chance.randbytes(16)])
        same = [v.id for v, j in here if j.record[17:] == rec]
        ids = same * 3 + [v.id for v, _ in here] + [chance.randbytes(32)]
        parents = sorted(set(chance.choices(ids, k=chance.choice((0, 0, 1, 2)))))
        changes: dict[str, Any] = {
            "rule": chance.choice((Rule.LEAD, Rule.OWN, Rule.OWN, Rule.ALL))
        }
        if chance.random() < 0.2:
            changes |= chance.choice((
                {"n": chance.randrange(1, 4), "prev": chance.randbytes(32)},
                {"kid": chance.randbytes(8)}, {"epoch": chance.randrange(4)},
                {"space": chance.randbytes(16)}, {"suite": 2}, {"rule": Rule.CONTROL},
                {"view": View(chance.randrange(4), chance.randrange(4), ZERO32)},
                {"view": View(chance.randrange(3), 1, chance.choice(where.heads))},
            ))  # fmt: skip
        content = None if chance.random() < 0.1 else chance.randbytes(40)
        made = self.scene.content(
            by,
            where,
            content,
            least,
            key=key,
            rec=rec,
            parents=tuple(parents),
            **changes,
        )
        if chance.random() < 0.04 and made.body:  # of no padded size
            made = envelope.build(made.header, made.body[:-1], by.sign)
        self.judge(where, made)

    def spoiled(self, version: Version) -> list[Any]:
        """Damage on the way; or the body is no longer kept."""
        chance, row = self.chance, make_vectors.wire(version)
        part = chance.randrange(4)
        if part == 3 or not row[part]:
            return [row[0], row[1], None, version.body_hash]
        bit = chance.randrange(len(row[part]) * 8)
        return [*row[:part], make_vectors.flipped(row[part], bit), *row[part + 1 :]]

    def judge(self, where: Known, version: Version) -> bool:
        """Judge a version here, and keep it for the twin."""
        chance, serving = self.chance, None
        spoil = chance.random() < 0.05
        row = self.spoiled(version) if spoil else make_vectors.wire(version)
        if chance.random() < 0.3:
            inc, settled = chance.choice((1, 1, 1, 2)), chance.random() < 0.8
            serving = Serving(inc, settled, where.head_at, settled)
        self.steps.append(step_of(where, row, serving))
        try:
            version = envelope.parse(*row)
            judged = where.take(version, serving)
        except EnidError as error:
            self.verdicts.append(error.code)
            return False
        self.verdicts.append("ok")
        if where is not self.scene.log:
            self.stood.append((where, version, judged))
        return True

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            self.chance.choices((self.enter, self.begin, self.write), (5, 2, 6))[0]()

    def told(self) -> dict[str, Any]:
        """All that Python found."""
        asked = {(step["kind"], step["subject"]) for step in self.steps}
        every = [self.scene.log, *self.scene.spaces.values()]
        met = [k for k in every if (k.space.kind, k.space.subject) in asked]
        return {
            "verdicts": self.verdicts,
            "log": make_vectors._folded(self.scene.membership),
            "counts": [still_counts(v, j, k) for k, v, j in self.stood],
            "heads": {k.space.id: k.heads[-1] for k in met},
            "closed": {k.space.id: k.closed for k in met},
        }


def step_of(where: Known, row: list[Any], serving: Serving | None = None) -> Any:
    """One version, where it stands, and whether a server judges it."""
    step = {"kind": where.space.kind, "subject": where.space.subject, "version": row}
    told = serving and {"inc": serving.inc, "settled": serving.settled}
    return {**step, "serving": told} if told else step


def a_story(chance: random.Random) -> Story:
    story = Story(chance, chance.choice([CircleKind.GROUP] * 5 + list(CircleKind)))
    story.go_on(60)
    return story


def test_whatever_people_write_is_judged_alike(twin, chance):
    """PROTOCOL 8: verdict by verdict, and what the log and the spaces then say."""
    reached: set[str] = set()
    for _ in range(24):
        story = a_story(chance)
        said = twin.ask("history", circle=story.scene.circle, steps=story.steps)["ok"]
        here = json.loads(json.dumps(hexed(story.told())))
        pairs = zip(said["verdicts"], here["verdicts"], strict=True)
        for place, (there, verdict) in enumerate(pairs):
            assert there == verdict, (place, hexed(story.steps[place]))
        assert said == here
        reached |= set(story.verdicts)
    # Otherwise agreement would mean little.
    assert reached >= {
        "ok", "bad_envelope", "bad_signature", "bad_entry", "role_denied",
        "unknown_author", "unknown_epoch", "invite_used", "head_moved",
        "device_revoked", "chain_conflict", "epoch_stale", "bad_parent", "bad_padding",
        "bad_epoch", "restoring", "view_mismatch", "unknown_parent",
    }  # fmt: skip


def test_rings_prove_carry_and_make_the_same_epochs(twin, chance):
    """PROTOCOL 6.3-6.5."""
    for turn in range(16):
        scene = make_vectors.a_group(f"ring {turn}")
        kind = chance.choice((SpaceKind.FRAME, SpaceKind.ROOM, SpaceKind.LEADERS))
        where = scene.space(kind)
        scene.seat(ANN, LEE, Role.LEADER)
        for _ in range(chance.randrange(4)):
            key = scene.new_key(where)
            changes: dict[str, Any] = {}
            if where.epoch and chance.random() < 0.3:
                changes = {"link": ZERO32, "carried": ()}
            if chance.random() < 0.2:
                changes["link"] = chance.randbytes(32)
            entry = scene.epoch_entry(where, key, **changes)
            where.take(scene.epoch(ANN, where, key, entry))
            scene.keys.setdefault(where.space.id, []).append(key)
            if chance.random() < 0.3 and scene.membership.accounts[LEE.account].roles:
                scene.enter(ANN, scene.removal(LEE))
        held = [k for k in scene.keys.get(where.space.id, []) if chance.random() < 0.7]
        secrets = [[k.kid, k.secret] for k in held]
        ring = Ring(1, Space(scene.circle, kind), list(where.begun))
        for kid, secret in secrets:
            ring.take_secret(kid, secret)
        while ring.take_carried():
            pass
        given = {"scene": scene.to_json(), "kind": kind, "subject": ZERO16}

        def shown(ring=ring, membership=scene.membership):
            writable = code_of(lambda: ring.writable(membership))
            return [sorted(ring.keys), ring.is_due(membership), writable]

        twin.agrees(shown, "ring", secrets=secrets, **given)

        to = list(scene.membership.readers(kind).values())
        chance.shuffle(to)
        tips = [(BOB.device, 3, bytes(32)), (ANN.device, 9, bytes(32))]
        fresh = chance.randbytes(32)
        entry, key, _ = ring.next_epoch(scene.membership, to, tips, Fixed(fresh))
        found, kid, wraps = twin.ask(
            "next_epoch", secrets=secrets, to=[a.id for a in to], tips=tips,
            random=fresh, **given,
        )["ok"]  # fmt: skip
        assert (found, kid) == (entries.encode(entry).hex(), key.kid.hex())
        phones = {phone.account: phone for phone in PHONES}
        for name, wrapped in wraps:
            account = bytes.fromhex(name)
            opened = sealing.unwrap(
                1, phones[account].identity.wrap_seed, account, key.space, key.number,
                key.kid, key.commitment, bytes.fromhex(wrapped),
            )  # fmt: skip
            assert opened.secret == fresh
        assert [name for name, _ in wraps] == sorted(a.id.hex() for a in to)
