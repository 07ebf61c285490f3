"""A formula and a frame to the checked arrays of a mixed model."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.formula import Design, Formula, design, parse_formula, read_columns
from rpcstats.formula.columns import complete_rows
from rpcstats.formula.design import fixed_columns
from rpcstats.mixed.structure.arithmetic import columns_used, evaluate
from rpcstats.mixed.structure.covariates import Covariate, read_covariates
from rpcstats.mixed.structure.faults import (
    Faults,
    fixed_faults,
    random_faults,
    response_faults,
)
from rpcstats.mixed.structure.identified import residual_faults, spanned_faults
from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray, ModelFrame
from rpcstats.mixed.structure.random_effects import make_blocks
from rpcstats.mixed.structure.random_terms import EffectTerm, read_random_terms
from rpcstats.mixed.structure.rank import find_rank
from rpcstats.mixed.structure.remarks import fixed_remarks, random_remarks
from rpcstats.mixed.structure.response import (
    Response,
    ResponseKind,
    read_numbers,
    read_response,
    response_columns,
)

_KINDS = ("gaussian", "binomial", "count", "positive", "unit", "ordinal")


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Complete rows of the columns and of the arrays given beside them."""

    frame: pd.DataFrame
    weights: Any
    offset: Any
    kept: IntArray
    n_missing: int


def model_frame(
    formula: str | Formula,
    data: Any,
    *,
    response: ResponseKind = "gaussian",
    weights: str | Any | None = None,
    offset: str | Any | None = None,
    beside: tuple[str, ...] = (),
) -> ModelFrame:
    """Read and check everything a mixed model needs.

    Parameters
    ----------
    formula : str or Formula
        R's notation, ``goal ~ session*arm + offset(log(weeks)) + (1 + session | family)``. The
        left side is a column, arithmetic on columns, or ``cbind(successes, failures)``.
    data : frame
        pandas, or any frame narwhals reads; it is not changed.
    response : {"gaussian", "binomial", "count", "positive", "unit", "ordinal"}
        What the left side is: any number; 0 and 1, two levels or proportions; whole numbers from
        0 on; numbers above 0; numbers inside (0, 1); ordered categories. An ordinal model has
        thresholds in place of the intercept, so that column is taken out.
    weights : str or array, optional
        Prior weights, or the numbers of trials of proportions: a column, arithmetic on columns,
        or one number a row.
    offset : str or array, optional
        Known part of the linear predictor, in the same forms; added to ``offset()`` in the
        formula.
    beside : tuple of str, optional
        Columns the model needs beside those of the formula: rows where one is missing are left
        out too.

    Returns
    -------
    ModelFrame
        Read-only arrays of the rows without missing values, the others counted.

    Raises
    ------
    FormulaError
        If the formula can't be read, has no random term, or names a column that is not there.
    DataError
        If the data can't be fitted; every fault found is told.
    ParameterError
        If `response` is none of the kinds.
    """
    if response not in _KINDS:
        raise ParameterError(f"response is one of {', '.join(_KINDS)}.")
    parsed = formula if isinstance(formula, Formula) else parse_formula(formula)
    _refuse_specials(parsed)
    terms = read_random_terms(parsed)
    known = parsed.offset + ((offset,) if isinstance(offset, str) else ())
    fixed = _with_intercept(parsed) if response == "ordinal" else parsed
    wanted = [*_columns(parsed, terms, known, weights), *beside]
    rows = _complete(wanted, data, weights, offset)

    read, built, total, blocks = _read_parts(rows, parsed, fixed, terms, known, response)
    return _assembled(
        ModelFrame(
            design=replace(built, kept=rows.kept, n_missing=rows.n_missing),
            X=built.X,
            names=built.names,
            dropped=(),
            y=_frozen(read.y),
            weights=None if read.weights is None else _frozen(read.weights),
            offset=None if total is None else _frozen(total),
            blocks=blocks,
            categories=read.categories,
            kept=rows.kept,
            n_missing=rows.n_missing,
            remarks=(*read.remarks, *random_remarks(blocks, response, read)),
            offset_terms=None if _is_array(offset) else known,
            covariates=_covariates(rows, fixed, known),
        ),
        response,
    )


def _read_parts(
    rows: _Rows,
    parsed: Formula,
    fixed: Formula,
    terms: tuple[EffectTerm, ...],
    known: tuple[str, ...],
    kind: ResponseKind,
) -> tuple[Response, Design, FloatArray | None, tuple[Block, ...]]:
    """Read every part, and tell what is wrong with all of them in one error."""
    faults = Faults()
    prior = faults.attempt(lambda: _weights(rows))
    total = faults.attempt(lambda: _offset(known, rows))
    read = faults.attempt(lambda: read_response(parsed, rows.frame, kind, prior))
    built = faults.attempt(lambda: design(fixed, rows.frame))
    blocks = faults.attempt(lambda: make_blocks(terms, rows.frame))
    if read is not None:
        faults.note(response_faults(read, kind))
    if built is not None:
        faults.note(fixed_faults(built, len(rows.kept)))
    if blocks is not None:
        faults.note(random_faults(blocks, kind))
    if read is not None and blocks is not None and kind == "gaussian":
        y = read.y if total is None else read.y - total
        faults.note(residual_faults(y, blocks))
    faults.raise_any()
    if read is None or built is None or blocks is None:
        raise AssertionError("a step without a result is a fault")
    return read, built, total, blocks


