"""What a table of an extract is made of: columns, codes, bounds, keys and references."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "date", "month", "code", "integer", "number", "text"]
RegistryName = Literal["programmes", "instruments"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        Our name.
    kind : {"id", "date", "month", "code", "integer", "number", "text"}
        How its cells are read.
    description : str
        One sentence for the data dictionary.
    required : bool
        Whether the column must be in the file.
    nullable : bool
        Whether a cell may be empty.
    codes : tuple of str
        Allowed codes, in their declared order.
    registry : {"programmes", "instruments"} or None
        Registry whose keys are the allowed codes.
    minimum, maximum : float or None
        Bounds of a number, both allowed.
    sensitive : bool
        Whether the column tells something a person may be harmed by.
    references : tuple of str
        `table.column` that must hold the id; any one of them is enough.
    pattern : str or None
        Regular expression an id must match in full.
    """

    name: str
    kind: Kind
    description: str
    required: bool = True
    nullable: bool = False
    codes: tuple[str, ...] = ()
    registry: RegistryName | None = None
    minimum: float | None = None
    maximum: float | None = None
    sensitive: bool = False
    references: tuple[str, ...] = ()
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table of an extract.

    Attributes
    ----------
    name : str
        Our name.
    row : str
        What one row is.
    columns : tuple of Column
        In order.
    key : tuple of str
        Columns that together name a row.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def names(self) -> tuple[str, ...]:
        """Give the names of the columns.

        Returns
        -------
        tuple of str
            In order.
        """
        return tuple(column.name for column in self.columns)

    def has(self, name: str) -> bool:
        """Tell whether the table has a column of this name.

        Parameters
        ----------
        name : str
            Our name of the column.

        Returns
        -------
        bool
            True for optional columns too.
        """
        return name in self.names()

    def column(self, name: str) -> Column:
        """Give the column of this name.

        Parameters
        ----------
        name : str
            Our name of the column.

        Returns
        -------
        Column
            The column.

        Raises
        ------
        KeyError
            If the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name}")


def identifier(
    name: str,
    description: str,
    *,
    optional: bool = False,
    references: Sequence[str] = (),
    pattern: str | None = None,
) -> Column:
    """Make a column of opaque identifiers.

    Parameters
    ----------
    name, description : str
        As in `Column`.
    optional : bool
        Whether the column, and each of its cells, may be missing.
    references : sequence of str
        As in `Column`.
    pattern : str or None
        As in `Column`.

    Returns
    -------
    Column
        Of kind ``"id"``.
    """
    return Column(
        name,
        "id",
        description,
        required=not optional,
        nullable=optional,
        references=tuple(references),
        pattern=pattern,
    )


def calendar(name: str, description: str, *, optional: bool = False) -> Column:
    """Make a column of dates.

    Parameters
    ----------
    name, description : str
        As in `Column`.
    optional : bool
        Whether the column, and each of its cells, may be missing.

    Returns
    -------
    Column
        Of kind ``"date"``.
    """
    return Column(name, "date", description, required=not optional, nullable=optional)


def coded(
    name: str, codes: str, description: str, *, optional: bool = False, sensitive: bool = False
) -> Column:
    """Make a column of codes.

    Parameters
    ----------
    name : str
        As in `Column`.
    codes : str
        Allowed codes in their order, with blanks between them.
    description : str
        As in `Column`.
    optional : bool
        Whether the column, and each of its cells, may be missing.
    sensitive : bool
        As in `Column`.

    Returns
    -------
    Column
        Of kind ``"code"``.
    """
    return Column(
        name,
        "code",
        description,
        required=not optional,
        nullable=optional,
        codes=tuple(codes.split()),
        sensitive=sensitive,
    )


def whole(
    name: str,
    description: str,
    *,
    optional: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Column:
    """Make a column of whole numbers.

    Parameters
    ----------
    name, description : str
        As in `Column`.
    optional : bool
        Whether the column, and each of its cells, may be missing.
    minimum, maximum : float or None
        As in `Column`.

    Returns
    -------
    Column
        Of kind ``"integer"``.
    """
    return Column(
        name,
        "integer",
        description,
        required=not optional,
        nullable=optional,
        minimum=minimum,
        maximum=maximum,
    )


def number(
    name: str, description: str, *, optional: bool = False, minimum: float | None = None
) -> Column:
    """Make a column of decimal numbers.

    Parameters
    ----------
    name, description : str
        As in `Column`.
    optional : bool
        Whether the column, and each of its cells, may be missing.
    minimum : float or None
        As in `Column`.

    Returns
    -------
    Column
        Of kind ``"number"``.
    """
    return Column(
        name, "number", description, required=not optional, nullable=optional, minimum=minimum
    )
