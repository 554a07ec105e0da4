"""What was shown as saved is saved: full phones, and tabs that end between two writes."""

import re

import pytest

from tests.pwa.phone import Phone
from tests.pwa.table import LEADER, MEMBER, Table, word

pytestmark = pytest.mark.slow

BEN, CATRIN = "Ben Whitlock", "Catrin Llwyd"


def room(phone: Phone, free: int | None) -> None:
    """Leave so many bytes on the phone; ``None``: as many as there are.

    Before the browser's first write: later it has room set aside for half a minute.
    """
    quota = {} if free is None else {"quotaSize": free}
    how = {"origin": phone.origin, **quota}
    phone.cdp().send("Storage.overrideQuotaForOrigin", how)


def test_a_full_phone_says_so_on_the_row_keeps_the_value_and_saves_it_on_another_try(
    table: Table,
):
    """REL-01: nothing looks saved that is not, and nothing typed is lost."""
    priya = table.opened(LEADER, table.register)
    priya.mark(CATRIN, "Here").sees("Sent", within=CATRIN)
    with priya.offline().pocketed():
        pass
    room(priya.stands(CATRIN, "Here"), 1)
    priya.tap("Late", BEN).sees("Not saved, tap to try again", within=BEN)
    priya.stands(BEN, "Late").sees("1 not saved").sees("Sent", within=CATRIN)
    priya.row(BEN).get_by_role("button").first.click()
    priya.sees("Not saved, tap to try again", within=BEN).stands(BEN, "Late")
    room(priya, None)
    priya.row(BEN).get_by_role("button").first.click()
    priya.sees(re.compile("Saved on this phone|Sent"), within=BEN).again()
    priya.offline(False).sees("Sent", within=BEN).again()


def test_a_note_on_a_full_phone_stays_on_the_screen_until_it_is_saved(table: Table):
    chloe = table.opened(MEMBER, "/notes").tap("New note")
    chloe.tap(re.compile("^I understand"))
    first, second = word(), word()
    chloe.type("Your note", first).sees("Sent")
    with chloe.offline().pocketed():
        pass
    room(chloe.sees("Delete this note"), 1)
    chloe.type("Your note", f"{first} {second}").sees("Not saved", "This phone is full")
    room(chloe, None)
    chloe.tap("Try again").misses("Not saved").again()
    chloe.open("/notes").sees(f"{first} {second}").again()
