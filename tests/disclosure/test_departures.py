"""Estimates under departures tell no more than rounded counts do."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.disclosure import disclosure_policy
from rpcstats.disclosure.departures import protect_departures, protect_model_estimates
from rpcstats.errors import DisclosureError

SPAN = 10.0


def grid(n_obs=52, n_left=15, n_unanswered=7, estimate=1.58):
    rows = []
    for a in (-2.0, 0.0, 1.0):
        for b in (-1.0, 0.0):
            middle = estimate + (a * n_left + b * n_unanswered) / n_obs
            rows.append(
                {"estimand": "E6", "measure": "mean change", "delta_leavers": a,
                 "delta_unanswered": b, "estimate": middle, "std_error": 0.3, "df": 11.0,
                 "conf_low": middle - 0.6, "conf_high": middle + 0.6, "n_obs": n_obs,
                 "n_missing": n_left + n_unanswered, "n_left": n_left,
                 "n_unanswered": n_unanswered}
            )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def council():
    return disclosure_policy("council")


def test_departures_move_the_estimate_by_rounded_shares(council):
    safe = protect_departures(grid(), council, span=SPAN).frame
    at = safe.set_index(["delta_leavers", "delta_unanswered"])["estimate"]
    # 52, 15 and 7 round to 50, 15 and 5; 1.58 to 1.5 in steps of 10 / 48, up to a multiple of .05.
    assert at[0.0, 0.0] == pytest.approx(1.5)
    assert at[-2.0, 0.0] == pytest.approx(1.5 - 2 * 15 / 50)
    assert at[0.0, -1.0] == pytest.approx(1.5 - 5 / 50)
    assert "std_error" not in safe
    assert "n_left" not in safe
    assert safe["n_obs"].eq(50).all()


@pytest.mark.parametrize("n_left", [13, 14, 15, 16, 17])
def test_counts_that_round_alike_look_alike(council, n_left):
    safe, other = (
        protect_departures(grid(n_left=n), council, span=SPAN).frame for n in (n_left, 15)
    )
    pd.testing.assert_series_equal(safe["estimate"], other["estimate"])


@pytest.mark.parametrize("changed", [{"n_left": 3}, {"n_unanswered": 2}, {"n_obs": 8}])
def test_a_small_group_withholds_everything(council, changed):
    safe = protect_departures(grid(**changed), council, span=SPAN)
    assert safe.frame[["estimate", "conf_low", "conf_high"]].isna().all(axis=None)
    assert safe.frame["status"].eq("withheld").all()
    assert safe.frame["note"].ne("").all()
    assert safe.n_withheld == len(safe.frame)


def test_nothing_changes_inside_the_office():
    frame = grid()
    safe = protect_departures(frame, disclosure_policy("internal"), span=SPAN).frame
    assert np.array_equal(safe["estimate"], frame["estimate"])


def test_the_row_without_departures_is_needed(council):
    frame = grid()
    with pytest.raises(DisclosureError, match="both are 0"):
        protect_departures(frame[frame["delta_leavers"] != 0.0], council, span=SPAN)
    with pytest.raises(DisclosureError, match="n_left"):
        protect_model_estimates(frame.drop(columns="n_left"), council, span=SPAN)
