"""The only road to a token (SEC-49)."""

import os

import pytest

from server.services.session import CHALLENGE_S, IDLE_DAYS
from sync import entries as e
from sync import signing
from sync.encoding import b64
from sync.kinds import Role
from tests.server.builders import Circle, Phone, operator_lookup

DAY_S = 86400


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def invited(leader: Phone, circle: Circle, clock) -> tuple[bytes, bytes]:
    """Seed and lookup id of an invitation whose pack is on the server."""
    seed, lookup = os.urandom(32), os.urandom(16)
    public = signing.public_key(1, seed)
    invite = leader.entry(circle, e.Invite(os.urandom(16), Role.MEMBER, public))
    pack = [b64(lookup), b64(circle.log), b64(public), int(clock()) + DAY_S, b64(b"p")]
    leader.accepted(circle.log, invite)
    assert leader.sync(packs=[pack])["packs"] == [None]
    return seed, lookup


def test_operators_code_makes_one_account(app):
    lookup, first, second = operator_lookup(app), Phone(app), Phone(app)
    assert first.sign_in(lookup).json["created"] is True
    assert first.sign_in(lookup).json["created"] is False
    assert code(second.sign_in(lookup)) == (410, "invite_used")


def test_circles_invitation_makes_an_account_and_shows_its_log(
    app, leader: Phone, circle: Circle, clock
):
    seed, lookup = invited(leader, circle, clock)
    joiner = Phone(app)
    assert joiner.sign_in(lookup).json["created"] is True
    assert list(joiner.pull()) == [b64(circle.log)]
    joiner.accepted(circle.log, joiner.join(circle, seed))
    assert b64(circle.log) in joiner.pull()


def test_nobody_gets_an_account_without_an_invitation(app):
    assert code(Phone(app).sign_in()) == (403, "invitation_needed")
    assert code(Phone(app).sign_in(os.urandom(16))) == (404, "no_such_invite")


def test_expired_invitation_is_refused(app, clock):
    lookup = operator_lookup(app, days=1)
    clock.now += DAY_S + 1
    assert code(Phone(app).sign_in(lookup)) == (410, "invite_expired")


def test_account_that_a_log_here_seats_comes_back(app, leader: Phone):
    """After a restore the account's row is gone; its seat was put back."""
    newcomer = Phone(app)
    circle, genesis = leader.genesis()
    leader.accepted(circle.log, genesis, leader.grant(circle, newcomer, Role.MEMBER))
    assert newcomer.sign_in().json["created"] is True


def test_challenge_is_good_once_and_for_five_minutes(app, leader: Phone, clock):
    claim = leader.claim()
    assert leader.client.post("/v1/session", json=claim).status_code == 201
    again = leader.client.post("/v1/session", json=claim)
    assert code(again) == (401, "bad_challenge")
    late = leader.claim()
    clock.now += CHALLENGE_S
    assert code(leader.client.post("/v1/session", json=late)) == (401, "bad_challenge")


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://evil.example"},
        {"signature": b64(bytes(64))},
        {"certificate": b64(bytes(64))},
        {"wrap_key": b64(bytes(32))},
        {"device_key": b64(b"\1" + bytes(31))},
    ],
)
def test_claim_with_a_wrong_part_is_refused(leader: Phone, changes):
    assert code(leader.sign_in(**changes)) == (422, "bad_signature")


def test_forged_challenge_is_refused(leader: Phone):
    forged = leader.claim(challenge=b64(os.urandom(56)))
    assert code(leader.client.post("/v1/session", json=forged)) == (
        401,
        "bad_challenge",
    )


def test_revoked_device_is_signed_out_and_stays_out(
    leader: Phone, member: Phone, circle: Circle
):
    entry = e.Removal(bytes(32), e.REMOVE_DEVICE, member.device)
    member.accepted(circle.log, member.entry(circle, entry))
    assert code(member.post()) == (401, "auth_required")
    member.token = ""
    assert code(member.sign_in()) == (403, "device_revoked")


def test_somebody_elses_circle_cannot_end_a_sign_in(
    leader: Phone, member: Phone, circle: Circle
):
    entry = e.Removal(bytes(32), e.REMOVE_DEVICE, member.device)
    leader.accepted(circle.log, leader.entry(circle, entry))
    assert member.post().status_code == 200
    member.token = ""
    assert member.sign_in().status_code == 201


def test_token_lives_sixty_idle_days(leader: Phone, clock):
    clock.now += (IDLE_DAYS - 1) * DAY_S
    assert leader.post().status_code == 200
    clock.now += (IDLE_DAYS - 1) * DAY_S
    assert leader.post().status_code == 200
    clock.now += (IDLE_DAYS + 1) * DAY_S
    assert code(leader.post()) == (401, "auth_required")


def test_signing_out_ends_this_token_only(leader: Phone):
    first = leader.token
    leader.sign_in()
    assert (
        leader.client.delete("/v1/session", headers=leader.headers).status_code == 204
    )
    assert code(leader.post()) == (401, "auth_required")
    leader.token = first
    assert leader.post().status_code == 200


def by_cookie(phone: Phone, **headers: str) -> dict[str, str]:
    answer = phone.sign_in(deliver="cookie")
    assert "token" not in answer.json
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"enid-{phone.account.hex()[:8]}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    return {"Cookie": cookie.split(";")[0]} | headers


def test_cookie_counts_for_our_own_pages_only(leader: Phone):
    account = {"Enid-Account": leader.account.hex()[:8]}
    cookie = by_cookie(leader)
    leader.token = ""

    def ask(**headers: str):
        return leader.client.post("/v1/sync", json={}, headers={**cookie, **headers})

    same, cross = {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"}
    assert ask(**account, **same).status_code == 200
    assert ask(**account, Origin="http://localhost:8000").status_code == 200
    assert code(ask(**account, **cross)) == (403, "cross_site")
    assert code(ask(**account, Origin="http://evil.example")) == (403, "cross_site")
    assert code(ask(**account)) == (403, "cross_site")
    assert code(ask(**same)) == (401, "auth_required")
    both = {"Authorization": "Bearer x"}
    assert code(ask(**account, **same, **both)) == (400, "two_credentials")


def test_cookie_is_locked_to_the_host_under_https(settings):
    from server import create_app, services_of, upgrade

    app = create_app(settings | {"ENID_ORIGIN": "https://enid.example"})
    upgrade(app)
    phone = Phone(app)
    answer = phone.sign_in(
        operator_lookup(app), origin="https://enid.example", deliver="cookie"
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-enid-")
    assert "Secure" in cookie
    services_of(app).database.close()
