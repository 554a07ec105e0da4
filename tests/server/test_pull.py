"""What an account is told, and what it is not."""

import os

import pytest
from sqlalchemy import text

from server import services_of
from server.services import pull as pulling
from sync import entries as e
from sync.encoding import b64
from sync.kinds import SPACES, CircleKind, Role, SpaceKind
from tests.server.builders import Circle, Phone, group_of

ROOM = SpaceKind.ROOM


def test_only_what_moved_is_answered(leader: Phone, member: Phone, circle: Circle):
    leader.pull()
    assert leader.pull() == {}
    version = member.write(circle, ROOM)
    member.accepted(circle.space(ROOM), version)
    page = leader.pull()[b64(circle.space(ROOM))]
    assert (page["after"], page["seq"], page["reset"]) == (1, 2, False)


def test_head_that_differs_starts_again_from_zero(leader: Phone, circle: Circle):
    leader.pull()
    room = circle.space(ROOM)
    inc, seq, _head = leader.views[room]
    for wrong in ((inc, seq, os.urandom(32)), (inc, seq + 5, os.urandom(32)),
                  (inc + 1, seq, leader.views[room][2])):  # fmt: skip
        leader.views[room] = wrong
        page = leader.pull()[b64(room)]
        assert (page["after"], page["reset"], len(page["versions"])) == (0, True, 1)


def test_head_that_differs_behind_the_end_starts_again_too(
    leader: Phone, circle: Circle
):
    room = circle.space(ROOM)
    leader.accepted(room, *(leader.write(circle, ROOM) for _ in range(3)))
    leader.views[room] = (1, 2, os.urandom(32))
    page = leader.pull()[b64(room)]
    assert (page["reset"], len(page["versions"])) == (True, 4)


def test_answer_stops_at_half_a_mebibyte(leader: Phone, circle: Circle):
    room = circle.space(ROOM)
    body = 65536 + 48
    versions = [leader.write(circle, ROOM, body=os.urandom(body)) for _ in range(10)]
    for version in versions:
        leader.accepted(room, version)
    lefts: list[int] = []
    pages, more = 0, True
    while more:
        answer = leader.sync(have=leader.have())
        assert sum(
            len(v[2]) for p in answer["pull"].values() for v in p["versions"]
        ) < (pulling.ANSWER_BYTES_MAX)
        leader.pull()
        pages, more = pages + 1, answer["more"]
        lefts.append(answer["left"])
    assert pages == 2
    assert lefts[0] > 0 == lefts[1]  # for a progress bar
    assert leader.views[room][1] == 11


def test_logs_come_before_their_spaces(leader: Phone, circle: Circle):
    spaces = list(leader.sync()["pull"])
    assert spaces[0] == b64(circle.log)


def test_removed_account_pulls_up_to_its_removal_and_no_further(
    leader: Phone, member: Phone, circle: Circle
):
    room = circle.space(ROOM)
    before, after = leader.write(circle, ROOM), leader.write(circle, ROOM)
    leader.accepted(room, before)
    leader.accepted(circle.log, leader.remove(circle, member))
    leader.accepted(room, after)
    pages = member.pull()
    assert pages[b64(room)]["seq"] == 2
    assert pages[b64(circle.log)]["seq"] == 4
    assert member.pull() == {}
    assert member.sync(have=member.have())["gone"] == []


def test_account_that_loses_a_role_keeps_what_it_could_read(
    leader: Phone, member: Phone, circle: Circle
):
    leaders, kind = circle.space(SpaceKind.LEADERS), SpaceKind.LEADERS
    up = e.SetRoles(bytes(32), member.account, Role.MEMBER | Role.LEADER)
    leader.accepted(circle.log, leader.entry(circle, up))
    leader.accepted(leaders, leader.epoch(circle, kind))
    down = e.SetRoles(circle.last_change, member.account, Role.MEMBER)
    leader.accepted(circle.log, leader.entry(circle, down))
    leader.accepted(leaders, leader.epoch(circle, kind))
    assert member.pull()[b64(leaders)]["seq"] == 1
    assert leader.pull()[b64(leaders)]["seq"] == 2


def test_account_that_is_seated_again_reads_on(
    leader: Phone, member: Phone, circle: Circle
):
    leader.accepted(
        circle.log,
        leader.remove(circle, member),
        leader.grant(circle, member, Role.MEMBER),
    )
    leader.accepted(circle.space(ROOM), leader.write(circle, ROOM))
    assert member.pull()[b64(circle.space(ROOM))]["seq"] == 2


def test_role_decides_what_is_served(leader: Phone, member: Phone, circle: Circle):
    leaders = circle.space(SpaceKind.LEADERS)
    leader.accepted(leaders, leader.epoch(circle, SpaceKind.LEADERS))
    assert b64(leaders) in leader.pull()
    assert b64(leaders) not in member.pull()


def test_thread_is_served_to_its_person_and_the_leaders(app, leader: Phone):
    member, other = Phone(app).enrol(), Phone(app).enrol()
    circle = group_of(leader, member, other)
    kind, thread = SpaceKind.THREAD, circle.space(SpaceKind.THREAD, member.person)
    member.accepted(thread, member.epoch(circle, kind, member.person))
    assert b64(thread) in leader.pull()
    assert b64(thread) in member.pull()
    assert b64(thread) not in other.pull()


def test_only_threads_are_read_by_person():
    """The query of ``services.pull`` says so with a number."""
    assert [k for k, a in SPACES.items() if a.by_person] == [SpaceKind.THREAD]


