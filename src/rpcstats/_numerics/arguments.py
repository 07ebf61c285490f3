"""Arguments that should be numbers, read so that a check of their range refuses all others."""

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import ParameterError


def as_number(value: Any) -> float:
    """Read an argument that should be one number.

    Parameters
    ----------
    value : object
        What was given.

    Returns
    -------
    float
        The number; NaN for anything else, text included.
    """
    try:
        return float(value) if isinstance(value, Real) else np.nan
    except OverflowError:
        return np.nan


def as_word(value: object) -> str:
    """Read an argument that should be one of a few words.

    Parameters
    ----------
    value : object
        What was given.

    Returns
    -------
    str
        The word; an empty one for anything else, arrays included.
    """
    return value if isinstance(value, str) else ""


def check_flags(**flags: object) -> None:
    """Refuse arguments that should be True or False and are not.

    Parameters
    ----------
    **flags : object
        What was given, by the name of the argument.

    Raises
    ------
    ParameterError
        If one is neither; all of them are named.
    """
    wrong = [name for name, value in flags.items() if not isinstance(value, (bool, np.bool_))]
    if wrong:
        raise ParameterError(
            "An option is neither True nor False",
            [f"give {name}=True or {name}=False" for name in wrong],
        )


def as_names(option: str, values: object) -> tuple[str, ...]:
    """Read an argument that should be one name or a list of names.

    Parameters
    ----------
    option : str
        Name of the argument, for the message.
    values : object
        What was given.

    Returns
    -------
    tuple of str
        The names.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    names = [values] if isinstance(values, str) else values
    if isinstance(names, Iterable) and not isinstance(names, (bytes, Mapping)):
        found = list(names)
        if all(isinstance(name, str) for name in found):
            return tuple(found)
    raise ParameterError(
        f"{option} is no list of names", [f'give texts, as in {option}=["one", "two"]']
    )


def check_seed(seed: object) -> None:
    """Refuse a seed that starts no repeatable sequence of random numbers.

    Parameters
    ----------
    seed : object
        What was given.

    Raises
    ------
    ParameterError
        If it is no whole number of 0 or more.
    """
    if not isinstance(seed, Integral) or seed < 0:
        raise ParameterError("seed is no seed", ["give a whole number of 0 or more"])


def as_numbers(values: Any) -> NDArray[np.float64]:
    """Read an argument that should be a number or a list of numbers.

    Parameters
    ----------
    values : object
        What was given.

    Returns
    -------
    ndarray of at most one dimension
        The numbers, NaN in place of what is none; one NaN for nested lists.
    """
    try:
        found = np.asarray(values)
    except ValueError:
        return np.array([np.nan])
    if found.ndim > 1:
        return np.array([np.nan])
    if found.dtype.kind in "iufb":
        return found.astype(np.float64)
    numbers = np.array([as_number(value) for value in np.atleast_1d(found).tolist()])
    return numbers if found.ndim else np.asarray(numbers[0])
