"""Precision of a completion rate and power of a comparison, by number of starters."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Final

import pandas as pd

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import ReleaseKind
from rpcstats.errors import ParameterError

_SOURCE: Final = "Calculation from stated assumptions; it holds no data of any person"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PrecisionPlan:
    """Precision and power for a list of study sizes.

    Attributes
    ----------
    completion, dropout, share, icc, group_size, conf_level
        The assumptions, as given to `precision_and_power`.
    design_effect : float
        ``1 + (group_size - 1) * icc``: how much clustering inflates a variance.
    release_kind : str
        ``"published"``: computed from assumptions only.
    """

    completion: float
    dropout: tuple[float, float]
    share: float
    icc: float
    group_size: float
    conf_level: float
    design_effect: float
    _frame: pd.DataFrame
    release_kind: ReleaseKind = "published"

    def tidy(self) -> pd.DataFrame:
        """Give one row per study size.

        Returns
        -------
        DataFrame
            ``starters``, ``half_width`` (of the interval of the completion rate, as a
            proportion), ``power`` (of the comparison) and ``source``.
        """
        return self._frame.copy()


def precision_and_power(
    starters: Sequence[int] = (10, 30, 60, 120, 600, 2800),
    *,
    completion: float = 0.73,
    dropout: tuple[float, float] = (0.25, 0.319),
    share: float = 0.15,
    icc: float = 0.05,
    group_size: float = 8.0,
    conf_level: float = 0.95,
) -> PrecisionPlan:
    """Compute what a number of starters can tell about completion and about two groups.

    Parameters
    ----------
    starters : sequence of int
        Numbers of people who started.
    completion : float
        Completion rate assumed when the half-width is worked out.
    dropout : tuple of float
        Dropout in the larger and in the smaller of two groups compared.
    share : float
        Share of starters in the smaller group.
    icc : float
        Intra-class correlation of course groups on the proportion scale.
    group_size : float
        Mean number of starters in a course group.
    conf_level : float
        Level of the interval; ``1 - conf_level`` is the size of the test.

    Returns
    -------
    PrecisionPlan
        One row per number of starters.

    Raises
    ------
    ParameterError
        If a proportion is outside (0, 1), a size is not positive, or the two dropout
        rates are equal.

    Notes
    -----
    The half-width is ``z * sqrt(p * (1 - p) * deff / n)`` with the design effect of
    Kish (1965). Power is that of the two-sided z test of two proportions with
    unpooled variance; it leaves clustering out, so it is the most the design can offer
    when groups mix both kinds of parent.
    """
    _refuse(starters, completion, dropout, share, icc, group_size, conf_level)
    from scipy.special import ndtr

    z = normal_quantile(conf_level)
    deff = 1.0 + (group_size - 1.0) * icc
    larger, smaller = dropout
    rows = []
    for n in starters:
        half_width = z * sqrt(completion * (1.0 - completion) * deff / n)
        se = sqrt(
            larger * (1.0 - larger) / (n * (1.0 - share)) + smaller * (1.0 - smaller) / (n * share)
        )
        shift = abs(larger - smaller) / se
        power = float(ndtr(shift - z) + ndtr(-shift - z))
        rows.append((int(n), min(half_width, 1.0), power, _SOURCE))
    frame = pd.DataFrame(rows, columns=["starters", "half_width", "power", "source"])
    return PrecisionPlan(
        completion=completion,
        dropout=(larger, smaller),
        share=share,
        icc=icc,
        group_size=group_size,
        conf_level=conf_level,
        design_effect=deff,
        _frame=frame,
    )


def _refuse(
    starters: Sequence[int],
    completion: float,
    dropout: tuple[float, float],
    share: float,
    icc: float,
    group_size: float,
    conf_level: float,
) -> None:
    """Raise one error that lists every argument out of range."""
    proportions = {
        "completion": completion,
        "dropout[0]": dropout[0],
        "dropout[1]": dropout[1],
        "share": share,
        "conf_level": conf_level,
    }
    faults = [
        f"{name} is {value}: give a proportion between 0 and 1"
        for name, value in proportions.items()
        if not 0.0 < value < 1.0
    ]
    if not 0.0 <= icc < 1.0:
        faults.append(f"icc is {icc}: give a proportion from 0 up to 1")
    if not (isfinite(group_size) and group_size >= 1.0):
        faults.append(f"group_size is {group_size}: give 1 or more")
    if dropout[0] == dropout[1]:
        faults.append("the two dropout rates are equal: there is no difference to detect")
    if not starters or any(n < 1 for n in starters):
        faults.append("starters must hold at least one number, each 1 or more")
    if faults:
        raise ParameterError("precision_and_power can't be worked out", faults)
