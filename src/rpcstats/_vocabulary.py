"""The single spelling of every column of every tidy frame."""

from typing import Final, Literal

TERM: Final = "term"
ESTIMATE: Final = "estimate"
STD_ERROR: Final = "std_error"
STATISTIC: Final = "statistic"
DF: Final = "df"
P_VALUE: Final = "p_value"
CONF_LOW: Final = "conf_low"
CONF_HIGH: Final = "conf_high"

STRATA: Final = "strata"
STATE: Final = "state"
CAUSE: Final = "cause"
FROM_STATE: Final = "from_state"
TO_STATE: Final = "to_state"
TIME: Final = "time"
N_RISK: Final = "n_risk"
N_EVENT: Final = "n_event"
N_CENSOR: Final = "n_censor"

N: Final = "n"
BASE: Final = "base"
BASE_LABEL: Final = "base_label"
STAGE: Final = "stage"
DEFINITION: Final = "definition"
MEASURE: Final = "measure"

CONTRAST: Final = "contrast"
SCALE: Final = "scale"

GROUP: Final = "group"
LEVEL: Final = "level"
COMPONENT: Final = "component"
CATEGORY: Final = "category"
VARIANCE: Final = "variance"
CONVERGED: Final = "converged"

STATUS: Final = "status"
NOTE: Final = "note"
TOLD_LOW: Final = "told_low"
TOLD_HIGH: Final = "told_high"

TIDY: Final = (TERM, ESTIMATE, STD_ERROR, STATISTIC, DF, P_VALUE, CONF_LOW, CONF_HIGH)
CURVE: Final = (
    STRATA,
    TIME,
    N_RISK,
    N_EVENT,
    N_CENSOR,
    ESTIMATE,
    STD_ERROR,
    CONF_LOW,
    CONF_HIGH,
)
PROPORTION: Final = (N, BASE, ESTIMATE, CONF_LOW, CONF_HIGH)
FUNNEL: Final = (STAGE, N, BASE, BASE_LABEL, ESTIMATE, CONF_LOW, CONF_HIGH, DEFINITION)
FLOW: Final = (STAGE, N, "n_excluded", DEFINITION)
FOLLOWUP: Final = (
    "episode_id", "group_id", "cluster_id", "entry", TIME, "event", "cause", "programme", "mode",
    "sex", "resident", "send_child", "source", "preference", "imd_decile", "age_band",
)  # fmt: skip
PUBLISHED: Final = (
    "fact_id", "programme", MEASURE, "population", "period", "printed", N, BASE, ESTIMATE,
    CONF_LOW, CONF_HIGH, "source", NOTE,
)  # fmt: skip
EXACT_TESTS: Final = (
    MEASURE,
    "n_programmes",
    N,
    BASE,
    ESTIMATE,
    CONF_LOW,
    CONF_HIGH,
    P_VALUE,
    "source",
)
QUANTILES: Final = (STRATA, "quantile", ESTIMATE, CONF_LOW, CONF_HIGH)
MEANS: Final = (STRATA, "n_obs", N_EVENT, ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)
CONTRASTS: Final = (
    TERM,
    MEASURE,
    ESTIMATE,
    STD_ERROR,
    STATISTIC,
    P_VALUE,
    CONF_LOW,
    CONF_HIGH,
)
OBSERVED_EXPECTED: Final = (STRATA, "n_obs", "observed", "expected")
TREND: Final = (STRATA, "score", "n_obs", "observed", "expected")
WEIGHTED_TESTS: Final = (TERM, "rho", "gamma", STATISTIC, P_VALUE)
PAIRS: Final = (TERM, "n_obs", N_EVENT, STATISTIC, DF, P_VALUE, "p_adjusted")
BANDS: Final = (STRATA, "first", "last", "low", "high", "critical", "conf_level")
LIFE_TABLE: Final = (
    STRATA,
    TIME,
    N_RISK,
    N_EVENT,
    N_CENSOR,
    "hazard",
    "hazard_std_error",
    "hazard_low",
    "hazard_high",
    ESTIMATE,
    STD_ERROR,
    CONF_LOW,
    CONF_HIGH,
)
PSEUDO_VALUES: Final = ("row", TIME, ESTIMATE)
BOOTSTRAP: Final = (TERM, MEASURE, ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)
LEVELS: Final = (
    "variable",
    "level",
    "n_obs",
    N_EVENT,
    ESTIMATE,
    STD_ERROR,
    CONF_LOW,
    CONF_HIGH,
)
COMPARISONS: Final = (
    "variable",
    "n_obs",
    N_EVENT,
    "n_group",
    "n_missing",
    STATISTIC,
    DF,
    P_VALUE,
    "p_adjusted",
    NOTE,
)
GLANCE: Final = ("n_obs", "n_event", "n_group", "log_lik", DF, "aic", "bic", CONVERGED)
COX_GLANCE: Final = (
    "n_obs",
    N_EVENT,
    "n_strata",
    "n_cluster",
    "log_lik",
    "log_lik_null",
    STATISTIC,
    DF,
    P_VALUE,
    "aic",
    "bic",
    "ties",
    CONVERGED,
    "n_missing",
)
COX_MIXED_GLANCE: Final = (
    "n_obs",
    N_EVENT,
    "n_group",
    "groups",
    "log_lik",
    "log_lik_null",
    "log_lik_penalised",
    DF,
    "df_penalised",
    "aic",
    "bic",
    "distribution",
    "ties",
    CONVERGED,
    "is_singular",
    "n_missing",
)
MIXED_GLANCE: Final = (
    "n_obs", "n_group", "groups", "log_lik", "deviance", DF, "aic", "bic", "sigma", "method",
    CONVERGED, "is_singular", "n_missing",
)  # fmt: skip
F_TESTS: Final = (TERM, "sum_sq", "num_df", "den_df", STATISTIC, P_VALUE)
WALD_TESTS: Final = (TERM, STATISTIC, DF, P_VALUE)
CONCORDANCE: Final = (
    TERM,
    ESTIMATE,
    STD_ERROR,
    CONF_LOW,
    CONF_HIGH,
    "concordant",
    "discordant",
    "tied_score",
    "tied_time",
    "tied_both",
)
SCHOENFELD: Final = (TERM, STRATA, TIME, "g", "residual")
SCHOENFELD_SMOOTH: Final = (TERM, TIME, "g", ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)
HAZARD_AUGMENT: Final = (
    "row",
    TIME,
    "event",
    "linear_predictor",
    "expected",
    "martingale",
    "deviance",
)
BRIER: Final = (TIME, MEASURE, ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)
CALIBRATION: Final = (
    GROUP,
    "n_obs",
    N_EVENT,
    "predicted",
    ESTIMATE,
    STD_ERROR,
    CONF_LOW,
    CONF_HIGH,
)
VARCORR: Final = (GROUP, TERM, "with_term", MEASURE, ESTIMATE, VARIANCE)
MODES: Final = (GROUP, LEVEL, TERM, ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)
AUGMENT: Final = (
    "row",
    "observed",
    "fitted",
    "fitted_marginal",
    "residual",
    "residual_standardised",
)
PREDICTION: Final = (ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)
HAZARD_PREDICTION: Final = ("row", "session", *PREDICTION)
INCIDENCE_PREDICTION: Final = ("row", STATE, "session", *PREDICTION)
STANDARDISED: Final = (LEVEL, "session", *PREDICTION)
STANDARDISED_CONTRASTS: Final = (
    CONTRAST,
    MEASURE,
    "session",
    ESTIMATE,
    STD_ERROR,
    STATISTIC,
    P_VALUE,
    CONF_LOW,
    CONF_HIGH,
)
CATEGORY_PREDICTION: Final = ("row", CATEGORY, *PREDICTION)
TIME_PREDICTION: Final = ("row", TIME, *PREDICTION)
QUANTILE_PREDICTION: Final = ("row", "quantile", *PREDICTION)
TIME_EFFECTS: Final = (TERM, MEASURE, *TIDY[1:])
INTERVAL_MASSES: Final = (STRATA, "lower", "upper", ESTIMATE, "before", "after")
SURVIVAL_BOUNDS: Final = (STRATA, TIME, "lowest", "highest")
FIT: Final = ("log_lik", DF, "aic", "bic")
DISTRIBUTIONS: Final = ("distribution", *FIT, "delta_aic", "weight", CONVERGED)

