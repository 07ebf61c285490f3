"""The parameters of a mixed model that have an interval of their own, and their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from rpcstats.errors import ParameterError
from rpcstats.mixed.general.ordinal_rows import OrdinalRows
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.structure.model_frame import Block, FloatArray, split_theta

if TYPE_CHECKING:
    from rpcstats.mixed.mixed_fit import MixedFit

Kind = Literal["threshold", "fixed", "sd", "correlation", "sigma", "extra"]

FIXED = "beta_"
COVARIANCE = "theta_"

# A standard deviation below this, free of units, is zero but for the rounding of coordinates.
_ZERO = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One number a fit estimates, on the scale on which it is read.

    Attributes
    ----------
    name : str
        A fixed effect's or threshold's own name, "sd_Days|Subject",
        "cor_Intercept.Days|Subject", "sigma", or that of a distribution's parameter.
    kind : str
        "threshold", "fixed", "sd", "correlation", "sigma" or "extra".
    index : int
        Position among the fixed effects, thresholds or extra parameters; of a standard
        deviation or correlation the number of its block.
    effects : tuple of int
        The effect of a standard deviation, the two of a correlation.
    """

    name: str
    kind: Kind
    index: int = 0
    effects: tuple[int, ...] = ()

    @property
    def least(self) -> float:
        """Smallest value it can take."""
        return {"sd": 0.0, "sigma": 0.0, "extra": 0.0, "correlation": -1.0}.get(self.kind, -np.inf)

    @property
    def largest(self) -> float:
        """Largest value it can take."""
        return 1.0 if self.kind == "correlation" else np.inf


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What a fit, or one of many, estimated.

    Attributes
    ----------
    beta, theta : ndarray
        Fixed effects and covariance parameters.
    sigma : float or None
        Residual standard deviation.
    extra : ndarray
        Extra parameters φ; empty in a linear model.
    theta_scale : ndarray
        What frees the covariance parameters of units.
    """

    beta: FloatArray
    theta: FloatArray
    sigma: float | None
    extra: FloatArray
    theta_scale: FloatArray


def estimates_of(fit: "MixedFit") -> Estimates:
    """Read off a fit what it estimated.

    Parameters
    ----------
    fit : MixedFit
        The fit.

    Returns
    -------
    Estimates
        Its numbers.
    """
    extra: FloatArray = getattr(fit, "extra", np.zeros(0))
    return Estimates(fit.beta, fit.theta, fit.sigma, extra, fit.theta_scale)


def parameters_of(fit: "MixedFit") -> tuple[Parameter, ...]:
    """List the parameters of a fit.

    Parameters
    ----------
    fit : MixedFit
        The fit.

    Returns
    -------
    tuple of Parameter
        Thresholds, fixed effects, standard deviations and correlations factor by factor, the
        residual standard deviation, parameters of the distribution.
    """
    found: list[Parameter] = []
    likelihood = likelihood_of(fit)
    is_ordered = isinstance(likelihood, OrdinalRows)
    if is_ordered:
        names = [f"{a}|{b}" for a, b in pairwise(fit.frame.categories)]
        found += [Parameter(name, "threshold", j) for j, name in enumerate(names)]
    found += [Parameter(name, "fixed", j) for j, name in enumerate(fit.names)]
    for number, block in enumerate(fit.frame.blocks):
        found += _block_parameters(number, block)
    if fit.sigma is not None:
        found.append(Parameter("sigma", "sigma"))
    elif likelihood is not None and not is_ordered:
        extras = [name.removeprefix("log_") for name in likelihood.extra_names]
        found += [Parameter(name, "extra", j) for j, name in enumerate(extras)]
    return tuple(found)


def likelihood_of(fit: "MixedFit") -> ResponseLikelihood | None:
    """Give the likelihood of the rows of a fit.

    Parameters
    ----------
    fit : MixedFit
        The fit.

    Returns
    -------
    ResponseLikelihood or None
        None for a linear model.
    """
    response = getattr(fit, "response", None)
    likelihood: ResponseLikelihood | None = None if response is None else response.likelihood
    return likelihood


def _block_parameters(number: int, block: Block) -> list[Parameter]:
    names, group = block.effects, block.group
    found = [Parameter(f"sd_{name}|{group}", "sd", number, (i,)) for i, name in enumerate(names)]
    free = free_covariances(block)
    for i, j in zip(*np.nonzero(np.tril(free, -1)), strict=True):
        pair = (int(j), int(i))
        label = f"cor_{names[pair[0]]}.{names[pair[1]]}|{group}"
        found.append(Parameter(label, "correlation", number, pair))
    return found


def free_covariances(block: Block) -> np.ndarray:
    """Tell which covariances of a block are estimated.

    Parameters
    ----------
    block : Block
        Random effects.

    Returns
    -------
    ndarray of shape (q, q), bool
        False where the formula makes them 0.
    """
    template = block.factor(np.ones(block.n_theta))
    return np.asarray(template @ template.T > 0)


def parameter_values(
    parameters: Sequence[Parameter],
    blocks: tuple[Block, ...],
    estimates: Estimates,
    likelihood: ResponseLikelihood | None,
) -> FloatArray:
    """Work out the values of parameters.

    Parameters
    ----------
    parameters : sequence of Parameter
        Which.
    blocks : tuple of Block
        Random effects.
    estimates : Estimates
        Numbers of one fit.
    likelihood : ResponseLikelihood or None
        Of the rows; None for a linear model.

    Returns
    -------
    ndarray of shape (m,)
        Values; NaN for a correlation with an effect whose variance is 0.
    """
    scale = 1.0 if estimates.sigma is None else estimates.sigma
    parts = split_theta(blocks, estimates.theta)
    units = split_theta(blocks, estimates.theta_scale)
    factors = [
        scale * _without_rounding(block, part, unit)
        for block, part, unit in zip(blocks, parts, units, strict=True)
    ]
    alpha = _thresholds(likelihood, estimates.extra)
    values = np.empty(len(parameters))
    for m, parameter in enumerate(parameters):
        if parameter.kind == "threshold":
            values[m] = alpha[parameter.index]
        elif parameter.kind == "fixed":
            values[m] = estimates.beta[parameter.index]
        elif parameter.kind == "sigma":
            values[m] = scale
        elif parameter.kind == "extra":
            values[m] = np.exp(estimates.extra[parameter.index])
        else:
            values[m] = _read_factor(factors[parameter.index], parameter.effects)
    return values


def _thresholds(likelihood: ResponseLikelihood | None, extra: FloatArray) -> FloatArray:
    return likelihood.alpha(extra) if isinstance(likelihood, OrdinalRows) else np.zeros(0)


def _without_rounding(block: Block, theta: FloatArray, unit: FloatArray) -> FloatArray:
    """Give Λ with the rows of effects that have no variance but for rounding at zero."""
    Lambda = block.factor(theta)
    size = np.sqrt((Lambda**2).sum(axis=1))
    size[block.rows[block.on_diagonal]] *= unit[block.on_diagonal]
    Lambda[size < _ZERO] = 0.0
    return Lambda


def _read_factor(Lambda: FloatArray, effects: tuple[int, ...]) -> float:
    size = np.sqrt((Lambda[list(effects)] ** 2).sum(axis=1))
    if len(effects) == 1:
        return float(size[0])
    if not size.all():
        return np.nan
    return float(np.clip(Lambda[effects[0]] @ Lambda[effects[1]] / size.prod(), -1.0, 1.0))


def choose_parameters(
    parameters: tuple[Parameter, ...], parm: str | Sequence[str] | None
) -> tuple[Parameter, ...]:
    """Pick parameters by name.

    Parameters
    ----------
    parameters : tuple of Parameter
        All of them.
    parm : str or sequence of str, optional
        Names; "beta_" stands for thresholds and fixed effects, "theta_" for all others. All if
        not given.

    Returns
    -------
    tuple of Parameter
        Those named, in the order of the model.

    Raises
    ------
    ParameterError
        If a name is not there.
    """
    if parm is None:
        return parameters
    wanted = [parm] if isinstance(parm, str) else list(parm)
    first = {p.name for p in parameters if p.kind in ("threshold", "fixed")}
    others = {p.name for p in parameters} - first
    named: set[str] = set()
    faults = []
    for name in wanted:
        group = {FIXED: first, COVARIANCE: others}.get(name, {name} & (first | others))
        named |= group
        if not group:
            faults.append(f"`{name}`{_suggest(str(name), parameters)}")
    if faults or not named:
        raise ParameterError("The model has no such parameter", faults or ["name one or more"])
    return tuple(p for p in parameters if p.name in named)


def _suggest(name: str, parameters: tuple[Parameter, ...]) -> str:
    """Suggest names; those with a level of a factor in them are left out: it is a cell."""
    plain = [p.name for p in parameters if "[" not in p.name and p.kind != "threshold"]
    by_fold = {known.casefold(): known for known in plain}
    near = get_close_matches(name.casefold(), list(by_fold), n=2, cutoff=0.6)
    known = " or ".join(by_fold[fold] for fold in near)
    hint = f": did you mean {known}," if near else f": use one of {', '.join(plain)},"
    return f'{hint} or "{FIXED}" or "{COVARIANCE}" for all of a kind'
