"""Answers of every wrong shape; what a server is never told (SEC-05, 09, 21, 51)."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sync import envelope
from sync.client import Client
from sync.encoding import b64, sha256, unb64
from sync.errors import EnidError
from sync.kinds import Role
from tests.hostile.attacks import (
    AnOldPageIsServedOnceMore,
    OneVersionOfAnAuthorIsWithheld,
)
from tests.hostile.liar import Liar, Stage, attempt, kept, seq, weaken
from tests.people import LATER, alarms, held, join, texts

Path = tuple[Any, ...]
WRONG: tuple[Any, ...] = (
    None, -1, 1 << 70, 1.5, True, "", "AAAA", "\u00e9", [], [[]], {}, {"a": 1},
)  # fmt: skip


class Once:
    """A transport that gives one prepared answer to the next sync."""

    def __init__(self, liar: Liar, answer: Any) -> None:
        self.liar, self.origin, self.answer = liar, liar.origin, answer

    def request(
        self, method: str, path: str, body: dict[str, Any] | None, token: str | None
    ) -> tuple[int, Any]:
        if path != "/v1/sync" or self.answer is None:
            return self.liar.request(method, path, body, token)
        answer, self.answer = self.answer, None
        return 200, answer


def places(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every place in an answer, containers too."""
    if at:
        yield at
    if isinstance(value, dict):
        for name, each in value.items():
            yield from places(each, (*at, name))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from places(each, (*at, place))


def changed(answer: Any, at: Path, value: Any) -> Any:
    """The answer with another value in one place."""
    found = copy.deepcopy(answer)
    inner = found
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    return found


def other(text: str) -> str:
    """The same text with one character changed."""
    at = len(text) // 2
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


@pytest.fixture(scope="module")
def moved() -> tuple[Stage, Any]:
    """Lee has been away: one answer brings a log, a space, wraps and hints."""
    stage = Stage()
    join(stage.world, stage.ann, stage.circle, Role.MEMBER)
    stage.say(stage.ann, stage.frame, "moved to Thursday")
    stage.say(stage.ann, stage.room, "and upstairs")
    stage.meet(stage.ann, stage.bob)
    taken: list[Any] = []
    stage.liar.tell(stage.lee, lambda answer: taken.append(copy.deepcopy(answer)))
    copied = stage.world.copy_of(stage.lee)
    copied.sync_once()
    stage.liar.turn_honest()
    assert len(taken[0]["pull"]) >= 3
    return stage, taken[0]


def take(stage: Stage, answer: Any) -> Client:
    """A copy of Lee's phone that got this answer; only an ``EnidError`` may come."""
    phone = stage.world.copy_of(stage.lee)
    phone.transport = Once(stage.liar, answer)
    with contextlib.suppress(EnidError):
        phone.sync_once()
    return phone


def test_a_change_of_any_one_value_of_an_answer_shows_nothing_false(moved) -> None:
    """SEC-21: each place, each wrong value; and an honest answer mends it."""
    stage, answer = moved
    before = stage.shown_anywhere(stage.lee)
    people = set(stage.ann.replica.circles[stage.circle].accounts)
    everything = {"moved to Thursday", "and upstairs"} | before
    for at in places(answer):
        value = answer
        for step in at:
            value = value[step]
        wrong = [*WRONG, other(value)] if isinstance(value, str) and value else WRONG
        for each in wrong:
            phone = take(stage, changed(answer, at, each))
            found = stage.shown_anywhere(phone)
            assert before <= found <= stage.said, at
            accounts = set(phone.replica.circles[stage.circle].accounts)
            assert accounts <= people, at
            assert attempt(phone) is None, at
            mended = stage.shown_anywhere(phone)
            spoiled = {"bad_signature", "chain_conflict"} & alarms(phone)
            assert mended >= everything or spoiled, (at, each)


def test_a_value_left_out_of_an_answer_shows_nothing_false(moved) -> None:
    stage, answer = moved
    before = stage.shown_anywhere(stage.lee)
    for at in list(places(answer)):
        short = copy.deepcopy(answer)
        inner = short
        for step in at[:-1]:
            inner = inner[step]
        del inner[at[-1]]
        phone = take(stage, short)
        assert before <= stage.shown_anywhere(phone) <= stage.said, at
        assert attempt(phone) is None, at


