"""Actor-partner interdependence: a parent's outcome by their own start and their partner's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, TERM, ReleaseKind
from rpcstats._wording import number
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals._couple_moves import FloatArray, couple_moves
from rpcstats.goals.couples import paired_parents
from rpcstats.goals.goal_ratings import To, read_goals
from rpcstats.mixed import icc, lmm
from rpcstats.mixed.linear_fit import LinearMixedFit
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Outcome = Literal["change", "finish"]

COUPLE: Final = "couple_id"
OUTCOMES: Final = {"change": "mean", "finish": "finish"}
FEWEST_COUPLES: Final = 5
"""With fewer, more parameters than couples are estimated."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class ActorPartner(Summarised):
    """Actor and partner effects of the level at the start.

    Attributes
    ----------
    fit : LinearMixedFit
        The model; columns own and partner are levels at the start less their common mean.
    outcome : {"change", "finish"}
        What is explained.
    distinguish : {"sex"} or None
        What tells the two partners apart.
    centre : float
        The common mean at the start, in points.
    n_couple, n_single, n_unrated : int
        Couples used; parents without a partner in the programme; couples left out because one
        of them lacks an outcome or a covariate.
    conf_level : float
        Level of the limits.
    span : float
        Length of the scale in points.
    """

    release_kind: ClassVar[ReleaseKind] = "estimates"

    fit: LinearMixedFit
    outcome: Outcome
    distinguish: Literal["sex"] | None
    centre: float
    n_couple: int
    n_single: int
    n_unrated: int
    conf_level: float
    span: float

    def tidy(self) -> pd.DataFrame:
        """Give one row per fixed effect.

        Returns
        -------
        DataFrame
            Columns term, estimate, std_error, statistic, df, p_value, conf_low, conf_high; own
            is the actor effect and partner the partner effect, in points per point at the start;
            n_couple and most_moved (how far the estimate moves at most if the outcomes of one
            couple move by the length of the scale, variances held fixed).
        """
        most_moved = self.span * self._moves()
        frame = self.fit.tidy(conf_level=self.conf_level)
        return frame.assign(n_couple=self.n_couple, most_moved=most_moved)

    def _moves(self) -> FloatArray:
        parts = self.fit.varcorr().tidy()
        between = float(parts.loc[parts["group"] == COUPLE, "variance"].iloc[0])
        structure = self.fit.residual
        spread = np.ones(2 * self.n_couple) if structure is None else structure.whitening.spread
        return couple_moves(self.fit.frame.X, between, np.square(self.fit.sigma * spread))

    def glance(self) -> pd.DataFrame:
        """Give one row about the model.

        Returns
        -------
        DataFrame
            Columns outcome, n_obs (parents), n_couple, n_single, n_unrated, icc (share of the
            variance left that couples have in common), sigma, log_lik, converged, is_singular.
        """
        of_fit = self.fit.glance().iloc[0]
        row = {
            "outcome": self.outcome,
            "n_obs": 2 * self.n_couple,
            "n_couple": self.n_couple,
            "n_single": self.n_single,
            "n_unrated": self.n_unrated,
            "icc": self._icc(),
        }
        names = ("sigma", "log_lik", "converged", "is_singular")
        return pd.DataFrame([row | {name: of_fit[name] for name in names}])

    def _icc(self) -> float:
        # With residual variances of their own, each kind of partner has another share.
        return np.nan if self.distinguish else float(icc(self.fit).tidy()[ESTIMATE].iloc[0])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            The effects and what they rest on.
        """
        remark = (
            f"{counted(self.n_couple, 'couple')}; {counted(self.n_unrated, 'couple')} left out"
            f" because a rating was missing, and {counted(self.n_single, 'parent')} without a"
            " partner on the programme. own: a parent's level at the start; partner: the"
            f" partner's; both less {number(self.centre)} points. Effects describe who changed"
            " how far; a level at the start was not assigned, so they are no effects of treatment."
        )
        if bool(self.fit.is_singular):
            remark += (
                " The two partners' outcomes are no more alike than those of strangers; a random"
                " effect of couples can't show partners who are less alike."
            )
        heading = f"Actor-partner model of the {self.outcome}"
        return Summary(heading, (self.tidy(), self.glance()), remark)

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw the actor and partner effects with their limits.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure if not given.
        **options
            As `figures.forest_dots` takes them.

        Returns
        -------
        matplotlib.axes.Axes
            The axes; ``.figure`` is the picture.
        """
        from rpcstats.figures.forest import forest_axes

        rows = self.tidy()
        rows = rows[rows[TERM].str.contains("own|partner")][[TERM, ESTIMATE, CONF_LOW, CONF_HIGH]]
        names = {"own": "Own start (actor)", "partner": "Partner's start (partner)"}
        chosen: dict[str, Any] = {
            "percent": False,
            "reference": 0.0,
            "names": names,
            "value_label": f"Points per point ({self.conf_level:.0%} interval)",
            "xlabel": f"Difference in {self.outcome}, per point at the start",
        }
        return forest_axes(rows, ax=ax, label=TERM, **(chosen | options))


