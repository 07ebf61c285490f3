"""Check of proportional odds: whether an effect differs between the thresholds."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import CONVERGED, DF, P_VALUE, STATISTIC, TERM
from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.checks.nominal_rows import NominalRows, OrderedThresholds
from rpcstats.mixed.general.choose import general_problem
from rpcstats.mixed.general.ordinal_rows import OrdinalRows
from rpcstats.mixed.general.search import GeneralOptimum, fit_general
from rpcstats.mixed.general_estimates import GeneralEstimates
from rpcstats.mixed.inference.term_columns import term_columns
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.mixed.structure.model_frame import FloatArray, ModelFrame
from rpcstats.tables.summary import Summary

# A deviance higher than that of the smaller model by less is rounding.
_ROUNDING: Final = 1e-6

# Where a category is empty the deviance falls to a limit as thresholds run away: searches follow
# until one gains less than this.
_RESTARTS: Final = 8
_WORTH: Final = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class ProportionalOdds:
    """Likelihood ratio tests of effects that may differ between thresholds.

    Attributes
    ----------
    terms : tuple of str
        Terms of the formula.
    statistic : ndarray of shape (t,)
        Fall of the deviance when the effects of the term may differ between thresholds.
    df : ndarray of shape (t,), int
        Parameters that adds.
    converged : ndarray of shape (t,), bool
        Whether the larger model has a finite optimum.
    """

    terms: tuple[str, ...]
    statistic: FloatArray
    df: np.ndarray
    converged: np.ndarray

    def tidy(self) -> pd.DataFrame:
        """Give one row per term.

        Returns
        -------
        pandas.DataFrame
            Columns term, statistic, df, p_value, converged. A small p-value speaks against
            equal effects at all thresholds.
        """
        p = [
            float(chi_square_p(float(s), int(d)))
            for s, d in zip(self.statistic, self.df, strict=True)
        ]
        return pd.DataFrame(
            {
                TERM: list(self.terms),
                STATISTIC: self.statistic.copy(),
                DF: self.df.copy(),
                P_VALUE: p,
                CONVERGED: self.converged.copy(),
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = "Each term in turn may have an effect of its own at every threshold."
        if not self.converged.all():
            remark += (
                " Where the search did not converge a category is empty at some values of the"
                " term: the statistic is that of the limit, and p_value is approximate."
            )
        return Summary("Check of proportional odds", (self.tidy(),), remark)

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def proportional_odds(fit: MixedFit) -> ProportionalOdds:
    """Test each term of a cumulative link mixed model for effects that differ by threshold.

    Parameters
    ----------
    fit : GeneralMixedFit
        What `clmm` gave.

    Returns
    -------
    ProportionalOdds
        One test a term.

    Raises
    ------
    ParameterError
        If the model is none of an ordered response.
    DataError
        If the response has two categories only, or the model has no fixed effects.

    Notes
    -----
    Likelihood ratio against the partial proportional odds model of Peterson and Harrell (1990)
    with the same random effects, term by term.
    """
    if not isinstance(fit, GeneralEstimates) or fit.response.ordered is None:
        raise ParameterError("Proportional odds are those of an ordered response", ["use clmm"])
    if len(fit.frame.categories) < 3:
        raise DataError("With two categories there is one threshold: there is nothing to check.")
    wanted = _terms(fit.frame)
    if not wanted:
        raise DataError("The model has no fixed effects: there is nothing to check.")
    found = [_refit(fit, fit.response.ordered, columns) for _, columns in wanted]
    statistic = np.array([fit.deviance - one.evaluation.deviance for one in found])
    if (statistic < -_ROUNDING * max(1.0, abs(fit.deviance))).any():
        raise DataError(
            "The larger model fits worse, so a search stopped short of the optimum: simplify the"
            " random effects."
        )
    n_step = len(fit.frame.categories) - 2
    arrays = (
        np.maximum(statistic, 0.0),
        np.array([n_step * columns.shape[1] for _, columns in wanted], dtype=np.int64),
        np.array([one.optimum.converged for one in found], dtype=np.bool_),
    )
    for values in arrays:
        values.setflags(write=False)
    return ProportionalOdds(tuple(term for term, _ in wanted), *arrays)


def _terms(frame: ModelFrame) -> list[tuple[str, FloatArray]]:
    """Give the columns of the model that belong to each term."""
    places = {name: place for place, name in enumerate(frame.names)}
    result = []
    for each in term_columns(frame.design):
        names = [frame.design.names[column] for column in each.columns]
        own = [places[name] for name in names if name in places]
        if own:
            result.append((each.term, frame.X[:, own]))
    return result


def _refit(fit: GeneralEstimates, base: OrdinalRows, columns: FloatArray) -> GeneralOptimum:
    """Fit the model with effects of these columns that may differ between thresholds."""
    size = columns.std(axis=0)
    cells, cell = np.unique(columns / size, axis=0, return_inverse=True)
    rows = NominalRows(base, cells - cells.mean(axis=0))
    frame = fit.frame
    problem = general_problem(
        frame.X,
        frame.y + base.n_category * cell.ravel(),
        frame.blocks,
        rows,
        weights=frame.weights,
        offset=frame.offset,
        nagq=fit.nagq,
        grid=fit.quadrature,
    )
    more = len(rows.extra_names) - rows.n_base
    start = np.append(fit.evaluation.parameters, np.zeros(more))
    guarded = OrderedThresholds(problem, rows)
    found = fit_general(guarded, start)
    for _ in range(_RESTARTS):
        if found.optimum.converged:
            break
        further = fit_general(guarded, found.parameters)
        gain = found.evaluation.deviance - further.evaluation.deviance
        if gain <= 0.0:
            break
        found = further
        if gain < _WORTH:
            break
    return found
