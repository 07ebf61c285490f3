"""Estimates side by side: whose change, and whether methods agree."""

import numpy as np
import pandas as pd
import pytest

from rpcstats._vocabulary import ESTIMANDS
from rpcstats.designs.missing import (
    compare_estimands,
    completers_change,
    hypothetical_change,
    response_weights,
    treatment_policy_change,
)
from rpcstats.disclosure import disclose
from rpcstats.errors import DataError, ParameterError
from rpcstats.figures import draw
from rpcstats.goals import EstimandResult, goal_trajectory
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth


def result(estimand, method, mean, *, error=0.2, n_obs=58, conf_level=0.95):
    frame = pd.DataFrame(
        [
            (estimand, method, measure, x, e, 7.0, x - 2 * e, x + 2 * e, n_obs, 20, "MAR")
            for measure, x, e in (("mean change", mean, error), ("progress", 0.7, 0.05))
        ],
        columns=list(ESTIMANDS),
    )
    return EstimandResult(
        estimand=estimand, method=method, assumption="MAR", frame=frame, n_obs=n_obs, n_missing=20,
        n_group=8, conf_level=conf_level, span=10.0,
    )  # fmt: skip


def test_differences_are_counted_in_the_larger_standard_error():
    found = compare_estimands(
        result("E5b", "one", 2.0), result("E5b", "two", 2.15, error=0.25), result("E5c", "one", 9.0)
    )
    table = found.differences()
    assert len(table) == 2
    first = table[table["measure"] == "mean change"].iloc[0]
    assert first["difference"] == pytest.approx(-0.15)
    assert first["in_errors"] == pytest.approx(0.6)
    assert not first["agrees"]
    looser = compare_estimands(
        result("E5b", "one", 2.0), result("E5b", "two", 2.15, error=0.25), tolerance=0.7
    )
    assert looser.differences()["agrees"].all()


def test_sentences_name_the_methods_and_none_of_the_estimates():
    found = compare_estimands(result("E5a", "first way", 1.6), result("E5a", "second way", 1.9))
    mean, progress = found.agreement()
    assert "first way and second way" in mean
    assert "disagree by more than 0.5 standard errors" in mean
    assert "2 methods agree to within 0.5 standard errors" in progress
    assert not any(number in mean + progress for number in ("1.6", "1.9", "0.3", "0.7"))


def test_different_estimands_are_never_held_against_each_other():
    found = compare_estimands(result("E5a", "one", 1.6), result("E5c", "one", 2.2))
    assert found.agreement() == ()
    assert found.differences().empty
    assert found.tidy()["estimand"].tolist() == ["E5a", "E5a", "E5c", "E5c"]


@pytest.mark.parametrize(
    ("results", "error", "words"),
    [
        ((result("E5a", "one", 1.0),), ParameterError, "two results or more"),
        ((result("E5a", "one", 1.0), 3.0), ParameterError, "says what it estimates"),
        (
            (result("E5a", "one", 1.0), result("E5a", "two", 1.0, conf_level=0.9)),
            ParameterError,
            "different levels",
        ),
        ((result("E5a", "one", 1.0), result("E5a", "one", 1.1)), DataError, "comes twice"),
        (
            (result("E5a", "one", 1.0), result("E5a", "two", 1.1, n_obs=60)),
            DataError,
            "different numbers of parents",
        ),
    ],
)
def test_what_cannot_be_compared_is_one_plain_error(results, error, words):
    with pytest.raises(error, match=words):
        compare_estimands(*results)


def test_unknown_methods_are_named_with_those_that_exist():
    frame = pd.DataFrame()
    with pytest.raises(ParameterError, match="linear, imputation, joint, weighting"):
        treatment_policy_change(frame, method="ordinal")
    with pytest.raises(ParameterError, match="ordinal, linear, imputation, joint"):
        hypothetical_change(frame, method="weighting")


@pytest.fixture(scope="module")
def drawn():
    return draw_goal_frame(Truth(psi=-0.15, rho1=0.0), n=160, seed=3)


@pytest.fixture(scope="module")
def compared(drawn):
    return compare_estimands(
        treatment_policy_change(drawn),
        treatment_policy_change(drawn, method="weighting"),
        hypothetical_change(drawn),
        hypothetical_change(drawn, method="linear", errors="robust"),
        completers_change(drawn),
    )


def test_methods_hand_on_what_their_own_functions_give(drawn, compared):
    table = compared.tidy()
    weighted = response_weights(drawn).estimates().frame["estimate"]
    own = table[table["method"].str.startswith("Inverse")]["estimate"]
    np.testing.assert_allclose(own, weighted)
    linear = goal_trajectory(drawn, model="linear")
    robust = linear.change(errors="robust")["std_error"].item()
    at = table[table["method"].str.contains("CR2") & (table["estimand"] == "E5b")]
    assert at["std_error"].iloc[0] == pytest.approx(robust)


def test_the_methods_of_one_estimand_agree_on_what_was_drawn(compared):
    hypothetical = compared.differences().query("estimand == 'E5b'")
    assert hypothetical["agrees"].all()


def test_leaving_out_those_who_left_tells_a_larger_change(compared):
    means = compared.tidy().query("measure == 'mean change'").groupby("estimand")["estimate"].mean()
    assert means["E5a"] < means["E5b"]
    assert means["E5a"] < means["E5c"]


def test_the_figure_says_whose_change_each_row_is(compared):
    figure = compared.plot().figure
    words = [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text"))]
    assert "All who started, had all of them finished" in words
    assert "Those who completed and answered the end form" in words
    assert "Parents" in words


def test_the_comparison_is_released_as_a_whole_and_drawn(compared):
    safe = disclose(compared, "council")
    assert safe.status == "released"
    assert "std_error" not in safe.frame
    assert draw(safe.kind, safe.frame, measure="progress").axes
    assert "Change by estimand" in str(compared)
