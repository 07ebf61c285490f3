"""The closed list of what a formula may compute, checked before anything is run."""

import ast
import re
import warnings
from typing import NamedTuple

from rpcstats.errors import FormulaError
from rpcstats.formula.allowed_constants import (
    MAX_SIZE,
    PLACEHOLDER,
    RefusedError,
    check_list,
    check_number,
    check_power,
    is_word,
    plain_number,
)

SIZES = frozenset({"df", "degree"})
TRANSFORMS: dict[str, frozenset[str]] = {
    "center": frozenset(),
    "scale": frozenset({"center", "scale", "ddof"}),
    "standardize": frozenset({"center", "rescale", "ddof"}),
    "poly": frozenset({"degree", "raw"}),
    "bs": SIZES | {"knots", "include_intercept", "lower_bound", "upper_bound", "extrapolation"},
    **dict.fromkeys(
        ("cr", "cs", "cc"),
        frozenset({"df", "knots", "lower_bound", "upper_bound", "constraints", "extrapolation"}),
    ),
}
_ARITHMETIC = ("I", "log", "log2", "log10", "log1p", "exp", "expm1", "sqrt", "abs")
_CONTRASTS: dict[str, frozenset[str]] = {
    "contr.treatment": frozenset({"base"}),
    "contr.SAS": frozenset({"base"}),
    "contr.sum": frozenset(),
    "contr.helmert": frozenset({"reverse", "scale"}),
    "contr.diff": frozenset({"backward"}),
    "contr.poly": frozenset({"scores"}),
    "contr.custom": frozenset({"contrasts", "names"}),
    "Treatment": frozenset({"reference"}),
    "Sum": frozenset(),
    "Helmert": frozenset({"reverse", "scale"}),
    "Diff": frozenset({"backward"}),
    "Poly": frozenset({"scores"}),
}
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_WORDS = frozenset({"raise", "clip", "na", "zero", "extend", "center"})

_MAX_TEXT = 1_000
_QUOTED = re.compile(r"`([^`]+)`")


class Computed(NamedTuple):
    """What an expression computes with.

    Attributes
    ----------
    columns : frozenset of str
        Columns it uses.
    numeric : frozenset of str
        Those of them that have to hold numbers.
    coded : frozenset of str
        Those of them it codes as categories.
    size : int
        Largest number of columns asked for in a call such as ``poly(x, 3)``; 1 if none is.
    """

    columns: frozenset[str]
    numeric: frozenset[str]
    coded: frozenset[str]
    size: int


