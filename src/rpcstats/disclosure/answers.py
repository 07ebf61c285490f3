"""Answers to a question that nearly all have in common: a bound in place of a withheld count."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ANSWER, BASE, BASE_LABEL, ITEM, N
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import possible_counts
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.protected import whole_counts
from rpcstats.disclosure.reader import BoolArray, is_small
from rpcstats.disclosure.shares import PERCENT_DIGITS, Shares, has_share

SLACK: Final = 1e-9
"""Keeps a whole percent from falling to the one below by a last binary digit."""


def holds_answers(frame: pd.DataFrame) -> bool:
    """Tell whether a table counts answers to questions.

    Parameters
    ----------
    frame : DataFrame
        Counts with their labels.

    Returns
    -------
    bool
        True if it has columns item, answer and base_label.
    """
    return {ITEM, ANSWER, BASE_LABEL} <= set(frame.columns)


def nearly_all(
    frame: pd.DataFrame, base: FloatArray, hidden: BoolArray, policy: DisclosurePolicy
) -> tuple[BoolArray, BoolArray]:
    """Find answers that are withheld because few did not give them, and hide the others.

    Parameters
    ----------
    frame : DataFrame
        True counts of answers: columns item, answer, base_label, n and base.
    base : ndarray of shape (rows,)
        Rounded bases; NaN where withheld.
    hidden : ndarray of bool, shape (rows,)
        Where n is withheld so far.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    common : ndarray of bool, shape (rows,)
        Answers of which a least share may be told.
    hidden : ndarray of bool, shape (rows,)
        Also the other answers of their questions. That nobody gave one of them would leave fewer
        values for the rest, and that somebody gave each would as well.
    """
    n, m = (whole_counts(frame[name], name) for name in (N, BASE))
    common = hidden & is_small(m - n, policy) & has_share(base, base, policy)
    question = frame[ITEM].astype(str) + "\x1f" + frame[BASE_LABEL].astype(str)
    beside = question.isin(question[common]).to_numpy()
    return common, hidden | beside


def with_bounds(
    told: Shares, base: FloatArray, common: BoolArray, policy: DisclosurePolicy
) -> Shares:
    """Give the least share of answers that nearly all gave.

    Parameters
    ----------
    told : Shares
        Of all rows.
    base : ndarray of shape (rows,)
        Rounded bases.
    common : ndarray of bool, shape (rows,)
        Which answers these are.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    Shares
        With least, to the percent below, and most, which is 1.

    Notes
    -----
    What is told is that fewer than the threshold did not answer so: at least one if a full base
    may be shown, perhaps none if that is disclosive too (class disclosure). The share is that of
    threshold - 1 left of the smallest base that fits, so that it is one number for all of them and
    a function of the rounded base.
    """
    fewest, _ = possible_counts(base, policy.round_to, policy.rounding)
    fewest = np.maximum(fewest, policy.threshold)
    scale = 10.0**PERCENT_DIGITS
    least = np.floor((1.0 - (policy.threshold - 1) / fewest) * scale + SLACK) / scale
    return replace(
        told, least=np.where(common, least, told.least), most=np.where(common, 1.0, told.most)
    )


def bound_actions(common: BoolArray, policy: DisclosurePolicy) -> tuple[str, ...]:
    """Say what was done about answers that nearly all gave.

    Parameters
    ----------
    common : ndarray of bool, shape (rows,)
        Which answers these are.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    tuple of str
        One sentence, or none.
    """
    if not common.any():
        return ()
    none = ", or none," if policy.zeros_disclosive else ""
    return (
        f"Where fewer than {policy.threshold}{none} did not give an answer, only the least share"
        " that gave it is told.",
    )
