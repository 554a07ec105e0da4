"""Circles' logs: entries, who is seated, and what a refusal leaves behind."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import entries, kinds
from sync.check import still_counts
from sync.encoding import bytes_from_code, code_from_bytes
from sync.errors import EnidError
from sync.kinds import SPACES, ZERO16, ZERO32, CircleKind, Role, Rule, SpaceKind
from sync.membership import Membership
from tools.make_vectors import (
    ANN,
    ANN_2,
    BOB,
    CORA,
    LEE,
    MAL,
    Phone,
    Scene,
    flipped,
    person,
)

b = st.binary
u16 = st.integers(0, 0xFFFF)
KEYS, IDS = b(min_size=32, max_size=32), b(min_size=16, max_size=16)
SIGNATURES = b(min_size=64, max_size=64)
ROWS = st.builds(
    lambda rows: tuple(sorted(set(rows))),
    st.lists(st.tuples(IDS, st.integers(0, 2**63), KEYS), max_size=4),
)
ANY_ENTRY = st.one_of(
    st.builds(entries.Genesis, st.integers(0, 255), IDS, u16, KEYS, KEYS, KEYS,
              SIGNATURES),
    st.builds(entries.Invite, IDS, u16, KEYS),
    st.builds(entries.Revoke, KEYS),
    st.builds(entries.Join, KEYS, KEYS, KEYS, KEYS, SIGNATURES, SIGNATURES),
    st.builds(entries.Grant, IDS, u16, KEYS, KEYS),
    st.builds(entries.Device, IDS, KEYS, SIGNATURES),
    st.builds(entries.SetRoles, KEYS, IDS, u16),
    st.builds(entries.Removal, KEYS, st.integers(0, 255), IDS),
    st.builds(entries.Listing, KEYS, st.integers(0, 255)),
    st.builds(
        entries.Epoch, KEYS, st.integers(0, 255), IDS, KEYS, KEYS, KEYS,
        st.lists(st.tuples(b(min_size=8, max_size=8), b(min_size=80, max_size=80)),
                 max_size=3).map(tuple),
        KEYS,
        st.sets(IDS, max_size=4).map(lambda s: tuple((i,) for i in sorted(s))), ROWS,
    ),
)  # fmt: skip


# -- entries -------------------------------------------------------------------------


@given(ANY_ENTRY)
def test_decoding_undoes_encoding(entry: entries.Entry) -> None:
    assert entries.decode(entries.encode(entry)) == entry


@given(ANY_ENTRY, st.data())
def test_an_entry_has_one_spelling(entry: entries.Entry, data: st.DataObject) -> None:
    spelled = entries.encode(entry)
    other = flipped(spelled, data.draw(st.integers(0, len(spelled) * 8 - 1)))
    try:
        read = entries.decode(other)
    except EnidError:
        return
    assert entries.encode(read) == other
    assert read != entry


def refusal(read: Callable[[], object]) -> str | None:
    """The code of the error that reading raises."""
    try:
        read()
    except EnidError as error:
        return error.code
    return None


@given(b(max_size=600))
def test_any_bytes_are_an_entry_or_refused(data: bytes) -> None:
    code = refusal(lambda: entries.decode(data))
    assert code in (None, "bad_envelope", "upgrade_required")
    assert code or entries.encode(entries.decode(data)) == data


@given(b(min_size=20, max_size=20))
def test_reading_a_code_undoes_spelling_it(secret: bytes) -> None:
    code = code_from_bytes(secret, 8)
    assert bytes_from_code(code, 8) == secret
    assert bytes_from_code(code.lower().replace("-", " "), 8) == secret


@given(b(min_size=20, max_size=20), st.integers(0, 39))
def test_a_wrong_character_is_nearly_always_found_in_its_group(
    secret: bytes, at: int
) -> None:
    """The check character is five bits: 31 of 32 mistakes are named at once."""
    typed = code_from_bytes(secret, 8).replace("-", "")
    found = 0
    for other in "0123456789ABCDEFGHJKMNPQRSTVWXYZ".replace(typed[at], ""):
        try:
            bytes_from_code(typed[:at] + other + typed[at + 1 :], 8)
        except EnidError as error:
            found += error.facts["group"] == at // 5 + 1
    assert found >= 24


@given(st.text(max_size=60), st.sampled_from([5, 8]))
def test_any_text_is_a_code_or_refused(typed: str, groups: int) -> None:
    code = refusal(lambda: bytes_from_code(typed, groups))
    assert code in (None, "bad_code")
    if code is None:
        secret = bytes_from_code(typed, groups)
        assert bytes_from_code(code_from_bytes(secret, groups), groups) == secret


# -- a refused entry changes nothing -------------------------------------------------


def a_crowd() -> Scene:
    """Every sort of person and place, and a removal."""
    scene = Scene("a crowd")
    scene.seat(ANN, BOB, Role.MEMBER)
    scene.seat(ANN, LEE, Role.LEADER)
    scene.seat(ANN, CORA, Role.COORDINATOR)
    scene.enter(ANN_2, scene.device(ANN_2))
    gone = Phone("gone")
    scene.seat(LEE, gone, Role.OBSERVER)
    scene.enter(ANN, scene.removal(gone))
    scene.invite(ANN, person("open"), Role.MEMBER)
    closed = scene.invite(ANN, person("closed"), Role.LEADER)
    scene.enter(ANN, entries.Revoke(closed.public))
    return scene


CROWD = a_crowd()
PEOPLE = [ANN, ANN_2, BOB, LEE, CORA, MAL, Phone("gone")]
REAL_KEYS = st.sampled_from(
    [*CROWD.membership.invites, *(p.key for p in PEOPLE), bytes(32)]
)
REAL_ACCOUNTS = st.sampled_from([p.account for p in PEOPLE])
REAL_AFTER = st.sampled_from([CROWD.membership.last_change, ZERO32, b"x" * 32])
ROLES = st.sampled_from([0, 1, 2, 3, 4, 8, 16, 256, 511, 512])


@st.composite
def tries(draw: st.DrawFn) -> tuple[Phone, entries.Entry]:
    """Something that somebody might try, mostly refused and sometimes not."""
    who, by = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(PEOPLE))
    keys, whom = who.identity, draw(REAL_ACCOUNTS)
    certificate = draw(st.sampled_from([who.certificate, bytes(64)]))
    wrap_key = draw(st.sampled_from([keys.wrap_key, bytes(32)]))
    entry = draw(st.sampled_from([
        entries.Genesis(draw(st.integers(0, 9)), who.person, draw(ROLES),
                        keys.sign_key, wrap_key, by.key, certificate),
        entries.Invite(who.person, draw(ROLES), draw(REAL_KEYS)),
        entries.Revoke(draw(REAL_KEYS)),
        entries.Join(draw(REAL_KEYS), keys.sign_key, wrap_key, by.key, certificate,
                     bytes(64)),
        entries.Grant(who.person, draw(ROLES), keys.sign_key, wrap_key),
        entries.Device(whom, by.key, certificate),
        entries.SetRoles(draw(REAL_AFTER), whom, draw(ROLES)),
        entries.Removal(draw(REAL_AFTER), draw(st.integers(0, 3)),
                        draw(st.sampled_from([whom, who.device]))),
        entries.Listing(draw(KEYS), draw(st.integers(0, 2))),
    ]))  # fmt: skip
    return by, entry


@given(tries())
@settings(max_examples=400)
def test_a_membership_never_changes_when_an_entry_is_refused(
    attempt: tuple[Phone, entries.Entry],
) -> None:
    by, entry = attempt
    membership = CROWD.membership.copy()
    before = copy.deepcopy(vars(membership))
    try:
        membership.apply(b"v" * 32, by.device, entry)
    except EnidError:
        assert vars(membership) == before
        return
    assert membership.length == before["length"] + 1
    assert vars(CROWD.membership) == before, "a copy is independent"


@given(tries())
def test_nobody_gets_a_role_that_its_giver_could_not_give(
    attempt: tuple[Phone, entries.Entry],
) -> None:
    """PROTOCOL 4.3, for every entry that is taken."""
    by, entry = attempt
    membership = CROWD.membership.copy()
    before = {a.id: a.roles for a in membership.accounts.values()}
    author = before.get(by.account, Role.NONE)
    allowed = Role.NONE
    for role, over in kinds.AUTHORITY[CircleKind.GROUP].items():
        allowed |= over if author & role else Role.NONE
    try:
        membership.apply(b"v" * 32, by.device, entry)
    except EnidError:
        return
    for account in membership.accounts.values():
        gained = account.roles & ~before.get(account.id, Role.NONE)
        if not isinstance(entry, entries.Join):
            assert not gained & ~allowed


@given(st.permutations(range(4)))
def test_entries_that_commute_give_one_membership_in_any_order(
    order: list[int],
) -> None:
    """PROTOCOL 4.2(1): joins, devices, invitations and grants."""
    scene = Scene("commuting")
    places = [scene.invite(ANN, p.person, Role.MEMBER) for p in (BOB, LEE)]
    made: list[tuple[Phone, entries.Entry]] = [
        (BOB, scene.join_entry(places[0], BOB)),
        (LEE, scene.join_entry(places[1], LEE)),
        (ANN_2, scene.device(ANN_2)),
        (ANN, scene.grant(CORA, Role.COORDINATOR)),
    ]
    membership = scene.membership.copy()
    for place in order:
        by, entry = made[place]
        membership.apply(bytes([place]) * 32, by.device, entry)
    seats = {(a.id, a.person, a.roles) for a in membership.accounts.values()}
    assert seats == {
        (ANN.account, ANN.person, Role.LEADER), (BOB.account, BOB.person, Role.MEMBER),
        (LEE.account, LEE.person, Role.MEMBER),
        (CORA.account, CORA.person, Role.COORDINATOR),
    }  # fmt: skip
    assert set(membership.devices) == {p.device for p in (ANN, ANN_2, BOB, LEE)}


@given(st.lists(st.integers(0, 30), max_size=30))
def test_folding_a_log_twice_gives_the_same(cuts: list[int]) -> None:
    """A fold that is copied anywhere on the way and goes on is the same fold."""
    versions = CROWD.log.versions
    membership = Membership()
    for place, version in enumerate(versions):
        if place in cuts:
            membership = membership.copy()
        entry = entries.decode(version.body or b"")
        membership.apply(version.id, version.header.device, entry)
    assert vars(membership) == vars(CROWD.membership)


def test_two_changes_that_do_not_know_each_other_never_both_stand() -> None:
    scene = a_crowd()
    one, two = scene.removal(BOB), scene.roles(LEE, Role.MEMBER)
    scene.enter(CORA, one)
    with pytest.raises(EnidError, match="head_moved"):
        scene.enter(ANN, two)
    scene.enter(ANN, replace(two, after=scene.membership.last_change))


# -- who reads what: design.md 3 as data ---------------------------------------------

# circle, space: who reads (design.md 3). A thread's person is not a role.
READS: dict[tuple[str, str], set[str]] = {
    ("person", "personal"): {"owner"},
    ("group", "frame"): {"member", "leader", "coordinator", "observer"},
    ("group", "room"): {"member", "leader", "observer"},
    ("group", "register"): {"leader", "coordinator"},
    ("group", "leaders"): {"leader"},
    ("group", "thread"): {"leader", "the person"},
    ("programme", "programme"): {"coordinator"},
    ("programme", "office"): {"coordinator"},
    ("firm", "firm"): {"firm_head", "coordinator"},
    ("supervision", "supervision"): {"supervisor", "leader", "coordinator"},
    ("supervision", "supervisors"): {"supervisor"},
    ("team", "team"): {"leader"},
    ("application", "application"): {"applicant", "coordinator"},
    ("case", "case"): {"named"},
}


@pytest.mark.parametrize("kind", SPACES, ids=lambda kind: kind.name.lower())
@pytest.mark.parametrize("role", [r for r in Role if r], ids=lambda r: r.name.lower())
def test_the_readers_of_a_space_are_those_of_the_design(
    kind: SpaceKind, role: Role
) -> None:
    circle = SPACES[kind].circle
    scene = Scene(f"readers {kind} {role}", BOB, role, circle)
    expected = READS[circle.name.lower(), kind.name.lower()]
    reads = BOB.account in scene.membership.readers(kind, person("somebody"))
    assert reads == (str(role.name).lower() in expected)
    own = BOB.account in scene.membership.readers(kind, BOB.person)
    assert own == (reads or "the person" in expected)


def test_every_space_of_the_design_stands_in_the_table_and_no_other() -> None:
    table = {
        (row.circle.name.lower(), kind.name.lower()) for kind, row in SPACES.items()
    }
    assert table == set(READS)


@pytest.mark.parametrize("kind", SPACES, ids=lambda kind: kind.name.lower())
def test_somebody_who_left_reads_nothing_not_even_their_own_thread(
    kind: SpaceKind,
) -> None:
    scene = Scene(f"left {kind}", ANN, Role(511), SPACES[kind].circle)
    scene.enter(ANN, scene.removal(ANN))
    assert scene.membership.readers(kind, ANN.person) == {}


@pytest.mark.parametrize("kind", SPACES, ids=lambda kind: kind.name.lower())
def test_whoever_leads_or_rotates_also_reads(kind: SpaceKind) -> None:
    row = SPACES[kind]
    assert not (row.lead | row.rotate) & ~row.readers


def test_a_person_reads_their_own_thread_and_nobody_elses() -> None:
    membership = CROWD.membership
    mine = membership.readers(SpaceKind.THREAD, BOB.person)
    theirs = membership.readers(SpaceKind.THREAD, LEE.person)
    assert set(mine) == {ANN.account, LEE.account, BOB.account}
    assert set(theirs) == {ANN.account, LEE.account}


# -- what counts after leaving (8.3) -------------------------------------------------


@given(st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_what_counts_of_somebody_who_left_ends_at_the_tip_that_is_listed(
    before: int, after: int
) -> None:
    scene = Scene("tips")
    scene.seat(ANN, LEE, Role.LEADER)
    frame = scene.space(SpaceKind.FRAME)
    old = scene.begin(ANN, frame)
    early = [scene.write(LEE, frame) for _ in range(before)]
    scene.enter(ANN, scene.removal(LEE))
    scene.begin(ANN, frame)
    late = [scene.write(LEE, frame, key=old) for _ in range(after)]
    pairs = dict(zip([v.id for v in frame.versions], frame.judged, strict=True))
    counts = {v.id: still_counts(v, pairs[v.id], frame) for v in [*early, *late]}
    assert counts == {v.id: v in early for v in [*early, *late]}
    assert frame.kid_of(1) == old.kid
    assert all(v.header.rule is Rule.LEAD for v in early)
    assert frame.space.subject == ZERO16
