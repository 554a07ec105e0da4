"""The app in real browsers against the real server, as its people would tell it."""

import pytest

from tests.pwa.table import CO_LEADER, LEADER, Table

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
