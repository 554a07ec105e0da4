"""Ten restores from an old backup, scripted; everything that was *Sent* comes back.

The rule (PROTOCOL 8, ``security.md`` 6.9 drill 1 and 2): after a restore, two syncs of
any one phone that still holds a version are enough, and nobody who was removed is in
again. Each history is told twice to each holder: alone after a restore of its own, and
together with everybody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from typing import Any

import pytest
from sqlalchemy import text as sql

from server import services_of
from sync import entries, records
from sync.check import Space
from sync.client import Client
from sync.desk import Desk
from sync.desk.shelf import shared_rec
from sync.errors import EnidError
from sync.invitations import Invitation
from sync.kinds import ZERO32, Role, Rule, SpaceKind
from sync.outbox import Intent
from tests.people import (
    LATER,
    World,
    alarms,
    begin_group,
    held,
    join,
    shown,
    space,
    texts,
    write_text,
)

pytestmark = pytest.mark.slow
DAY_S = 86_400
FRAME, ROOM, THREAD = SpaceKind.FRAME, SpaceKind.ROOM, SpaceKind.THREAD
REPAIR_S = 31  # a phone waits up to 30 s, so that not all come at once


# -- what a restore is held to ------------------------------------------------------


def on_server(world: World) -> set[bytes]:
    """Ids of all versions that the server has now."""
    if hasattr(world.server, "state"):
        return {i for home in world.server.state.spaces.values() for i in home.by_id}
    with services_of(world.server.app).database.read() as connection:
        return {row[0] for row in connection.execute(sql("SELECT id FROM version"))}


def sent(phone: Client) -> set[bytes]:
    """Ids of what a phone has seen in the verified log, other people's too."""
    rows = phone.store.all("SELECT id FROM version WHERE seq IS NOT NULL")
    return {row[0] for row in rows}


def sync_twice(world: World, phone: Client) -> None:
    """It notices the restore, waits, and puts back."""
    phone.sync()
    world.time += REPAIR_S
    phone.sync()


def every_holder_brings_it_all_back(
    world: World, backup: Any, holders: Iterable[Client]
) -> None:
    """The survivor rule (REL-03): any one holder is enough for what it holds."""
    holders = list(holders)
    known = {phone.account + phone.outbox.device: sent(phone) for phone in holders}
    for phone in holders:
        world.server.restore(backup)
        missing = known[phone.account + phone.outbox.device] - on_server(world)
        assert missing, "the backup must be too old for this history"
        sync_twice(world, phone)
        assert missing <= on_server(world)
    world.server.restore(backup)
    all_is_quiet(world, holders)
    assert set().union(*known.values()) <= on_server(world)


def all_is_quiet(world: World, phones: Iterable[Client], rounds: int = 4) -> None:
    """Everybody syncs until there is nothing left to do, and nobody is alarmed."""
    phones = list(phones)
    for _ in range(rounds):
        for phone in phones:
            world.time += 20
            sync_or_wait(phone)
    for phone in phones:
        assert [row.code for row in phone.outbox.rows()] == []
        assert phone.store.all("SELECT 1 FROM version WHERE seq IS NULL") == []
        assert alarms(phone) == set()


def sync_or_wait(phone: Client) -> None:
    """A phone whose place is not on the server again yet has to wait."""
    try:
        phone.sync()
    except EnidError as error:
        if error.code != "invitation_needed":
            raise


def group_of(world: World, *roles: Role) -> tuple[bytes, Client, list[Client]]:
    """A group with a text in its frame: circle, leader, the others."""
    leader = world.first()
    circle = begin_group(leader)
    write_text(leader, space(leader, circle, FRAME), "before the backup")
    leader.sync()
    others = [joined(world, leader, circle, role) for role in roles]
    for phone in others:
        phone.sync()
    leader.sync()
    return circle, leader, others


def joined(world: World, leader: Client, circle: bytes, role: Role) -> Client:
    """Somebody who joined and has saved a recovery kit."""
    phone = join(world, leader, circle, role)
    phone.keep_slot()
    return phone


# -- the ten ------------------------------------------------------------------------


