"""What a reader should know of data that can be fitted."""

import re

import numpy as np

from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray
from rpcstats.mixed.structure.response import Response, ResponseKind

# Ratio of spreads of predictors worth a remark; lme4 warns at a thousand.
_WIDE_SCALES = 1e4
_HEAD = 4096


def random_remarks(blocks: tuple[Block, ...], kind: ResponseKind, response: Response) -> list[str]:
    """Say what is unusual in the random effects, though they can be fitted.

    Parameters
    ----------
    blocks : tuple of Block
        The random effects.
    kind : str
        What the response is.
    response : Response
        The response.

    Returns
    -------
    list of str
        Plain sentences.
    """
    one_trial = kind in ("ordinal", "positive", "unit") or (
        kind == "binomial" and response.weights is None
    )
    remarks = []
    for block in blocks:
        if block.n_level == len(block.codes) and one_trial:
            remarks.append(
                f'"{block.group}" has a level of its own for every row: the data hardly tell its '
                "variance."
            )
            continue
        if kind != "gaussian" and block.n_level * block.n_effect > len(block.codes):
            remarks.append(
                f'There are more effects of "{block.group}" than rows: the data hardly tell how '
                "they vary together."
            )
        remarks += dict.fromkeys(
            f'"{plain_effect(effect)}" never varies within a level of "{block.group}": its random '
            "effect rests on differences between levels alone."
            for effect, column in zip(block.effects, block.Z.T, strict=True)
            if effect != "Intercept" and not varies_within(column, block.codes, block.n_level)
        )
    return remarks + _twin_remarks(blocks)


def plain_effect(name: str) -> str:
    """Leave the levels out of the name of a random effect.

    Parameters
    ----------
    name : str
        Such as "session:mode[T.online]".

    Returns
    -------
    str
        Such as "session:mode".
    """
    return re.sub(r"\[[^]]*\]", "", name)


def varies_within(column: FloatArray, codes: IntArray, n_level: int) -> bool:
    """Tell whether a column differs between rows of one level.

    Parameters
    ----------
    column : ndarray of shape (n,)
        Any numbers.
    codes : ndarray of shape (n,), int
        Level of each row.
    n_level : int
        Number of levels.

    Returns
    -------
    bool
        False if it has one value within every level.
    """
    of_level = np.zeros(n_level)
    for rows in (slice(_HEAD), slice(None)):
        of_level[codes[rows]] = column[rows]
        if (of_level[codes[rows]] != column[rows]).any():
            return True
    return False


def _twin_remarks(blocks: tuple[Block, ...]) -> list[str]:
    remarks = []
    for place, block in enumerate(blocks):
        for other in blocks[:place]:
            same = block.n_level == other.n_level and set(block.effects) & set(other.effects)
            if same and not varies_within(
                block.codes.astype(np.float64), other.codes, other.n_level
            ):
                remarks.append(
                    f'"{other.group}" and "{block.group}" split the rows alike: only the sum of '
                    "their variances can be told; leave one out."
                )
    return remarks


def fixed_remarks(
    dropped: tuple[str, ...], names: tuple[str, ...], spread: FloatArray
) -> list[str]:
    """Say what is unusual in the fixed effects, though they can be fitted.

    A column of a factor is named by its level, "mode[T.online]", as in every table of
    coefficients: without it a reader could not tell which comparison is left out. Levels of
    grouping factors, which may be people, and of random effects are never named.

    Parameters
    ----------
    dropped : tuple of str
        Columns that others determine.
    names : tuple of str
        Columns kept.
    spread : ndarray of shape (p,)
        Their standard deviations.

    Returns
    -------
    list of str
        Plain sentences.
    """
    remarks = []
    if dropped:
        are = "are" if len(dropped) > 1 else "is"
        them = "them" if len(dropped) > 1 else "it"
        remarks.append(
            f"{', '.join(dropped)} {are} left out of the fixed effects: the other columns "
            f"determine {them}."
        )
    measured = [
        size for name, size in zip(names, spread, strict=True) if "[" not in name and size > 0
    ]
    if measured and max(measured) > _WIDE_SCALES * min(measured):
        remarks.append(
            "The predictors are on very different scales: another unit for some would make the "
            "coefficients easier to read."
        )
    return remarks
