import numpy as np
import pytest

from rpcstats.disclosure import disclose
from rpcstats.errors import DataError, DisclosureError, ParameterError
from rpcstats.goals import gas_t_score

NAN = float("nan")
# The formula's square roots leave rounding error only.
EXACT = 1e-12


def gas(frame, parent, finish, weights=None, start=None):
    """One parent whose goals end at the levels of `finish`."""
    begin = start or [-1] * len(finish)
    goals = frame(
        parent("a", [[s, NAN, NAN, x] for s, x in zip(begin, finish, strict=True)]),
        minimum=-2.0,
        maximum=2.0,
        instrument="gas",
    )
    if weights is not None:
        goals["weight"] = goals["item"].map(
            {f"goal_{j + 1}": float(w) for j, w in enumerate(weights)}
        )
    return goals


def t_of(goals, **options):
    return gas_t_score(goals, **options).tidy()["finish"].iloc[0]


def test_goals_all_as_expected_give_50(frame, parent):
    for n in (1, 2, 3):
        assert t_of(gas(frame, parent, [0] * n)) == 50.0


@pytest.mark.parametrize(
    ("finish", "expected"),
    # Conversion for goals of equal weight (Kiresuk, Smith and Cardillo 1994): 10 k / sqrt(k x 0.7 +
    # 0.3 k^2) over 50 where each of k goals is one level better than expected.
    [([1], 60.0), ([1, 1], 62.40), ([1, 1, 1], 63.69), ([2, 0, -1], 54.56), ([-2, -2], 25.19)],
)
def test_the_conversion_for_equal_weights(frame, parent, finish, expected):
    assert t_of(gas(frame, parent, finish)) == pytest.approx(expected, abs=0.005)


def test_the_weighted_example_of_gasr(frame, parent):
    """calc_tscore's own example in the R package gasr: sum of w x is 7 and 0.7 x 91 + 0.3 x 441 =
    196, so T = 50 + 70 / 14 = 55."""
    goals = gas(frame, parent, [-2, 0, -1, 2, 0, 1], weights=[3, 5, 1, 4, 2, 6])
    assert t_of(goals) == pytest.approx(55.0, rel=EXACT)


def test_rho_is_the_callers(frame, parent):
    goals = gas(frame, parent, [1, 1])
    assert t_of(goals, rho=0) == pytest.approx(50 + 20 / np.sqrt(2), rel=EXACT)
    assert t_of(goals, rho=1) == pytest.approx(60.0, rel=EXACT)
    for rho in (-0.1, 1.1, "low"):
        with pytest.raises(ParameterError, match="rho"):
            gas_t_score(goals, rho=rho)


def test_change_is_of_the_goals_rated_both_times(frame, parent):
    row = gas_t_score(gas(frame, parent, [1, NAN], start=[-1, -2])).tidy().iloc[0]
    assert (row["n_goals"], row["finish"], row["change"]) == (1, 60.0, 20.0)
    both = 10 / np.sqrt(2 * 0.7 + 0.3 * 4)
    assert row["start"] == pytest.approx(50 - 3 * both, rel=EXACT)


def test_classes_and_accounts(frame, parent):
    rows = [
        parent(name, [[-1, NAN, NAN, x]])
        for name, x in {"a": 1, "b": 0, "c": -1, "d": NAN, "e": 2}.items()
    ]
    found = gas_t_score(frame(*rows, minimum=-2, maximum=2, instrument="gas"))
    assert found.classes().tidy()["n"].tolist() == [2, 1, 1, 1]
    assert found.glance()["mean"].iloc[0] == pytest.approx(np.mean([60, 50, 40, 70]))
    assert "50 means as expected" in str(found.summary())
    with pytest.raises(DisclosureError):
        disclose(found, "internal")


def test_other_scales_and_weights_are_refused(eight, frame, parent):
    with pytest.raises(DataError, match="from -2 to 2"):
        gas_t_score(eight)
    with pytest.raises(DataError, match="from -2 to 2"):
        gas_t_score(gas(frame, parent, [0.5]))
    with pytest.raises(DataError, match="weight above 0"):
        gas_t_score(gas(frame, parent, [1], weights=[0]))
    goals = gas(frame, parent, [1])
    goals["weight"] = [1.0, 1.0, 1.0, 2.0]
    with pytest.raises(DataError, match="one weight"):
        gas_t_score(goals)
    goals["weight"] = NAN
    assert t_of(goals) == 60.0
