"""Robust Kaplan-Meier errors, bands, Nelson-Aalen and life tables against R."""

import numpy as np
import pandas as pd
import pytest

from rpcstats._numerics.intervals import survival_limits
from rpcstats.survival import kaplan_meier
from rpcstats.survival.nonparametric._band_stretch import band_half_width
from rpcstats.survival.nonparametric.life_table import life_table
from rpcstats.survival.nonparametric.nelson_aalen import nelson_aalen

# Sums in another order; seen: 3e-14.
RELATIVE = 1e-10
# A robust variance is a difference of squares, and 0 where a curve has not moved yet.
ROBUST = 1e-7
# km.ci's critical values come from tables in steps of 0.02, with three to four digits. Those of
# the equal-precision band rest on an approximation of the tail, good to 0.005.
TABLE = {"hall-wellner": 0.002, "equal-precision": 0.012}

SIX = pd.DataFrame(
    {
        "time": [1, 2, 2, 3, 4, 4],
        "event": [1, 1, 1, 0, 1, 0],
        "entry": [0, 1, 0, 2, 1, 3],
        "w": [2, 1, 1, 1, 1, 2],
        "id": [1, 2, 3, 1, 2, 3],
    }
)
SEX, WEEKS = "Surv(time, event) ~ sex", "Surv(weeks, event) ~ "
HEART = "Surv(start, stop, event) ~ surgery"

KM = {
    "lung_robust": ("lung", SEX, {"robust": True}),
    "lung_cluster_weights": ("lung", f"{SEX} + cluster(inst)", {"weights": "w"}),
    "lung_weeks_cluster": ("lung", f"{WEEKS}cluster(inst)", {}),
    "lung_two_way": ("lung", f"{SEX} + cluster(inst, decade)", {}),
    "lung_two_way_weeks": ("lung", f"{WEEKS}cluster(inst, decade)", {"weights": "w"}),
    "rats_two_way": ("rats", "Surv(time, status) ~ rx + cluster(litter, sex)", {}),
    "heart_cluster": ("heart", f"{HEART} + cluster(id)", {}),
    "six_cluster": ("six", "Surv(time, event) ~ cluster(id)", {}),
    "six_late_cluster": ("six", "Surv(entry, time, event) ~ cluster(id)", {"weights": "w"}),
}
HAZARDS = {
    "lung_sex": ("lung", SEX, {}),
    "lung_weeks": ("lung", f"{WEEKS}sex", {}),
    "lung_weeks_weighted": ("lung", f"{WEEKS}sex", {"weights": "w"}),
    "lung_weeks_robust": ("lung", f"{WEEKS}sex", {"weights": "w", "robust": True}),
    "lung_weeks_cluster": ("lung", f"{WEEKS}sex + cluster(inst)", {"weights": "w"}),
    "heart": ("heart", HEART, {}),
    "heart_cluster": ("heart", f"{HEART} + cluster(id)", {}),
    "veteran_cell": ("veteran", "Surv(time, status) ~ celltype", {}),
    "six": ("six", "Surv(time, event) ~ 1", {}),
    "six_late": ("six", "Surv(entry, time, event) ~ 1", {}),
}
TIES = {"1": "breslow", "2": "fleming-harrington"}
EDGES = [0, 90, 180, 360, 720, 1100]
LIFE = {
    "discrete": ("lung_discrete", "Surv(period, ev) ~ 1", {}),
    "discrete_actuarial": ("lung_discrete", "Surv(period, ev) ~ 1", {"actuarial": True}),
    "discrete_sex": ("lung_discrete", "Surv(period, ev) ~ sex", {}),
    "breaks": ("lung", SEX, {"breaks": EDGES}),
    "breaks_actuarial": ("lung", SEX, {"breaks": EDGES, "actuarial": True}),
}


@pytest.fixture(scope="module")
def data(survival_data):
    def read(name):
        if name == "six":
            return SIX
        frame = survival_data("lung_w" if name == "lung" else name)
        if name == "lung":
            frame["event"] = frame["status"] - 1
            frame["weeks"] = np.ceil(frame["time"] / 30)
            frame["decade"] = frame["age"] // 10
        elif name == "veteran":
            cells = ["squamous", "smallcell", "adeno", "large"]
            frame["celltype"] = pd.Categorical(frame["celltype"], categories=cells)
        return frame

    return read


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def test_every_case_of_the_files_is_compared(pinned):
    assert set(pinned("survival/km")) == set(KM)
    both = {f"{name}_ctype{ctype}" for name in HAZARDS for ctype in TIES}
    assert set(pinned("survival/nelson_aalen")) == both
    assert set(pinned("survival/life_table")) == set(LIFE)


