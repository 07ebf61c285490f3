"""What `rpcstats audit` prints."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import typer

from rpcstats.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from rpcstats.published import Audit

Rounding = Literal["half_up", "half_even", "floor", "nearest5", "nearest10"]
Policy = Literal["council", "tre", "opensafely", "internal"]

STYLES: Final = {
    "impossible": "bold red",
    "ambiguous": "yellow",
    "unverifiable": "dim",
    "possible": "green",
}
MARKS: Final = {"error": "!!", "warning": "!", "note": ""}
WIDEST_CHECK: Final = 11
"""Letters of the longest name of a check."""


def show_audit(
    file: Path, *, as_json: bool, html: Path | None, rounding: Rounding, policy: Policy,
    everything: bool,
) -> bool:  # fmt: skip
    """Audit a table of printed figures and tell what was found.

    Parameters
    ----------
    file : Path
        The table, or a folder with `facts.csv`.
    as_json : bool
        Whether to print JSON in place of tables.
    html : Path or None
        Where to write a page.
    rounding : str
        How figures were rounded.
    policy : str
        Disclosure rule.
    everything : bool
        Whether to print notes as well as errors and warnings.

    Returns
    -------
    bool
        Whether every figure could be read and none is impossible.
    """
    from rpcstats.published import audit

    if html is not None and (html.suffix not in (".html", ".htm") or not html.parent.is_dir()):
        raise ParameterError(
            "--html can't be written", ["give a .html file in a folder that is there"]
        )
    found = audit(file, rounding=rounding, policy=policy)
    if html is not None:
        from rpcstats.published.audit_page import audit_page

        html.write_text(audit_page(found, file.name), "utf-8")
    if as_json:
        typer.echo(_as_json(found))
    else:
        _print_tables(found, everything=everything)
        if html is not None:
            typer.echo(f"\nWritten: {html}")
    return not (found.is_impossible or found.faults)


def _as_json(found: "Audit") -> str:
    parts = {
        "glance": _records(found.glance())[0],
        "verdicts": _records(found.verdicts()),
        "findings": _records(found.tidy()),
        "unread": list(found.faults),
    }
    return json.dumps(parts, ensure_ascii=False, indent=2)


def _records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(frame.to_json(orient="records"))
    return records


def _print_tables(found: "Audit", *, everything: bool) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    frame = found.tidy()
    if not everything:
        frame = frame[frame["severity"] != "note"]
    verdicts = {row["fact_id"]: row for row in _records(found.verdicts())}
    of_fact: dict[str, list[dict[str, Any]]] = {}
    for row in _records(frame):
        of_fact.setdefault(row["fact_id"], []).append(row)
    for fact_id, rows in of_fact.items():
        fact = verdicts[fact_id]
        head = Text(f"\n{fact_id}  {fact['printed']}  {fact['measure']}: ")
        console.print(head.append(fact["verdict"], style=STYLES[fact["verdict"]]))
        console.print(_laid_out(rows))
    if found.faults:
        console.print(Text("\nNot read", style="bold red"))
    for fault in found.faults:
        console.print(Padding(Text(fault), (0, 0, 0, 2)))
    console.print(Text(f"\n{found.summary().remark}"))


def _laid_out(rows: list[dict[str, Any]]) -> "Table":
    """Lay findings out in columns, so that wrapped lines stay under their own text."""
    from rich.text import Text

    grid = _grid()
    for row in rows:
        grid.add_row(MARKS[row["severity"]], row["check"], Text(row["message"]))
        if row["repair"]:
            grid.add_row("", Text("mend", style="italic"), Text(row["repair"], style="italic"))
    return grid


def _grid() -> "Table":
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=4, justify="right")
    grid.add_column(width=WIDEST_CHECK)
    grid.add_column()
    return grid
