"""What keeps data from being fitted, gathered so that one error tells all of it."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from rpcstats.errors import DataError
from rpcstats.formula import Design
from rpcstats.mixed.structure.model_frame import Block, FloatArray
from rpcstats.mixed.structure.remarks import plain_effect
from rpcstats.mixed.structure.response import Response, ResponseKind
from rpcstats.mixed.structure.sweeps import column_extremes

T = TypeVar("T")

# Squares and products of larger or smaller numbers leave the range of floating point.
LARGEST, SMALLEST = 1e100, 1e-100
_MAX_EFFECTS = 100


class Faults:
    """A list of faults to be raised together.

    Attributes
    ----------
    sentences : list of str
        One plain sentence a fault.
    """

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def attempt(self, step: Callable[[], T]) -> T | None:
        """Take a step and note the fault it ends in.

        Parameters
        ----------
        step : callable
            What to do.

        Returns
        -------
        object or None
            Its result; None if it raised a DataError.
        """
        try:
            return step()
        except DataError as fault:
            self.note([str(fault)])
            return None

    def note(self, sentences: list[str]) -> None:
        """Add faults.

        Parameters
        ----------
        sentences : list of str
            One plain sentence a fault; those noted already are passed over.
        """
        self.sentences += [one for one in sentences if one not in self.sentences]

    def raise_any(self) -> None:
        """Raise one error that tells every fault noted.

        Raises
        ------
        DataError
            If there is one.
        """
        if len(self.sentences) == 1:
            raise DataError(self.sentences[0])
        if self.sentences:
            listed = "\n".join(f"  - {sentence}" for sentence in self.sentences)
            raise DataError(f"The model can't be fitted to these data:\n{listed}")


def response_faults(response: Response, kind: ResponseKind) -> list[str]:
    """Find what is wrong with a response as a whole.

    Parameters
    ----------
    response : Response
        The response of the rows used.
    kind : str
        What it is.

    Returns
    -------
    list of str
        One sentence a fault.
    """
    y = response.y
    if kind == "ordinal":
        return []
    if kind in ("gaussian", "positive"):
        faults = range_faults("response", y[:, None])
        if faults:
            return faults
    if y.min() < y.max():
        return []
    if kind == "count":
        return [] if y[0] else ["Every count is 0: there is nothing to explain."]
    if kind == "binomial":
        if 0.0 < y[0] < 1.0:
            return []
        which = "success" if y[0] else "failure"
        return [f"The response is a {which} in every row: there is nothing to explain."]
    return ["The response has one value in every row: there is nothing to explain."]


def range_faults(what: str, values: FloatArray) -> list[str]:
    """Find numbers too large or too small to compute with.

    Parameters
    ----------
    what : str
        What they are, for the message.
    values : ndarray of shape (n, k)
        Finite numbers.

    Returns
    -------
    list of str
        One sentence a fault.
    """
    if values.size == 0:
        return []
    low, high = column_extremes(values)
    largest = np.maximum(high, -low)
    if (largest > LARGEST).any() or ((largest < SMALLEST) & (largest > 0)).any():
        return [f"The {what} holds numbers beyond 1e±100: rescale it to another unit."]
    return []


def fixed_faults(design: Design, n_row: int) -> list[str]:
    """Find what is wrong with the fixed effects.

    Parameters
    ----------
    design : Design
        Their columns, aliased ones included.
    n_row : int
        Number of rows.

    Returns
    -------
    list of str
        One sentence a fault.
    """
    faults = [
        f'"{term}" has a single level in the rows used: leave it out of the fixed effects.'
        for term, levels in design.levels.items()
        if len(levels) == 1
    ]
    if len(design.names) > n_row:
        faults.append(
            f"There are more fixed-effects columns ({len(design.names)}) than rows ({n_row}): "
            "leave terms out or join levels."
        )
    faults += range_faults("fixed effects", design.X)
    return faults


def random_faults(blocks: tuple[Block, ...], kind: ResponseKind) -> list[str]:
    """Find what is wrong with the random effects.

    Parameters
    ----------
    blocks : tuple of Block
        The random effects.
    kind : str
        What the response is.

    Returns
    -------
    list of str
        One sentence a fault.
    """
    return [fault for block in blocks for fault in _block_faults(block, kind)]


def _block_faults(block: Block, kind: ResponseKind) -> Iterator[str]:
    n = len(block.codes)
    if block.n_level == 1:
        yield (
            f'"{block.group}" has a single level: random effects need several; leave its random '
            "terms out."
        )
    elif block.n_level == n and kind == "gaussian":
        yield (
            f'"{block.group}" has a level of its own for every row, so that its effects can\'t be '
            "told from the residual: leave its random terms out or take a coarser group."
        )
    elif kind == "gaussian":
        yield from _crowded_terms(block, n)
    if block.n_effect > _MAX_EFFECTS:
        yield (
            f'A level of "{block.group}" would have {block.n_effect} effects; at most '
            f"{_MAX_EFFECTS} can be fitted: join levels of the factor that varies."
        )
    yield from range_faults(f'covariates of "{block.group}"', block.Z)
    yield from _flat_effects(block)
    for found in block.encoding.designs if block.encoding else ():
        for term, levels in found.levels.items():
            if len(levels) == 1:
                yield f'"{term}" has a single level, so its effect can\'t vary: leave it out.'


def _crowded_terms(block: Block, n: int) -> Iterator[str]:
    for found in block.encoding.designs if block.encoding else ():
        n_effect = len(found.names) * block.n_level
        if n_effect >= n:
            named = dict.fromkeys(map(plain_effect, found.names))
            yield (
                f"The effects {', '.join(named)} of the {block.n_level} levels of "
                f'"{block.group}" are {n_effect} numbers from {n} rows and can\'t be told from '
                "the residual: drop a slope or take a coarser group."
            )


def _flat_effects(block: Block) -> Iterator[str]:
    for effect, low, high in zip(block.effects, *column_extremes(block.Z), strict=True):
        if effect != "Intercept" and low == high and ("Intercept" in block.effects or low == 0):
            yield (
                f'"{plain_effect(effect)}" has one value in every row, so that its effect in '
                f'"{block.group}" can\'t be told from the intercept: leave it out.'
            )