def test_texts_written_after_the_backup_come_back_from_any_one_phone(world):
    """REL-03, drill 1: content in four spaces, put back by whoever holds it."""
    circle, leader, (co_leader, member) = group_of(world, Role.LEADER, Role.MEMBER)
    own, thread = personal(member), space(member, circle, THREAD)
    backup = world.server.dump()
    write_text(leader, space(leader, circle, FRAME), "after the backup")
    write_text(leader, space(leader, circle, ROOM), "said in the room")
    write_text(member, thread, "I cannot come")
    write_text(member, own, "my own note")
    for phone in (leader, member, co_leader, member, leader):
        phone.sync()
    every_holder_brings_it_all_back(world, backup, [leader, co_leader, member])
    everywhere = ["after the backup", "before the backup"]
    fresh = world.second_device(member)
    assert texts(fresh, space(member, circle, FRAME)) == everywhere
    assert texts(fresh, space(member, circle, ROOM)) == ["said in the room"]
    assert texts(fresh, thread) == ["I cannot come"]
    assert texts(fresh, own) == ["my own note"]


def test_epochs_begun_after_the_backup_come_back_with_what_is_written_under_them(world):
    """REL-03: rotations twice over, in an order that each epoch depends on."""
    roles = (Role.LEADER, Role.MEMBER, Role.MEMBER, Role.MEMBER)
    circle, leader, (co_leader, one, two, stays) = group_of(world, *roles)
    frame = space(leader, circle, FRAME)
    leader.remove(circle, one.account, entries.REMOVE_ACCOUNT)
    leader.sync()
    backup = world.server.dump()
    write_text(leader, frame, "under the second key")
    leader.sync()
    co_leader.sync()
    co_leader.remove(circle, two.account, entries.REMOVE_ACCOUNT)
    co_leader.sync()
    write_text(co_leader, frame, "under the third key")
    for phone in (co_leader, leader, stays, leader):
        phone.sync()
    assert epoch_of(leader, frame) == 3
    every_holder_brings_it_all_back(world, backup, [leader, co_leader, stays])
    expected = ["before the backup", "under the second key", "under the third key"]
    for phone in (leader, co_leader, stays):
        assert texts(world.second_device(phone), frame) == expected
    write_text(leader, frame, "after the restore")
    all_is_quiet(world, [leader, stays])
    assert "after the restore" in texts(stays, frame)
    assert epoch_of(leader, frame) == 3, "nobody was lost by the restore"


def test_removed_people_stay_out_and_what_they_write_meanwhile_does_not_count(world):
    """REL-10, drill 2: one has seen the own removal, one has not."""
    roles = (Role.LEADER, Role.MEMBER, Role.MEMBER)
    circle, leader, (unaware, aware, stays) = group_of(world, *roles)
    frame = space(leader, circle, FRAME)
    backup = world.server.dump()
    for phone in (unaware, aware):
        leader.remove(circle, phone.account, entries.REMOVE_ACCOUNT)
    leader.sync()
    write_text(leader, frame, "for those who stayed")
    leader.sync()
    aware.sync()
    stays.sync()
    world.server.restore(backup)
    write_text(unaware, frame, "written when the server had forgotten")
    unaware.sync()
    sync_twice(world, leader)
    sync_twice(world, stays)
    for phone in (unaware, aware):
        sync_twice(world, phone)
        assert texts(phone, frame) != texts(leader, frame)
        assert "for those who stayed" not in texts(phone, frame)
    all_is_quiet(world, [leader, stays])
    expected = ["before the backup", "for those who stayed"]
    assert texts(leader, frame) == texts(stays, frame) == expected
    write_text(leader, frame, "later")
    all_is_quiet(world, [leader, stays])
    for phone in (unaware, aware):
        phone.sync()
        assert "later" not in texts(phone, frame)
        assert not phone.replica.circles[circle].accounts[phone.account].roles


