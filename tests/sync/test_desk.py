"""What people do: groups, programmes, schedule, apologies, invitations."""

from __future__ import annotations

import pytest

from sync import entries
from sync.desk import Desk
from sync.encoding import b64
from sync.errors import EnidError
from sync.invitations import Invitation
from sync.kinds import Role, SpaceKind
from tests.desks import ONE, TUESDAY, Balint, group
from tests.people import LATER
from tests.worlds import memory_world


@pytest.fixture
def us() -> Balint:
    return group()


# Groups and programmes


def test_a_member_reads_the_programme_of_the_group_without_a_seat_in_it(us):
    programme = us["alex"].programmes.coordinated()[0]
    assert us["chloe"].programmes.of(us.circle) == programme
    assert us["chloe"].programmes.fields(programme)["name"] == "Doctors"
    assert (
        us["chloe"].client.account
        not in us["chloe"].shelf.membership(programme).accounts
    )


def test_a_programmes_new_key_reaches_members_through_their_frame(us):
    alex = us["alex"]
    programme = alex.programmes.coordinated()[0]
    colleague = us.world.newcomer()
    invitation = alex.client.invite(programme, bytes(16), Role.COORDINATOR, {}, LATER)
    alex.sync()
    colleague.join(Invitation.from_code(invitation.code))
    Desk(colleague).sync()
    alex.sync()
    alex.client.remove(programme, colleague.account, entries.REMOVE_ACCOUNT)
    us.meet(1)
    rec = alex.shelf.items(_programme_space(alex, programme), "programme")[0].rec
    fields = {**alex.programmes.fields(programme), "name": "Renamed"}
    alex.shelf.put_shared(_programme_space(alex, programme), rec, "programme", fields)
    us.meet()
    assert us["chloe"].programmes.fields(programme)["name"] == "Renamed"
    held = alex.shelf.held(programme, SpaceKind.PROGRAMME)
    assert held.ring.newest.mark.number == 2


def _programme_space(desk, programme):
    held = desk.shelf.held(programme, SpaceKind.PROGRAMME)
    return held.space


def test_a_group_whose_log_a_server_offers_unasked_is_not_shown(us):
    stranger = Desk(us.world.first())
    circle = stranger.groups.begin("Bait", "Nobody")
    stranger.places.invite(circle, stranger.shelf.me(), Role.MEMBER)
    stranger.sync()
    log = stranger.client.replica.log_of(circle)
    us["chloe"].client.replica.ensure(log.space)
    page = us.world.server.request("POST", "/v1/sync", {}, _token(stranger))[1]["pull"]
    us["chloe"].client.replica.take_page(log.id, 1, page[b64(log.id)], 0)
    assert circle in us["chloe"].client.replica.circles
    assert [g.name for g in us["chloe"].groups.all()] == ["Tuesdays"]


def _token(desk):
    return desk.client.secrets["token"].decode()


def test_two_people_of_one_name_are_told_apart_even_without_a_mark(us):
    for _ in range(2):
        us.add("Mohammed Ali Khan")
    labels = [p.label for p in us["alex"].groups.people(us.circle)]
    khans = [label for label in labels if label.startswith("Mohammed")]
    assert len(set(khans)) == 2


def test_a_name_is_shown_exactly_as_it_was_typed(us):
    for name in ("Siân Ó Briain-Okafor", "Thiruvalluvan", "ياسمين الحداد", "x" * 64):
        us.add(name)
        assert name in us["alex"].groups.labels(us.circle).values()


def test_a_new_name_shows_everywhere_at_once_past_registers_too(us):
    us["priya"].registers.mark(us.session("priya"), us.people["Li Wei"], "here")
    us["priya"].groups.change_person(us.circle, us.people["Li Wei"], name="Li Na")
    assert us.line("priya", "Li Na").standing.value == "here"


def test_a_removed_person_loses_seat_and_invitation_and_leaves_the_list(us):
    us["alex"].groups.remove_person(us.circle, us.people["Chloe"])
    us["alex"].sync()
    us["chloe"].sync()
    assert us["chloe"].groups.all() == []
    us.world.time += 86_400 * 2
    labels = {
        p.label for p in us["alex"].groups.people(us.circle)
        if p.is_listed(us["alex"].shelf.now.date())
    }  # fmt: skip
    assert "Chloe" not in labels


