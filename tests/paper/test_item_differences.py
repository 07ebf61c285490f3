import math

import pytest

from rpcstats.paper.item_differences import compare_frames, compare_items, relative_difference

TOLERANCE = 1e-6
OLD = "time,estimate,note\n1,0.9,\n2,0.84,a\n3,0.5,b\n"
FIGURE = {"kind": "figure", "title": "A", "sha256": "1", "rows": 3, "tolerance": TOLERANCE}
VALUE = {"kind": "value", "value": 40.0, "text": "40", "tolerance": 1e-3}


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (OLD, ""),
        (OLD.replace("0.84", "0.8400000001"), ""),
        (OLD.replace("0.84", "0.81"), "row 2, estimate 0.84 -> 0.81"),
        (OLD.replace("0.84", ""), "row 2, estimate 0.84 -> -"),
        (OLD.replace(",b", ",c"), "row 3, note b -> c"),
        (OLD.replace("time", "week"), "columns time, estimate, note -> week, estimate, note"),
        (OLD + "4,0.4,\n", "3 rows -> 4 rows"),
        (
            OLD.replace("0.9", "0.91").replace("0.5", "0.1"),
            "row 1, estimate 0.9 -> 0.91; worst: row 3, estimate 0.5 -> 0.1",
        ),
        ("", "columns time, estimate, note -> "),
    ],
)
def test_the_first_and_the_worst_cell_are_named(new, says):
    assert compare_frames(OLD, new, TOLERANCE) == says


@pytest.mark.parametrize(
    ("old", "new", "size"),
    [
        (1.0, 1.1, 0.1 / 1.1),
        (0.0, 0.0, 0.0),
        (math.nan, math.nan, 0.0),
        (math.nan, 1.0, math.inf),
        (math.inf, math.inf, 0.0),
        (math.inf, 1.0, math.inf),
        (0.0, 1e-15, 1e-3),
        (1e-300, 2e-300, 1e-288),
    ],
)
def test_a_difference_is_a_share_of_the_larger_number(old, new, size):
    assert relative_difference(old, new) == pytest.approx(size, rel=1e-12)
    assert relative_difference(new, old) == pytest.approx(size, rel=1e-12)


def test_equal_items_are_identical():
    assert compare_items(FIGURE, dict(FIGURE), None, None) == ("reproduced", "identical")


def test_data_within_the_tolerance_are_reproduced():
    new = OLD.replace("0.84", "0.84000001")
    outcome = compare_items(FIGURE, {**FIGURE, "sha256": "2"}, OLD, new)
    assert outcome == ("reproduced", "within tolerance")


def test_data_that_are_gone_differ_without_a_place():
    result, detail = compare_items(FIGURE, {**FIGURE, "sha256": "2"}, None, OLD)
    assert result == "differs"
    assert "no longer there" in detail


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"value": 40.03}, ("reproduced", "within tolerance")),
        ({"value": 40.05}, ("differs", "value 40 -> 40.05")),
        ({"value": 40.03, "text": "40.03"}, ("differs", "printed: 40 -> 40.03")),
        ({"value": None, "text": "40"}, ("differs", "value 40.0 -> None")),
        ({"tolerance": 1.0}, ("differs", "tolerance: 0.001 -> 1.0")),
    ],
)
def test_a_changed_printed_text_is_a_difference_inside_the_tolerance_too(change, outcome):
    assert compare_items(VALUE, {**VALUE, **change}, None, None) == outcome


def test_a_long_sentence_is_cut_to_where_it_changes():
    start = "Of the parents who were referred to the programme in the two years, "
    old = {"kind": "prose", "text": f"{start}about 40 began."}
    result, detail = compare_items(old, {**old, "text": f"{start}about 45 began."}, None, None)
    assert (result, detail) == ("differs", "printed: 40 began. -> 45 began.")


def test_a_lost_line_is_counted():
    old = {"kind": "table", "text": "a\nb"}
    assert compare_items(old, {**old, "text": "a"}, None, None)[1] == "printed: 2 lines -> 1 lines"


def test_another_kind_under_the_same_id_differs():
    outcome = compare_items(FIGURE, {**FIGURE, "kind": "table"}, None, None)
    assert outcome == ("differs", "kind: 'figure' -> 'table'")
