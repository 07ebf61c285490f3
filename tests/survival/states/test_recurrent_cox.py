"""Cox models of repeated events: the risk sets by hand, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.states.recurrent_cox import recurrent_cox

FORMULA = "Surv(entry, time, event) ~ x"
SAME = 1e-10


@pytest.fixture
def repeated():
    rng = np.random.default_rng(3)
    rows = []
    for person in range(30):
        time, x = 0, person % 2
        for _ in range(rng.integers(1, 4)):
            end = time + int(rng.integers(1, 5))
            rows.append((person, time, end, int(rng.random() < 0.7), x, person % 5))
            time = end
    return pd.DataFrame(rows, columns=["id", "entry", "time", "event", "x", "team"])


def numbered(frame):
    earlier = frame.groupby("id")["event"].cumsum() - frame["event"]
    return frame.assign(k=earlier + 1)


def test_the_models_are_cox_models_of_other_rows(repeated):
    rows = numbered(repeated)
    start = rows.groupby(["id", "k"])["entry"].transform("min")
    gap = rows.assign(entry=rows["entry"] - start, time=rows["time"] - start)
    by_hand = {
        "andersen-gill": cox(FORMULA + " + cluster(id)", rows),
        "pwp-total": cox(FORMULA + " + strata(k) + cluster(id)", rows),
        "pwp-gap": cox(FORMULA + " + strata(k) + cluster(id)", gap),
    }
    for model, theirs in by_hand.items():
        ours = recurrent_cox(FORMULA, repeated, id="id", model=model)
        np.testing.assert_allclose(ours.tidy()["estimate"], theirs.tidy()["estimate"], rtol=SAME)
        np.testing.assert_allclose(ours.tidy()["std_error"], theirs.tidy()["std_error"], rtol=SAME)
        assert ours.remarks[0] not in theirs.remarks


def test_marginal_rows(repeated):
    fit = recurrent_cox(FORMULA, repeated, id="id", model="wlw")
    most = numbered(repeated)["event"].mul(numbered(repeated)["k"]).max()
    assert fit.n_obs == 30 * most
    assert fit.n_event == repeated["event"].sum()


def test_disorder_clusters_and_gaps_in_covariates(repeated):
    shuffled = repeated.sample(frac=1, random_state=1)
    once = recurrent_cox(FORMULA, repeated, id="id", model="pwp-gap")
    again = recurrent_cox(FORMULA, shuffled, id="id", model="pwp-gap")
    np.testing.assert_allclose(once.beta, again.beta, rtol=SAME)
    teams = recurrent_cox(FORMULA + " + cluster(team)", repeated, id="id")
    assert teams.n_cluster == (5,)
    repeated.loc[0, "x"] = np.nan
    assert recurrent_cox(FORMULA, repeated, id="id").n_missing == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model": "ag"}, ParameterError, "andersen-gill"),
        ({"most_events": 0}, ParameterError, "most_events"),
        ({"id": "who"}, FormulaError, "who"),
        ({"formula": "Surv(time, event) ~ x"}, DataError, "entry column"),
        ({"formula": FORMULA + " + (1 | id)"}, FormulaError, "random"),
    ],
)
def test_faults(options, error, message, repeated):
    with pytest.raises(error, match=message):
        recurrent_cox(**{"formula": FORMULA, "data": repeated, "id": "id", **options})


def test_marginal_models_need_one_value_a_person(repeated):
    with pytest.raises(DataError, match='"x" changes'):
        recurrent_cox(FORMULA, repeated.assign(x=np.arange(len(repeated))), id="id", model="wlw")
    gap = repeated.assign(time=repeated["time"] * 2, entry=repeated["entry"] * 2)
    gap.loc[gap["entry"] > 0, "entry"] += 1
    with pytest.raises(DataError, match="gap"):
        recurrent_cox(FORMULA, gap, id="id", model="wlw")
    taken = repeated.assign(event_number=1)
    with pytest.raises(ParameterError, match="event_number"):
        recurrent_cox(FORMULA + " + strata(event_number)", taken, id="id")


def test_no_event_is_said_by_every_model(repeated):
    for model in ("andersen-gill", "pwp-gap", "wlw"):
        with pytest.raises(DataError, match="is an event"):
            recurrent_cox(FORMULA, repeated.assign(event=0), id="id", model=model)


def test_lists_are_refused(repeated):
    lists = [[1]] * len(repeated)
    for column in ("id", "x"):
        with pytest.raises(DataError, match="lists"):
            recurrent_cox(FORMULA, repeated.assign(**{column: lists}), id="id", model="wlw")