def test_somebody_who_joined_after_the_backup_is_in_again_and_needs_no_new_code(world):
    """REL-16: invited before the backup, and after it."""
    circle, leader, _ = group_of(world)
    frame = space(leader, circle, FRAME)
    early = leader.invite(circle, b"e" * 16, Role.MEMBER, {}, LATER)
    leader.sync()
    backup = world.server.dump()
    phones = [world.newcomer()]
    phones[0].join(early)
    late = leader.invite(circle, b"l" * 16, Role.LEADER, {}, LATER)
    leader.sync()
    phones.append(world.newcomer())
    phones[1].join(late)
    for phone in (*phones, leader, *phones):
        phone.sync()
    write_text(phones[1], frame, "by the one who came late")
    for phone in (phones[1], phones[0], leader):
        phone.sync()
    world.server.restore(backup)
    with pytest.raises(EnidError) as refused:
        phones[1].sync()
    assert refused.value.code == "invitation_needed", "until somebody puts it back"
    every_holder_brings_it_all_back(world, backup, [leader])
    all_is_quiet(world, [leader, *phones])
    expected = ["before the backup", "by the one who came late"]
    for phone in (leader, *phones):
        assert texts(phone, frame) == expected
    assert texts(world.second_device(leader), frame) == expected


def test_roles_changed_after_the_backup_are_what_they_were(world):
    """REL-10: a leader who had stepped down leads no more."""
    circle, leader, (was_leader, member) = group_of(world, Role.LEADER, Role.MEMBER)
    frame, log = space(leader, circle, FRAME), leader.replica.log_of(circle)
    backup = world.server.dump()
    write_text(was_leader, frame, "while still leading")
    was_leader.sync()
    leader.sync()
    step = entries.SetRoles(ZERO32, was_leader.account, Role.MEMBER)
    leader.outbox.write_entry(log, step)
    leader.sync()
    write_text(leader, frame, "under new roles")
    for phone in (leader, was_leader, member, leader):
        phone.sync()
    every_holder_brings_it_all_back(world, backup, [leader, member, was_leader])
    expected = ["before the backup", "under new roles", "while still leading"]
    for phone in (leader, was_leader, member):
        assert texts(phone, frame) == expected
        seat = phone.replica.circles[circle].accounts[was_leader.account]
        assert seat.roles == Role.MEMBER
    write_text(was_leader, frame, "as if still leading")
    was_leader.sync()
    assert [row.code for row in was_leader.outbox.rows()] == ["role_denied"]


def test_a_device_enrolled_after_the_backup_is_known_again(world):
    """REL-16: put back by the other device, or by itself alone."""
    circle, leader, (member,) = group_of(world, Role.MEMBER)
    frame, own = space(leader, circle, FRAME), personal(leader)
    backup = world.server.dump()
    tablet = world.second_device(leader)
    write_text(tablet, frame, "from the tablet")
    write_text(tablet, own, "a note on the tablet")
    for phone in (tablet, leader, member):
        phone.sync()
    every_holder_brings_it_all_back(world, backup, [tablet, leader, member])
    write_text(tablet, own, "another")
    all_is_quiet(world, [tablet, leader, member])
    assert texts(leader, own) == ["a note on the tablet", "another"]
    assert texts(world.second_device(leader), frame) == [
        "before the backup", "from the tablet",
    ]  # fmt: skip


def test_the_register_of_two_leaders_is_the_same_after_the_restore(world):
    """REL-15: sheets, a disagreement, its settling, and statements."""
    leader, co_leader, member, circle = leaders_of_a_register(world)
    desk, co_desk = Desk(leader), Desk(co_leader)
    person = member.replica.circles[circle].accounts[member.account].person
    without = desk.groups.add_person(circle, "Ada Without-Account")
    rec = desk.sessions.add(circle, date(2027, 1, 14), time(9, 0))
    everybody = [leader, co_leader, member]
    sync_desks(everybody)
    backup = world.server.dump()
    meeting = desk.sessions.get(circle, rec)
    desk.registers.mark(meeting, person, "here")
    co_desk.registers.mark(co_desk.sessions.get(circle, rec), person, "late")
    co_desk.registers.mark(co_desk.sessions.get(circle, rec), without, "absent")
    sync_desks(everybody)
    assert [line.person for line in desk.registers.show(meeting).differ] == [person]
    desk.registers.mark(meeting, person, "late")
    for one in (desk, co_desk):
        one.registers.finish(one.sessions.get(circle, rec))
    sync_desks(everybody)
    before = register_of(leader, circle, rec), Desk(member).registers.mine(circle)
    assert before[1], "the member has been told"
    assert Desk(world.second_device(member)).registers.mine(circle) == before[1]
    every_holder_brings_it_all_back(world, backup, everybody)
    fresh = world.second_device(leader), world.second_device(member)
    for phone in (leader, co_leader, fresh[0]):
        assert register_of(phone, circle, rec) == before[0]
    for phone in (member, fresh[1]):
        assert Desk(phone).registers.mine(circle) == before[1]


