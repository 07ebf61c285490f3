"""One fault of an extract: where, how often, in which rows, and how to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Severity = Literal["error", "warning"]
ROWS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of an extract, told without any cell value.

    Attributes
    ----------
    table : str or None
        Our name of the table, ``"council.yml"`` for the council file, None for the folder.
    column : str or None
        Our name of the column, or a safe name of a column of the council's own.
    rule : str
        The rule that is broken.
    n : int
        How many rows break it; 1 for a fault of the file itself.
    rows : tuple of int
        The first rows that break it, as a spreadsheet numbers them (the header is row 1).
    hint : str
        How to mend it.
    severity : {"error", "warning"}
        An error refuses the extract, a warning is shown and does not.
    """

    table: str | None
    column: str | None
    rule: str
    n: int
    rows: tuple[int, ...]
    hint: str
    severity: Severity = "error"

    @property
    def where(self) -> str:
        """Table and column, as `table.column`."""
        return ".".join(part for part in (self.table, self.column) if part) or "folder"

    def __str__(self) -> str:
        mark = "warning: " if self.severity == "warning" else ""
        return f"{mark}{self.where}: {self.rule}{self._extent()}: {self.hint}"

    def _extent(self) -> str:
        if not self.rows:
            return f" ({self.n} times)" if self.n > 1 else ""
        shown = ", ".join(str(row) for row in self.rows)
        if self.n == 1:
            return f" (row {shown})"
        first = "rows" if self.n == len(self.rows) else f"{self.n} rows, first"
        return f" ({first} {shown})"


def fault_in_rows(
    where: tuple[str, str | None],
    rule: str,
    rows: npt.NDArray[np.intp],
    hint: str,
    severity: Severity = "error",
) -> Fault:
    """Make a fault of the rows that break a rule.

    Parameters
    ----------
    where : tuple
        Table and column.
    rule : str
        The rule that is broken.
    rows : array of int, shape (n,)
        Every row that breaks it.
    hint : str
        How to mend it.
    severity : {"error", "warning"}
        Whether the extract is refused.

    Returns
    -------
    Fault
        With the number of rows and the first of them.
    """
    first = tuple(int(row) for row in np.sort(rows)[:ROWS_SHOWN])
    return Fault(where[0], where[1], rule, int(rows.size), first, hint, severity)


def file_fault(table: str | None, rule: str, hint: str, column: str | None = None) -> Fault:
    """Make an error of a file, not of its rows.

    Parameters
    ----------
    table : str or None
        Our name of the table.
    rule : str
        What is wrong.
    hint : str
        How to mend it.
    column : str or None
        The column, where it is one column's fault.

    Returns
    -------
    Fault
        An error that names no row.
    """
    return Fault(table, column, rule, 1, (), hint)


def errors_of(faults: Sequence[Fault]) -> list[Fault]:
    """Keep the faults that refuse an extract.

    Parameters
    ----------
    faults : sequence of Fault
        Errors and warnings.

    Returns
    -------
    list of Fault
        The errors, in order.
    """
    return [fault for fault in faults if fault.severity == "error"]
