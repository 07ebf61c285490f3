"""Estimates of change side by side: whose change, by which method, and whether methods agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_number
from rpcstats._vocabulary import ESTIMANDS, MEASURE, STD_ERROR, ReleaseKind
from rpcstats._wording import number
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals.estimand import MEANINGS, EstimandResult
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_APART: Final = 0.5
"""Standard errors by which methods may differ: the same parents are behind all of them."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class EstimandComparison:
    """Estimates of change under several estimands by several methods.

    Attributes
    ----------
    results : tuple of EstimandResult
        The estimates, by estimand.
    tolerance : float
        Standard errors by which methods of one estimand may differ.
    span : float
        Length of the scale in points.
    """

    release_kind: ClassVar[ReleaseKind] = "estimates"

    results: tuple[EstimandResult, ...]
    tolerance: float
    span: float

    @property
    def conf_level(self) -> float:
        """Level of the limits."""
        return self.results[0].conf_level

    def tidy(self) -> pd.DataFrame:
        """Give one row per estimand, method and measure.

        Returns
        -------
        pandas.DataFrame
            Columns `ESTIMANDS`.
        """
        frames = [result.tidy() for result in self.results]
        return pd.concat(frames, ignore_index=True)[list(ESTIMANDS)]

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_estimand, n_method (results compared), tolerance, agrees (whether all
            methods of each estimand do), conf_level.
        """
        row = {
            "n_estimand": len({result.estimand for result in self.results}),
            "n_method": len(self.results),
            "tolerance": self.tolerance,
            "agrees": bool(self.differences()["agrees"].all()),
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def differences(self) -> pd.DataFrame:
        """Give one row per pair of methods of one estimand.

        Returns
        -------
        pandas.DataFrame
            Columns estimand, measure, method, other, difference (the first less the second),
            in_errors (over the larger standard error), agrees.
        """
        rows = []
        for _, part in self.tidy().groupby(["estimand", MEASURE], sort=False):
            for (_, one), (_, other) in combinations(part.iterrows(), 2):
                apart = float(one["estimate"]) - float(other["estimate"])
                ratio = abs(apart) / max(float(one[STD_ERROR]), float(other[STD_ERROR]))
                names = (one["estimand"], one[MEASURE], one["method"], other["method"])
                rows.append((*names, apart, ratio, bool(ratio <= self.tolerance)))
        columns = ["estimand", "measure", "method", "other", "difference", "in_errors", "agrees"]
        return pd.DataFrame(rows, columns=columns)

    def agreement(self) -> tuple[str, ...]:
        """Say whether the methods of each estimand agree.

        Returns
        -------
        tuple of str
            A sentence for each estimand and measure with several methods. They hold none of the
            estimates, only how many standard errors methods may be apart. Estimates under
            different estimands are about different changes, and no sentence compares them.
        """
        found = self.differences()
        said = []
        for keys, part in found.groupby(["estimand", "measure"], sort=False):
            estimand, measure = map(str, keys)
            n = len(set(part["method"]) | set(part["other"]))
            about = f"{estimand} ({MEANINGS[estimand]}), {measure}"
            limit = f"{number(self.tolerance, decimals=1)} standard errors"
            if part["agrees"].all():
                said.append(f"{about}: {counted(n, 'method')} agree to within {limit}.")
                continue
            bad = part[~part["agrees"]]
            pairs = "; ".join(
                f"{one} and {other}" for one, other in zip(bad["method"], bad["other"], strict=True)
            )
            said.append(
                f"{about}: methods disagree by more than {limit} ({pairs}). They assume different"
                " things of the ratings that are missing: read the assumption of each before the"
                " figure."
            )
        return tuple(said)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        shown = self.tidy().drop(columns=["assumption"])
        return Summary("Change by estimand and method", (shown,), " ".join(self.agreement()))

    def plot(
        self, ax: "Axes | None" = None, *, measure: str = "mean change", **options: Any
    ) -> "Axes":
        """Draw one measure in one forest, a heading an estimand and a row a method.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure if not given.
        measure : {"mean change", "progress"}
            What is drawn.
        **options
            As `rpcstats.figures.estimand_forest.estimand_forest` takes them.

        Returns
        -------
        matplotlib.axes.Axes
            The axes; ``.figure`` is the picture.
        """
        from rpcstats.figures.estimand_forest import estimand_forest

        figure = estimand_forest(self.tidy(), ax=ax, measure=measure, **options)
        return figure.axes[0] if ax is None else ax

    def __repr__(self) -> str:
        """Give the account as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def compare_estimands(
    *results: EstimandResult, tolerance: float = MOST_APART
) -> EstimandComparison:
    """Set estimates of change side by side.

    Parameters
    ----------
    *results : EstimandResult
        Two estimates or more, of the same frame of ratings.
    tolerance : float
        Standard errors, of the less precise one, by which two methods of one estimand may differ
        and still be said to agree.

    Returns
    -------
    EstimandComparison
        One frame, one figure, and a sentence an estimand on whether its methods agree.

    Raises
    ------
    ParameterError
        If there are fewer than two results, something else than results, or limits of
        different levels, or the tolerance is not above 0.
    DataError
        If results of one estimand are about different numbers of parents, or a method comes
        twice.

    Notes
    -----
    Methods that use the same ratings are strongly correlated, so that the standard error of
    their difference is far smaller than that of either, and the difference need not be large to
    be no chance finding. The tolerance is a rule of judgement, not a test: half a standard error
    moves a 95% interval by an eighth of its length.
    """
    _check(results, tolerance)
    ordered = tuple(sorted(results, key=lambda result: result.estimand))
    spans = [result.span for result in results if np.isfinite(result.span)]
    comparison = EstimandComparison(
        results=ordered, tolerance=float(tolerance), span=max(spans, default=float("nan"))
    )
    faults = _frame_faults(comparison.tidy())
    if faults:
        raise DataError(
            "\n".join(["These estimates can't be compared", *(f"  - {f}" for f in faults)])
        )
    return comparison


def _check(results: Sequence[object], tolerance: float) -> None:
    faults = []
    if len(results) < 2:
        faults.append("give two results or more")
    if not all(isinstance(result, EstimandResult) for result in results):
        faults.append("every result must be one that says what it estimates (EstimandResult)")
    if len({getattr(result, "conf_level", None) for result in results}) > 1:
        faults.append("the limits are of different levels: give all the same conf_level")
    if not as_number(tolerance) > 0.0:
        faults.append("tolerance must be a number of standard errors above 0")
    if faults:
        raise ParameterError("These can't be compared", faults)


def _frame_faults(frame: pd.DataFrame) -> list[str]:
    faults = []
    if frame[["estimand", "method", MEASURE]].duplicated().any():
        faults.append("a method comes twice for one estimand: give each once")
    for estimand, part in frame.groupby("estimand"):
        if len(set(part["n_obs"])) > 1:
            faults.append(
                f"{estimand}: the results are about different numbers of parents, so of different"
                " frames: estimate all from one"
            )
    return faults