def test_what_was_deleted_after_the_backup_stays_deleted(world):
    """REL-09: the backup still has it, and it does not rise again."""
    circle, leader, (member,) = group_of(world, Role.MEMBER)
    frame, own = space(leader, circle, FRAME), personal(leader)
    kept = write_text(leader, frame, "a notice to delete")
    mine = write_text(leader, own, "a note to delete")
    leader.sync()
    member.sync()
    backup = world.server.dump()
    delete(leader, frame, Rule.LEAD, kept)
    delete(leader, own, Rule.OWN, mine)
    leader.sync()
    member.sync()
    every_holder_brings_it_all_back(world, backup, [leader, member])
    for phone in (leader, member, world.second_device(leader)):
        assert alive(phone, frame) == ["before the backup"]
    assert alive(leader, own) == alive(world.second_device(leader), own) == []


def test_the_programmes_key_reaches_its_groups_again(world):
    """REL-03: a programme's new key and what is said under it, from any member."""
    coordinator, member, circle = group_with_coordinator(world)
    desk = Desk(coordinator)
    programme = listed_programme(coordinator, circle, "Old name")
    second = joined(world, coordinator, programme, Role.COORDINATOR)
    sync_desks([coordinator, member, second])
    backup = world.server.dump()
    coordinator.remove(programme, second.account, entries.REMOVE_ACCOUNT)
    desk.sync()
    name_programme(coordinator, programme, "New name")
    for _ in range(2):
        sync_desks([coordinator, member])
    what = Space(programme, SpaceKind.PROGRAMME)
    assert epoch_of(coordinator, what) == 2
    every_holder_brings_it_all_back(world, backup, [coordinator, member])
    members_read(world, [coordinator, member], programme, "New name")


def test_a_programme_begun_after_the_backup_comes_back_from_its_coordinator(world):
    """REL-03: its log seats nobody else, so nobody else may begin it on a server."""
    coordinator, member, circle = group_with_coordinator(world)
    backup = world.server.dump()
    programme = listed_programme(coordinator, circle, "A programme")
    for _ in range(3):
        sync_desks([coordinator, member])
    every_holder_brings_it_all_back(world, backup, [coordinator])
    all_is_quiet(world, [coordinator, member])
    members_read(world, [coordinator, member], programme, "A programme")


def test_the_newest_phone_is_lost_as_well_and_the_others_bring_back_what_it_sent(world):
    """REL-03, drill 5: whatever any survivor has read is there again."""
    circle, leader, (co_leader, member) = group_of(world, Role.LEADER, Role.MEMBER)
    frame = space(leader, circle, FRAME)
    backup = world.server.dump()
    lost = world.second_device(leader)
    write_text(lost, frame, "sent from the lost phone")
    lost.sync()
    write_text(co_leader, frame, "on top of it")
    for phone in (co_leader, member):
        phone.sync()
    write_text(lost, frame, "never sent, so never promised")
    code = leader.recovery_code()
    del lost, leader  # both of the leader's phones are gone
    every_holder_brings_it_all_back(world, backup, [member, co_leader])
    keys = type(co_leader.keys)()
    assert code
    Client.reopen(keys, code, world.transport, co_leader.random)
    found = world.phone(keys)
    all_is_quiet(world, [found, co_leader, member])
    expected = ["before the backup", "on top of it", "sent from the lost phone"]
    for phone in (found, co_leader, member):
        assert texts(phone, frame) == expected


# -- changes of rights after a restore ----------------------------------------------


