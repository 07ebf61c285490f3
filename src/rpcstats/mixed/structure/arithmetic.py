"""Arithmetic on columns, as in `log(score)`, `n - k` or `offset(log(weeks))`."""

import ast
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import FormulaError
from rpcstats.formula.pieces import plain_name

FloatArray = NDArray[np.float64]

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "exp": np.exp,
    "expm1": np.expm1,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "I": np.asarray,
}
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.USub: np.negative,
    ast.UAdd: np.positive,
}
# Larger whole numbers have no floating-point value.
_LARGEST = 1e300
_QUOTED = re.compile(r"`([^`]+)`")


def columns_used(text: str) -> tuple[str, ...]:
    """List the columns an expression uses.

    Parameters
    ----------
    text : str
        A column name or arithmetic on columns.

    Returns
    -------
    tuple of str
        Column names.

    Raises
    ------
    FormulaError
        If the expression can't be read.
    """
    name = plain_name(text)
    if name is not None:
        return (name,)
    tree, quoted = _tree(text)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [
        quoted.get(node.id, node.id)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in called
    ]
    return tuple(dict.fromkeys(names))


def evaluate(text: str, frame: pd.DataFrame) -> pd.Series | FloatArray:
    """Compute an expression.

    Parameters
    ----------
    text : str
        A column name or arithmetic on columns.
    frame : pandas.DataFrame
        The columns.

    Returns
    -------
    pandas.Series or ndarray
        The column as it is, or the numbers computed; not finite where log(0) and the like are.

    Raises
    ------
    FormulaError
        If the expression can't be read, or a column in it holds no numbers.
    """
    name = plain_name(text)
    if name is not None:
        return frame[name]
    tree, quoted = _tree(text)
    # Values that are not finite are found, counted and refused where the result is used.
    with np.errstate(all="ignore"):
        try:
            value = _value(tree.body, frame, quoted)
        except RecursionError:
            raise _unreadable(text) from None
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (len(frame),))


def _tree(text: str) -> tuple[ast.Expression, dict[str, str]]:
    quoted: dict[str, str] = {}

    def rename(match: re.Match[str]) -> str:
        quoted[f"_quoted_{len(quoted)}"] = match.group(1)
        return f"_quoted_{len(quoted) - 1}"

    try:
        tree = ast.parse(_QUOTED.sub(rename, text).strip().replace("^", "**"), mode="eval")
    except (SyntaxError, RecursionError, MemoryError):
        raise _unreadable(text) from None
    allowed = (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Call, ast.Expression)
    for node in ast.walk(tree):
        is_sign = isinstance(node, ast.operator | ast.unaryop) and type(node) in _OPERATORS
        if not (is_sign or (isinstance(node, (*allowed, ast.expr_context)) and _is_known(node))):
            raise _unreadable(text)
    return tree, quoted


def _is_known(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        one = len(node.args) == 1 and not node.keywords
        return one and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
    if not isinstance(node, ast.Constant):
        return True
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= _LARGEST


def _value(node: ast.expr, frame: pd.DataFrame, quoted: dict[str, str]) -> Any:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Call):
        return _FUNCTIONS[node.func.id](_value(node.args[0], frame, quoted))  # type: ignore[attr-defined]
    if isinstance(node, ast.UnaryOp):
        return _OPERATORS[type(node.op)](_value(node.operand, frame, quoted))
    if isinstance(node, ast.BinOp):
        sides = [_value(side, frame, quoted) for side in (node.left, node.right)]
        return _OPERATORS[type(node.op)](*sides)
    assert isinstance(node, ast.Name)
    name = quoted.get(node.id, node.id)
    if not pd.api.types.is_numeric_dtype(frame[name].dtype):
        raise FormulaError(f'"{name}" holds no numbers, so it can\'t be computed with.')
    return frame[name].to_numpy(dtype=np.float64)


def _unreadable(text: str) -> FormulaError:
    shown = text if len(text) <= 60 else f"{text[:60]}…"
    return FormulaError(
        f"This can't be computed: {shown}. Use columns, numbers, + - * / ^ and "
        f"{', '.join(f'{name}()' for name in _FUNCTIONS)}."
    )
