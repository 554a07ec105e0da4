"""Every attack bites where its defence is missing, and fails against the real client.

"Fails" means: nothing false is shown, the right alarm or error is there, and what the
attack did not touch can still be read, written and sent (reference/security.md 2).
"""

from __future__ import annotations

import re

import pytest

from tests.hostile.attacks import ATTACKS, Attack, weaken
from tests.hostile.liar import Stage, attempt
from tests.people import alarms, texts

SWITCHES = [
    pytest.param(
        kind,
        id=f"{re.sub('(?<!^)(?=[A-Z])', ' ', kind.__name__).lower()} ({kind.cites})",
    )
    for kind in ATTACKS
]


@pytest.mark.parametrize("kind", SWITCHES)
def test_without_its_defence_a_client_falls_for_it(
    kind: type[Attack], monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind.from_the_start:
        weaken(monkeypatch, kind.without)
    attack, stage = kind(), Stage()
    if not kind.from_the_start:
        weaken(monkeypatch, kind.without)
    attack.lie(stage)
    assert attack.won(stage)


@pytest.mark.parametrize("kind", SWITCHES)
def test_the_real_client_does_not_fall_for_it(kind: type[Attack]) -> None:
    attack, stage = kind(), Stage()
    attack.lie(stage)
    assert not attack.won(stage)
    victim = attack.victim(stage)
    assert stage.shown_anywhere(victim) <= stage.said
    if attack.alarm:
        assert attack.alarm in alarms(victim) | {attack.error}
    else:
        assert not alarms(victim)


@pytest.mark.parametrize("kind", SWITCHES)
def test_what_it_did_not_touch_goes_on_while_the_server_lies(
    kind: type[Attack],
) -> None:
    attack, stage = kind(), Stage()
    attack.lie(stage)
    victim = attack.victim(stage)
    writer, reader = stage.ann, stage.lee
    assert "in another group" in texts(reader, stage.elsewhere)
    if kind.untouched and victim in (stage.ann, stage.lee):
        stage.liar.before.clear()
        stage.say(writer, stage.elsewhere, "still here")
        stage.say(victim, stage.frame, "saved, whatever happens")
        for _ in range(3):
            stage.world.time += 40
            attempt(writer)
            attempt(reader)
        assert "saved, whatever happens" in texts(victim, stage.frame)
        if stage.lee.transport is stage.liar:
            assert "still here" in texts(reader, stage.elsewhere)
