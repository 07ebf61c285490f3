"""What each column of the vocabulary is called in print, and how its values are written."""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    BASE,
    BASE_LABEL,
    CONF_HIGH,
    CONF_LOW,
    DEFINITION,
    DF,
    ESTIMATE,
    MEASURE,
    N_CENSOR,
    N_EVENT,
    N_RISK,
    NOTE,
    P_VALUE,
    STAGE,
    STATISTIC,
    STATUS,
    STD_ERROR,
    STRATA,
    TERM,
    TIME,
    N,
)
from rpcstats._wording import (
    MISSING,
    count,
    decimals_for,
    number,
    p_value,
    percent,
    points,
    sentence_case,
    words,
)

Format = Literal["count", "percent", "points", "number", "p_value", "text"]
Writer = Callable[[object], str]

LABELS: Final = {
    N: "Number",
    BASE: "Out of",
    BASE_LABEL: "Base",
    STAGE: "Stage",
    DEFINITION: "Definition",
    MEASURE: "Measure",
    STRATA: "Group",
    TERM: "Term",
    TIME: "Time",
    N_RISK: "At risk",
    N_EVENT: "Events",
    N_CENSOR: "Censored",
    STD_ERROR: "Standard error",
    STATISTIC: "Statistic",
    DF: "Degrees of freedom",
    NOTE: "Note",
    P_VALUE: "p-value",
    STATUS: "Status",
    "n_obs": "Number of people",
    "p_adjusted": "p-value, adjusted",
    "n_group": "Groups",
    "n_excluded": "Excluded",
    "log_lik": "Log likelihood",
    "aic": "AIC",
    "bic": "BIC",
}
COUNTS: Final = frozenset(
    (N, BASE, N_RISK, N_EVENT, N_CENSOR, DF, TIME, "n_obs", "n_group", "n_excluded")
)
SENTENCES: Final = frozenset((MEASURE, BASE_LABEL, NOTE))
P_VALUES: Final = frozenset((P_VALUE, "p_adjusted"))
SHARES: Final = frozenset((ESTIMATE, CONF_LOW, CONF_HIGH))
NUMBERS: Final = COUNTS | P_VALUES | SHARES | {STATISTIC, STD_ERROR}


def writer(column: str, series: pd.Series, *, as_percent: bool) -> Writer:
    """Choose how the values of a column are written.

    Parameters
    ----------
    column : str
        Its name.
    series : pandas.Series
        Its values; a float column is written with the decimals it needs.
    as_percent : bool
        Whether estimates are proportions.

    Returns
    -------
    callable
        From one value to text.
    """
    if column in SENTENCES:
        return lambda value: _sentence(_text(value))
    if column in P_VALUES:
        return named_writer("p_value")
    if column in COUNTS:
        return named_writer("count")
    if as_percent and column in (*SHARES, STD_ERROR):
        return _fine_percent if column == STD_ERROR else named_writer("percent")
    if pd.api.types.is_bool_dtype(series):
        return lambda value: "yes" if value else "no"
    if pd.api.types.is_integer_dtype(series):
        return named_writer("count")
    if pd.api.types.is_float_dtype(series):
        decimals = decimals_for(map(as_float, series))
        return lambda value: number(as_float(value), decimals=decimals)
    if pd.api.types.is_datetime64_any_dtype(series):
        return _date
    return named_writer("text")


def named_writer(name: Format) -> Writer:
    """Find a format by its name.

    Parameters
    ----------
    name : {"count", "percent", "points", "number", "p_value", "text"}
        The format.

    Returns
    -------
    callable
        From one value to text.
    """
    numeric = {
        "count": count,
        "percent": percent,
        "points": points,
        "number": number,
        "p_value": p_value,
    }
    if name == "text":
        return _text
    write = numeric[name]
    return lambda value: write(float(str(value)))


def is_number(series: pd.Series) -> bool:
    """Tell whether a column stands to the right.

    Parameters
    ----------
    series : pandas.Series
        The column.

    Returns
    -------
    bool
        True for numbers, False for words, dates and yes or no. A column without any value
        is one of numbers if its name says so.
    """
    if series.name in NUMBERS and bool(series.isna().all()):
        return True
    numeric = pd.api.types.is_numeric_dtype(series)
    return bool(numeric and not pd.api.types.is_bool_dtype(series))


def as_float(value: object) -> float:
    """Read one cell as a number.

    Parameters
    ----------
    value : object
        A number or a missing value.

    Returns
    -------
    float
        NaN if it is missing.
    """
    return float("nan") if value is None or value is pd.NA else float(np.float64(str(value)))


def _text(value: object) -> str:
    text = " ".join(words(value).split())
    return text or MISSING


def _sentence(text: str) -> str:
    first = text.partition(" ")[0]
    symbol = len(first) == 1 and first != "a"
    return text if symbol else sentence_case(text)


def _date(value: object) -> str:
    day = pd.Timestamp(str(value))
    return f"{day.day} {day.strftime('%B %Y')}"


def _fine_percent(value: object) -> str:
    return percent(float(str(value)), decimals=1)
