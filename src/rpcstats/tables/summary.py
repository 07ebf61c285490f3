"""What a result prints: a heading, tables and a remark, as text and as HTML."""

from dataclasses import dataclass, fields
from html import escape
from typing import Any, cast

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Readable account of a result.

    Attributes
    ----------
    heading : str
        What was estimated.
    frames : tuple of pandas.DataFrame
        The tables shown.
    remark : str
        What a reader has to know to read them.
    """

    heading: str
    frames: tuple[pd.DataFrame, ...]
    remark: str = ""

    def __str__(self) -> str:
        """Give plain text."""
        tables = [_plain(frame).to_string(index=False, na_rep="-") for frame in self.frames]
        return "\n\n".join(part for part in (self.heading, *tables, self.remark) if part)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        tables = [_plain(frame).to_html(index=False, na_rep="-", border=0) for frame in self.frames]
        remark = f"<p>{escape(self.remark)}</p>" if self.remark else ""
        return f"<p><strong>{escape(self.heading)}</strong></p>" + "".join(tables) + remark


class Summarised:
    """A result that shows its summary, at a prompt and in a notebook, and whose arrays are fixed.

    A dataclass built on it takes ``repr=False``, or its fields would be printed, arrays and all.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        for field in fields(cast("Any", self)):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.

        Raises
        ------
        NotImplementedError
            If the result does not say what it is.
        """
        raise NotImplementedError(f"{type(self).__name__} has no summary")

    def __repr__(self) -> str:
        """Give the account as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Let gaps in columns of nullable integers print as gaps in others do."""
    nullable = frame.select_dtypes("Int64")
    return frame.assign(
        **{
            str(name): column.astype(object).where(column.notna())
            for name, column in nullable.items()
        }
    )


def counted(n: int, noun: str) -> str:
    """Give a count with its noun, plural where it is not one.

    Parameters
    ----------
    n : int
        The count.
    noun : str
        Singular noun with a regular plural.

    Returns
    -------
    str
        "1 row", "2 rows".
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def counted_doing(n: int, noun: str, verb: str) -> str:
    """Write a number with its noun and its verb.

    Parameters
    ----------
    n : int
        The count.
    noun, verb : str
        Singular noun with a regular plural; plural verb whose singular takes an s.

    Returns
    -------
    str
        "1 row begins", "2 rows begin".
    """
    return f"{counted(n, noun)} {verb}{'s' if n == 1 else ''}"
