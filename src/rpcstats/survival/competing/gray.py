"""Gray's test that groups share one cumulative incidence curve."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.formula.parse import Formula
from rpcstats.survival.competing._gray_counts import end_codes, group_counts
from rpcstats.survival.competing._gray_scores import gray_scores
from rpcstats.survival.competing.cause_sample import CauseSample, cause_sample, find_cause
from rpcstats.survival.competing.gray_result import GrayTest
from rpcstats.survival.structure.remarks import empty_strata_remark, missing_remark

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class _CodedRows(NamedTuple):
    """What `group_counts` is given of a sample."""

    time: FloatArray
    code: NDArray[Any]
    n_cause: int
    n_group: int
    stratum: IntArray | None
    n_stratum: int

    @classmethod
    def of(cls, sample: CauseSample) -> "_CodedRows":
        n_cause, n_group = len(sample.causes), len(sample.groups.labels)
        code = end_codes(sample.cause, n_cause, sample.groups.codes, n_group)
        n_stratum = len(sample.strata.labels)
        stratum = sample.strata.codes if n_stratum > 1 else None
        return cls(sample.time, code, n_cause, n_group, stratum, n_stratum)


def gray_test(
    formula: str | Formula,
    data: Any,
    *,
    cause: str | None = None,
    rho: float = 0.0,
    censored: Sequence[str] | None = None,
) -> GrayTest:
    """Test, for each cause, whether groups share one cumulative incidence curve.

    Parameters
    ----------
    formula : str
        ``"Surv(time, cause) ~ mode"``, with ``+ strata(council)`` to compare within councils.
    data : frame
        pandas, or any frame narwhals reads.
    cause : str, optional
        The cause to test; every cause if not given.
    rho : float
        Weight (1 - F(t-))^rho: above 0 early differences count more.
    censored : sequence of str, optional
        Causes that count as censored; if not given, those the frame declares
        (``data.attrs["censored"]``), else the first category.

    Returns
    -------
    GrayTest
        One test a cause.

    Raises
    ------
    FormulaError
        If the formula can't be read, names a column that is not there, has fewer than two
        groups, or late entry.
    DataError
        If times or causes break their conditions.
    ParameterError
        If `cause` is none of those that happened, or rho is not finite.

    Notes
    -----
    Gray (1988), with the variance of R's cmprsk. It compares what is seen of a cause while the
    others are at work; a cause-specific log-rank test, which censors them, asks another
    question. The score test of a proportional sub-distribution hazard. Late entry and weights
    are refused: no variance is published for them.
    """
    # Nobody else holds the sample, so that it goes as soon as its rows are counted.
    return gray_test_of(
        cause_sample(formula, data, censored=censored, allow=("strata",)), cause=cause, rho=rho
    )


def gray_test_of(sample: CauseSample, *, cause: str | None = None, rho: float = 0.0) -> GrayTest:
    """Test a sample that has been read and checked.

    Parameters
    ----------
    sample : CauseSample
        Groups and strata included.
    cause : str, optional
        As in `gray_test`.
    rho : float
        As in `gray_test`.

    Returns
    -------
    GrayTest
        One test a cause.

    Raises
    ------
    FormulaError
        If fewer than two groups have rows.
    ParameterError
        If an option is out of range, or the sample has weights, late entry or clusters.
    """
    _check(sample, rho)
    chosen = range(len(sample.causes)) if cause is None else [find_cause(cause, sample.causes)]
    n_obs = np.bincount(sample.groups.codes, minlength=len(sample.groups.labels))
    labels, causes, n_missing = sample.groups.labels, sample.causes, sample.n_missing
    empty, rows = _empty(sample), _CodedRows.of(sample)
    del sample
    parts = group_counts(*rows)
    del rows
    found = [_summed([gray_scores(part, k, rho) for part in parts if part.d.size]) for k in chosen]
    tests = [_quadratic_form(scores, V) for scores, V in found]
    arrays = {
        "n_obs": n_obs,
        "n_event": sum(part.d.sum(axis=2) for part in parts)[list(chosen)].astype(np.int64),
        "scores": np.stack([scores for scores, _ in found]),
        "V": np.stack([V for _, V in found]),
        "statistic": np.array([statistic for statistic, _ in tests]),
        "df": np.array([df for _, df in tests], dtype=np.int64),
    }
    for values in arrays.values():
        values.setflags(write=False)
    return GrayTest(
        strata=labels,
        causes=tuple(causes[k] for k in chosen),
        **arrays,
        rho=float(rho),
        n_missing=n_missing,
        remarks=(*missing_remark(n_missing), *empty, *_nothing(tests)),
    )


def _empty(sample: CauseSample) -> tuple[str, ...]:
    if len(sample.strata.labels) < 2:
        return ()
    failed = sample.strata.codes[sample.cause > 0]
    events = np.bincount(failed, minlength=len(sample.strata.labels))
    return empty_strata_remark(events, "how the groups differ")


def _nothing(tests: list[tuple[float, int]]) -> tuple[str, ...]:
    if all(df for _, df in tests):
        return ()
    return ("A cause can't be tested: at none of its times are two groups at risk together.",)


def _check(sample: CauseSample, rho: float) -> None:
    if len(sample.groups.labels) < 2:
        raise FormulaError(
            "A comparison needs two groups or more: name a column with at least two levels "
            "after the ~"
        )
    faults = []
    if not np.isfinite(as_number(rho)):
        faults.append("rho must be a finite number, such as 0 or 1")
    if sample.entry is not None:
        faults.append("it has no late entry: compare incidences at a time by difference()")
    if sample.weights is not None:
        faults.append("it has no weights: compare incidences at a time by difference()")
    if sample.clusters:
        faults.append("it has no clusters: compare incidences at a time by difference()")
    if faults:
        raise ParameterError("Gray's test can't be made", faults)


def _summed(parts: list[tuple[FloatArray, FloatArray]]) -> tuple[FloatArray, FloatArray]:
    scores = np.sum([scores for scores, _ in parts], axis=0)
    return scores, np.sum([V for _, V in parts], axis=0)


def _quadratic_form(scores: FloatArray, V: FloatArray) -> tuple[float, int]:
    """Give the statistic and its degrees of freedom; the last group is determined by the rest."""
    U, W = scores[:-1], V[:-1, :-1]
    df = int(np.linalg.matrix_rank(W, hermitian=True))
    if df == 0:
        return np.nan, 0
    if df == len(U):
        return float(U @ np.linalg.solve(W, U)), df
    return float(U @ np.linalg.pinv(W, hermitian=True) @ U), df
