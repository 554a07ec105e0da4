"""What the night drops, and what it keeps."""

from datetime import UTC, datetime
from types import SimpleNamespace

from sqlalchemy import text

from server import services_of
from server.services.jobs import KEPT_DAYS, run_nightly, seconds_until_night
from sync.encoding import b64
from sync.kinds import SpaceKind
from tests.server.builders import Circle, Phone

DAY_S = 86400


def bodies(phone: Phone, space: bytes) -> list[bool]:
    phone.views.pop(space, None)
    return [version[2] is not None for version in phone.pull()[b64(space)]["versions"]]


def write_twice(phone: Phone, circle: Circle, kind: SpaceKind) -> bytes:
    space = circle.space(kind)
    if space not in circle.epochs:
        phone.accepted(space, phone.epoch(circle, kind))
    first = phone.write(circle, kind)
    second = phone.write(circle, kind, rec=first.header.rec, parents=(first.id,))
    phone.accepted(space, first, second)
    return space


def later(app, clock, leader: Phone, days: int) -> dict[str, int]:
    clock.now += days * DAY_S
    done = run_nightly(services_of(app))
    leader.sign_in()
    return done


def test_replaced_ciphertext_goes_after_thirty_days(
    app, leader: Phone, circle: Circle, clock
):
    room = write_twice(leader, circle, SpaceKind.ROOM)
    assert later(app, clock, leader, KEPT_DAYS - 1)["dropped"] == 0
    assert later(app, clock, leader, 1)["dropped"] == 1
    assert bodies(leader, room) == [True, False, True]


def test_register_never_loses_anything(app, leader: Phone, circle: Circle, clock):
    register = write_twice(leader, circle, SpaceKind.REGISTER)
    assert later(app, clock, leader, 400)["dropped"] == 0
    assert bodies(leader, register) == [True, True, True]


def test_version_that_one_head_does_not_descend_from_is_kept(
    app, leader: Phone, member: Phone, circle: Circle, clock
):
    kind, room = SpaceKind.ROOM, circle.space(SpaceKind.ROOM)
    base = leader.write(circle, kind)
    same = {"rec": base.header.rec}
    mine = leader.write(circle, kind, **same, parents=(base.id,))
    newer = leader.write(circle, kind, **same, parents=(mine.id,))
    theirs = member.write(circle, kind, **same, parents=(base.id,))
    leader.accepted(room, base, mine, newer)
    member.accepted(room, theirs)
    later(app, clock, leader, KEPT_DAYS)
    # Both heads descend from ``base``, only one from ``mine``.
    assert bodies(leader, room) == [True, False, True, True, True]


def test_old_version_that_was_replaced_yesterday_is_kept(
    app, leader: Phone, circle: Circle, clock
):
    kind, room = SpaceKind.ROOM, circle.space(SpaceKind.ROOM)
    old = leader.write(circle, kind)
    leader.accepted(room, old)
    later(app, clock, leader, KEPT_DAYS)
    newer = leader.write(circle, kind, rec=old.header.rec, parents=(old.id,))
    leader.accepted(room, newer)
    assert later(app, clock, leader, 1)["dropped"] == 0


def test_what_has_expired_is_purged(app, leader: Phone, clock):
    later(app, clock, leader, 100)
    with services_of(app).database.read() as connection:
        counts = [
            connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar()
            for table in ("redeemed", "token")
        ]
    assert counts == [1, 1]


def test_night_begins_at_three_utc():
    at = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    assert seconds_until_night(at) == 1800
    assert seconds_until_night(at.replace(hour=3, minute=0)) == DAY_S


def test_heads_without_a_common_ancestor_keep_everything():
    from server.services.jobs import replaced
    from sync.envelope import Header, View
    from sync.kinds import ZERO16, ZERO32, Rule

    header = bytes(Header(1, ZERO16, 1, bytes(8), Rule.ALL, 0, ZERO16, ZERO16, 1,
                          ZERO32, View(), (), bytes(24)))  # fmt: skip
    rows = [SimpleNamespace(id=bytes([i]), header=header, day=0, kept=True)
            for i in range(2)]  # fmt: skip
    assert replaced(rows, 99) == []
