"""Conditional modes: what the data say of each level of a grouping factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    GROUP,
    LEVEL,
    MODES,
    STD_ERROR,
    TERM,
)
from rpcstats.errors import ParameterError
from rpcstats.mixed.linear.evaluation import Modes
from rpcstats.mixed.structure.model_frame import Block, FloatArray
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, eq=False)
class ConditionalModes:
    """Modes of the random effects given the data, with their conditional covariance.

    Attributes
    ----------
    groups : tuple of str
        Names of the grouping factors.
    levels : tuple of tuple of str
        Names of the levels of each factor.
    effects : tuple of tuple of str
        Names of the effects of each factor.
    estimate : tuple of ndarray of shape (L, q)
        Modes of each factor.
    covariance : tuple of ndarray of shape (L, q, q)
        Covariance given the data and the fixed effects.
    """

    groups: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    effects: tuple[tuple[str, ...], ...]
    estimate: tuple[FloatArray, ...]
    covariance: tuple[FloatArray, ...]

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Give one row per level and effect.

        Parameters
        ----------
        conf_level : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            Columns group, level, term, estimate, std_error, conf_low, conf_high. The standard
            error is that of the effect given the data and the fixed effects, as `condVar` in
            lme4.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        z = normal_quantile(conf_level)
        parts = [self._rows(k, z) for k in range(len(self.groups))]
        return pd.concat(parts, ignore_index=True)[list(MODES)]

    def summary(self) -> Summary:
        """Give a readable account without the levels' names.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        rows = [
            {
                GROUP: group,
                TERM: name,
                "n_group": len(levels),
                "std_dev": float(modes[:, j].std()),
                "min": float(modes[:, j].min()),
                "max": float(modes[:, j].max()),
            }
            for group, levels, names, modes in zip(
                self.groups, self.levels, self.effects, self.estimate, strict=True
            )
            for j, name in enumerate(names)
        ]
        remark = "Modes are drawn towards 0: their spread is less than the standard deviation."
        return Summary("Conditional modes", (pd.DataFrame(rows),), remark)

    def plot(
        self, *, group: str | None = None, conf_level: float = 0.95, labels: bool = False
    ) -> "Figure":
        """Draw the modes of one factor in order of size, with intervals.

        Parameters
        ----------
        group : str, optional
            Name of the grouping factor; the first one if not given.
        conf_level : float
            Level of the intervals.
        labels : bool
            Whether to print the names of the levels, which may identify people or groups.

        Returns
        -------
        matplotlib.figure.Figure
            The picture.

        Raises
        ------
        ParameterError
            If the model has no such factor.
        """
        from rpcstats.figures.caterpillar import caterpillar

        wanted = self.groups[0] if group is None else group
        if wanted not in self.groups:
            known = ", ".join(self.groups)
            raise ParameterError("There is no such grouping factor", [f"choose one of {known}"])
        frame = self.tidy(conf_level=conf_level)
        own = frame[frame[GROUP] == wanted].reset_index(drop=True)
        return caterpillar(own, labels=labels)

    def __repr__(self) -> str:
        """Tell what is held, without names of levels."""
        held = [
            f"{counted(len(levels), 'level')} of {group}"
            for group, levels in zip(self.groups, self.levels, strict=True)
        ]
        return f"ConditionalModes({', '.join(held)})"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def _rows(self, k: int, z: float) -> pd.DataFrame:
        levels, names = self.levels[k], self.effects[k]
        estimate = self.estimate[k].ravel()
        variance = np.diagonal(self.covariance[k], axis1=1, axis2=2).ravel()
        std_error = np.sqrt(np.maximum(variance, 0.0))
        return pd.DataFrame(
            {
                GROUP: self.groups[k],
                LEVEL: np.repeat(np.array(levels, dtype=object), len(names)),
                TERM: np.tile(np.array(names, dtype=object), len(levels)),
                ESTIMATE: estimate,
                STD_ERROR: std_error,
                CONF_LOW: estimate - z * std_error,
                CONF_HIGH: estimate + z * std_error,
            }
        )


def conditional_modes(
    blocks: tuple[Block, ...], modes: Sequence[Modes], scale: float
) -> ConditionalModes:
    """Name the modes an engine found.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    modes : sequence of Modes
        Modes of each block.
    scale : float
        What the covariance is multiplied by: σ² in a linear model, else 1.

    Returns
    -------
    ConditionalModes
        The modes with the names of levels and effects.
    """
    estimates = tuple(np.array(part.estimate) for part in modes)
    covariances = tuple(scale * part.covariance for part in modes)
    for values in (*estimates, *covariances):
        values.setflags(write=False)
    return ConditionalModes(
        groups=tuple(block.group for block in blocks),
        levels=tuple(block.levels for block in blocks),
        effects=tuple(block.effects for block in blocks),
        estimate=estimates,
        covariance=covariances,
    )
