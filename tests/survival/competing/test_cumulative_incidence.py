import numpy as np
import pandas as pd
import pytest

from rpcstats.data.followup import followup
from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival.competing.cumulative_incidence import cumulative_incidence
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier

# Sums of fractions.
EXACT = 1e-12
ALL = "Surv(time, cause) ~ 1"


def test_six_starters_by_hand(six):
    fit = cumulative_incidence(ALL, six)
    assert fit.causes == ("1", "2")
    np.testing.assert_array_equal(fit.time, [1, 2, 3, 4])
    np.testing.assert_array_equal(fit.n_risk, [6, 5, 3, 2])
    np.testing.assert_array_equal(fit.n_event, [[1, 1, 0, 0], [0, 1, 0, 1]])
    np.testing.assert_allclose(fit.estimate[0], [1 / 6, 1 / 3, 1 / 3, 1 / 3], rtol=EXACT)
    np.testing.assert_allclose(fit.estimate[1], [0, 1 / 6, 1 / 6, 5 / 12], rtol=EXACT)
    np.testing.assert_allclose(fit.event_free, [5 / 6, 1 / 2, 1 / 2, 1 / 4], rtol=EXACT)
    # Nobody is censored up to 2: shares of six, with binomial variances.
    np.testing.assert_allclose(fit.std_error[0, 1] ** 2, (1 / 3) * (2 / 3) / 6, rtol=EXACT)
    np.testing.assert_allclose(fit.std_error[1, 1] ** 2, (1 / 6) * (5 / 6) / 6, rtol=EXACT)


def test_the_wrong_method_is_wrong(six):
    wrong = kaplan_meier("Surv(time, event) ~ 1", six.assign(event=six["cause"] == 2))
    right = cumulative_incidence(ALL, six)
    assert 1 - wrong.estimate[-1] == pytest.approx(0.6)
    assert right.estimate[1, -1] == pytest.approx(5 / 12)


def test_frames(six):
    fit = cumulative_incidence("Surv(time, cause) ~ g", six)
    frame = fit.tidy()
    assert list(frame.columns) == [
        "strata",
        "state",
        "time",
        "n_risk",
        "n_event",
        "estimate",
        "std_error",
        "conf_low",
        "conf_high",
    ]
    assert frame["n_event"].dtype == np.int64
    assert list(frame[["strata", "state"]].drop_duplicates().itertuples(index=False)) == [
        ("g=a", "1"),
        ("g=a", "2"),
        ("g=b", "1"),
        ("g=b", "2"),
    ]
    glance = fit.glance().iloc[0]
    assert (glance["n_obs"], glance["n_event"], glance["n_cause"], glance["n_group"]) == (
        6,
        4,
        2,
        2,
    )
    assert "Fewer than 10 at risk" in str(fit.summary())
    free = fit.event_free_curve()
    km = kaplan_meier("Surv(time, event) ~ g", six.assign(event=six["cause"] > 0)).tidy()
    pd.testing.assert_frame_equal(free, km)
    frame.loc[:, "estimate"] = 9
    assert (fit.tidy()["estimate"] < 9).all()


def test_reading_at_times(six):
    fit = cumulative_incidence(ALL, six, conf_type="plain")
    found = fit.at([0, 0.5, 2, 3.5, 4, 5]).set_index("state")
    np.testing.assert_allclose(
        found.loc["2", "estimate"], [0, 0, 1 / 6, 1 / 6, 5 / 12, np.nan], rtol=EXACT
    )
    np.testing.assert_array_equal(found.loc["1", "n_risk"], [6, 6, 5, 2, 2, 0])
    assert (found.loc["2", "conf_low"].iloc[:2] == 0).all()
    with pytest.raises(ParameterError, match="not one"):
        fit.at([-1])


