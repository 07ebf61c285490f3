import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import FormulaError, ParameterError
from rpcstats.survival.competing import _gray_counts
from rpcstats.survival.competing.cumulative_incidence import cumulative_incidence
from rpcstats.survival.competing.gray import gray_test
from rpcstats.survival.nonparametric.logrank import logrank

BY = "Surv(time, cause) ~ council"


def test_frames(course):
    test = gray_test(BY, course)
    assert list(test.tidy().columns) == ["cause", "n_event", "statistic", "df", "p_value"]
    assert list(test.tidy()["cause"]) == ["moved", "unhappy"]
    assert test.groups()["n_event"].sum() == (course["cause"] != "open").sum()
    assert test.glance()["n_obs"][0] == len(course)
    assert "Gray's test" in str(test.summary())
    one = gray_test(BY, course, cause="unhappy")
    assert one.causes == ("unhappy",)
    assert one.statistic[0] == test.statistic[1]
    assert cumulative_incidence(BY, course).gray_test().statistic[0] == test.statistic[0]


def test_scores_add_up_to_nothing(course):
    for rho in (0, 1):
        test = gray_test("Surv(time, cause) ~ council + strata(z)", course, rho=rho)
        np.testing.assert_allclose(test.scores.sum(axis=1), 0, atol=1e-10)
        np.testing.assert_allclose(test.V.sum(axis=2), 0, atol=1e-10)


def test_one_cause_without_others_is_close_to_the_log_rank_test():
    rng = np.random.default_rng(2)
    n = 4000
    frame = pd.DataFrame({"g": rng.integers(0, 2, n), "time": rng.exponential(size=n)})
    frame["cause"] = (rng.random(n) < 0.7) * 1
    test = gray_test("Surv(time, cause) ~ g", frame)
    plain = logrank("Surv(time, cause) ~ g", frame)
    np.testing.assert_allclose(test.scores[0], plain.observed - plain.expected, rtol=1e-8)
    # The two estimate one variance in different ways.
    assert test.statistic[0] == pytest.approx(plain.statistic, rel=0.02)


@pytest.mark.parametrize("terms", ["g", "g + strata(s)"])
@pytest.mark.parametrize("unit", [1.0, 0.1, 0.0])
def test_counted_packed_and_placed_rows_give_one_test(monkeypatch, unit, terms):
    rng = np.random.default_rng(8)
    n = 2_500
    time = rng.exponential(size=n)
    frame = pd.DataFrame(
        {
            "time": np.ceil(time * 20) * unit if unit else time,
            "cause": rng.integers(0, 4, n),
            "g": rng.choice(list("abc"), n),
            "s": rng.integers(0, 2, n),
        }
    )
    fast = gray_test(f"Surv(time, cause) ~ {terms}", frame)
    for name in ("counted_times", "packed_rows"):
        monkeypatch.setattr(_gray_counts, name, lambda *_, **__: None)
    placed = gray_test(f"Surv(time, cause) ~ {terms}", frame)
    for name in ("n_obs", "n_event", "scores", "V", "statistic"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(placed, name))


def test_a_group_without_events_and_groups_that_never_meet(course):
    quiet = course.assign(cause=course["cause"].where(course["council"] == "a", "open"))
    assert (gray_test(BY, quiet).df == 1).all()
    apart = pd.DataFrame({"time": [1, 2, 3, 4], "cause": [1, 1, 1, 1], "g": list("aabb"), "s": 0})
    apart["s"] = apart["g"]
    test = gray_test("Surv(time, cause) ~ g + strata(s)", apart)
    assert test.df[0] == 0
    assert np.isnan(test.statistic[0])
    assert np.isnan(test.p_value[0])


def test_refusals(course):
    with pytest.raises(FormulaError, match="two groups"):
        gray_test("Surv(time, cause) ~ 1", course)
    with pytest.raises(ParameterError, match="moved, unhappy"):
        gray_test(BY, course, cause="bored")
    with pytest.raises(ParameterError, match="finite"):
        gray_test(BY, course, rho=np.nan)
    with pytest.raises(ParameterError, match="late entry"):
        gray_test("Surv(entry, time, cause) ~ council", course)
    with pytest.raises(FormulaError, match="cluster"):
        gray_test(BY + " + cluster(site)", course)
    with pytest.raises(ParameterError, match="no weights"):
        cumulative_incidence(BY, course, weights="w").gray_test()