def test_a_client_that_checks_no_heads_believes_a_changed_one(
    moved, monkeypatch
) -> None:
    """The counterpart: without the chain of heads the same change is believed."""
    stage, answer = moved
    at = ("pull", b64(stage.frame.id), "head")
    wrong = changed(answer, at, b64(bytes(32)))
    assert "server_fault" in alarms(take(stage, wrong))
    weaken(monkeypatch, AnOldPageIsServedOnceMore.without[-1:])
    phone = take(stage, wrong)
    assert not alarms(phone)
    assert seq(phone, stage.frame) > seq(stage.lee, stage.frame)


@pytest.mark.parametrize(
    "answer",
    [
        None, [], "", 0, {}, {"inc": 1}, {"inc": {}, "pull": {}, "more": False},
        {"inc": 1, "pull": [], "more": False}, {"inc": 1, "pull": {"": {}}, "more": 0},
        {"inc": 10**400, "pull": {}, "more": False},
        {"inc": 1, "pull": {}, "more": False, "pushed": {"AAAA": None}},
        {"inc": 1, "pull": {}, "more": False, "wraps": {"A" * 22: [[1, 2]]}},
        {"inc": 1, "pull": {}, "more": False, "lacking": {"A" * 22: [{}]}},
        {"inc": 1, "pull": {}, "more": False, "gone": [None]},
        {"inc": 1, "pull": {}, "more": False, "packs": [[], 1]},
    ],
    ids=repr,
)  # fmt: skip
def test_an_answer_of_another_shape_is_a_fault_of_the_server(answer) -> None:
    stage = Stage()
    before = kept(stage.lee)
    phone = take(stage, answer if answer is not None else [None])
    assert kept(phone) >= before
    assert stage.shown_anywhere(phone) == stage.shown_anywhere(stage.lee)
    assert attempt(phone) is None


def test_a_very_deep_or_very_long_answer_costs_little_and_changes_nothing() -> None:
    """SEC-51."""
    stage = Stage()
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    long = "A" * 5_000_000
    answer = {"inc": 1, "more": False, "pull": {
        b64(stage.frame.id): {"after": 0, "seq": 1, "head": long, "reset": False,
                              "versions": [deep]},
        b64(stage.room.id): {"after": 0, "seq": 1, "head": "", "reset": False,
                             "versions": [[long, long, long]]},
    }}  # fmt: skip
    begun = time.perf_counter()
    phone = take(stage, answer)
    assert time.perf_counter() - begun < 5
    assert kept(phone) == kept(stage.lee)
    assert attempt(phone) is None


def test_no_field_of_an_answer_makes_a_client_wrap_a_key(moved) -> None:
    """SEC-02, SEC-09: policies, escrow, recovery keys, directories: all unheard."""
    stage, answer = moved
    key, account = b64(os.urandom(32)), b64(os.urandom(16))
    where = b64(stage.frame.id)
    lies = {
        "policy": {"recovery": {"public_key": key, "required": True}},
        "escrow": [{"account": account, "wrap_key": key}], "recovery_key": key,
        "accounts": {account: {"sign_key": key, "wrap_key": key}},
        "min_suite": 0, "suite": 0, "kdf": {"iterations": 1}, "wrap_to": [account],
        "lacking": {where: [account], b64(os.urandom(16)): [account]},
    }  # fmt: skip
    phone = take(stage, {**answer, **lies})
    seen = len(stage.liar.seen)
    stage.say(phone, stage.frame, "after the lies")
    attempt(phone)
    sent = stage.liar.seen[seen:]
    for _, body in sent:
        rows = [row for each in body.get("wraps", {}).values() for row in each]
        assert all(row[1] != account for row in rows)
        assert key not in json.dumps(body)


