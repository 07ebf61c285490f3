"""Weights of rows and of times, robust variances, trends, pairs and the largest of several."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from rpcstats import _vocabulary as v
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.survival import logrank
from rpcstats.survival.nonparametric._max_normal import largest_tail
from rpcstats.survival.nonparametric.logrank_trend import logrank_trend
from rpcstats.survival.nonparametric.max_combo import max_combo
from rpcstats.survival.nonparametric.pairwise_logrank import pairwise_logrank

BY_MODE, BY_G = "Surv(time, event) ~ mode", "Surv(time, event) ~ g"
quick = settings(max_examples=12, deadline=None)
# Sums in another order.
SAME = 1e-9


@st.composite
def frames(draw):
    n = draw(st.integers(6, 30))
    sized = {"min_size": n, "max_size": n}
    groups = draw(st.lists(st.sampled_from("abc"), **sized))
    return pd.DataFrame(
        {
            "time": draw(st.lists(st.integers(1, 9), **sized)),
            "event": [1, *draw(st.lists(st.integers(0, 1), min_size=n - 1, max_size=n - 1))],
            "g": ["a", "b", "c", *groups[3:]],
            "w": draw(st.lists(st.integers(1, 3), **sized)),
        }
    )


def test_weights_of_times_by_hand(six):
    # Scores of a at 1, 2, 4: 1 - 1/2, 1 - 4/5, -1/2; variances 1/4, 9/25, 1/4; n 6, 5, 2.
    scores, variances = np.array([1 / 2, 1 / 5, -1 / 2]), np.array([1 / 4, 9 / 25, 1 / 4])
    n, d = np.array([6, 5, 2]), np.array([1, 2, 1])
    for kind, weight in (
        ("gehan", n),
        ("tarone-ware", np.sqrt(n)),
        ("peto-peto", np.cumprod(1 - d / (n + 1))),
    ):
        test = logrank(BY_MODE, six, weighting=kind)
        expected = (weight @ scores) ** 2 / (weight**2 @ variances)
        assert test.statistic == pytest.approx(expected, rel=1e-12)
        assert kind in str(test.summary())


def test_the_robust_variance_by_hand(six):
    # Score residuals of b with hazards 1/6, 2/5, 1/2 and shares of b 1/2, 3/5, 1/2.
    hazard, share = np.array([1 / 6, 2 / 5, 1 / 2]), np.array([1 / 2, 3 / 5, 1 / 2])
    last = [0, 1, 1, 1, 2, 2]
    rows = []
    for i, in_b in enumerate(six["mode"] == "b"):
        k = last[i]
        own = (in_b - share[k]) * six["event"][i]
        rows.append(own - ((in_b - share[: k + 1]) * hazard[: k + 1]).sum())
    test = logrank(BY_MODE, six, robust=True)
    assert test.V[1, 1] == pytest.approx(np.square(rows).sum(), rel=1e-12)
    pairs = np.array(rows).reshape(3, 2).sum(axis=1)
    clustered = logrank(BY_MODE + " + cluster(id)", six.assign(id=[1, 1, 2, 2, 3, 3]))
    assert clustered.V[1, 1] == pytest.approx((pairs**2).sum(), rel=1e-12)
    assert clustered.is_robust
    assert any("3 clusters of id" in remark for remark in clustered.remarks)


@quick
@given(frames())
def test_a_weight_of_two_is_the_row_twice(frame):
    repeated = frame.loc[frame.index.repeat(frame["w"])]
    for options in ({}, {"rho": 1}, {"weighting": "gehan"}):
        first = logrank(BY_G, frame, weights="w", **options)
        second = logrank(BY_G, repeated, **options)
        np.testing.assert_allclose(first.V, second.V, rtol=SAME, atol=SAME)
        np.testing.assert_allclose(first.observed, second.observed, rtol=SAME)


@quick
@given(frames())
def test_copies_in_one_cluster_tell_nothing_new(frame):
    frame = frame.assign(id=range(len(frame)))
    once = logrank(BY_G, frame, robust=True)
    twice = logrank(BY_G + " + cluster(id)", pd.concat([frame, frame]))
    np.testing.assert_allclose(twice.V, 4 * once.V, rtol=SAME, atol=SAME)


@quick
@given(frames())
def test_rows_split_in_two_keep_the_robust_test(frame):
    frame = frame.assign(id=range(len(frame)), entry=0.0)
    middle = frame["time"] / 2
    halves = pd.concat([frame.assign(time=middle, event=0), frame.assign(entry=middle)])
    whole = logrank(BY_G, frame, robust=True)
    split = logrank("Surv(entry, time, event) ~ g + cluster(id)", halves)
    np.testing.assert_allclose(split.V, whole.V, rtol=SAME, atol=SAME)


def test_a_trend_over_two_groups_is_the_log_rank_test(six):
    trend, test = logrank_trend(BY_MODE, six), logrank(BY_MODE, six)
    assert trend.statistic**2 == pytest.approx(test.statistic, rel=1e-12)
    assert trend.p_value == pytest.approx(test.p_value, rel=1e-12)
    assert tuple(trend.tidy().columns) == v.TREND
    assert trend.statistic < 0  # b, the higher score, has fewer events than expected


@quick
@given(frames(), st.floats(0.1, 9), st.floats(-5, 5))
def test_unit_and_origin_of_a_trend_do_not_matter(frame, unit, origin):
    places = np.array([1.0, 2.0, 4.0])
    first = logrank_trend(BY_G, frame, scores=places)
    second = logrank_trend(BY_G, frame, scores=places * unit + origin)
    np.testing.assert_allclose(first.statistic, second.statistic, rtol=1e-6, atol=1e-8)
    by_name = logrank_trend(BY_G, frame, scores={"c": 4, "a": 1, "b": 2})
    np.testing.assert_allclose(by_name.statistic, first.statistic)


def test_pairs_are_tests_of_two_groups_alone(six):
    frame = pd.concat([six, six.assign(mode="c", time=six["time"] + 1)])
    pairs = pairwise_logrank(BY_MODE, frame)
    table = pairs.tidy()
    assert tuple(table.columns) == v.PAIRS
    assert table["term"].tolist() == [
        "mode=b against mode=a",
        "mode=c against mode=a",
        "mode=c against mode=b",
    ]
    alone = logrank(BY_MODE, frame[frame["mode"] != "b"])
    assert table["p_value"][1] == pytest.approx(alone.p_value, rel=1e-12)
    p = np.sort(table["p_value"])
    holm = np.minimum(np.maximum.accumulate(p * [3, 2, 1]), 1)
    np.testing.assert_allclose(np.sort(table["p_adjusted"]), holm, rtol=1e-12)
    unadjusted = pairwise_logrank(BY_MODE, frame, adjust="none").tidy()
    np.testing.assert_array_equal(unadjusted["p_adjusted"], unadjusted["p_value"])
    assert "Holm" in str(pairs.summary())


def test_the_largest_of_one_test_is_that_test(six):
    one = max_combo(BY_MODE, six, exponents=[(0, 0)])
    test = logrank(BY_MODE, six)
    assert one.statistic**2 == pytest.approx(test.statistic, rel=1e-12)
    assert one.p_value == pytest.approx(test.p_value, rel=1e-10)
    assert tuple(one.tidy().columns) == v.WEIGHTED_TESTS


@quick
@given(frames(), st.booleans())
def test_the_largest_lies_between_one_test_and_bonferroni(frame, robust):
    frame = frame.assign(g=np.where(frame["g"] == "a", "a", "b"))
    found = max_combo(BY_G, frame, robust=robust)
    if not np.isfinite(found.statistic):
        return
    least = found.tidy()["p_value"].min()
    assert least * (1 - 1e-6) <= found.p_value <= min(1.0, 4 * least) * (1 + 1e-6)
    if not robust:
        for row in found.tidy().dropna().itertuples():
            alone = logrank(BY_G, frame, rho=row.rho, gamma=row.gamma).statistic
            np.testing.assert_allclose(row.statistic**2, alone, rtol=1e-6, atol=1e-8)


def test_the_tail_of_independent_statistics_is_a_product():
    for size in (0.5, 2.0, 5.0):
        one = 2 * norm.sf(size)
        found = largest_tail(size, np.eye(3))
        assert found == pytest.approx(-np.expm1(3 * np.log1p(-one)), rel=1e-5)
    # A statistic that is the sum of two others adds nothing but a corner.
    rows = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [2**-0.5, 2**-0.5, 0]])
    assert largest_tail(2.0, rows @ rows.T) > largest_tail(2.0, np.eye(3))


def test_faulty_calls_are_refused(six):
    three = six.assign(g=list("abcabc"))
    for options, message in (
        ({"weighting": "wilcoxon"}, "weighting is unknown"),
        ({"weighting": "gehan", "rho": 1}, "no exponents"),
    ):
        with pytest.raises(ParameterError, match=message):
            logrank(BY_MODE, six, **options)
    for scores, message in (
        ([1, 2, 3], "do not fit"),
        ([1, np.nan], "do not fit"),
        ([1, 1], "tell no order"),
        ({"a": 1}, "leaves groups out"),
    ):
        with pytest.raises(ParameterError, match=message):
            logrank_trend(BY_MODE, six, scores=scores)
    with pytest.raises(ParameterError, match="adjust is unknown"):
        pairwise_logrank(BY_MODE, six, adjust="tukey")
    with pytest.raises(FormulaError, match="two groups or more"):
        pairwise_logrank("Surv(time, event) ~ 1", six)
    with pytest.raises(FormulaError, match="compares two groups"):
        max_combo(BY_G, three)
    for exponents in ([], [(1,)], [(-1, 0)]):
        with pytest.raises(ParameterError):
            max_combo(BY_MODE, six, exponents=exponents)


def test_without_an_event_there_is_nothing_to_test(six):
    none = six.assign(event=0)
    assert np.isnan(logrank_trend(BY_MODE, none).p_value)
    assert np.isnan(max_combo(BY_MODE, none).p_value)
    assert pairwise_logrank(BY_MODE, none).tidy()["p_adjusted"].isna().all()


def test_two_groups_have_one_degree_of_freedom_whatever_the_rounding():
    """Only the event at 2 is weighed and compared: (1 - 1/3)² over 1/3 · 2/3."""
    rows = {"time": [1] * 17 + [2, 3, 3], "event": [1] + [0] * 16 + [1, 0, 1]}
    frame = pd.DataFrame(rows).assign(g=["a"] * 16 + ["b"] * 2 + ["a"] * 2)
    for rho in (0, 1):
        test = logrank(BY_G, frame, rho=rho, gamma=1)
        assert test.df == 1
        assert test.statistic == pytest.approx(2.0, rel=1e-12)
