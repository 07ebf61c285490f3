"""What `rpcstats audit` prints."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import typer

from rpcstats.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

    from rpcstats.published import Audit

Rounding = Literal["half_up", "half_even", "floor", "nearest5", "nearest10"]
Policy = Literal["council", "tre", "opensafely", "internal"]

STYLES: Final = {
    "impossible": "bold red",
    "ambiguous": "yellow",
    "unverifiable": "dim",
    "possible": "green",
}
MARKS: Final = {"error": "!!", "warning": "! ", "note": "  "}


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
    from rich.text import Text

    console = Console(highlight=False)
    frame = found.tidy()
    if not everything:
        frame = frame[frame["severity"] != "note"]
    verdicts = {row["fact_id"]: row for row in _records(found.verdicts())}
    last = None
    for row in _records(frame):
        fact = verdicts[row["fact_id"]]
        if row["fact_id"] != last:
            last = row["fact_id"]
            head = Text(f"\n{last}  {fact['printed']}  {fact['measure']}: ")
            console.print(head.append(fact["verdict"], style=STYLES[fact["verdict"]]))
        console.print(Text(f"  {MARKS[row['severity']]} {row['check']}: {row['message']}"))
        if row["repair"]:
            console.print(Text(f"       Mend: {row['repair']}", style="italic"))
    for fault in found.faults:
        console.print(Text(f"\nNot read: {fault}", style="bold red"))
    console.print(Text(f"\n{found.summary().remark}"))