def test_a_member_may_go_without_asking_anybody(us):
    us["chloe"].groups.remove_person(us.circle, us.people["Chloe"])
    us.meet()
    assert us["chloe"].groups.all() == []
    with pytest.raises(EnidError):
        us["priya"].groups.confirm(us.circle, us.people["Chloe"])


# Invitations


def test_a_code_is_shown_only_when_entry_and_pack_have_arrived(us):
    us["alex"].places.invite(us.circle, us.people["Li Wei"], Role.MEMBER)
    assert [code.sent for code in us["alex"].places.codes()] == [False]
    us["alex"].sync()
    sent = [c for c in us["alex"].places.codes() if c.person == us.people["Li Wei"]]
    assert [code.sent for code in sent] == [True]
    us["alex"].places.handed_over(us["alex"].places.codes())
    assert us["alex"].places.codes() == []


def test_the_pack_says_what_a_joiner_may_read_before_any_key_has_come(us):
    us["alex"].board.write_rules(us.circle, ["Be on time."])
    invitation = us["alex"].places.invite(us.circle, us.people["Li Wei"], Role.MEMBER)
    us["alex"].sync()
    pack = us.world.newcomer().ask_pack(invitation)
    assert pack["group"] == "Tuesdays"
    assert pack["programme"] == "Doctors"
    assert pack["name"] == "Li Wei"
    assert pack["rules"] == ["Be on time."]
    assert pack["next"] == ["Tue 19 Jan 2027 13:00-14:00"]


def test_a_pack_that_would_be_too_large_leaves_out_what_is_least_needed(us):
    us["alex"].board.write_rules(us.circle, ["ي" * 900] * 5)
    us["alex"].places.invite(us.circle, us.people["Li Wei"], Role.MEMBER)
    us["alex"].sync()
    assert all(code.sent for code in us["alex"].places.codes())


# The schedule


def test_a_member_reads_the_schedule_offline_for_sixty_days(us):
    us.world.time += 60 * 86_400
    meeting = us["chloe"].sessions.all()[0]
    assert meeting.item.fields["place"] == "Room 4"
    assert meeting.starts_at.isoformat() == "2027-01-19T13:00:00+00:00"


def test_a_change_of_place_is_news_until_it_was_seen(us):
    us["priya"].sessions.change(us.circle, us.session().rec, place="Room 12")
    us.meet(2)
    news = us["chloe"].personal.unread_changes(us.session("chloe"))
    assert [(n["what"], n["before"], n["after"]) for n in news] == [
        ("place", "Room 4", "Room 12")
    ]
    us["chloe"].personal.mark_seen(us.session("chloe"))
    assert us["chloe"].personal.unread_changes(us.session("chloe")) == ()


def test_ones_own_change_is_no_news(us):
    us["priya"].sessions.change(us.circle, us.session().rec, place="Room 12")
    assert us["priya"].personal.unread_changes(us.session("priya")) == ()


def test_two_leaders_who_change_different_things_offline_are_both_right(us):
    rec = us.session().rec
    us["priya"].sessions.change(us.circle, rec, place="Room 12")
    us["sam"].sessions.change(us.circle, rec, minutes=90)
    us.meet()
    item = us.session("chloe").item
    assert (item.fields["place"], item.fields["minutes"]) == ("Room 12", 90)
    assert item.differ == {}
    assert {row["what"] for row in item.fields["changes"]} == {"place", "when"}


def test_two_leaders_who_change_the_same_thing_are_both_shown_until_one_settles_it(us):
    rec = us.session().rec
    us["priya"].sessions.change(us.circle, rec, place="Room 12")
    us["sam"].sessions.change(us.circle, rec, place="Room 7")
    us.meet()
    assert set(us.session("chloe").item.differ["place"]) == {"Room 12", "Room 7"}
    us["priya"].sessions.change(us.circle, rec, place="Room 7")
    us.meet()
    assert us.session("chloe").item.differ == {}
    assert us.session("chloe").item.fields["place"] == "Room 7"


def test_a_member_cannot_plan_a_session(us):
    with pytest.raises(EnidError) as refused:
        us["chloe"].sessions.add(us.circle, TUESDAY, ONE)
    assert refused.value.code == "role_denied"


