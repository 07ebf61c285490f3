"""One small result of every estimator, made once; all data are synthetic."""

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest

import rpcstats.designs.missing as missing
import rpcstats.goals as goals
import rpcstats.survival as survival
from rpcstats.errors import ConvergenceWarning
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth

SESSIONS = 5


@cache
def course():
    """240 starters in 30 groups; causes and a state come with the time."""
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(30), 8)
    online = rng.integers(0, 2, 30)[group] == 1
    age = rng.normal(35.0, 6.0, 240)
    log_odds = -1.8 + 0.6 * online + 0.03 * (age - 35.0) + rng.normal(0.0, 0.6, 30)[group]
    leaves = rng.random((240, SESSIONS)) < 1.0 / (1.0 + np.exp(-log_odds))[:, None]
    event = leaves.any(axis=1)
    cause = np.where(event, rng.choice(["practical", "lost"], 240), "open")
    frame = pd.DataFrame(
        {
            "id": np.arange(240),
            "episode_id": [f"e{k:03d}" for k in range(240)],
            "cluster_id": [f"g{k:02d}" for k in group],
            "group_id": [f"g{k:02d}" for k in group],
            "mode": pd.Categorical(np.where(online, "online", "in_person")),
            "band": pd.Categorical(rng.choice(["young", "middle", "old"], 240)),
            "age": age,
            "entry": 0,
            "time": np.where(event, leaves.argmax(axis=1) + 1, SESSIONS),
            "event": event.astype(int),
            "cause": pd.Categorical(cause, ["open", "practical", "lost"]),
        }
    )
    frame.attrs = {"event": "dropout", "unit": "session", "censored": ("open",)}
    return frame


@cache
def spells():
    """Rows of persons who move between well and ill and die."""
    rng = np.random.default_rng(8)
    rows = []
    for person in range(60):
        state, entry = "well", 0
        while entry < 6 and state != "dead":
            time = entry + int(rng.integers(1, 4))
            other = "ill" if state == "well" else "well"
            to = str(rng.choice([other, "dead", "none"], p=[0.5, 0.2, 0.3]))
            rows.append((person, entry, time, to, int(to == "ill"), "ab"[person % 2]))
            entry, state = time, state if to == "none" else to
    frame = pd.DataFrame(rows, columns=["id", "entry", "time", "state", "event", "mode"])
    frame["state"] = pd.Categorical(frame["state"], ["none", "well", "ill", "dead"])
    return frame


