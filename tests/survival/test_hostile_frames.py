"""Whatever frame comes: right numbers, a plain warning, or one plain error without a value."""

import warnings

import numpy as np
import pandas as pd
import pytest

from rpcstats import errors, survival

SECRET = "Zebediah"
PLAIN = "Surv(time, event) ~ x + mode"
CLUSTERED = "Surv(entry, time, event) ~ mode + strata(site) + cluster(group)"
CAUSES = "Surv(time, cause) ~ x + mode"


def starters(n=60):
    """Sixty synthetic starters in 15 groups, with late entry, causes and weights."""
    rng = np.random.default_rng(1)
    stays = rng.random(n) < 0.4
    time = np.where(stays, 10.0, np.ceil(rng.exponential(3, n)).clip(1, 8))
    event = np.where(stays, 0, rng.random(n) < 0.8).astype(int)
    return pd.DataFrame(
        {
            "id": [f"p{k}" for k in range(n)],
            "time": time,
            "entry": np.where(time > 2, rng.integers(0, 2, n), 0),
            "event": event,
            "cause": np.where(event == 1, rng.integers(1, 3, n), 0),
            "x": rng.normal(size=n),
            "mode": rng.choice(["online", "venue"], n),
            "group": [f"g{k // 4}" for k in range(n)],
            "site": rng.choice(["s1", "s2"], n),
            "w": rng.uniform(0.5, 2, n),
        }
    )


ESTIMATORS = {
    "kaplan_meier": lambda d: survival.kaplan_meier("Surv(time, event) ~ mode", d),
    "nelson_aalen": lambda d: survival.nelson_aalen(
        "Surv(entry, time, event) ~ mode + cluster(group)", d, weights="w"
    ),
    "life_table": lambda d: survival.life_table("Surv(time, event) ~ mode", d),
    "logrank": lambda d: survival.logrank(CLUSTERED, d, weights="w"),
    "max_combo": lambda d: survival.max_combo("Surv(time, event) ~ mode", d),
    "rmst_difference": lambda d: survival.rmst_difference("Surv(time, event) ~ mode", d, tau=4),
    "rmst_adjusted": lambda d: survival.rmst_adjusted(
        PLAIN, d, tau=4, exposure="mode", method="weighting"
    ),
    "cox": lambda d: survival.cox(CLUSTERED.replace("mode", "x + mode", 1), d, weights="w"),
    "cox exact": lambda d: survival.cox(PLAIN, d, ties="exact"),
    "cox firth": lambda d: survival.cox(PLAIN, d, firth=True),
    "cox frailty": lambda d: survival.cox(f"{PLAIN} + frailty(group)", d),
    "concordance_index": lambda d: survival.concordance_index("Surv(time, event) ~ x", d),
    "cumulative_incidence": lambda d: survival.cumulative_incidence(
        "Surv(entry, time, cause) ~ mode + cluster(group)", d, weights="w"
    ),
    "gray_test": lambda d: survival.gray_test("Surv(time, cause) ~ mode + strata(site)", d),
    "fine_gray": lambda d: survival.fine_gray(CAUSES, d, cause="1"),
    "cause_specific": lambda d: survival.cause_specific(CAUSES, d, weights="w"),
    "survreg": lambda d: survival.survreg(f"{PLAIN} + cluster(group)", d, weights="w"),
    "gompertz": lambda d: survival.survreg(PLAIN, d, dist="gompertz"),
    "royston_parmar": lambda d: survival.royston_parmar(PLAIN, d, df=2),
    "cure_model": lambda d: survival.cure_model("Surv(time, event) ~ mode", d, cure="~ x"),
    "turnbull": lambda d: survival.turnbull("Surv(time, event) ~ mode", d, weights="w"),
    "discrete_hazard": lambda d: survival.discrete_hazard(
        "Surv(time, event) ~ session + x + mode + cluster(group)", d
    ),
    "multistate": lambda d: survival.multistate(d, "Surv(time, cause) ~ mode", id="id"),
    "recurrent_cox": lambda d: survival.recurrent_cox(
        "Surv(entry, time, event) ~ x + mode", d, id="id"
    ),
}


def with_cell(column, value):
    def changed(frame):
        frame = frame.astype({column: object}) if isinstance(value, str) else frame.copy()
        if isinstance(value, float):
            frame[column] = frame[column].astype(float)
        frame.loc[3, column] = value
        return frame

    return changed


