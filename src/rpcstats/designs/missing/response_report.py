"""The model of who answers as a table, and what its weights rest on in words."""

from typing import Any, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import normal_quantile, two_sided_p
from rpcstats._vocabulary import TIDY
from rpcstats._wording import number, percent
from rpcstats.designs.missing._response_model import ResponseFit
from rpcstats.designs.missing.ratings import Booleans, Floats
from rpcstats.tables.summary import counted

SMALL_CHANCE: Final = 0.05
"""Chances of answering below this are told: one parent then stands for more than twenty."""


def coefficient_table(fit: ResponseFit, names: tuple[str, ...]) -> pd.DataFrame:
    """Give the coefficients of the model of who answers, with limits.

    Parameters
    ----------
    fit : ResponseFit
        The model.
    names : tuple of str
        Of its columns.

    Returns
    -------
    DataFrame
        Columns `TIDY`.
    """
    error = np.sqrt(np.diag(fit.covariance))
    half = normal_quantile(0.95) * error
    columns: dict[str, Any] = dict(zip(TIDY, (
        list(names), fit.alpha, error, fit.alpha / error, np.inf,
        two_sided_p(fit.alpha / error), fit.alpha - half, fit.alpha + half,
    ), strict=True))  # fmt: skip
    return pd.DataFrame(columns)


def weight_remarks(
    answered: Booleans, left: Booleans, chance: Floats, weight: Floats
) -> tuple[str, ...]:
    """Say what the weights rest on.

    Parameters
    ----------
    answered, left : ndarray of bool, shape (n,)
        Who gave a rating of the end; who left.
    chance, weight : ndarray of shape (n,)
        Chance of answering by the model, and the weight.

    Returns
    -------
    tuple of str
        Plain sentences.
    """
    size = weight.sum() ** 2 / (weight @ weight)
    told = [
        f"{counted(int(answered.sum()), 'parent')} of {len(answered):,} gave a rating of the end;"
        f" weighted, they tell as much as {size:.0f} would."
    ]
    if left.any():
        told.append(
            f"The {int(left.sum()):,} who left are stood for by the"
            f" {int(answered[left].sum()):,} of them who answered."
        )
    if rare := float((chance < SMALL_CHANCE).mean()):
        told.append(
            f"{percent(rare)} of parents have a chance of answering below"
            f" {number(SMALL_CHANCE)}, so that single answers weigh much."
        )
    return tuple(told)
