"""Merging: registers (PROTOCOL 6, E-21, REL-06 to REL-08) and notes."""

import re
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import BadRecord
from sync.merge import (
    VALUES,
    Cell,
    Standing,
    fill,
    heads,
    mark,
    merge_note,
    register,
    settled,
    statement_cells,
)

CHLOE, SIAN, OWEN = (bytes([n]) * 16 for n in (1, 2, 3))


def dot(number):
    return number.to_bytes(8, "big")


# --- heads -------------------------------------------------------------------------


def test_two_versions_made_apart_are_both_heads():
    assert heads({b"a": [], b"b": [b"a"], b"c": [b"a"]}) == {b"b", b"c"}


def test_a_version_that_joins_both_is_the_only_head():
    assert heads({b"a": [], b"b": [b"a"], b"c": [b"a"], b"d": [b"b", b"c"]}) == {b"d"}


def test_an_unknown_parent_drops_nothing():
    assert heads({b"a": [], b"b": [b"never seen"]}) == {b"a", b"b"}


def test_nothing_known_has_no_head():
    assert heads({}) == set()


# --- registers: what leaders see ---------------------------------------------------


def test_two_leaders_who_mark_alike_agree_silently():
    cells = [Cell(CHLOE, "here", dot(1)), Cell(CHLOE, "here", dot(2))]
    shown = register(cells)[CHLOE]
    assert (shown.state, shown.value) == ("agreed", "here")


def test_two_leaders_who_differ_are_both_shown_e21():
    cells = [Cell(CHLOE, "absent", dot(1)), Cell(CHLOE, "late", dot(2))]
    shown = register(cells)[CHLOE]
    assert (shown.state, shown.value) == ("differ", None)
    assert shown.values == ("late", "absent")
    assert {cell.dot for cell in shown.cells} == {dot(1), dot(2)}


def test_a_leader_who_marks_again_settles_the_difference_e21():
    cells = [Cell(CHLOE, "absent", dot(1)), Cell(CHLOE, "late", dot(2))]
    again = mark(cells, CHLOE, "late", dot(3))
    assert register([*cells, again])[CHLOE] == Standing((again,))


def test_a_mark_that_came_in_meanwhile_is_not_overridden_rel08():
    mine = Cell(CHLOE, "absent", dot(1))
    unseen = Cell(CHLOE, "late", dot(2))
    again = mark([mine], CHLOE, "here", dot(3))
    assert register([mine, unseen, again])[CHLOE].values == ("here", "late")


def test_a_mark_about_one_person_leaves_the_others_alone_e36():
    cells = [Cell(CHLOE, "here", dot(1)), Cell(SIAN, "absent", dot(2))]
    again = mark(cells, SIAN, "here", dot(3))
    assert again.over == (dot(2),)
    assert register([*cells, again])[CHLOE].value == "here"


def test_a_mark_taken_back_leaves_the_person_not_marked():
    here = Cell(CHLOE, "here", dot(1))
    back = mark([here], CHLOE, "none", dot(2))
    assert register([here, back])[CHLOE].state == "not_marked"


def test_a_mark_taken_back_never_makes_a_disagreement():
    cells = [Cell(CHLOE, "none", dot(1)), Cell(CHLOE, "here", dot(2))]
    assert register(cells)[CHLOE].value == "here"


def test_nobody_has_marked_whoever_is_not_in_the_register():
    assert register([]) == {}
    assert Standing().state == "not_marked"
    assert Standing().value is None


def test_a_value_that_is_no_mark_is_refused():
    with pytest.raises(BadRecord, match="here, late"):
        mark([], CHLOE, "asleep", dot(1))


def test_marking_the_others_fills_only_who_is_not_marked():
    cells = [
        Cell(CHLOE, "absent", dot(1)),
        Cell(SIAN, "none", dot(2)),
        Cell(SIAN, "none", dot(3)),
    ]
    new = fill(cells, [CHLOE, SIAN, OWEN], "here", [dot(7), dot(8), dot(9)])
    assert new == (
        Cell(SIAN, "here", dot(8), (dot(2), dot(3))),
        Cell(OWEN, "here", dot(9)),
    )


