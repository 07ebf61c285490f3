"""From a sample to the estimates of a hazard by session and their covariance."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.errors import DataError, FormulaError
from rpcstats.mixed.structure.sweeps import column_means
from rpcstats.survival.discrete._binomial import BinomialOptimum, fit_binomial
from rpcstats.survival.discrete._cells import Cells
from rpcstats.survival.discrete._empty_sessions import (
    Kept,
    all_columns,
    leave_out_empty,
    put_back,
    widen,
)
from rpcstats.survival.discrete._links import LinkName, Terms, moments_of
from rpcstats.survival.discrete._robust import (
    Influence,
    adjusted_influence,
    influence_of,
    is_cheap,
    joint_cov,
    smallest_df,
    ways_of,
)
from rpcstats.survival.discrete.sample import DiscreteSample

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]
SmallSample = Literal["auto", "CR0", "CR1", "CR1S", "CR2"]

MANY_CLUSTERS: Final = 500
"""More clusters leave nothing for CR2 to mend: "auto" takes CR1S there."""


class Covariance(NamedTuple):
    """Covariance of the coefficients.

    Attributes
    ----------
    cov : ndarray of shape (p, p)
        The covariance.
    df : ndarray of shape (p,)
        Degrees of freedom of each coefficient; infinite for the normal distribution.
    parts : tuple of Influence
        Influences of clusters; none if the covariance is the model's.
    kind : str
        "model", "CR0", "CR1", "CR1S" or "CR2".
    remarks : tuple of str
        What a reader should know of it.
    """

    cov: FloatArray
    df: FloatArray
    parts: tuple[Influence, ...]
    kind: str
    remarks: tuple[str, ...] = ()


class Estimates(NamedTuple):
    """Coefficients on the scale of the columns given.

    Attributes
    ----------
    beta : ndarray of shape (p,)
        Coefficients.
    model_cov : ndarray of shape (p, p)
        Inverse of the expected information.
    covariance : Covariance
        What standard errors are taken from.
    terms : Terms
        The cells at the optimum.
    optimum : OptSummary
        How it was searched for.
    eta : ndarray of shape (C,)
        Linear predictor of the cells that tell something.
    kept : Kept
        Which those are.
    """

    beta: FloatArray
    model_cov: FloatArray
    covariance: Covariance
    terms: Terms
    optimum: OptSummary
    eta: FloatArray
    kept: Kept


def estimate(
    sample: DiscreteSample, link: LinkName, *, firth: bool, small_sample: SmallSample
) -> Estimates:
    """Fit a hazard by session and compute its covariance.

    Parameters
    ----------
    sample : DiscreteSample
        The data.
    link : {"logit", "cloglog"}
        Link.
    firth : bool
        Whether to take the first-order bias off.
    small_sample : {"auto", "CR0", "CR1", "CR1S", "CR2"}
        Correction of cluster-robust errors.

    Returns
    -------
    Estimates
        Coefficients and covariances.

    Raises
    ------
    DataError
        If there are too few clusters, or one is too large for CR2.
    """
    p = sample.cells.n_column
    kept = all_columns(sample.cells) if firth else leave_out_empty(sample.cells)
    centred, back = centre(kept.cells)
    found = fit_binomial(centred, link, firth=firth)
    covariance = _covariance(sample, centred, found, link, back, small_sample)
    wide = widen(kept, p) @ back
    df = np.full(p, np.inf)
    df[kept.columns] = covariance.df
    parts = tuple(part._replace(psi=part.psi @ wide.T) for part in covariance.parts)
    optimum = replace(found.optimum, start=back @ found.optimum.start, end=back @ found.optimum.end)
    return Estimates(
        put_back(kept, back @ found.beta, p),
        wide @ found.M @ wide.T,
        covariance._replace(cov=wide @ covariance.cov @ wide.T, df=df, parts=parts),
        found.terms,
        optimum,
        centred.predictor(found.beta),
        kept,
    )


def centre(cells: Cells) -> tuple[Cells, FloatArray]:
    """Take the means off columns beside an intercept, for the digits of distant covariates.

    Parameters
    ----------
    cells : Cells
        The cells.

    Returns
    -------
    cells : Cells
        With other columns, of the same span.
    back : ndarray of shape (p, p)
        Takes their coefficients to those of the columns given.
    """
    back = np.eye(cells.n_column)
    varying = cells.varying
    constant = (cells.Z == 1.0).all(axis=0)
    fixed = np.setdiff1d(np.arange(cells.n_column), varying)
    ones = [j for j in fixed if constant[cells.part[j]]]
    if not ones:
        return cells, back
    means = column_means(cells.Z)
    for j in np.setdiff1d(fixed, ones):
        if cells.part[j] not in cells.part[varying]:
            back[ones[0], j] = -means[cells.part[j]]
    moved = np.unique(cells.part[np.flatnonzero(back[ones[0]] * (np.arange(len(back)) != ones[0]))])
    shift = np.zeros_like(means)
    shift[moved] = means[moved]
    return replace(cells, Z=cells.Z - shift), back


def cluster_covariance(
    codes: tuple[IntArray, ...],
    names: tuple[str, ...],
    influence: Callable[[float, IntArray], Influence],
    kind: str,
) -> Covariance:
    """Add the parts of one-way or two-way clustering.

    Parameters
    ----------
    codes : tuple of ndarray of shape (U,), int
        Clusters of the units.
    names : tuple of str
        Their columns.
    influence : callable
        Gives the influences for a sign and a clustering.
    kind : str
        Which correction they carry.

    Returns
    -------
    Covariance
        The covariance.

    Raises
    ------
    DataError
        If a column has fewer than two clusters.
    FormulaError
        If there are more than two columns.
    """
    if len(codes) > 2:
        raise FormulaError("cluster() takes one column, or two for two-way clustering.")
    for name, code in zip(names, codes, strict=True):
        if int(code.max()) == 0:
            raise DataError(
                f'All rows are in one cluster of "{name}": cluster-robust errors need two or more.'
            )
    parts = tuple(influence(sign, code) for sign, code in ways_of(codes))
    cov, was_mended = joint_cov(parts)
    remarks = (
        (
            "The two-way clustered covariance had negative eigenvalues, which were set to 0: there "
            "are too few clusters for it.",
        )
        if was_mended
        else ()
    )
    return Covariance(cov, smallest_df(parts), parts, kind, remarks)


def _covariance(
    sample: DiscreteSample,
    cells: Cells,
    found: BinomialOptimum,
    link: LinkName,
    back: FloatArray,
    wanted: SmallSample,
) -> Covariance:
    p = cells.n_column
    if not sample.clusters:
        return Covariance(found.M, np.full(p, np.inf), (), "model")
    codes = tuple(groups.codes for groups in sample.clusters)
    kind = _chosen(cells, codes, wanted)
    terms, n_obs = found.terms, float(sample.n_obs)

    def influence(sign: float, code: IntArray) -> Influence:
        if kind == "CR2":
            eta = cells.predictor(found.beta)
            return adjusted_influence(cells, eta, moments_of(eta, link), sign, code, back)
        return influence_of(cells, terms.e, found.M, sign, code, kind, n_obs)

    return cluster_covariance(codes, sample.cluster_names, influence, kind)


def _chosen(
    cells: Cells, codes: tuple[IntArray, ...], wanted: SmallSample
) -> Literal["CR0", "CR1", "CR1S", "CR2"]:
    if wanted != "auto":
        return wanted
    few = any(int(code.max()) < MANY_CLUSTERS for code in codes)
    return "CR2" if few and all(is_cheap(cells, code) for code in codes) else "CR1S"
