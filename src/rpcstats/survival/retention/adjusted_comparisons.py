"""Who leaves, the other known differences held equal: odds ratios and standardised differences."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_names
from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import (
    N_EVENT,
    NOTE,
    SCALE,
    TERM,
)
from rpcstats._wording import words
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.errors import ParameterError
from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit
from rpcstats.survival.retention.comparison_result import (
    COLUMNS,
    DIFFERENCE,
    NUMBERS,
    ODDS_RATIO,
    AdjustedComparisons,
)
from rpcstats.survival.retention.course_model import (
    CLUSTER,
    NO_SPREAD,
    NODES,
    ONE_GROUP,
    adjusting,
    fit_course,
    known_rows,
    starters,
    varying,
)


def adjusted_comparisons(
    retention: pd.DataFrame,
    *,
    by: Sequence[str],
    tau: int,
    conf_level: float = 0.95,
    rule: DisclosurePolicy | None = None,
) -> AdjustedComparisons:
    """Compare groups of starters with the other known differences held equal.

    Parameters
    ----------
    retention : DataFrame
        What ``followup(..., event="dropout", unit="session")`` gives.
    by : sequence of str
        Columns whose groups are compared, each adjusted for the others.
    tau : int
        Session up to which shares are counted.
    conf_level : float
        Level of the intervals.
    rule : DisclosurePolicy, optional
        Rules under which the result will be disclosed; what is adjusted for, which is told, is
        then chosen by counts as they may be told.

    Returns
    -------
    AdjustedComparisons
        For each level of a column against its first: the odds ratio of leaving at a session, and
        the difference in the share that has left by session `tau`.

    Raises
    ------
    ParameterError
        If no column is named, one is not there or holds no groups, or `tau` is out of range.
    DataError
        If the frame is not one of sessions.

    Notes
    -----
    Discrete-time logit hazards, even in the number of the session. The odds ratio is that between
    two parents of one group: each group in which parents meet has a random effect, integrated out
    by adaptive quadrature. The difference is standardised over all starters (g-formula, Robins
    1986): each is given each level in turn, the other columns as they are; its errors are
    cluster-robust, of type CR2 (Pustejovsky and Tipton 2018). Another column is adjusted for in
    the order given as long as each of its levels has leavers and stayers and there are five
    leavers for each coefficient; the column `adjusted_for` tells which. Causal only if these
    columns account for all that differs.
    """
    check_conf_level(conf_level)
    by = as_names("by", by)
    retention = starters(retention, rule)
    _check(retention, by, tau)
    rows = known_rows(retention, [*by, CLUSTER])
    _refuse_measures(rows, by)
    changing = varying(rows, by)
    parts, counts = [], []
    for column in dict.fromkeys(by):
        others = adjusting(rows, [other for other in changing if other != column], column, rule)
        part = (
            _compared(rows, column, others, tau, conf_level)
            if column in changing
            else [_blank(column, "", measure, [], ONE_GROUP) for measure in _MEASURES]
        )
        parts += part
        counts.append(_counts(rows, column))
    return AdjustedComparisons(
        frame=pd.DataFrame(parts, columns=list(COLUMNS)),
        counts=pd.concat(counts, ignore_index=True),
        tau=tau,
        conf_level=conf_level,
        n_obs=len(rows),
        n_event=int(rows["event"].sum()),
        n_group=int(rows[CLUSTER].nunique()),
        n_missing=len(retention) - len(rows),
    )


_MEASURES: Final = (ODDS_RATIO, DIFFERENCE)


def _check(retention: pd.DataFrame, by: Sequence[str], tau: int) -> None:
    faults = []
    absent = [name for name in (*by, CLUSTER, "event", "time") if name not in retention]
    if not by:
        faults.append("name a column in by=")
    if absent:
        faults.append(f"the frame has no {', '.join(absent)}: give it what followup() gives")
    if not (isinstance(tau, int | np.integer) and 1 <= tau < 10_000):
        faults.append("tau is a whole number of sessions, 1 or more")
    if faults:
        raise ParameterError("Groups can't be compared", faults)


def _refuse_measures(rows: pd.DataFrame, by: Sequence[str]) -> None:
    wrong = [
        f'"{name}" holds neither groups nor texts: cut it into bands first'
        for name in dict.fromkeys(by)
        if not isinstance(rows[name].dtype, pd.CategoricalDtype)
        and pd.api.types.infer_dtype(rows[name]) not in ("string", "empty")
    ]
    if wrong:
        raise ParameterError("Groups can't be compared", wrong)


def _compared(
    rows: pd.DataFrame, column: str, others: Sequence[str], tau: int, conf_level: float
) -> list[dict[str, object]]:
    levels = _levels(rows, column)
    pairs = [(level, _contrast(level, levels[0])) for level in levels[1:]]
    terms = ["session", column, *others]
    random = [*terms, f"(1 | {CLUSTER})"]
    within = fit_course(rows, random, conf_level=conf_level, nagq=NODES)
    overall = fit_course(rows, [*terms, f"cluster({CLUSTER})"], conf_level=conf_level)
    found = []
    for level, contrast in pairs:
        for measure, model, read in (
            (ODDS_RATIO, within, _odds_ratio),
            (DIFFERENCE, overall, _difference),
        ):
            row = _blank(column, contrast, measure, others, model.note)
            if model.fit is not None:
                row |= dict(zip(NUMBERS, read(model.fit, column, level, tau), strict=True))
                row[NOTE] = NO_SPREAD if _is_flat(model.fit) else ""
            found.append(row)
    return found


def _contrast(level: str, reference: str) -> str:
    plain = words(reference)
    # A name stays as it is written; a code begins small in the middle of a sentence.
    return f"{words(level)} against {plain if plain == reference else plain.lower()}"


def _odds_ratio(fit: DiscreteHazardFit, column: str, level: str, _: int) -> list[float]:
    table = fit.tidy(exponentiate=True)
    row = table.loc[table[TERM] == f"{column}[T.{level}]", list(NUMBERS)]
    numbers: list[float] = row.to_numpy()[0].tolist()
    return numbers


def _difference(fit: DiscreteHazardFit, column: str, level: str, tau: int) -> list[float]:
    shares = fit.standardise(column, sessions=list(range(1, tau + 1))).contrasts()
    wanted = (shares["session"] == tau) & shares["contrast"].str.startswith(f"{level} against ")
    stays = shares.loc[wanted, list(NUMBERS)].to_numpy()[0]
    # More who leave are as many fewer who stay.
    return [-stays[0], -stays[2], -stays[1]]


def _is_flat(fit: DiscreteHazardFit) -> bool:
    return fit.mixed is not None and fit.mixed.is_singular


def _levels(rows: pd.DataFrame, column: str) -> list[str]:
    if isinstance(rows[column].dtype, pd.CategoricalDtype):
        return [str(level) for level in rows[column].cat.categories]
    return [str(level) for level in sorted(rows[column].unique())]


def _blank(
    column: str, contrast: str, measure: str, others: Sequence[str], note: str
) -> dict[str, object]:
    return {
        TERM: f"{column}: {contrast}",
        "variable": column,
        "contrast": contrast,
        "measure": measure,
        SCALE: "ratio" if measure == ODDS_RATIO else "difference",
        "adjusted_for": ", ".join(others) or "nothing",
        **dict.fromkeys(NUMBERS, np.nan),
        NOTE: note,
    }


def _counts(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Count the two groups behind each contrast."""
    known = rows.groupby(rows[column].astype(str), observed=True)["event"].agg(["size", "sum"])
    levels = _levels(rows, column)
    found = []
    for level in levels[1:]:
        for name in (levels[0], level):
            size, left = known.loc[name].to_numpy(dtype=np.int64).tolist()
            term = f"{column}: {_contrast(level, levels[0])}"
            found.append(
                {TERM: term, "variable": column, "level": name, "n_obs": size, N_EVENT: left}
            )
    return pd.DataFrame(found, columns=[TERM, "variable", "level", "n_obs", N_EVENT])