def test_marking_the_others_twice_adds_nothing():
    roster = [CHLOE, SIAN]
    new = fill([], roster, "here", [dot(1), dot(2)])
    assert fill(new, roster, "here", [dot(3), dot(4)]) == ()


def test_marking_the_others_wants_a_dot_for_each_place():
    with pytest.raises(ValueError, match="shorter"):
        fill([], [CHLOE, SIAN], "here", [dot(1)])


def test_a_statement_holds_one_persons_cells_and_nobody_elses():
    first = Cell(CHLOE, "here", dot(1))
    sheet = [Cell(SIAN, "absent", dot(2)), first, mark([first], CHLOE, "late", dot(3))]
    assert statement_cells([*sheet, first], CHLOE) == (first, sheet[2])


def test_two_statements_merge_as_the_sheets_they_came_from():
    ours = [Cell(CHLOE, "here", dot(1)), Cell(SIAN, "late", dot(2))]
    theirs = [*fill(ours, [OWEN], "here", [dot(3)]), mark(ours, CHLOE, "late", dot(4))]
    statements = [*statement_cells(ours, CHLOE), *statement_cells(theirs, CHLOE)]
    assert register(statements)[CHLOE] == register([*ours, *theirs])[CHLOE]


# --- registers: properties ---------------------------------------------------------

DOTS = [dot(number) for number in range(6)]
ANY_CELLS = st.lists(
    st.builds(
        Cell,
        st.sampled_from([CHLOE, SIAN]),
        st.sampled_from(VALUES),
        st.sampled_from(DOTS),
        st.sets(st.sampled_from(DOTS), max_size=3).map(
            lambda over: tuple(sorted(over))
        ),
    ),
    max_size=6,
)


@given(ANY_CELLS, ANY_CELLS)
def test_it_does_not_matter_whose_sheet_comes_first_rel06(ours, theirs):
    assert settled([*ours, *theirs]) == settled([*theirs, *ours])


@given(ANY_CELLS, ANY_CELLS, ANY_CELLS)
def test_it_does_not_matter_which_sheets_meet_first_rel06(first, second, third):
    left = {*{*first, *second}, *third}
    right = {*first, *{*second, *third}}
    assert settled(left) == settled(right)


@given(ANY_CELLS)
def test_a_sheet_that_comes_twice_changes_nothing_rel04(cells):
    assert settled([*cells, *cells]) == settled(cells)


@given(ANY_CELLS.filter(lambda cells: 0 < len(cells) < 5))
def test_every_order_of_arrival_shows_the_same_register_rel06(cells):
    shown = [register(order) for order in permutations(cells)]
    assert all(each == shown[0] for each in shown)


class History:
    """Marks made one after another, each from a view of some of those before it.

    `seen` holds, for each mark, the marks its author had before their eyes, and what
    the authors of those had: what "later" means without any clock.
    """

    def __init__(self, steps):
        self.cells: list[Cell] = []
        self.seen: list[set[int]] = []
        for person, value, glimpsed in steps:
            view = {place for place in glimpsed if place < len(self.cells)}
            about = {place for place in view if self.cells[place].person == person}
            known = [self.cells[place] for place in view]
            self.cells.append(mark(known, person, value, dot(len(self.cells))))
            self.seen.append(about.union(*(self.seen[place] for place in about)))

    def latest(self, places):
        """Those of some marks that none of the others came after."""
        later = set().union(*(self.seen[place] for place in places))
        return {self.cells[place] for place in places if place not in later}


PLACES_SEEN = st.sets(st.integers(0, 7))
HISTORIES = st.lists(
    st.tuples(st.sampled_from([CHLOE, SIAN]), st.sampled_from(VALUES), PLACES_SEEN),
    min_size=1,
    max_size=8,
).map(History)


def standing_cells(cells):
    return [cell for standing in settled(cells).values() for cell in standing]


