"""Parameters of rows old or new, with their covariance."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula.columns import complete_rows, read_columns
from rpcstats.formula.groups import make_groups
from rpcstats.mixed.structure.arithmetic import columns_used
from rpcstats.survival.parametric.families import TimesFamily
from rpcstats.survival.structure.hazard_frame import HazardFrame

if TYPE_CHECKING:
    from rpcstats.survival.parametric.survreg_fit import SurvregFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class NewRows(NamedTuple):
    """Covariates of rows to predict for.

    Attributes
    ----------
    X : ndarray of shape (m, p)
        Covariates.
    offset : ndarray of shape (m,) or None
        Known part of the predictor.
    codes : ndarray of shape (m,), int
        Stratum of each row.
    """

    X: FloatArray
    offset: FloatArray | None
    codes: IntArray


class RowParameters(NamedTuple):
    """The k parameters of m rows.

    Attributes
    ----------
    eta : ndarray of shape (m,)
        The first.
    extra : tuple of ndarray of shape (m,)
        The others.
    cov : ndarray of shape (k, k, m)
        Covariance of the estimates, row by row.
    """

    eta: FloatArray
    extra: tuple[FloatArray, ...]
    cov: FloatArray


def rows_to_predict(frame: HazardFrame, newdata: Any) -> NewRows:
    """Encode rows to predict for.

    Parameters
    ----------
    frame : HazardFrame
        The sample of the fit.
    newdata : frame or None
        New rows; those of the fit if None.

    Returns
    -------
    NewRows
        The rows.

    Raises
    ------
    DataError
        If a column is missing, or a category or stratum was not among those of the fit.
    """
    if newdata is None:
        return NewRows(frame.X, frame.offset, frame.strata.codes)
    X = frame.encode(newdata)
    terms = frame.design.formula.offset
    offset = None
    if terms:
        columns = tuple(dict.fromkeys(name for text in terms for name in columns_used(text)))
        offset = frame.encode_offset(read_columns(newdata, columns))
    return NewRows(X, offset, _stratum_codes(frame, newdata, len(X)))


def row_parameters(fit: "SurvregFit", rows: NewRows) -> RowParameters:
    """Compute the parameters of rows.

    Parameters
    ----------
    fit : SurvregFit
        The fit.
    rows : NewRows
        The rows.

    Returns
    -------
    RowParameters
        Estimates and their covariance.
    """
    designs = [rows.X, *extra_designs(fit.frame, fit.described.family, rows.codes)]
    return combined(designs, fit.theta, fit.centred_cov, {0: rows.offset}, centre=fit.centre)


def extra_designs(frame: HazardFrame, family: TimesFamily, codes: IntArray) -> list[FloatArray]:
    """Give what the parameters beside the location are made of.

    Parameters
    ----------
    frame : HazardFrame
        The sample of the fit.
    family : TimesFamily
        The distribution.
    codes : ndarray of shape (m,), int
        Stratum of each row.

    Returns
    -------
    list of ndarray of shape (m, w)
        A column of ones, or for the first one column for each stratum.
    """
    designs = [np.ones((len(codes), 1)) for _ in family.extras]
    if designs and len(frame.strata.labels) > 1:
        designs[0] = np.eye(len(frame.strata.labels))[codes]
    return designs


def combined(
    designs: Sequence[FloatArray],
    theta: FloatArray,
    V: FloatArray,
    offsets: Mapping[int, FloatArray | None],
    *,
    centre: FloatArray | None = None,
) -> RowParameters:
    """Combine columns and coefficients to parameters with their covariance.

    Parameters
    ----------
    designs : sequence of ndarray of shape (m, w)
        Columns of each of the k parameters; their coefficients follow one another.
    theta : ndarray of shape (P,)
        Coefficients.
    V : ndarray of shape (P, P)
        Their covariance, at the centre if there is one.
    offsets : mapping of int to ndarray
        Known part of a parameter, by its place.
    centre : ndarray of shape (w,), optional
        Where the first parameter's columns are taken from for the covariance: far from 0 the
        variances of intercept and slopes are large and cancel.

    Returns
    -------
    RowParameters
        Estimates and their covariance.
    """
    ends = np.cumsum([0, *(design.shape[1] for design in designs)]).tolist()
    places = [slice(a, b) for a, b in pairwise(ends)]
    values = [design @ theta[place] for design, place in zip(designs, places, strict=True)]
    for at, offset in offsets.items():
        if offset is not None:
            values[at] = values[at] + offset
    cov = np.empty((len(designs), len(designs), len(values[0])))
    near = designs if centre is None else [designs[0] - centre, *designs[1:]]
    for j, (D, place) in enumerate(zip(near, places, strict=True)):
        for k in range(j + 1):
            pull = D @ V[place, places[k]]
            cov[j, k] = cov[k, j] = np.einsum("ij,ij->i", pull, near[k])
    return RowParameters(values[0], tuple(values[1:]), cov)


def _stratum_codes(frame: HazardFrame, newdata: Any, m: int) -> IntArray:
    columns = frame.design.formula.strata
    if not columns:
        return np.zeros(m, dtype=np.int64)
    table = read_columns(newdata, columns)
    if not complete_rows(table).all():
        raise DataError("A stratum is missing in the new rows: give one for each.")
    groups = make_groups(table, columns)
    known = {label: code for code, label in enumerate(frame.strata.labels)}
    if any(label not in known for label in groups.labels):
        raise DataError("The new rows have a stratum that the fit has not seen.")
    return np.array([known[label] for label in groups.labels], dtype=np.int64)[groups.codes]
