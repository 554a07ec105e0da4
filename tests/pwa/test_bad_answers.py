"""Bad input: what others answer, and what people mistype, changes nothing here."""

import pytest

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