STATES: Final = (
    STRATA,
    STATE,
    TIME,
    N_RISK,
    N_EVENT,
    N_CENSOR,
    ESTIMATE,
    STD_ERROR,
    CONF_LOW,
    CONF_HIGH,
)
GOAL_SCORES: Final = (
    "episode_id", "person_id", "couple_id", "group_id", "cluster_id", "item", "occasion",
    "session", "stage", "score", "state", "status", "is_due", "completed", "answered", "reached",
    "last", "weight", "programme", "mode", "sex", "resident", "send_child", "source", "preference",
    "imd_decile", "age_band",
)  # fmt: skip
SCORE_STATES: Final = ("rated", "rated_after_leaving", "missed", "left", "not_due")
ESTIMANDS: Final = (
    "estimand", "method", MEASURE, ESTIMATE, STD_ERROR, DF, CONF_LOW, CONF_HIGH, "n_obs",
    "n_missing", "assumption",
)  # fmt: skip
FINDINGS: Final = (
    "fact_id", "check", BASE_LABEL, BASE, "feasible", "printed", "verdict", "severity", "message",
    "repair",
)  # fmt: skip
ANSWER: Final = "answer"
CHANGE: Final = "change"
ITEM: Final = "item"
READINGS: Final = (MEASURE, DEFINITION, BASE_LABEL, *PROPORTION)
BOUNDS: Final = (*READINGS, "n_unrated", "lowest", "highest", "words")
CHANGE_CLASSES: Final = (CHANGE, BASE_LABEL, *PROPORTION)
ANSWERS: Final = (ITEM, ANSWER, BASE_LABEL, *PROPORTION)
ANSWER_BOUNDS: Final = (
    ITEM, "n_agree", "n_answered", "n_asked", ESTIMATE, CONF_LOW, CONF_HIGH, "lowest", "highest",
    "words",
)  # fmt: skip
PARENT_CHANGES: Final = (
    "episode_id", "cluster_id", "n_goals", "n_rated", "start", "finish", "mean", "best", "worst",
    "is_due", "completed", "answered",
)  # fmt: skip
TRAJECTORY: Final = ("series", STAGE, "n_obs", ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)
SPREADS: Final = (GROUP, TERM, MEASURE, ESTIMATE, CONF_LOW, CONF_HIGH, "n_obs", "n_group")
ESTIMAND_MEANINGS: Final = {
    "E5a": "all who started, at the level they had reached when they left or finished",
    "E5b": "all who started, had all of them finished",
    "E5c": "those who completed and answered the end form",
}
SPELL_FAULTS: Final = ("fault", N, "n_id", NOTE)

ReleaseKind = Literal[
    "counts", "curve", "effects", "estimates", "incidence", "mean", "published", "test"
]
