"""Constants that may stand in a formula."""

import ast

# Splines and polynomials of more columns are slips of the pen; so are longer lists.
MAX_SIZE = 100
# Stands in for a column in backticks while an expression is read.
PLACEHOLDER = "_quoted_column_"

# Larger numbers have no floating-point value.
_LARGEST = 1e300
# Whole numbers raised to more than this grow without bound before any column is met.
_LARGEST_BASE, _LARGEST_EXPONENT = 1e6, 64


class RefusedError(Exception):
    """An expression holds something that is not on the closed list."""


def check_list(node: ast.List | ast.Tuple, *, words: bool = False, nested: bool = False) -> None:
    """Check a list of constants.

    Parameters
    ----------
    node : ast.List or ast.Tuple
        The list.
    words : bool
        Whether texts are allowed beside numbers.
    nested : bool
        Whether lists are allowed in the list.

    Raises
    ------
    RefusedError
        If it is too long, or holds anything else.
    """
    if len(node.elts) > MAX_SIZE:
        raise RefusedError(f"a list in a formula has at most {MAX_SIZE} entries")
    for value in node.elts:
        if nested and isinstance(value, (ast.List, ast.Tuple)):
            check_list(value)
        elif not (words and isinstance(value, ast.Constant) and is_word(value)):
            plain_number(value)


def check_number(node: ast.Constant) -> None:
    """Check a number.

    Parameters
    ----------
    node : ast.Constant
        A constant.

    Raises
    ------
    RefusedError
        If it is no number, or one too large.
    """
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST:
        raise RefusedError


def is_word(node: ast.Constant) -> bool:
    """Tell a level of a factor.

    Parameters
    ----------
    node : ast.Constant
        A constant.

    Returns
    -------
    bool
        Whether it is a truth value, or a text without the marks of a quoted column.
    """
    text = node.value
    if isinstance(text, str):
        return "`" not in text and PLACEHOLDER not in text
    return isinstance(text, bool)


def plain_number(node: ast.expr) -> float:
    """Read a number with its sign.

    Parameters
    ----------
    node : ast.expr
        What stands where a number belongs.

    Returns
    -------
    float
        The number.

    Raises
    ------
    RefusedError
        If it is none.
    """
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
        size = plain_number(node.operand)
        return -size if isinstance(node.op, ast.USub) else size
    if not isinstance(node, ast.Constant):
        raise RefusedError
    check_number(node)
    return float(node.value)  # type: ignore[arg-type]


def check_power(node: ast.BinOp) -> None:
    """Refuse powers of whole numbers that no column makes floating-point numbers of.

    Parameters
    ----------
    node : ast.BinOp
        A power.

    Raises
    ------
    RefusedError
        If it could grow without bound.
    """
    sides = (node.left, node.right)
    constant = [not any(isinstance(part, ast.Name) for part in ast.walk(side)) for side in sides]
    if not any(constant):
        return
    for side, is_constant in zip(sides, constant, strict=True):
        if is_constant and any(isinstance(part, ast.Pow) for part in ast.walk(side)):
            raise RefusedError("a power of a power of numbers grows without bound")
    if all(constant):
        base, exponent = map(plain_number, sides)
        if abs(base) > _LARGEST_BASE or abs(exponent) > _LARGEST_EXPONENT:
            raise RefusedError("a power in it is too large")
