"""What every estimator gives: tidy, glance, summary, plot, one level, a short repr, no state."""

import copy
import dataclasses
import inspect
import pickle
import pkgutil
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import rpcstats.designs.missing
import rpcstats.goals
import rpcstats.survival
from rpcstats.tables.summary import Summary

ROOMS = (rpcstats.survival, rpcstats.goals, rpcstats.designs.missing)

FRAMES = {"check_spells", "expand_sessions", "merge_covariates", "split_episodes"}
"""Functions that give rows for an estimator and estimate nothing."""

NUMBERS = {"cut_off_between", "pool"}
"""Functions of numbers that the caller has."""

NO_PICTURE = {
    "assumption_checks": "three p-values, of which one can't be drawn against another",
    "test of random effects": "one statistic; the variances are drawn by conditional_modes()",
    "trajectory spreads": "standard deviations and correlations, which have no common scale",
}
"""Results without a picture, and why."""

OPTIONS = {
    "discrete_competing": {"newdata": pd.DataFrame({"mode": ["online", "in_person"]})},
    "multistate": {"group": "mode=a"},
    "proportional hazards": {"term": "age"},
    "proportional sub-hazards": {"term": "age"},
    "transition probabilities": {"from_state": "well", "group": "mode=a"},
}
"""What a picture has to be told where there is no one choice."""

DERIVED = (
    "Brier score", "calibration", "changes of classes", "contrasts of incidence",
    "cox with random effects", "curves of a Cox model", "expected time", "hazard bands",
    "incidence of a model", "mean difference", "proportional hazards", "proportional sub-hazards",
    "rate test", "standardised by session", "standardised survival", "states of a model",
    "survival bands", "test of random effects", "time lost", "trajectory spreads",
    "transition hazards", "transition probabilities",
)  # fmt: skip
"""Results that a method of another gives."""

LONGEST = 6000
"""Characters of a repr: a summary of a few small tables."""


def estimators():
    names = {name: getattr(room, name) for room in ROOMS for name in room.__all__}
    functions = {name for name, thing in names.items() if inspect.isfunction(thing)}
    return sorted(functions - FRAMES - NUMBERS)


def classes():
    """Classes of results, in every module of the rooms; bases of others are not made."""
    found = set()
    for room in ROOMS:
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            for thing in vars(import_module(module.name)).values():
                if inspect.isclass(thing) and thing.__module__ == module.name:
                    found.add(thing)
    bases = {base for thing in found for base in thing.__mro__[1:]}
    return {thing.__name__ for thing in found - bases if hasattr(thing, "tidy")}


ALL = (*estimators(), *DERIVED)
every = pytest.mark.parametrize("name", ALL)
drawn = pytest.mark.parametrize("name", [name for name in ALL if name not in NO_PICTURE])


def test_every_estimator_and_every_result_is_in_the_grid(result, results):
    assert set(results) == set(ALL)
    made = {type(result(name)).__name__ for name in results}
    # Ratios with the counts behind them, as disclosure takes them.
    assert classes() - made == {"Effects"}


@every
def test_tidy_and_glance_are_frames_of_their_own(name, result):
    found = result(name)
    for frame in (found.tidy(), found.glance()):
        assert isinstance(frame, pd.DataFrame)
        assert len(frame)
    assert len(found.glance().columns) >= 2
    first = found.tidy()
    first["changed"] = 1
    first[first.columns[0]] = "changed"
    assert "changed" not in found.tidy().columns
    assert not (found.tidy().iloc[:, 0] == "changed").any()


@every
def test_the_summary_reads_as_text_and_as_html(name, result):
    summary = result(name).summary()
    assert isinstance(summary, Summary)
    assert summary.heading
    assert "array(" not in str(summary)
    assert result(name)._repr_html_().startswith("<p><strong>")


@every
def test_the_repr_is_the_summary_and_holds_no_arrays(name, result):
    words = repr(result(name))
    assert words == str(result(name).summary())
    assert "array(" not in words
    assert "DataFrame" not in words
    assert len(words) < LONGEST


@every
def test_limits_come_with_their_level(name, result):
    if {"conf_low", "conf_high"} & set(result(name).tidy().columns):
        level = getattr(result(name), "conf_level", None)
        if level is None:
            tidy = inspect.signature(result(name).tidy).parameters
            assert "conf_level" in tidy or name in ("response_weights", "trajectory spreads")
        else:
            assert 0.0 < level < 1.0


@every
def test_a_result_is_frozen_and_can_be_stored(name, result):
    found = result(name)
    assert dataclasses.is_dataclass(found)
    assert type(found).__dataclass_params__.frozen
    assert not hasattr(found, "__dict__") or isinstance(found, rpcstats.survival.CoxFit)
    for other in (pickle.loads(pickle.dumps(found)), copy.copy(found)):
        pd.testing.assert_frame_equal(other.tidy(), found.tidy())


@every
def test_its_arrays_can_not_be_written_to(name, result):
    found = result(name)
    for field in dataclasses.fields(found):
        value = getattr(found, field.name)
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, field.name


@drawn
def test_a_picture_is_drawn_on_axes_of_its_own_or_on_those_given(name, result):
    found, options = result(name), OPTIONS.get(name, {})
    own = found.plot(**options)
    assert isinstance(own, Axes)
    assert own.has_data()
    assert "pyplot" not in type(own.figure.canvas).__module__
    given = Figure(figsize=(8.0, 5.0)).add_subplot()
    before = given.get_position().bounds
    assert found.plot(ax=given, **options) is given
    assert given.has_data()
    x, y, width, height = given.get_position().bounds
    assert before[0] - 1e-9 <= x < x + width <= before[0] + before[2] + 1e-9
    assert (y, height) == pytest.approx((before[1], before[3]))


@drawn
def test_axes_come_first_among_the_options_of_a_picture(name, result):
    parameters = list(inspect.signature(result(name).plot).parameters.values())
    assert (parameters[0].name, parameters[0].default) == ("ax", None)
    rest = {parameter.kind for parameter in parameters[1:]}
    assert rest <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}
