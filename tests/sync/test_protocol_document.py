"""PROTOCOL.md says what the code does: codes, numbers, limits, tables, the example."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sync import (
    check,
    entries,
    envelope,
    errors,
    invitations,
    kinds,
    labels,
    merge,
    records,
    sealing,
    signing,
)
from sync import membership as circles
from sync.encoding import ListOf, sha256
from sync.envelope import Header, Version, View
from sync.errors import EnidError
from sync.kinds import ZERO16, ZERO32, CircleKind, Role, Rule, SpaceKind

SYNC = Path(errors.__file__).parent
DOCUMENT = (SYNC / "PROTOCOL.md").read_text(encoding="utf-8")
MODULES = sorted(SYNC.glob("*.py"))
RAISING = MODULES + sorted((SYNC.parent / "server").rglob("*.py"))
ERRORS = {
    name: cls
    for name, cls in vars(errors).items()
    if isinstance(cls, type) and issubclass(cls, EnidError) and cls is not EnidError
}


def section(number: int) -> str:
    """The text of one numbered section, from its heading to the next."""
    return re.split(r"^## (?=\d+\. )", DOCUMENT, flags=re.M)[number]


def paragraph(number: str) -> str:
    """The text from a bold number such as 2.3 to the next one."""
    found = re.search(
        rf"^\*\*{re.escape(number)}[ *](.*?)(?=^\*\*\d+\.\d|^## |\Z)",
        DOCUMENT, flags=re.M | re.S,
    )  # fmt: skip
    assert found, f"PROTOCOL.md has no {number}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of all table rows in a text, without heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
    rules = [i for i, row in enumerate(cells) if set(row[0]) == {"-"}]
    heads = {i - 1 for i in rules} | set(rules)
    return [row for i, row in enumerate(cells) if i not in heads]


def block(number: str) -> dict[str, str]:
    """The ``name = value`` lines of a paragraph's code block."""
    text = paragraph(number).split("```")[1].removeprefix("text\n")
    text = re.sub(r"\n +", "", text)
    pairs = (line.split("=", 1) for line in text.splitlines() if "= " in line)
    return {name.strip(): value.strip() for name, value in pairs}


# Codes


