"""A finished table: text for readers and the data behind it, neither of which changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from html import escape
from typing import Final, Literal

import pandas as pd

from rpcstats.errors import ParameterError

Align = Literal["left", "right"]
_MARKDOWN: Final = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]<>|~^$@#"})


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Table:
    """A table that renders itself.

    Parameters
    ----------
    columns : sequence of str
        Headings, all different.
    align : sequence of {"left", "right"}
        One a column.
    rows : sequence of sequence of str
        The cells; none may be empty.
    data : pandas.DataFrame
        The numbers behind the cells.
    caption : str
        What the table says.
    note : str
        What a reader must know about its cells.

    Raises
    ------
    ParameterError
        If headings, alignments and cells do not fit together, or one is empty.
    """

    columns: tuple[str, ...]
    align: tuple[Align, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str
    note: str
    _data: pd.DataFrame = field(repr=False)

    def __init__(
        self,
        columns: Sequence[str],
        align: Sequence[Align],
        rows: Sequence[Sequence[str]],
        data: pd.DataFrame,
        caption: str = "",
        note: str = "",
    ) -> None:
        parts = (
            tuple(columns),
            tuple(align),
            tuple(tuple(row) for row in rows),
            caption,
            note,
            data.copy(),
        )
        faults = _faults(parts[0], parts[1], parts[2])
        if faults:
            raise ParameterError("These parts do not make a table", faults)
        for slot, part in zip(fields(self), parts, strict=True):
            object.__setattr__(self, slot.name, part)

    @property
    def data(self) -> pd.DataFrame:
        """A copy of the numbers behind the cells."""
        return self._data.copy()

    def with_caption(self, caption: str) -> "Table":
        """Give the same table another caption.

        Parameters
        ----------
        caption : str
            What the table says.

        Returns
        -------
        Table
            A new table.
        """
        return Table(self.columns, self.align, self.rows, self._data, caption, self.note)

    def to_html(self) -> str:
        """Render as an accessible HTML table.

        Returns
        -------
        str
            With a caption, a scope on every header cell, and no merged or empty cell.
        """
        caption = f"<caption>{escape(self.caption)}</caption>\n" if self.caption else ""
        head = "".join(
            f'<th scope="col"{_style(side)}>{escape(name)}</th>'
            for name, side in zip(self.columns, self.align, strict=True)
        )
        body = "\n".join(f"<tr>{self._html_row(row)}</tr>" for row in self.rows)
        table = (
            f"<table>\n{caption}<thead>\n<tr>{head}</tr>\n</thead>\n"
            f"<tbody>\n{body}\n</tbody>\n</table>\n"
        )
        return table + (f"<p>{escape(self.note)}</p>\n" if self.note else "")

    def to_markdown(self) -> str:
        """Render as a pipe table.

        Returns
        -------
        str
            Cells are escaped, so that no mark in them is read as formatting.
        """
        rule = ["---:" if side == "right" else ":---" for side in self.align]
        lines = [
            _pipe(map(_escape, self.columns)),
            _pipe(rule),
            *(_pipe(map(_escape, row)) for row in self.rows),
        ]
        if self.caption:
            lines += ["", f"Table: {_escape(self.caption)}"]
        if self.note:
            lines += ["", _escape(self.note)]
        return "\n".join(lines) + "\n"

    def to_csv(self) -> str:
        """Write the data behind the table.

        Returns
        -------
        str
            Comma separated, ten significant digits.
        """
        return self._data.to_csv(index=False, float_format="%.10g", lineterminator="\n")

    def _html_row(self, row: tuple[str, ...]) -> str:
        sides = [_style(side) for side in self.align]
        first = f'<th scope="row"{sides[0]}>{escape(row[0])}</th>'
        rest = zip(row[1:], sides[1:], strict=True)
        return first + "".join(f"<td{side}>{escape(cell)}</td>" for cell, side in rest)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __str__(self) -> str:
        return self.to_markdown()


def _faults(
    columns: tuple[str, ...], align: tuple[Align, ...], rows: tuple[tuple[str, ...], ...]
) -> list[str]:
    faults = []
    if not columns:
        faults.append("there is no column: name at least one")
    if len(set(columns)) < len(columns):
        faults.append("two columns have the same heading: give one another label")
    if len(align) != len(columns):
        faults.append(f"{len(columns)} columns have {len(align)} alignments: give one a column")
    if any(len(row) != len(columns) for row in rows):
        faults.append("a row has more or fewer cells than there are columns")
    if not all(cell.strip() for row in (columns, *rows) for cell in row):
        faults.append("a cell is empty: write a dash or a word")
    return faults


def _style(side: Align) -> str:
    return ' style="text-align: right"' if side == "right" else ""


def _escape(text: str) -> str:
    return " ".join(text.split()).translate(_MARKDOWN)


def _pipe(cells: "map[str] | list[str]") -> str:
    return f"| {' | '.join(cells)} |"
