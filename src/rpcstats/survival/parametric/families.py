"""The distributions a parametric regression knows, by name."""

from typing import Final, Literal, NamedTuple

from rpcstats.survival.parametric._gamma_family import Gamma
from rpcstats.survival.parametric._generalised_gamma import GeneralisedGamma
from rpcstats.survival.parametric._gompertz import Gompertz
from rpcstats.survival.parametric._location_scale import LocationScale

Distribution = Literal[
    "weibull",
    "exponential",
    "lognormal",
    "loglogistic",
    "gaussian",
    "logistic",
    "gamma",
    "generalised_gamma",
    "gompertz",
]
Effect = Literal["time ratio", "hazard ratio", "difference in time"]
TimesFamily = LocationScale | GeneralisedGamma | Gamma | Gompertz


class Described(NamedTuple):
    """A distribution with its words.

    Attributes
    ----------
    family : TimesFamily
        The distribution on its scale y.
    title : str
        Its name in a heading.
    effect : {"time ratio", "hazard ratio", "difference in time"}
        What e to the power of a coefficient, or the coefficient itself, is.
    """

    family: TimesFamily
    title: str
    effect: Effect

    @property
    def on_log(self) -> bool:
        """Whether y is the logarithm of time."""
        return self.family.on_log


FAMILIES: Final[dict[Distribution, Described]] = {
    "weibull": Described(LocationScale("extreme"), "Weibull", "time ratio"),
    "exponential": Described(LocationScale("extreme", True, False), "Exponential", "time ratio"),
    "lognormal": Described(LocationScale("normal"), "Log-normal", "time ratio"),
    "loglogistic": Described(LocationScale("logistic"), "Log-logistic", "time ratio"),
    "gaussian": Described(LocationScale("normal", False), "Gaussian", "difference in time"),
    "logistic": Described(LocationScale("logistic", False), "Logistic", "difference in time"),
    "gamma": Described(Gamma(), "Gamma", "time ratio"),
    "generalised_gamma": Described(GeneralisedGamma(), "Generalised gamma", "time ratio"),
    "gompertz": Described(Gompertz(), "Gompertz", "hazard ratio"),
}
