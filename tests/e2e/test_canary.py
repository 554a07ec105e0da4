"""Nothing that anybody types is on the server, in clear or merely encoded (SEC-46).

A word that exists nowhere else is typed into every field there is, through the real
client and the real server; then every file, log line, header and error is searched
for each of them. The search itself is tried on words that were planted.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

import pytest

from sync import records
from sync.check import Space
from sync.client import Client
from sync.desk import Desk
from sync.encoding import b64
from sync.errors import EnidError
from sync.invitations import Invitation
from sync.kinds import SPACES, CircleKind, Role, Rule, SpaceKind
from sync.outbox import Intent
from sync.records import Record
from tests.e2e.live import LiveServer, Phone, Wire, close, first
from tests.e2e.needles import Haystack, cells, forms, forms_of_word

DAY = timedelta(days=1)


class Words:
    """Words that nobody else uses, each remembered with where it was typed."""

    def __init__(self) -> None:
        self.typed: dict[str, str] = {}

    def new(self, place: str) -> str:
        word = f"Kanarie{secrets.token_hex(6)}"
        self.typed[word] = place
        return word

    def letters(self, place: str) -> str:
        """Seven letters, for a field that takes no more."""
        word = "".join(
            secrets.choice("BCDFGHJKLMNPQRSTVWXYbcdfghjklm") for _ in "1234567"
        )
        self.typed[word] = place
        return word


# -- every field of every record type ------------------------------------------------

ALIKE = [
    ("2987-06-04", "a day, and a Monday"), ("13:00", "a time"),
    ("2987-06-04T12:41:05Z", "a moment"), ("B", "a letter"),
]  # fmt: skip


def example(schema: dict[str, Any], words: Words, place: str, person: bytes) -> Any:
    """A value that a schema allows, with a new word wherever a word may stand."""
    if "const" in schema:
        return schema["const"]
    match schema["type"]:
        case "string":
            return example_text(schema["pattern"], words, place, person)
        case "integer":
            return schema["minimum"]
        case "boolean":
            return False
        case "array" if "prefixItems" in schema:
            rows = enumerate(schema["prefixItems"])
            return [example(each, words, f"{place}.{i}", person) for i, each in rows]
        case "array":
            return [example(schema["items"], words, f"{place}[]", person)]
    if "propertyNames" in schema:
        name = example(schema["propertyNames"], words, f"{place} (name)", person)
        of = schema["additionalProperties"]
        return {name: example(of, words, f"{place}.*", person)}
    return {
        name: example(inner, words, f"{place}.{name}", person)
        for name, inner in schema["properties"].items()
    }


def example_text(pattern: str, words: Words, place: str, person: bytes) -> str:
    fits = re.compile(pattern).search
    if fits(b64(person)):
        # A field for an id takes a random one, unless it takes any text at all.
        return words.new(place) if fits("any text") else b64(person)
    if fits("any text"):
        return words.new(place)
    if fits("ABCDEFG"):
        return words.letters(place)
    for size in (8, 32):
        if fits(b64(bytes(size))):
            return b64(secrets.token_bytes(size))
    for value, _ in ALIKE:
        if fits(value):
            return value
    return pattern.removeprefix("^(?:").removesuffix(")$").split("|")[0]


def typed_into_every_field(words: Words, person: bytes) -> dict[str, bytes]:
    """The content of one record of each type."""
    contents = {}
    for name, schema in records.json_schema()["$defs"].items():
        value = example(schema, words, name, person)
        contents[name] = records.canonical(value)
        assert isinstance(records.load(contents[name]), Record), name
    return contents


# -- a programme of three people -------------------------------------------------------


@dataclass
class Table:
    """The people, what each typed, and what went over their wires."""

    server: LiveServer
    folder: Path
    words: Words = field(default_factory=Words)
    clients: dict[str, Client] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)

    def phone(self, name: str) -> Phone:
        origin = self.server.origin
        self.phones[name] = Phone(self.folder / name, origin, Wire(origin))
        return self.phones[name]

    def desk(self, name: str) -> Desk:
        return Desk(self.clients[name])

    def meet(self) -> None:
        for _ in range(3):
            for name in self.clients:
                self.desk(name).sync()

    def join(self, name: str, circle: bytes, person: bytes, role: Role) -> None:
        """By a code, whose pack is full of words."""
        invitation = self.desk("lead").places.invite(circle, person, role)
        self.codes.append(invitation.code)
        self.desk("lead").sync()
        client = self.clients[name] = self.phone(name).create()
        pack = client.join(Invitation.from_code(invitation.code))
        assert "Kanarie" in json.dumps(pack)
        client.person_circle()
        client.keep_slot()
        self.meet()

    def wires(self) -> list[Wire]:
        found = [phone.transport for phone in self.phones.values()]
        return [wire for wire in found if isinstance(wire, Wire)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    """All that people typed, sent; the same for every test below."""
    folder = tmp_path_factory.mktemp("canary")
    with LiveServer(folder / "server").running() as server:
        table = Table(server, folder / "phones")
        table.folder.mkdir()
        circle = live(table)
        assert type_into_every_field(table, circle) == set(records.SCHEMAS)
        yield table
        for client in table.clients.values():
            close(client)


def live(table: Table) -> bytes:
    """What people do, with a word in every line; gives the group's circle."""
    new = table.words.new
    lead = table.clients["lead"] = first(table.server, table.phone("lead"))
    desk = table.desk("lead")
    programme = desk.programmes.begin(
        new("programme name"), purpose=new("purpose"),
        help=({"name": new("helper"), "reach": new("helper's number")},),
    )  # fmt: skip
    roles = Role.LEADER | Role.COORDINATOR
    circle = desk.groups.begin(
        new("group name"), new("leader's name"), roles, programme, new("group code")
    )
    person = desk.groups.add_person(circle, new("member's name"), new("told apart"))
    desk.groups.add_person(circle, new("name without an account"))
    desk.board.write_rules(circle, [new("first rule"), new("second rule")])
    desk.board.write_notice(circle, new("notice"), new("title of a notice"))
    today = datetime.now(UTC).date()
    gone = desk.sessions.add(
        circle, today - DAY, clock(9), place=new("place"), link=new("link"),
        passcode=new("passcode"), series=new("series"),
    )  # fmt: skip
    coming = desk.sessions.add(circle, today + DAY, clock(9), place=new("next place"))
    desk.sync()
    table.join("member", circle, person, Role.MEMBER)
    desk.sessions.change(circle, coming, place=new("moved to"), reason=new("why moved"))
    table.meet()

    member = table.desk("member")
    member.apologies.send(member.sessions.get(circle, coming), new("reason"))
    member.board.agree(circle)
    member.notes.save(member.notes.new(new("title of a note")), new("note"))
    member.personal.set_setting(new("setting"), new("its value"))
    table.meet()
    meeting = desk.sessions.get(circle, gone)
    desk.registers.mark(meeting, person, "late")
    desk.registers.add_visitor(meeting, new("visitor"))
    desk.registers.fill_blanks(meeting)
    desk.registers.finish(meeting)
    table.meet()
    lead.confirm(circle, table.clients["member"].account)
    return circle


