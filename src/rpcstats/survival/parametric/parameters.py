"""Names, measures and parameterisations of a parametric regression."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric.families import Described, TimesFamily
from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]


class Reported(NamedTuple):
    """Parameters as a reader sees them.

    Attributes
    ----------
    names, measures : tuple of str
        Their names, and what each is.
    coef : ndarray of shape (P,)
        Their values.
    jacobian : ndarray of shape (P, P)
        Their derivatives to the parameters of location and scale.
    """

    names: tuple[str, ...]
    measures: tuple[str, ...]
    coef: FloatArray
    jacobian: FloatArray


def inner_names(frame: HazardFrame, family: TimesFamily) -> tuple[str, ...]:
    """Name the parameters of location, scale and shape.

    Parameters
    ----------
    frame : HazardFrame
        The sample.
    family : TimesFamily
        The distribution.

    Returns
    -------
    tuple of str
        Columns first; of the first of the others one for each stratum.
    """
    names = list(frame.names)
    for place, extra in enumerate(family.extras):
        if place == 0 and len(frame.strata.labels) > 1:
            names += [f"{extra}[{label}]" for label in frame.strata.labels]
        else:
            names.append(extra)
    return tuple(names)


def reported(
    frame: HazardFrame, described: Described, theta: FloatArray, *, is_ph: bool
) -> Reported:
    """Give the parameters as a reader sees them.

    Parameters
    ----------
    frame : HazardFrame
        The sample.
    described : Described
        The distribution.
    theta : ndarray of shape (P,)
        Parameters of location and scale.
    is_ph : bool
        Whether coefficients of the log hazard are wanted, of a Weibull or an exponential.

    Returns
    -------
    Reported
        The parameters.
    """
    names = inner_names(frame, described.family)
    if not is_ph:
        P = len(theta)
        return Reported(names, _measures(frame, described, names), theta.copy(), np.eye(P))
    p = len(frame.names)
    inverse = np.exp(-theta[p:]) if len(theta) > p else np.ones(1)
    shape = float(inverse[0])
    coef = np.concatenate([-theta[:p] * shape, -theta[p:]])
    jacobian = np.diag(np.concatenate([np.full(p, -shape), np.full(len(theta) - p, -1.0)]))
    jacobian[:p, p:] = (theta[:p] * shape)[:, None]
    hazards = tuple(
        "log hazard" if name == "Intercept" else "log hazard ratio" for name in frame.names
    )
    others = ("log shape",) * (len(theta) - p)
    renamed = tuple(name.replace("scale", "shape") for name in names[p:])
    return Reported((*frame.names, *renamed), (*hazards, *others), coef, jacobian)


def _measures(frame: HazardFrame, described: Described, names: tuple[str, ...]) -> tuple[str, ...]:
    if described.effect == "difference in time":
        covariate, intercept = "difference in time", "time"
    elif described.effect == "hazard ratio":
        covariate, intercept = "log hazard ratio", "log hazard"
    else:
        covariate, intercept = "log time ratio", "log time"
    measures = [intercept if name == "Intercept" else covariate for name in frame.names]
    for name in names[len(frame.names) :]:
        kind = name.split("[")[0]
        measures.append({"Log(scale)": "log scale", "Log(shape)": "log shape"}.get(kind, "shape"))
    return tuple(measures)
