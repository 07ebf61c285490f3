"""Dropout given a parent's own effects, integrated over them by adaptive quadrature."""

from dataclasses import dataclass
from itertools import product
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Link = Literal["logit", "cloglog"]

LARGEST: Final = 500.0
"""Linear predictors are held below this, where exp is still finite."""

LOWEST: Final = -300.0
"""And above this, where a hazard is still told from 0."""

CHUNK: Final = 8192
"""Parents at a time, so that the nodes of a chunk stay in the processor's cache."""

STEPS: Final = 30
LONGEST: Final = 2.0
SETTLED: Final = 1e-7
"""Newton's steps to the mode of an integrand: most of them, the longest one in standard
deviations, and how small a step is that ends the search. The mode only places the nodes."""


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """Sessions after which parents could leave, and did.

    Attributes
    ----------
    n_risk : ndarray of shape (n,), int
        Sessions at risk, descending: parents stand in the order of it.
    event : ndarray of shape (n,), int
        Session, from 0, after which a parent left; -1 for none.
    stage : ndarray of shape (S, n)
        Stage of each session.
    """

    n_risk: IntArray
    event: IntArray
    stage: FloatArray

    def part(self, rows: slice) -> "Courses":
        """Take some parents.

        Parameters
        ----------
        rows : slice
            Which.

        Returns
        -------
        Courses
            Theirs.
        """
        return Courses(self.n_risk[rows], self.event[rows], self.stage[:, rows])


class DropoutTerms(NamedTuple):
    """Likelihood of dropout, averaged over d standard normal effects t of each parent.

    Attributes
    ----------
    log_lik : ndarray of shape (n,)
        Log of the mean probability of each parent's course.
    residual : ndarray of shape (S, n)
        Mean, given the course, of the derivative of its log probability by the linear predictor
        of each session.
    t : ndarray of shape (d, n)
        Mean of t given the course.
    tt : ndarray of shape (d, d, n)
        Mean of tt'.
    residual_t : ndarray of shape (2, d, n)
        Mean of the sum over sessions of derivative times t, and of stage times that.
    nodes : ndarray of shape (Q, d, n)
        Nodes; empty unless asked for.
    weights : ndarray of shape (Q, n)
        Their probabilities given the course; empty unless asked for.
    """

    log_lik: FloatArray
    residual: FloatArray
    t: FloatArray
    tt: FloatArray
    residual_t: FloatArray
    nodes: FloatArray
    weights: FloatArray


def hermite(n_node: int, n_dim: int) -> tuple[FloatArray, FloatArray]:
    """Give nodes and weights for means over the standard normal distribution.

    Parameters
    ----------
    n_node : int
        Nodes in each direction.
    n_dim : int
        Directions.

    Returns
    -------
    nodes : ndarray of shape (Q, n_dim)
        The nodes.
    weights : ndarray of shape (Q,)
        Weights, which add up to one.
    """
    x, w = np.polynomial.hermite_e.hermegauss(n_node)
    w = w / w.sum()
    nodes = np.array(list(product(x, repeat=n_dim)))
    weights = np.array([np.prod(part) for part in product(w, repeat=n_dim)])
    return nodes, weights


def dropout_terms(
    courses: Courses,
    base: FloatArray,
    slope: FloatArray,
    link: Link,
    n_node: int,
    *,
    keep_nodes: bool = False,
) -> DropoutTerms:
    """Average the probability of courses over standard normal effects.

    Parameters
    ----------
    courses : Courses
        The courses.
    base : ndarray of shape (S, n)
        Linear predictor of each session at t = 0.
    slope : ndarray of shape (S, d, n)
        Its slopes by t.
    link : {"logit", "cloglog"}
        Link of the hazard.
    n_node : int
        Nodes in each of the d directions.
    keep_nodes : bool
        Whether nodes and their probabilities are kept.

    Returns
    -------
    DropoutTerms
        The terms.

    Notes
    -----
    Adaptive Gauss-Hermite quadrature: the nodes stand around the mode of the integrand, as far
    apart as its curvature there says (Pinheiro and Bates 1995). Both links have concave log
    probabilities, so there is one mode.
    """
    n = len(courses.n_risk)
    found = []
    rule = hermite(n_node, slope.shape[1])
    for start in range(0, n, CHUNK):
        rows = slice(start, min(start + CHUNK, n))
        part = courses.part(rows)
        found.append(_chunk_terms(part, base[:, rows], slope[:, :, rows], link, rule, keep_nodes))
    return DropoutTerms(*(np.concatenate(arrays, axis=-1) for arrays in zip(*found, strict=True)))


