"""Engines of the survival benchmark, each as a call that estimates once and tells one number.

A call is what a user would write: formula and frame where the engine takes them, else arrays; with
standard errors or limits. What an engine cannot do is left out with the reason, not worked around.
"""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from survival_tasks import REPLICATES, TAU, Task

Fit = Callable[[], "float | None"]
NAMES = [f"x{k}" for k in range(1, 11)]


class CannotError(Exception):
    """The engine has no such estimator."""


def as_frame(columns: pd.DataFrame, _: Task) -> pd.DataFrame:
    """Hand the columns over as they are."""
    return columns


def kind_of(task: Task) -> str:
    """Tell what to estimate; the first call of a process is a curve or a Cox model."""
    if task.kind == "first":
        return "cox" if "x1" in task.formula else "km"
    return task.kind


def middle(frame: pd.DataFrame) -> float:
    """Give the time at which curves are compared."""
    return float(np.sort(frame["time"].to_numpy())[(len(frame) + 1) // 2 - 1])


def read(times: Any, values: Any, at: float) -> float:
    """Read a step curve."""
    place = int(np.searchsorted(np.asarray(times), at, side="right")) - 1
    return float(np.asarray(values)[place])


def ours(frame: pd.DataFrame, task: Task) -> Fit:
    """Time this package."""
    import rpcstats as rp

    at, formula = middle(frame), task.formula

    def km() -> float:
        found = rp.kaplan_meier(formula, frame)
        return read(found.time, found.estimate, at)

    def cox() -> float:
        return float(rp.cox(formula, frame).tidy()["estimate"].iloc[0])

    def cluster() -> float:
        return float(rp.cox(formula, frame).tidy()["std_error"].iloc[0])

    def gamma() -> float:
        return float(rp.cox(formula, frame).theta[0])

    def gauss() -> float:
        return float(rp.cox(formula, frame).varcorr().tidy()["variance"].iloc[0])

    def aj() -> float:
        found = rp.cumulative_incidence(formula, frame).at([at])
        return float(found["estimate"].iloc[0])

    def discrete() -> float:
        found = rp.discrete_hazard(formula, frame).tidy().set_index("term")
        return float(found.loc["x1", "estimate"])

    def boot() -> None:
        rp.rmst_bootstrap(formula, frame, tau=TAU, n_boot=REPLICATES, seed=1)

    calls: dict[str, Fit] = {
        "km": km,
        "lr": lambda: float(rp.logrank(formula, frame).statistic),
        "cox": cox,
        "cluster": cluster,
        "gamma": gamma,
        "gauss": gauss,
        "aj": aj,
        "gray": lambda: float(rp.gray_test(formula, frame).tidy()["statistic"].iloc[0]),
        "fg": lambda: float(rp.fine_gray(formula, frame, cause="1").tidy()["estimate"].iloc[0]),
        "discrete": discrete,
        "boot": boot,
    }
    return calls[kind_of(task)]


def lifelines(frame: pd.DataFrame, task: Task) -> Fit:
    """Time lifelines."""
    engine = importlib.import_module("lifelines")
    statistics = importlib.import_module("lifelines.statistics")
    t, e, at = frame["time"].to_numpy(), frame["event"].to_numpy(), middle(frame)
    first = frame["arm"].to_numpy() == 0
    columns = frame[["time", "event", *NAMES]]

    def km() -> float:
        found = engine.KaplanMeierFitter().fit(t, e)
        return read(found.survival_function_.index, found.survival_function_.iloc[:, 0], at)

    def lr() -> float:
        found = statistics.logrank_test(t[first], t[~first], e[first], e[~first])
        return float(found.test_statistic)

    def cox() -> float:
        return float(engine.CoxPHFitter().fit(columns, "time", "event").params_["x1"])

    def cluster() -> float:
        grouped = frame[["time", "event", "group", *NAMES]]
        found = engine.CoxPHFitter().fit(grouped, "time", "event", cluster_col="group")
        return float(found.standard_errors_["x1"])

    def aj() -> float:
        fitter = engine.AalenJohansenFitter(calculate_variance=True, seed=1)
        found = fitter.fit(t, frame["cause"].to_numpy(), event_of_interest=1)
        density = found.cumulative_density_
        return read(density.index, density.iloc[:, 0], at)

    return _pick({"km": km, "lr": lr, "cox": cox, "cluster": cluster, "aj": aj}, task)


def scikit_survival(frame: pd.DataFrame, task: Task) -> Fit:
    """Time scikit-survival."""
    linear = importlib.import_module("sksurv.linear_model")
    curves = importlib.import_module("sksurv.nonparametric")
    compare = importlib.import_module("sksurv.compare")
    y = importlib.import_module("sksurv.util").Surv.from_arrays(
        frame["event"].to_numpy() == 1, frame["time"].to_numpy()
    )
    t, e, at = frame["time"].to_numpy(), frame["event"].to_numpy() == 1, middle(frame)
    X = frame[NAMES].to_numpy()

    def km() -> float:
        times, S, _ = curves.kaplan_meier_estimator(e, t, conf_type="log-log")
        return read(times, S, at)

    def cox() -> float:
        fitted = linear.CoxPHSurvivalAnalysis(ties="efron", tol=1e-9).fit(X, y)
        return float(fitted.coef_[0])

    def aj() -> float:
        times, F, _ = curves.cumulative_incidence_competing_risks(
            frame["cause"].to_numpy(), t, conf_type="log-log"
        )
        return read(times, F[1], at)

    def lr() -> float:
        return float(compare.compare_survival(y, frame["arm"].to_numpy())[0])

    return _pick({"km": km, "lr": lr, "cox": cox, "aj": aj}, task)


def statsmodels(frame: pd.DataFrame, task: Task) -> Fit:
    """Time statsmodels."""
    api = importlib.import_module("statsmodels.duration.api")
    incidence = importlib.import_module("statsmodels.duration.survfunc").CumIncidenceRight
    glm = importlib.import_module("statsmodels.api")
    t, e, at = frame["time"].to_numpy(), frame["event"].to_numpy(), middle(frame)
    X = frame[NAMES].to_numpy()

    def km() -> float:
        found = api.SurvfuncRight(t, e)
        return read(found.surv_times, found.surv_prob, at)

    def cox() -> float:
        return float(api.PHReg(t, X, e, ties="efron").fit().params[0])

    def cluster() -> float:
        found = api.PHReg(t, X, e, ties="efron").fit(groups=frame["group"].to_numpy())
        return float(found.bse[0])

    def aj() -> float:
        found = incidence(t, frame["cause"].to_numpy())
        return read(found.times, found.cinc[0], at)

    def discrete() -> float:
        dummies = np.equal.outer(frame["session"].to_numpy(), np.arange(1, 13)).astype(float)
        found = glm.Logit(e, np.hstack([dummies, X[:, :3]])).fit(disp=False)
        found.bse  # noqa: B018
        return float(found.params[-3])

    def lr() -> float:
        return float(api.survdiff(t, e, frame["arm"].to_numpy())[0])

    calls = {"km": km, "lr": lr, "cox": cox, "cluster": cluster, "aj": aj, "discrete": discrete}
    return _pick(calls, task)


def rust(frame: pd.DataFrame, task: Task) -> Fit:
    """Time the Rust package called survival."""
    here = str(Path(__file__).parent)
    # A script of that name stands in this folder.
    sys.path[:] = [entry for entry in sys.path if entry not in ("", here)]
    engine = importlib.import_module("survival")
    at = middle(frame)
    formula = task.formula.replace("(1 | group)", 'frailty(group, distribution="gaussian")')
    named = frame.assign(
        cause=pd.Categorical(frame["cause"].map({0: "0", 1: "1", 2: "2"}), ["0", "1", "2"])
    )

    def km() -> float:
        found = engine.survfit(formula, frame, conf_type="log-log")
        return read(found.time, found.surv, at)

    def aj() -> float:
        found = engine.survfit(formula, named)
        return read(found.time, np.asarray(found.pstate)[:, 1], at)

    calls: dict[str, Fit] = {
        "km": km,
        "lr": lambda: float(engine.survdiff(formula, frame).chisq),
        "cox": lambda: float(engine.coxph(formula, frame).coefficients[0]),
        "cluster": lambda: float(np.sqrt(np.asarray(engine.coxph(formula, frame).var)[0][0])),
        "gamma": lambda: _none(engine.coxph(formula, frame)),
        "gauss": lambda: _none(engine.coxph(formula, frame)),
        "aj": aj,
    }
    return _pick(calls, task)


def surpyval(frame: pd.DataFrame, task: Task) -> Fit:
    """Time SurPyval."""
    engine = importlib.import_module("surpyval")
    t, c, at = frame["time"].to_numpy(), 1 - frame["event"].to_numpy(), middle(frame)
    X, arm, cause = frame[NAMES].to_numpy(), frame["arm"].to_numpy(), frame["cause"].to_numpy()
    named = np.where(cause == 0, None, cause)

    def km() -> float:
        found = engine.KaplanMeier.fit(t, c=c)
        found.cb(np.array([at]))
        return read(found.x, found.R, at)

    def gamma() -> float:
        return float(
            engine.CoxFrailty.fit(t, X[:, :3], c=c, groups=frame["group"].to_numpy()).theta
        )

    calls: dict[str, Fit] = {
        "km": km,
        "lr": lambda: float(engine.logrank(t, arm, c=c).statistic),
        "cox": lambda: float(engine.CoxPH.fit(t, X, c=c, center=True).beta[0]),
        "gamma": gamma,
        "gray": lambda: float(engine.gray_test(t, named, arm, event=1, c=c).statistic),
        "fg": lambda: float(engine.FineGray.fit(t, X[:, :3], named, c=c, event=1).beta[0]),
    }
    return _pick(calls, task)


def comprisk(frame: pd.DataFrame, task: Task) -> Fit:
    """Time comprisk."""
    engine = importlib.import_module("comprisk")
    t, cause, at = frame["time"].to_numpy(), frame["cause"].to_numpy(), middle(frame)
    X = frame[NAMES[:3]].to_numpy()

    def aj() -> float:
        found = engine.CumulativeIncidence().fit(t, cause)
        estimate, _ = found.timepoints([at])
        return float(estimate[0, 0])

    def fg() -> float:
        found = engine.FineGrayRegression(cause=1, robust_se=True).fit(X, time=t, event=cause)
        return float(found.coef_[0])

    def gray() -> float:
        tested = importlib.import_module("comprisk.gray_test")
        return float(tested.gray_test(t, cause, frame["arm"].to_numpy()).stat)

    return _pick({"aj": aj, "fg": fg, "gray": gray}, task)


def edi_kernels(frame: pd.DataFrame, task: Task) -> Fit:
    """Time edi-kernels, whose Cox model has Breslow's ties only."""
    engine = importlib.import_module("edi_kernels")
    X = np.asfortranarray(frame[NAMES].to_numpy())
    t, e = frame["time"].to_numpy(), frame["event"].to_numpy()

    def cox() -> None:
        engine.fast_coxph_regression(X, t, e.astype(np.float64))

    def lr() -> float:
        found = engine.fast_logrank_stats(t, e.tolist(), frame["arm"].tolist())
        return float(found["score"] ** 2 / found["var_score"])

    return _pick({"cox": cox, "lr": lr}, task)


def glum(frame: pd.DataFrame, task: Task) -> Fit:
    """Time glum."""
    engine = importlib.import_module("glum")

    def discrete() -> float:
        sessions = pd.Categorical(frame["session"])
        X = frame[NAMES[:3]].assign(session=sessions)
        model = engine.GeneralizedLinearRegressor(family="binomial", alpha=0, drop_first=True)
        model.fit(X, frame["event"])
        model.covariance_matrix(X, frame["event"], robust=False)
        return float(model.coef_[0])

    return _pick({"discrete": discrete}, task)


def _pick(calls: dict[str, Any], task: Task) -> Fit:
    if kind_of(task) not in calls:
        raise CannotError(f"no {task.kind}")
    chosen: Fit = calls[kind_of(task)]
    return chosen


def _none(fitted: Any) -> None:
    """Forget a fit whose variance has no public name."""


ENGINES: dict[str, Callable[[pd.DataFrame, Task], Fit]] = {
    "rpcstats": ours,
    "lifelines": lifelines,
    "sksurv": scikit_survival,
    "statsmodels": statsmodels,
    "survival": rust,
    "surpyval": surpyval,
    "comprisk": comprisk,
    "edi_kernels": edi_kernels,
    "glum": glum,
}