def test_time_lost_by_hand(six):
    fit = cumulative_incidence(ALL, six)
    lost = fit.time_lost(4)
    np.testing.assert_allclose(lost.estimate[:, 0], [1 / 6 + 2 / 3, 1 / 3], rtol=EXACT)
    means = kaplan_meier("Surv(time, event) ~ 1", six.assign(event=six["cause"] > 0)).rmst(4)
    assert lost.estimate.sum() + means.estimate[0] == pytest.approx(4)
    # With one cause the two areas have the same error.
    one = six.assign(cause=(six["cause"] > 0) * 1)
    error = cumulative_incidence(ALL, one).time_lost(4).tidy()["std_error"]
    assert error[0] == pytest.approx(means.std_error[0])
    with pytest.raises(ParameterError, match="beyond the end"):
        fit.time_lost(5)
    with pytest.raises(ParameterError, match="out of range"):
        fit.time_lost(0)


def test_comparison_at_a_time(course):
    fit = cumulative_incidence("Surv(time, cause) ~ council", course)
    read = fit.at(4).set_index(["strata", "state"])
    rows = fit.difference(4).tidy()
    row = rows[(rows["measure"] == "difference") & (rows["state"] == "moved")].iloc[0]
    a, b = read.loc[("council=a", "moved")], read.loc[("council=b", "moved")]
    assert row["estimate"] == pytest.approx(b["estimate"] - a["estimate"])
    assert row["std_error"] == pytest.approx(np.hypot(a["std_error"], b["std_error"]))
    ratio = rows[(rows["measure"] == "ratio") & (rows["state"] == "moved")].iloc[0]
    assert ratio["estimate"] == pytest.approx(b["estimate"] / a["estimate"])
    assert set(fit.difference(4).glance()) >= {"n_obs", "horizon", "conf_level"}
    with pytest.raises(ParameterError, match="two groups"):
        cumulative_incidence(ALL, course).difference(4)
    with pytest.raises(ParameterError, match="end of follow-up"):
        fit.difference(99)


def test_clusters_across_groups_count_in_a_comparison(course):
    # Each row and its copy in the other group: equal curves, and no doubt that they are.
    twins = pd.concat([course.assign(g="a"), course.assign(g="b")], ignore_index=True)
    twins["pair"] = np.tile(np.arange(len(course)), 2)
    fit = cumulative_incidence("Surv(time, cause) ~ g + cluster(pair)", twins)
    rows = fit.difference(4).tidy()
    assert np.allclose(
        rows[rows["measure"] == "difference"][["estimate", "std_error"]], 0, atol=1e-8
    )


def influences(formula, frame, read, step=1e-5):
    """Differentiate by each row's weight, times the weight."""
    found = []
    for i in range(len(frame)):
        ends = []
        for sign in (1, -1):
            moved = frame.copy()
            moved.loc[i, "w"] *= 1 + sign * step
            ends.append(read(cumulative_incidence(formula, moved, weights="w", robust=True)))
        found.append((ends[0] - ends[1]) / (2 * step))
    return np.array(found)


def test_robust_errors_are_derivatives_by_weights(course):
    course = course.iloc[:24].reset_index(drop=True)
    formula = "Surv(entry, time, cause) ~ council"
    by_row = influences(formula, course, lambda fit: fit.estimate)
    fit = cumulative_incidence(formula, course, weights="w", robust=True)
    np.testing.assert_allclose(np.sqrt((by_row**2).sum(axis=0)), fit.std_error, atol=1e-8)
    clusters = pd.get_dummies(course["site"]).to_numpy(dtype=float)
    by_site = np.einsum("ic,ikm->ckm", clusters, by_row)
    fit = cumulative_incidence(formula + " + cluster(site)", course, weights="w")
    np.testing.assert_allclose(np.sqrt((by_site**2).sum(axis=0)), fit.std_error, atol=1e-8)


