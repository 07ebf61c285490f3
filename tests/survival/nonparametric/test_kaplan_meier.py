"""Kaplan-Meier curves worked by hand, and their interface."""

from fractions import Fraction
from math import sqrt

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from rpcstats import _vocabulary as v
from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival import kaplan_meier

ALL = "Surv(time, event) ~ 1"
BY_MODE = "Surv(time, event) ~ mode"
# Products of up to four fractions.
ROUNDING = 1e-14


F = Fraction


def floats(*fractions):
    return [float(fraction) for fraction in fractions]


def test_six_starters_by_hand(six):
    frame = kaplan_meier(ALL, six).tidy()
    assert tuple(frame.columns) == v.CURVE
    assert frame["strata"].tolist() == ["all"] * 4
    assert frame["time"].tolist() == [1, 2, 3, 4]
    assert frame["n_risk"].tolist() == [6, 5, 3, 2]
    assert frame["n_event"].tolist() == [1, 2, 0, 1]
    assert frame["n_censor"].tolist() == [0, 0, 1, 1]
    S = floats(F(5, 6), F(1, 2), F(1, 2), F(1, 4))
    np.testing.assert_allclose(frame["estimate"], S, rtol=ROUNDING)
    # 1/30, then + 2/15 = 1/6, then + 1/2 = 2/3.
    greenwood = floats(F(1, 30), F(1, 6), F(1, 6), F(2, 3))
    np.testing.assert_allclose(frame["std_error"], np.array(S) * np.sqrt(greenwood), rtol=1e-13)


def test_log_log_limits_by_hand(six):
    row = kaplan_meier(ALL, six).tidy().iloc[1]
    half = 1.959963984540054 * sqrt(1 / 6) / np.log(2)
    assert row["conf_low"] == pytest.approx(0.5 ** np.exp(half), rel=1e-12)
    assert row["conf_high"] == pytest.approx(0.5 ** np.exp(-half), rel=1e-12)


def test_late_entry_by_hand(six):
    frame = kaplan_meier("Surv(entry, time, event) ~ 1", six).tidy()
    assert frame["n_risk"].tolist() == [2, 3, 2, 2]
    S = floats(F(1, 2), F(1, 6), F(1, 6), F(1, 12))
    np.testing.assert_allclose(frame["estimate"], S, rtol=ROUNDING)


def test_weights_by_hand(six):
    frame = kaplan_meier(ALL, six, weights="w").tidy()
    assert frame["n_risk"].tolist() == [8.0, 6.0, 4.0, 3.0]
    assert frame["n_event"].tolist() == [2.0, 2.0, 0.0, 1.0]
    S = floats(F(3, 4), F(1, 2), F(1, 2), F(1, 3))
    np.testing.assert_allclose(frame["estimate"], S, rtol=ROUNDING)


def test_the_median_is_the_middle_of_a_step_at_exactly_one_half(six):
    row = kaplan_meier(ALL, six).median().iloc[0]
    assert (row["quantile"], row["estimate"]) == (0.5, 3.0)


def test_quantiles_follow_the_curve(six):
    frame = kaplan_meier(ALL, six).quantile([0.1, 0.4, 0.8])
    assert tuple(frame.columns) == v.QUANTILES
    assert frame["estimate"].tolist()[:2] == [1.0, 2.0]
    assert np.isnan(frame["estimate"][2])


def test_groups_are_curves_of_their_own(six):
    together = kaplan_meier(BY_MODE, six).tidy()
    for mode in ("a", "b"):
        alone = kaplan_meier(ALL, six[six["mode"] == mode]).tidy().drop(columns="strata")
        part = together[together["strata"] == f"mode={mode}"].drop(columns="strata")
        pd.testing.assert_frame_equal(part.reset_index(drop=True), alone)


def test_reading_at_times(six):
    frame = kaplan_meier(ALL, six, conf_type="log").at([0, 1, 2.5, 4, 5])
    S = [*floats(F(1), F(5, 6), F(1, 2), F(1, 4)), np.nan]
    np.testing.assert_allclose(frame["estimate"], S, rtol=ROUNDING)
    assert frame["n_risk"].tolist() == [6, 6, 3, 2, 0]
    assert (frame["conf_low"][0], frame["conf_high"][0]) == (1.0, 1.0)
    assert np.isnan(
        frame.loc[4, ["estimate", "std_error", "conf_low", "conf_high"]].astype(float)
    ).all()


def test_after_everybody_failed_the_curve_stays_at_zero():
    fit = kaplan_meier(ALL, pd.DataFrame({"time": [1.5, 2.5], "event": [1, 1]}))
    frame = fit.at([2.5, 99])
    assert frame["estimate"].tolist() == [0.0, 0.0]
    assert frame[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)


def test_glance_counts_rows_and_missing_ones(six):
    six.loc[0, "time"] = None
    row = kaplan_meier(BY_MODE, six, weights="w").glance().iloc[0]
    assert (row["n_obs"], row["n_event"], row["n_group"], row["n_missing"]) == (5, 3, 2, 1)
    assert row["conf_level"] == 0.95


