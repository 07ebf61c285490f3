"""Every estimator says in words where data are too thin for what was asked of them."""

import numpy as np
import pandas as pd
import pytest

import rpcstats.survival as survival

FEW_EVENTS = "under 10 events a coefficient"
EMPTY = "strata had no event"
THIN = "Fewer than 10 "


@pytest.fixture(scope="module")
def thin():
    """30 starters of whom 12 leave; nobody does in the last of three strata."""
    rng = np.random.default_rng(2)
    n = 30
    event = np.arange(n) % 5 < 3
    event[20:] = False
    frame = pd.DataFrame(
        {
            "id": np.arange(n),
            "entry": 0,
            "time": rng.integers(1, 6, n),
            "event": event.astype(int),
            "x": rng.normal(size=n),
            "z": rng.normal(size=n),
            "m": rng.choice(["a", "b"], n),
            "s": np.repeat(["p", "q", "r"], 10),
            "g": np.arange(n) % 10,
        }
    )
    causes = np.where(event, np.where(np.arange(n) % 2 == 0, "ill", "moved"), "open")
    frame["cause"] = pd.Categorical(causes, ["open", "ill", "moved"])
    frame["state"] = pd.Categorical(np.where(event, "gone", "none"), ["none", "in", "gone"])
    return frame


REGRESSIONS = {
    "cause_specific": lambda d, right: survival.cause_specific(f"Surv(time, cause) ~ {right}", d),
    "compare_distributions": lambda d, right: survival.compare_distributions(
        f"Surv(time, event) ~ {right}", d, dists=["exponential", "weibull"]
    ),
    "cox": lambda d, right: survival.cox(f"Surv(time, event) ~ {right}", d),
    "cox, frailty": lambda d, right: survival.cox(f"Surv(time, event) ~ {right} + frailty(g)", d),
    "cox, random effect": lambda d, right: survival.cox(
        f"Surv(time, event) ~ {right} + (1 | g)", d
    ),
    "cure_model": lambda d, right: survival.cure_model(f"Surv(time, event) ~ {right}", d),
    "discrete_competing": lambda d, right: survival.discrete_competing(
        f"Surv(time, cause) ~ {right}", d
    ),
    "discrete_hazard": lambda d, right: survival.discrete_hazard(f"Surv(time, event) ~ {right}", d),
    "fine_gray": lambda d, right: survival.fine_gray(
        f"Surv(time, cause) ~ {right}", d, cause="ill"
    ),
    "pseudo_regression": lambda d, right: survival.pseudo_regression(
        f"Surv(time, event) ~ {right}", d, at=3
    ),
    "recurrent_cox": lambda d, right: survival.recurrent_cox(
        f"Surv(entry, time, event) ~ {right}", d, id="id"
    ),
    "rmst_adjusted": lambda d, right: survival.rmst_adjusted(
        f"Surv(time, event) ~ m + {right}", d, tau=3, exposure="m"
    ),
    "royston_parmar": lambda d, right: survival.royston_parmar(
        f"Surv(time, event) ~ {right}", d, df=1
    ),
    "survreg": lambda d, right: survival.survreg(f"Surv(time, event) ~ {right}", d),
    "transition_cox": lambda d, right: survival.transition_cox(
        f"Surv(entry, time, state) ~ {right}", d, start="in"
    ),
}
WITHIN_STRATA = (
    "cause_specific", "cox", "cox, frailty", "cox, random effect", "fine_gray", "recurrent_cox",
    "transition_cox",
)  # fmt: skip
CURVES = {
    "compare_groups": lambda d: survival.compare_groups("Surv(time, event)", d, by=["m"], tau=4),
    "cumulative_incidence": lambda d: survival.cumulative_incidence("Surv(time, cause) ~ m", d),
    "kaplan_meier": lambda d: survival.kaplan_meier("Surv(time, event) ~ m", d),
    "life_table": lambda d: survival.life_table("Surv(time, event) ~ m", d),
    "mean_cumulative": lambda d: survival.mean_cumulative(
        "Surv(entry, time, event) ~ m", d, id="id"
    ),
    "multistate": lambda d: survival.multistate(d, "Surv(entry, time, state) ~ m", start="in"),
    "nelson_aalen": lambda d: survival.nelson_aalen("Surv(time, event) ~ m", d),
    "rmst": lambda d: survival.rmst("Surv(time, event) ~ m", d, tau=4),
    "rmst_bootstrap": lambda d: survival.rmst_bootstrap(
        "Surv(time, event) ~ m", d, tau=4, n_boot=10
    ),
    "rmst_difference": lambda d: survival.rmst_difference("Surv(time, event) ~ m", d, tau=4),
}
TESTS = {
    "gray_test": lambda d: survival.gray_test("Surv(time, cause) ~ m + strata(s)", d),
    "logrank": lambda d: survival.logrank("Surv(time, event) ~ m + strata(s)", d),
    "logrank_trend": lambda d: survival.logrank_trend("Surv(time, event) ~ m + strata(s)", d),
    "max_combo": lambda d: survival.max_combo("Surv(time, event) ~ m + strata(s)", d),
    "pairwise_logrank": lambda d: survival.pairwise_logrank("Surv(time, event) ~ m + strata(s)", d),
}


def said(result, words):
    assert any(words in remark for remark in result.remarks), result.remarks
    assert words in " ".join(str(result.summary()).split())


def repeated(frame, times):
    """Take everybody several times, in groups of their own."""
    parts = [frame.assign(id=frame["id"] + 1000 * k) for k in range(times)]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.filterwarnings("ignore:The cured fraction")
@pytest.mark.parametrize("name", REGRESSIONS)
def test_few_events_a_coefficient_are_told(thin, name):
    said(REGRESSIONS[name](thin, "x + z"), FEW_EVENTS)
    enough = REGRESSIONS[name](repeated(thin, 8), "x + z")
    assert not any(FEW_EVENTS in remark for remark in enough.remarks)


@pytest.mark.parametrize("name", WITHIN_STRATA)
def test_strata_without_events_are_told(thin, name):
    said(REGRESSIONS[name](thin, "x + strata(s)"), EMPTY)
    some = REGRESSIONS[name](thin[thin["s"] != "r"].reset_index(drop=True), "x + strata(s)")
    assert not any(EMPTY in remark for remark in some.remarks)


@pytest.mark.parametrize("name", TESTS)
def test_strata_that_tell_a_test_nothing_are_told(thin, name):
    said(TESTS[name](thin), EMPTY)
    some = TESTS[name](thin[thin["s"] != "r"].reset_index(drop=True))
    assert not any(EMPTY in remark for remark in some.remarks)


@pytest.mark.parametrize("name", CURVES)
def test_few_at_risk_are_told(thin, name):
    said(CURVES[name](thin), THIN)
    enough = CURVES[name](repeated(thin, 40))
    assert not any(THIN in remark for remark in enough.remarks)


def test_a_mean_is_silent_on_what_lies_beyond_its_horizon():
    frame = pd.DataFrame({"time": [1] * 10 + [4] * 12 + [9] * 5, "event": 1})
    curve = survival.kaplan_meier("Surv(time, event) ~ 1", frame)
    assert any("from 9 on" in remark for remark in curve.remarks)
    assert not curve.rmst(4).remarks
    assert any("from 9 on" in remark for remark in curve.rmst(9).remarks)
