"""A formula and a frame to the arrays of a regression on censored times."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, FormulaError
from rpcstats.survival.structure.build import hazard_frame, refuse_empty


@pytest.fixture
def spells():
    """Eight spells in two councils; one covariate has a gap."""
    return pd.DataFrame(
        {
            "entry": [0, 0, 1, 0, 2, 0, 0, 1],
            "time": [3, 1, 4, 2, 5, 6, 2, 3],
            "event": [1, 0, 1, 1, 0, 1, 0, 1],
            "cause": pd.Categorical(
                ["practical", "open", "other", "practical", "open", "other", "open", "other"],
                categories=["open", "practical", "other", "unused"],
            ),
            "age": [30.0, 41.0, 29.0, np.nan, 35.0, 52.0, 44.0, 38.0],
            "mode": list("oopopoop"),
            "council": list("aaaabbbb"),
            "group": [1, 1, 2, 2, 3, 3, 4, 4],
            "w": [1.0, 2.0, 1.0, 1.0, 2.0, 1.0, 1.0, 2.0],
        }
    )


def test_parts_of_a_formula_find_their_place(spells):
    frame = hazard_frame(
        "Surv(entry, time, event) ~ age + mode + strata(council) + cluster(group) + offset(log(w))",
        spells,
        weights="w",
    )
    assert frame.names == ("age", "mode[T.p]")
    assert frame.X.shape == (7, 2)
    assert (frame.n_obs, frame.n_event, frame.n_missing) == (7, 4, 1)
    assert frame.kept.tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert frame.strata.labels == ("council=a", "council=b")
    assert frame.cluster_names == ("group",)
    np.testing.assert_allclose(frame.offset, np.log(spells["w"][frame.kept]))
    assert frame.remarks == ("1 row with missing values left out.",)
    assert not frame.X.flags.writeable


def test_two_cluster_columns_are_two_dimensions(spells):
    frame = hazard_frame("Surv(time, event) ~ mode + cluster(group) + cluster(council)", spells)
    assert frame.cluster_names == ("group", "council")
    assert [len(groups.labels) for groups in frame.clusters] == [4, 2]


@pytest.mark.parametrize("right", ["mode", "0 + mode", "mode - 1", "1 + mode"])
def test_the_baseline_holds_the_intercept(spells, right):
    frame = hazard_frame(f"Surv(time, event) ~ {right}", spells)
    assert frame.names == ("mode[T.p]",)


def test_an_intercept_on_request(spells):
    frame = hazard_frame("Surv(time, event) ~ mode", spells, intercept=True)
    assert frame.names == ("Intercept", "mode[T.p]")


def test_columns_that_others_determine_are_left_out_and_said(spells):
    spells["twice"] = 2 * spells["w"]
    spells["flat"] = 3.0
    frame = hazard_frame("Surv(time, event) ~ w + twice + flat", spells)
    assert frame.names == ("w",)
    assert set(frame.dropped) == {"twice", "flat"}
    assert any("constant or determined" in remark for remark in frame.remarks)


def test_new_rows_are_encoded_as_those_of_the_fit(spells):
    spells["flat"] = 3.0
    frame = hazard_frame("Surv(time, event) ~ flat + age + mode + offset(w)", spells)
    new = spells.iloc[[5, 2]]
    np.testing.assert_array_equal(frame.encode(new), [[52.0, 0.0], [29.0, 1.0]])
    np.testing.assert_array_equal(frame.encode_offset(new), [1.0, 1.0])


def test_causes_keep_declared_order_and_the_first_is_the_censoring(spells):
    frame = hazard_frame("Surv(time, cause) ~ mode", spells, response="cause")
    assert frame.causes == ("practical", "other")
    assert frame.cause.tolist() == [1, 0, 2, 1, 0, 2, 0, 2]
    assert frame.n_event == 5


def test_causes_that_count_as_censored_can_be_named_or_declared(spells):
    named = hazard_frame(
        "Surv(time, cause) ~ mode", spells, response="cause", censored=["open", "other"]
    )
    spells.attrs["censored"] = ("open", "other", "completed")
    declared = hazard_frame("Surv(time, cause) ~ mode", spells, response="cause")
    for frame in (named, declared):
        assert frame.causes == ("practical",)
        assert frame.cause.tolist() == [1, 0, 0, 1, 0, 0, 0, 0]


def test_causes_as_numbers(spells):
    spells["k"] = [1, 0, 2, 1, 0, 2, 0, 7]
    frame = hazard_frame("Surv(time, k) ~ 1", spells, response="cause")
    assert frame.causes == ("1", "2", "7")
    assert frame.cause.tolist() == [1, 0, 2, 1, 0, 2, 0, 3]
    assert frame.X.shape == (8, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cause": list("abababab")}, "which mean censored"),
        ({"cause": pd.Categorical(["open"] * 8, categories=["open", "other"])}, "is censored"),
        ({"cause": [0.5] * 8}, "whole ones"),
    ],
)
def test_causes_that_cannot_be_read(spells, change, message):
    with pytest.raises(DataError, match=message):
        hazard_frame("Surv(time, cause) ~ 1", spells.assign(**change), response="cause")


def test_a_censored_cause_that_is_not_there(spells):
    with pytest.raises(DataError, match="does not know: gone"):
        hazard_frame("Surv(time, cause) ~ 1", spells, response="cause", censored=["gone"])


def test_intervals_exact_left_right_and_both(spells):
    spells["lo"] = [1.0, np.nan, 2.0, 3.0, 0.0, 2.0, np.nan, 4.0]
    spells["hi"] = [1.0, 2.0, np.nan, 5.0, 1.0, np.inf, np.nan, 4.0]
    frame = hazard_frame(
        "Surv(lo, hi, type='interval2') ~ mode", spells, response="interval", allow=()
    )
    assert frame.n_missing == 1
    assert frame.time.tolist() == [1.0, 0.0, 2.0, 3.0, 0.0, 2.0, 4.0]
    assert frame.upper.tolist() == [1.0, 2.0, np.inf, 5.0, 1.0, np.inf, 4.0]
    assert frame.event.tolist() == [True, False, False, False, False, False, True]


def test_intervals_out_of_order(spells):
    with pytest.raises(DataError, match=r"2 with a lower limit that is negative.*1 with an upper"):
        hazard_frame(
            "Surv(lo, hi, type='interval2') ~ 1",
            spells.assign(lo=[-1, -2, 3, 1, 1, 1, 1, 1], hi=[1, 2, 2, 2, 2, 2, 2, 2]),
            response="interval",
            allow=(),
        )


def test_intervals_only_where_they_are_understood(spells):
    with pytest.raises(FormulaError, match="survreg or turnbull"):
        hazard_frame("Surv(entry, time, type='interval2') ~ 1", spells)


def test_frailty_and_random_effects(spells):
    gamma = hazard_frame("Surv(time, event) ~ mode + frailty(group)", spells, allow=("frailty",))
    assert (gamma.frailty_name, len(gamma.frailty.labels)) == ("group", 4)
    normal = hazard_frame(
        "Surv(time, event) ~ mode + (1 | council/group)", spells, allow=("random",)
    )
    assert [block.n_level for block in normal.blocks] == [2, 4]


@pytest.mark.parametrize("term", ["frailty(group)", "(1 | group)", "strata(council)"])
def test_special_terms_a_model_does_not_understand(spells, term):
    with pytest.raises(FormulaError, match="takes no"):
        hazard_frame(f"Surv(time, event) ~ mode + {term}", spells, allow=())


def test_every_fault_is_told_at_once(spells):
    broken = spells.assign(event=2, w=-1.0, age=1e150)
    with pytest.raises(DataError) as caught:
        hazard_frame("Surv(time, event) ~ age", broken, weights="w")
    text = str(caught.value)
    assert "event column" in text
    assert "Weights" in text
    assert "too large" in text


@pytest.mark.parametrize(
    ("rows", "message"), [(slice(0, 1), "One row"), (slice(0, None), "None of the 8 rows")]
)
def test_samples_that_tell_nothing(spells, rows, message):
    frame = hazard_frame("Surv(time, event) ~ 1", spells.assign(event=0).iloc[rows])
    with pytest.raises(DataError, match=message):
        refuse_empty(frame)