# Apologies and sittings


def test_leaders_read_a_reason_and_the_group_learns_only_that_there_is_one(us):
    wei = us.join("wei", us.people["Li Wei"], Role.MEMBER)
    us.meet()
    us["chloe"].apologies.send(us.session("chloe"), "on nights")
    us.meet()
    chloe = us.people["Chloe"]
    assert us["priya"].apologies.of(us.session("priya"))[chloe].reason == "on nights"
    assert us["sam"].apologies.of(us.session("sam"))[chloe].reason == "on nights"
    seen = wei.apologies.of(us.session("wei"))[chloe]
    assert (seen.withdrawn, seen.reason, seen.written_at) == (False, None, None)
    assert us["alex"].apologies.of(us.session()) == {}, "coordinators: dates only"


def test_where_a_programme_shows_apologies_to_leaders_the_room_says_nothing():
    us = group(apologies_shown="leaders")
    us["chloe"].apologies.send(us.session("chloe"))
    us.meet()
    assert us["chloe"].shelf.held(us.circle, SpaceKind.ROOM) is None
    assert us.people["Chloe"] in us["priya"].apologies.of(us.session("priya"))


def test_an_apology_written_offline_before_the_start_is_in_time_when_it_arrives(us):
    us["chloe"].apologies.send(us.session("chloe"))
    us.world.time += 10 * 86_400
    us.meet()
    assert us["priya"].apologies.of(us.session("priya"))[us.people["Chloe"]].in_time


def test_an_apology_written_after_the_start_says_so(us):
    us.world.time += 10 * 86_400
    us["chloe"].apologies.send(us.session("chloe"))
    us.meet()
    said = us["priya"].apologies.of(us.session("priya"))[us.people["Chloe"]]
    assert not said.in_time


def test_a_withdrawn_apology_stands_as_withdrawn_and_keeps_no_reason(us):
    us["chloe"].apologies.send(us.session("chloe"), "on nights")
    us.meet(1)
    us["chloe"].apologies.send(us.session("chloe"), withdraw=True)
    us.meet()
    said = us["priya"].apologies.of(us.session("priya"))[us.people["Chloe"]]
    assert (said.withdrawn, said.reason) == (True, None)


def test_a_choice_of_sitting_counts_for_its_week_and_its_own_person(us):
    session = us.session("chloe").rec
    us["chloe"].apologies.choose_sitting(us.circle, TUESDAY, session)
    us.meet()
    chosen = us["priya"].apologies.sittings(us.circle, TUESDAY)
    assert chosen == {us.people["Chloe"]: session}
    us["chloe"].apologies.choose_sitting(us.circle, TUESDAY, None)
    us.meet()
    assert (
        us["priya"].apologies.sittings(us.circle, TUESDAY)[us.people["Chloe"]] is None
    )


def test_the_second_device_of_a_member_meets_the_first_on_one_apology(us):
    other = Desk(us.world.second_device(us["chloe"].client))
    us["chloe"].apologies.send(us.session("chloe"))
    us["chloe"].sync()
    other.sync()
    other.apologies.send(other.sessions.all()[0], withdraw=True)
    other.sync()
    us.meet()
    said = us["priya"].apologies.of(us.session("priya"))[us.people["Chloe"]]
    assert said.withdrawn


def test_agreement_to_the_rules_is_for_ones_leaders(us):
    us["priya"].board.write_rules(us.circle, ["Be kind."])
    us.meet()
    us["chloe"].board.agree(us.circle)
    us.meet()
    held = us["priya"].client.replica.spaces
    threads = [h.space for h in held.values() if h.space.kind is SpaceKind.THREAD]
    found = [i for t in threads for i in us["priya"].shelf.items(t, "agreement")]
    assert [item.fields["rules_version"] for item in found] == [1]


def test_deriving_again_writes_nothing(us):
    assert not us["alex"].derive()
    assert not us["priya"].derive()


def test_settings_are_shared_by_the_devices_of_one_account():
    world = memory_world()
    desk = Desk(world.first())
    desk.personal.set_setting("theme", "dark")
    desk.sync()
    other = Desk(world.second_device(desk.client))
    assert other.personal.settings() == {"theme": "dark"}
