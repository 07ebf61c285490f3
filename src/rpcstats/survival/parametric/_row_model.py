"""Log-likelihoods that are sums over rows, summed with their derivatives chunk by chunk."""

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric._local import Local

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CHUNK: Final = 8192
"""Rows whose working arrays stay in the processor's cache."""


class Part(NamedTuple):
    """Columns that a parameter of the rows is a combination of.

    Attributes
    ----------
    local : int
        Which parameter.
    design : ndarray of shape (p, m) or None
        The columns; None for one of ones.
    place : slice
        Where their coefficients stand among all.
    """

    local: int
    design: FloatArray | None
    place: slice


class Piece(NamedTuple):
    """Terms of some rows, with what their parameters are made of.

    Attributes
    ----------
    rows : slice or ndarray of int
        The m rows, in the order of the model; a slice for all that were asked for.
    terms : Local
        Their log-likelihood as a function of k parameters of each row.
    parts : tuple of Part
        What those parameters are combinations of.
    """

    rows: slice | IntArray
    terms: Local
    parts: tuple[Part, ...]


class RowModel(Protocol):
    """A log-likelihood that is a sum over rows."""

    @property
    def n_obs(self) -> int:
        """Number of rows."""

    @property
    def n_parameter(self) -> int:
        """Number of coefficients."""

    @property
    def weights(self) -> FloatArray | None:
        """Case weights of the rows, in the order of the model."""

    @property
    def order(self) -> IntArray | None:
        """Positions in the data of the rows of the model; None if they are the same."""

    def pieces(self, theta: FloatArray, start: int, stop: int) -> Iterator[Piece]:
        """Evaluate the rows from `start` up to `stop`."""

    def length(self, step: FloatArray) -> float:
        """Give the largest root mean square change of a parameter of the rows."""


class Evaluation(NamedTuple):
    """A log-likelihood with its derivatives.

    Attributes
    ----------
    value : float
        Log-likelihood; minus infinity where it has none.
    gradient : ndarray of shape (P,)
        First derivatives.
    information : ndarray of shape (P, P)
        Minus the second derivatives.
    """

    value: float
    gradient: FloatArray
    information: FloatArray


def evaluate(model: RowModel, theta: FloatArray) -> Evaluation:
    """Sum a log-likelihood with its derivatives in one pass over the rows.

    Parameters
    ----------
    model : RowModel
        The rows.
    theta : ndarray of shape (P,)
        Coefficients.

    Returns
    -------
    Evaluation
        The sums.
    """
    P, value = model.n_parameter, 0.0
    gradient, hessian = np.zeros(P), np.zeros((P, P))
    for start in range(0, model.n_obs, CHUNK):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for piece in model.pieces(theta, start, min(start + CHUNK, model.n_obs)):
                value += _add_piece(piece, model.weights, gradient, hessian)
        if not np.isfinite(value):
            return Evaluation(-np.inf, gradient, hessian)
    if not (np.isfinite(gradient).all() and np.isfinite(hessian).all()):
        return Evaluation(-np.inf, gradient, hessian)
    return Evaluation(value, gradient, -(hessian / 2.0 + hessian.T / 2.0))


def score_products(model: RowModel, theta: FloatArray, codes: IntArray | None) -> FloatArray:
    """Sum the products of weighted scores, summed by group.

    Parameters
    ----------
    model : RowModel
        The rows.
    theta : ndarray of shape (P,)
        Coefficients.
    codes : ndarray of shape (n,), int, or None
        Group of each row; each row on its own if None.

    Returns
    -------
    ndarray of shape (P, P)
        Σ s s', s the first derivatives of a group's log-likelihood.
    """
    P = model.n_parameter
    total = np.zeros((P, P))
    if codes is not None and model.order is not None:
        codes = codes[model.order]
    sums = np.zeros((0 if codes is None else int(codes.max()) + 1, P))
    for start in range(0, model.n_obs, CHUNK):
        stop = min(start + CHUNK, model.n_obs)
        scores = _chunk_scores(model, theta, start, stop)
        if codes is None:
            total += scores.T @ scores
        else:
            sums += _grouped(scores, codes[start:stop], len(sums))
    return total if codes is None else sums.T @ sums


def _chunk_scores(model: RowModel, theta: FloatArray, start: int, stop: int) -> FloatArray:
    scores = np.zeros((stop - start, model.n_parameter))
    for piece in model.pieces(theta, start, stop):
        rows = slice(0, stop - start) if isinstance(piece.rows, slice) else piece.rows - start
        for local, design, place in piece.parts:
            slope = piece.terms.first[local]
            scores[rows, place] += slope[:, None] if design is None else (design * slope).T
    if model.weights is not None:
        scores *= model.weights[start:stop, None]
    return scores


def _grouped(pull: FloatArray, codes: IntArray, n_group: int) -> FloatArray:
    columns = [np.bincount(codes, weights=column, minlength=n_group) for column in pull.T]
    return np.stack(columns, axis=1)


def _add_piece(
    piece: Piece, weights: FloatArray | None, gradient: FloatArray, hessian: FloatArray
) -> float:
    value, first, second = piece.terms
    if weights is not None:
        w = weights[piece.rows]
        value, first, second = value * w, first * w, second * w
    for at, (j, D, place) in enumerate(piece.parts):
        gradient[place] += first[j].sum() if D is None else D @ first[j]
        for k, E, other in piece.parts[: at + 1]:
            block = _weighted_product(D, second[j, k], E)
            hessian[place, other] += block
            if other != place or k != j:
                hessian[other, place] += np.transpose(block)
    return float(value.sum())


def _weighted_product(D: FloatArray | None, h: FloatArray, E: FloatArray | None) -> FloatArray:
    """Give D diag(h) E', None standing for a row of ones."""
    if D is None or E is None:
        wide = E if D is None else D
        if wide is None:
            return np.asarray(h.sum())
        column = (wide @ h)[:, None]
        return column.T if D is None else column
    return np.asarray((D * h) @ E.T)