@pytest.mark.parametrize("name", KM)
def test_robust_errors_of_curves(name, data, pinned):
    which, formula, options = KM[name]
    fit, case = kaplan_meier(formula, data(which), **options), pinned("survival/km")[name]
    np.testing.assert_array_equal(fit.time, case["time"])
    np.testing.assert_allclose(fit.estimate, case["surv"], rtol=RELATIVE)
    alive = fit.estimate > 0
    ours, theirs = fit.std_error_log[alive], numbers(case["se_log"])[alive]
    assert np.isfinite(theirs).any()
    np.testing.assert_allclose(ours, theirs, rtol=ROBUST, atol=ROBUST)


@pytest.mark.parametrize("ctype", TIES)
@pytest.mark.parametrize("name", HAZARDS)
def test_cumulative_hazards(name, ctype, data, pinned):
    which, formula, options = HAZARDS[name]
    fit = nelson_aalen(formula, data(which), ties=TIES[ctype], **options)
    case = pinned("survival/nelson_aalen")[f"{name}_ctype{ctype}"]
    np.testing.assert_array_equal(fit.time, case["time"])
    np.testing.assert_allclose(fit.estimate, case["cumhaz"], rtol=RELATIVE)
    slack = ROBUST if fit.is_robust else RELATIVE
    np.testing.assert_allclose(fit.std_error, case["se_cumhaz"], rtol=slack, atol=slack)
    curve = fit.survival("log")
    np.testing.assert_allclose(curve["estimate"], case["surv"], rtol=RELATIVE)
    if fit.is_robust and ctype == "1":
        return  # R's error of exp(-H) is then another than its own error of H
    for ours, theirs in (("conf_low", "lower"), ("conf_high", "upper")):
        np.testing.assert_allclose(curve[ours], numbers(case[theirs]), rtol=slack, atol=slack)


@pytest.mark.parametrize("part", ["lung", "veteran"])
def test_bands(part, data, pinned):
    formula = "Surv(time, event) ~ 1" if part == "lung" else "Surv(time, status) ~ 1"
    fit = kaplan_meier(formula, data(part))
    cases = {name: case for name, case in pinned("survival/bands").items() if part in name}
    assert len(cases) == 8
    for case in cases.values():
        kind, scale, level = case["kind"][0], case["scale"][0], case["level"][0]
        stretch = {"first": case["first"][0], "last": case["last"][0]}
        bands = fit.bands(kind, conf_type=scale, conf_level=level, **stretch)
        frame = bands.tidy()
        np.testing.assert_array_equal(frame["time"], case["time"])
        # The value R took from its table, worked out of one limit, gives all the others.
        inside = np.isin(fit.time, frame["time"])
        variance, n = fit.std_error_log[inside] ** 2, float(fit.group_size[0])
        unit = band_half_width(variance, n, 1.0, kind)
        S, low = fit.estimate[inside], np.array(case["lower"])
        half = (S - low) / S if scale == "plain" else np.log(np.log(low) / np.log(S)) * -np.log(S)
        middle = int(np.argmax(low > 0))
        taken = half[middle] / unit[middle]
        np.testing.assert_allclose(bands.critical[0], taken, atol=TABLE[kind])
        ours = survival_limits(S, taken * unit, scale)
        np.testing.assert_allclose(ours[0], low, rtol=RELATIVE, atol=RELATIVE)
        np.testing.assert_allclose(ours[1], case["upper"], rtol=RELATIVE)


@pytest.mark.parametrize("name", LIFE)
def test_life_tables(name, data, pinned):
    which, formula, options = LIFE[name]
    case = pinned("survival/life_table")[name]
    table = life_table(formula, data(which), **options).tidy()
    shown = np.array(case["n_risk"]) > 0
    for theirs in case:
        ours = {"surv": "estimate", "se_surv": "std_error"}.get(theirs, theirs)
        np.testing.assert_allclose(table[ours], numbers(case[theirs])[shown], rtol=RELATIVE)
