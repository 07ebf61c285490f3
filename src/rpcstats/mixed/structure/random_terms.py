"""Random terms of a formula, `(… | g)`, written out one expression and one factor at a time."""

import re
from dataclasses import dataclass

from rpcstats.errors import FormulaError
from rpcstats.formula import Formula, RandomTerm, parse_formula
from rpcstats.formula.design import fixed_terms

_NAME = r"(?:[^\W\d]\w*|`[^`]+`)"
_GROUP = re.compile(rf"{_NAME}(?:\s*[:/]\s*{_NAME})*")
_PIECE = re.compile(rf"({_NAME})|([:/])")


@dataclass(frozen=True, slots=True)
class EffectTerm:
    """Effects of one factor that may be correlated with each other and with no others.

    Attributes
    ----------
    text : str
        The random term it comes from, such as "1 + session || council/group_id".
    expression : Formula
        What varies, as the right side of a formula.
    columns : tuple of str
        Columns whose combinations are the levels.
    """

    text: str
    expression: Formula
    columns: tuple[str, ...]


def read_random_terms(formula: Formula) -> tuple[EffectTerm, ...]:
    """Write the random terms of a formula out.

    ``(x | a/b)`` stands for ``(x | a) + (x | a:b)``. ``(1 + x + f || g)`` stands for
    ``(1 | g) + (0 + x | g) + (0 + f | g)``, as in lme4 1.1-31: each term of the expression is
    independent of the others, but the columns of one factor `f` stay correlated among
    themselves and the factor has one column a level.

    Parameters
    ----------
    formula : Formula
        A formula taken apart.

    Returns
    -------
    tuple of EffectTerm
        In the order written.

    Raises
    ------
    FormulaError
        If there is no random term, or one can't be read.
    """
    if not formula.random:
        raise FormulaError(
            "The formula has no random term such as (1 | group): without one use statsmodels' "
            "OLS or GLM."
        )
    return tuple(
        EffectTerm(term_text(random), expression, columns)
        for random in formula.random
        for columns in _factors(random)
        for expression in _expressions(random)
    )


def term_text(random: RandomTerm) -> str:
    """Write a random term as the formula does, without the brackets.

    Parameters
    ----------
    random : RandomTerm
        The term.

    Returns
    -------
    str
        A text such as "1 + session | group_id".
    """
    return f"{random.expression} {'|' if random.correlated else '||'} {random.group}"


def _factors(random: RandomTerm) -> list[tuple[str, ...]]:
    if not _GROUP.fullmatch(random.group):
        raise FormulaError(
            f"A grouping factor is a column, a:b or a/b; this one can't be read: {random.group}. "
            "Write crossed factors as terms of their own, (1 | a) + (1 | b)."
        )
    nested: list[tuple[str, ...]] = [()]
    for name, operator in _PIECE.findall(random.group):
        if operator == "/":
            nested.append(nested[-1])
        elif name:
            nested[-1] = tuple(dict.fromkeys((*nested[-1], name.strip("`"))))
    return list(dict.fromkeys(nested))


def _expressions(random: RandomTerm) -> list[Formula]:
    whole = parse_formula(f"~ {random.expression}")
    if whole.strata or whole.cluster or whole.offset or whole.random:
        raise FormulaError(
            f"A random term takes columns and functions of them only: ({term_text(random)})"
        )
    intercept, terms = fixed_terms(whole)
    if not intercept and not terms:
        raise FormulaError(
            f"({term_text(random)}) has no effect: write (1 | group) or (0 + x | group)."
        )
    if random.correlated:
        return [whole]
    alone = ["1"] * intercept + [f"0 + {term}" for term in terms]
    return [parse_formula(f"~ {expression}") for expression in alone]