@cache
def ratings():
    """Goal ratings of 120 starters in 15 groups, in couples of a woman and a man."""
    frame = draw_goal_frame(Truth(), n=120, seed=3)
    persons = {e: k for k, e in enumerate(dict.fromkeys(frame["episode_id"]))}
    place = frame["episode_id"].map(persons)
    attrs = frame.attrs
    frame = frame.assign(couple_id="c" + (place // 2).astype(str))
    frame["sex"] = np.where(place % 2 == 0, "female", "male")
    frame.attrs = attrs
    return frame


@cache
def more_ratings():
    """Ratings of enough starters for a model of who answers."""
    return draw_goal_frame(Truth(rho1=0.0), n=600, seed=21)


def answered(instrument, items, low, high):
    """Forms of 40 parents at the start and at the end."""
    rng = np.random.default_rng(2)
    sample = ratings()
    chosen = list(dict.fromkeys(sample["episode_id"]))[:40]
    first = sample[sample["episode_id"].isin(chosen) & (sample["item"] == "goal_1")]
    parts = [
        first.assign(item=name, score=rng.integers(low, high + 1, len(first)).astype(float))
        for name in items
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame.loc[~frame["state"].isin(["rated", "rated_after_leaving"]), "score"] = np.nan
    frame.attrs = {
        "instrument": instrument,
        "direction": "down",
        "minimum": float(low),
        "maximum": float(high),
    }
    return frame


def imputed():
    """Chains this short may say so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return missing.impute_goals(ratings(), m=4, seed=1, adjust=(), chains=2, burn_in=40)


def two_groups(function, right="mode", **options):
    return function(f"Surv(time, event) ~ {right}", course(), **options)


MAKERS = {
    "adjusted_comparisons": lambda: survival.adjusted_comparisons(
        course(), by=["mode", "band"], tau=4
    ),
    "assumption_checks": lambda: survival.assumption_checks(course(), by=["mode", "band"]),
    "cause_specific": lambda: survival.cause_specific("Surv(time, cause) ~ mode + age", course()),
    "compare_distributions": lambda: two_groups(survival.compare_distributions),
    "compare_groups": lambda: survival.compare_groups(
        "Surv(time, event)", course(), by=["mode", "band"], tau=4
    ),
    "concordance_index": lambda: two_groups(survival.concordance_index, "age"),
    "cox": lambda: two_groups(survival.cox, "mode + age + cluster(cluster_id)"),
    "cumulative_incidence": lambda: survival.cumulative_incidence(
        "Surv(time, cause) ~ 1", course()
    ),
    "cure_model": lambda: two_groups(survival.cure_model),
    "discrete_competing": lambda: survival.discrete_competing(
        "Surv(time, cause) ~ session + mode", course()
    ),
    "discrete_hazard": lambda: two_groups(survival.discrete_hazard, "session + mode"),
    "fine_gray": lambda: survival.fine_gray(
        "Surv(time, cause) ~ mode + age", course(), cause="lost"
    ),
    "gray_test": lambda: survival.gray_test("Surv(time, cause) ~ mode", course()),
    "kaplan_meier": lambda: two_groups(survival.kaplan_meier),
    "life_table": lambda: two_groups(survival.life_table),
    "logrank": lambda: two_groups(survival.logrank, "band"),
    "logrank_trend": lambda: two_groups(survival.logrank_trend, "band"),
    "max_combo": lambda: two_groups(survival.max_combo),
    "mean_cumulative": lambda: survival.mean_cumulative(
        "Surv(entry, time, event) ~ mode", spells(), id="id"
    ),
    "multistate": lambda: survival.multistate(
        spells(), "Surv(entry, time, state) ~ mode", start="well"
    ),
    "nelson_aalen": lambda: two_groups(survival.nelson_aalen),
    "pairwise_logrank": lambda: two_groups(survival.pairwise_logrank, "band"),
    "pseudo_regression": lambda: two_groups(survival.pseudo_regression, "mode + age", at=3),
    "pseudo_values": lambda: two_groups(survival.pseudo_values, "1", at=[2, 3]),
    "recurrent_cox": lambda: survival.recurrent_cox(
        "Surv(entry, time, event) ~ mode", spells(), id="id"
    ),
    "rmst": lambda: two_groups(survival.rmst, tau=4),
    "rmst_adjusted": lambda: two_groups(
        survival.rmst_adjusted, "mode + age", tau=4, exposure="mode"
    ),
    "rmst_bootstrap": lambda: two_groups(survival.rmst_bootstrap, tau=4, n_boot=20),
    "rmst_difference": lambda: two_groups(survival.rmst_difference, tau=4),
    "royston_parmar": lambda: two_groups(survival.royston_parmar, df=2),
    "survreg": lambda: two_groups(survival.survreg),
    "transition_cox": lambda: survival.transition_cox(
        "Surv(entry, time, state) ~ mode", spells(), start="well"
    ),
    "turnbull": lambda: survival.turnbull("Surv(time, event) ~ mode", course()),
    # goals
    "actor_partner": lambda: goals.actor_partner(ratings()),
    "clinical_change": lambda: goals.clinical_change(
        goals.total_scores(answered("gad7", [f"q{k}" for k in range(1, 8)], 0, 3)).tidy(),
        cut_off=8.0,
        threshold=4.0,
    ),
    "completers_change": lambda: goals.completers_change(ratings()),
    "couple_change": lambda: goals.couple_change(ratings()),
    "gas_t_score": lambda: goals.gas_t_score(answered("gas", ["goal_1", "goal_2"], -2, 2)),
    "goal_change": lambda: goals.goal_change(ratings()),
    "goal_trajectory": lambda: goals.goal_trajectory(ratings()),
    "progress": lambda: goals.progress(ratings()),
    "reliable_change": lambda: goals.reliable_change(ratings(), threshold=2.0),
    "satisfaction": lambda: goals.satisfaction(answered("likert5", ["q1", "q2"], 1, 5)),
    "total_scores": lambda: goals.total_scores(
        answered("gad7", [f"q{k}" for k in range(1, 8)], 0, 3)
    ),
    # designs.missing
    "compare_estimands": lambda: missing.compare_estimands(
        made("completers_change"), made("treatment_policy_change")
    ),
    "estimands_by_imputation": lambda: missing.estimands_by_imputation(made("impute_goals")),
    "hypothetical_change": lambda: missing.hypothetical_change(ratings()),
    "impute_goals": lambda: imputed(),
    "joint_estimands": lambda: missing.joint_estimands(made("joint_model"))[0],
    "joint_model": lambda: missing.joint_model(ratings(), adjust=(), dropout_adjust=()),
    "response_weights": lambda: missing.response_weights(more_ratings(), adjust=()),
    "tipping_point": lambda: missing.tipping_point(made("impute_goals"), null=0.0),
    "treatment_policy_change": lambda: missing.treatment_policy_change(ratings()),
}


DERIVED = {
    "Brier score": lambda: made("cox").brier(times=[2, 3]),
    "calibration": lambda: made("cox").calibration(3, n_groups=3),
    "changes of classes": lambda: made("goal_change").classes(),
    "contrasts of incidence": lambda: survival.cumulative_incidence(
        "Surv(time, cause) ~ mode", course()
    ).difference(3),
    "cox with random effects": lambda: two_groups(survival.cox, "mode + (1 | cluster_id)"),
    "curves of a Cox model": lambda: made("cox").survival(course().head(2)),
    "expected time": lambda: made("multistate").expected_time(5),
    "hazard bands": lambda: made("nelson_aalen").bands(),
    "incidence of a model": lambda: made("fine_gray").predict(course().head(1)),
    "mean difference": lambda: made("mean_cumulative").difference(),
    "proportional hazards": lambda: made("cox").proportional_hazards(),
    "proportional sub-hazards": lambda: made("fine_gray").proportional_hazards(),
    "rate test": lambda: made("mean_cumulative").test(),
    "standardised by session": lambda: made("discrete_hazard").standardise("mode"),
    "standardised survival": lambda: two_groups(survival.cox, "mode + age").standardise(
        course(), "mode", times=[2, 4]
    ),
    "states of a model": lambda: made("transition_cox").predict(spells().head(2)),
    "survival bands": lambda: made("kaplan_meier").bands(),
    "test of random effects": lambda: made("cox with random effects").random_effects_test(),
    "time lost": lambda: made("cumulative_incidence").time_lost(4),
    "trajectory spreads": lambda: made("goal_trajectory").spreads(),
    "transition hazards": lambda: survival.multistate(spells(), start="well").cumulative_hazards(),
    "transition probabilities": lambda: made("multistate").transition_probabilities(1),
}


@cache
def made(name):
    """Make a result, once."""
    return (MAKERS | DERIVED)[name]()


@pytest.fixture(scope="session")
def result():
    """Give the result of an estimator, or one that other results give, by its name."""
    return made


@pytest.fixture(scope="session")
def results():
    """Names of all results that can be made."""
    return tuple(MAKERS | DERIVED)