FRAMES = {
    "a negative time": with_cell("time", -1.0),
    "an infinite time": with_cell("time", np.inf),
    "no times": lambda d: d.assign(time=np.nan),
    "times of zero": lambda d: d.assign(time=0.0, entry=0),
    "tiny times": lambda d: d.assign(time=d["time"] * 1e-300, entry=0.0),
    "huge times": lambda d: d.assign(time=d["time"] * 1e200),
    "texts as times": lambda d: d.assign(time=SECRET),
    "a third event": with_cell("event", 2),
    "texts as events": lambda d: d.assign(event=SECRET),
    "no event": lambda d: d.assign(event=0, cause=0),
    "one event": lambda d: d.assign(event=np.arange(len(d)) == 5, cause=np.arange(len(d)) == 5),
    "nothing in a group": lambda d: d.assign(
        event=d["event"].where(d["mode"] == "online", 0),
        cause=d["cause"].where(d["mode"] == "online", 0),
    ),
    "a negative cause": with_cell("cause", -1),
    "entry after exit": with_cell("entry", 99),
    "a text among numbers": with_cell("x", SECRET),
    "an infinite covariate": with_cell("x", np.inf),
    "a constant covariate": lambda d: d.assign(x=1.0),
    "a collinear covariate": lambda d: d.assign(x=(d["mode"] == "venue") * 2.0),
    "a covariate that tells all": lambda d: d.assign(x=d["event"] * 1.0),
    "a tiny covariate": lambda d: d.assign(x=d["x"] * 1e-200),
    "a huge covariate": lambda d: d.assign(x=d["x"] * 1e150),
    "a covariate far from zero": lambda d: d.assign(x=d["x"] + 1e12),
    "one cluster": lambda d: d.assign(group="g"),
    "a cluster a row": lambda d: d.assign(group=d["id"]),
    "a stratum a row": lambda d: d.assign(site=d["id"]),
    "a weight below zero": with_cell("w", -1.0),
    "one weight of nearly all": lambda d: d.assign(w=np.where(np.arange(len(d)) == 0, 1e12, 1.0)),
    "one row": lambda d: d.head(1),
    "no rows": lambda d: d.head(0),
    "a row over and over": lambda d: pd.concat([d[d["event"] == 1].head(1)] * 20).assign(
        id=range(20)
    ),
    "no frame": lambda d: d.to_numpy(),
    "a column twice": lambda d: pd.concat([d, d[["time", "x"]]], axis=1),
}


def has_gaps(found):
    """Tell whether an error or a test is missing, apart from errors where a curve ends at 0."""
    if "estimate" in found:
        found = found[found["estimate"] != 0]
    return any(found[name].isna().any() for name in ("std_error", "p_value") if name in found)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_numbers_a_warning_or_one_plain_error(name, frame):
    data, fit, text = FRAMES[frame](starters()), None, ""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("error")
        warnings.simplefilter("always", errors.ConvergenceWarning)
        try:
            fit = ESTIMATORS[name](data)
            text = str(fit.summary())
        except errors.RpcstatsError as error:
            text = str(error)
    assert SECRET not in text
    assert fit is None or said or fit.remarks or not has_gaps(fit.tidy())


KINDS = {
    "truth values": lambda d: d.assign(event=d["event"] == 1),
    "objects": lambda d: d.astype({"time": object, "event": object, "w": object, "cause": object}),
    "truth values as objects": lambda d: d.assign(event=(d["event"] == 1).astype(object)),
    "nullable types": lambda d: d.convert_dtypes(),
    "Arrow types": lambda d: d.convert_dtypes(dtype_backend="pyarrow"),
    "small integers": lambda d: d.astype({"time": "int8", "event": "uint8", "entry": "int8"}),
    "an index that repeats": lambda d: d.set_index(np.zeros(len(d))),
    "an index of two levels": lambda d: d.set_index(["site", "mode"], drop=False),
    "categories without rows": lambda d: d.assign(
        mode=pd.Categorical(d["mode"], ["none", "online", "venue"])
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_kind_of_a_column_does_not_matter(name, kind):
    plain = ESTIMATORS[name](starters()).tidy()
    given = ESTIMATORS[name](KINDS[kind](starters())).tidy()
    numbers = plain.select_dtypes("number").columns
    np.testing.assert_allclose(given[numbers], plain[numbers], rtol=1e-9)


@pytest.mark.parametrize("name", ["kaplan_meier", "cox", "turnbull", "cumulative_incidence"])
def test_missing_values_are_left_out_and_counted(name):
    data = starters()
    gaps = data.astype({"event": object, "cause": object, "mode": object})
    gaps.loc[[2, 7], ["event", "cause"]] = None
    gaps.loc[9, "mode"] = None
    kept = ESTIMATORS[name](data.drop(index=[2, 7, 9]))
    found = ESTIMATORS[name](gaps)
    pd.testing.assert_frame_equal(found.tidy(), kept.tidy())
    assert found.n_missing == 3


@pytest.mark.parametrize("name", ["logrank", "nelson_aalen", "cox", "survreg", "turnbull"])
def test_every_fault_is_told_at_once(name):
    data = starters()
    for column, value in (("time", -1.0), ("event", 2), ("w", -1.0)):
        data = with_cell(column, value)(data)
    with pytest.raises(errors.DataError) as caught:
        ESTIMATORS[name](data)
    for fault in ("time column is negative", "event column", "Weights"):
        assert fault in str(caught.value)


@pytest.mark.parametrize("name", ["cumulative_incidence", "cause_specific", "fine_gray"])
def test_faults_of_times_and_causes_are_told_at_once(name):
    data = with_cell("cause", 0.5)(with_cell("time", -1.0)(starters()))
    with pytest.raises(errors.DataError, match=r"(?s)time column is negative.*whole ones"):
        ESTIMATORS[name](data)