def test_a_removal_waits_until_everybody_of_the_circle_has_synced(world):
    """PROTOCOL 8: ``restoring`` holds new changes of rights back, nothing else."""
    circle, leader, (co_leader, member) = group_of(world, Role.LEADER, Role.MEMBER)
    frame = space(leader, circle, FRAME)
    world.server.restore(world.server.dump())
    sync_twice(world, leader)
    leader.remove(circle, member.account, entries.REMOVE_ACCOUNT)
    write_text(leader, frame, "words need not wait")
    leader.sync()
    assert is_seated(leader, circle, member), "it waits"
    assert not [o for o in shown(leader, frame) if o.pending], "this does not"
    for phone in (member, co_leader):
        sync_twice(world, phone)
    world.time += 61
    leader.sync()
    assert not is_seated(leader, circle, member)
    co_leader.sync()
    assert not is_seated(co_leader, circle, member)
    assert leader.outbox.rows() == []


def test_a_removal_waits_for_an_absent_phone_for_a_day_at_most(world):
    """PROTOCOL 8: 24 hours, then the work goes on."""
    circle, leader, (co_leader, member) = group_of(world, Role.LEADER, Role.MEMBER)
    world.server.restore(world.server.dump())
    for phone in (leader, member):
        sync_twice(world, phone)
    leader.remove(circle, member.account, entries.REMOVE_ACCOUNT)
    world.time += DAY_S - 600
    leader.sync()
    assert is_seated(leader, circle, member), "the co-leader has not been seen"
    world.time += 700
    leader.sync()
    assert not is_seated(leader, circle, member)
    write_text(leader, space(leader, circle, FRAME), "goes on")
    leader.sync()
    sync_twice(world, co_leader)
    assert "goes on" in texts(co_leader, space(leader, circle, FRAME))
    assert alarms(co_leader) == set()


def test_what_was_sent_comes_back_though_nobody_looks_for_two_days(world):
    """REL-03: restored on a Friday evening, and the groups meet on Monday."""
    roles = (Role.LEADER, Role.MEMBER, Role.MEMBER)
    circle, leader, (co_leader, one, two) = group_of(world, *roles)
    frame = space(leader, circle, FRAME)
    backup = world.server.dump()
    for phone, leaver in ((leader, one), (co_leader, two)):
        phone.sync()
        phone.remove(circle, leaver.account, entries.REMOVE_ACCOUNT)
        phone.sync()
        write_text(phone, frame, "under a new key")
        phone.sync()
    leader.sync()
    everything = sent(leader)
    world.server.restore(backup)
    world.time += 2 * DAY_S
    sync_twice(world, leader)
    assert everything <= on_server(world)


# -- codes --------------------------------------------------------------------------


def test_codes_handed_out_after_the_backup_still_work(world):
    """Inviters put packs back; also where the whole circle is newer than the backup."""
    circle, leader, _ = group_of(world)
    backup = world.server.dump()
    newer = begin_group(leader)
    write_text(leader, space(leader, newer, FRAME), "a second group")
    codes = {
        place: leader.invite(place, b"p" * 16, Role.MEMBER, {"name": "us"}, LATER).code
        for place in (circle, newer)
    }
    leader.sync()
    world.server.restore(backup)
    all_is_quiet(world, [leader])
    for place, code in codes.items():
        phone = world.newcomer()
        assert phone.join(Invitation.from_code(code))["name"] == "us"
        phone.sync()
        assert phone.account in phone.replica.circles[place].accounts


def test_used_codes_do_not_keep_a_new_code_from_being_sent_after_a_restore(world):
    """A coordinator with more used codes than fit into one request."""
    circle, leader, _ = group_of(world)
    for person in range(40):
        place = leader.invite(circle, bytes([person]) * 16, Role.MEMBER, {}, LATER)
        if person == 0:
            first = place
        leader.outbox.write_entry(
            leader.replica.log_of(circle), entries.Revoke(place.public)
        ) if person else None
        leader.sync()
    phone = world.newcomer()
    phone.join(first)
    phone.sync()
    world.server.restore(world.server.dump())
    all_is_quiet(world, [leader, phone])
    codes = [leader.invite(circle, b"n" * 16, Role.MEMBER, {}, LATER) for _ in range(4)]
    leader.sync()
    for invitation in codes:
        assert world.newcomer().ask_pack(invitation)["circle"]
    waiting = leader.store.one("SELECT count(*) FROM pack_out WHERE NOT sent")
    assert waiting == (0,), "what can never be taken is not sent again and again"


