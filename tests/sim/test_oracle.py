"""The oracle itself: it speaks when a promise is broken, and only then."""

import os

import pytest

from sync.check import Space
from sync.errors import BadSignature, Unopened
from sync.kinds import SpaceKind
from sync.merge import mark
from tests.sim import history, suite, verdict
from tests.sim.ghost import Ghost
from tests.sim.memory_server import MemoryServer
from tests.sim.suite import FakeSealer, FakeSigner
from tests.sim.world import World

suite.register()
FRAME = Space(bytes(32), SpaceKind.FRAME)
MIA, HERE, ABSENT = b"m" * 16, "here", "absent"


def write(ghost, *seen, content=b"{}"):
    return ghost.act(
        seen, by="anna", account=b"a" * 16, what=FRAME, record=b"r", content=content,
        at=0.0,
    )  # fmt: skip


def test_an_act_holds_what_its_writer_had_on_the_screen():
    ghost = Ghost()
    first = write(ghost)
    second = write(ghost, first)
    third = write(ghost, second)

    assert ghost.cover([third.number]) == {0, 1, 2}
    assert ghost.cover([first.number]) == {0}


def test_only_what_nobody_holds_any_more_may_be_missing():
    ghost = Ghost()
    first = write(ghost)
    second = write(ghost, first)
    alone = write(ghost)

    ghost.destroyed([second.number])

    assert ghost.lost == {alone.number}


def test_a_settled_mark_that_stands_again_is_a_violation():
    ghost = Ghost()
    first = mark((), MIA, HERE, b"1" * 8)
    second = mark((first,), MIA, ABSENT, b"2" * 8)
    third = mark((second,), MIA, HERE, b"3" * 8)
    ghost.marked(first, ())
    ghost.marked(second, (first,))
    ghost.marked(third, (second,))

    ghost.look("anna", (first, third), (third,))
    assert not ghost.violations
    ghost.look("anna", (first, third), (first, third))
    assert ghost.violations


def test_marks_made_apart_may_stand_together():
    ghost = Ghost()
    first = mark((), MIA, HERE, b"1" * 8)
    second = mark((), MIA, ABSENT, b"2" * 8)
    ghost.marked(first, ())
    ghost.marked(second, ())

    ghost.look("anna", (first, second), (first, second))

    assert not ghost.violations


def test_the_fakes_open_with_the_right_key_context_and_bytes_only():
    box, signer = FakeSealer(), FakeSigner()
    sealed = box.encrypt(b"k" * 32, b"words", b"context")
    public, signature = signer.public(b"s" * 32), signer.sign(b"s" * 32, b"message")

    assert b"words" not in sealed
    assert box.decrypt(b"k" * 32, sealed, b"context") == b"words"
    signer.verify(public, b"message", signature)
    for key, aad, bytes_ in (
        (b"x" * 32, b"context", sealed), (b"k" * 32, b"other", sealed),
        (b"k" * 32, b"context", bytes([sealed[0] ^ 1]) + sealed[1:]),
    ):  # fmt: skip
        with pytest.raises(Unopened):
            box.decrypt(key, bytes_, aad)
    with pytest.raises(BadSignature):
        signer.verify(public, b"messagf", signature)


def test_a_fake_wrap_opens_for_its_account_only():
    box = FakeSealer()
    wrapped = box.wrap(box.wrap_public(b"a" * 32), b"info", b"secret" * 5 + b"32")

    assert len(wrapped) == 80
    assert box.unwrap(b"a" * 32, b"info", wrapped) == b"secret" * 5 + b"32"
    with pytest.raises(Unopened):
        box.unwrap(b"b" * 32, b"info", wrapped)


def quiet_world():
    """A group in which everybody has written and nothing ever went wrong."""
    world = World(7, {})
    history.begin(world)
    verdict.settle(world)
    return world


def test_a_history_without_faults_keeps_every_promise():
    world = quiet_world()
    verdict.judge(world)
    assert world.ghost.acts
    assert not world.ghost.violations


def test_a_row_taken_from_a_log_is_seen():
    world = quiet_world()
    homes = world.server.state.spaces.values()
    home = next(h for h in homes if h.space.kind is SpaceKind.FRAME)
    version, _, _ = home.versions.pop()
    del home.by_id[version.id]
    verdict.judge(world)
    assert any("REL-" in said for said in world.ghost.violations)


def test_an_act_that_a_phone_forgot_is_seen():
    world = quiet_world()
    device = verdict.present(world)[0]
    act = write(world.ghost)
    device.rows[10_000] = act
    verdict.judge(world)
    assert any("is lost" in said for said in world.ghost.violations)


def test_an_eviction_excuses_what_only_that_phone_held():
    world = quiet_world()
    write(world.ghost)
    world.ghost.destroyed(world.copies())
    verdict.judge(world)
    assert not world.ghost.violations


def test_a_wrap_for_a_stranger_is_seen():
    world = quiet_world()
    homes = world.server.state.spaces.values()
    home = next(h for h in homes if h.space.kind is SpaceKind.ROOM)
    home.wraps[b"k" * 8, b"stranger" * 2, b"by" * 8] = bytes(80)
    verdict.judge(world)
    assert any("REL-12" in said for said in world.ghost.violations)


def test_a_crash_before_the_commit_leaves_the_server_as_it_was():
    world = quiet_world()
    before = {s: len(h.versions) for s, h in world.server.state.spaces.items()}
    device = verdict.present(world)[0]
    verdict.last_words(world, device)
    world.rates, world.calm = {"server_crash": 1.0}, False
    for _ in range(20):
        world.sync(device, 1)
    assert isinstance(world.server, MemoryServer)
    assert all(
        len(world.server.state.spaces[space].versions) >= size
        for space, size in before.items()
    )
    world.calm = True
    world.sync(device)
    verdict.pass_time(world, 12, 5)
    verdict.judge(world)
    assert not world.ghost.violations


def test_one_seed_is_one_history():
    hashes = {history.run(11).digest.hexdigest() for _ in range(2)}
    assert len(hashes) == 1, os.environ.get("PYTHONHASHSEED")
