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

GROUP: Final = "group"
LEVEL: Final = "level"
COMPONENT: Final = "component"
CATEGORY: Final = "category"
VARIANCE: Final = "variance"
CONVERGED: Final = "converged"

STATUS: Final = "status"
NOTE: Final = "note"

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
    "episode_id",
    "group_id",
    "entry",
    TIME,
    "event",
    "cause",
    "programme",
    "mode",
    "sex",
    "resident",
    "send_child",
    "source",
    "preference",
    "imd_decile",
    "age_band",
)
PUBLISHED: Final = (
    "fact_id",
    "programme",
    MEASURE,
    "population",
    "period",
    "printed",
    N,
    BASE,
    ESTIMATE,
    CONF_LOW,
    CONF_HIGH,
    "source",
    NOTE,
)
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
MIXED_GLANCE: Final = (
    "n_obs",
    "n_group",
    "groups",
    "log_lik",
    "deviance",
    DF,
    "aic",
    "bic",
    "sigma",
    "method",
    CONVERGED,
    "is_singular",
    "n_missing",
)
F_TESTS: Final = (TERM, "sum_sq", "num_df", "den_df", STATISTIC, P_VALUE)
WALD_TESTS: Final = (TERM, STATISTIC, DF, P_VALUE)
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
CATEGORY_PREDICTION: Final = ("row", CATEGORY, *PREDICTION)

ReleaseKind = Literal["counts", "curve", "test", "mean", "published"]
