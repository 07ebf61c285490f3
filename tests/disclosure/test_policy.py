import dataclasses

import pytest

from rpcstats.disclosure import DisclosurePolicy, disclosure_policy
from rpcstats.errors import ParameterError


@pytest.mark.parametrize(
    ("name", "threshold", "zeros", "step", "step_width", "residual_df"),
    [
        ("council", 5, False, 5, 5, 0),
        ("tre", 10, True, 10, 10, 10),
        ("opensafely", 8, True, 6, 6, 0),
    ],
)
def test_presets_hold_their_published_rules(name, threshold, zeros, step, step_width, residual_df):
    policy = disclosure_policy(name)
    assert (policy.threshold, policy.zeros_disclosive) == (threshold, zeros)
    assert (policy.round_to, policy.percent_base) == (5, 10)
    assert (policy.survival_threshold, policy.survival_round_to) == (step, step_width)
    assert policy.residual_df == residual_df
    assert policy.protects
    assert policy.watermark is None
    assert policy.origin


def test_opensafely_takes_the_middle_of_classes_for_curves():
    assert disclosure_policy("opensafely").survival_rounding == "midpoint"


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
        "round_to": 5,
        "rounding": "nearest",
        "percent_base": 20,
        "zeros_disclosive": False,
        "survival_threshold": 6,
        "survival_round_to": 6,
        "survival_rounding": "midpoint",
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
        ({"survival_rounding": "none"}, "rounded"),
        ({"survival_round_to": 5}, "survival_round_to"),
        ({"name": "council"}, "preset"),
    ],
)
def test_rules_that_protect_nothing_are_refused(changes, words):
    with pytest.raises(ParameterError, match=words):
        rules(**changes)
