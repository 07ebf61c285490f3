"""Fixed-effects design matrices that remember their encoding."""

import ast
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula.columns import read_columns
from rpcstats.formula.parse import Formula, parse_formula


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A design matrix and the encoding that made it.

    Attributes
    ----------
    formula : Formula
        The formula taken apart.
    X : ndarray of shape (n, p)
        Columns of the fixed effects; read-only.
    names : tuple of str
        Their names, such as "mode[T.online]".
    kept : ndarray of shape (n,), int
        Positions, in the data given, of the rows without missing values.
    n_missing : int
        Rows left out.
    levels : dict
        Categories of each categorical term, in order.
    """

    formula: Formula
    X: NDArray[np.float64]
    names: tuple[str, ...]
    kept: NDArray[np.int64]
    n_missing: int
    levels: dict[str, tuple[object, ...]]
    _spec: Any

    def encode(self, data: Any) -> NDArray[np.float64]:
        """Encode new rows exactly as the rows of the fit.

        Parameters
        ----------
        data : frame
            pandas, or any frame narwhals reads.

        Returns
        -------
        ndarray of shape (m, p)
            Design of the new rows, read-only.

        Raises
        ------
        DataError
            If a value is missing, or a category was not among those of the fit.
        """
        frame = _frame_for(self._spec, data)
        if frame.isna().any(axis=None):
            raise DataError("New rows must have every column of the formula filled in.")
        return _matrix(self._spec, _plain(frame))[0]


def design(formula: str | Formula, data: Any) -> Design:
    """Build the fixed-effects design matrix of a formula.

    Parameters
    ----------
    formula : str or Formula
        The right side is read by formulaic without the special terms; only columns of `data`
        and formulaic's own functions can be named, never variables of the caller.
    data : frame
        pandas, or any frame narwhals reads.

    Returns
    -------
    Design
        Matrix, names and encoding; rows with a missing value are left out and counted.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If no complete row is left, or a term gives values that are not finite.
    """
    import formulaic
    from formulaic.errors import FormulaicError

    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    try:
        wanted = formulaic.Formula(parsed.fixed)
    except FormulaicError:
        raise FormulaError(f"The right side can't be read: {parsed.fixed}") from None
    frame = _frame_for(wanted, data)
    complete = frame.notna().all(axis=1).to_numpy()
    if not complete.any():
        raise DataError("Every row has a missing value in a column of the formula.")
    X, spec = _matrix(wanted, _used_levels(frame[complete]))
    kept = np.flatnonzero(complete).astype(np.int64)
    kept.setflags(write=False)
    levels = {
        term: tuple(state["categories"])
        for term, (_, state) in spec.encoder_state.items()
        if "categories" in state
    }
    n_missing = int(len(frame) - len(kept))
    return Design(parsed, X, tuple(spec.column_names), kept, n_missing, levels, spec)


def _frame_for(source: Any, data: Any) -> pd.DataFrame:
    terms = source if hasattr(source, "__iter__") else source.formula
    expressions = {
        str(factor.expr): factor.eval_method.value for term in terms for factor in term.factors
    }
    variables: set[str] = set()
    for expression, how in expressions.items():
        if how == "lookup":
            variables.add(expression)
        elif how == "python":
            variables |= _names_in(expression)
    if variables:
        return read_columns(data, sorted(variables))
    try:
        return pd.DataFrame(index=pd.RangeIndex(len(data)))
    except TypeError:
        raise DataError("The data must be a frame.") from None


def _names_in(expression: str) -> set[str]:
    """Find the columns an expression uses.

    formulaic's own list leaves out those inside poly(), bs() and center().
    """
    quoted = re.findall(r"`([^`]+)`", expression)
    try:
        tree = ast.parse(re.sub(r"`[^`]+`", "0", expression), mode="eval")
    except SyntaxError:
        raise FormulaError(f"A term can't be read: {expression}") from None
    functions = {
        id(name)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for name in ast.walk(call.func)
    }
    named = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in functions
    }
    return named | set(quoted)


def _used_levels(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out declared categories without rows: each would be a column of zeros."""
    unused = {
        name: column.cat.remove_unused_categories()
        for name, column in frame.items()
        if isinstance(column.dtype, pd.CategoricalDtype)
    }
    return frame.assign(**{str(name): column for name, column in unused.items()})


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Undo categories: new rows take those of the fit, whatever they declare themselves."""
    plain = {
        str(name): column.astype(column.cat.categories.dtype)
        for name, column in frame.items()
        if isinstance(column.dtype, pd.CategoricalDtype)
    }
    return frame.assign(**plain)


def _matrix(source: Any, frame: pd.DataFrame) -> tuple[NDArray[np.float64], Any]:
    import warnings

    from formulaic.errors import DataMismatchWarning, FormulaicError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DataMismatchWarning)
            matrix = source.get_model_matrix(frame, context={}, na_action="ignore")
    except DataMismatchWarning:
        raise DataError(
            "A column holds categories the fit has not seen: leave those rows out, or refit."
        ) from None
    except FormulaicError:
        raise FormulaError(
            "A term can't be computed: use columns of the data and functions such as "
            "C(), log(), exp(), poly() or bs()."
        ) from None
    X = matrix.to_numpy(dtype=np.float64)
    if not np.isfinite(X).all():
        raise DataError("A term of the formula gives values that are not finite, such as log(0).")
    X.setflags(write=False)
    return X, matrix.model_spec
