"""Errors that say what is wrong and how to mend it, and never show a personal value."""

from collections.abc import Sequence


class RpcstatsError(Exception):
    """Base class of every error this package raises on purpose.

    A message of this family holds no cell of a data table, so it may be shown,
    logged and published.
    """

    def _render_traceback_(self) -> list[str]:
        """Give IPython one plain message in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]


class _FaultListError(RpcstatsError):
    """An error that lists every fault found, one line each.

    Parameters
    ----------
    heading : str
        What was being read or checked.
    faults : sequence of str
        One plain sentence a fault, with the way to mend it.
    """

    def __init__(self, heading: str, faults: Sequence[str] = ()) -> None:
        self.heading = heading
        self.faults = tuple(faults)
        super().__init__("\n".join([heading, *(f"  - {fault}" for fault in self.faults)]))


class SchemaError(_FaultListError):
    """An extract does not fit the schema."""


class ParameterError(_FaultListError):
    """A parameter of a paper or a function is unknown, mistyped or out of range."""


class FormulaError(RpcstatsError):
    """A model formula can't be read, or names a column that is not there."""


class DataError(RpcstatsError):
    """Values handed to an estimator break its conditions."""


class DisclosureError(RpcstatsError):
    """Something undisclosed was about to be published."""


class PaperError(RpcstatsError):
    """A paper could not be made."""


class ReproductionError(RpcstatsError):
    """A bundle can't be read or run again."""


class ConvergenceWarning(UserWarning):
    """A fit stopped before the conditions of an optimum held, or has none.

    The result is handed back with `converged` False; the text says what to do.
    """