def calls(module: Path) -> Iterator[tuple[str, list[ast.expr]]]:
    """Each call in a module: the last part of its name, and its arguments."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            yield str(name), node.args


def raised(module: Path) -> Iterator[tuple[type[EnidError], str]]:
    """Each error that a module makes, with its code, unless that is computed."""
    for name, args in calls(module):
        cls = ERRORS.get(name)
        if cls and not args:
            yield cls, cls.code
        elif cls and isinstance(args[0], ast.Constant):
            yield cls, str(args[0].value)


def documented() -> dict[str, str]:
    """Each code of section 10 and its retry."""
    return {
        code: row[2]
        for row in rows(section(10))
        for code in re.findall(r"`(\w+)`", row[0])
    }


@pytest.mark.parametrize("module", RAISING, ids=lambda m: m.name)
def test_every_code_that_is_raised_stands_in_section_10(module):
    assert {code for _, code in raised(module)} <= set(documented())


@pytest.mark.parametrize("module", RAISING, ids=lambda m: m.name)
def test_a_code_asks_for_the_same_retry_in_the_code_and_in_section_10(module):
    # What lacks a key stays in the outbox whatever the reason, and asks nobody.
    made = {(cls, code) for cls, code in raised(module) if cls is not errors.NoKey}
    assert {(code, cls.retry) for cls, code in made} <= set(documented().items())


def test_every_kind_of_error_has_its_code_in_section_10():
    assert {cls.code for cls in ERRORS.values()} <= set(documented())


def test_every_alarm_has_a_name_in_section_14():
    alarms = [args for m in MODULES for name, args in calls(m) if name == "raise_alarm"]
    names = {args[2].value for args in alarms if isinstance(args[2], ast.Constant)}
    assert names <= set(re.findall(r"`(\w+)`", paragraph("14.7")))


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.name)
def test_every_section_that_the_code_cites_is_there(module):
    cited = re.findall(
        r"PROTOCOL (\d+\.\d+)(?:-(\d+\.\d+))?", module.read_text(encoding="utf-8")
    )
    for number in {n for pair in cited for n in pair if n}:
        assert paragraph(number)


# Numbers


def test_the_labels_are_those_of_section_12():
    found = re.findall(r"`([A-Z_]+)` \| `([^`]+)`", section(12))
    told = {name: spelled.replace(r"\0", "\0").encode() for name, spelled in found}
    assert told == labels.REGISTRY


@pytest.mark.parametrize("kind", CircleKind)
def test_each_kind_of_circle_has_its_number(kind):
    assert re.search(rf"\b{kind}\s+{kind.name.lower()}\s+\(", paragraph("2.1"))


@pytest.mark.parametrize("role", [r for r in Role if r])
def test_each_role_has_its_bit(role):
    name = role.name.lower().replace("_", r"\s+")
    assert re.search(rf"\b{name}\s+{role.value}\b", paragraph("2.4"))


@pytest.mark.parametrize("rule", Rule)
def test_each_write_rule_has_its_number(rule):
    assert re.search(rf"\b{rule}\s+{rule.name.lower()}: ", paragraph("2.5"))


def roles_of(letters: str) -> Role:
    """The roles that stand as single letters in a cell of 2.3."""
    known = {"W" if r is Role.OWNER else str(r.name)[0]: r for r in Role if r}
    found = Role.NONE
    for letter in re.findall(r"\b[A-Z]\b", letters):
        found |= known[letter]
    return found


@pytest.mark.parametrize("row", rows(paragraph("2.3"))[1:], ids=lambda r: r[1])
def test_the_table_of_spaces_is_the_table_in_the_code(row):
    number, name, circle, readers, lead, rotate, carried, automatic, least = row
    kind = SpaceKind(int(number))
    told = kinds.Audience(
        CircleKind[circle.upper()], roles_of(readers), roles_of(lead),
        roles_of(rotate), carried == "yes", automatic == "yes",
        "each person" in name, int(least),
    )  # fmt: skip
    assert name.split()[0] == kind.name.lower()
    assert told == kinds.SPACES[kind]


def test_the_table_of_spaces_is_complete():
    assert [int(row[0]) for row in rows(paragraph("2.3"))] == list(SpaceKind)


def authority(text: str) -> dict[Role, Role]:
    """What is read in: leader over leader; coordinator over these and coordinator."""
    told: dict[Role, Role] = {}
    for clause in text.split("; "):
        role, over = clause.split(" over ")
        these = Role.NONE
        for word in re.split(r", | and ", over):
            before = next(reversed(told.values()), Role.NONE)
            these |= before if word == "these" else role_named(word)
        told[role_named(role)] = these
    return told


def role_named(words: str) -> Role:
    """The role of a name such as ``firm head``."""
    return Role[words.upper().replace(" ", "_")]


@pytest.mark.parametrize("kind", CircleKind)
def test_authority_is_told_as_it_is(kind):
    text = " ".join(paragraph("4.3").split())
    name = "person's circle" if kind is CircleKind.PERSON else kind.name.capitalize()
    told = re.search(rf"{name}: ([^.]+)\.", text)
    assert told
    assert authority(told[1]) == kinds.AUTHORITY[kind]


def field_sizes(text: str) -> list[int | list[int]]:
    """The sizes of an entry's fields; those of a list's columns in a list."""
    whole = re.split(r", (?![^()]*\))", text)
    return [
        [int(n) for n in re.findall(r" (\d+)", field.partition("(")[2])]
        if field.startswith("list of")
        else int(re.findall(r" (\d+)", field)[0])
        for field in whole
    ]


@pytest.mark.parametrize("row", rows(paragraph("4.1")), ids=lambda r: r[1])
def test_the_layout_of_each_entry_is_the_one_in_the_code(row):
    cls = entries.ENTRIES[int(row[0])]
    sizes = [
        [c.size for c in f.columns] if isinstance(f, ListOf) else f.size
        for f in cls.layout
    ]
    assert row[1].replace(" ", "") == cls.__name__.lower()
    assert field_sizes(row[2]) == sizes
    assert len(sizes) == len(fields(cls))  # type: ignore[arg-type]


def test_every_entry_is_listed():
    assert [int(row[0]) for row in rows(paragraph("4.1"))] == sorted(entries.ENTRIES)


def test_the_fields_of_the_header_add_up():
    sizes = [row[1].replace("1 + 32 k", "1") for row in rows(paragraph("5.1"))]
    total = sum(int(n) for size in sizes for n in size.split(" + "))
    assert total == envelope.HEADER_BYTES
    assert f"\n{envelope.HEADER_BYTES} bytes" in paragraph("5.1")


def test_types_count_where_the_document_says():
    told = {
        row[0].strip("`"): {
            (kind.strip(), row[3], frozenset(roles.strip().split(", ")))
            for kind, roles in zip(row[2].split(";"), row[4].split(";"), strict=True)
        }
        for row in rows(paragraph("9.1"))
    }
    assert told == {name: set(places) for name, places in records.PLACES.items()}
    assert set(told) == set(records.SCHEMAS)


def test_the_marks_are_listed_in_order():
    quoted = dict.fromkeys(re.findall(r"`(\w+)`", paragraph("9.2")))
    assert tuple(word for word in quoted if word in merge.VALUES) == merge.VALUES


def numbers(text: str) -> set[int]:
    """All whole numbers in a text; 65,532 is one."""
    return {int(n.replace(",", "")) for n in re.findall(r"\d+(?:,\d{3})*", text)}


def test_limits_are_those_of_the_code():
    assert set(kinds.BUCKETS) | {
        records.CONTENT_BYTES_MAX, envelope.SEALED_OVERHEAD,
        records.least_bucket("sheet"),
    } <= numbers(paragraph("5.4"))  # fmt: skip
    assert {
        envelope.BODY_BYTES_MAX, envelope.PARENTS_MAX, sealing.SALT_BYTES,
        sealing.WRAP_BYTES,
    } <= numbers(paragraph("11.6"))  # fmt: skip
    groups = {invitations.ACCOUNT_GROUPS, invitations.INVITE_GROUPS}
    assert groups <= numbers(paragraph("3.4"))


# The worked examples


def test_the_codes_of_section_3_4_are_right():
    told = block("3.4")
    key = invitations.AccountKey.from_code(told["account code"])
    invitation = invitations.Invitation.from_code(told["invite code"])
    assert told == {
        "account key": key.key.hex(),
        "account code": key.code,
        "slot lookup": key.lookup.hex(),
        "invite secret": invitation.secret.hex(),
        "invite code": invitation.code,
        "invite lookup": invitation.lookup.hex(),
        "invite public": invitation.public.hex(),
    }


TEXT = block("5.6")
GIVEN = {k: bytes.fromhex(v) for k, v in TEXT.items() if not v.startswith("{")}
CONTENT = TEXT["content"].encode()


class Example:
    """The example of 5.6, computed from what is given there."""

    def __init__(self) -> None:
        self.identity = invitations.Identity(GIVEN["account secret"])
        self.device_key = signing.public_key(1, GIVEN["device seed"])
        self.device = circles.device_id(self.device_key)
        self.genesis = self.control(ZERO16, 0, bytes(8), "genesis", self.founding())
        self.space = check.Space(self.genesis.id, SpaceKind.FRAME)
        secret = GIVEN["epoch secret"]
        self.key = sealing.EpochKey(1, self.space.id, 1, secret)
        begins = entries.Epoch(
            self.genesis.id, SpaceKind.FRAME, ZERO16, ZERO32, ZERO32,
            self.key.commitment, wrapped=((self.identity.account,),),
        )  # fmt: skip
        self.epoch = self.control(self.space.id, 1, self.key.kid, "epoch", begins)
        self.head = envelope.next_head(ZERO32, self.epoch.id)
        self.version = self.content()

    def founding(self) -> entries.Genesis:
        who = self.identity
        certificate = circles.certify(1, who.sign_seed, who.account, self.device_key)
        return entries.Genesis(
            CircleKind.GROUP, GIVEN["person"], Role.LEADER, who.sign_key,
            who.wrap_key, self.device_key, certificate,
        )  # fmt: skip

    def control(
        self, space: bytes, epoch: int, kid: bytes, name: str, entry: entries.Entry
    ) -> Version:
        header = Header(
            1, space, epoch, kid, Rule.CONTROL, 0, ZERO16, self.device, 1, ZERO32,
            View(), (), GIVEN[f"{name} salt"],
        )  # fmt: skip
        return envelope.build(header, entries.encode(entry), self.sign)

    def content(self) -> Version:
        header = Header(
            1, self.space.id, 1, self.key.kid, Rule.LEAD, 0, GIVEN["record"],
            self.device, 2, self.epoch.id, View(1, 1, self.head), (), GIVEN["salt"],
        )  # fmt: skip
        least = kinds.SPACES[SpaceKind.FRAME].least
        body = sealing.seal_content(header, self.key, CONTENT, least)
        return envelope.build(header, body, self.sign)

    def sign(self, identity: bytes) -> bytes:
        return signing.sign(1, GIVEN["device seed"], labels.SIGN_VERSION, identity)

    def seated(self) -> circles.Membership:
        """The circle's log, judged as a client judges it."""
        membership = circles.Membership()
        check.check(self.genesis, self.state(SpaceKind.CIRCLE, membership))
        return membership

    def state(
        self, kind: SpaceKind, membership: circles.Membership, **known: Any
    ) -> SimpleNamespace:
        """A space in which nothing stands yet but what is ``known``."""
        nothing = {
            "epoch": None, "tip": lambda _: check.NO_TIP, "record_of": lambda _: None,
            "kid_of": lambda _: self.key.kid, "closed_at": lambda _: None,
        }  # fmt: skip
        space = check.Space(self.genesis.id, kind)
        return SimpleNamespace(space=space, membership=membership, **nothing | known)


