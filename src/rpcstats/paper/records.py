"""What a figure or a table puts on record: its data, and what was done to protect them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rpcstats.paper import emit

if TYPE_CHECKING:
    import pandas as pd

    from rpcstats.disclosure import Disclosed
    from rpcstats.tables.columns import Format

_NOTHING: Final = "–"


def evidence(safe: Disclosed, frame: pd.DataFrame) -> dict[str, object]:
    """Put the data of an output on record.

    Parameters
    ----------
    safe : Disclosed
        The result.
    frame : DataFrame
        The data that are shown.

    Returns
    -------
    dict
        ``data`` (CSV), its ``sha256``, and the ``status`` and ``actions`` of the protection.
    """
    data = emit.csv_text(frame)
    return {
        "data": data,
        "sha256": emit.sha256(data),
        "status": safe.status,
        "actions": list(safe.actions),
    }


def table_record(
    safe: Disclosed,
    frame: pd.DataFrame,
    columns: Sequence[str] | None,
    *,
    empty: str,
    labels: Mapping[str, str] | None,
    formats: Mapping[str, Format] | None,
    names: Mapping[str, Mapping[str, str]] | None,
) -> tuple[dict[str, object], str, str]:
    """Put a table on record.

    Parameters
    ----------
    safe : Disclosed
        The result.
    frame : DataFrame
        Its rows, or its summary.
    columns : sequence of str or None
        Which columns, in which order; all if None.
    empty : str
        What the only row says if there is none.
    labels : mapping of str to str or None
        Column name to heading.
    formats : mapping of str to str or None
        Column name to format, where its name does not tell it.
    names : mapping or None
        Column name to code to words.

    Returns
    -------
    record : dict
        Headings, alignment, printed rows and the data behind them.
    note : str
        What the table itself has to note.
    html : str
        The table for the notebook.
    """
    from rpcstats.tables import tabulate

    made = tabulate(
        frame, labels=labels, columns=columns, formats=formats, names=names, kind=safe.kind
    )
    rows = [list(row) for row in made.rows]
    if not rows and empty:
        rows = [[empty, *[_NOTHING] * (len(made.columns) - 1)]]
    record = {
        "columns": list(made.columns),
        "align": list(made.align),
        "rows": rows,
        **evidence(safe, made.data),
    }
    return record, made.note, made.to_html()
