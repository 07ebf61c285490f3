"""Conditional modes: by hand, against lme4, and without names of levels."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from rpcstats import _vocabulary as v
from rpcstats.errors import ParameterError
from rpcstats.mixed import lmm

# lme4's values were polished to a gradient of 1e-6.
OF_R = 5e-6


def test_three_pairs_by_hand():
    # Variances 2 within and 8 between: modes 8 / 9 of the group's distance, variance 8 / 9.
    data = pd.DataFrame({"y": [0.0, 2, 3, 5, 6, 8], "g": list("aabbcc")})
    frame = lmm("y ~ 1 + (1 | g)", data).conditional_modes().tidy()
    assert tuple(frame.columns) == v.MODES
    assert frame["level"].tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(frame["estimate"], [-8 / 3, 0, 8 / 3], atol=1e-6)
    np.testing.assert_allclose(frame["std_error"], np.sqrt(8 / 9), rtol=1e-6)
    half = 1.959963984540054 * frame["std_error"]
    np.testing.assert_allclose(frame["conf_high"] - frame["estimate"], half, rtol=1e-12)


@pytest.mark.parametrize(
    ("case", "formula", "data"),
    [
        ("sleepstudy_slope", "Reaction ~ Days + (Days | Subject)", "sleepstudy"),
        ("sleepstudy_uncorr", "Reaction ~ Days + (Days || Subject)", "sleepstudy"),
        ("penicillin_crossed", "diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin"),
    ],
)
def test_agrees_with_lme4(case, formula, data, mixed_data, mixed_values):
    r = mixed_values("lmm")[case]["reml"]["ranef"]
    frame = lmm(formula, mixed_data(data)).conditional_modes().tidy()
    for group, there in r.items():
        rows = frame[frame["group"] == group]
        assert rows["level"].nunique() == there["n_levels"]
        names = [name.strip("()") for name in np.atleast_1d(there["effects"])]
        for j, name in enumerate(names):
            mine = rows[rows["term"] == name].set_index("level")
            levels = np.atleast_1d(there["levels"])
            mode = np.array(there["mode"])[:, j]
            scale = np.abs(mode).max()
            np.testing.assert_allclose(mine.loc[levels, "estimate"], mode, atol=OF_R * scale)
            sd = np.reshape(there["cond_sd"], (len(levels), len(names)))[:, j]
            np.testing.assert_allclose(mine.loc[levels, "std_error"], sd, rtol=OF_R)


def test_a_generalised_model_has_modes_too(cbpp, mixed_values):
    r = mixed_values("glmm")["cbpp_agq1"]["ranef"]["herd"]
    frame = cbpp.conditional_modes().tidy().set_index("level")
    mode, sd = np.ravel(r["mode"]), np.ravel(r["cond_sd"])
    np.testing.assert_allclose(frame.loc[r["levels"], "estimate"], mode, rtol=1e-5)
    np.testing.assert_allclose(frame.loc[r["levels"], "std_error"], sd, rtol=1e-5)


def test_text_names_no_level(penicillin):
    modes = penicillin.conditional_modes()
    assert repr(modes) == "ConditionalModes(24 levels of plate, 6 levels of sample)"
    (frame,) = modes.summary().frames
    assert frame["n_group"].tolist() == [24, 6]
    assert "level" not in frame.columns


def test_arrays_are_read_only_and_the_level_is_checked(sleepstudy):
    modes = sleepstudy.conditional_modes()
    with pytest.raises(ValueError, match="read-only"):
        modes.estimate[0][0, 0] = 1.0
    with pytest.raises(ParameterError, match="conf_level"):
        modes.tidy(conf_level=0.0)
    with pytest.raises(ParameterError, match="Subject"):
        modes.plot(group="subject")


def test_the_picture_shows_one_factor(penicillin):
    figure = penicillin.conditional_modes().plot(group="sample")
    assert "6 levels of" in " ".join(text.get_text() for text in figure.findobj(Text))