def test_nothing_of_a_codes_secret_is_in_any_request() -> None:
    """SEC-05: what the server sees of an invitation is its lookup and public key."""
    stage = Stage()
    invitation = stage.ann.invite(stage.circle, os.urandom(16), Role.MEMBER, {}, LATER)
    stage.meet(stage.ann)
    dave = stage.world.newcomer()
    dave.join(invitation)
    attempt(dave)
    account_key = stage.ann.secrets["account_key"]
    stage.world.second_device(stage.ann)
    sent = json.dumps(stage.liar.seen)
    secrets = [
        invitation.secret, invitation.seed, account_key, stage.ann.identity.secret,
        stage.ann.identity.sign_seed, stage.ann.identity.wrap_seed,
        stage.ann.identity.record_secret, stage.ann.secrets["device"],
        stage.ann.secrets["local"],
        stage.key(stage.ann, stage.frame).secret,
    ]  # fmt: skip
    for secret in secrets:
        assert b64(secret) not in sent
        assert secret.hex() not in sent
    assert invitation.code not in sent
    assert b64(invitation.lookup) in sent


def test_what_a_liar_withheld_is_there_again_once_it_is_honest() -> None:
    stage = Stage()
    attack = OneVersionOfAnAuthorIsWithheld()
    attack.lie(stage)
    assert "no, Friday" not in texts(stage.lee, stage.frame)
    stage.rewrite(stage.frame, attack.whole)
    attempt(stage.lee)
    assert {"Thursday", "no, Friday"} <= set(texts(stage.lee, stage.frame))


def test_a_version_whose_signature_was_spoiled_counts_after_the_next_full_pull() -> (
    None
):
    """The id does not cover the signature: a spoiled copy must not stand for ever."""
    stage = Stage()
    stage.say(stage.ann, stage.frame, "moved to Thursday")
    stage.meet(stage.ann)

    def spoil(answer: Any) -> None:
        for page in answer["pull"].values():
            for row in page["versions"]:
                row[1] = other(row[1])

    stage.liar.tell(stage.lee, spoil)
    attempt(stage.lee)
    assert "bad_signature" in alarms(stage.lee)
    assert "moved to Thursday" not in texts(stage.lee, stage.frame)
    stage.liar.turn_honest()
    stage.server.restore(stage.server.dump())
    attempt(stage.lee)
    assert "moved to Thursday" in texts(stage.lee, stage.frame)


def strip(answer: Any) -> None:
    """Serve contents as if they had been replaced and dropped long ago."""
    for page in answer["pull"].values():
        for row in page["versions"]:
            if row[2] and envelope.parse_header(unb64(row[0])).rule:
                row[2:] = [None, b64(sha256(unb64(row[2])))]


def test_a_body_that_is_withheld_from_a_head_raises_an_alarm() -> None:
    stage = Stage()
    stage.say(stage.ann, stage.frame, "moved to Thursday")
    stage.meet(stage.ann)
    stage.liar.tell(stage.lee, strip)
    attempt(stage.lee)
    assert alarms(stage.lee)


def test_a_body_that_was_withheld_is_there_once_the_server_is_honest() -> None:
    stage = Stage()
    stage.say(stage.ann, stage.frame, "moved to Thursday")
    stage.meet(stage.ann)
    stage.liar.tell(stage.lee, strip)
    attempt(stage.lee)
    stage.liar.turn_honest()
    attempt(stage.world.restart(stage.lee))
    assert "moved to Thursday" in texts(stage.lee, stage.frame)


def test_a_frozen_circle_keeps_what_is_written_and_can_still_be_read() -> None:
    """PROTOCOL 4.4: writing is frozen, with a notice; reading and saving go on."""
    stage = Stage()
    stage.plant(stage.log, stage.forge(stage.bob, stage.log, b"\x0b" + bytes(32)))
    attempt(stage.lee)
    assert stage.lee.replica.frozen(stage.circle) == "upgrade_required"
    stage.say(stage.lee, stage.frame, "kept")
    attempt(stage.lee)
    assert {"kept", "Tuesday at one"} <= set(texts(stage.lee, stage.frame))
    (row,) = stage.lee.outbox.rows(stage.frame.id)
    assert row.id is None
    assert held(stage.lee, stage.frame).membership.length
