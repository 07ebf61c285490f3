"""Reading of the cells of a column as ids, dates, codes and numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from rpcstats.data.cells import Rules, read_cells
from rpcstats.data.council_file import CouncilFile
from rpcstats.data.faults import Fault, fault_in_rows
from rpcstats.data.mapping import plain
from rpcstats.data.raw import RawColumn
from rpcstats.data.registries import Programme, instruments
from rpcstats.data.schema import Column

STRING: Final[Any] = "str" if int(pd.__version__.split(".", 1)[0]) >= 3 else "object"


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """Allowed codes of the columns whose codes a registry lists.

    Attributes
    ----------
    codes : mapping of str to tuple of str
        Keys by registry.
    names : mapping of str to mapping
        Names in plain form to keys, by registry.
    """

    codes: Mapping[str, tuple[str, ...]]
    names: Mapping[str, Mapping[str, str]]


def make_codebook(council: CouncilFile, known: Mapping[str, Programme]) -> Codebook:
    """Make the codebook of an extract.

    Parameters
    ----------
    council : CouncilFile
        Whose extract it is.
    known : mapping of str to Programme
        The council's programmes.

    Returns
    -------
    Codebook
        Codes of programmes and of instruments.
    """
    return Codebook(
        MappingProxyType(
            {"programmes": tuple(council.programmes), "instruments": tuple(instruments())}
        ),
        MappingProxyType(
            {
                "programmes": {plain(entry.name): key for key, entry in known.items()},
                "instruments": {plain(entry.name): key for key, entry in instruments().items()},
            }
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Reads the columns of one table.

    Attributes
    ----------
    table : str
        Our name of the table.
    rows : array of int, shape (n_rows,)
        Row numbers of the spreadsheet.
    council : CouncilFile
        Date format and mapped codes.
    codebook : Codebook
        Codes that registries list.
    """

    table: str
    rows: npt.NDArray[np.intp]
    council: CouncilFile
    codebook: Codebook

    def read(self, column: Column, raw: RawColumn) -> tuple["pd.Series[Any]", list[Fault]]:
        """Read one column.

        Parameters
        ----------
        column : Column
            What the cells should be.
        raw : RawColumn
            What they are.

        Returns
        -------
        series : Series, shape (n_rows,)
            Typed, empty where a cell can't be read; its index is the row number.
        faults : list of Fault
            One for each broken rule.
        """
        cells = read_cells(self._rules(column), raw.texts)
        where = (self.table, column.name)
        faults = [
            fault_in_rows(where, rule, self.rows[_rows_of(raw, places)], hint)
            for rule, (places, hint) in cells.wrong.items()
        ]
        wrong = [place for places, _ in cells.wrong.values() for place in places]
        empty = [
            place
            for place, value in enumerate(cells.values)
            if value is None and place not in set(wrong)
        ]
        missing = (raw.codes < 0) | _rows_of(raw, empty)
        if missing.any() and not column.nullable:
            hint = "fill the cells, or leave the rows out"
            faults.append(fault_in_rows(where, "empty cell", self.rows[missing], hint))
        return self._build(column, raw, cells.values), faults

    def codes_of(self, column: Column) -> tuple[str, ...]:
        """Give the allowed codes of a column.

        Parameters
        ----------
        column : Column
            The column.

        Returns
        -------
        tuple of str
            Those of its registry, if it has one, or else its own.
        """
        return self.codebook.codes[column.registry] if column.registry else column.codes

    def _rules(self, column: Column) -> Rules:
        registry = column.registry
        return Rules(
            self.table,
            column,
            self.council.date_format,
            self.codes_of(column),
            self.council.mapping(self.table).codes.get(column.name, MappingProxyType({})),
            self.codebook.names[registry] if registry else MappingProxyType({}),
        )

    def _build(self, column: Column, raw: RawColumn, values: list[Any]) -> "pd.Series[Any]":
        if column.kind == "code":
            codes = self.codes_of(column)
            places = {code: place for place, code in enumerate(codes)}
            known = np.array([*(places.get(value, -1) for value in values), -1], dtype=np.int64)
            data: Any = pd.Categorical.from_codes(
                known[raw.codes], dtype=pd.CategoricalDtype(list(codes))
            )
        elif column.kind == "date":
            days = np.array([*values, None], dtype="datetime64[D]").astype("datetime64[ns]")
            data = days[raw.codes]
        elif column.kind in {"integer", "number"}:
            floats = np.array([*values, None], dtype=float)[raw.codes]
            data = _whole(floats, column) if column.kind == "integer" else floats
        else:
            spread = np.array([*values, None], dtype=object)[raw.codes]
            data = pd.Series(spread, dtype=STRING).array
        return pd.Series(data, index=self.rows, name=column.name)


def _rows_of(raw: RawColumn, places: Sequence[int]) -> npt.NDArray[np.bool_]:
    chosen = np.zeros(len(raw.texts), dtype=bool)
    chosen[list(places)] = True
    return raw.rows_where(chosen)


def _whole(floats: npt.NDArray[np.float64], column: Column) -> Any:
    if column.nullable or np.isnan(floats).any():
        return pd.Series(floats).astype("Int64").array
    return floats.astype(np.int64)