@given(HISTORIES, PLACES_SEEN)
def test_whatever_has_arrived_exactly_the_latest_marks_stand_rel07(history, arrived):
    arrived = {place for place in arrived if place < len(history.cells)}
    standing = standing_cells([history.cells[place] for place in arrived])
    assert set(standing) == history.latest(arrived)
    assert len(standing) == len(set(standing))


@given(HISTORIES)
def test_no_mark_is_lost_but_by_a_mark_that_saw_it_rel08(history):
    standing = standing_cells(history.cells)
    overridden = {earlier for cell in standing for earlier in cell.over}
    assert {cell.dot for cell in standing} | overridden == {
        cell.dot for cell in history.cells
    }
    assert not {cell.dot for cell in standing} & overridden


@given(HISTORIES, PLACES_SEEN)
def test_merging_in_stages_is_merging_at_once_rel06(history, first_part):
    first = [c for place, c in enumerate(history.cells) if place in first_part]
    assert settled([*standing_cells(first), *history.cells]) == settled(history.cells)


@given(HISTORIES)
def test_keeping_only_what_stands_gives_the_same_register(history):
    assert settled(standing_cells(history.cells)) == settled(history.cells)


def mark_over_the_screen_only(cells, person, value, new_dot):
    """`mark` without the second half of its rule: a planted bug."""
    on_screen = settled(cells).get(person, ())
    over = tuple(sorted(cell.dot for cell in on_screen))
    return Cell(person, value, new_dot, over)


def late_sheet_after_two_settlements(make_mark):
    """What a third phone shows that has everything but the sheet settling first."""
    ours, theirs = Cell(CHLOE, "here", dot(1)), Cell(CHLOE, "absent", dot(2))
    first = make_mark([ours, theirs], CHLOE, "late", dot(3))
    second = make_mark([ours, theirs, first], CHLOE, "here", dot(4))
    return register([ours, theirs, second])[CHLOE]


def test_a_settled_disagreement_does_not_come_back_with_an_old_sheet():
    assert late_sheet_after_two_settlements(mark).value == "here"


def test_without_cumulative_over_a_settled_disagreement_comes_back():
    shown = late_sheet_after_two_settlements(mark_over_the_screen_only)
    assert (shown.state, shown.values) == ("differ", ("here", "absent"))


# --- notes -------------------------------------------------------------------------

NOTE = "Anna.\n\nBed 4.\n\nCold tea."


@pytest.mark.parametrize(
    ("mine", "theirs", "joined"),
    [
        (
            "Anna!\n\nBed 4.\n\nCold tea.",
            "Anna.\n\nBed 4.\n\nCold tea!",
            "Anna!\n\nBed 4.\n\nCold tea!",
        ),
        (
            "Anna!\n\nBed 4.\n\nCold tea.",
            "Anna.\n\nBed 5.\n\nCold tea.",
            "Anna!\n\nBed 5.\n\nCold tea.",
        ),
        (
            "Before.\n\nAnna.\n\nBed 4.\n\nCold tea.",
            "Anna.\n\nBed 4.\n\nCold tea.\n\nAfter.",
            "Before.\n\nAnna.\n\nBed 4.\n\nCold tea.\n\nAfter.",
        ),
        (
            "Anna.\n\nBed 4.\n\nCold tea.\n\nMore.",
            "Anna.\n\nBed 4.\n\nCold tea!",
            "Anna.\n\nBed 4.\n\nCold tea!\n\nMore.",
        ),
        (
            "Anna.\n\nCold tea.",
            "Anna.\n\nBed 4.\n\nCold tea.\n\nMore.",
            "Anna.\n\nCold tea.\n\nMore.",
        ),
    ],
    ids=[
        "apart",
        "next to each other",
        "both ends",
        "edit and append",
        "cut and append",
    ],
)
def test_edits_of_different_paragraphs_join(mine, theirs, joined):
    assert merge_note(NOTE, mine, theirs) == joined
    assert merge_note(NOTE, theirs, mine) == joined


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("Anna!\n\nBed 4.\n\nCold tea.", "Anna?\n\nBed 4.\n\nCold tea."),
        ("Anna.\n\nCold tea.", "Anna.\n\nBed 5.\n\nCold tea."),
        (NOTE + "\n\nMine.", NOTE + "\n\nTheirs."),
        ("Mine.\n\n" + NOTE, "Theirs.\n\n" + NOTE),
        (
            "Anna.\n\nMine.\n\nBed 4.\n\nCold tea.",
            "Anna!\n\nTheirs.\n\nBed 4.\n\nCold tea.",
        ),
        (NOTE + "\n\nMine.", "Anna.\n\nBed 4.\n\nCold tea!\n\nTheirs."),
        (NOTE.replace("\n\n", "\n \n"), NOTE.replace("\n\n", "\n\n\n")),
    ],
    ids=["edit", "cut and edit", "append", "prepend", "gap", "grown", "blank lines"],
)
def test_edits_of_one_place_are_left_to_a_person(mine, theirs):
    assert merge_note(NOTE, mine, theirs) is None
    assert merge_note(NOTE, theirs, mine) is None


