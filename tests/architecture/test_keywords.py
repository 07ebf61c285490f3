"""A public callable of the survival room names its options, and a method has its function's."""

import inspect
import pkgutil
from importlib import import_module

import pytest

import rpcstats.survival
from rpcstats.survival import CoxFit, KaplanMeier, NelsonAalen
from rpcstats.survival.cox_checks.brier import brier_score
from rpcstats.survival.cox_checks.calibration import calibration
from rpcstats.survival.cox_checks.concordance import concordance
from rpcstats.survival.cox_checks.proportional_hazards import proportional_hazards
from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit
from rpcstats.survival.discrete.standardised import standardised_survival
from rpcstats.survival.nonparametric.bands import survival_bands
from rpcstats.survival.nonparametric.hazard_bands import hazard_bands
from rpcstats.survival.prediction.standardise import standardise

HANDED_ON = {
    "rpcstats.survival.competing.incidence_curves.CumulativeIncidence.plot": (
        "words and switches of whichever of two figures is drawn, each of which names its own"
    ),
}
"""Callables that hand drawing options on, and why."""

SAME = (
    (CoxFit.brier, brier_score),
    (CoxFit.calibration, calibration),
    (CoxFit.concordance, concordance),
    (CoxFit.proportional_hazards, proportional_hazards),
    (CoxFit.standardise, standardise),
    (DiscreteHazardFit.standardise, standardised_survival),
    (KaplanMeier.bands, survival_bands),
    (NelsonAalen.bands, hazard_bands),
)
"""Methods, and the function each one asks."""


def callables():
    """Public functions of the room, and public methods of its public classes."""
    for module in pkgutil.walk_packages(rpcstats.survival.__path__, "rpcstats.survival."):
        for name, thing in vars(import_module(module.name)).items():
            if name.startswith("_") or getattr(thing, "__module__", "") != module.name:
                continue
            if inspect.isfunction(thing):
                yield f"{module.name}.{name}", thing
            elif inspect.isclass(thing):
                for method, function in inspect.getmembers(thing, inspect.isfunction):
                    if not method.startswith("_"):
                        yield f"{module.name}.{name}.{method}", function


def hides(function):
    kinds = {one.kind for one in inspect.signature(function).parameters.values()}
    return inspect.Parameter.VAR_KEYWORD in kinds


def defaults(function):
    """Give the default of each parameter but the fit, the first."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return {one.name: one.default for one in parameters}


def test_options_have_names():
    found = dict(callables())
    assert len(found) > 1000
    assert {name for name, function in found.items() if hides(function)} == set(HANDED_ON)


@pytest.mark.parametrize(("method", "function"), SAME)
def test_a_method_has_the_options_and_defaults_of_its_function(method, function):
    own, asked = (
        list(inspect.signature(one).parameters.values())[1:] for one in (method, function)
    )
    assert {one.name: one.default for one in own} == {one.name: one.default for one in asked}


def test_a_typing_error_is_told_by_the_method_itself():
    with pytest.raises(TypeError, match=r"brier\(\) got an unexpected keyword argument 'weight'"):
        CoxFit.brier(object(), weight="w")
