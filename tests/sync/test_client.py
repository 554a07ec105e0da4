"""The client against a server: the same sentences for every server we have.

``world`` is the in-memory server, the real Flask application on a SQLite file, and
the real application on PostgreSQL (tests/worlds.py).
"""

from __future__ import annotations

import pytest

from sync import entries
from sync.errors import EnidError, Later
from sync.invitations import Invitation
from sync.kinds import Role, SpaceKind
from tests.people import (
    LATER,
    alarms,
    begin_group,
    join,
    shown,
    space,
    texts,
    write_text,
)


def test_what_is_written_offline_is_read_by_the_others_once_a_network_is_there(world):
    leader = world.first()
    circle = begin_group(leader)
    frame = space(leader, circle, SpaceKind.FRAME)
    write_text(leader, frame, "tuesday at one")
    assert texts(leader, frame) == ["tuesday at one"]
    assert shown(leader, frame)[0].pending
    member = join(world, leader, circle, Role.MEMBER)
    assert texts(member, frame) == ["tuesday at one"]
    assert not shown(leader, frame)[0].pending
    assert alarms(leader) == alarms(member) == set()


def test_a_member_never_holds_the_key_of_the_register_or_of_the_leaders(world):
    leader = world.first()
    circle = begin_group(leader)
    register = space(leader, circle, SpaceKind.REGISTER)
    leaders = space(leader, circle, SpaceKind.LEADERS)
    write_text(leader, register, "marks")
    write_text(leader, leaders, "between us")
    member = join(world, leader, circle, Role.MEMBER)
    assert register.id not in member.replica.spaces
    assert leaders.id not in member.replica.spaces


def test_a_co_leader_reads_the_leaders_space_only_after_a_holder_confirms(world):
    leader = world.first()
    circle = begin_group(leader)
    leaders = space(leader, circle, SpaceKind.LEADERS)
    write_text(leader, leaders, "before")
    co_leader = join(world, leader, circle, Role.LEADER)
    assert texts(co_leader, leaders) == []
    leader.confirm(circle, co_leader.account)
    leader.sync()
    write_text(leader, leaders, "after")
    leader.sync()
    co_leader.sync()
    assert texts(co_leader, leaders) == ["after"], "the past is not carried here"


def test_two_devices_of_one_account_meet_on_one_record(world):
    phone = world.first()
    personal = space(phone, phone.person_circle().space.circle, SpaceKind.PERSONAL)
    rec = write_text(phone, personal, "one")
    phone.sync()
    other = world.second_device(phone)
    assert texts(other, personal) == ["one"]
    base = tuple(o.id for o in shown(other, personal))
    write_text(other, personal, "one and two", rec, base)
    other.sync()
    phone.sync()
    assert texts(phone, personal) == ["one and two"]


def test_two_tabs_that_edit_one_note_are_two_editors_and_both_texts_are_shown(world):
    phone = world.first()
    personal = space(phone, phone.person_circle().space.circle, SpaceKind.PERSONAL)
    rec = write_text(phone, personal, "base")
    phone.sync()
    base = tuple(o.id for o in shown(phone, personal))
    write_text(phone, personal, "left", rec, base, editor=b"l" * 16)
    phone.sync()
    write_text(phone, personal, "right", rec, base, editor=b"r" * 16)
    write_text(phone, personal, "left again", rec, base, editor=b"l" * 16)
    phone.sync()
    assert texts(phone, personal) == ["left again", "right"]


def test_typing_on_in_one_editor_never_conflicts_with_itself(world):
    phone = world.first()
    personal = space(phone, phone.person_circle().space.circle, SpaceKind.PERSONAL)
    rec = write_text(phone, personal, "a", editor=b"e" * 16)
    phone.sync()
    for text in ("ab", "abc", "abcd"):
        write_text(phone, personal, text, rec, editor=b"e" * 16)
        phone.outbox.seal_batch()
    phone.sync()
    assert texts(phone, personal) == ["abcd"]


def test_words_retried_from_the_tray_stand_beside_what_their_editor_wrote_since(world):
    phone = world.first()
    personal = space(phone, phone.person_circle().space.circle, SpaceKind.PERSONAL)
    rec = write_text(phone, personal, "before")
    phone.sync()
    base = tuple(o.id for o in shown(phone, personal))
    write_text(phone, personal, "refused", rec, base, editor=b"e" * 16)
    (row,) = phone.outbox.rows(personal.id)
    with phone.store.write():
        phone.outbox.to_tray(row.n, "too_large")
    write_text(phone, personal, "written since", rec, base, editor=b"e" * 16)
    phone.sync()
    phone.outbox.retry(row.n)
    phone.sync()
    assert texts(phone, personal) == ["refused", "written since"]


def test_a_removed_member_reads_nothing_new_and_keeps_what_was_read(world):
    leader = world.first()
    circle = begin_group(leader)
    frame = space(leader, circle, SpaceKind.FRAME)
    write_text(leader, frame, "before")
    member = join(world, leader, circle, Role.MEMBER)
    leader.remove(circle, member.account, entries.REMOVE_ACCOUNT)
    leader.sync()
    write_text(leader, frame, "after")
    leader.sync()
    member.sync()
    assert texts(member, frame) == ["before"]
    assert held_epoch(leader, frame) == 2, "the key was changed with the next write"


