"""From one version of the app to the next, with a register that is not sent."""

from pathlib import Path

import pytest

from tests.pwa.builds import changed_app
from tests.pwa.table import CO_LEADER, LEADER, Table

pytestmark = pytest.mark.slow

BEN, CATRIN = "Ben Whitlock", "Catrin Llwyd"
NEXT = {"src/words/en/today.ts": ("heading: 'Today'", "heading: 'Today, anew'")}


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next version: it greets otherwise."""
    return changed_app(tmp_path_factory.mktemp("next"), "next", NEXT)


def test_a_new_version_comes_with_an_unsent_register_and_loses_none_of_it(
    table: Table, following: Path
):
    """ux.md, rows 11 and 12: never in the middle of a register, and asked for."""
    priya = table.opened(LEADER, table.register).offline()
    priya.mark(BEN, "Here")
    table.server.update(following)
    priya.offline(False).page.evaluate(UPDATE)
    # It is complete on the phone and waits: a reload in a register does not bring it.
    priya.offline().mark(CATRIN, "Late").again()
    table.server.kill()
    priya.page.get_by_role("button", name="Back").click()
    priya.sees("A new version is ready").tap("Today").misses("Today, anew")
    priya.tap("Update now").sees("Today, anew").again()
    priya.open(table.register).stands(BEN, "Here").stands(CATRIN, "Late").again()

    table.server.start()
    priya.offline(False).sees("Sent", within=CATRIN).again()
    sam = table.opened(CO_LEADER).sees("Today, anew").open(table.register)
    sam.stands(BEN, "Here").stands(CATRIN, "Late").again()


UPDATE = """async () => {
  const registration = await navigator.serviceWorker.ready;
  await registration.update();
  const { installing } = registration;
  if (installing) await new Promise((done) => { installing.onstatechange = done; });
}"""
