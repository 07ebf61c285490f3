"""Several variables compared one after another."""

import numpy as np
import pandas as pd
import pytest

from rpcstats import _vocabulary as v
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.survival import compare_groups, logrank, rmst

RESPONSE = "Surv(time, event)"


@pytest.fixture
def frame():
    rng = np.random.default_rng(5)
    n = 60
    return pd.DataFrame(
        {
            "time": rng.integers(1, 7, n),
            "event": rng.integers(0, 2, n),
            "mode": pd.Categorical(rng.choice(["online", "hall"], n), ["online", "hall", "home"]),
            "sex": np.where(np.arange(n) < 3, None, rng.choice(["f", "m"], n)),
            "age band": rng.choice(["x", "y", "z"], n),
            "site": "only",
        }
    )


BY = ["mode", "sex", "age band", "site"]


def test_each_variable_gets_its_own_test_and_means(frame):
    compared = compare_groups(RESPONSE, frame, by=BY, tau=5)
    assert tuple(compared.glance().columns) == v.COMPARISONS
    assert tuple(compared.tidy().columns) == v.LEVELS
    tests = compared.glance().set_index("variable")
    levels = compared.tidy().set_index("variable")
    for name in BY[:3]:
        alone = logrank(f"{RESPONSE} ~ `{name}`", frame).glance().iloc[0]
        for column in ("statistic", "df", "p_value", "n_obs", "n_event", "n_missing"):
            assert tests.loc[name, column] == alone[column]
        means = rmst(f"{RESPONSE} ~ `{name}`", frame, tau=5).tidy()
        np.testing.assert_array_equal(levels.loc[name, "estimate"], means["estimate"])
    assert levels.loc["mode", "level"].tolist() == ["online", "hall"]
    assert tests.loc["sex", "n_missing"] == 3
    assert compared.release_kind == "test"


def test_p_values_are_adjusted_by_holm_over_what_was_tested(frame):
    tests = compare_groups(RESPONSE, frame, by=BY, tau=5).glance().set_index("variable")
    p = tests["p_value"].dropna().sort_values()
    by_hand = np.minimum(np.maximum.accumulate(p * [3, 2, 1]), 1)
    np.testing.assert_allclose(tests.loc[by_hand.index, "p_adjusted"], by_hand, rtol=1e-14)


def test_a_variable_with_one_level_is_kept_with_a_note(frame):
    compared = compare_groups(RESPONSE, frame, by=BY, tau=5)
    row = compared.glance().set_index("variable").loc["site"]
    assert row["note"] == "not compared: every starter has the same site"
    assert np.isnan(row["p_adjusted"])
    assert compared.tidy().query("variable == 'site'")["n_obs"].tolist() == [60]


def test_without_an_event_the_note_says_so(frame):
    row = compare_groups(RESPONSE, frame.assign(event=0), by="mode", tau=1).glance().iloc[0]
    assert row["note"] == "not compared: no event could tell the groups apart"


def test_frames_are_copies_and_the_summary_reads(frame):
    compared = compare_groups(RESPONSE, frame, by=["mode"], tau=5)
    taken = compared.tidy()
    taken.loc[0, "estimate"] = -1
    assert compared.tidy()["estimate"][0] > 0
    assert "Holm" in str(compared.summary())


def test_faulty_calls_are_refused(frame):
    for formula in ("Surv(time, event) ~ mode", "time ~ 1"):
        with pytest.raises(FormulaError, match="response alone"):
            compare_groups(formula, frame, by=["mode"], tau=5)
    for by in ([], ["mode", "mode"]):
        with pytest.raises(ParameterError, match="name each column"):
            compare_groups(RESPONSE, frame, by=by, tau=5)
    with pytest.raises(FormulaError, match='did you mean "mode"'):
        compare_groups(RESPONSE, frame, by=["mod"], tau=5)


def test_a_group_that_nobody_left_has_no_interval():
    frame = pd.DataFrame(
        {"time": [1, 3, 3, 3, 3], "event": [1, 0, 0, 0, 0], "site": ["a", "a", "a", "b", "b"]}
    )
    rows = compare_groups("Surv(time, event)", frame, by=["site"], tau=3).tidy()
    rows = rows.set_index("level")
    assert rows.loc["b", "estimate"] == 3.0
    assert rows.loc["b", ["conf_low", "conf_high"]].isna().all()
    assert rows.loc["a", ["conf_low", "conf_high"]].notna().all()
