"""Multiple imputation of goal ratings by a growth model with parents in groups."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, get_args
from warnings import warn

import numpy as np
import pandas as pd
from scipy import sparse

from rpcstats._numerics.arguments import check_seed
from rpcstats.designs.missing._chain import Chain, Observed, Steps, run_chain
from rpcstats.designs.missing._chain_diagnostics import effective_size, split_r_hat
from rpcstats.designs.missing._effects import Layout
from rpcstats.designs.missing._printed_ratings import print_ratings, printed_ratings
from rpcstats.designs.missing.imputation_draws import Draws
from rpcstats.designs.missing.imputations import Imputations, Rounding
from rpcstats.designs.missing.parent_covariates import ParentCovariates, parent_covariates
from rpcstats.designs.missing.ratings import Ratings, read_ratings
from rpcstats.errors import ConvergenceWarning, ParameterError

GroupEffects = Literal["slope", "start_and_slope", "none"]

ADJUST: Final = ("mode", "resident", "send_child")
FEWEST_GROUPS: Final = 3
WORST_R_HAT: Final = 1.1
THIN: Final = 20
THIN_SMALL: Final = 60
LARGE: Final = 400
FEW_RATINGS: Final = 2
LONGER: Final = 4
"""With so few ratings of the usual goal its effect and the errors of its ratings hold each other
back, and chains have to be so many times longer."""

NO_SLOPE: Final = (
    "Slopes do not vary between parents of a group in this model: no parent has three stages, or"
    " two goals rated twice, by which their spread could be told from noise."
)
_FEWEST_DRAWS: Final = 4
_BY_GROUP: Final[dict[GroupEffects, tuple[int, ...]]] = {
    "slope": (1,),
    "start_and_slope": (0, 1),
    "none": (),
}


def impute_goals(
    goals: pd.DataFrame,
    *,
    m: int = 20,
    seed: int,
    adjust: Sequence[str] = ADJUST,
    groups: GroupEffects = "slope",
    rounding: Rounding = "printed",
    chains: int = 4,
    burn_in: int = 100,
    thin: int | None = None,
    workers: int = 1,
) -> Imputations:
    """Impute the ratings that parents did not give, m times.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as from `goal_scores`. The model learns from ratings made while
        parents were in; parents whose course is not over take part in that.
    m : int
        Number of imputations.
    seed : int
        Seed; the same seed gives the same draws with any number of workers.
    adjust : sequence of str
        Covariates of parents, which shift start and slope.
    groups : {"slope", "start_and_slope", "none"}
        What differs between groups. Parents in no group have no such effect; with fewer than
        three groups there is none.
    rounding : {"printed", "after", "none"}
        ``"printed"``: ratings are whole points, a continuous value lies behind each, within half
        a point or beyond the end of the scale, and imputed values are printed the same way.
        ``"after"``: ratings are taken as they are and imputed ones rounded. ``"none"``: imputed
        ones stay as drawn; a share that reaches a whole number of points is then biased.
    chains : int
        Chains, started apart.
    burn_in : int
        Draws of each chain thrown away.
    thin : int, optional
        Draws from one imputation to the next; by default 20, and 60 with fewer than 400 parents,
        whose spreads are less sure and mix more slowly; four times as many where the usual goal
        has two ratings or fewer.
    workers : int
        Threads.

    Returns
    -------
    Imputations
        Draws, from which ends, changes and completed frames follow.

    Raises
    ------
    DataError
        If the frame or a covariate can't be used; all faults at once.
    ParameterError
        If an option is out of range, or ratings are not whole where they should be.

    Warns
    -----
    ConvergenceWarning
        If chains disagree (R-hat above 1.1), or the effective size of a parameter is below
        the number of imputations.

    Notes
    -----
    Rating k of goal j of parent i in group g, at stage s, is
    ``x'a + u_i + w_ij + s (x'b + v_i + d_g) + e_ijk``, all normal. Data augmentation (Tanner and
    Wong 1987) alternates between effects and values behind printed ratings (Heitjan and Rubin
    1990) and variances. Missing ratings are ignorable given what is seen (missing at random),
    so that only ends have to be drawn. Priors: flat for mean start and mean slope; normal with
    standard deviation one length of the scale for covariates' effects; half-t with 2 degrees of
    freedom and scale of half its length for every standard deviation, uniform for the
    correlation (Huang and Wand 2013). Slopes vary between parents only if some parent has three
    stages, or two goals rated twice: otherwise the likelihood can't tell their spread from that
    of ratings.
    """
    check_seed(seed)
    _check_options(m, groups, rounding, chains, burn_in, THIN if thin is None else thin, workers)
    ratings = read_ratings(goals, tuple(adjust))
    thin = thin or _usual_thin(ratings)
    covariates = parent_covariates(ratings.parents, adjust)
    layout, observed = _arranged(ratings, covariates, groups, rounding)
    remarks = _remarks(ratings, covariates, groups, has_slope=layout.has_slope)
    seeds = np.random.SeedSequence(seed).spawn(chains + 1)
    keep = [len(part) for part in np.array_split(np.arange(m), chains)]
    longest = max(keep)
    steps = Steps(burn_in, thin, longest)
    with ThreadPoolExecutor(workers) as pool:
        ran = list(pool.map(lambda s: run_chain(s, layout, observed, steps), seeds[:chains]))
    convergence = _convergence(ran, covariates, layout)
    if trouble := _trouble(convergence, m):
        warn(trouble, ConvergenceWarning, stacklevel=2)
        remarks = (*remarks, trouble)
    return Imputations(
        ratings=ratings,
        covariates=covariates,
        draws=_drawn(np.random.default_rng(seeds[-1]), ran, keep, ratings, rounding),
        rounding=rounding,
        convergence=convergence,
        remarks=remarks,
        seed=seed,
    )


def _check_options(
    m: int, groups: str, rounding: str, chains: int, burn_in: int, thin: int, workers: int
) -> None:
    faults = []
    least = {"m": (m, 2), "chains": (chains, 1), "burn_in": (burn_in, 0), "thin": (thin, 1),
             "workers": (workers, 1)}  # fmt: skip
    for name, (value, lowest) in least.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < lowest:
            faults.append(f"{name}: give a whole number of {lowest} or more")
    if not faults and chains > m:
        faults.append("chains: give no more chains than imputations")
    elif not faults and thin * -(-m // chains) < _FEWEST_DRAWS:
        faults.append(f"thin: chains need {_FEWEST_DRAWS} draws after the burn-in: raise it")
    if groups not in _BY_GROUP:
        faults.append(f"groups: choose {', '.join(_BY_GROUP)}")
    if rounding not in get_args(Rounding):
        faults.append(f"rounding: choose {', '.join(get_args(Rounding))}")
    if faults:
        raise ParameterError("impute_goals can't run", faults)


def _remarks(
    ratings: Ratings, covariates: ParentCovariates, groups: GroupEffects, *, has_slope: bool
) -> tuple[str, ...]:
    remarks = [f"{name} is the same for everybody and left out." for name in covariates.left_out]
    if groups != "none" and ratings.n_group < FEWEST_GROUPS:
        remarks.append("With fewer than three groups no difference between groups is modelled.")
    if len(ratings.first) == len(ratings.item):
        remarks.append("Every parent has one goal, so goals of a parent do not differ.")
    if not has_slope:
        remarks.append(NO_SLOPE)
    return tuple(remarks)


def _arranged(
    ratings: Ratings, covariates: ParentCovariates, groups: GroupEffects, rounding: Rounding
) -> tuple[Layout, Observed]:
    goal, row = np.nonzero(~np.isnan(ratings.score.T))
    value, stage = ratings.score[row, goal], ratings.stage[row, goal]
    if rounding != "none" and (value != np.round(value)).any():
        raise ParameterError(
            "rounding needs ratings in whole points", ['some are not: take rounding="none"']
        )
    J, N, G = len(ratings.item), len(ratings.first), ratings.n_group
    inside = np.flatnonzero(ratings.group >= 0)
    place = (ratings.group[inside], inside)
    q = covariates.X.shape[1]
    layout = Layout(
        X=covariates.X,
        prior_precision=np.tile(np.append(0.0, np.full(q - 1, ratings.span**-2.0)), 2),
        parent=ratings.parent,
        n=np.bincount(goal, minlength=J).astype(np.float64),
        s1=np.bincount(goal, stage, J).astype(np.float64),
        s2=np.bincount(goal, stage * stage, J).astype(np.float64),
        members=sparse.csr_array((np.ones(len(inside)), place), shape=(G, N)),
        group=np.where(ratings.group >= 0, ratings.group, G),
        by_group=_BY_GROUP[groups] if G >= FEWEST_GROUPS else (),
        has_goals=J > N,
        has_slope=_tells_slopes(ratings),
    )
    printed = None
    if rounding == "printed":
        printed = printed_ratings(value, ratings.minimum, ratings.maximum)
    return layout, Observed(value, stage, goal, printed, ratings.span / 2.0)


def _usual_thin(ratings: Ratings) -> int:
    usual = THIN if len(ratings.first) >= LARGE else THIN_SMALL
    rated = (~np.isnan(ratings.score)).sum(axis=0)
    return usual * LONGER if np.median(rated) <= FEW_RATINGS else usual


def _tells_slopes(ratings: Ratings) -> bool:
    """Tell whether the spread of slopes can be told from that of ratings."""
    seen = ~np.isnan(ratings.score)
    row, goal = np.nonzero(seen)
    owner, stage = ratings.parent[goal], ratings.stage[row, goal]
    stages = np.unique(np.column_stack([owner, stage]), axis=0)[:, 0].astype(np.int64)
    twice = ratings.parent[seen.sum(axis=0) > 1]
    return bool((np.bincount(stages) > 2).any() or (np.bincount(twice, minlength=1) > 1).any())


def _drawn(
    rng: np.random.Generator,
    ran: Sequence[Chain],
    keep: Sequence[int],
    ratings: Ratings,
    rounding: Rounding,
) -> Draws:
    """Join what chains kept, and draw errors of the ends and ratings missing at the start."""
    beta, line, goal, sd = (
        np.concatenate([getattr(c, name)[:k] for c, k in zip(ran, keep, strict=True)])
        for name in ("beta", "line", "goal", "rating_sd")
    )
    noise = sd[:, None] * rng.standard_normal(goal.shape)
    absent = np.flatnonzero(np.isnan(ratings.start))
    drawn = line[:, 0, ratings.parent[absent]] + goal[:, absent]
    drawn += sd[:, None] * rng.standard_normal(drawn.shape)
    if rounding != "none":
        drawn = print_ratings(drawn, ratings.minimum, ratings.maximum)
    start = np.tile(ratings.start, (len(sd), 1))
    start[:, absent] = drawn
    return Draws(beta=beta, line=line, goal=goal, start=start, noise=noise, rating_sd=sd)


def _convergence(
    ran: Sequence[Chain], covariates: ParentCovariates, layout: Layout
) -> pd.DataFrame:
    traces = np.stack([chain.trace for chain in ran])
    parts = {0: "start", 1: "slope"}
    names = [*covariates.names, *(f"stage:{name}" for name in covariates.names)]
    names[len(covariates.names)] = "stage"
    names += ["sd parent start"]
    if layout.has_slope:
        names += ["sd parent slope", "correlation of parent start and slope"]
    names += [f"sd group {parts[row]}" for row in layout.by_group]
    names += ["sd goal"] if layout.has_goals else []
    flat = traces.reshape(-1, traces.shape[2])
    table = pd.DataFrame({
        "term": [*names, "sd rating"],
        "estimate": flat.mean(axis=0),
        "std_error": flat.std(axis=0, ddof=1),
        "r_hat": split_r_hat(traces),
        "effective_size": effective_size(traces),
    })  # fmt: skip
    return table


def _trouble(table: pd.DataFrame, m: int) -> str:
    """Say which parameters the chains have not settled on, nothing if none."""
    bad = table[(table["r_hat"] > WORST_R_HAT) | (table["effective_size"] < m)]
    if bad.empty:
        return ""
    return (
        "The chains of the imputation model do not agree or are too short about"
        f" {', '.join(bad['term'])}: raise burn_in and thin, or leave covariates out."
    )