def test_each_side_cutting_another_copy_of_a_paragraph_does_not_cut_both():
    assert (
        merge_note("Why?\n\nBed 4.\n\nWhy?", "Bed 4.\n\nWhy?", "Why?\n\nBed 4.") is None
    )


def test_without_a_base_two_texts_are_never_joined():
    assert merge_note(None, "Anna.", "Bed 4.") is None
    assert merge_note(None, "Anna.", "Anna.") == "Anna."


def test_a_long_note_that_was_written_anew_is_left_to_a_person():
    old, new = ("\n\n".join(f"{word} {n}" for n in range(800)) for word in ("a", "b"))
    assert merge_note(old, new, old + "!") is None
    assert merge_note(old, old + "!", "!" + old) == f"!{old}!"


WORDS = st.sampled_from(["", "a", "b", "c", "d e", "f\ng", "  h", "\r"])
BLANKS = st.sampled_from(["\n\n", "\n\n\n", "\n \n", "\r\n\r\n", "\n\t\n\n"])
TEXTS = st.lists(st.tuples(WORDS, BLANKS), max_size=6).map(
    lambda pairs: "".join(word + blank for word, blank in pairs)
) | st.text(alphabet="ab\n \r", max_size=20)


def paragraphs(text):
    return {part.strip() for part in re.split(r"\n\s*\n", text)} - {""}


@given(st.none() | TEXTS, TEXTS, TEXTS)
def test_a_joined_note_does_not_depend_on_the_side(base, mine, theirs):
    assert merge_note(base, mine, theirs) == merge_note(base, theirs, mine)


@given(TEXTS, TEXTS)
def test_an_edit_on_one_side_only_is_taken_exactly(base, edited):
    assert merge_note(base, base, edited) == edited


@given(st.none() | TEXTS, TEXTS)
def test_the_same_edit_on_both_sides_is_no_conflict(base, edited):
    assert merge_note(base, edited, edited) == edited


@given(TEXTS, TEXTS, TEXTS)
def test_joining_loses_no_paragraph_that_was_written_or_that_both_kept(
    base, mine, theirs
):
    joined = merge_note(base, mine, theirs)
    if joined is not None:
        written = (paragraphs(mine) | paragraphs(theirs)) - paragraphs(base)
        assert written | (paragraphs(mine) & paragraphs(theirs)) <= paragraphs(joined)


@given(TEXTS, TEXTS, TEXTS)
def test_joining_invents_no_paragraph(base, mine, theirs):
    joined = merge_note(base, mine, theirs)
    if joined is not None:
        assert paragraphs(joined) <= paragraphs(mine) | paragraphs(theirs)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=2, unique=True), st.data())
def test_changes_of_two_different_paragraphs_always_join(words, data):
    first, second = data.draw(
        st.lists(st.integers(0, len(words) - 1), min_size=2, max_size=2, unique=True)
    )
    mine, theirs, joined = list(words), list(words), list(words)
    mine[first] = joined[first] = "mine"
    theirs[second] = joined[second] = "theirs"
    texts = ["\n\n".join(each) for each in (words, mine, theirs, joined)]
    assert merge_note(*texts[:3]) == texts[3]
