"""The log-likelihood of a parametric regression on censored times."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric._censored_rows import CensoredRows, Family, row_terms
from rpcstats.survival.parametric._predictor import LevelPredictor, Predictor
from rpcstats.survival.parametric._row_model import Part, Piece

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RegressionModel:
    """Censored rows whose family has parameters that are linear predictors.

    Attributes
    ----------
    family : Family
        Distribution of the times on the scale y.
    rows : CensoredRows
        What is known of the time of each row.
    predictors : tuple of Predictor or LevelPredictor
        One for each parameter of the family.
    weights : ndarray of shape (n,) or None
        Case weights.
    order : ndarray of shape (n,), int, or None
        Positions in the data of the rows, which stand by kind of censoring.
    """

    family: Family
    rows: CensoredRows
    predictors: tuple[Predictor | LevelPredictor, ...]
    weights: FloatArray | None
    order: IntArray | None = None

    @property
    def n_obs(self) -> int:
        """Number of rows."""
        return len(self.rows.y)

    @property
    def n_parameter(self) -> int:
        """Number of coefficients."""
        return sum(predictor.width for predictor in self.predictors)

    @property
    def places(self) -> tuple[slice, ...]:
        """Where the coefficients of each predictor stand."""
        ends = np.cumsum([0, *(predictor.width for predictor in self.predictors)]).tolist()
        return tuple(slice(a, b) for a, b in pairwise(ends))

    def pieces(self, theta: FloatArray, start: int, stop: int) -> Iterator[Piece]:
        """Evaluate the rows from `start` up to `stop`.

        Parameters
        ----------
        theta : ndarray of shape (P,)
            Coefficients of the standardised columns.
        start, stop : int
            The rows.

        Yields
        ------
        Piece
            Their terms, in one piece.
        """
        parts: list[Part] = []
        values = []
        for local, (predictor, place) in enumerate(zip(self.predictors, self.places, strict=True)):
            parts += predictor.parts(local, place, start, stop)
            values.append(predictor.value(theta[place], start, stop))
        terms = row_terms(self.family, self.rows.part(start, stop), values[0], tuple(values[1:]))
        yield Piece(slice(start, stop), terms, tuple(parts))

    def length(self, step: FloatArray) -> float:
        """Give the largest root mean square change of a parameter of the rows.

        Parameters
        ----------
        step : ndarray of shape (P,)
            Change of the coefficients.

        Returns
        -------
        float
            The largest over the parameters.
        """
        parts = zip(self.predictors, self.places, strict=True)
        return max(predictor.length(step[place]) for predictor, place in parts if predictor.width)

    def restore(self) -> FloatArray:
        """Give the matrix from coefficients of standardised columns to those of the columns.

        Returns
        -------
        ndarray of shape (P, P)
            Block diagonal.
        """
        back = np.zeros((self.n_parameter, self.n_parameter))
        for predictor, place in zip(self.predictors, self.places, strict=True):
            back[place, place] = predictor.restore()
        return back