def _chunk_terms(
    courses: Courses,
    base: FloatArray,
    slope: FloatArray,
    link: Link,
    rule: tuple[FloatArray, FloatArray],
    keep: bool,
) -> DropoutTerms:
    x, w = rule
    n_session, n_dim, n = slope.shape
    mode, root = _modes(courses, base, slope, link)
    t = mode + np.einsum("abn,qb->qan", root, x)
    log_weight = np.log(w)[:, None] + 0.5 * ((x**2).sum(axis=1)[:, None] - (t**2).sum(axis=1))
    residuals = []
    for k, n_k in enumerate(_counts(courses, n_session)):
        eta = base[k, :n_k] + (slope[k, :, :n_k] * t[:, :, :n_k]).sum(axis=1)
        log_p, e, _ = session_terms(eta, np.flatnonzero(courses.event[:n_k] == k), link)
        log_weight[:, :n_k] += log_p
        residuals.append(e)
    top = log_weight.max(axis=0)
    weights = np.exp(log_weight - top)
    total = weights.sum(axis=0)
    weights /= total
    residual = np.zeros((n_session, n))
    residual_t = np.zeros((2, n_dim, n))
    for k, e in enumerate(residuals):
        n_k = e.shape[1]
        weighted = weights[:, :n_k] * e
        residual[k, :n_k] = weighted.sum(axis=0)
        moment = (weighted[:, None] * t[:, :, :n_k]).sum(axis=0)
        residual_t[0, :, :n_k] += moment
        residual_t[1, :, :n_k] += courses.stage[k, :n_k] * moment
    log_lik = top + np.log(total) + np.log(np.abs(np.linalg.det(np.moveaxis(root, 2, 0))))
    tw = weights[:, None] * t
    tt = (tw[:, :, None] * t[:, None]).sum(axis=0)
    kept = (t, weights) if keep else (np.empty((0, n_dim, n)), np.empty((0, n)))
    return DropoutTerms(log_lik, residual, tw.sum(axis=0), tt, residual_t, *kept)


def _counts(courses: Courses, n_session: int) -> list[int]:
    """Count the parents at risk after each session; they stand first."""
    return [int(np.searchsorted(-courses.n_risk, -k)) for k in range(n_session)]


def _modes(
    courses: Courses, base: FloatArray, slope: FloatArray, link: Link
) -> tuple[FloatArray, FloatArray]:
    """Find the mode of each integrand, and the root of its inverse curvature there."""
    n_session, n_dim, n = slope.shape
    mode = np.zeros((n_dim, n))
    counts = _counts(courses, n_session)
    events = [np.flatnonzero(courses.event[:n_k] == k) for k, n_k in enumerate(counts)]
    for _ in range(STEPS):
        gradient, H = -mode, np.zeros((n_dim, n_dim, n))
        H[range(n_dim), range(n_dim)] = 1.0
        for k, n_k in enumerate(counts):
            c = slope[k, :, :n_k]
            eta = base[k, :n_k] + (c * mode[:, :n_k]).sum(axis=0)
            _, e, curvature = session_terms(eta, events[k], link)
            gradient[:, :n_k] += c * e
            H[:, :, :n_k] += c[:, None] * c[None] * curvature
        step = _solve(H, gradient)
        size = np.sqrt((step**2).sum(axis=0))
        mode = mode + step * np.minimum(1.0, LONGEST / np.maximum(size, LONGEST))
        if size.max(initial=0.0) <= SETTLED:
            break
    if n_dim == 1:
        return mode, np.asarray(1.0 / np.sqrt(H))
    inverse = np.linalg.inv(np.moveaxis(H, 2, 0))
    return mode, np.moveaxis(np.linalg.cholesky(inverse), 0, 2)


def _solve(H: FloatArray, g: FloatArray) -> FloatArray:
    if len(g) == 1:
        return np.asarray(g / H[0])
    turned = np.stack([H[1, 1] * g[0] - H[0, 1] * g[1], H[0, 0] * g[1] - H[0, 1] * g[0]])
    return np.asarray(turned / (H[0, 0] * H[1, 1] - H[0, 1] ** 2))


def session_terms(
    eta: FloatArray, leavers: IntArray, link: Link
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the log probability of what happened after one session.

    Parameters
    ----------
    eta : ndarray of shape (..., n)
        Linear predictor of those at risk.
    leavers : ndarray of int
        Which of the n left.
    link : {"logit", "cloglog"}
        Link of the hazard.

    Returns
    -------
    log_p, first, curvature : ndarray of the shape of eta
        Log probability, its derivative by the linear predictor, and minus the second.
    """
    size = np.exp(np.clip(eta, LOWEST, LARGEST))
    gone = size[..., leavers]
    if link == "logit":
        log_p, first = -np.log1p(size), -size / (1.0 + size)
        curvature = -first * (1.0 + first)
        log_p[..., leavers] += eta[..., leavers]
        first[..., leavers] += 1.0
        return log_p, first, curvature
    log_p, first, curvature = -size, -size, size.copy()
    with np.errstate(over="ignore"):
        ratio = gone / np.expm1(gone)
    log_p[..., leavers] = np.log(-np.expm1(-gone))
    first[..., leavers] = ratio
    curvature[..., leavers] = ratio * (gone + ratio - 1.0)
    return log_p, first, curvature