def test_unsent_work_of_a_removed_leader_goes_to_the_tray_and_is_not_lost(world):
    leader = world.first()
    circle = begin_group(leader)
    frame = space(leader, circle, SpaceKind.FRAME)
    write_text(leader, frame, "plan")
    co_leader = join(world, leader, circle, Role.LEADER)
    write_text(co_leader, frame, "my unsent words")
    leader.remove(circle, co_leader.account, entries.REMOVE_ACCOUNT)
    leader.sync()
    co_leader.sync()
    (row,) = co_leader.outbox.rows(frame.id)
    assert row.code == "role_denied" or row.code == "no_such_space"
    assert b"my unsent words" in (row.intent.content or b"")


def test_one_code_admits_exactly_one_of_two_phones(world):
    leader = world.first()
    circle = begin_group(leader)
    invitation = leader.invite(circle, b"p" * 16, Role.MEMBER, {}, LATER)
    leader.sync()
    one, two = world.newcomer(), world.newcomer()
    one.join(invitation)
    two.join(invitation)
    one.sync()
    two.sync()
    membership = one.replica.circles[circle]
    assert one.account in membership.accounts
    assert two.account not in membership.accounts
    assert [r.code for r in two.outbox.rows() if r.code] == ["invite_used"]


def test_a_used_code_is_told_kindly_before_an_account_is_made(world):
    leader = world.first()
    circle = begin_group(leader)
    invitation = leader.invite(circle, b"p" * 16, Role.MEMBER, {}, LATER)
    leader.sync()
    one = world.newcomer()
    one.join(invitation)
    one.sync()
    with pytest.raises(EnidError) as refused:
        world.newcomer().join(Invitation.from_code(invitation.code))
    assert refused.value.code == "invite_used"


def test_a_copied_profile_becomes_a_device_of_its_own_and_nothing_is_lost(world):
    phone = world.first()
    personal = space(phone, phone.person_circle().space.circle, SpaceKind.PERSONAL)
    write_text(phone, personal, "common")
    phone.sync()
    copy = world.copy_of(phone)
    write_text(phone, personal, "from the phone")
    write_text(copy, personal, "from the copy")
    phone.sync()
    copy.sync()
    phone.sync()
    everything = ["common", "from the copy", "from the phone"]
    assert texts(phone, personal) == texts(copy, personal) == everything
    assert copy.outbox.device != phone.outbox.device


def test_a_lost_reply_is_harmless(world):
    """REL-04: the same bytes are sent again and are known."""
    phone = world.first()
    personal = space(phone, phone.person_circle().space.circle, SpaceKind.PERSONAL)
    write_text(phone, personal, "once")
    real = phone.transport
    phone.transport = LostReplies(real)
    with pytest.raises(Later):
        phone.sync()
    assert shown(phone, personal)[0].pending
    phone.transport = real
    phone = world.restart(phone)
    phone.sync()
    assert texts(phone, personal) == ["once"]
    assert not shown(phone, personal)[0].pending


def test_a_server_restored_from_an_old_backup_gets_everything_back(world):
    leader = world.first()
    circle = begin_group(leader)
    frame = space(leader, circle, SpaceKind.FRAME)
    write_text(leader, frame, "old")
    member = join(world, leader, circle, Role.MEMBER)
    backup = world.server.dump()
    write_text(leader, frame, "new")
    leader.sync()
    member.sync()
    co_leader = join(world, leader, circle, Role.LEADER)
    world.server.restore(backup)
    for _ in range(4):
        world.time += 40
        member.sync()
        leader.sync()
        sync_or_wait(co_leader)
    fresh = world.second_device(leader)
    assert texts(fresh, frame) == ["new", "old"]
    assert texts(member, frame) == texts(co_leader, frame) == ["new", "old"]
    assert fresh.store.all("SELECT 1 FROM version WHERE seq IS NULL") == []


def test_a_device_signed_out_for_good_gets_no_token_again(world):
    phone = world.first()
    circle = phone.person_circle().space.circle
    other = world.second_device(phone)
    phone.sync()
    phone.remove(circle, other.outbox.device, entries.REMOVE_DEVICE)
    phone.sync()
    with pytest.raises(EnidError) as refused:
        other.sync()
    assert refused.value.code == "device_revoked"


def held_epoch(phone, what):
    return phone.replica.spaces[what.id].epoch.number


def sync_or_wait(phone) -> None:
    """A phone whose join the restored server has not got back yet must wait."""
    try:
        phone.sync()
    except EnidError as error:
        if error.code != "invitation_needed":
            raise


class LostReplies:
    """Requests arrive; answers do not."""

    def __init__(self, real) -> None:
        self.real, self.origin = real, real.origin

    def request(self, method, path, body, token):
        self.real.request(method, path, body, token)
        raise Later("no_answer")
