"""Answers that nearly all gave: what is told of them, and that it leaves the rest a guess."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rpcstats.disclosure import counts, disclose, disclosure_policy
from rpcstats.disclosure._feasible import spans
from rpcstats.disclosure.counts import protect_proportions

SLOW = pytest.mark.slow
ANSWERS = ("agree", "neither", "disagree")
WITHHELD = -1.0
TOLD = ["n", "base", "estimate", "conf_low", "conf_high", "told_low", "told_high"]


def question(answers, asked=None):
    """One question: those who answered of those asked, if told, and the answers."""
    base = sum(answers)
    rows = [{"answer": a, "n": n, "base": base} for a, n in zip(ANSWERS, answers, strict=True)]
    if asked is not None:
        rows = [{"answer": "answered", "n": base, "base": asked}, *rows]
    frame = pd.DataFrame(rows).assign(item="well_led", base_label="who answered")
    frame.loc[frame["answer"] == "answered", "base_label"] = "completers"
    return frame.assign(estimate=np.nan, conf_low=np.nan, conf_high=np.nan)


def test_191_of_192_by_hand():
    """190 stands for 188 to 192; under 5 of 188 left is 184 of 188, 97.9%."""
    frame = disclose(question((191, 1, 0)), "council").frame.set_index("answer")
    agree = frame.loc["agree"]
    assert np.isnan(agree["n"])
    assert agree["status"] == "withheld"
    assert (agree["told_low"], agree["told_high"]) == (0.97, 1.0)
    assert np.isnan(frame.loc["neither", ["n", "told_low"]].astype(float)).all()


def test_the_bound_is_the_same_for_every_small_rest():
    frames = [disclose(question((40 - r, r, 0)), "council").frame for r in range(1, 5)]
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0])


@pytest.mark.parametrize("preset", ["tre", "opensafely"])
def test_where_all_is_disclosive_nobody_left_looks_like_a_few(preset):
    threshold = disclosure_policy(preset).threshold
    frames = [disclose(question((60 - r, r, 0)), preset).frame for r in range(threshold)]
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0])
    assert frames[0]["told_high"].iloc[0] == 1.0


def test_where_all_may_be_shown_it_is():
    frame = disclose(question((60, 0, 0)), "council").frame
    assert frame["n"].tolist() == [60, 0, 0]


def test_other_tables_tell_no_such_bound():
    frame = question((38, 2, 0)).drop(columns="item")
    assert disclose(frame, "council").frame["told_low"].isna().tolist()[:2] == [True, True]


def released_alike(bases, policy):
    """Sort all answers of so many people by what is released of them."""
    alike = defaultdict(list)
    for base in bases:
        for agree in range(base + 1):
            for neither in range(base - agree + 1):
                answers = (agree, neither, base - agree - neither)
                frame = protect_proportions(question(answers), policy).frame
                if frame["base"].notna().all():
                    alike[tuple(map(tuple, frame[TOLD].fillna(WITHHELD).to_numpy()))].append(
                        answers
                    )
    return alike


def guesses(alike, policy):
    """Give, for each table and small group of it, whether all tables like it leave it a guess."""
    left = {}
    least = 0 if policy.zeros_disclosive else 1
    for tables in alike.values():
        answered = np.array(tables)
        rest = answered.sum(axis=1)[:, None] - answered
        groups = np.column_stack([answered, rest])
        for place, group in enumerate(groups.T):
            told = spans(int(group.min()), int(group.max()), policy.threshold)
            for answers, size in zip(tables, group, strict=True):
                if least <= size < policy.threshold:
                    left[answers, place] = told
    return left


@pytest.mark.parametrize("bases", [range(8, 11), pytest.param(range(11, 14), marks=SLOW)])
@pytest.mark.parametrize("zeros", [False, pytest.param(True, marks=SLOW)])
def test_a_bound_turns_no_guess_into_knowledge(toy_policy, monkeypatch, zeros, bases):
    """All answers of a class of bases, by a reader who knows every rule: where a bound is told,
    every small group could be of any size under the threshold; and where none is told, a group
    that could be so before bounds were told can be still."""
    policy = replace(toy_policy, zeros_disclosive=zeros)
    alike = released_alike(bases, policy)
    after = guesses(alike, policy)
    bounded = {
        answers
        for key, tables in alike.items()
        for answers in tables
        if any(row[0] == WITHHELD != row[TOLD.index("told_low")] for row in key)
    }
    assert len(bounded) > 10
    assert all(told for (answers, _), told in after.items() if answers in bounded)
    monkeypatch.setattr(counts, "holds_answers", lambda frame: False)
    before = guesses(released_alike(bases, policy), policy)
    assert all(after[key] for key, told in before.items() if told)


def test_the_bound_says_no_more_than_that_the_rest_is_small(toy_policy):
    """Tables with the same bound differ in every value of the rest, whichever answers it is of."""
    policy = toy_policy
    alike = defaultdict(set)
    for base in range(8, 14):
        for rest in range(1, policy.threshold):
            for neither in range(rest + 1):
                answers = (base - rest, neither, rest - neither)
                row = protect_proportions(question(answers), policy).frame.iloc[0]
                assert row["told_high"] == 1.0
                assert row["told_low"] <= answers[0] / base
                alike[row["base"], row["told_low"]].add(rest)
    assert all(rests == set(range(1, policy.threshold)) for rests in alike.values())
