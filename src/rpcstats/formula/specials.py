"""What the left side of a formula must be, and which special terms its right side may have."""

import re
from collections.abc import Collection

from rpcstats.errors import FormulaError
from rpcstats.formula.parse import Formula, Surv

# Quoted texts are passed over, so that a level named like a column is none.
_NAMES = re.compile(r"""'[^']*'|"[^"]*"|`[^`]+`|[^\W\d]\w*""")


def censored_response(formula: Formula, *, is_interval: bool = False) -> Surv:
    """Give the left side of a formula, which must be `Surv()`.

    Parameters
    ----------
    formula : Formula
        A formula taken apart.
    is_interval : bool
        Whether the estimator takes interval-censored times, and only those.

    Returns
    -------
    Surv
        The columns of the response.

    Raises
    ------
    FormulaError
        If the left side is something else, or a column of it is a covariate too: the event,
        limits, or, of rows that all begin at 0, the time.
    """
    if isinstance(formula.response, Surv):
        if formula.response.is_interval and not is_interval:
            raise FormulaError(
                "This estimator takes Surv(time, event) or Surv(entry, time, event); for "
                "type='interval2' use survreg or turnbull."
            )
        _refuse_outcome(formula, formula.response)
        return formula.response
    raise FormulaError(
        "The left side must be Surv(time, event) or Surv(entry, time, event), "
        f"as in Surv(time, event) ~ mode; found: {formula.text}"
    )


def _refuse_outcome(formula: Formula, response: Surv) -> None:
    """Refuse outcomes among the covariates; rows cut at every time may use the end of each."""
    used = {name.strip("`") for term in formula.terms for name in _NAMES.findall(term)}
    outcomes = [response.event, *([] if response.entry is not None else [response.time])]
    both = [f'"{name}"' for name in outcomes if name in used]
    if both:
        raise FormulaError(
            f"{' and '.join(both)} stands on both sides of the formula, and nobody knows an "
            "outcome beforehand: take it out of the right side. For an effect that changes with "
            "time, cut rows with split_episodes() first."
        )


def refuse_specials(formula: Formula, allow: Collection[str]) -> None:
    """Refuse the special terms an estimator does not understand.

    Parameters
    ----------
    formula : Formula
        A formula taken apart.
    allow : collection of {"strata", "cluster", "offset", "frailty", "random"}
        Those it does.

    Raises
    ------
    FormulaError
        If another is there.
    """
    given = {
        "strata": bool(formula.strata),
        "cluster": bool(formula.cluster),
        "offset": bool(formula.offset),
        "frailty": bool(formula.frailty),
        "random": bool(formula.random),
    }
    for name, is_given in given.items():
        if is_given and name not in allow:
            what = "random term (… | g)" if name == "random" else f"{name}()"
            raise FormulaError(f"This estimator takes no {what}: leave it out of {formula.text}")
