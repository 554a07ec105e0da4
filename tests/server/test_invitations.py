"""Invitations, packs and slots."""

import os
import threading

import pytest

from server.services.invitations import lookup_of
from sync import entries as e
from sync import signing
from sync.encoding import b64
from sync.invitations import Invitation
from sync.kinds import Role
from tests.server.builders import Circle, Phone
from tests.server.test_session import DAY_S, code, invited


def look(phone: Phone, lookup: bytes):
    return phone.client.post("/v1/invitation", json={"lookup": b64(lookup)})


def test_operators_lookup_id_is_derived_as_everybody_derives_it():
    invitation = Invitation.new(os.urandom)
    assert lookup_of(invitation.secret) == invitation.lookup


def test_pack_is_fetched_without_signing_in(app, leader: Phone, circle: Circle, clock):
    _seed, lookup = invited(leader, circle, clock)
    answer = look(Phone(app), lookup).json
    assert answer == {
        "pack": b64(b"p"), "log": b64(circle.log), "expires_at": int(clock()) + DAY_S,
    }  # fmt: skip


def test_invitation_is_used_once_expires_and_can_be_taken_back(
    app, leader: Phone, circle: Circle, clock
):
    used, lookup_used = invited(leader, circle, clock)
    back, lookup_back = invited(leader, circle, clock)
    _seed, lookup_late = invited(leader, circle, clock)
    joiner = Phone(app)
    joiner.sign_in(lookup_used)
    joiner.accepted(circle.log, joiner.join(circle, used))
    revoke = e.Revoke(signing.public_key(1, back))
    leader.accepted(circle.log, leader.entry(circle, revoke))
    assert code(look(joiner, lookup_used)) == (410, "invite_used")
    assert code(look(joiner, lookup_back)) == (410, "invite_used")
    assert look(joiner, lookup_late).status_code == 200
    clock.now += DAY_S
    assert code(look(joiner, lookup_late)) == (410, "invite_expired")
    assert code(look(joiner, os.urandom(16))) == (404, "no_such_invite")


def test_of_two_racing_joins_exactly_one_wins(
    app, leader: Phone, circle: Circle, clock
):
    seed, lookup = invited(leader, circle, clock)
    phones = [Phone(app), Phone(app)]
    for phone in phones:
        assert phone.sign_in(lookup).status_code == 201
    outcomes, barrier = [], threading.Barrier(2)

    def race(phone: Phone) -> None:
        version = phone.join(circle, seed)
        barrier.wait()
        outcomes.append(phone.push(circle.log, version))

    threads = [threading.Thread(target=race, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome["accepted"] for outcome in outcomes) == [0, 1]
    [lost] = [outcome["error"]["code"] for outcome in outcomes if "error" in outcome]
    assert lost == "invite_used"


@pytest.mark.parametrize("days", [-1, 0, 401])
def test_pack_with_an_unlawful_expiry_is_refused(
    leader: Phone, circle: Circle, clock, days: int
):
    public = signing.public_key(1, os.urandom(32))
    invite = leader.entry(circle, e.Invite(os.urandom(16), Role.MEMBER, public))
    leader.accepted(circle.log, invite)
    expires = max(0, int(clock()) + days * DAY_S)
    pack = [b64(os.urandom(16)), b64(circle.log), b64(public), expires, b64(b"p")]
    assert leader.sync(packs=[pack])["packs"][0]["code"] == "bad_request"


def test_pack_of_an_unknown_invitation_or_foreign_log_is_refused(
    app, leader: Phone, circle: Circle, clock
):
    until = int(clock()) + DAY_S
    pack = [b64(bytes(16)), b64(circle.log), b64(bytes(32)), until, b64(b"p")]
    assert leader.sync(packs=[pack])["packs"][0]["code"] == "unknown_invite"
    stranger = Phone(app).enrol()
    assert stranger.sync(packs=[pack])["packs"][0]["code"] == "no_such_space"


def test_slot_is_replaced_and_found_by_its_lookup(leader: Phone):
    old, new = os.urandom(16), os.urandom(16)
    for lookup in (old, new):
        slot = b64(leader.account + lookup + bytes(88))
        body = {"lookup": b64(lookup), "slot": slot}
        put = leader.client.put("/v1/slot", json=body, headers=leader.headers)
        assert put.status_code == 204
    found = leader.client.post("/v1/slot", json={"lookup": b64(new)})
    assert found.json == {"slot": slot}
    gone = leader.client.post("/v1/slot", json={"lookup": b64(old)})
    assert code(gone) == (404, "no_such_slot")


def test_slot_in_anothers_name_is_refused(leader: Phone, member: Phone):
    body = {"lookup": b64(bytes(16)), "slot": b64(member.account + bytes(104))}
    put = leader.client.put("/v1/slot", json=body, headers=leader.headers)
    assert code(put) == (422, "bad_request")
    assert put.json["field"] == "slot"
