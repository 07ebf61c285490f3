"""Weights for having a rating of the end."""

from dataclasses import replace

import numpy as np
import pytest

from rpcstats.designs.missing import response_weights
from rpcstats.designs.missing._response_model import fit_response, weighted_mean
from rpcstats.disclosure import disclose
from rpcstats.errors import DataError, DisclosureError, ParameterError
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth

MAR = replace(Truth(), rho1=0.0)


@pytest.fixture(scope="module")
def frame():
    return draw_goal_frame(MAR, n=1200, seed=21)


def test_weights_of_single_parents_are_never_released(frame):
    with pytest.raises(DisclosureError, match=r"stays in the office.*estimates\(\)"):
        disclose(response_weights(frame), "internal")


def test_one_binary_column_is_post_stratification():
    """Weights by the share who answered in each half: the mean of the two halves' means."""
    x = np.repeat([0.0, 1.0], [6, 4])
    answered = np.array([1, 1, 1, 0, 0, 0, 1, 0, 0, 0], dtype=bool)
    y = np.array([1.0, 2, 3, 0, 0, 0, 8, 0, 0, 0])
    Z = np.column_stack([np.ones(10), x])
    fit = fit_response(Z, answered)
    np.testing.assert_allclose(fit.chance, np.where(x == 0, 0.5, 0.25))
    mean, influence = weighted_mean(y, 1 / fit.chance, answered, Z, fit, np.ones(10, dtype=bool))
    assert mean == pytest.approx(0.6 * 2.0 + 0.4 * 8.0)
    # The weights being estimated, only deviations within a half are left, and the halves' sizes.
    expected = np.array([-1.0, 0, 1, 0, 0, 0, 0, 0, 0, 0]) * 2 + np.where(x == 0, 2.0, 8.0) - mean
    np.testing.assert_allclose(influence, expected / 10)


def test_influence_is_the_derivative_by_weight_of_a_row():
    """Each influence equals the change of the mean when one row counts slightly more."""
    rng = np.random.default_rng(3)
    Z = np.column_stack([np.ones(40), rng.normal(size=40)])
    answered, y = rng.random(40) < 0.6, rng.normal(size=40)
    keep = np.ones(40, dtype=bool)

    def mean(extra):
        """Count every row 400 times and row 7 a few times more."""
        rows = np.concatenate([np.repeat(np.arange(40), 400), np.repeat(7, extra)])
        fit = fit_response(Z[rows], answered[rows])
        weight, keep = 1 / fit.chance, np.ones(len(rows), dtype=bool)
        return weighted_mean(y[rows], weight, answered[rows], Z[rows], fit, keep)[0]

    fit = fit_response(Z, answered)
    influence = weighted_mean(y, 1 / fit.chance, answered, Z, fit, keep)[1][7]
    assert (mean(4) - mean(0)) * 100 == pytest.approx(influence, rel=0.03)


def test_weights_stand_for_all_and_say_so(frame):
    found = response_weights(frame)
    # Stabilised weights are 1 on average but for chance.
    assert found.frame["weight"].sum() == pytest.approx(found.frame["answered"].sum(), rel=0.05)
    row = found.glance().iloc[0]
    assert row["n_obs"] == 1200
    assert row["effective_size"] < row["n_answered"]
    assert "stood for by the" in " ".join(found.remarks)
    assert {"left", "last rating", "share not had"} <= set(found.tidy()["term"])
    assert "effective_size" in str(found.summary())
    result = found.estimates()
    assert result.estimand == "E5a"
    assert result.n_missing == 1200 - row["n_answered"]
    assert (result.frame["conf_low"] < result.frame["estimate"]).all()


def test_weights_cut_at_a_quantile(frame):
    whole, cut = response_weights(frame), response_weights(frame, truncate=0.95)
    assert cut.glance().loc[0, "largest_weight"] < whole.glance().loc[0, "largest_weight"]
    assert cut.n_cut == pytest.approx(0.05 * whole.frame["answered"].sum(), abs=1)
    assert "cut at quantile 0.95" in cut.estimates().method
    with pytest.raises(ParameterError, match="truncate"):
        response_weights(frame, truncate=1.5)


def test_progress_of_everybody_and_nobody(frame):
    found = response_weights(frame)
    for threshold, share in ((-10.0, 1.0), (11.0, 0.0)):
        row = found.estimates(threshold=threshold).frame.iloc[1]
        assert row["estimate"] == pytest.approx(share)
        assert 0.0 <= row["conf_low"] <= row["conf_high"] <= 1.0
    with pytest.raises(ParameterError, match="threshold"):
        found.estimates(threshold=None)


def test_who_can_not_be_weighted(frame):
    gone = (frame["reached"] < 1) & (frame["state"] == "rated_after_leaving")
    none = frame.assign(score=frame["score"].mask(gone), state=frame["state"].mask(gone, "left"))
    none.attrs = frame.attrs
    with pytest.raises(DataError, match="None of the"):
        response_weights(none)
    end = frame["occasion"] == "end"
    silent = frame.assign(score=frame["score"].mask(end), state=frame["state"].mask(end, "missed"))
    silent.attrs = frame.attrs
    with pytest.raises(DataError, match="Nobody"):
        response_weights(silent)
    one = frame.assign(cluster_id="all")
    one.attrs = frame.attrs
    with pytest.raises(DataError, match="two clusters"):
        response_weights(one)
    certain = frame.assign(mode=np.where(frame["answered"], "a", "b"))
    certain.attrs = frame.attrs
    with pytest.raises(DataError, match="for certain"):
        response_weights(certain)
