import dataclasses

import numpy as np
import pytest

from rpcstats.disclosure import DisclosurePolicy, disclosure_policy
from rpcstats.disclosure._rounding import round_counts
from rpcstats.errors import ParameterError


@pytest.mark.parametrize(
    ("name", "threshold", "zeros", "group", "rounding", "residual_df"),
    [
        ("council", 5, False, 5, (5, "nearest"), 0),
        ("tre", 10, True, 10, (10, "nearest"), 10),
        ("opensafely", 8, True, 6, (6, "midpoint"), 0),
    ],
)
def test_presets_hold_their_published_rules(name, threshold, zeros, group, rounding, residual_df):
    policy = disclosure_policy(name)
    assert (policy.threshold, policy.zeros_disclosive) == (threshold, zeros)
    assert (policy.round_to, policy.rounding) == rounding
    assert (policy.survival_threshold, policy.percent_base) == (group, 10)
    assert policy.residual_df == residual_df
    assert policy.protects
    assert policy.watermark is None
    assert policy.origin


@pytest.mark.parametrize(("name", "fewest"), [("council", 8), ("tre", 15), ("opensafely", 13)])
def test_a_number_at_risk_is_one_that_a_table_would_show_too(name, fewest):
    policy = disclosure_policy(name)
    assert policy.fewest_at_risk == fewest
    counts = np.arange(60)
    rounded = round_counts(counts, policy.round_to, policy.rounding)
    alike = counts[rounded == rounded[fewest]]
    assert alike.min() == fewest >= max(policy.threshold, policy.survival_threshold)


@pytest.mark.parametrize(
    ("name", "words"),
    [("council", "the nearest 5"), ("opensafely", "the middle of classes of 6")],
)
def test_rounding_in_words(name, words):
    assert disclosure_policy(name).rounded_how == words


def test_internal_changes_nothing_and_says_so():
    policy = disclosure_policy("internal")
    assert not policy.protects
    assert policy.watermark == "NOT FOR RELEASE"


def test_unknown_name_suggests_the_near_one():
    with pytest.raises(ParameterError, match="did you mean 'council'"):
        disclosure_policy("counsil")
    with pytest.raises(ParameterError, match="council, internal, opensafely, tre"):
        disclosure_policy("xyz")


def test_policy_is_frozen(toy_policy):
    with pytest.raises(dataclasses.FrozenInstanceError):
        toy_policy.threshold = 1


def rules(**changes):
    base = {
        "name": "ours",
        "threshold": 6,
        "round_to": 6,
        "rounding": "midpoint",
        "percent_base": 20,
        "zeros_disclosive": False,
        "survival_threshold": 6,
    }
    return DisclosurePolicy(**{**base, **changes})


def test_own_rules_are_allowed():
    assert rules().protects


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threshold": 1}, "both thresholds"),
        ({"survival_threshold": 0}, "both thresholds"),
        ({"round_to": 1}, "round_to"),
        ({"rounding": "none"}, "rounded"),
        ({"round_to": 5}, "survival_threshold"),
        ({"name": "council"}, "preset"),
    ],
)
def test_rules_that_protect_nothing_are_refused(changes, words):
    with pytest.raises(ParameterError, match=words):
        rules(**changes)