def type_into_every_field(table: Table, circle: bytes) -> set[str]:
    """One record of each type in each place where it counts; the types."""
    lead, member = table.clients["lead"], table.clients["member"]
    person = member.replica.circles[circle].accounts[member.account].person
    (programme,) = table.desk("lead").programmes.coordinated()
    written = set()
    for name, content in typed_into_every_field(table.words, person).items():
        for place in records.PLACES[name]:
            author = lead if place.roles & {"leader", "coordinator"} else member
            kind = SpaceKind[place.kind.upper()]
            home = {CircleKind.GROUP: circle, CircleKind.PROGRAMME: programme}.get(
                circle_kind(kind), author.person_circle().space.circle
            )
            subject = person if kind is SpaceKind.THREAD else bytes(16)
            intent = Intent(
                Rule[place.rule.upper()], secrets.token_bytes(16), content, (),
                records.least_bucket(name),
            )  # fmt: skip
            what = Space(home, kind, subject)
            author.outbox.write(what, intent, secrets.token_bytes(16))
            written.add(name)
    table.meet()
    return written


def circle_kind(kind: SpaceKind) -> CircleKind:

    return SPACES[kind].circle


def read_by(client: Client) -> str:
    """Everything that an account can open, as one text."""
    found = []
    for held in client.replica.spaces.values():
        for heads in client.outbox.overlay(held).values():
            found += [str(head.content) for head in heads]
    return "\n".join(found)


