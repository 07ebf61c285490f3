"""What must hold for any data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats._numerics.intervals import CONF_TYPES
from rpcstats.errors import ParameterError
from rpcstats.survival import kaplan_meier, logrank, rmst

# Sums and products in another order.
SAME = 1e-10
CURVE = ["n_risk", "n_event", "n_censor", "estimate", "std_error", "conf_low", "conf_high"]
# Frames are slow to make and machines are busy: fewer examples than the default 100.
quick = settings(max_examples=40, deadline=None)
ALL, BY_G = "Surv(time, event) ~ 1", "Surv(time, event) ~ g"


@st.composite
def frames(draw, min_size=2):
    n = draw(st.integers(min_size, 40))
    sized = {"min_size": n, "max_size": n}
    unit = draw(st.sampled_from([1.0, 1 / 7]))
    return pd.DataFrame(
        {
            "time": np.array(draw(st.lists(st.integers(1, 12), **sized))) * unit,
            "event": draw(st.lists(st.integers(0, 1), **sized)),
            "g": draw(st.lists(st.sampled_from("abc"), **sized)),
            "w": draw(st.lists(st.integers(1, 3), **sized)),
        }
    )


def two_groups(frame):
    """Make sure that there is something to compare."""
    return frame.assign(g=["a", "b", *frame["g"][2:]])


@quick
@given(frames())
def test_without_censoring_the_curve_is_the_share_still_there(frame):
    fit = kaplan_meier(ALL, frame.assign(event=1))
    shares = [(frame["time"] > t).mean() for t in fit.time]
    np.testing.assert_allclose(fit.estimate, shares, atol=SAME)


@quick
@given(frames(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    first, second = (kaplan_meier(BY_G, f).tidy() for f in (frame, frame.iloc[order]))
    pd.testing.assert_frame_equal(first, second)
    frame = two_groups(frame)
    tests = [logrank(BY_G, f) for f in (frame, frame.iloc[order])]
    np.testing.assert_allclose(tests[0].V, tests[1].V, rtol=SAME, atol=SAME)


@quick
@given(frames(), st.sampled_from([0.25, 7.0, 30.4375]))
def test_the_unit_of_time_only_scales_times(frame, unit):
    scaled = frame.assign(time=frame["time"] * unit)
    here, there = kaplan_meier(ALL, frame), kaplan_meier(ALL, scaled)
    np.testing.assert_allclose(there.time, here.time * unit, rtol=SAME)
    np.testing.assert_allclose(there.tidy()[CURVE], here.tidy()[CURVE], rtol=SAME)
    tau = frame["time"].min()
    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(
            there.rmst(tau * unit).tidy()[column], here.rmst(tau).tidy()[column] * unit, atol=SAME
        )


@quick
@given(frames())
def test_a_weight_of_two_is_the_row_twice(frame):
    repeated = frame.loc[frame.index.repeat(frame["w"])]
    weighted = kaplan_meier(BY_G, frame, weights="w").tidy()
    np.testing.assert_allclose(
        weighted[CURVE], kaplan_meier(BY_G, repeated).tidy()[CURVE], rtol=SAME
    )


@quick
@given(frames())
def test_entry_at_zero_is_no_late_entry(frame):
    frame = two_groups(frame).assign(entry=0)
    late = "Surv(entry, time, event) ~ g"
    pd.testing.assert_frame_equal(
        kaplan_meier(late, frame).tidy(), kaplan_meier(BY_G, frame).tidy()
    )
    np.testing.assert_allclose(logrank(late, frame).V, logrank(BY_G, frame).V, atol=SAME)


@quick
@given(frames())
def test_splitting_follow_up_in_two_rows_changes_nothing(frame):
    middle = frame["time"] / 2
    before = frame.assign(entry=0.0, time=middle, event=0)
    after = frame.assign(entry=middle)
    whole = kaplan_meier(ALL, frame)
    split = kaplan_meier("Surv(entry, time, event) ~ 1", pd.concat([before, after]))
    np.testing.assert_allclose(split.at(whole.time)["estimate"], whole.estimate, atol=SAME)


@quick
@given(frames())
def test_splitting_follow_up_keeps_the_robust_error_of_a_cluster(frame):
    frame = frame.assign(id=range(len(frame)))
    middle = frame["time"] / 2
    before = frame.assign(entry=0.0, time=middle, event=0)
    after = frame.assign(entry=middle)
    whole = kaplan_meier(ALL, frame, robust=True)
    split = kaplan_meier("Surv(entry, time, event) ~ cluster(id)", pd.concat([before, after]))
    np.testing.assert_allclose(
        split.at(whole.time)["std_error"], whole.tidy()["std_error"], rtol=1e-6, atol=1e-7
    )


@quick
@given(frames(), st.permutations("abc"))
def test_names_of_groups_do_not_matter_to_a_test(frame, names):
    frame = two_groups(frame)
    renamed = frame.assign(g=frame["g"].map(dict(zip("abc", names, strict=True))))
    first, second = logrank(BY_G, frame), logrank(BY_G, renamed)
    assert first.df == second.df
    np.testing.assert_allclose(first.statistic, second.statistic, rtol=1e-6, atol=SAME)


@quick
@given(frames())
def test_one_stratum_is_no_stratum_and_its_name_does_not_matter(frame):
    frame = two_groups(frame).assign(s="x")
    plain = logrank(BY_G, frame)
    within = logrank("Surv(time, event) ~ g + strata(s)", frame)
    np.testing.assert_array_equal(plain.V, within.V)


@quick
@given(frames())
def test_two_identical_groups_do_not_differ(frame):
    twins = pd.concat([frame.assign(g="a"), frame.assign(g="b")])
    for rho, gamma in ((0, 0), (1, 0), (0, 1)):
        test = logrank(BY_G, twins, rho=rho, gamma=gamma)
        np.testing.assert_allclose(test.observed, test.expected, atol=SAME)
        assert test.df == 0 or abs(test.statistic) < SAME


@quick
@given(frames(), st.floats(0, 2), st.floats(0, 2))
def test_observed_and_expected_have_one_sum(frame, rho, gamma):
    test = logrank(BY_G, two_groups(frame), rho=rho, gamma=gamma)
    np.testing.assert_allclose(test.observed.sum(), test.expected.sum(), rtol=SAME)
    np.testing.assert_allclose(test.V.sum(axis=0), 0, atol=SAME)


@quick
@given(frames(), st.sampled_from(CONF_TYPES), st.booleans())
def test_limits_stay_in_range_and_hold_the_estimate(frame, conf_type, robust):
    fit = kaplan_meier(BY_G, frame, conf_type=conf_type, robust=robust).tidy().dropna()
    assert (fit["conf_low"] >= 0).all()
    assert (fit["conf_high"] <= 1).all()
    assert (fit["conf_low"] <= fit["estimate"] + SAME).all()
    assert (fit["conf_high"] >= fit["estimate"] - SAME).all()


@quick
@given(frames(), st.floats(0.1, 15))
def test_a_restricted_mean_is_the_area_under_the_curve(frame, tau):
    fit = kaplan_meier(ALL, frame)
    found = fit.rmst(tau).estimate[0]
    if tau > fit.time[-1] and fit.estimate[-1] > 0:
        assert np.isnan(found)
        with pytest.raises(ParameterError, match="beyond the end"):
            rmst(ALL, frame, tau=tau)
        return
    assert rmst(ALL, frame, tau=tau).estimate[0] == found
    edges = np.unique([0.0, tau, *fit.time[fit.time < tau]])
    middles = (edges[1:] + edges[:-1]) / 2
    heights = [fit.estimate[fit.time <= m][-1] if (fit.time <= m).any() else 1.0 for m in middles]
    np.testing.assert_allclose(found, np.sum(heights * np.diff(edges)), rtol=SAME)


@quick
@given(frames())
def test_clusters_of_one_group_and_copies_of_rows(frame):
    # Every row twice, each pair a cluster: the robust error of the rows taken once.
    frame = frame.assign(id=range(len(frame)))
    once = kaplan_meier(BY_G, frame, robust=True)
    pairs = kaplan_meier(BY_G + " + cluster(id)", pd.concat([frame, frame]))
    np.testing.assert_allclose(pairs.std_error_log, once.std_error_log, rtol=1e-6, atol=1e-7)
