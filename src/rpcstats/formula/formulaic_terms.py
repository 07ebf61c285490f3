"""Right sides that formulaic reads, and the matrices it makes of them."""

import warnings
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula.allowed_terms import Computed, read_expression
from rpcstats.formula.parse import Formula
from rpcstats.formula.pieces import called, plain_name
from rpcstats.formula.plain_columns import refuse_many_columns
from rpcstats.formula.term_counts import expanded_extent, refuse_many_terms

_MAX_TEXT = 20_000
# Functions a formula may call that formulaic does not bring along.
_ADDED = {
    "sqrt": np.sqrt,
    "abs": np.abs,
    "log1p": np.log1p,
    "expm1": np.expm1,
}
# What pandas, numpy and formulaic raise where values do not suit a term; their texts hold cells.
_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def read_formulaic_terms(formula: Formula) -> Any:
    """Have formulaic read a right side.

    Parameters
    ----------
    formula : Formula
        A formula taken apart.

    Returns
    -------
    formulaic.Formula
        Its terms.

    Raises
    ------
    FormulaError
        If formulaic can't read them, there are too many, or one asks for anything but columns
        and the functions of the closed list.
    """
    import formulaic
    from formulaic.errors import FormulaicError
    from formulaic.parser import DefaultFormulaParser

    text = formula.fixed
    if len(text) > _MAX_TEXT:
        raise FormulaError(f"The right side is {len(text):,} characters long: name fewer terms.")
    failures = (FormulaicError, *_FAILURES)
    try:
        # Reading a term compiles nothing, but Python warns of odd texts in it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            refuse_many_terms(expanded_extent(DefaultFormulaParser().get_ast(text)))
            terms = formulaic.Formula(text)
    except FormulaError:
        raise
    except failures:
        raise FormulaError(f"The right side can't be read: {_short(text)}") from None
    _computed(terms)
    return terms


def written_terms(terms: Any) -> list[str]:
    """Write formulaic's terms out again.

    Parameters
    ----------
    terms : formulaic.Formula
        A right side.

    Returns
    -------
    list of str
        One text a term, "1" for the intercept.
    """
    return [":".join(_written(factor) for factor in term.factors) for term in terms]


def term_variables(source: Any) -> set[str]:
    """Find the columns of the frame that terms use.

    Parameters
    ----------
    source : formulaic.Formula or formulaic.ModelSpec
        A right side, or the encoding a fit left.

    Returns
    -------
    set of str
        Column names.

    Raises
    ------
    FormulaError
        If a term is not one a formula may hold.
    """
    computed = (found.columns for found in _computed(source).values())
    return set(_looked_up(source)).union(*computed)


def coded_columns(source: Any) -> set[str]:
    """Find the columns that terms use as categories only.

    Parameters
    ----------
    source : formulaic.Formula or formulaic.ModelSpec
        A right side, or the encoding a fit left.

    Returns
    -------
    set of str
        Column names.
    """
    computed = _computed(source).values()
    coded = {name for found in computed for name in found.coded}
    others = {name for found in computed for name in found.columns - found.coded}
    return coded - others - set(_looked_up(source))


def fit_formulaic_terms(terms: Any, frame: pd.DataFrame) -> tuple[NDArray[np.float64], Any]:
    """Build the design columns of a right side.

    Parameters
    ----------
    terms : formulaic.Formula
        What to build.
    frame : pandas.DataFrame
        Rows without missing values.

    Returns
    -------
    tuple
        The design, and formulaic's encoding.

    Raises
    ------
    FormulaError
        If a term can't be computed.
    DataError
        If the terms ask for more columns than can be fitted.
    """
    computed = _computed(terms)
    frame = _used_levels(frame)
    counts = {
        text: prod(_count_levels(factor, frame, computed) for factor in term.factors)
        for text, term in zip(written_terms(terms), terms, strict=True)
    }
    refuse_many_columns(counts, len(frame))
    return _matrix(terms, _floating(frame, computed))