def _assembled(frame: ModelFrame, kind: ResponseKind) -> ModelFrame:
    """Leave out the columns that others determine and, of an ordinal model, the intercept."""
    rank = find_rank(frame.X)
    aliased = tuple(
        name for place, name in enumerate(frame.names) if place not in set(rank.kept.tolist())
    )
    chosen = [
        place
        for place in rank.kept
        if not (kind == "ordinal" and frame.names[place] == "Intercept")
    ]
    n, p = len(frame.y), len(rank.kept)
    if kind == "gaussian" and p >= n:
        raise DataError(f"The {p} fixed effects use up all {n} rows: leave terms out.")
    if kind == "gaussian":
        spanned = Faults()
        spanned.note(spanned_faults(frame.X[:, rank.kept], frame.blocks))
        spanned.raise_any()
    X = frame.X
    if len(chosen) < len(frame.names):
        X = np.ascontiguousarray(X[:, chosen])
        X.setflags(write=False)
    names = tuple(frame.names[place] for place in chosen)
    remarks = (*frame.remarks, *fixed_remarks(aliased, names, rank.spread[chosen]))
    return replace(frame, X=X, names=names, dropped=aliased, remarks=remarks)


def _refuse_specials(formula: Formula) -> None:
    for name in ("strata", "cluster", "frailty"):
        if getattr(formula, name):
            raise FormulaError(f"A mixed model takes no {name}(): leave it out of {formula.text}")


def _with_intercept(formula: Formula) -> Formula:
    terms = tuple(term for term in formula.terms if term[2:] not in ("0", "1"))
    return replace(formula, terms=terms)


def _columns(
    formula: Formula, terms: tuple[EffectTerm, ...], known: tuple[str, ...], weights: Any
) -> list[str]:
    expressions = {term.expression.fixed: term.expression for term in terms}
    return [
        *response_columns(formula),
        *fixed_columns(formula),
        *(name for expression in expressions.values() for name in fixed_columns(expression)),
        *(name for term in terms for name in term.columns),
        *(name for text in known for name in columns_used(text)),
        *(columns_used(weights) if isinstance(weights, str) else ()),
    ]


def _complete(columns: list[str], data: Any, weights: Any, offset: Any) -> _Rows:
    frame = read_columns(data, columns)
    arrays = {
        role: _array(values, role, len(frame))
        for role, values in (("weights", weights), ("offset", offset))
        if _is_array(values)
    }
    complete = complete_rows(frame)
    for values in arrays.values():
        complete &= ~np.isnan(values)
    kept = np.flatnonzero(complete).astype(np.int64, copy=False)
    kept.setflags(write=False)
    n_missing = len(frame) - len(kept)
    if len(kept) == 0:
        raise DataError("Every row has a missing value in a column the model uses.")
    if n_missing:
        frame = frame[complete].reset_index(drop=True)
        arrays = {role: values[complete] for role, values in arrays.items()}
    return _Rows(
        frame,
        arrays.get("weights", weights),
        arrays.get("offset"),
        kept,
        n_missing,
    )


def _is_array(values: Any) -> bool:
    return values is not None and not isinstance(values, str)


def _array(values: Any, role: str, n_row: int) -> FloatArray:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{role} is a column name or one number a row.") from None
    if numbers.shape != (n_row,):
        raise DataError(f"{role} has {numbers.size} numbers for {n_row} rows: give one a row.")
    return numbers


def _weights(rows: _Rows) -> FloatArray | None:
    given = rows.weights
    if given is None:
        return None
    values = evaluate(given, rows.frame) if isinstance(given, str) else given
    weights = read_numbers(values, "column of weights")
    n_wrong = int((weights <= 0).sum())
    if n_wrong:
        raise DataError(
            f"Weights must be above 0; {n_wrong} row{'s are' if n_wrong > 1 else ' is'} not: "
            "leave such rows out."
        )
    return weights


def _covariates(rows: _Rows, fixed: Formula, known: tuple[str, ...]) -> dict[str, Covariate]:
    of_offset = (name for text in known for name in columns_used(text))
    return read_covariates(rows.frame, (*fixed_columns(fixed), *of_offset))


def _offset(known: tuple[str, ...], rows: _Rows) -> FloatArray | None:
    parts = [evaluate(text, rows.frame) for text in known]
    if rows.offset is not None:
        parts.append(rows.offset)
    if not parts:
        return None
    total: FloatArray = np.sum([read_numbers(part, "offset") for part in parts], axis=0)
    return total


def _frozen(numbers: FloatArray) -> FloatArray:
    numbers = np.array(numbers, dtype=np.float64)
    numbers.setflags(write=False)
    return numbers