# -- small things -------------------------------------------------------------------


def personal(phone: Client) -> Space:
    return Space(phone.person_circle().space.circle, SpaceKind.PERSONAL)


def epoch_of(phone: Client, what: Space) -> int:
    epoch = held(phone, what).epoch
    return epoch.number if epoch else 0


def is_seated(phone: Client, circle: bytes, other: Client) -> bool:
    return bool(phone.replica.circles[circle].accounts[other.account].roles)


def delete(phone: Client, what: Space, rule: Rule, rec: bytes) -> None:
    base = tuple(o.id for o in shown(phone, what) if o.record[-16:] == rec)
    phone.outbox.write(what, Intent(rule, rec, None, base), phone.random(16))


def alive(phone: Client, what: Space) -> list[str]:
    """Texts of the records that are not deleted."""
    found = [o.content for o in shown(phone, what) if o.content is not None]
    words = [
        c.fields["text"] if isinstance(c, records.Record)
        else c.content.decode().split('"text":"')[1].rstrip('"}')
        for c in found
    ]  # fmt: skip
    return sorted(words)


def sync_desks(phones: Iterable[Client]) -> None:
    """Each in turn, twice, with what follows from the others' acts."""
    phones = list(phones)
    for phone in (*phones, *phones):
        Desk(phone).sync()


def leaders_of_a_register(world: World) -> tuple[Client, Client, Client, bytes]:
    leader = world.first()
    circle = Desk(leader).groups.begin("A group", "Lea Leader")
    leader.sync()
    co_leader = joined(world, leader, circle, Role.LEADER)
    member = joined(world, leader, circle, Role.MEMBER)
    for phone, name in ((co_leader, "Col Leader"), (member, "Mo Member")):
        person = leader.replica.circles[circle].accounts[phone.account].person
        Desk(leader).groups.add_person(circle, name, person=person)
    leader.confirm(circle, co_leader.account)  # for the members' threads
    sync_desks([leader, co_leader, member])
    return leader, co_leader, member, circle


def group_with_coordinator(world: World) -> tuple[Client, Client, bytes]:
    """Who both leads a group and coordinates, a member, and the group's circle."""
    coordinator = world.first()
    desk = Desk(coordinator)
    circle = desk.groups.begin("A group", "Carys", Role.LEADER | Role.COORDINATOR)
    desk.sync()
    member = joined(world, coordinator, circle, Role.MEMBER)
    sync_desks([coordinator, member])
    return coordinator, member, circle


def listed_programme(coordinator: Client, group: bytes, name: str) -> bytes:
    programme = Desk(coordinator).programmes.begin(name)
    log = coordinator.replica.log_of(programme)
    coordinator.outbox.write_entry(log, entries.Listing(group, 1))
    Desk(coordinator).sync()
    return programme


def name_programme(coordinator: Client, programme: bytes, name: str) -> None:
    shelf = Desk(coordinator).shelf
    what = Space(programme, SpaceKind.PROGRAMME)
    fields = {**Desk(coordinator).programmes.fields(programme), "name": name}
    shelf.put_shared(what, shared_rec(b"programme", programme), "programme", fields)


def members_read(
    world: World, phones: list[Client], programme: bytes, name: str
) -> None:
    """On fresh devices too, which have nothing but what the server has."""
    sync_desks(phones)
    for phone in phones:
        assert Desk(phone).programmes.fields(programme)["name"] == name
        fresh = world.second_device(phone)
        sync_desks([fresh, *phones, fresh])
        assert Desk(fresh).programmes.fields(programme)["name"] == name


def register_of(phone: Client, circle: bytes, rec: bytes) -> Any:
    desk = Desk(phone)
    return desk.registers.show(desk.sessions.get(circle, rec))
