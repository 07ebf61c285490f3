"""Ratios and differences that tell no more than rounded counts would."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from rpcstats.disclosure import disclose, disclosure_policy
from rpcstats.disclosure.effects import protect_effects
from rpcstats.errors import DisclosureError


@dataclass(frozen=True)
class Effects:
    """A result with effects, as a model gives them."""

    frame: pd.DataFrame
    counts: pd.DataFrame
    release_kind: str = "effects"

    def tidy(self):
        return self.frame.copy()

    def cells(self):
        return self.counts.copy()


def ratios(estimate=1.7, low=0.8, high=3.6, term="mode[T.online]", scale="ratio"):
    return pd.DataFrame(
        {
            "term": [term],
            "scale": [scale],
            "estimate": [estimate],
            "std_error": [0.38],
            "p_value": [0.17],
            "conf_low": [low],
            "conf_high": [high],
        }
    )


def groups(*pairs, term="mode[T.online]"):
    return pd.DataFrame(
        {"term": term, "n_obs": [n for n, _ in pairs], "n_event": [d for _, d in pairs]}
    )


def crude(*pairs):
    """Give log odds ratio and standard error of two groups, the reference first."""
    (n0, d0), (n1, d1) = pairs
    estimate = np.log(d1 / (n1 - d1)) - np.log(d0 / (n0 - d0))
    return estimate, np.sqrt(sum(1 / d + 1 / (n - d) for n, d in pairs))


def logistic(*pairs, term="mode[T.online]", move=0.0, inflation=1.0):
    """Give what a model of these counts alone would estimate, moved and widened."""
    estimate, error = crude(*pairs)
    half = 1.959963985 * error * np.sqrt(inflation)
    numbers = np.exp(estimate + move + np.array([0.0, -half, half]))
    return Effects(ratios(*numbers, term=term), groups(*pairs, term=term))


def test_a_ratio_is_that_of_the_rounded_counts():
    safe = disclose(logistic((161, 61), (92, 27)), "council")
    row = safe.frame.iloc[0]
    estimate, error = crude((160, 60), (90, 25))
    # Rounded by hand: a grid of 0.5, classes of five people; the variance ratio 1 rounds to 1.5.
    rounding = ((5 / 60 + 5 / 100) ** 2 + (5 / 25 + 5 / 65) ** 2) / 12
    rounding += ((5 / 100) ** 2 + (5 / 65) ** 2) / 12 + 0.5**2 / 12
    half = 1.959963985 * np.sqrt(1.5 * error**2 + rounding)
    np.testing.assert_allclose(
        np.log(row[["estimate", "conf_low", "conf_high"]].astype(float)),
        [estimate, estimate - half, estimate + half],
    )
    assert safe.status == "released"
    assert not {"std_error", "p_value"} & set(safe.frame.columns)


def test_what_the_model_adds_is_told_in_coarse_steps():
    pairs = ((161, 61), (92, 27))
    told = [
        np.log(disclose(logistic(*pairs, move=move), "council").frame["estimate"].iloc[0])
        for move in (0.0, 0.24, 0.26, 0.6)
    ]
    np.testing.assert_allclose(np.diff(told), [0, 0.5, 0], atol=1e-9)


def test_of_few_only_the_limits_are_told():
    row = disclose(logistic((60, 20), (40, 10)), "council").frame.iloc[0]
    assert np.isnan(row["estimate"])
    assert 0 < row["conf_low"] < row["conf_high"]
    assert "interval" in row["note"]


def test_what_could_not_be_estimated_says_why():
    frame = ratios(np.nan, np.nan, np.nan).assign(note="all were in one group")
    none = groups().iloc[:0]
    safe = disclose(Effects(frame, none), "council")
    assert safe.frame["note"].tolist() == ["all were in one group"]
    assert safe.status == "released"
    inside = disclose(Effects(frame, none), "internal")
    assert inside.frame["note"].tolist() == ["all were in one group"]


@pytest.mark.parametrize("inflation", [0.4, 1.4, 2.6, 30.0])
def test_limits_are_wider_than_those_of_the_model(inflation):
    rng = np.random.default_rng(1)
    for _ in range(30):
        pairs = tuple((n, int(rng.integers(8, n - 8))) for n in rng.integers(40, 90, 2).tolist())
        result = logistic(*pairs, move=rng.normal(), inflation=inflation)
        row, true = disclose(result, "council").frame.iloc[0], result.frame.iloc[0]
        told = np.log([row["conf_low"], row["conf_high"]])
        width = np.diff(np.log([true["conf_low"], true["conf_high"]]))
        assert np.diff(told) > 0.9 * width  # rounding can add people, so that counts look safer
        assert told[0] < np.log(true["estimate"]) < told[1]


def test_another_level_tells_nothing_new():
    """Limits at many levels are one estimate and one standard error, both of rounded counts."""
    pairs = ((61, 21), (48, 17))
    estimate, error = crude(*pairs)
    middles, errors = [], []
    for level, z in ((0.8, 1.2815515655), (0.95, 1.959963985), (0.99, 2.5758293035)):
        limits = np.exp(estimate + error * np.array([0.0, -z, z]))
        told = protect_effects(
            ratios(*limits), groups(*pairs), disclosure_policy("council"), conf_level=level
        ).frame.iloc[0]
        low, high = np.log(told["conf_low"]), np.log(told["conf_high"])
        middles.append((low + high) / 2)
        errors.append((high - low) / (2 * z))
    np.testing.assert_allclose(middles, middles[0], rtol=1e-9)
    np.testing.assert_allclose(errors, errors[0], rtol=1e-7)


@pytest.mark.parametrize("pairs", [((60, 20), (40, 4)), ((60, 20), (40, 36)), ((60, 20), (8, 4))])
def test_too_few_with_or_without_the_event(pairs):
    safe = disclose(Effects(ratios(), groups(*pairs)), "council")
    assert safe.status == "withheld"
    assert safe.frame[["estimate", "conf_low", "conf_high"]].isna().all(axis=None)
    assert "under 5" in safe.frame["note"].iloc[0]


def test_no_event_is_too_few_under_every_rule():
    for policy in ("council", "tre", "opensafely"):
        assert disclose(Effects(ratios(), groups((60, 20), (40, 0))), policy).status == "withheld"


def test_terms_are_judged_one_by_one():
    frame = pd.concat([ratios(), ratios(term="sex[T.male]")])
    cells = pd.concat([groups((160, 60), (90, 25)), groups((60, 30), (40, 2), term="sex[T.male]")])
    safe = disclose(Effects(frame, cells), "council")
    assert safe.frame["status"].tolist() == ["released", "withheld"]


def test_inside_the_house_nothing_is_changed():
    safe = disclose(Effects(ratios(), groups((6, 2), (4, 1))), "internal")
    assert safe.frame["estimate"].tolist() == [1.7]


@pytest.mark.parametrize(
    ("frame", "cells", "message"),
    [
        (ratios(), groups((60, 20), (40, 12), term="other"), "without counts"),
        (ratios(), groups((60, 20)), "two groups"),
        (ratios(scale="odds"), groups((60, 20), (40, 12)), "'ratio' or 'difference'"),
        (ratios().drop(columns="conf_low"), groups((60, 20)), "conf_low"),
        (ratios().assign(kappa=0.3), groups((60, 20), (40, 12)), "kappa"),
    ],
)
def test_what_cannot_be_checked_is_refused(frame, cells, message):
    with pytest.raises(DisclosureError, match=message):
        disclose(Effects(frame, cells), "council")


def test_a_bare_frame_has_no_cells():
    with pytest.raises(DisclosureError, match="cells"):
        disclose(ratios(), "council", kind="effects")
