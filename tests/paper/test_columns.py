import pytest

from rpcstats.paper.columns import (
    LARGEST,
    PARTED,
    SMALLEST,
    _widths,
    comfortable,
    heading,
    is_whole,
    shares,
    type_size,
)


def table(columns, align, *rows):
    return {"columns": columns, "align": align, "rows": rows}


def test_shares_add_to_one_and_follow_the_content():
    made = shares(table(["Stage", "n"], ["left", "right"], ["Judged appropriate", "310"]))
    assert sum(made) == pytest.approx(1)
    assert made[0] > made[1]


def test_a_column_of_numbers_keeps_its_cells_whole():
    made = shares(table(["A", "B"], ["right", "left"], ["4.2 (3.9 to 4.5)", "word " * 60]))
    assert made[0] > 0.12


def test_only_a_wide_table_is_set_smaller():
    narrow = table(["Stage", "n"], ["left", "right"], ["Started", "5"])
    wide = table([f"Session{i}" for i in range(13)], ["right"] * 13, ["100%"] * 13)
    assert type_size(narrow) == LARGEST
    assert SMALLEST <= type_size(wide) < LARGEST


def test_a_table_without_rows_still_has_widths():
    assert shares(table(["A", "B"], ["left", "right"])) == pytest.approx([0.5, 0.5], abs=0.05)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Percentage (95% interval)", "Percentage (95%_interval)"),
        ("Exact p", "Exact_p"),
        ("Session 12", "Session 12"),
        ("p, adjusted", "p,_adjusted"),
        ("Parents who start", "Parents who start"),
        ("Mean (restricted to the sixth session)", "Mean (restricted to the sixth session)"),
    ],
)
def test_a_heading_breaks_where_it_reads_well(text, held):
    assert heading(text).replace("\N{NO-BREAK SPACE}", "_") == held


def test_a_comfortable_width_follows_the_words_but_not_a_long_sentence():
    narrow = table(["A"], ["left"], ["word"])
    wide = table(["A"], ["left"], ["several words here"])
    assert comfortable(narrow) < comfortable(wide)
    long = [table(["A"], ["left"], ["word " * n]) for n in (30, 300)]
    assert comfortable(long[0]) == comfortable(long[1])


def test_sentences_get_more_room_than_words():
    made = shares(table(["A", "B"], ["left", "left"], ["some words " * 4, "a long sentence " * 25]))
    assert made[1] > made[0]


def test_a_table_is_kept_whole_unless_its_rows_or_lines_are_many():
    assert is_whole(table(["A"], ["left"], *[["word"]] * 8))
    assert not is_whole(table(["A"], ["left"], *[["word"]] * 9))
    assert not is_whole(table(["A", "B"], ["left", "left"], *[["word", "word " * 90]] * 6))
    assert is_whole(table(["A"], ["left"]))


def test_words_after_numbers_get_more_room():
    rows = [["12", "Nothing", "a few words of it"]]
    record = {"columns": ["N", "Held", "Remark"], "rows": rows}
    apart = _widths(record | {"align": ["right", "left", "left"]})
    plain = _widths(record | {"align": ["left", "left", "left"]})
    for one, other in zip(apart, plain, strict=True):
        assert one[1] - other[1] == pytest.approx(PARTED)
        assert one[2] == other[2]
