"""What must hold for any data."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.survival.competing.cause_specific_regression import cause_specific
from rpcstats.survival.competing.cumulative_incidence import cumulative_incidence
from rpcstats.survival.competing.fine_gray_regression import fine_gray
from rpcstats.survival.competing.gray import gray_test
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier

# Sums and products in another order.
SAME = 1e-9
quick = settings(max_examples=20, deadline=None)
slow = settings(max_examples=6, deadline=None)
BY_G, ALL = "Surv(time, cause) ~ g", "Surv(time, cause) ~ 1"
CURVE = ["estimate", "std_error", "conf_low", "conf_high"]


@st.composite
def frames(draw, min_size=4):
    n = draw(st.integers(min_size, 30))
    sized = {"min_size": n, "max_size": n}
    frame = pd.DataFrame(
        {
            "time": np.array(draw(st.lists(st.integers(1, 9), **sized)), dtype=float),
            "cause": draw(st.lists(st.integers(0, 3), **sized)),
            "g": draw(st.lists(st.sampled_from("ab"), **sized)),
            "w": draw(st.lists(st.integers(1, 3), **sized)),
        }
    )
    frame.loc[:3, "cause"] = [1, 2, 1, 2]
    frame.loc[:3, "g"] = ["a", "a", "b", "b"]
    return frame


@st.composite
def regressions(draw):
    """Forty rows, enough for estimates to be finite."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = 40
    return pd.DataFrame(
        {
            "time": rng.integers(1, 9, n).astype(float),
            "cause": rng.integers(0, 3, n),
            "x": rng.normal(size=n),
            "y": rng.normal(size=n),
            "w": rng.integers(1, 3, n),
        }
    )


@quick
@given(frames())
def test_everything_adds_up(frame):
    fit = cumulative_incidence(BY_G, frame)
    np.testing.assert_allclose(fit.estimate.sum(axis=0) + fit.event_free, 1, atol=SAME)
    for cause in fit.causes:
        alone = frame.assign(event=frame["cause"].astype(str) == cause)
        wrong = 1 - kaplan_meier("Surv(time, event) ~ g", alone).estimate
        assert (wrong >= fit.estimate[fit.causes.index(cause)] - SAME).all()
    limits = fit.tidy().dropna()
    assert (limits["conf_low"] <= limits["estimate"] + SAME).all()
    assert (limits["conf_high"] >= limits["estimate"] - SAME).all()
    assert limits["conf_low"].between(0, 1).all()


@quick
@given(frames())
def test_a_single_cause_is_one_minus_kaplan_meier(frame):
    single = frame.assign(cause=(frame["cause"] > 0) * 1)
    fit = cumulative_incidence(BY_G, single)
    km = kaplan_meier(BY_G, single)
    np.testing.assert_allclose(fit.estimate[0], 1 - km.estimate, atol=SAME)
    left = km.estimate > 0
    error = km.tidy()["std_error"]
    np.testing.assert_allclose(fit.std_error[0][left], error[left], atol=SAME)


@quick
@given(frames(), st.permutations([1, 2, 3]))
def test_names_of_causes_do_not_matter(frame, order):
    renamed = frame.assign(
        cause=frame["cause"].map({0: 0, **dict(zip([1, 2, 3], order, strict=True))})
    )
    here, there = cumulative_incidence(BY_G, frame), cumulative_incidence(BY_G, renamed)
    tests = gray_test(BY_G, frame), gray_test(BY_G, renamed)
    for k, cause in enumerate(here.causes):
        place = there.causes.index(str(order[int(cause) - 1]))
        np.testing.assert_allclose(there.estimate[place], here.estimate[k], atol=SAME)
        np.testing.assert_allclose(there.std_error[place], here.std_error[k], atol=SAME)
        np.testing.assert_allclose(tests[1].scores[place], tests[0].scores[k], atol=SAME)