EXAMPLE = Example()


def test_the_worked_example_is_what_the_code_computes():
    who, version = EXAMPLE.identity, EXAMPLE.version
    rule, rec = version.header.rule, version.header.rec
    computed = {
        "sign key": who.sign_key,
        "wrap key": who.wrap_key,
        "account": who.account,
        "device key": EXAMPLE.device_key,
        "device": EXAMPLE.device,
        "genesis header": EXAMPLE.genesis.raw,
        "genesis body": EXAMPLE.genesis.body,
        "circle": EXAMPLE.genesis.id,
        "log space": check.Space(EXAMPLE.genesis.id, SpaceKind.CIRCLE).id,
        "space": EXAMPLE.space.id,
        "kid": EXAMPLE.key.kid,
        "commitment": EXAMPLE.key.commitment,
        "epoch header": EXAMPLE.epoch.raw,
        "epoch body": EXAMPLE.epoch.body,
        "epoch id": EXAMPLE.epoch.id,
        "head after 1": EXAMPLE.head,
        "header": version.raw,
        "body": version.body,
        "id": sha256(version.raw, sha256(version.body or b"")),
        "signature": version.signature,
        "record key": envelope.record_key(rule, who.account, rec),
        "head after 2": envelope.next_head(EXAMPLE.head, version.id),
    }
    assert {name: GIVEN[name] for name in computed} == computed


def test_the_example_is_judged_valid_and_opens():
    membership = EXAMPLE.seated()
    state = EXAMPLE.state(SpaceKind.FRAME, membership)
    begun = check.check(EXAMPLE.epoch, state)
    state = EXAMPLE.state(
        SpaceKind.FRAME, membership, tip=lambda _: (1, EXAMPLE.epoch.id),
        epoch=check.EpochMark(1, EXAMPLE.key.kid, EXAMPLE.epoch.id, ZERO32),
    )  # fmt: skip
    judged = check.check(EXAMPLE.version, state)
    assert judged.account == begun.account == EXAMPLE.identity.account
    assert sealing.open_content(EXAMPLE.version, EXAMPLE.key) == CONTENT
    opened = records.load(CONTENT)
    assert isinstance(opened, records.Record)
    assert records.dump(opened.type, opened.fields) == CONTENT


def test_the_wrap_of_the_example_gives_its_key():
    who = EXAMPLE.identity
    key = sealing.unwrap(
        1, who.wrap_seed, who.account, EXAMPLE.space.id, 1, GIVEN["kid"],
        GIVEN["commitment"], GIVEN["wrap"],
    )  # fmt: skip
    assert key == EXAMPLE.key
