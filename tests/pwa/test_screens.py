"""Every screen once, for whoever sees or taps otherwise than we do (axe-core)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sync.kinds import Role
from tests.pwa.builds import PWA
from tests.pwa.phone import Phone
from tests.pwa.table import CO_LEADER, COORDINATOR, LEADER, MEMBER, NAMES, Table, word

pytestmark = pytest.mark.slow

AXE = (PWA / "node_modules" / "axe-core" / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = f"""axe.run({{ runOnly: {json.dumps(TAGS)}, resultTypes: ['violations'] }})
  .then(({{ violations }}) => violations.map(({{ id, nodes }}) =>
    [id, ...nodes.slice(0, 3).map((node) => node.html.slice(0, 200))].join(' | ')))"""
BEN, CATRIN, DEV = "Ben Whitlock", "Catrin Llwyd", "Dev Patel"


@dataclass
class Looks:
    """What axe has to say, screen by screen."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def at(self, phone: Phone, name: str) -> None:
        """Look at what a phone shows; the inspector is not bound by our policy."""
        phone.settled()
        session = phone.cdp()
        for script in (AXE, RUN):
            told: dict[str, Any] = session.send(
                "Runtime.evaluate",
                {"expression": script, "awaitPromise": True, "returnByValue": True},
            )
            assert "exceptionDetails" not in told, told
        session.detach()
        assert name not in self.found
        self.found[name] = told["result"]["value"]


def test_no_screen_has_a_barrier_that_can_be_found_by_a_program(table: Table):
    """ux.md 5.3: 0 violations of WCAG 2.0 to 2.2, A and AA."""
    looks = Looks()
    door(table, looks)
    leading(table, looks)
    attending(table, looks)
    leaving(table, looks)
    assert {name: found for name, found in looks.found.items() if found} == {}
    assert len(looks.found) > 40


def door(table: Table, looks: Looks) -> None:
    phone = table.phone().open("/").sees("Try it with a made-up group")
    looks.at(phone, "front page")
    phone.open("/join").sees("Join your group")
    looks.at(phone, "join")
    phone.type("Your code", "AAAAA-BBBBB").tap("Join").sees("looks wrong")
    looks.at(phone, "join, a mistyped code")
    phone.open("/open").type("Your recovery code", "AAAAA").tap("Open")
    looks.at(phone.sees("looks wrong"), "open, a mistyped code")
    looks.at(phone.tap("Bring back a copy"), "open, bring back a copy")
    looks.at(phone.open("/help").sees("Help"), "help before joining")
    phone.open("/").tap("a leader").sees("Made-up group")
    looks.at(phone, "made-up group")


def leading(table: Table, looks: Looks) -> None:
    priya = table.opened(LEADER)
    looks.at(priya, "today, a leader")
    looks.at(priya.offline().open(table.register).sees(BEN), "register, fresh")
    priya.mark(BEN, "Here").mark(CATRIN, "Absent")
    looks.at(priya, "register, marked offline")
    looks.at(priya.tap(CATRIN).sees("Did they send apologies?"), "register, a person")
    priya.tap("Close").tap("More").sees("Add a visitor")
    looks.at(priya, "register, more")
    looks.at(
        priya.tap("Add a visitor").sees("Name of the visitor"), "register, visitor"
    )
    priya.type("Name of the visitor", "Zoë").tap("Add").sees("Zoë")
    looks.at(priya, "register, with a visitor")
    sam = table.opened(CO_LEADER, table.register).mark(BEN, "Late")
    sam.sees("Sent", within=BEN)
    priya.offline(False).sees("Settle", within=BEN)
    looks.at(priya, "register, you differ")
    looks.at(priya.tap(f"Settle {BEN}").sees("You differ about"), "register, settle")
    looks.at(priya.open("/today").sees("differently"), "today, you differ")
    priya.open(table.register).tap(re.compile("^Mark the other"))
    looks.at(priya.tap("Finish register").sees("Finish this register?"), "finish?")
    looks.at(priya.tap("Finish").sees("Register finished"), "register, finished")
    looks.at(priya.tap("Done").open("/groups").sees("Dates"), "group, a leader")
    looks.at(priya.open(table.made.session).sees("Room 4"), "session, a leader")
    with table.desk(COORDINATOR) as desk:
        desk.groups.begin("Thursdays", NAMES[COORDINATOR], Role.COORDINATOR)
    alex = table.opened(COORDINATOR)
    looks.at(alex.open("/groups").sees("Thursdays"), "groups")
    alex.open("/today")
    looks.at(alex, "today, a coordinator")
    looks.at(alex.open(table.register), "register, not a leader")