@quick
@given(frames(), st.randoms(use_true_random=False), st.sampled_from([0.25, 7.0, 30.4375]))
def test_order_and_unit_do_not_matter(frame, random, unit):
    order = list(range(len(frame)))
    random.shuffle(order)
    changed = frame.iloc[order].assign(time=lambda f: f["time"] * unit)
    here, there = cumulative_incidence(BY_G, frame), cumulative_incidence(BY_G, changed)
    np.testing.assert_allclose(there.time, here.time * unit)
    np.testing.assert_allclose(there.tidy()[CURVE], here.tidy()[CURVE], atol=SAME)
    np.testing.assert_allclose(gray_test(BY_G, changed).V, gray_test(BY_G, frame).V, atol=SAME)
    tau = frame.groupby("g")["time"].max().min()
    lost = [fit.time_lost(t).tidy() for fit, t in ((here, tau), (there, tau * unit))]
    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(lost[1][column], lost[0][column] * unit, atol=SAME)


@quick
@given(frames())
def test_a_weight_of_two_is_the_row_twice(frame):
    repeated = frame.loc[frame.index.repeat(frame["w"])]
    for variance in ("delta", "aalen"):
        weighted = cumulative_incidence(BY_G, frame, weights="w", variance=variance)
        twice = cumulative_incidence(BY_G, repeated, variance=variance)
        np.testing.assert_allclose(weighted.tidy()[CURVE], twice.tidy()[CURVE], atol=SAME)


@quick
@given(frames())
def test_the_jackknife_is_the_delta_method_where_nobody_enters_late(frame):
    plain, robust = (cumulative_incidence(BY_G, frame, robust=flag) for flag in (False, True))
    np.testing.assert_allclose(robust.std_error, plain.std_error, atol=1e-7)
    tau = frame.groupby("g")["time"].max().min()
    errors = [fit.time_lost(tau).tidy()["std_error"] for fit in (plain, robust)]
    np.testing.assert_allclose(errors[1], errors[0], atol=1e-7)


@quick
@given(frames())
def test_follow_up_cut_in_two_rows_changes_nothing(frame):
    frame = frame.assign(id=range(len(frame)))
    middle = frame["time"] / 2
    parts = pd.concat([frame.assign(entry=0.0, time=middle, cause=0), frame.assign(entry=middle)])
    whole = cumulative_incidence(ALL, frame, robust=True)
    cut = cumulative_incidence("Surv(entry, time, cause) ~ cluster(id)", parts)
    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(cut.at(whole.time)[column], whole.tidy()[column], atol=1e-7)


@quick
@given(frames())
def test_two_identical_groups_do_not_differ(frame):
    twins = pd.concat([frame.assign(g="a"), frame.assign(g="b")])
    for rho in (0, 1):
        test = gray_test(BY_G, twins, rho=rho)
        np.testing.assert_allclose(test.scores, 0, atol=SAME)


@slow
@given(regressions(), st.randoms(use_true_random=False))
def test_regressions_do_not_depend_on_order_unit_or_centre(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    changed = frame.iloc[order].assign(time=lambda f: f["time"] * 7, x=lambda f: 10 * f["x"] + 300)
    for variance in ("fine-gray", "jackknife"):
        here, there = (
            fine_gray("Surv(time, cause) ~ x + y", f, cause="1", variance=variance)
            for f in (frame, changed)
        )
        np.testing.assert_allclose(there.beta * [10, 1], here.beta, rtol=1e-7)
        np.testing.assert_allclose(there.cov * np.outer([10, 1], [10, 1]), here.cov, rtol=1e-6)


@slow
@given(regressions())
def test_weights_repeat_rows_and_one_cause_is_coxs_model(frame):
    repeated = frame.loc[frame.index.repeat(frame["w"])]
    weighted = fine_gray("Surv(time, cause) ~ x", frame, cause="1", weights="w")
    twice = fine_gray("Surv(time, cause) ~ x", repeated, cause="1")
    np.testing.assert_allclose(weighted.beta, twice.beta, rtol=1e-7, atol=1e-9)
    single = frame.assign(cause=(frame["cause"] == 1) * 1)
    same = cox("Surv(time, cause) ~ x", single, ties="breslow")
    alone = fine_gray("Surv(time, cause) ~ x", single, cause="1")
    np.testing.assert_allclose(alone.beta, same.beta, rtol=1e-7, atol=1e-9)
    each = cause_specific("Surv(time, cause) ~ x", single, ties="breslow")
    np.testing.assert_array_equal(each.of("1").beta, same.beta)
