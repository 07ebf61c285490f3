"""Persons who are alike are counted in narrow numbers, which must hold them all."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.discrete.discrete_competing import discrete_competing
from rpcstats.survival.discrete.discrete_hazard import discrete_hazard


@pytest.mark.parametrize("n", [250, 1_000, 70_000])
def test_hazards_are_shares_whatever_the_number(n):
    frame = pd.DataFrame({"time": np.repeat([1, 2, 2, 3], n), "event": np.repeat([1, 1, 0, 1], n)})
    frame.loc[frame.index[-1], "event"] = 0
    fit = discrete_hazard("Surv(time, event) ~ C(session)", frame)
    assert fit.sample.cells.events.tolist() == [[n, n, n - 1]]
    table = fit.tidy().set_index("term")["estimate"]
    share = 1 / (1 + np.exp(-table.iloc[0]))
    assert share == pytest.approx(0.25, rel=1e-6)
    n_risk, n_event = fit.sample.life_table()
    assert n_risk.tolist() == [4 * n, 3 * n, n]
    assert n_event.tolist() == [[n, n, n - 1]]


def test_causes_of_many_alike():
    n = 300
    frame = pd.DataFrame({"time": np.repeat([1, 1, 1], n), "cause": np.repeat([0, 1, 2], n)})
    fit = discrete_competing("Surv(time, cause) ~ 1", frame)
    assert fit.sample.cells.events.tolist() == [[n], [n]]
    np.testing.assert_allclose(fit.tidy()["estimate"], 0.0, atol=1e-6)
