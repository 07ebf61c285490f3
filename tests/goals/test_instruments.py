import numpy as np
import pandas as pd
import pytest

from rpcstats.data.registries import instruments
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals import clinical_change, goal_change, total_scores

NAN = float("nan")


def form(parent, frame, instrument, *people, direction="down"):
    """People, each given as a list of item scores at the start and one at the end."""
    rows = [
        parent(f"p{i}", [[a, NAN, NAN, b] for a, b in zip(start, end, strict=True)])
        for i, (start, end) in enumerate(people)
    ]
    entry = instruments()[instrument]
    return frame(
        *rows, direction=direction, minimum=entry.minimum, maximum=entry.maximum,
        instrument=instrument,
    )  # fmt: skip


def totals(found):
    rows = found.tidy()
    return rows[rows["occasion"].isin(["baseline", "end"])]["score"].tolist()


def test_complete_forms_are_added_up(parent, frame):
    goals = form(parent, frame, "gad7", ([1] * 7, [0, 1, 2, 3, 0, 1, 2]), ([3] * 7, [0] * 7))
    found = total_scores(goals)
    assert totals(found) == [7.0, 9.0, 21.0, 0.0]
    assert found.glance()[["n_complete", "n_prorated", "n_too_few"]].iloc[0].tolist() == [4, 0, 0]
    assert found.tidy()["item"].eq("total").all()
    assert found.tidy().attrs["maximum"] == 21.0


@pytest.mark.parametrize(("rule", "expected"), [("all", [NAN, NAN]), ("half", [7.0, NAN])])
def test_items_left_out(parent, frame, rule, expected):
    """Of 7 items, 4 answered with 1 each prorate to 7 and 3 give no total."""
    goals = form(parent, frame, "gad7", ([1] * 4 + [NAN] * 3, [1] * 3 + [NAN] * 4))
    found = total_scores(goals, rule=rule)
    np.testing.assert_equal(totals(found), expected)
    states = found.tidy().set_index("occasion")["state"]
    assert states["end"] == "missed"
    assert states["baseline"] == ("missed" if rule == "all" else "rated")


def test_the_registry_has_the_rule(parent, frame):
    items = [1] * 13 + [NAN] * 12
    assert instruments()["sdq"].item_missing == "half"
    found = total_scores(form(parent, frame, "sdq", (items, items)))
    assert (found.rule, totals(found)) == ("half", [25.0, 25.0])
    assert found.forms().tidy()["n"].tolist() == [0, 2, 0]
    assert "prorated" in str(found.summary())


def test_totals_go_on_to_change_and_clinical_change(parent, frame):
    goals = form(parent, frame, "gad7", ([2] * 7, [1] * 7), ([1] * 7, [2] * 7), ([2] * 7, [2] * 7))
    found = total_scores(goals).tidy()
    assert goal_change(found).tidy()["mean"].tolist() == [7.0, -7.0, 0.0]
    assert clinical_change(found).tidy()["n"].tolist() == [1, 0, 1, 1, 0]


def test_an_end_form_of_one_who_left_stays_one(parent, frame):
    rows = parent("a", [[1, NAN, NAN, 1]] * 7, status="dropped_out", last=2)
    goals = frame(rows, direction="down", minimum=0, maximum=21, instrument="gad7")
    assert total_scores(goals).tidy()["state"].tolist()[-1] == "rated_after_leaving"
    goals.loc[(goals["item"] == "goal_1") & (goals["occasion"] == "end"), ["score", "state"]] = [
        NAN, "left",
    ]  # fmt: skip
    state = total_scores(goals).tidy()["state"].tolist()
    assert (state[0], state[-1]) == ("rated", "left")


def test_order_of_items_does_not_matter(parent, frame):
    goals = form(parent, frame, "gad7", ([1] * 6 + [NAN], [0, 1, 2, 3, 0, 1, NAN]))
    turned = goals.iloc[::-1]
    turned.attrs = goals.attrs
    key = ["episode_id", "session"]
    here, there = (
        total_scores(x, rule="half").tidy().sort_values(key)[[*key, "score", "state"]]
        for x in (goals, turned)
    )
    pd.testing.assert_frame_equal(here, there.reset_index(drop=True).set_index(here.index))


def test_bad_forms_are_refused(parent, frame, eight):
    short = form(parent, frame, "gad7", ([1] * 7, [1] * 7))
    for bad, said in (
        (short.assign(item="total"), "baselines come twice"),
        (short[short["item"] == "goal_1"].assign(item="total"), "given totals"),
        (short.assign(score=short["score"] * 9), "outside the range"),
    ):
        bad.attrs = short.attrs
        with pytest.raises(DataError, match=said):
            total_scores(bad)
    long = form(parent, frame, "gad7", ([1] * 8, [1] * 8))
    with pytest.raises(DataError, match="8 items, and gad7 has 7"):
        total_scores(long)
    with pytest.raises(ParameterError, match="goal_change"):
        total_scores(eight)
    with pytest.raises(ParameterError, match="rule"):
        total_scores(short, rule="most")
    unknown = short.copy()
    unknown.attrs = short.attrs | {"instrument": "mood9"}
    with pytest.raises(ParameterError, match="key of the registry"):
        total_scores(unknown)
    with pytest.raises(DataError, match="no pandas DataFrame"):
        total_scores([1, 2])
