"""The demo: what a visitor finds, on the first day and on any later one."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.demo import words
from server.demo.__main__ import prepare
from sync.cli import main
from sync.desk import Desk, Meeting
from sync.home import Offline, open_home
from sync.verify import verify

pytestmark = pytest.mark.slow
NOON = datetime(2026, 10, 27, 12, 30, tzinfo=UTC)


class Demo:
    """A demo folder, prepared at some moment."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, NOON

    def prepare(self, now: datetime) -> None:
        self.now = now
        self.folder.mkdir(exist_ok=True)
        prepare(self.folder, "http://localhost:8000", self.now.timestamp)

    def look(self, home: str, see):
        """Ask one home something, offline."""
        folder = self.folder / "homes" / home
        with open_home(folder, Offline, self.now.timestamp) as opened:
            return see(Desk(opened.client()))

    def run(self, home: str, *typed: str) -> str:
        out = io.StringIO()
        argv = ["--home", str(self.folder / "homes" / home), "--offline", *typed]
        assert main(argv, Offline, self.now.timestamp, out) == 0
        return out.getvalue()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return Demo(tmp_path_factory.mktemp("demo"))


def group(desk: Desk) -> list[Meeting]:
    circle = next(g.circle for g in desk.groups.all() if g.code == "demo-weekly")
    return desk.sessions.of(circle)


def everything(desk: Desk, now: datetime) -> dict[str, object]:
    """What app.md promises, as the leader sees it."""
    past = [m for m in group(desk) if m.ends_at < now]
    shown = [desk.registers.show(m) for m in past if m.ends_at > now - timedelta(28)]
    week = [r for r in shown if r.meeting.ends_at > now - timedelta(9)]
    coming = [m for m in group(desk) if m.starts_at > now]
    said = [a for m in coming for a in desk.apologies.of(m).values()]
    return {
        "soon": any(900 <= (m.starts_at - now).seconds <= 1200 for m in coming[:1]),
        "last week finished": any(r.finished_by and not r.differ for r in week),
        "missing": sum(not r.cells for r in shown),
        "disagreement": any(r.differ for r in shown),
        "reason": any(a.reason and not a.withdrawn for a in said),
        "withdrawn": any(a.withdrawn for a in said),
    }


# The first day, the same day again, the next morning, five weeks later at Christmas.
@pytest.mark.parametrize("later_h", [0, 0.5, 19, 24 * 37, 24 * 38 + 7])
def test_the_demo_shows_all_that_it_promises_on_whatever_day_it_starts(demo, later_h):
    now = NOON + timedelta(hours=later_h)
    demo.prepare(now)
    found = demo.look("leader", lambda desk: everything(desk, now))
    assert found.pop("missing") == 1
    assert all(found.values()), found
    news = demo.look(
        "member", lambda d: [d.personal.unread_changes(m) for m in group(d)]
    )
    assert any(news)
    assert demo.look("member", lambda desk: len(list(desk.notes.all()))) == 1
    for home in ("member", "leader", "co-leader", "coordinator"):
        assert demo.look(home, lambda d: len(d.client.outbox.rows())) == 0
        assert demo.look(home, lambda d: verify(d.client).faults) == []


def test_a_stale_demo_gets_sessions_and_is_not_built_again(demo):
    before = demo.look("leader", lambda d: {m.rec for m in group(d)})
    account = demo.look("leader", lambda d: d.client.account)
    demo.prepare(demo.now + timedelta(days=3))
    assert before < demo.look("leader", lambda d: {m.rec for m in group(d)})
    assert demo.look("leader", lambda d: d.client.account) == account


def test_the_group_has_twelve_members_and_most_have_no_app(demo):
    people = demo.look(
        "leader",
        lambda d: [
            p for p in d.groups.people(group(d)[0].circle) if "member" in p.roles
        ],
    )
    assert len(people) == len(words.MEMBERS) == 12
    labels = {p.label for p in people}
    assert {"Mohammed Ali Khan (FY1)", "Mohammed Ali Khan (CT2)"} <= labels
    assert {"Thiruvalluvan", "ياسمين الحداد"} <= labels
    assert max(map(len, labels)) == 64
    assert sum(p.account is None for p in people) == 10


def test_every_command_of_the_instructions_works(demo):
    told = (demo.folder / "demo.txt").read_text(encoding="utf-8")
    for home in ("member", "leader", "co-leader", "coordinator"):
        assert f"--home {demo.folder / 'homes' / home}" in told
    assert "13:00-14:00" in demo.run("member", "schedule")
    assert "you differ" in demo.run("co-leader", "register", "show", *_differs(told))


def test_the_app_can_open_each_of_the_four_by_their_recovery_code(demo):
    told = json.loads((demo.folder / "people.json").read_text(encoding="utf-8"))
    assert [p["role"] for p in told] == ["member", "leader", "co-leader", "coordinator"]
    for person in told:
        assert (
            demo.look(person["role"], lambda d: d.client.recovery_code())
            == (person["code"])
        )
        assert person["name"] in (demo.folder / "demo.txt").read_text(encoding="utf-8")


def _differs(told: str) -> list[str]:
    line = next(line for line in told.splitlines() if "# you differ" in line)
    return [line.split("register show ")[1].split()[0]]
