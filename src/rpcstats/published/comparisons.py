"""Exact comparisons of the programmes of one published table."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rpcstats._numerics.exact import freeman_halton
from rpcstats._vocabulary import EXACT_TESTS, ReleaseKind
from rpcstats.published.proportions import PublishedFigures, with_shares


@dataclass(frozen=True, slots=True, eq=False)
class ExactTests:
    """Exact comparisons of the programmes of one council, with the pooled share.

    Attributes
    ----------
    conf_level : float
        Level of the intervals.
    """

    conf_level: float
    _frame: pd.DataFrame = field(repr=False)
    release_kind: ReleaseKind = "published"

    def tidy(self) -> pd.DataFrame:
        """Give one row per measure.

        Returns
        -------
        DataFrame
            `measure`, `n_programmes`, the pooled `n`, `base`, `estimate`, `conf_low` and
            `conf_high`, the `p_value` of no difference between the programmes, and `source`.
        """
        return self._frame.copy()


def exact_tests(figures: PublishedFigures) -> ExactTests:
    """Compare the programmes of a council by the exact test, and pool them.

    Parameters
    ----------
    figures : PublishedFigures
        Published figures.

    Returns
    -------
    ExactTests
        A row per measure that two or more programmes of one document print with a base.

    Notes
    -----
    The test is that of Freeman and Halton (1951) on programmes by reached or not; pooled
    shares have Wilson's (1927) interval.
    """
    frame = figures.tidy()
    frame = frame[frame["base"].notna() & frame["n"].notna()]
    rows = []
    for (source, _, measure), same in frame.groupby(["source", "period", "measure"], sort=False):
        if same["programme"].nunique() < 2 or same["programme"].duplicated().any():
            continue
        n, base = (same[name].to_numpy(dtype=np.int64) for name in ("n", "base"))
        rows.append(
            {
                "measure": measure,
                "n_programmes": len(same),
                "n": int(n.sum()),
                "base": int(base.sum()),
                "source": source,
                "p_value": freeman_halton(np.column_stack([n, base - n])),
            }
        )
    tests = pd.DataFrame(rows, columns=[*EXACT_TESTS])
    return ExactTests(figures.conf_level, with_shares(tests, figures.conf_level))
