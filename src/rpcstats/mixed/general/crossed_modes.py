"""Search for the mode of the random effects given the data."""

from typing import Any, NamedTuple

import numpy as np

from rpcstats.mixed.general.block_elimination import Factorised, NotPositiveDefiniteError
from rpcstats.mixed.general.crossed_system import CrossedSystem
from rpcstats.mixed.general.evaluation import RowLikelihood, RowTerms
from rpcstats.mixed.structure.model_frame import FloatArray

MAX_STEPS = 200
MAX_HALVINGS = 40
SMALL_DECREMENT = 1e-24
"""Squared distance to the mode, in conditional standard deviations, that is let stand; its root
is the error of log|H|."""
SLOW = 1e-3
"""A factor is made anew when a step with it does not cut the squared distance to this share."""
LARGEST_CHANGE = 30.0
"""Most that one step may change a linear predictor: where rows are flat, a full step overshoots
so far that a likelihood over- or underflows."""
ROUNDING = 1e-12
"""Relative fall of the objective that rounding alone can make."""


class Mode(NamedTuple):
    """Mode of the random effects and what was evaluated there.

    Attributes
    ----------
    u : ndarray of shape (Q,)
        Spherical random effects.
    eta : ndarray of shape (n,)
        Linear predictor.
    terms : RowTerms
        Log-likelihood of the rows.
    factor : Factorised or None
        H there; None if it is not positive definite.
    found : bool
        Whether the search ended at a maximum.
    """

    u: FloatArray
    eta: FloatArray
    terms: RowTerms
    factor: Factorised | None
    found: bool


class ModeSearch(NamedTuple):
    """A penalised log-likelihood of the random effects, u ↦ l(fixed + ZΛu) - u'u/2.

    Attributes
    ----------
    system : CrossedSystem
        Random part.
    loading : ndarray of shape (D, T)
        Λ, by distinct column.
    fixed : ndarray of shape (n,)
        Xβ and offset.
    likelihood : RowLikelihood
        Distribution and link.
    rows : object
        What the likelihood needs of the rows.
    extra : ndarray of shape (e,)
        φ.
    """

    system: CrossedSystem
    loading: FloatArray
    fixed: FloatArray
    likelihood: RowLikelihood
    rows: Any
    extra: FloatArray

    def run(self, start: FloatArray, order: int, factor: Factorised | None = None) -> Mode:
        """Search by Newton's method with step halving.

        Parameters
        ----------
        start : ndarray of shape (Q,)
            Where to start.
        order : int
            Derivatives of the rows wanted at the mode, 2 or 3.
        factor : Factorised, optional
            H near the mode; while steps with it come nearer quickly, no other is made.

        Returns
        -------
        Mode
            The mode.

        Notes
        -----
        W = -l'' as observed. Where H is not positive definite on the way, the step takes the
        positive part of W. A step with an H of an earlier place converges linearly, and its rate
        tells when the next one would change nothing.
        """
        u = start
        eta, terms = self._evaluate(u, 2)
        if not np.isfinite(self._objective(u, terms)):
            u = np.zeros_like(start)
            eta, terms = self._evaluate(u, 2)
        previous = 0.0
        for _ in range(MAX_STEPS):
            gradient = self.system.pull(_given(terms.d1), self.loading) - u
            step, decrement, rate = _propose(factor, gradient, previous)
            if step is None or (previous > 0.0 and rate > SLOW):
                factor, is_newton = self._factorise(terms)
                step, decrement, rate = _propose(factor, gradient, 0.0)
                # Newton's method squares the distance
                rate = min(1.0, decrement) if is_newton else 1.0
            if step is None:
                break
            if decrement * rate <= SMALL_DECREMENT:
                return self._finish(u + step, order, found=True)
            moved = self._move(u, eta, step, self._objective(u, terms))
            if moved is None:
                break
            u, eta, terms = moved
            previous = decrement
        return self._finish(u, order, found=False)

    def _evaluate(self, u: FloatArray, order: int) -> tuple[FloatArray, RowTerms]:
        eta = self.fixed + self.system.push(u, self.loading)
        return eta, self.likelihood.terms(eta, self.rows, self.extra, order)

    def _objective(self, u: FloatArray, terms: RowTerms) -> float:
        return float(np.sum(terms.l)) - 0.5 * float(u @ u)

    def _factorise(self, terms: RowTerms) -> tuple[Factorised | None, bool]:
        """Factorise H, or what stands in for it; tell whether it is H."""
        weights = -_given(terms.d2)
        try:
            return self.system.factorise(weights, self.loading), True
        except NotPositiveDefiniteError:
            positive = np.maximum(np.nan_to_num(weights), 0.0)
        try:
            return self.system.factorise(positive, self.loading), False
        except NotPositiveDefiniteError:
            return None, False

    def _move(
        self, u: FloatArray, eta: FloatArray, step: FloatArray, objective: float
    ) -> tuple[FloatArray, FloatArray, RowTerms] | None:
        """Take the step, halved until the objective does not fall."""
        change = self.system.push(step, self.loading)
        share = min(1.0, LARGEST_CHANGE / max(float(np.abs(change).max()), LARGEST_CHANGE))
        for _ in range(MAX_HALVINGS):
            trial = u + share * step
            trial_eta = eta + share * change
            terms = self.likelihood.terms(trial_eta, self.rows, self.extra, 2)
            if self._objective(trial, terms) >= objective - ROUNDING * (1.0 + abs(objective)):
                return trial, trial_eta, terms
            share /= 2.0
        return None

    def _finish(self, u: FloatArray, order: int, *, found: bool) -> Mode:
        eta, terms = self._evaluate(u, order)
        factor, is_newton = self._factorise(terms)
        return Mode(u, eta, terms, factor if is_newton else None, found and is_newton)


def _propose(
    factor: Factorised | None, gradient: FloatArray, previous: float
) -> tuple[FloatArray | None, float, float]:
    """Give the step, its squared length and how much shorter than the previous one it is."""
    if factor is None:
        return None, np.inf, np.inf
    step = factor.solve(gradient)
    decrement = float(gradient @ step)
    if not np.isfinite(decrement):
        return None, np.inf, np.inf
    return step, decrement, decrement / previous if previous > 0.0 else 1.0


def _given(values: FloatArray | None) -> FloatArray:
    if values is None:
        raise ValueError("the likelihood gave fewer derivatives than asked for")
    return values
