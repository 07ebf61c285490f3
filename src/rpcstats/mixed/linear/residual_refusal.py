"""What is not offered where the residuals have a structure."""

from typing import Any

from rpcstats.errors import ParameterError


def refuse_structure(residual: Any, what: str, instead: str) -> None:
    """Refuse a method that would take the parameters of a residual structure as known.

    Parameters
    ----------
    residual : object or None
        The structure; None if there is none.
    what : str
        What was asked for.
    instead : str
        What to do.

    Raises
    ------
    ParameterError
        If there is a structure.
    """
    if residual is not None:
        raise ParameterError(
            f"{what} would take the parameters of the residual structure as known, and is not"
            " offered for such a fit",
            [instead],
        )
