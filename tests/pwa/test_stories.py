"""The app in real browsers against the real server, as its people would tell it."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from sync.check import Space
from sync.entries import REMOVE_DEVICE
from sync.kinds import Rule, SpaceKind
from sync.outbox import Intent
from tests.people import write_text
from tests.pwa.table import (
    CO_LEADER,
    COORDINATOR,
    LEADER,
    MEMBER,
    NAMES,
    RULES,
    Table,
    word,
)

pytestmark = pytest.mark.slow

BEN, CATRIN, CHLOE, DEV = (
    "Ben Whitlock", "Catrin Llwyd", "Chloe Adeyemi", "Dev Patel",
)  # fmt: skip


def test_a_register_taken_with_no_network_at_all_is_seen_on_the_other_phone(
    table: Table,
):
    """E-18: no network, no server, the browser closed, and back again."""
    priya = table.opened(LEADER)
    table.server.kill()
    priya.offline().tap("Take register")
    priya.mark(BEN, "Here").again()
    priya.mark(CATRIN, "Late").again()
    priya.mark(CHLOE, "Absent").again()
    priya.sees("No signal")
    with priya.pocketed():
        pass
    priya.stands(CHLOE, "Absent").again()
    priya.tap("Mark the other 9 as here").stands(DEV, "Here").again()
    priya.tap("Finish register").sees("Register finished").tap("Done")
    priya.sees("Today", "changes saved on this phone").again()

    table.server.start()
    priya.offline(False).sees("Up to date").again()
    sam = table.opened(CO_LEADER, table.register)
    sam.stands(BEN, "Here").stands(CATRIN, "Late")
    sam.stands(CHLOE, "Absent").stands(DEV, "Here")
    sam.sees("Priya has finished").again()


def test_both_leaders_mark_one_person_differently_and_one_of_them_settles_it(
    table: Table,
):
    """E-21: both marks are kept and shown on both phones; no clock decides."""
    priya, sam = (
        table.opened(name, table.register).offline() for name in (LEADER, CO_LEADER)
    )
    priya.mark(BEN, "Here").mark(CATRIN, "Here").again()
    sam.mark(BEN, "Absent").mark(CATRIN, "Here").again()
    priya.offline(False).sees("Sent", within=BEN)
    sam.offline(False).sees("You: absent · Priya: here", within=BEN).again()
    sam.sees("Sent", within=CATRIN)
    priya.open("/today").sees("You and Sam Osei marked 1 person differently").again()
    priya.open(table.register).sees("You: here · Sam: absent", within=BEN).again()

    priya.tap(f"Settle {BEN}").sees("You differ about Ben Whitlock")
    priya.tap("It is: here").stands(BEN, "Here").sees("Sent", within=BEN).again()
    sam.open(table.register).stands(BEN, "Here").again()
    sam.open("/today").misses("marked 1 person differently")


def test_a_made_up_group_opens_in_an_aeroplane_and_nothing_leaves_it(table: Table):
    """E-100: no account, no network; what is written goes with the page."""
    phone = table.phone().open("/").sees("Try it with a made-up group").installed()
    table.server.kill()
    phone.offline().open("/").tap("a leader").sees("Demo", "Made-up group")
    phone.tap("Take register")
    person = phone.page.get_by_role("group").first
    name = person.locator("legend").inner_text().splitlines()[0]
    phone.mark(name, "Late")
    phone.page.get_by_role("button", name="Back").click()
    phone.sees("Today").open("/").tap("a member").sees("Can you come?")
    assert not [line for line in phone.said if "/v1/" in line]


def test_apologies_written_offline_before_the_start_and_sent_after_it_are_in_time(
    table: Table,
):
    """E-08: what counts is when they were written, and the leader reads that."""
    chloe = table.opened(MEMBER).offline()
    chloe.tap("I can’t come").sees("Priya Shah", "Sam Osei").tap("Send apologies")
    chloe.sees("You sent apologies", "Saved on this phone", "when you have signal")
    chloe.again().tap("Rota").again().close()
    table.wait(timedelta(minutes=28))
    chloe.open("/today").again().offline(False).open("/phone").sees(
        "Nothing is waiting"
    )

    priya = table.opened(LEADER, table.register, ahead=timedelta(minutes=28))
    priya.sees("Sent apologies", within=CHLOE).again().tap(CHLOE)
    priya.sees(re.compile(r"Sent apologies in Enid: .*, before the start"))
    priya.sees("Reason, for leaders only: Rota")


def test_a_note_edited_in_two_tabs_and_on_two_phones_loses_no_text(table: Table):
    """E-34: every text is kept, and its owner decides."""
    first, mine, other, here = word(), word(), word(), word()
    phone = table.opened(MEMBER, "/notes")
    phone.tap("New note").tap(re.compile("^I understand"))
    phone.type("Title (optional)", f"A night {word()}").type("Your note", first)
    phone.sees("Saved on this phone").again().sees("Sent")
    place = phone.page.url.removeprefix(phone.origin)
    old = table.opened(MEMBER, place).offline()
    phone.offline()
    old.type("Your note", f"{first} {other}").sees("Saved on this phone").again()
    tab = phone.tab().open(place)
    tab.field("Your note").focus()  # somebody is about to write there
    phone.type("Your note", f"{first} {mine}").sees("Saved on this phone")
    tab.type("Your note", f"{first} {here}").sees("Saved on this phone", "also changed")
    tab.tap("Look at both").sees("Two versions of this note", mine, here).again()
    phone.tap("Look at both").again().sees("Two versions of this note", mine, here)

    phone.offline(False)
    old.offline(False).open(place)
    for one in (phone, tab, old):
        one.open(place).sees("3 versions of this note", mine, here, other).again()
    phone.tap("Keep both, as two notes").misses("versions of this note").again()
    phone.tap("Notes").sees(mine, here, other).misses("Two versions").again()
    old.open("/notes").sees(mine, here, other).misses("Two versions")


def test_two_roles_of_the_demo_in_two_tabs_of_one_browser(table: Table):
    """app.md 1: each tab is a phone of its own, and a reload does not mix them up."""
    people = [
        {"role": role, "name": NAMES[role], "code": table.made.codes[role]}
        for role in (LEADER, CO_LEADER)
    ]
    (table.server.data / "people.json").write_text(json.dumps(people))
    table.server.factory = "server.demo.pages:create_app()"
    table.server.update(table.server.app)
    priya = table.phone().open("/").sees("This server has a demo")
    sam = priya.tab().open("/").sees("This server has a demo")
    priya.tap(re.compile(NAMES[LEADER])).sees("Room 4").again()
    sam.tap(re.compile(NAMES[CO_LEADER])).sees("Room 4").again()
    priya.open(table.register).mark(BEN, "Here").again()
    sam.open(table.register).stands(BEN, "Here").sees("Priya has marked 1").again()
    priya.sees("Sent", within=BEN).misses("has marked")


def test_a_clock_that_is_a_day_wrong_is_noticed_and_nothing_breaks(table: Table):
    """E-04: times come from the group, so they stay right."""
    priya = table.opened(LEADER, "/phone", ahead=timedelta(days=1))
    priya.sees("This phone’s clock looks wrong by 24 hours").again()
    priya.sees("This phone’s clock is 24 hours off. Your times are right all the same")
    priya.open(table.register).mark(BEN, "Late").sees("Sent", within=BEN).again()
    sam = table.opened(CO_LEADER, table.register)
    sam.stands(BEN, "Late").misses("clock")


def test_a_record_of_a_newer_app_is_kept_and_asks_for_an_update(table: Table):
    """PROTOCOL 9: unknown records are neither shown wrongly nor lost."""
    priya = table.opened(LEADER)
    with table.desk(CO_LEADER) as desk:
        poll = json.dumps({"t": "poll", "v": 1, "asked": word()}, separators=(",", ":"))
        what = Space(table.made.circle, SpaceKind.LEADERS)
        intent = Intent(Rule.OWN, desk.shelf.new_id(), poll.encode(), ())
        desk.client.outbox.write(what, intent, desk.shelf.new_id())
    priya.open("/phone").sees("1 thing needs a newer Enid. It is kept. Update the app")
    priya.again()


def test_a_locked_phone_opens_with_the_recovery_code_that_was_saved_first(table: Table):
    """SEC-44, E-41: joining by code, the kit, the lock; what waited is sent."""
    ben = table.phone("Ben").open("/join")
    ben.type("Your code", table.made.joining).tap("Join")
    ben.sees("From your invitation", RULES[0], "Up to date").again()
    with table.desk(COORDINATOR):
        pass  # whoever has the keys is online for a moment
    ben.open("/today").sees("Room 4").misses("From your invitation").again()
    ben.installed().offline().open("/more").tap(re.compile("^Lock now"))
    ben.sees("Your recovery code").again()
    groups = ben.page.locator("ol.kit-groups .kit-group").all_inner_texts()[:8]
    ben.tap("I have written it down").sees("Type two groups back")
    for label in ben.page.get_by_label(re.compile("^Type group")).all():
        asked = int(label.evaluate("(field) => field.id.split('-')[1]"))
        label.fill(groups[asked])
    ben.tap("Save and finish").sees("Your recovery code is saved").open("/more").again()
    ben.open("/today").tap("I can’t come").tap("Send apologies")
    ben.sees("Saved on this phone").again()

    ben.open("/more").tap(re.compile("^Lock now")).sees("Enid is locked").again()
    ben.open(f"{table.made.session}").sees("Enid is locked").misses("Room 4")
    ben.type("Your recovery code", "-".join(["AAAAA", *groups[1:]])).tap("Open")
    ben.sees("Group 1 looks wrong")
    ben.type("Your recovery code", table.made.codes[LEADER]).tap("Open")
    ben.sees("belongs to somebody else")
    ben.type("Your recovery code", "-".join(groups)).tap("Open").misses("locked")
    ben.open("/today").sees("You sent apologies", "No signal").again()
    ben.offline(False).sees("Up to date")
    table.opened(LEADER, table.register).sees("Sent apologies", within=BEN)


def test_a_phone_that_was_removed_says_so_and_still_gives_back_what_is_its_owners(
    table: Table, tmp_path: Path
):
    """E-30: the phone is lost to the group, its contents are not lost to its owner."""
    priya = table.opened(LEADER, table.register).offline().mark(BEN, "Here")
    with table.desk(LEADER) as desk:
        membership = desk.shelf.membership(table.made.circle)
        (other,) = {
            device for device, held in membership.devices.items()
            if held.account == desk.client.account
        } - {desk.client.outbox.device}  # fmt: skip
        desk.client.remove(table.made.circle, other, REMOVE_DEVICE)
    priya.offline(False).sees("Your access on this phone has ended").again()
    priya.sees("1 change of yours was not sent").open("/notes").sees("has ended")
    assert priya.download("Keep a sealed copy", tmp_path / "copy").stat().st_size > 1000


def test_an_exported_copy_comes_back_to_a_wiped_phone_and_sends(
    table: Table, tmp_path: Path
):
    """A copy that cannot be opened again would be a toy (app.md 2)."""
    priya = table.opened(LEADER, table.register)
    table.server.kill()
    priya.offline().mark(BEN, "Here").mark(CATRIN, "Late").open("/phone").again()
    copy = priya.download("Keep a copy", tmp_path / "copy")
    for each in (NAMES[LEADER], BEN, "Room 4", table.made.codes[LEADER]):
        assert each.encode() not in copy.read_bytes()
    wipe = {"origin": priya.origin, "storageTypes": "all"}
    priya.page.goto("about:blank")
    priya.cdp().send("Storage.clearDataForOrigin", wipe)

    table.server.start()
    priya.offline(False).open("/open").tap("Bring back a copy")
    priya.field("The file").set_input_files(copy)
    priya.type("The recovery code of this copy", table.made.codes[MEMBER])
    priya.tap("Bring it back").sees("This code does not open this copy")
    priya.type("The recovery code of this copy", table.made.codes[LEADER])
    priya.tap("Bring it back").sees("Room 4", "Up to date").again()
    priya.open(table.register).sees("Sent", within=BEN).stands(CATRIN, "Late").again()
    table.opened(CO_LEADER, table.register).stands(BEN, "Here").stands(CATRIN, "Late")


def test_after_sixty_days_offline_with_an_expired_sign_in_a_phone_reads_marks_and_sends(
    table: Table,
):
    """E-19: nobody is ever sent to a sign-in page."""
    priya = table.opened(LEADER)
    priya.offline().close()
    table.wait(timedelta(days=61))
    table.session_now("Room 9")
    priya.open("/today").sees("Last checked 61 days ago").again()
    priya.open(table.register).mark(BEN, "Here").mark(CATRIN, "Absent").again()
    priya.offline(False).sees("Sent", within=CATRIN).again()
    priya.open("/today").sees("Room 9", "Up to date").again()
    sam = table.opened(CO_LEADER, table.register, ahead=timedelta(days=61))
    sam.stands(BEN, "Here").stands(CATRIN, "Absent")


def test_a_server_restored_from_yesterdays_backup_gets_everything_back(
    table: Table, tmp_path: Path
):
    """REL-07: all that a phone has called sent is there again, for everybody."""
    priya = table.opened(LEADER, table.register)
    priya.mark(BEN, "Here").sees("Sent", within=BEN)
    table.server.flask("backup", str(tmp_path / "backup"))
    priya.mark(CATRIN, "Late").sees("Sent", within=CATRIN)
    priya.tap("Mark the other 10 as here").sees("Sent", within=DEV)
    sam = table.opened(CO_LEADER, table.register)
    sam.stands(CATRIN, "Late").mark(DEV, "Absent").sees("Sent", within=DEV)
    priya.offline().mark(CHLOE, "Absent")

    table.server.kill()
    table.server.flask("restore", str(tmp_path / "backup"))
    table.server.start()
    priya.again()
    with priya.answered():
        priya.offline(False)
    with sam.answered():
        sam.open("/today")
    priya.close()
    sam.close()
    # Each phone waits half a minute at most, lest all of them put back at once.
    table.wait(timedelta(minutes=2))
    priya.open(table.register).sees("Sent", within=CHLOE).again()
    sam.open(table.register).stands(CHLOE, "Absent").sees("Sent", within=DEV).again()
    for phone in (priya, sam, table.opened(LEADER, ahead=table.server.ahead)):
        phone.open(table.register).stands(BEN, "Here").stands(CATRIN, "Late")
        phone.stands(CHLOE, "Absent").stands(DEV, "Absent")


def test_three_thousand_records_are_opened_searched_and_added_to_offline(table: Table):
    """app.md 0: a first sync says how far it is; nothing of it is slow afterwards."""
    rare, mine = word(), word()
    with table.desk(MEMBER) as desk, desk.client.store.write():
        personal = Space(desk.client.person_circle().space.circle, SpaceKind.PERSONAL)
        for number in range(2_999):
            write_text(desk.client, personal, f"Note {number}, of no interest")
        write_text(desk.client, personal, f"One {rare} night")
    chloe = table.phone(MEMBER).open("/open")
    chloe.type("Your recovery code", table.made.codes[MEMBER]).tap("Open")
    chloe.sees(re.compile(r"Getting your group: \d+ of \d{4}")).sees("Up to date")
    chloe.installed().offline().open("/notes").sees("of no interest").again()
    chloe.type("Search your notes", rare).sees("1 note found", f"One {rare} night")
    chloe.type("Search your notes", "").tap("New note")
    chloe.type("Your note", mine).sees("Saved on this phone").again()
    chloe.offline(False).sees("Sent").open("/notes").sees(mine).again()
