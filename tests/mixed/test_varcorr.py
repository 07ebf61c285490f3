"""Standard deviations and correlations as users read them."""

import numpy as np
import pytest

from rpcstats import _vocabulary as v
from rpcstats.errors import ParameterError
from rpcstats.mixed import lmm
from rpcstats.mixed.structure.model_frame import Block
from rpcstats.mixed.varcorr import var_corr

# lme4's values were polished to a gradient of 1e-6.
OF_R = 2e-6


def block(rows, cols, effects=("Intercept", "x"), group="g"):
    return Block(
        group=group,
        levels=("a", "b"),
        codes=np.array([0, 1]),
        Z=np.ones((2, len(effects))),
        effects=effects,
        rows=np.array(rows),
        cols=np.array(cols),
        terms=(f"1 + x | {group}",),
    )


def test_two_effects_by_hand():
    # sigma 2 and factor [[2, 0], [1.5, 2]]: variances 16 and 25, covariance 12.
    table = var_corr((block([0, 1, 1], [0, 0, 1]),), np.array([2.0, 1.5, 2.0]), 2.0)
    np.testing.assert_allclose(table.covariance("g"), [[16, 12], [12, 25]], rtol=1e-14)
    frame = table.tidy()
    assert tuple(frame.columns) == v.VARCORR
    assert frame["measure"].tolist() == ["std_dev", "std_dev", "correlation", "std_dev"]
    np.testing.assert_allclose(frame["estimate"], [4, 5, 12 / 20, 2], rtol=1e-14)
    np.testing.assert_allclose(frame["variance"], [16, 25, 12, 4], rtol=1e-14)
    assert frame.iloc[2][["term", "with_term"]].tolist() == ["Intercept", "x"]
    assert frame["group"].tolist() == ["g", "g", "g", "Residual"]


def test_effects_kept_apart_by_the_formula_have_no_correlation():
    table = var_corr((block([0, 1], [0, 1]),), np.array([2.0, 3.0]), None)
    assert table.tidy()["measure"].tolist() == ["std_dev", "std_dev"]
    assert table.covariance("g")[0, 1] == 0


def test_three_effects_with_one_apart():
    # (1 + x | g) + (0 + z | g): only the first two may be correlated.
    effects = ("Intercept", "x", "z")
    table = var_corr((block([0, 1, 1, 2], [0, 0, 1, 2], effects),), np.ones(4), None)
    pairs = table.tidy().query("measure == 'correlation'")
    assert pairs[["term", "with_term"]].to_numpy().tolist() == [["Intercept", "x"]]


def test_a_zero_variance_has_no_correlation():
    frame = var_corr((block([0, 1, 1], [0, 0, 1]),), np.array([0.0, 0.0, 1.0]), None).tidy()
    assert frame["estimate"].tolist()[:2] == [0.0, 1.0]
    assert np.isnan(frame["estimate"].iloc[2])


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_agrees_with_lme4(method, mixed_data, mixed_values):
    r = mixed_values("lmm")["sleepstudy_slope"][method]["varcorr"]
    fit = lmm("Reaction ~ Days + (Days | Subject)", mixed_data("sleepstudy"), method=method)
    frame = fit.varcorr().tidy()
    np.testing.assert_allclose(frame["estimate"], [row["sdcor"] for row in r], rtol=10 * OF_R)
    np.testing.assert_allclose(frame["variance"], [row["vcov"] for row in r], rtol=10 * OF_R)


def test_a_linear_fit_ends_with_its_residual(sleepstudy, cbpp):
    assert sleepstudy.varcorr().tidy()["estimate"].iloc[-1] == sleepstudy.sigma
    assert cbpp.varcorr().sigma is None
    assert "Residual" not in str(cbpp.varcorr())


def test_matrices_are_read_only_and_groups_are_named(sleepstudy):
    table = sleepstudy.varcorr()
    with pytest.raises(ValueError, match="read-only"):
        table.covariance("Subject")[0, 0] = 1
    with pytest.raises(ParameterError, match="Subject"):
        table.covariance("subject")
    assert "correlation" in repr(table)
    assert "<table" in table._repr_html_()
