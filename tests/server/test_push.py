"""What the server takes in, in which order, and what it refuses."""

import os

import pytest

from server.services.push import CIRCLES_MAX
from sync import entries as e
from sync.encoding import b64
from sync.envelope import View
from sync.kinds import CircleKind, Role, Rule, SpaceKind
from tests.server.builders import Circle, Phone, wire

ROOM = SpaceKind.ROOM


def test_versions_before_a_refused_one_stand(leader: Phone, circle: Circle):
    """REL-05: the prefix rule."""
    room = circle.space(ROOM)
    good, bad = leader.write(circle, ROOM), leader.write(circle, ROOM, rule=Rule.OWN)
    broken = wire(bad)
    broken[1] = b64(bytes(64))
    after = leader.write(circle, ROOM)
    push = {b64(room): [wire(good), broken, wire(after)]}
    outcome = leader.sync(push=push)["pushed"][b64(room)]
    assert outcome["accepted"] == 1
    assert (outcome["error"]["index"], outcome["error"]["code"]) == (1, "bad_signature")
    assert len(leader.pull()[b64(room)]["versions"]) == 2


def test_malformed_version_is_its_spaces_error_only(leader: Phone, circle: Circle):
    room, version = circle.space(ROOM), leader.write(circle, ROOM)
    outcome = leader.sync(push={b64(room): [wire(version), ["AA", "!", 3]]})["pushed"]
    assert outcome[b64(room)]["accepted"] == 1
    assert outcome[b64(room)]["error"]["code"] == "bad_envelope"


def test_known_id_is_success_before_any_other_check(leader: Phone, circle: Circle):
    """REL-05: a lost answer costs nothing, even after the epoch has moved on."""
    room, version = circle.space(ROOM), leader.write(circle, ROOM)
    leader.accepted(room, version)
    leader.accepted(room, leader.epoch(circle, ROOM))
    leader.accepted(room, version, version)
    assert len(leader.pull()[b64(room)]["versions"]) == 3


def test_stale_epoch_is_told_to_pull(leader: Phone, circle: Circle):
    room = circle.space(ROOM)
    leader.accepted(room, leader.epoch(circle, ROOM))
    stale = leader.write(circle, ROOM, epoch=1)
    error = leader.push(room, stale)["error"]
    assert (error["code"], error["retry"]) == ("epoch_stale", "after_pull")


def test_chain_conflict_answers_the_servers_tip(leader: Phone, circle: Circle):
    room, first = circle.space(ROOM), leader.write(circle, ROOM)
    leader.accepted(room, first)
    leader.tips[room] = (7, first.id)
    error = leader.push(room, leader.write(circle, ROOM))["error"]
    assert error["code"] == "chain_conflict"
    assert (error["device"], error["n"], error["id"]) == (
        b64(leader.device), 2, b64(first.id),
    )  # fmt: skip


def test_second_change_of_rights_is_told_that_another_came_first(
    leader: Phone, member: Phone, circle: Circle
):
    leader.accepted(circle.log, leader.entry(circle, e.SetRoles(
        bytes(32), member.account, Role.OBSERVER)))  # fmt: skip
    circle.last_change = bytes(32)
    outcome = leader.push(circle.log, leader.remove(circle, member))
    assert outcome["error"]["code"] == "head_moved"


def test_epoch_must_list_the_latest_tips(leader: Phone, member: Phone, circle: Circle):
    room = circle.space(ROOM)
    left = member.write(circle, ROOM)
    member.accepted(room, left)
    leader.accepted(circle.log, leader.remove(circle, member))
    ignorant = leader.push(room, leader.epoch(circle, ROOM))
    assert ignorant["error"]["code"] == "epoch_stale"
    assert leader.pull()[b64(room)]["seq"] == 2


def test_epoch_with_the_right_tips_and_the_last_change_stands(
    leader: Phone, member: Phone, circle: Circle
):
    room, left = circle.space(ROOM), member.write(circle, ROOM)
    member.accepted(room, left)
    leader.accepted(circle.log, leader.remove(circle, member))
    tips = ((member.device, left.header.n, left.id),)
    leader.accepted(room, leader.epoch(circle, ROOM, tips=tips))


def test_view_that_the_server_never_had_is_refused(leader: Phone, circle: Circle):
    room = circle.space(ROOM)
    lie = leader.write(circle, ROOM, view=View(1, 1, os.urandom(32)))
    assert leader.push(room, lie)["error"]["code"] == "view_mismatch"


