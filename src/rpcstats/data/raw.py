"""A file's table before anything is known of it: headers and cells as text, rows numbered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

_MISSING_WORDS: Final = frozenset({"", "na", "n/a", "nan", "nat", "null", "<na>"})
HEADER_ROW: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class RawColumn:
    """One column of a file, each distinct text kept once.

    Attributes
    ----------
    position : int
        Place in the file, from 0.
    header : str
        The header, trimmed; empty where there is none.
    codes : array of int, shape (n_rows,)
        For each row the place of its text in `texts`; -1 for an empty cell.
    texts : tuple of str
        The distinct texts, trimmed.
    """

    position: int
    header: str
    codes: npt.NDArray[np.intp]
    texts: tuple[str, ...]

    @property
    def letter(self) -> str:
        """The column as a spreadsheet letters it."""
        name, place = "", self.position + 1
        while place:
            place, rest = divmod(place - 1, 26)
            name = chr(ord("A") + rest) + name
        return f"column {name}"

    def rows_where(self, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Spread a choice among the distinct texts over the rows.

        Parameters
        ----------
        chosen : array of bool, shape (n_texts,)
            Which texts are meant.

        Returns
        -------
        array of bool, shape (n_rows,)
            Which rows hold one of them.
        """
        return np.append(chosen, False)[self.codes]


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """One table of a file.

    Attributes
    ----------
    columns : tuple of RawColumn
        In the order of the file.
    rows : array of int, shape (n_rows,)
        Number of each row in the spreadsheet, the header being row 1.
    """

    columns: tuple[RawColumn, ...]
    rows: npt.NDArray[np.intp]


def raw_column(position: int, header: str, cells: Sequence[str | None]) -> RawColumn:
    """Make a column of its cells.

    Parameters
    ----------
    position : int
        Place in the file, from 0.
    header : str
        The header as written.
    cells : sequence of str or None
        The cells as written.

    Returns
    -------
    RawColumn
        With blanks trimmed and empty cells marked.
    """
    first, written = pd.factorize(np.array(cells, dtype=object))
    trimmed = [str(text).replace("\u00a0", " ").strip() for text in written]
    kept = [None if text.casefold() in _MISSING_WORDS else text for text in trimmed]
    second, texts = pd.factorize(np.array(kept, dtype=object))
    codes = np.append(second, -1)[first].astype(np.intp)
    return RawColumn(position, " ".join(header.split()), codes, tuple(str(text) for text in texts))


def raw_table(
    headers: Sequence[str],
    columns: Sequence[Sequence[str | None]],
    rows: npt.NDArray[np.intp],
) -> RawTable:
    """Make a table, without the columns and rows that hold nothing.

    Parameters
    ----------
    headers : sequence of str
        As written.
    columns : sequence of sequence of str or None
        Cells of each column.
    rows : array of int, shape (n_rows,)
        Row numbers in the spreadsheet.

    Returns
    -------
    RawTable
        Trimmed.
    """
    made = [
        raw_column(place, header, cells)
        for place, (header, cells) in enumerate(zip(headers, columns, strict=True))
    ]
    filled = np.zeros(rows.size, dtype=bool)
    for column in made:
        filled |= column.codes >= 0
    kept = tuple(
        RawColumn(column.position, column.header, column.codes[filled], column.texts)
        for column in made
        if column.header or column.texts
    )
    return RawTable(kept, rows[filled])