def attending(table: Table, looks: Looks) -> None:
    ben = table.phone("Ben").open("/join").type("Your code", table.made.joining)
    looks.at(ben.tap("Join").sees("From your invitation"), "today, the invitation")
    with table.desk(COORDINATOR):
        pass
    looks.at(ben.open("/today").sees("Room 4"), "today, a member")
    ben.tap("I can’t come").sees("Send apologies")
    looks.at(ben, "apology, to send")
    looks.at(ben.tap("Send apologies").sees("You sent apologies"), "apology, sent")
    looks.at(ben.open("/today").sees("You sent apologies"), "today, apologies")
    looks.at(ben.tap("Read the ground rules").sees("I agree"), "rules")
    ben.tap(re.compile("^I agree")).sees("You agreed to version")
    looks.at(ben, "rules, agreed")
    looks.at(ben.open("/groups").sees("Dates"), "group, a member")
    looks.at(ben.open("/help").sees("Samaritans"), "help")
    looks.at(ben.open("/notes").sees("Only you can read these"), "notes, none")
    looks.at(
        ben.open("/notes/new").sees("Save my recovery code"), "notes, the kit first"
    )
    looks.at(ben.open("/kit").sees("I have written it down"), "kit, the code")
    looks.at(ben.tap("I have written it down").sees("Type two groups"), "kit, check")
    chloe = table.opened(MEMBER, "/notes").tap("New note")
    looks.at(chloe, "notes, before the first")
    chloe.tap(re.compile("^I understand"))
    chloe.type("Your note", f"{word()} Born 12/03/1961, bed 12, NHS 943 476 5919")
    looks.at(chloe.sees("Saved on this phone"), "note, with hints")
    looks.at(chloe.tap("Delete this note").sees("Delete this note?"), "note, delete?")
    looks.at(chloe.tap("Keep it").open("/notes"), "notes")
    chloe.type("Search your notes", "nothing like it").sees("No note says")
    looks.at(chloe, "notes, nothing found")
    for path, name in (
        ("/more", "more"), ("/phone", "this phone"), ("/attendance", "attendance"),
        ("/how", "how this works"), ("/kit", "kit, saved"),
    ):  # fmt: skip
        looks.at(chloe.open(path), name)


def leaving(table: Table, looks: Looks) -> None:
    chloe = table.opened(MEMBER)
    chloe.offline().tap("I can’t come").tap("Send apologies").sees(
        "Saved on this phone"
    )
    looks.at(chloe.open("/phone").sees("No. 1 change"), "this phone, not sent")
    chloe.open("/more").tap(re.compile("^Sign out")).sees("not sent")
    looks.at(chloe, "sign out, blocked")
    chloe.tap("Stay").tap(re.compile("^Lock now")).sees("Enid is locked")
    looks.at(chloe, "locked")
    chloe.type("Your recovery code", table.made.codes[MEMBER]).tap("Open").misses(
        "lock"
    )
    looks.at(chloe.open("/notes/AAAAAAAAAAAAAAAAAAAAAA").sees("not on"), "note, gone")
    looks.at(chloe.open("/s/AAAAAAAAAAAAAAAAAAAAAA"), "session, gone")
    table.sql("INSERT INTO revoked SELECT device_id FROM token")
    table.sql("DELETE FROM token")
    chloe.offline(False).open("/today").sees("Your access on this phone has ended")
    looks.at(chloe, "revoked")


def test_a_broken_policy_and_an_error_of_ours_are_noticed_in_any_story(table: Table):
    """The check of the check: what the table would say at the end of a story."""
    phone = table.phone().open("/").sees("Welcome")
    session = phone.cdp()
    for script in (
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"//x.test/y\">')",
        "document.body.append(Object.assign(new Image(), { src: 'https://x.test/y' }))",
        "setTimeout(() => { throw new Error('a fault of ours') })",
        "console.error('said by the app')",
    ):
        before = len(phone.faults)
        session.send("Runtime.evaluate", {"expression": script})
        phone.page.wait_for_timeout(300)
        assert len(phone.faults) > before, script
    phone.faults.clear()


def test_a_word_that_a_server_got_to_know_is_found(table: Table, tmp_path: Path):
    """The check of the check: a word in its log, and one in what a phone asked for."""
    phone = table.phone().open("/open")
    leaked, asked, other = word(), word(), word()
    for each in (leaked, asked, other):
        phone.type("Your recovery code", each)
    log = table.server.log
    log.write_text(f"{log.read_text()}{leaked}\n")
    phone.open(f"/healthz?{asked}")
    with pytest.raises(AssertionError) as told:
        table.nothing_leaked()
    assert leaked in str(told.value)
    assert asked in str(told.value)
    assert other not in str(told.value)
    phone.typed.clear()
