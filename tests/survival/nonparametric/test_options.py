"""Options of the wrong kind are said, and odd curves can still be drawn."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import ParameterError
from rpcstats.survival import compare_groups, kaplan_meier, logrank
from rpcstats.survival.nonparametric.life_table import life_table
from rpcstats.survival.nonparametric.max_combo import max_combo
from rpcstats.survival.nonparametric.nelson_aalen import nelson_aalen
from rpcstats.survival.nonparametric.pseudo_values import pseudo_values
from rpcstats.survival.nonparametric.rmst_bootstrap import rmst_bootstrap

FORMULA = "Surv(t, e) ~ g"
FRAME = pd.DataFrame({"t": [1, 2, 3, 4, 2, 5], "e": [1, 0, 1, 1, 1, 0], "g": list("ababab")})

ASKED = {
    "at": lambda: kaplan_meier(FORMULA, FRAME).at("soon"),
    "nested at": lambda: kaplan_meier(FORMULA, FRAME).at(np.ones((2, 2))),
    "quantile": lambda: kaplan_meier(FORMULA, FRAME).quantile(["half"]),
    "tau": lambda: kaplan_meier(FORMULA, FRAME).rmst("end"),
    "first": lambda: kaplan_meier(FORMULA, FRAME).bands(first="start"),
    "rho": lambda: logrank(FORMULA, FRAME, rho=None),
    "breaks": lambda: life_table(FORMULA, FRAME, breaks=["a", "b"]),
    "exponents": lambda: max_combo(FORMULA, FRAME, exponents=[1, 0]),
    "pseudo at": lambda: pseudo_values("Surv(t, e) ~ 1", FRAME, at=["late"]),
    "by": lambda: compare_groups("Surv(t, e) ~ 1", FRAME, by=[["g"]], tau=2),
    "seed": lambda: rmst_bootstrap(FORMULA, FRAME, tau=2, n_boot=2, seed="x"),
}


@pytest.mark.parametrize("option", ASKED)
def test_an_option_of_the_wrong_kind_is_said(option):
    with pytest.raises(ParameterError):
        ASKED[option]()


def test_a_curve_whose_times_are_all_zero_can_be_drawn():
    fit = kaplan_meier(FORMULA, FRAME.assign(t=0))
    assert fit.plot().get_lines()


def test_the_last_label_of_a_cumulative_hazard_is_not_cut():
    ax = nelson_aalen(FORMULA, FRAME.assign(t=FRAME["t"] * 990)).plot()
    assert ax.get_xlim() == (0.0, 4950.0)
