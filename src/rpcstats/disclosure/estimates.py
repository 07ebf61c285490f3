"""Protection of means and shares that a model estimates, of mean courses, and of spreads."""

from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    DF,
    ESTIMATE,
    GROUP,
    MEASURE,
    NOTE,
    STAGE,
    STATUS,
    STD_ERROR,
)
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.disclosure.glances import N_GROUP, N_MISSING, N_OBS, SETTINGS
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.protected import (
    RELEASED,
    WITHHELD,
    Protected,
    label_columns,
    unchanged,
    whole_counts,
    withheld_note,
)
from rpcstats.disclosure.reader import BoolArray, is_small
from rpcstats.disclosure.shares import told_by_step
from rpcstats.errors import DisclosureError

POINT_STEP: Final = 0.05
SHARE_STEP: Final = 0.01
"""Estimates are told in multiples of these at the finest: points, and shares."""

COARSEST: Final = 1.0
"""From this step on, in points, a mean would tell nothing, and it is withheld."""

FEWEST_GROUPS: Final = 5
FEWEST_PARENTS: Final = 10
"""Groups, and parents, behind a spread: fewer would make it a figure about single ones."""

DESCRIPTIVE: Final = "E5c"
SERIES: Final = "series"
MODEL: Final = "model"
BETWEEN_GROUPS: Final = "groups"
NUMBERS: Final = (ESTIMATE, CONF_LOW, CONF_HIGH)
DROPPED: Final = (STD_ERROR, DF, "statistic", "p_value")
TOO_FEW_GROUPS: Final = f"a spread needs {FEWEST_GROUPS} groups and {FEWEST_PARENTS} parents"
NOT_ESTIMATED: Final = "the data do not allow an estimate"
NOBODY: Final = "nobody was rated"
TOO_COARSE: Final = "too few behind it to be told even roughly"
_SLACK: Final = 1e-9


def protect_estimates(
    frame: pd.DataFrame,
    policy: DisclosurePolicy,
    glance: pd.DataFrame | None = None,
    *,
    span: float,
) -> Protected:
    """Protect estimates of means and shares over parents.

    Parameters
    ----------
    frame : DataFrame
        Rows of estimands (estimand, measure, n_obs, n_missing), of a mean course (series, stage,
        n_obs) or of spreads (group, measure, n_obs, n_group), with estimate, conf_low and
        conf_high where there are any, and labels.
    policy : DisclosurePolicy
        The rules.
    glance : DataFrame, optional
        The one-row summary; its n_missing goes with a mean course.
    span : float
        Length of the scale in points: how far one rating can lie from another.

    Returns
    -------
    Protected
        Estimates on a grid, limits moved outward to it, counts rounded. An estimate is withheld
        unless the parents it is about reach the base of a percentage, and those with and those
        without a rating of their end the smallest group that may show; a share also if it stands
        for fewer parents than that, or for all but fewer. Standard errors, degrees of freedom
        and p-values are left out.

    Raises
    ------
    DisclosureError
        If the span is not told, a count is missing, or a column is protected by no rule.

    Notes
    -----
    One parent's rating can move a mean over n parents by span / n, and a share by 1 / n. The grid
    is that, rounded up to 0.05 points or to one percentage point, so that someone who knows all
    other parents learns of the last one, at most, on which side of one value the rating lies.
    It is worked out from the rounded number of parents, so that it doesn't tell the exact one. Of
    a mean course only the two ends are rounded, and points between are drawn from them.
    """
    if not policy.protects:
        return unchanged(frame, glance)
    if not (np.isfinite(span) and span > 0.0):
        raise DisclosureError(
            "Estimates of means can be released only if the result tells the length of its scale"
            " (span)."
        )
    labels, counts = _columns(frame)
    n_obs = whole_counts(frame[N_OBS], N_OBS)
    small, too_few = _small(frame, n_obs, glance, policy)
    rounded = round_counts(n_obs, policy.round_to, policy.rounding)
    least, _ = possible_counts(rounded, policy.round_to, policy.rounding)
    step = _steps(frame, np.maximum(least, 1.0), span)
    coarse = step > np.where(_is_share(frame), COARSEST / 2.0, COARSEST) + _SLACK
    unknown = pd.to_numeric(frame[ESTIMATE], errors="coerce").isna().to_numpy()
    hidden = small | too_few | coarse | unknown
    out = frame.loc[:, [c for c in frame.columns if c in {*labels, *counts, *NUMBERS}]]
    out = out.reset_index(drop=True)
    numbers = _gridded(frame, step)
    for name, values in zip(NUMBERS, numbers.T, strict=True):
        if name in out:
            out[name] = np.where(hidden, np.nan, values)
    if "estimand" in out:
        out = out.assign(**told_by_step(out[ESTIMATE].to_numpy(), step, _is_share(frame)))
    _round_counts(out, counts, policy)
    out[STATUS] = np.where(hidden, WITHHELD, RELEASED)
    why = np.where(too_few, TOO_FEW_GROUPS, np.where(unknown, NOT_ESTIMATED, TOO_COARSE))
    why = np.where(small, np.where(n_obs > 0, withheld_note(policy), NOBODY), why)
    out[NOTE] = np.where(hidden, why, "")
    return Protected(
        frame=out,
        actions=_actions(hidden, policy),
        n_cells=len(out),
        n_withheld=int(hidden.sum()),
        n_rounded=int((~hidden).sum()),
        glance=None if glance is None else _safe_glance(glance, policy),
    )