def encode_formulaic_terms(spec: Any, frame: pd.DataFrame) -> NDArray[np.float64]:
    """Encode new rows exactly as the rows of a fit.

    Parameters
    ----------
    spec : formulaic.ModelSpec
        The encoding the fit left.
    frame : pandas.DataFrame
        New rows without missing values.

    Returns
    -------
    ndarray of shape (m, p)
        Design of the new rows.

    Raises
    ------
    DataError
        If a category was not among those of the fit, or a term can't be computed for them.
    """
    return _matrix(spec, _floating(_plain(frame), _computed(spec)))[0]


def _factors(source: Any) -> dict[str, str]:
    """List the factors of terms, and how formulaic gets each."""
    terms = source if hasattr(source, "__iter__") else source.formula
    return {str(factor.expr): factor.eval_method.value for term in terms for factor in term.factors}


def _looked_up(source: Any) -> list[str]:
    return [text for text, how in _factors(source).items() if how == "lookup"]


def _computed(source: Any) -> dict[str, Computed]:
    """Read the expressions in terms; one that is not on the closed list is refused."""
    found = {text: how for text, how in _factors(source).items() if how != "lookup"}
    return {text: read_expression(text) for text, how in found.items() if how != "literal"}


def _written(factor: Any) -> str:
    text = str(factor.expr)
    looked_up = factor.eval_method.value == "lookup"
    return f"`{text}`" if looked_up and plain_name(text) is None else text


def _count_levels(factor: Any, frame: pd.DataFrame, computed: dict[str, Computed]) -> int:
    call = called(str(factor.expr))
    name = call[1][0] if call and call[0] == "C" and call[1] else str(factor.expr)
    column = frame.get(plain_name(name) or name)
    if column is None or (call is None and pd.api.types.is_numeric_dtype(column.dtype)):
        return computed[str(factor.expr)].size if str(factor.expr) in computed else 1
    return int(column.nunique())


def _floating(frame: pd.DataFrame, computed: dict[str, Computed]) -> pd.DataFrame:
    """Make whole numbers floating: their powers and differences overflow without a word."""
    coded = {name for found in computed.values() for name in found.coded}
    for name in sorted({name for found in computed.values() for name in found.numeric}):
        if not pd.api.types.is_numeric_dtype(frame[name].dtype):
            raise FormulaError(f'"{name}" holds no numbers, so it can\'t be computed with.')
    whole = {
        str(name): column.astype(np.float64)
        for name, column in frame.items()
        if name not in coded and isinstance(column.dtype, np.dtype) and column.dtype.kind in "iub"
    }
    return frame.assign(**whole) if whole else frame


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"


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
    from formulaic.errors import DataMismatchWarning, FormulaicError

    try:
        # Values that are not finite, as those of log(0), are refused in words once all are there.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error", DataMismatchWarning)
            matrix = source.get_model_matrix(frame, context=_ADDED, na_action="ignore")
            return matrix.to_numpy(dtype=np.float64), matrix.model_spec
    except DataMismatchWarning:
        raise DataError(
            "A column holds categories the fit has not seen: leave those rows out, or refit."
        ) from None
    except (FormulaicError, *_FAILURES):
        raise _failure(source) from None


def _failure(source: Any) -> Exception:
    """Say which terms may be at fault; what was raised may hold a cell of the data."""
    texts = list(_computed(source))
    named = ", ".join(texts[:3]) + (" …" if len(texts) > 3 else "")
    which = f"A term can't be computed{': ' if named else ''}{named}"
    if hasattr(source, "__iter__"):
        return FormulaError(
            f"{which}; check the numbers and levels written in the term, and that its columns "
            "suit it."
        )
    return DataError(
        f"{which}; new rows must hold the kinds of values the fit had, and lie inside their "
        "range for splines."
    )