def test_two_ways_of_clustering(course):
    errors = {
        text: cumulative_incidence(f"Surv(time, cause) ~ cluster({text})", course).std_error ** 2
        for text in ("site", "council", "site, council")
    }
    both = course.assign(cell=course["site"].astype(str) + course["council"])
    crossed = cumulative_incidence("Surv(time, cause) ~ cluster(cell)", both).std_error ** 2
    expected = errors["site"] + errors["council"] - crossed
    known = ~np.isnan(errors["site, council"])
    np.testing.assert_allclose(errors["site, council"][known], expected[known], atol=1e-12)


def test_what_followup_declares_is_understood():
    frame = pd.DataFrame(
        {"time": [1, 2, 3, 4], "cause": ["dropped_out", "completed", "open", "transferred"]}
    )
    frame.attrs["censored"] = ("completed", "not_completed", "open")
    assert cumulative_incidence(ALL, frame).causes == ("dropped_out", "transferred")
    frame["entry"] = 0
    late = cumulative_incidence("Surv(entry, time, cause) ~ 1", frame)
    assert late.causes == ("dropped_out", "transferred")
    chosen = cumulative_incidence(ALL, frame, censored=["open", "transferred"])
    assert chosen.causes == ("completed", "dropped_out")


@pytest.mark.parametrize("event", ["dropout", "completion", "start"])
def test_frames_of_followup_go_straight_in(hand_made, event):
    frame = followup(hand_made, event=event)
    fit = cumulative_incidence("Surv(time, cause) ~ 1", frame)
    censored = set(frame.attrs["censored"])
    assert set(fit.causes) == set(frame["cause"].astype(str)) - censored
    late = cumulative_incidence("Surv(entry, time, cause) ~ 1", frame)
    np.testing.assert_allclose(late.estimate, fit.estimate)


def test_missing_rows_are_counted(course):
    gaps = course.assign(x=course["x"]).astype({"time": float})
    gaps.loc[:2, "time"] = np.nan
    fit = cumulative_incidence(ALL, gaps)
    assert fit.n_missing == 3
    assert "3 rows with missing values left out." in fit.remarks


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"time": -1.0}, DataError, "negative"),
        ({"time": np.inf}, DataError, "infinite"),
        ({"cause": "open"}, DataError, "no cause"),
        ({"entry": 9.0}, DataError, "before exit"),
        ({"time": np.nan}, DataError, "missing value"),
        ({"w": 0.0}, DataError, "above 0"),
    ],
)
def test_bad_data(course, change, error, words):
    frame = course.assign(**change)
    frame["cause"] = pd.Categorical(frame["cause"], categories=["open", "moved", "unhappy"])
    with pytest.raises(error, match=words):
        cumulative_incidence("Surv(entry, time, cause) ~ 1", frame, weights="w")


def test_bad_options(course):
    with pytest.raises(ParameterError, match="variance is unknown"):
        cumulative_incidence(ALL, course, variance="greenwood")
    with pytest.raises(ParameterError, match="conf_type"):
        cumulative_incidence(ALL, course, conf_type="loglog")
    with pytest.raises(ParameterError, match="conf_level"):
        cumulative_incidence(ALL, course, conf_level=95)
    with pytest.raises(ParameterError, match="choose one"):
        cumulative_incidence(ALL, course, variance="aalen", robust=True)
    with pytest.raises(ParameterError, match="no cluster-robust"):
        cumulative_incidence("Surv(time, cause) ~ cluster(site)", course, variance="aalen")
    with pytest.raises(FormulaError, match="strata"):
        cumulative_incidence("Surv(time, cause) ~ strata(site)", course)
    with pytest.raises(FormulaError, match="reason"):
        cumulative_incidence("Surv(time, reason) ~ 1", course)
    with pytest.raises(DataError, match="does not know"):
        cumulative_incidence(ALL, course, censored=["closed"])
    with pytest.raises(DataError, match="texts"):
        cumulative_incidence(ALL, course.astype({"cause": str}))


def test_one_row_and_a_billion_days():
    one = pd.DataFrame({"time": [1e9], "cause": [1]})
    fit = cumulative_incidence(ALL, one)
    assert fit.estimate[0, 0] == 1
    assert np.isfinite(fit.std_error).all()
