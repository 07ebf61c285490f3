"""The intervals that pictures of tests show say what the tests say."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rpcstats.errors import ParameterError
from rpcstats.survival import logrank, logrank_trend, max_combo, pairwise_logrank

# The root of a tail known to 6 digits, found to 1e-6.
ROOT = 1e-4


def drawn(seed, n=60, effect=0.4):
    rng = np.random.default_rng(seed)
    band = rng.integers(0, 3, n)
    time = np.ceil(rng.exponential(6.0 * np.exp(-effect * band))).clip(max=12)
    frame = pd.DataFrame(
        {"time": time, "event": (time < 12) * 1, "band": list("abc"[k] for k in band)}
    )
    return frame.assign(two=np.where(band == 2, "late", "soon"))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("conf_level", [0.8, 0.95])
def test_the_interval_of_two_groups_excludes_zero_where_the_test_rejects(seed, conf_level):
    test = logrank("Surv(time, event) ~ two", drawn(seed))
    rows = test.excess(conf_level)
    excludes = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
    assert (excludes == (test.p_value < 1 - conf_level)).all()
    np.testing.assert_allclose(rows["estimate"], test.observed - test.expected)
    half = stats.norm.ppf((1 + conf_level) / 2) * np.sqrt(np.diag(test.V))
    np.testing.assert_allclose(rows["conf_high"] - rows["estimate"], half)


@pytest.mark.parametrize("seed", range(4))
def test_the_joint_quantile_is_exceeded_with_the_chance_asked_for(seed):
    from rpcstats.survival.nonparametric._max_normal import largest_tail

    test = max_combo("Surv(time, event) ~ two", drawn(seed))
    c = test._joint_quantile(0.95)
    assert largest_tail(c, test.correlation) == pytest.approx(0.05, abs=ROOT)
    assert stats.norm.ppf(0.975) <= c <= stats.norm.ppf(1 - 0.05 / 8)
    assert (test.statistic > c) == (test.p_value < 0.05)


def test_one_weight_has_the_normal_quantile():
    test = max_combo("Surv(time, event) ~ two", drawn(1), exponents=[(0, 0)])
    assert test._joint_quantile(0.9) == pytest.approx(stats.norm.ppf(0.95))


def test_groups_are_drawn_in_the_order_of_the_trend_and_pairs_by_name():
    frame = drawn(3)
    trend = logrank_trend("Surv(time, event) ~ band", frame, scores={"a": 3, "b": 1, "c": 2})
    labels = [text.get_text() for text in trend.plot().texts if text.get_gid() == "label"]
    assert [label for label in labels if label] == ["B", "C", "A"]
    pairs = pairwise_logrank("Surv(time, event) ~ band", frame)
    labels = [text.get_text() for text in pairs.plot().texts if text.get_gid() == "label"]
    assert [label for label in labels if label] == ["B against a", "C against a", "C against b"]


def test_a_level_that_is_none_is_refused():
    test = logrank("Surv(time, event) ~ two", drawn(1))
    for result in (test, max_combo("Surv(time, event) ~ two", drawn(1))):
        with pytest.raises(ParameterError):
            result.plot(conf_level=95)
