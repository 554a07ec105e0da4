"""Registers: two leaders apart, statements, visitors, corrections."""

from __future__ import annotations

import pytest

from sync.errors import EnidError
from sync.kinds import Role, SpaceKind
from sync.verify import verify
from tests.desks import Balint, group
from tests.worlds import flask_world


@pytest.fixture
def us() -> Balint:
    return group()


def mark(us: Balint, leader: str, person: str, value: str) -> None:
    us[leader].registers.mark(us.session(leader), us.people[person], value)


def finish(us: Balint, leader: str) -> None:
    us[leader].registers.finish(us.session(leader))


def test_leaders_offline_marks_are_all_there_when_they_meet(us):
    mark(us, "priya", "Chloe", "here")
    mark(us, "sam", "Li Wei", "late")
    us.meet()
    for name in ("priya", "sam", "alex"):
        assert us.line(name, "Chloe").standing.value == "here"
        assert us.line(name, "Li Wei").standing.value == "late"


def test_leaders_who_differ_are_both_shown_with_names_until_one_marks_again(us):
    mark(us, "priya", "Li Wei", "here")
    mark(us, "sam", "Li Wei", "late")
    us.meet()
    line = us.line("alex", "Li Wei")
    assert line.standing.state == "differ"
    assert dict(line.by_value) == {"here": ("Priya",), "late": ("Sam",)}
    mark(us, "sam", "Li Wei", "here")
    us.meet()
    assert us.line("priya", "Li Wei").standing.value == "here"


def test_a_mark_taken_back_is_no_disagreement(us):
    mark(us, "priya", "Li Wei", "here")
    mark(us, "sam", "Li Wei", "none")
    us.meet()
    assert us.line("alex", "Li Wei").standing.value == "here"


def test_twelve_marks_offline_are_one_version(us):
    for _ in range(6):
        mark(us, "priya", "Li Wei", "here")
        mark(us, "priya", "Chloe", "late")
    assert len(us["priya"].client.outbox.rows()) == 1


def test_the_rest_is_marked_at_once_except_who_sent_apologies_or_is_on_leave(us):
    us["chloe"].apologies.send(us.session("chloe"))
    us.meet()
    away = us.add("Hannah")
    us["alex"].groups.change_person(
        us.circle, away, leave=({"first_on": us.session().on},)
    )
    us.meet()
    assert us["priya"].registers.fill_blanks(us.session("priya")) == 1
    assert us.line("priya", "Li Wei").standing.value == "here"
    assert us.line("priya", "Chloe").standing.state == "not_marked"
    assert not us.line("priya", "Hannah").expected


def test_leaders_and_coordinators_are_not_on_the_register(us):
    labels = {n.label for n in us["priya"].registers.show(us.session("priya")).lines}
    assert labels == {"Chloe", "Li Wei"}


def test_a_late_joiner_is_not_on_earlier_registers(us):
    person = us.add("Newcomer")
    later = us.session().on.replace(day=25)
    us["alex"].groups.change_person(us.circle, person, from_on=later)
    us.meet(1)
    labels = {n.label for n in us["priya"].registers.show(us.session("priya")).lines}
    assert "Newcomer" not in labels


def test_a_visitor_stands_in_the_sheet_by_name(us):
    us["priya"].registers.add_visitor(us.session("priya"), "Wei Li")
    us.meet()
    line = us.line("sam", "Wei Li")
    assert (line.visitor, line.standing.value) == (True, "here")


def test_a_register_works_with_an_empty_roster():
    us = group()
    for name in ("Chloe", "Li Wei"):
        us["alex"].groups.remove_person(us.circle, us.people[name])
    us.world.time += 2 * 86_400
    us["alex"].registers.add_visitor(us.session(), "Wei Li")
    assert us.line("alex", "Wei Li").standing.value == "here"


def test_somebody_marked_who_left_the_list_is_not_dropped(us):
    mark(us, "priya", "Li Wei", "here")
    us["priya"].groups.change_person(
        us.circle, us.people["Li Wei"], until_on=us.session().on.replace(day=1)
    )
    line = us.line("priya", "(no longer on the list)")
    assert line.standing.value == "here"