# -- errors with words in them -----------------------------------------------------


def provoke(table: Table) -> dict[int, int]:
    """Ask wrongly in every way, with words everywhere; how often each status came."""
    wire, token = Wire(table.server.origin), table.phones["lead"].keys.load()["token"]
    table.phones["provoking"] = Phone(table.folder / "x", wire.origin, wire)
    new = table.words.new
    statuses: dict[int, int] = {}
    signed_in = {"Authorization": f"Bearer {token.decode()}"}
    as_json = {"Content-Type": "application/json"}

    def ask(method: str, path: str, body: Any = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        said = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _ = wire.raw(method, path, said, as_json | named)
        statuses[status] = statuses.get(status, 0) + 1

    def word(place: str = "a wrong request") -> str:
        return new(place)

    real = b64(next(iter(table.clients["lead"].replica.spaces)))
    ask("POST", "/v1/sync", {}, Authorization=f"Bearer {token.decode()}",
        Enid_Account=word())  # fmt: skip
    for scheme in ("Bearer ", "Basic ", ""):
        ask("POST", "/v1/sync", {word(): word()}, Authorization=scheme + word())
    ask("POST", "/v1/sync", {}, Enid_Account=word(), Cookie=f"enid={word()}")
    ask("GET", f"/v1/{word()}/{word()}?{word()}={word()}", User_Agent=word())
    ask("GET", f"/v1/circles/{word()}/last-seen", **signed_in)
    ask("GET", f"/{word()}", Referer=f"https://example.org/{word()}")
    ask("PATCH", f"/v1/sync?{word()}", word(), **signed_in)
    ask("POST", "/v1/slot", {"lookup": word()})
    ask("POST", "/v1/slot", {"lookup": b64(secrets.token_bytes(16)), word(): word()})
    ask("POST", "/v1/invitation", {"lookup": b64(secrets.token_bytes(16))}, X=word())
    ask("POST", "/v1/sync", word().encode() * 90_000, **signed_in)
    ask("POST", "/v1/sync", f"{word()}".encode(), **signed_in)
    ask("POST", "/v1/sync", word().encode(), **signed_in, Content_Type="text/plain")
    ask("POST", "/v1/sync", word().encode(), Content_Type=word(), **signed_in)
    wrong: list[Any] = [
        {word(): word()}, [word()], word(), {"push": word()}, {"push": {word(): []}},
        {"push": {f"{word()}.{word()}": [word()]}}, {"want": [word()]},
        {"have": {real: [word(), 1, word()]}}, {"have": {word(): [1, 1, word()]}},
        {"wraps": {real: [[word(), word(), word()]]}}, {"settled": word()},
        {"packs": [[word(), word(), word(), word(), word()]]}, {"packs": {word(): 1}},
    ]  # fmt: skip
    for body in wrong:
        ask("POST", "/v1/sync", body, **signed_in)
    versions = [[word(), word(), word()], [word()], word(), {word(): word()}]
    for version in versions:  # refused one by one, inside an answer that is fine
        ask("POST", "/v1/sync", {"push": {real: [version]}}, **signed_in)
    ask("POST", "/v1/session", {**claim(word), "deliver": word()})
    ask("POST", "/v1/session", {**claim(word), "lookup": word()})
    ask("POST", "/v1/session/challenge", {word(): word()})
    ask("PUT", "/v1/slot", {"lookup": word(), "slot": word()}, **signed_in)
    stranger = Phone(table.folder / "stranger", wire.origin, wire).create()
    with pytest.raises(EnidError, match="invitation_needed"):
        stranger.sign_in()
    statuses[403] = 1
    close(stranger)
    slot = {"lookup": b64(secrets.token_bytes(16)), "slot": slot_of(table)}
    with locked(table.server.database):
        ask("PUT", "/v1/slot", slot, X=word(), **signed_in)
    with without_table(table.server.database, "slot"):
        ask("POST", "/v1/slot", {"lookup": b64(secrets.token_bytes(16))}, X=word())
        ask("PUT", "/v1/slot", slot, X=word(), **signed_in)
    for line in (
        "GET / HTTP/1.1\r\nBad Header {}: {}",
        "{} / HTTP/1.1\r\nHost: x",
        "GET /{} HTTP/9.{}\r\nHost: x",
        "GET /{} {}",
        "{}",
        "POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: {}",
        "POST /v1/sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {}",
        "GET / HTTP/1.1\r\nHost: x\r\nX: {}\0",
    ):
        filled = re.sub(r"\{\}", lambda _: word("a broken request"), line)
        wire.heard.append(speak(table.server, filled + "\r\n\r\n"))
    return statuses


def claim(word: Any) -> dict[str, Any]:
    fields = ("challenge", "sign_key", "wrap_key", "device_key", "certificate",
              "signature")  # fmt: skip
    return {name: word() for name in fields} | {"suite": 1, "deliver": "bearer"}


def speak(server: LiveServer, text: str) -> bytes:
    """Say anything at all to the server's socket."""
    with closing(socket.create_connection(("localhost", server.port), 10)) as line:
        line.sendall(text.encode("latin-1"))
        line.shutdown(socket.SHUT_WR)
        heard = b""
        while more := line.recv(65536):
            heard += more
    return heard


@contextmanager
def locked(database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def without_table(database: Path, name: str) -> Iterator[None]:
    """A fault that no code foresees."""
    rename = "ALTER TABLE {} RENAME TO {}"
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute(rename.format(name, "mislaid"))
        yield
        other.execute(rename.format("mislaid", name))


def slot_of(table: Table) -> str:
    return b64(table.clients["lead"].account + secrets.token_bytes(104))


# -- the search --------------------------------------------------------------------


def everything(server: LiveServer) -> Haystack:
    """All that the server has written anywhere, and a backup of it."""
    found = Haystack()
    server.flask("backup", str(server.log.parent / "backup.sqlite"))
    found.add_folder(server.log.parent)
    assert "enid.sqlite" in " ".join(found.pieces)
    assert "server.log" in found.pieces
    return found


def of_words(words: Words) -> dict[str, set[bytes]]:
    return {
        f"{place}: {word}": forms_of_word(word) for word, place in words.typed.items()
    }


@pytest.mark.slow
def test_every_word_reaches_the_people_it_is_for(table: Table):
    """Otherwise it would be no wonder that the server has none of them."""
    opened = ""
    for name, client in list(table.clients.items()):
        code = client.recovery_code()
        assert code
        phone = table.phone(f"second {name}")
        fresh = table.clients[f"second {name}"] = phone.reopen(code)
        table.meet()
        opened += read_by(fresh)
    assert len(table.words.typed) > 70
    missing = {p: w for w, p in table.words.typed.items() if w not in opened}
    assert missing == {}


@pytest.mark.slow
def test_no_word_is_in_anything_that_the_server_keeps_says_or_logs(table: Table):
    """SEC-46, REL-11: not in clear, UTF-16, base64 or hex; not in an error either."""
    typed = table.wires()
    statuses = provoke(table)
    assert set(statuses) >= {400, 401, 403, 404, 405, 413, 415, 422, 500, 503}
    found = everything(table.server)
    for number, wire in enumerate(table.wires()):
        found.add(f"answers {number}", b"\n".join(wire.heard))
    for number, wire in enumerate(typed):
        found.add(f"requests {number}", b"\n".join(wire.said))
    assert len(table.words.typed) > 150
    assert found.find(of_words(table.words)) == []


@pytest.mark.slow
def test_no_secret_of_a_phone_or_a_code_is_on_the_server(table: Table):
    """REL-11: account secrets, device seeds, local keys, tokens, codes."""
    needles: dict[str, set[bytes]] = {}
    for name, phone in table.phones.items():
        for what, secret in phone.keys.load().items():
            if what not in ("suite", "slot"):  # the slot is sealed, to be kept there
                needles[f"{what} of {name}"] = forms(secret)
    for name, client in table.clients.items():
        code = client.recovery_code()
        if code:
            needles[f"recovery code of {name}"] = forms_of_code(code)
    for code in table.codes:
        invitation = Invitation.from_code(code)
        needles[f"code {code}"] = forms_of_code(code)
        for what in ("secret", "seed", "lookup"):
            needles[f"{what} of {code}"] = forms(getattr(invitation, what))
    assert len(needles) > 15
    assert everything(table.server).find(needles) == []


def forms_of_code(code: str) -> set[bytes]:
    return forms_of_word(code) | forms_of_word(re.sub("[^0-9A-Z]", "", code))


@pytest.mark.slow
def test_no_word_and_no_secret_is_in_a_clients_own_database(table: Table):
    """SEC-46: a phone that is lost holds sealed records; its keys are apart."""
    found, needles = Haystack(), of_words(table.words)
    for name, phone in table.phones.items():
        if phone.file.exists():
            found.add(f"store of {name}", phone.file.read_bytes())
            journal = phone.file.with_name(phone.file.name + "-wal")
            found.add(f"journal of {name}", journal.read_bytes())
            found.add(f"cells of {name}", b"\n".join(cells(phone.file)))
            for what, secret in phone.keys.load().items():
                if what != "suite":
                    needles[f"{what} of {name}"] = forms(secret)
            assert phone.file.stat().st_mode & 0o777 == 0o600
            assert phone.keys.path.stat().st_mode & 0o777 == 0o600
    assert len(found.pieces) >= 6
    assert found.find(needles) == []


def test_search_finds_a_word_that_was_planted_in_clear(
    live_server: LiveServer, tmp_path: Path
):
    """The check of the check: a phone that forgets to seal is found out."""
    word = f"Kanarie{secrets.token_hex(6)}"
    wire = Wire(live_server.origin)
    careless = first(live_server, Phone(tmp_path / "phone", wire.origin, wire))
    token = careless.secrets["token"].decode()
    slot = careless.account + f"{word:.<104}".encode()
    body = {"lookup": b64(bytes(16)), "slot": b64(slot)}
    assert wire.request("PUT", "/v1/slot", body, token)[0] == 204
    close(careless)
    hits = everything(live_server).find({"the word": forms_of_word(word)})
    assert any("enid.sqlite (cells)" in hit for hit in hits)
    assert any("enid.sqlite-wal" in hit for hit in hits)
    assert any("backup.sqlite" in hit for hit in hits)


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("code", ["utf-8", "utf-16-le", "utf-16-be"])
def test_search_knows_every_form_of_a_word(code: str, shift: int):
    word = "Kanarie?ÿ>one"
    data = word.encode(code)
    around = secrets.token_bytes(shift) + data + b"and more"
    wanted = {"the word": forms_of_word(word)}
    for form in (
        around, around.hex().encode(), around.hex().upper().encode(),
        base64.b64encode(around), base64.urlsafe_b64encode(around),
    ):  # fmt: skip
        found = Haystack()
        found.add("a piece", b"x" + form)
        assert found.find(wanted), form
        found.add("a piece", b"x" + form[: len(form) // 2])
        assert not found.find(wanted)
