"""Where a conclusion about all who started ends when missing ratings are thought worse (E6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_number, as_numbers
from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import ReleaseKind
from rpcstats._wording import number
from rpcstats.designs.missing._tipping_grid import DepartureGrid
from rpcstats.designs.missing.departures import Departure
from rpcstats.designs.missing.imputation_estimands import MEAN_CHANGE, PROGRESS, as_imputations
from rpcstats.designs.missing.imputations import Imputations
from rpcstats.designs.missing.tipping_marks import assumption_marks
from rpcstats.errors import ParameterError
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Measure = Literal["mean change", "progress"]

_WAYS: Final = {
    "those who left": (1.0, 0.0),
    "those who stayed and did not answer": (0.0, 1.0),
    "both alike": (1.0, 1.0),
}
_LOOKS: Final = 25
_HALVINGS: Final = 10
"""Looks along a way, and halvings of the step that tips: a thousandth of a step is left."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class TippingPoint(Summarised):
    """An estimate under departures, and the least departure that ends a conclusion.

    Attributes
    ----------
    frame : DataFrame
        A row for each pair of departures: delta_leavers, delta_unanswered, estimate, std_error,
        df, conf_low, conf_high, includes_null.
    tips : DataFrame
        A row for each way to depart: way, delta (the least in size at which the interval
        includes the null; NaN if half the scale is not enough), words.
    marks : DataFrame
        Assumptions on the same axes: label, delta_leavers, delta_unanswered. What an assumption
        adds on average to those who left, in points.
    measure : {"mean change", "progress"}
        What is estimated of all who started.
    null : float
        Value the conclusion is about.
    assumption : str
        What holds where both deltas are 0.
    n_obs, n_left, n_unanswered : int
        Parents whose course is over; of them, those who left without a rating on every goal of
        their end, and those who stayed and did not answer for every goal.
    m : int
        Imputations.
    conf_level : float
        Level of the limits.
    """

    release_kind: ClassVar[ReleaseKind] = "estimates"

    frame: pd.DataFrame
    tips: pd.DataFrame
    marks: pd.DataFrame
    measure: Measure
    null: float
    assumption: str
    n_obs: int
    n_left: int
    n_unanswered: int
    m: int
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give one row for each pair of departures.

        Returns
        -------
        DataFrame
            As `frame`.
        """
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row about the analysis.

        Returns
        -------
        DataFrame
            Columns measure, null, n_obs, n_left, n_unanswered, m, conf_level, and the delta of
            each way.
        """
        names = ("measure", "null", "n_obs", "n_left", "n_unanswered", "m", "conf_level")
        row = {name: getattr(self, name) for name in names}
        deltas = ("delta_leavers", "delta_unanswered", "delta_both")
        row |= dict(zip(deltas, self.tips["delta"], strict=True))
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        told = counted(self.n_obs, "parent")
        remark = (
            f"{told}: {self.n_left} left without rating their end, {self.n_unanswered} stayed and"
            f" did not answer. {self.assumption}. {' '.join(self.tips['words'])}"
        )
        named = _named(self.null, self.measure)
        heading = f"E6: when does the interval of the {self.measure} include {named}?"
        return Summary(heading, (self.tips[["way", "delta"]],), remark)

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw contours of the estimate over both departures.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.
        **options
            As `figures.tipping.tipping_contours` takes them.

        Returns
        -------
        matplotlib.axes.Axes
            The axes; ``.figure`` is the picture.
        """
        from rpcstats.figures.tipping import tipping_contours

        given = {"marks": self.marks, "percent": self.measure == PROGRESS, **options}
        return tipping_contours(self.frame, null=self.null, ax=ax, **given)


def tipping_point(
    goals: pd.DataFrame | Imputations,
    *,
    null: float,
    measure: Measure = "mean change",
    deltas_leavers: Sequence[float] | None = None,
    deltas_unanswered: Sequence[float] | None = None,
    departure: Departure | None = None,
    threshold: float = 1.0,
    conf_level: float = 0.95,
    **options: Any,
) -> TippingPoint:
    """Find how much worse those without a rating must have done for a conclusion to end.

    Parameters
    ----------
    goals : DataFrame or Imputations
        Frame of goal ratings, which is then imputed; or imputations of one.
    null : float
        Value that the conclusion excludes: points for the mean change, a share for progress.
    measure : {"mean change", "progress"}
        What is concluded about.
    deltas_leavers, deltas_unanswered : sequence of float, optional
        Points of improvement added to those who left and to those who stayed and did not
        answer; 0 is always among them. By default from half the scale worse to a fifth better.
    departure : Departure, optional
        What holds at 0; by default those who left kept their level.
    threshold : float
        Least mean change of a parent's goals that counts as progress, in points.
    conf_level : float
        Level of the limits.
    **options
        Of `impute_goals`, where a frame is given: `seed` at least.

    Returns
    -------
    TippingPoint
        Grid, tipping points along three ways, marks of named assumptions.

    Raises
    ------
    DataError
        If the frame can't be used.
    ParameterError
        If an option is out of range, or deltas are given in `departure`.

    Notes
    -----
    Delta-adjusted imputation and the tipping point: Carpenter and Kenward (2013, chapter 10),
    Cro et al. (2020). The same draws serve all departures, so that the grid is smooth. Estimand
    E5a throughout: ratings made after leaving stay as they are.
    """
    base = departure or Departure()
    _check(null, measure, threshold, base)
    check_conf_level(conf_level)
    imputations = as_imputations(goals, options)
    span = imputations.ratings.span
    grids = [
        _deltas(deltas_leavers, span, "deltas_leavers"),
        _deltas(deltas_unanswered, span, "deltas_unanswered"),
    ]
    grid = DepartureGrid(imputations, base, measure == PROGRESS, threshold, conf_level)
    rows = [grid.row(a, b) for b in grids[1] for a in grids[0]]
    frame = pd.DataFrame(rows)
    frame["includes_null"] = (frame["conf_low"] <= null) & (frame["conf_high"] >= null)
    farthest = max(span / 2.0, *(abs(d) for deltas in grids for d in deltas))
    tips = [_tip(grid, null, _named(null, measure), way, farthest) for way in _WAYS]
    n_left, n_unanswered = grid.counts()
    return TippingPoint(
        frame=frame,
        tips=pd.DataFrame(tips, columns=["way", "delta", "words"]),
        marks=assumption_marks(imputations, base),
        measure=measure,
        null=float(null),
        assumption=base.words,
        n_obs=int(imputations.ratings.is_due.sum()),
        n_left=n_left,
        n_unanswered=n_unanswered,
        m=imputations.m,
        conf_level=conf_level,
    )


def _check(null: float, measure: str, threshold: float, base: Departure) -> None:
    faults = []
    if not np.isfinite(as_number(null)):
        faults.append("null is no number: name the value that the conclusion excludes")
    if measure not in (MEAN_CHANGE, PROGRESS):
        faults.append(f"measure is unknown: choose {MEAN_CHANGE} or {PROGRESS}")
    elif measure == PROGRESS and not 0.0 < as_number(null) < 1.0:
        faults.append("null is no share: give a number between 0 and 1")
    if not np.isfinite(as_number(threshold)):
        faults.append("threshold is no number: give points, such as 1.0")
    if base.delta_leavers or base.delta_unanswered:
        faults.append("departure has deltas: give them as deltas_leavers and deltas_unanswered")
    if faults:
        raise ParameterError("tipping_point can't run", faults)


def _deltas(given: Sequence[float] | None, span: float, name: str) -> list[float]:
    if given is None:
        return [float(d) for d in np.round(np.arange(-20, 9) * span / 40.0, 10)]
    values = np.atleast_1d(as_numbers(given))
    if not np.isfinite(values).all() or np.unique(np.append(values, 0.0)).size < 2:
        raise ParameterError(f"{name} are no grid", ["give points, some of them not 0"])
    return [float(d) for d in np.unique(np.append(values, 0.0))]


def _named(null: float, measure: Measure) -> str:
    return f"{100.0 * null:g}%" if measure == PROGRESS else f"{null:g}"


def _tip(
    grid: DepartureGrid, null: float, named: str, way: str, farthest: float
) -> tuple[str, float, str]:
    """Find the least delta along one way at which the interval includes the null."""
    a, b = _WAYS[way]

    def included(delta: float) -> bool:
        row = grid.row(a * delta, b * delta)
        return bool(row["conf_low"] <= null <= row["conf_high"])

    if included(0.0):
        return way, 0.0, f"The interval includes {named} without any departure ({way})."
    side = np.sign(null - grid.row(0.0, 0.0)["estimate"])
    who = f"If {way}" if way != "both alike" else "If both"
    worse = "worse" if side < 0 else "better"
    steps = side * np.linspace(0.0, farthest, _LOOKS)
    hit = next((k for k, delta in enumerate(steps) if included(float(delta))), None)
    if hit is None:
        return way, np.nan, (
            f"{who} did up to {number(farthest, decimals=1)} points {worse} than assumed, the"
            f" interval would still not include {named}."
        )  # fmt: skip
    near, far = float(steps[hit - 1]), float(steps[hit])
    for _ in range(_HALVINGS):
        middle = 0.5 * (near + far)
        near, far = (near, middle) if included(middle) else (middle, far)
    return way, far, (
        f"{who} did {number(abs(far), decimals=1)} points {worse} than assumed, the interval"
        f" would include {named}."
    )  # fmt: skip
