"""Private notes: editors, joining, choosing."""

from __future__ import annotations

import pytest

from sync.desk import Desk
from sync.desk.notes import BETWEEN
from sync.errors import EnidError
from tests.people import World
from tests.worlds import flask_world, memory_world

TEXT = "one\n\ntwo\n\nthree"


@pytest.fixture
def world() -> World:
    return memory_world()


def two_devices(world: World, text: str = TEXT) -> tuple[Desk, Desk, bytes]:
    """One note on two devices of its owner; its name."""
    phone = Desk(world.first())
    editor = phone.notes.new("Bed 4")
    phone.notes.save(editor, text)
    phone.sync()
    other = Desk(world.second_device(phone.client))
    return phone, other, editor.rec


def meet(*desks: Desk) -> None:
    for _ in range(2):
        for desk in desks:
            desk.sync()


def edit(desk: Desk, rec: bytes, old: str, new: str) -> None:
    editor = desk.notes.open(rec)
    desk.notes.save(editor, editor.text.replace(old, new))


def test_a_note_is_there_after_a_restart_without_a_network(world):
    phone = Desk(world.first())
    phone.notes.save(phone.notes.new("Bed 4"), TEXT)
    again = Desk(world.restart(phone.client))
    assert [(n.title, n.text, n.pending) for n in again.notes.all()] == [
        ("Bed 4", TEXT, True)
    ]


def test_edits_of_different_paragraphs_are_joined(world):
    phone, other, rec = two_devices(world)
    edit(phone, rec, "one", "ONE")
    edit(other, rec, "three", "THREE")
    meet(phone, other)
    for desk in (phone, other):
        opened = desk.notes.open(rec)
        assert opened.text == "ONE\n\ntwo\n\nTHREE"
        assert opened.versions == ()


def test_edits_of_one_paragraph_are_both_shown_until_their_owner_chooses(world):
    phone, other, rec = two_devices(world)
    edit(phone, rec, "two", "TWO")
    edit(other, rec, "two", "zwei")
    meet(phone, other)
    opened = phone.notes.open(rec)
    assert len(opened.versions) == 2
    assert opened.text == BETWEEN.join(opened.versions)
    phone.notes.save(opened, "one\n\nTWO and zwei\n\nthree")
    meet(phone, other)
    settled = other.notes.open(rec)
    assert (settled.text, settled.versions) == ("one\n\nTWO and zwei\n\nthree", ())


def test_saving_a_joined_note_settles_both_heads(world):
    phone, other, rec = two_devices(world)
    edit(phone, rec, "one", "ONE")
    edit(other, rec, "three", "THREE")
    meet(phone, other)
    edit(phone, rec, "two", "TWO")
    meet(phone, other)
    assert other.notes.open(rec).text == "ONE\n\nTWO\n\nTHREE"
    assert len(other.notes.open(rec).base) == 1


def test_an_editor_saves_on_what_it_was_opened_on_and_not_on_what_came_since(world):
    phone, other, rec = two_devices(world)
    opened = phone.notes.open(rec)
    edit(other, rec, "three", "THREE")
    meet(other, phone)
    phone.notes.save(opened, opened.text.replace("one", "ONE"))
    meet(phone, other)
    assert phone.notes.open(rec).text == "ONE\n\ntwo\n\nTHREE"


def test_two_openings_on_one_device_are_two_editors(world):
    phone, _, rec = two_devices(world)
    first, second = phone.notes.open(rec), phone.notes.open(rec)
    phone.notes.save(first, first.text.replace("one", "ONE"))
    phone.notes.save(second, second.text.replace("three", "THREE"))
    phone.sync()
    assert phone.notes.open(rec).text == "ONE\n\ntwo\n\nTHREE"


def test_editing_again_before_the_first_edit_is_sent_makes_no_conflict(world):
    phone, other, rec = two_devices(world)
    edit(phone, rec, "one", "ONE")
    edit(phone, rec, "two", "TWO")
    meet(phone, other)
    assert other.notes.open(rec).text == "ONE\n\nTWO\n\nthree"
    assert len(other.notes.open(rec).base) == 1


def test_editing_what_was_sealed_and_not_answered_makes_no_conflict(world):
    phone, other, rec = two_devices(world)
    edit(phone, rec, "one", "ONE")
    phone.client.outbox.seal_batch()
    edit(phone, rec, "two", "TWO")
    meet(phone, other)
    assert other.notes.open(rec).text == "ONE\n\nTWO\n\nthree"
    assert len(other.notes.open(rec).base) == 1


def test_an_edit_wins_over_a_deletion_made_apart_from_it(world):
    phone, other, rec = two_devices(world)
    phone.notes.delete(phone.notes.open(rec))
    edit(other, rec, "one", "ONE")
    meet(phone, other)
    assert phone.notes.open(rec).text.startswith("ONE")


def test_a_deleted_note_is_gone_on_all_devices(world):
    phone, other, rec = two_devices(world)
    phone.notes.delete(phone.notes.open(rec))
    meet(phone, other)
    assert list(other.notes.all()) == []
    with pytest.raises(EnidError):
        other.notes.open(rec)


@pytest.mark.slow
def test_more_large_notes_than_fit_into_one_request_are_all_sent(tmp_path):
    world = flask_world(tmp_path)
    phone = Desk(world.first())
    for _ in range(24):
        phone.notes.save(phone.notes.new(), "x" * 60_000)
    phone.sync()
    assert phone.client.outbox.rows() == []
    world.server.close()