def _columns(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Give the labels and the counts; refuse a frame of another kind."""
    kinds = ({"estimand", MEASURE, N_MISSING}, {SERIES, STAGE}, {GROUP, MEASURE, N_GROUP})
    columns = set(frame.columns)
    if not columns >= {ESTIMATE, N_OBS} or not any(columns >= kind for kind in kinds):
        raise DisclosureError(
            "Estimates need n_obs and estimate, with estimand, measure and n_missing, or series"
            " and stage, or group, measure and n_group, to be checked."
        )
    counts: list[str] = [name for name in (N_OBS, N_MISSING, N_GROUP) if name in columns]
    stage = [STAGE] if SERIES in columns else []
    labels = label_columns(frame, (*NUMBERS, *DROPPED, *counts, *stage))
    return [*labels, *stage], counts


def _small(
    frame: pd.DataFrame,
    n_obs: np.ndarray[tuple[int], np.dtype[np.int64]],
    glance: pd.DataFrame | None,
    policy: DisclosurePolicy,
) -> tuple[BoolArray, BoolArray]:
    """Tell which rows rest on too few parents, and which spreads on too few groups."""
    fewest = policy.fewest_events
    none: BoolArray = np.zeros(len(frame), dtype=np.bool_)
    if SERIES in frame:
        is_model = (frame[SERIES] == MODEL).to_numpy()
        small = n_obs < np.where(is_model, max(fewest, policy.percent_base), fewest)
        if glance is not None and N_MISSING in glance:
            missing = np.full(len(frame), whole_counts(glance[N_MISSING], N_MISSING)[0])
            small = small | (is_model & _few_ends(n_obs, missing, none, policy))
        return small, none
    small = n_obs < max(fewest, policy.percent_base)
    if N_MISSING not in frame:
        between = (frame[GROUP] == BETWEEN_GROUPS).to_numpy()
        groups = whole_counts(frame[N_GROUP], N_GROUP)
        return small, (n_obs < FEWEST_PARENTS) | (between & (groups < FEWEST_GROUPS))
    missing = whole_counts(frame[N_MISSING], N_MISSING)
    described = (frame["estimand"].astype(str) == DESCRIPTIVE).to_numpy()
    small = small | _few_ends(n_obs, missing, described, policy)
    share = frame[ESTIMATE].to_numpy(dtype=np.float64)
    extreme = np.minimum(share, 1.0 - share) * n_obs < fewest
    return small | (_is_share(frame) & extreme), none


def _few_ends(
    n_obs: FloatArray | np.ndarray[tuple[int], np.dtype[np.int64]],
    missing: np.ndarray[tuple[int], np.dtype[np.int64]],
    described: BoolArray,
    policy: DisclosurePolicy,
) -> BoolArray:
    """Tell where those with, or those without, a rating of their end are too few."""
    none_by_definition = described & (missing == 0)
    without = is_small(missing, policy) & ~none_by_definition
    few: BoolArray = without | (n_obs - missing < policy.fewest_events)
    return few


def _is_share(frame: pd.DataFrame) -> BoolArray:
    """Tell which rows are shares or correlations rather than points."""
    if MEASURE not in frame:
        return np.zeros(len(frame), dtype=np.bool_)
    measure = frame[MEASURE].astype(str)
    points = ("mean change", "std_dev") if N_MISSING not in frame else ("mean change",)
    return np.asarray(~measure.isin(points))


def _steps(frame: pd.DataFrame, n: FloatArray, span: float) -> FloatArray:
    share = _is_share(frame)
    finest = np.where(share, SHARE_STEP if N_GROUP not in frame else POINT_STEP, POINT_STEP)
    moved = np.where(share, 1.0, span) / n
    return np.asarray(np.ceil(moved / finest - _SLACK) * finest)


def _gridded(frame: pd.DataFrame, step: FloatArray) -> FloatArray:
    """Round estimates to the grid and move limits outward to it, told by their distances.

    Of a mean the limits lie evenly about the rounded estimate, since they did about the exact one;
    of a share the distances are rounded up, with half a step for the estimate's own rounding.
    Limits rounded by themselves would say where in its step the estimate lies.
    """
    numbers = np.column_stack(
        [
            pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64)
            if name in frame
            else np.full(len(frame), np.nan)
            for name in NUMBERS
        ]
    )
    middle = np.round(numbers[:, 0] / step) * step
    share = _is_share(frame)
    reach = np.maximum(middle - numbers[:, 1], numbers[:, 2] - middle)
    sides = np.stack([numbers[:, 0] - numbers[:, 1], numbers[:, 2] - numbers[:, 0]])
    distance = np.ceil(np.where(share, sides / step + 0.5, reach / step) - _SLACK) * step
    if SERIES in frame:
        at = np.flatnonzero(frame[SERIES] == MODEL)
        stage = frame[STAGE].to_numpy(dtype=np.float64)[at]
        middle[at], off = _course(stage, numbers[at, 0], step[at])
        half = (sides.max(axis=0)[at] + off) / step[at] + 0.5
        distance[:, at] = np.ceil(half - _SLACK) * step[at]
    found = np.column_stack([middle, middle - distance[0], middle + distance[1]])
    found[:, 1:] = np.where(share[:, None], np.clip(found[:, 1:], 0.0, 1.0), found[:, 1:])
    return np.round(found, 9)


def _course(stage: FloatArray, mean: FloatArray, step: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Round the two ends of a mean course, and draw the rest from them.

    Several points of one line, each rounded by itself, would tell the line more finely than any
    of them. So a point between is told as the straight line between the rounded ends, and as much
    of its distance from the exact line as makes whole steps; what is left is given beside it.
    """
    if not len(stage):
        return mean, mean
    ends = [int(stage.argmin()), int(stage.argmax())]
    rounded = np.round(mean[ends] / step[ends]) * step[ends]
    bend = mean - np.interp(stage, stage[ends], mean[ends])
    told = np.round(bend / step) * step
    return np.interp(stage, stage[ends], rounded) + told, np.abs(bend - told)


def _round_counts(out: pd.DataFrame, counts: list[str], policy: DisclosurePolicy) -> None:
    for name in counts:
        if name == N_GROUP:
            continue
        count = whole_counts(out[name], name)
        safe = round_counts(count, policy.round_to, policy.rounding)
        out[name] = np.where(is_small(count, policy), np.nan, safe)


def _safe_glance(glance: pd.DataFrame, policy: DisclosurePolicy) -> pd.DataFrame:
    kept = [
        name
        for name in glance.columns
        if name in (N_OBS, N_MISSING, N_GROUP, *SETTINGS)
        or not pd.api.types.is_numeric_dtype(glance[name].dtype)
    ]
    out = glance[kept].reset_index(drop=True)
    _round_counts(out, [name for name in (N_OBS, N_MISSING) if name in kept], policy)
    hidden = out[[n for n in (N_OBS, N_MISSING) if n in kept]].isna().any(axis=1)
    out[STATUS] = np.where(hidden, WITHHELD, RELEASED)
    out[NOTE] = np.where(hidden, withheld_note(policy), "")
    return out


def _actions(hidden: BoolArray, policy: DisclosurePolicy) -> tuple[str, ...]:
    actions = [
        "Estimates were rounded to a grid no finer than one parent can move them, limits evenly"
        f" about them; counts to {policy.rounded_how}; standard errors and degrees of"
        " freedom were left out."
    ]
    if hidden.any():
        actions.append(
            f"{int(hidden.sum())} of {len(hidden)} estimates were withheld: too few parents, or too"
            " few with or without a rating of their end, are behind them."
        )
    return tuple(actions)