def test_a_member_never_sees_a_register(us):
    mark(us, "priya", "Chloe", "late")
    us.meet()
    with pytest.raises(EnidError):
        us["chloe"].registers.show(us.session("chloe"))
    assert us["chloe"].shelf.held(us.circle, SpaceKind.REGISTER) is None


# Statements


def test_finishing_tells_a_person_with_an_account_what_was_marked(us):
    mark(us, "priya", "Chloe", "late")
    assert us["chloe"].registers.mine(us.circle) == {}
    finish(us, "priya")
    us.meet()
    standing = us["chloe"].registers.mine(us.circle)[us.session().rec]
    assert standing.value == "late"
    assert us["priya"].registers.show(us.session("priya")).finished_by == ("Priya",)


def test_a_correction_weeks_later_reaches_the_person(us):
    mark(us, "priya", "Chloe", "late")
    finish(us, "priya")
    us.meet()
    us.world.time += 30 * 86_400
    mark(us, "priya", "Chloe", "here")
    us.meet()
    assert us["chloe"].registers.mine(us.circle)[us.session().rec].value == "here"


def test_a_person_sees_that_the_leaders_are_still_agreeing(us):
    mark(us, "priya", "Chloe", "here")
    mark(us, "sam", "Chloe", "late")
    finish(us, "priya")
    finish(us, "sam")
    us.meet()
    mine = us["chloe"].registers.mine(us.circle)[us.session().rec]
    assert mine.state == "differ"
    mark(us, "sam", "Chloe", "here")
    us.meet()
    assert us["chloe"].registers.mine(us.circle)[us.session().rec].value == "here"


def test_somebody_who_joins_after_finishing_gets_the_statements(us):
    mark(us, "priya", "Li Wei", "here")
    finish(us, "priya")
    us.meet()
    wei = us.join("wei", us.people["Li Wei"], Role.MEMBER)
    us.meet()
    assert wei.registers.mine(us.circle)[us.session().rec].value == "here"


def test_a_second_account_for_a_person_gets_the_statements_too(us):
    mark(us, "priya", "Chloe", "late")
    finish(us, "priya")
    us.meet()
    again = us.join("chloe again", us.people["Chloe"], Role.MEMBER, "priya")
    del us.desks["chloe"]  # the old phone is lost
    us.meet(4)
    assert again.registers.mine(us.circle)[us.session().rec].value == "late"
    assert us["priya"].client.outbox.rows() == []
    assert not us["priya"].derive()


def test_only_the_person_and_the_leaders_hold_a_statement(us):
    mark(us, "priya", "Chloe", "late")
    finish(us, "priya")
    us.meet()
    holders = {
        name for name, desk in us.desks.items()
        for held in desk.client.replica.spaces.values()
        if held.space.kind is SpaceKind.THREAD and held.ring.keys
    }  # fmt: skip
    assert holders == {"chloe", "priya", "sam"}


def test_a_cancelled_session_counts_for_nobody(us):
    us["priya"].sessions.change(
        us.circle, us.session().rec, state="cancelled", reason="snow"
    )
    us.world.time += 30 * 86_400
    assert us["priya"].registers.attendance(us.circle) == []


def test_the_second_device_of_a_leader_goes_on_with_the_same_sheet(us):
    from sync.desk import Desk

    mark(us, "priya", "Li Wei", "here")
    us.meet()
    other = Desk(us.world.second_device(us["priya"].client))
    us.desks["priya tablet"] = other
    us.meet()
    mark(us, "priya tablet", "Li Wei", "late")
    us.meet()
    assert us.line("sam", "Li Wei").standing.value == "late"


@pytest.mark.slow
def test_two_leaders_and_a_member_meet_through_the_real_server(tmp_path):
    world = flask_world(tmp_path)
    us = group(world)
    mark(us, "priya", "Chloe", "here")
    mark(us, "sam", "Chloe", "late")
    us["chloe"].apologies.send(us.session("chloe"), "xyzzy-reason")
    finish(us, "priya")
    finish(us, "sam")
    us.meet()
    assert us.line("alex", "Chloe").standing.state == "differ"
    for desk in us.desks.values():
        assert desk.client.outbox.rows() == []
        assert verify(desk.client).faults == []
    world.server.close()
    stored = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"xyzzy-reason" not in stored
    assert b"Li Wei" not in stored
