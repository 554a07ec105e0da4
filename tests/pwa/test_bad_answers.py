"""Bad input: what others answer, and what people mistype, changes nothing here."""

import os

import pytest

from sync.invitations import AccountKey, Invitation
from tests.pwa.liar import LIES, lying
from tests.pwa.table import LEADER, Table

pytestmark = pytest.mark.slow

BEN, CATRIN = "Ben Whitlock", "Catrin Llwyd"


def test_whatever_answers_in_the_servers_place_changes_nothing_on_the_phone(
    table: Table,
):
    """ux.md 1A: a captive portal, half a page and errors are no answer."""
    priya = table.opened(LEADER, table.register)
    priya.mark(BEN, "Here").sees("Sent", within=BEN)
    priya.offline().mark(CATRIN, "Late")
    before = priya.settled()
    table.server.kill()
    priya.offline(False)
    with lying(table.server.port) as liar:
        for name, answer in LIES.items():
            liar.answer, asked = answer, liar.asked
            priya.again()
            for _ in range(100):
                if liar.asked > asked:
                    break
                priya.page.wait_for_timeout(50)
            assert liar.asked > asked, name
            assert priya.settled() == before, name
            priya.sees("Saved on this phone", within=CATRIN)
        priya.open("/today").sees("1 change saved on this phone").again()
    table.server.start()
    priya.open(table.register).sees("Sent", within=CATRIN)
    # The app itself was not replaced by anybody's page either.
    table.server.kill()
    priya.open("/today").sees("Room 4").again()


def test_a_mistyped_code_says_which_group_looks_wrong_and_nothing_is_asked(
    table: Table,
):
    """PROTOCOL 3.4: each group of five has a check of its own."""
    phone = table.phone().open("/open")
    groups = table.made.codes[LEADER].split("-")
    groups[2] = mistyped(groups[2])
    phone.type("Your recovery code", "-".join(groups)).tap("Open")
    phone.sees("Group 3 looks wrong")
    groups[6] = mistyped(groups[6])
    phone.type("Your recovery code", " ".join(groups).lower()).tap("Open")
    phone.sees("Groups 3, 7 look wrong")
    phone.type("Your recovery code", table.made.codes[LEADER][:-2]).tap("Open")
    phone.sees("2 characters are missing")
    phone.open("/join")
    groups = table.made.joining.split("-")
    phone.type("Your code", "-".join([mistyped(groups[0]), *groups[1:]])).tap("Join")
    phone.sees("Group 1 looks wrong")
    assert not [line for line in phone.said if "/v1/" in line]


def test_a_code_that_nobody_knows_and_one_that_was_used_are_told_apart(table: Table):
    phone = table.phone().open("/join")
    phone.type("Your code", Invitation.new(os.urandom).code).tap("Join")
    phone.sees("We do not know this code")
    phone.type("Your code", table.made.joining).tap("Join").sees("Up to date")
    other = table.phone().open("/join")
    other.type("Your code", table.made.joining).tap("Join").sees(
        "was used or withdrawn"
    )
    other.open("/open").type("Your recovery code", AccountKey(os.urandom(20)).code)
    other.tap("Open").sees("We do not know this recovery code")
    other.open("/").sees("I have a code")


def test_a_phone_that_is_opened_in_a_hotel_keeps_what_was_typed_and_tries_again(
    table: Table,
):
    """A sign-in page in the server's place is no answer, and leaves nothing behind."""
    phone = table.phone().open("/open").installed()
    code = table.made.codes[LEADER]
    phone.type("Your recovery code", code)
    table.server.kill()
    with lying(table.server.port):
        phone.tap("Open").sees("No answer from the server")
        assert phone.field("Your recovery code").input_value() == code
    phone.offline().tap("Open").sees("No answer from the server")
    table.server.start()
    phone.offline(False).tap("Open").sees("Room 4", "Up to date").again()


def mistyped(group: str) -> str:
    """The same with its first character read wrong."""
    return ("7" if group[0] != "7" else "4") + group[1:]
