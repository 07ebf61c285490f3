"""Pictures of fitted mixed models show what the fits say."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import ParameterError
from rpcstats.mixed import lmm
from rpcstats.mixed.plots import plain_term


def lines(ax, name):
    return [line for line in ax.lines if line.get_label() == name]


def test_coefficients_are_drawn_without_the_intercept(cbpp):
    (ax,) = cbpp.plot(exponentiate=True).axes
    (dots,) = lines(ax, "interval")
    np.testing.assert_allclose(dots.get_xdata(), np.exp(cbpp.beta[1:]))
    assert ax.get_xscale() == "log"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mode[T.online]", "mode: online"),
        ("C(period)[T.2]", "period: 2"),
        ("session:mode[T.a:b]", "session × mode: a:b"),
        ("log(weeks)", "log(weeks)"),
    ],
)
def test_names_of_columns_are_written_for_readers(name, words):
    assert plain_term(name) == words


def test_a_model_with_an_intercept_only_has_no_coefficients_to_draw(penicillin):
    with pytest.raises(ParameterError, match="intercept only"):
        penicillin.plot()


def test_residuals_are_standardised(sleepstudy):
    ax = sleepstudy.plot("residuals").axes[0]
    (points,) = lines(ax, "points")
    order = np.argsort(sleepstudy.fitted(), kind="stable")
    np.testing.assert_allclose(points.get_ydata(), sleepstudy.residuals("standardised")[order])


def test_trajectories_are_the_predictions(sleepstudy):
    new = pd.DataFrame({"Days": [0, 9]})
    (ax,) = sleepstudy.plot("trajectories", newdata=new, x="Days").axes
    (population,) = lines(ax, "population")
    np.testing.assert_allclose(population.get_ydata(), [[1, 0], [1, 9]] @ sleepstudy.beta)
    drawn = np.array([line.get_ydata() for line in lines(ax, "group")])
    levels = [int(name) for name in sleepstudy.frame.blocks[0].levels]
    for level, line in zip(levels, drawn, strict=True):
        expected = sleepstudy.predict(new.assign(Subject=level))["estimate"]
        np.testing.assert_allclose(line, expected)


def test_trajectories_of_chances_are_on_their_own_scale(cbpp):
    new = pd.DataFrame({"period": ["1", "2", "3", "4"], "size": 10, "at": [1.0, 2.0, 3.0, 4.0]})
    (ax,) = cbpp.plot("trajectories", newdata=new, x="at").axes
    drawn = np.concatenate([line.get_ydata() for line in lines(ax, "group")])
    assert ((drawn > 0) & (drawn < 1)).all()


def test_trajectories_of_ordered_ratings_are_on_the_latent_scale(wine):
    new = pd.DataFrame({"temp": ["cold", "warm"], "contact": "no", "at": [0.0, 1.0]})
    (ax,) = wine.plot("trajectories", newdata=new, x="at").axes
    (population,) = lines(ax, "population")
    np.testing.assert_allclose(np.diff(population.get_ydata()), wine.beta[:1])


def test_an_unknown_picture_is_refused(sleepstudy):
    with pytest.raises(ParameterError, match="coefficients, residuals, trajectories"):
        sleepstudy.plot("pie")


def test_many_levels_are_thinned():
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(450), 2)
    frame = pd.DataFrame({"y": rng.normal(size=450)[g] + rng.normal(size=900), "g": g, "x": 1.0})
    frame["x"] = np.tile([0.0, 1.0], 450)
    new = pd.DataFrame({"x": [0.0, 1.0]})
    (ax,) = lmm("y ~ x + (1 | g)", frame).plot("trajectories", newdata=new, x="x").axes
    assert len(lines(ax, "group")) == 150