def read_expression(text: str) -> Computed:
    """Check that an expression holds nothing but what a formula may compute.

    Parameters
    ----------
    text : str
        One factor of a term, such as ``log(x)``, ``poly(x, 2)`` or ``C(f, contr.sum)``.

    Returns
    -------
    Computed
        The columns it uses, and how.

    Raises
    ------
    FormulaError
        If it holds anything else: other functions, attributes, indices, or numbers that would
        take too long.
    """
    quoted: list[str] = []

    def rename(match: re.Match[str]) -> str:
        quoted.append(match.group(1))
        return f" {PLACEHOLDER}{len(quoted) - 1} "

    reader = _Reader()
    try:
        if len(text) > _MAX_TEXT or PLACEHOLDER in text:
            raise RefusedError
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(_QUOTED.sub(rename, text).strip(), mode="eval")
        # The library that computes the term takes a quote inside backticks for a text.
        if any("'" in name or '"' in name for name in quoted):
            raise RefusedError("rename the column whose name has a quotation mark in it")
        reader.read(tree.body)
    except (RefusedError, SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        raise _refusal(text, str(fault) if isinstance(fault, RefusedError) else "") from None
    named = {f"{PLACEHOLDER}{place}": name for place, name in enumerate(quoted)}
    columns, numeric, coded = (
        frozenset(named.get(name, name) for name in found)
        for found in (reader.columns, reader.numeric, reader.coded)
    )
    return Computed(columns, numeric, coded, reader.size)


class _Reader:
    """A walk down an expression, which ends at the first thing not on the list."""

    def __init__(self) -> None:
        self.columns: set[str] = set()
        self.numeric: set[str] = set()
        self.coded: set[str] = set()
        self.size = 1

    def read(self, node: ast.expr) -> None:
        if isinstance(node, ast.Call) and _name(node.func) == "C":
            self._read_categories(node)
        elif isinstance(node, ast.Name):
            self.columns.add(node.id)
        else:
            self._read_numbers(node)

    def _read_numbers(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name):
            self.columns.add(node.id)
            self.numeric.add(node.id)
        elif isinstance(node, ast.Constant):
            check_number(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATORS):
            if isinstance(node.op, ast.Pow):
                check_power(node)
            self._read_numbers(node.left)
            self._read_numbers(node.right)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
            self._read_numbers(node.operand)
        elif isinstance(node, ast.Compare):
            self._read_comparison(node)
        elif isinstance(node, ast.Call):
            self._read_call(node)
        else:
            raise RefusedError

    def _read_comparison(self, node: ast.Compare) -> None:
        if len(node.ops) != 1 or not isinstance(node.ops[0], _COMPARISONS):
            raise RefusedError
        for side in (node.left, node.comparators[0]):
            if isinstance(side, ast.Name):
                self.columns.add(side.id)
            elif not (isinstance(side, ast.Constant) and is_word(side)):
                self._read_numbers(side)

    def _read_call(self, node: ast.Call) -> None:
        name = _name(node.func)
        if name in _ARITHMETIC:
            if len(node.args) != 1 or node.keywords:
                raise RefusedError
            if name == "I":
                self.read(node.args[0])
            else:
                self._read_numbers(node.args[0])
            return
        if name not in TRANSFORMS or not node.args:
            raise RefusedError
        self._read_numbers(node.args[0])
        for setting in node.args[1:]:
            self._read_setting(setting, is_size=not isinstance(setting, (ast.List, ast.Tuple)))
        for keyword in node.keywords:
            if keyword.arg not in TRANSFORMS[name]:
                raise RefusedError
            self._read_setting(keyword.value, is_size=keyword.arg in SIZES)

    def _read_setting(self, node: ast.expr, *, is_size: bool) -> None:
        """Read what tells a transform how: a number, a list of numbers or a word."""
        if isinstance(node, (ast.List, ast.Tuple)):
            check_list(node)
            self.size = max(self.size, len(node.elts) + 4)
            return
        if isinstance(node, ast.Constant) and (
            node.value is None or isinstance(node.value, bool) or node.value in _WORDS
        ):
            return
        value = plain_number(node)
        if is_size:
            if not 0 <= value <= MAX_SIZE:
                raise RefusedError(f"a spline or polynomial has at most {MAX_SIZE} columns")
            self.size = max(self.size, int(value))

    def _read_categories(self, node: ast.Call) -> None:
        if not 1 <= len(node.args) <= 2:
            raise RefusedError
        if isinstance(node.args[0], ast.Name):
            self.columns.add(node.args[0].id)
            self.coded.add(node.args[0].id)
        else:
            self._read_numbers(node.args[0])
        for contrasts in node.args[1:]:
            _check_contrasts(contrasts)
        for keyword in node.keywords:
            if keyword.arg == "contrasts":
                _check_contrasts(keyword.value)
            elif keyword.arg == "levels" and isinstance(keyword.value, (ast.List, ast.Tuple)):
                check_list(keyword.value, words=True)
            else:
                raise RefusedError


def _check_contrasts(node: ast.expr) -> None:
    """Check a name such as ``contr.sum``, or a call of it with constants."""
    called = node.func if isinstance(node, ast.Call) else node
    name = _name(called)
    if name not in _CONTRASTS:
        raise RefusedError
    if not isinstance(node, ast.Call):
        return
    if any(keyword.arg not in _CONTRASTS[name] for keyword in node.keywords):
        raise RefusedError
    for value in (*node.args, *(keyword.value for keyword in node.keywords)):
        if isinstance(value, (ast.List, ast.Tuple)):
            check_list(value, words=True, nested=True)
        elif not (isinstance(value, ast.Constant) and is_word(value)):
            plain_number(value)


def _name(node: ast.expr) -> str:
    """Give the name of a function, or of a contrast; nothing for any other attribute."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"contr.{node.attr}" if node.value.id == "contr" else ""
    return ""


def _refusal(text: str, reason: str) -> FormulaError:
    shown = " ".join(text.split())
    shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
    if reason:
        return FormulaError(f"This can't be computed: {shown}; {reason}.")
    functions = ", ".join(f"{name}()" for name in (*_ARITHMETIC, *TRANSFORMS))
    return FormulaError(
        f"This can't be computed: {shown}; a formula takes columns, numbers, + - * / // % **, "
        f"comparisons, {functions}, C() with contr.sum and the like, and no other Python."
    )