def test_frames_are_copies_and_arrays_are_read_only(six):
    fit = kaplan_meier(ALL, six)
    frame = fit.tidy()
    frame.loc[0, "estimate"] = 9.0
    assert fit.tidy()["estimate"][0] == pytest.approx(5 / 6)
    for name in ("time", "n_risk", "estimate", "conf_low", "start", "group_size"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(fit, name)[0] = 0
    with pytest.raises(AttributeError):
        fit.conf_level = 0.5


def test_it_may_be_released_as_a_curve(six):
    assert kaplan_meier(ALL, six).release_kind == "curve"


def test_summary_reads_as_text_and_as_html(six):
    summary = kaplan_meier(BY_MODE, six).summary()
    assert "mode=a" in str(summary)
    assert "0 rows with missing values" in repr(summary)
    assert "<table" in summary._repr_html_()


def test_plot_draws_every_group(six):
    with mpl.rc_context({"backend": "agg"}):
        axes = kaplan_meier(BY_MODE, six).plot()
        assert len(axes.get_lines()) >= 2
        mpl.pyplot.close(axes.figure)


def test_robust_and_cluster_variance_differ_from_greenwood_only(six):
    plain = kaplan_meier(ALL, six)
    robust = kaplan_meier(ALL, six, robust=True)
    cluster = kaplan_meier("Surv(time, event) ~ cluster(mode)", six)
    for fit in (robust, cluster):
        np.testing.assert_array_equal(fit.estimate, plain.estimate)
        assert fit.is_robust
    # Clusters of one are the rows themselves.
    alone = kaplan_meier("Surv(time, event) ~ cluster(id)", six.assign(id=range(6)))
    np.testing.assert_allclose(alone.std_error_log, robust.std_error_log, rtol=1e-12)


def test_two_columns_of_clusters_are_two_dimensions(six):
    frame = six.assign(site=[1, 1, 2, 2, 3, 3], id=range(6))

    def variance(columns):
        fit = kaplan_meier(f"Surv(time, event) ~ cluster({columns})", frame)
        return fit.std_error_log**2

    crossed = frame.assign(both=frame["mode"] + frame["site"].astype(str))
    both = kaplan_meier("Surv(time, event) ~ cluster(both)", crossed).std_error_log ** 2
    summed = variance("mode") + variance("site") - both
    found = variance("mode, site")
    np.testing.assert_allclose(found[summed > 0], summed[summed > 0], rtol=1e-12)
    # Rows inside sites: the wider dimension alone.
    np.testing.assert_allclose(variance("id, site"), variance("site"), rtol=1e-9)


def test_a_negative_variance_is_said_not_hidden():
    # Two rows of each kind in both dimensions, so that a row of each cell stands against another.
    frame = pd.DataFrame({"time": [1, 2, 2, 1], "event": 1, "a": [0, 0, 1, 1], "b": [0, 1, 0, 1]})
    fit = kaplan_meier("Surv(time, event) ~ cluster(a, b)", frame)
    assert np.isnan(fit.std_error_log[0])
    assert any("came out negative" in remark for remark in fit.remarks)


def test_few_at_risk_and_few_clusters_are_said(six):
    many = pd.concat([six] * 2)
    fit = kaplan_meier("Surv(time, event) ~ 1", many)
    assert fit.remarks == ("Fewer than 10 at risk, where a curve should not be read: from 3 on.",)
    assert fit.remarks[0] in str(fit.summary())
    late = kaplan_meier("Surv(entry, time, event) ~ mode", six).remarks
    assert "mode=a: throughout" in late[0]
    clustered = kaplan_meier("Surv(time, event) ~ cluster(mode)", six).remarks
    assert any("2 clusters of mode" in remark for remark in clustered)
    # Rows count, not their weights.
    weighted = kaplan_meier("Surv(time, event) ~ 1", six.assign(w=10.0), weights="w").remarks
    assert "throughout" in weighted[0]


def test_without_censoring_the_robust_variance_is_the_binomial_one():
    frame = pd.DataFrame({"time": [1, 2, 2, 3, 5], "event": 1})
    fit = kaplan_meier(ALL, frame, robust=True).tidy().iloc[:-1]
    S = fit["estimate"]
    np.testing.assert_allclose(fit["std_error"], np.sqrt(S * (1 - S) / 5), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda d: kaplan_meier(ALL, d, conf_type="loglog"), ParameterError, "log-log"),
        (lambda d: kaplan_meier(ALL, d, conf_level=95), ParameterError, "conf_level"),
        (lambda d: kaplan_meier(ALL, d).at([-1]), ParameterError, "from 0 up"),
        (lambda d: kaplan_meier(ALL, d).quantile(50), ParameterError, "between 0 and 1"),
        (lambda d: kaplan_meier(ALL, d).rmst(0), ParameterError, "above 0"),
        (lambda d: kaplan_meier("Surv(tme, event) ~ 1", d), FormulaError, 'did you mean "time"'),
        (lambda d: kaplan_meier(ALL, d, weights="x"), FormulaError, "no column"),
        (lambda d: kaplan_meier(BY_MODE + " + strata(w)", d), FormulaError, "takes no strata"),
        (lambda d: kaplan_meier(ALL, d[:0]), DataError, "no rows"),
    ],
)
def test_faulty_calls_are_refused(six, call, error, message):
    with pytest.raises(error, match=message):
        call(six)
