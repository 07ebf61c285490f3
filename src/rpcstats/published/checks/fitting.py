"""Which of many bases allow a percentage, and by which way of rounding."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rpcstats.published.checks._rounding import MULTIPLES, IntArray, Rounding, feasible_shares
from rpcstats.published.checks.bases import Candidates
from rpcstats.published.checks.shares import feasible
from rpcstats.published.checks.spread import parse_figure
from rpcstats.published.statements import Statement


def fitting(
    statement: Statement, candidates: Candidates, rules: Sequence[Rounding]
) -> IntArray:  # fmt: skip
    """Tell by which way of rounding each base allows a percentage.

    Parameters
    ----------
    statement : Statement
        The percentage.
    candidates : Candidates
        Its bases.
    rules : sequence of str
        Ways of rounding, the likeliest first.

    Returns
    -------
    ndarray of int, shape (n_bases,)
        Place in `rules` of the first that does; -1 where none does. A base that is but "about so
        many" allows everything.
    """
    found = np.full(len(candidates), -1, dtype=np.int64)
    for place in reversed(range(len(rules))):
        found[_allowing(statement, candidates, rules[place])] = place
    found[~candidates.is_exact] = 0
    return found


def _allowing(
    statement: Statement, candidates: Candidates, rule: Rounding
) -> NDArray[np.bool_]:  # fmt: skip
    digits, decimals = parse_figure(statement.text)
    if statement.numerator is not None:
        return _of_numerator(statement.text, statement.numerator, candidates, rule)
    # Of more people than this the counts lie closer than printed percentages do.
    n = np.minimum(candidates.n, 200 * 10**decimals + 1)
    first, last = feasible_shares(np.full_like(n, digits), decimals, n, rule)
    allows: NDArray[np.bool_] = first <= last
    return allows


def _of_numerator(
    text: str, k: int, candidates: Candidates, rule: Rounding
) -> NDArray[np.bool_]:  # fmt: skip
    """Look only at bases of which the count is about such a share."""
    step = float(MULTIPLES.get(rule, 10.0 ** -parse_figure(text)[1]))
    allows = np.abs(100.0 * k / candidates.n - float(text)) <= 1.01 * step
    for place in np.flatnonzero(allows):
        first, last = feasible(text, candidates.bases[place].n, rule)
        allows[place] = first <= k <= last
    return allows
