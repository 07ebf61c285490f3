import pytest

from rpcstats.paper.columns import LARGEST, SMALLEST, shares, type_size


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
