"""What every way of evaluating a linear mixed model reads straight off its rows."""

from dataclasses import dataclass

from rpcstats.mixed.linear.rows import Rows
from rpcstats.mixed.structure.model_frame import Block, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class OnRows:
    """Rows of a linear mixed model, to be given a way of evaluating its deviance.

    Attributes
    ----------
    rows : Rows
        Columns in working coordinates.
    """

    rows: Rows

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.rows.n

    @property
    def p(self) -> int:
        """Number of fixed effects."""
        return self.rows.p

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Random effects."""
        return self.rows.blocks

    @property
    def theta_scale(self) -> FloatArray:
        """Units of θ: θ times this is free of those of the covariates."""
        return self.rows.theta_scale

    @property
    def theta_basis(self) -> FloatArray:
        """Matrix that turns θ into the coordinates of a search."""
        return self.rows.basis
