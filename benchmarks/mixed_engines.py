"""Engines of the mixed-model benchmark, each as a call that fits once and tells the deviance.

A call is formula and frame in, estimates with standard errors out. What an engine cannot do is
left out with the reason, not worked around.
"""

import importlib
from collections.abc import Callable
from typing import Any

import pandas as pd
from mixed_tasks import REPLICATES, Task

Fit = Callable[[], float]


class CannotError(Exception):
    """The engine has no such model."""


def as_frame(columns: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Give arms their names and answers their order, as a user's frame has them."""
    frame = columns
    if "programme" in frame:
        arms = pd.Categorical.from_codes(
            frame["programme"].to_numpy().astype(int), categories=["usual", "programme"]
        )
        frame = frame.drop(columns="programme").assign(arm=arms)
    if task.kind == "ordinal":
        frame = frame.assign(rating=pd.Categorical(frame["rating"], ordered=True))
    return frame


def ours(frame: pd.DataFrame, task: Task) -> Fit:
    """Time this package: estimates, standard errors, Satterthwaite's degrees of freedom."""
    import rpcstats

    def fit() -> float:
        if task.kind == "binary":
            found = rpcstats.glmm(task.formula, frame, family="binomial", nagq=task.nodes)
        elif task.kind == "ordinal":
            found = rpcstats.clmm(task.formula, frame, nagq=task.nodes)
        else:
            found = rpcstats.lmm(task.formula, frame)
        found.tidy()
        return float(found.deviance)

    if task.kind != "boot":
        return fit
    held = rpcstats.lmm(task.formula, frame)

    def replicate() -> float:
        held.confint("bootstrap", n=REPLICATES, seed=1)
        return float(held.deviance)

    return replicate


def glmm(frame: pd.DataFrame, task: Task) -> Fit:
    """Time glmm, whose linear fits come with Satterthwaite's degrees of freedom."""
    engine = importlib.import_module("glmm")
    if task.kind == "ordinal":
        raise CannotError("no ordinal models")
    family = "binomial" if task.kind == "binary" else "gaussian"
    options: dict[str, Any] = {"family": family, "nagq": task.nodes}
    if task.kind != "boot":
        return lambda: -2.0 * float(engine.fit(frame, task.formula, **options).loglik)

    def replicate() -> float:
        fitted = engine.fit(frame, task.formula, **options)
        draws = simulated_responses(frame, fitted)
        for k in range(REPLICATES):
            again = frame.assign(Reaction=draws[:, k])
            engine.fit(again, task.formula, satterthwaite=False, **options)
        return -2.0 * float(fitted.loglik)

    return replicate


def simulated_responses(frame: pd.DataFrame, fitted: Any) -> Any:
    """Draw responses around the fitted values; how they are drawn does not matter for time."""
    import numpy as np

    rng = np.random.default_rng(1)
    noise = rng.normal(0.0, np.sqrt(float(fitted.dispersion)), (len(frame), REPLICATES))
    return np.asarray(fitted.fitted)[:, None] + noise


def mixedlm(frame: pd.DataFrame, task: Task) -> Fit:
    """Time mixedlm."""
    engine = importlib.import_module("mixedlm")
    if task.kind == "ordinal":
        raise CannotError("no ordinal models")

    def fit() -> float:
        if task.kind == "binary":
            family = engine.families.Binomial()
            found = engine.glmer(task.formula, frame, family=family, nAGQ=task.nodes)
        else:
            found = engine.lmer(task.formula, frame)
        found.vcov()
        return -2.0 * float(found.logLik().value)

    if task.kind != "boot":
        return fit
    held = engine.lmer(task.formula, frame)

    def replicate() -> float:
        engine.bootMer(held, nsim=REPLICATES, seed=1)
        return -2.0 * float(held.logLik().value)

    return replicate


def statsmodels(frame: pd.DataFrame, task: Task) -> Fit:
    """Time statsmodels' MixedLM, which takes one grouping factor."""
    if task.kind not in ("linear", "first") or task.formula.count("|") > 1:
        raise CannotError("one grouping factor and a continuous response only")
    formula = importlib.import_module("statsmodels.formula.api")
    fixed, _, random = task.formula.partition(" + (")
    effects, _, group = random.rstrip(")").partition(" | ")

    def fit() -> float:
        model = formula.mixedlm(fixed, frame, groups=group, re_formula=f"~ {effects}")
        return -2.0 * float(model.fit(reml=True).llf)

    return fit


ENGINES: dict[str, Callable[[pd.DataFrame, Task], Fit]] = {
    "rpcstats": ours,
    "glmm": glmm,
    "mixedlm": mixedlm,
    "statsmodels": statsmodels,
}
