"""What a rule across columns, rows and tables is, and how rules are run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from rpcstats.data.council_file import CouncilFile
from rpcstats.data.faults import Fault, Severity, fault_in_rows
from rpcstats.data.registries import Programme


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """The typed tables of an extract, for rules to look at.

    Attributes
    ----------
    frames : mapping of str to DataFrame
        By table; the index is the row number of the spreadsheet.
    council : CouncilFile
        Whose extract it is.
    programmes : mapping of str to Programme
        The council's programmes.
    """

    frames: Mapping[str, pd.DataFrame]
    council: CouncilFile
    programmes: Mapping[str, Programme]

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    def has(self, path: str) -> bool:
        """Tell whether a table, or a `table.column`, is there.

        Parameters
        ----------
        path : str
            ``"table"`` or ``"table.column"``.

        Returns
        -------
        bool
            False for a column whose table is not there.
        """
        table, _, column = path.partition(".")
        return table in self.frames and (not column or column in self.frames[table])

    def look_up(self, table: str, key: str, ids: "pd.Series[Any]", wanted: str) -> "pd.Series[Any]":
        """Fetch a column of another table by id.

        Parameters
        ----------
        table, key : str
            Table to look in, and its id column.
        ids : Series
            Ids, in the rows of the asking table.
        wanted : str
            The column wanted.

        Returns
        -------
        Series
            In the rows of the asking table; empty where there is no such id, or no column of ids.
        """
        frame = self.frames[table]
        if key in frame:
            frame = frame.dropna(subset=[key]).drop_duplicates(key)
            index = pd.Index(frame[key], dtype=object)
        else:
            frame, index = frame.iloc[:0], pd.Index([], dtype=object)
        values = frame[wanted]
        if isinstance(values.dtype, pd.CategoricalDtype):
            values = values.astype(object)
        # Unlike `map`, `reindex` keeps the kind of the values where no id is found.
        found = pd.Series(values.to_numpy(), index=index).reindex(ids.astype(object))
        return found.set_axis(ids.index)


Breaks = Callable[[Tables], "pd.Series[bool]"]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule across columns, rows or tables.

    Attributes
    ----------
    where : str
        `table.column` the fault is told of.
    text : str
        What is wrong where the rule is broken.
    hint : str
        How to mend it.
    needs : tuple of str
        Each `table` or `table.column` the rule looks at; without one of them it is not run.
    breaks : callable
        Gives, for each row of the table, whether it breaks the rule.
    severity : {"error", "warning"}
        Whether the extract is refused.
    """

    where: str
    text: str
    hint: str
    needs: tuple[str, ...]
    breaks: Breaks
    severity: Severity = "error"

    def run(self, tables: Tables) -> Fault | None:
        """Run the rule on an extract.

        Parameters
        ----------
        tables : Tables
            The typed tables.

        Returns
        -------
        Fault or None
            None where no row breaks the rule, or a table it needs is absent.
        """
        table, _, column = self.where.partition(".")
        if not all(tables.has(path) for path in (*self.needs, self.where)):
            return None
        broken = _as_bool(self.breaks(tables))
        if not broken.any():
            return None
        rows = tables[table].index.to_numpy()[broken]
        return fault_in_rows((table, column), self.text, rows, self.hint, self.severity)


def _as_bool(mask: "pd.Series[Any]") -> npt.NDArray[np.bool_]:
    return mask.astype("boolean").to_numpy(dtype=bool, na_value=False)


def latest_of(frame: pd.DataFrame, names: Sequence[str]) -> "pd.Series[Any]":
    """Give the latest of several dates in each row.

    Parameters
    ----------
    frame : DataFrame
        Holds the dates; a column it lacks is passed over.
    names : sequence of str
        Columns.

    Returns
    -------
    Series
        Empty where every date is.
    """
    known = [name for name in names if name in frame]
    return frame[known].max(axis=1) if known else pd.Series(pd.NaT, index=frame.index)