def test_view_that_the_server_had_is_accepted(leader: Phone, circle: Circle):
    room = circle.space(ROOM)
    leader.accepted(room, leader.write(circle, ROOM), leader.write(circle, ROOM))
    leader.pull()
    first = leader.write(circle, ROOM)
    leader.accepted(room, first)
    leader.accepted(room, leader.write(circle, ROOM))
    assert first.header.view.seq == 3


def test_removed_account_may_not_write_any_more(
    leader: Phone, member: Phone, circle: Circle
):
    leader.accepted(circle.log, leader.remove(circle, member))
    room = circle.space(ROOM)
    assert member.push(room, member.write(circle, ROOM))["error"]["code"] == (
        "no_such_space"
    )


def test_any_reader_may_carry_what_another_wrote(
    leader: Phone, member: Phone, circle: Circle
):
    """Repair: a version is judged by its author, never by who carries it."""
    leader.accepted(circle.space(ROOM), member.write(circle, ROOM))


def test_foreign_and_unknown_spaces_get_the_same_answer(
    app, leader: Phone, circle: Circle
):
    stranger = Phone(app).enrol()
    room, unknown = circle.space(ROOM), os.urandom(16)
    version = stranger.write(circle, ROOM)
    assert stranger.push(room, version) == stranger.push(unknown, version)
    assert stranger.push(room, version)["error"]["code"] == "no_such_space"


def test_log_and_space_and_content_arrive_in_one_request(leader: Phone):
    circle, genesis = leader.genesis()
    epoch, content = leader.epoch(circle, ROOM), leader.write(circle, ROOM)
    room = circle.space(ROOM)
    push = {b64(room): [wire(epoch), wire(content)], b64(circle.log): [wire(genesis)]}
    pushed = leader.sync(push=push)["pushed"]
    assert pushed == {b64(circle.log): {"accepted": 1}, b64(room): {"accepted": 2}}


def test_nobody_founds_a_circle_in_anothers_name(leader: Phone, member: Phone):
    circle, genesis = member.genesis()
    outcome = leader.push(circle.log, genesis)
    assert outcome["error"]["code"] == "no_such_space"


@pytest.mark.parametrize(
    ("kind", "subject"),
    [(SpaceKind.OFFICE, b""), (ROOM, b"x" * 16), (SpaceKind.THREAD, b"")],
)
def test_space_that_its_circle_cannot_have_is_refused(
    leader: Phone, circle: Circle, kind: SpaceKind, subject: bytes
):
    about = {"subject": subject} if subject else {}
    epoch = leader.epoch(circle, kind, **about)
    outcome = leader.push(circle.space(kind, **about), epoch)
    assert outcome["error"]["code"] == "no_such_space"


def test_account_founds_no_more_than_its_share_of_circles(app, leader: Phone):
    from sqlalchemy import text

    from server import services_of

    services_of(app).database.write(lambda connection: connection.execute(
        text("UPDATE account SET circles = :most"), {"most": CIRCLES_MAX}
    ).rowcount)  # fmt: skip
    circle, genesis = leader.genesis()
    assert leader.push(circle.log, genesis)["error"]["code"] == "quota"


def test_body_that_the_server_dropped_is_taken_back(leader: Phone, circle: Circle):
    from dataclasses import replace

    room, version = circle.space(ROOM), leader.write(circle, ROOM)
    leader.accepted(room, replace(version, body=None))
    assert leader.pull()[b64(room)]["versions"][-1][2] is None
    leader.accepted(room, version)
    leader.views.clear()
    assert leader.pull()[b64(room)]["versions"][-1] == wire(version)


def test_deletion_in_personal_drops_what_it_replaces_at_once(leader: Phone):
    circle, genesis = leader.genesis(CircleKind.PERSON, Role.OWNER)
    kind, own = SpaceKind.PERSONAL, circle.space(SpaceKind.PERSONAL)
    leader.accepted(circle.log, genesis)
    epoch, note = leader.epoch(circle, kind), leader.write(circle, kind)
    edit = leader.write(circle, kind, rec=note.header.rec, parents=(note.id,))
    gone = leader.write(circle, kind, rec=note.header.rec, parents=(edit.id,),
                        flags=1, body=b"")  # fmt: skip
    leader.accepted(own, epoch, note, edit, gone)
    bodies = [version[2] for version in leader.pull()[b64(own)]["versions"]]
    assert [body is None for body in bodies] == [False, True, True, False]