def test_listed_groups_accounts_read_the_programme(
    app, leader: Phone, member: Phone, circle: Circle
):
    head = Phone(app).enrol()
    programme, genesis = head.genesis(CircleKind.PROGRAMME, Role.COORDINATOR)
    kind = SpaceKind.PROGRAMME
    head.accepted(programme.log, genesis)
    head.accepted(programme.space(kind), head.epoch(programme, kind))
    head.accepted(
        programme.space(SpaceKind.OFFICE), head.epoch(programme, SpaceKind.OFFICE)
    )
    assert b64(programme.log) not in member.pull()
    head.accepted(programme.log, head.entry(programme, e.Listing(circle.id, 1)))
    seen = member.pull()
    assert {b64(programme.log), b64(programme.space(kind))} <= set(seen)
    assert b64(programme.space(SpaceKind.OFFICE)) not in seen
    member.accepted(programme.space(kind), head.write(programme, kind))
    head.accepted(programme.log, head.entry(programme, e.Listing(circle.id, 0)))
    assert member.sync(have=member.have())["gone"] == sorted(
        [b64(programme.log), b64(programme.space(kind))],
        key=[b64(s) for s in member.views].index,
    )


def test_unknown_and_foreign_spaces_are_gone(app, leader: Phone, circle: Circle):
    stranger, unknown = Phone(app).enrol(), os.urandom(16)
    have = {b64(s): [1, 1, b64(bytes(32))] for s in (circle.log, unknown)}
    answer = stranger.sync(have=have)
    assert (answer["pull"], answer["gone"]) == ({}, list(have))


def test_wraps_reach_their_account_and_nobody_else(
    leader: Phone, member: Phone, circle: Circle
):
    room = circle.space(ROOM)
    kid = circle.epochs[room][1]
    both = {b64(leader.account), b64(member.account)}
    assert set(leader.sync()["lacking"][b64(room)]) == both
    wrapped = os.urandom(80)
    leader.sync(wraps={b64(room): [[b64(kid), b64(member.account), b64(wrapped)]]})
    assert member.sync()["wraps"] == {b64(room): [[b64(kid), b64(wrapped)]]}
    assert leader.sync()["wraps"] == {}


def test_lacking_names_readers_without_a_wrap_until_they_have_one(
    leader: Phone, member: Phone, circle: Circle
):
    room, kid = circle.space(ROOM), circle.epochs[circle.space(ROOM)][1]
    leader.sync(wraps={b64(room): [[b64(kid), b64(leader.account), b64(bytes(80))]]})
    assert leader.sync()["lacking"] == {b64(room): [b64(member.account)]}
    member.sync(wraps={b64(room): [[b64(kid), b64(member.account), b64(bytes(80))]]})
    assert leader.sync()["lacking"] == {}


def test_own_wraps_come_again_when_they_are_wanted(leader: Phone, circle: Circle):
    room, kid = circle.space(ROOM), circle.epochs[circle.space(ROOM)][1]
    leader.sync(wraps={b64(room): [[b64(kid), b64(leader.account), b64(bytes(80))]]})
    leader.pull()
    assert leader.sync(have=leader.have())["wraps"] == {}
    assert b64(room) in leader.sync(have=leader.have(), want=[b64(room)])["wraps"]


def test_wrap_by_a_stranger_or_of_an_unknown_key_is_not_kept(
    app, leader: Phone, member: Phone, circle: Circle
):
    stranger, room = Phone(app).enrol(), circle.space(ROOM)
    kid = b64(circle.epochs[room][1])
    rows = [[kid, b64(member.account), b64(bytes(80))]]
    refused = stranger.sync(wraps={b64(room): rows})["pushed"][b64(room)]
    assert refused["error"]["code"] == "no_such_space"
    leader.sync(wraps={b64(room): [[b64(bytes(8)), *rows[0][1:]]]})
    assert member.sync()["wraps"] == {}


def test_epoch_and_its_wraps_arrive_together(leader: Phone, circle: Circle):
    frame, kind = circle.space(SpaceKind.FRAME), SpaceKind.FRAME
    epoch = leader.epoch(circle, kind)
    row = [b64(epoch.header.kid), b64(leader.account), b64(bytes(80))]
    leader.accepted(frame, epoch, wraps={b64(frame): [row]})
    assert leader.sync()["wraps"][b64(frame)] == [[row[0], row[2]]]


def test_wraps_of_an_earlier_epoch_show_the_past(
    leader: Phone, member: Phone, circle: Circle
):
    room = circle.space(ROOM)
    old = circle.epochs[room][1]
    leader.accepted(room, leader.epoch(circle, ROOM))
    row = [b64(old), b64(member.account), b64(bytes(80))]
    leader.sync(wraps={b64(room): [row]})
    assert member.sync()["wraps"] == {b64(room): [[row[0], row[2]]]}


@pytest.mark.parametrize("inc", [1, 2])
def test_settled_is_remembered_for_the_present_incarnation_only(
    app, leader: Phone, inc: int
):
    leader.sync(settled=inc)
    with services_of(app).database.read() as connection:
        statement = text("SELECT synced_inc FROM account WHERE account_id = :a")
        assert connection.execute(statement, {"a": leader.account}).scalar() == 1


def test_last_seen_is_told_by_day_to_those_with_authority(
    app, leader: Phone, member: Phone, circle: Circle, clock
):
    clock.now += 86400
    leader.post()
    path = f"/v1/circles/{b64(circle.id)}/last-seen"
    told = leader.client.get(path, headers=leader.headers).json["accounts"]
    assert told == {
        b64(leader.account): "2027-01-16",
        b64(member.account): "2027-01-15",
    }
    refused = member.client.get(path, headers=member.headers)
    unknown = path.replace(b64(circle.id), b64(os.urandom(32)))
    assert refused.json == leader.client.get(unknown, headers=leader.headers).json
    assert refused.status_code == 404
