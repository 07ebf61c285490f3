"""Marginal means, contrasts and slopes against emmeans."""

import functools

import numpy as np
import pandas as pd
import pytest

import rpcstats
from rpcstats.mixed.means import marginal_means, slopes

# Seen: 1e-9; the fits agree to 1e-8.
ESTIMATES = 1e-6
# Degrees of freedom come in R from numeric derivatives (Satterthwaite).
DF = 1e-4
# p-values of far tails magnify what the statistic lacks; R's ptukey has 1e-10 or so.
P, P_LEAST = 1e-4, 1e-9

MACHINES = "score ~ Machine + (1 | Worker) + (1 | Worker:Machine)"
OATS = "yield ~ nitro + Variety + (1 | Block/Variety)"
CELLS = "yield ~ nitroF * Variety + (1 | Block/Variety)"
TEETH = "distance ~ age * Sex + (age | Subject)"
WEIGHTS = "weight ~ Time * Diet + (Time | Rat)"
CROSSED = "y ~ x + arm + (1 | school) + (1 | rater)"
LINEAR = {
    "machines": ("Machines", MACHINES, {"specs": "Machine"}),
    "oats": ("Oats", OATS, {"specs": "Variety"}),
    "oats_cells": ("Oats", CELLS, {"specs": ["nitroF", "Variety"]}),
    "oats_by": ("Oats", CELLS, {"specs": "nitroF", "by": "Variety"}),
    "oats_margin": ("Oats", CELLS, {"specs": "Variety"}),
    "orthodont": ("Orthodont", TEETH, {"specs": "Sex"}),
    "orthodont_at_14": ("Orthodont", TEETH, {"specs": "Sex", "at": {"age": 14}}),
    "orthodont_slopes": ("Orthodont", TEETH, {"variable": "age", "by": "Sex"}),
    "bodyweight_slopes": ("BodyWeight", WEIGHTS, {"variable": "Time", "by": "Diet"}),
    "crossed": ("synthetic_crossed", CROSSED, {"specs": "arm"}),
}
CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
GENERAL = {
    "cbpp_link": ("cbpp", CBPP, {"specs": "period"}),
    "cbpp_response": ("cbpp", CBPP, {"specs": "period", "type": "response"}),
    "rates_link": ("synthetic_rates", "events ~ arm + (1 | area)", {"specs": "arm", "offset": 0}),
}
DFS = ("kenward-roger", "satterthwaite")
CASES = [f"{name}_{df}" for name in LINEAR for df in DFS] + list(GENERAL)
# R's names of the columns of estimates.
ESTIMATE = ("emmean", "prob", "age.trend", "Time.trend")
CONTRAST = ("estimate", "odds.ratio")


@pytest.fixture(scope="module")
def means(mixed_data):
    @functools.cache
    def fit(data, formula):
        frame = mixed_data(data)
        if data == "cbpp":
            return rpcstats.glmm(formula, frame)
        if data == "synthetic_rates":
            offset = np.log(frame["exposure"])
            return rpcstats.glmm(formula, frame, family="poisson", offset=offset)
        return rpcstats.lmm(formula, frame)

    @functools.cache
    def found(name):
        if name in GENERAL:
            data, formula, options = GENERAL[name]
            return marginal_means(fit(data, formula), **options)
        base, df = name.rsplit("_", 1)
        data, formula, options = LINEAR[base]
        made = slopes if "variable" in options else marginal_means
        return made(fit(data, formula), df=df, **options)

    return found


def close(ours, theirs, relative, absolute=0.0):
    ours, theirs = (np.asarray(x, dtype=np.float64) for x in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=absolute)


def column(rows, names):
    (name,) = [n for n in names if n in rows[0]]
    return [row[name] for row in rows]


def label(value):
    return f"{float(value):g}" if isinstance(value, int | float | np.number) else str(value)


def rows_of_r(held, table, variables):
    """Bring R's rows into the order of ours."""
    rows = {tuple(label(row[v]) for v in variables): row for row in held}
    assert len(rows) == len(table)
    return [rows[tuple(label(v) for v in values)] for values in table[variables].to_numpy()]


def test_every_case_of_the_file_is_compared(pinned):
    assert set(pinned("mixed/emmeans")) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_means_and_slopes(name, means, pinned):
    case, table = pinned("mixed/emmeans")[name], means(name).tidy()
    held = case.get("emm", case.get("trends"))
    variables = [v for v in held[0] if v in table.columns and v not in ("df", "estimate")]
    rows = rows_of_r(held, table, variables)
    close(table["estimate"], column(rows, ESTIMATE), ESTIMATES)
    close(table["std_error"], column(rows, ("SE",)), ESTIMATES)
    df = [np.nan if row["df"] is None else row["df"] for row in rows]
    close(table["df"], df, DF)
    close(table["conf_low"], column(rows, ("lower.CL", "asymp.LCL")), DF)
    close(table["conf_high"], column(rows, ("upper.CL", "asymp.UCL")), DF)


ADJUSTED = [
    (name, adjust)
    for name in CASES
    for adjust in ("none", "tukey", "holm", "bonferroni", "sidak")
    if not ("slopes" in name and adjust not in ("none", "tukey"))
    and not ("cells" in name and adjust != "tukey")
]


def test_every_adjustment_of_the_file_is_compared(pinned):
    held = {(n, a) for n, case in pinned("mixed/emmeans").items() for a in case["pairs"]}
    assert held == set(ADJUSTED)


@pytest.mark.parametrize(("name", "adjust"), ADJUSTED)
def test_pairwise_contrasts(name, adjust, means, pinned):
    held = pd.DataFrame(pinned("mixed/emmeans")[name]["pairs"][adjust])
    table = means(name).contrasts("pairwise", adjust=adjust).tidy()
    assert len(table) == len(held)
    mine, theirs = in_one_order(table, held)
    for name_r, name_ours in (("SE", "std_error"), ("df", "df")):
        close(mine[name_ours], theirs[name_r].astype(float), DF if name_r == "df" else ESTIMATES)
    (column_of_r,) = [c for c in CONTRAST if c in theirs]
    close(mine["estimate"], theirs[column_of_r], ESTIMATES, ESTIMATES)
    p = "p_adjusted" if "p_adjusted" in mine else "p_value"
    close(mine[p], theirs["p.value"], P, P_LEAST)


def in_one_order(table, held):
    """Pair the rows by what they compare."""
    names = table["contrast"].tolist()
    ours = table.assign(key=[key_of(name) for name in names])
    variables = [c for c in ("Variety",) if c in held.columns and c in table.columns]
    theirs = held.assign(key=[key_of(name) for name in held["contrast"]])
    by = [*variables, "key"]
    return (
        ours.sort_values(by, key=lambda c: c.astype(str)).reset_index(drop=True),
        theirs.sort_values(by, key=lambda c: c.astype(str)).reset_index(drop=True),
    )


def key_of(name):
    """Read a comparison: the two means, whatever is written around them."""
    one, other = name.replace(" / ", " - ").split(" - ")
    return tuple(
        "".join(part.replace("nitroF", "").replace("Diet", "").replace("period", "").split())
        .replace("(", "")
        .replace(")", "")
        .replace(",", "")
        for part in (one, other)
    )