def actor_partner(
    goals: Any,
    *,
    outcome: Outcome = "change",
    distinguish: Literal["sex"] | None = None,
    adjust: Sequence[str] = (),
    to: To = "last",
    method: Literal["reml", "ml"] = "reml",
    conf_level: float = 0.95,
) -> ActorPartner:
    """Model the outcome of both partners on their own level at the start and on the other's.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as `goal_scores` gives them, with couple_id and sex.
    outcome : {"change", "finish"}
        Mean change of a parent's goals, or their level at the finish. The partner effect and
        its error are the same; the actor effect of "finish" is larger by 1.
    distinguish : {"sex"}, optional
        Let men and women have effects and residual variances of their own; couples of one sex
        are then left out and counted. By default the two partners are exchangeable.
    adjust : sequence of str
        Further columns of the frame, such as ``["mode", "send_child"]``.
    to : {"end", "last"}
        What the change runs to, as in `goal_change`.
    method : {"reml", "ml"}
        Criterion of the fit.
    conf_level : float
        Level of the limits.

    Returns
    -------
    ActorPartner
        The effects, with the couples left out counted.

    Raises
    ------
    DataError
        If the frame breaks a condition, or fewer than five couples are complete.
    ParameterError
        If an option is unknown.

    Notes
    -----
    Kenny, Kashy and Cook (2006): a linear mixed model with a random effect of couples,
    ``outcome ~ own + partner + (1 | couple_id)``. Complete couples only: those left out are
    taken to be like the others given what is in the model.
    """
    _check_options(outcome, distinguish)
    rows, n_single = paired_parents(
        goals, to=to, caller="actor_partner", further=tuple(dict.fromkeys(adjust))
    )
    used = _complete(_with_partner(rows, outcome), adjust, distinguish)
    n_couple, n_all = len(used) // 2, len(rows) // 2
    if n_couple < FEWEST_COUPLES:
        raise DataError(
            f"actor_partner needs {FEWEST_COUPLES} couples or more with all ratings, and has"
            f" {n_couple} of {n_all}: {n_all - n_couple} lack one. Use couple_change to count them."
        )
    centre = float(used["own"].mean())
    used = used.assign(own=used["own"] - centre, partner=used["partner"] - centre)
    effects = "own + partner"
    if distinguish is not None:
        effects = "sex * (own + partner)"
        used["sex"] = pd.Categorical(used["sex"].astype(object), categories=["female", "male"])
    formula = " + ".join([f"outcome ~ {effects}", *adjust, "(1 | couple_id)"])
    fit = lmm(formula, used, method=method, residual_variance=distinguish)
    return ActorPartner(
        fit=fit,
        outcome=outcome,
        distinguish=distinguish,
        centre=centre,
        n_couple=n_couple,
        n_single=n_single,
        n_unrated=n_all - n_couple,
        conf_level=conf_level,
        span=read_goals(goals, caller="actor_partner").span,
    )


def _check_options(outcome: str, distinguish: str | None) -> None:
    faults = []
    if outcome not in OUTCOMES:
        faults.append('choose outcome="change" or outcome="finish"')
    if distinguish not in (None, "sex"):
        faults.append('choose distinguish="sex", or leave it out')
    if faults:
        raise ParameterError("actor_partner can't be estimated so", faults)


def _with_partner(rows: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    start = rows["start"].to_numpy(dtype=np.float64)
    other = start.reshape(-1, 2)[:, ::-1].ravel()
    return rows.assign(outcome=rows[OUTCOMES[outcome]], own=start, partner=other)


def _complete(rows: pd.DataFrame, adjust: Sequence[str], distinguish: str | None) -> pd.DataFrame:
    """Keep couples both of whom have every number, and one of each sex where that is asked."""
    known = rows[["outcome", "own", "partner", *adjust]].notna().all(axis=1).to_numpy(copy=True)
    if distinguish is not None:
        sex = rows["sex"].astype(object).to_numpy().reshape(-1, 2)
        known &= np.repeat((sex[:, 0] == "female") & (sex[:, 1] == "male"), 2)
    both = known.reshape(-1, 2).all(axis=1)
    kept = rows[np.repeat(both, 2)].reset_index(drop=True)
    for name in adjust:
        if isinstance(kept[name].dtype, pd.CategoricalDtype):
            kept[name] = kept[name].cat.remove_unused_categories()
    return kept
