"""The data dictionary, generated from the schema and the registries."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rpcstats.data.check import RULES
from rpcstats.data.registries import instruments, programmes
from rpcstats.data.schema import Column, TableSchema
from rpcstats.data.tables import TABLES

_KINDS: Final = {
    "id": "id",
    "date": "date",
    "month": "month",
    "code": "code",
    "integer": "whole number",
    "number": "number",
    "text": "short text",
}
_HEAD: Final = """# Data dictionary

Generated from the schema by `python -m rpcstats.data.dictionary data/dictionary.md`; do not edit.

An extract is one folder a council: `council.yml` and up to eight tables, as CSV (UTF-8), Parquet,
or sheets of one XLSX workbook. Dates are ISO unless `date_format` says otherwise; ids are opaque.
Names, dates of birth, postcodes, e-mail addresses, telephone and NHS numbers, addresses, notes
and free text are refused, in every column of a file. Columns that are not listed here are
ignored with a warning. An empty cell, `NA`, `N/A`, `NULL` or `NaN` is a missing value. Codes are
read in any case, with blanks or hyphens for underscores; `1`, `true`, `y` and `0`, `false`, `n`
stand for yes and no. What is open on the day of `data_cut` is censored; later rows are not seen.

**Needed**: yes = the column must be there and every cell filled; no = both may be missing.
**Sensitive** columns tell something a person may be harmed by.
"""


def render_dictionary() -> str:
    """Write the data dictionary as Markdown.

    Returns
    -------
    str
        Tables, columns, rules and registries.
    """
    lines = [_HEAD]
    for table in TABLES.values():
        lines += _table_lines(table)
    lines += _registry_lines()
    return "\n".join(lines) + "\n"


def write_dictionary(path: str | Path) -> Path:
    """Write the data dictionary to a file.

    Parameters
    ----------
    path : str or Path
        File to write, `data/dictionary.md` in the source tree.

    Returns
    -------
    Path
        The file.
    """
    target = Path(path)
    target.write_text(render_dictionary(), encoding="utf-8", newline="\n")
    return target


def _table_lines(table: TableSchema) -> Iterator[str]:
    yield f"## {table.name}\n"
    yield f"One row: {table.row}. Key: {', '.join(f'`{name}`' for name in table.key)}.\n"
    rows = [
        [
            f"`{column.name}`" + (" (sensitive)" if column.sensitive else ""),
            _KINDS[column.kind],
            "yes" if column.required else "no",
            _allowed(column),
            column.description,
        ]
        for column in table.columns
    ]
    yield from _markdown(["Column", "Kind", "Needed", "Allowed", "Meaning"], rows)
    for rule in RULES:
        name, _, column_name = rule.where.partition(".")
        if name == table.name:
            grade = "Warned of" if rule.severity == "warning" else "Refused"
            yield f"- {grade}: `{column_name}` {rule.text}."
    yield ""


def _allowed(column: Column) -> str:
    if column.registry:
        return f"key of the {column.registry} registry"
    if column.codes:
        return ", ".join(f"`{code}`" for code in column.codes)
    if column.references:
        return "in " + " or ".join(f"`{path}`" for path in column.references)
    if column.pattern:
        return "a letter and eight digits"
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (("at least", column.minimum), ("at most", column.maximum))
        if bound is not None
    ]
    return ", ".join(bounds)


def _registry_lines() -> Iterator[str]:
    yield "## Programmes\n"
    yield from _markdown(
        ["Key", "Name", "Sessions", "Days between", "Places", "Completed from", "Source"],
        [
            [
                f"`{key}`",
                entry.name,
                f"{entry.sessions} {entry.unit}s",
                str(entry.interval_days),
                "" if entry.capacity is None else str(entry.capacity),
                str(entry.minimum_attended),
                entry.source,
            ]
            for key, entry in programmes().items()
        ],
    )
    yield "## Instruments\n"
    yield from _markdown(
        [
            *("Key", "Name", "Range", "Holds for each", "Better", "Verified", "Source"),
            *("Reliability", "Reliable change", "Cases from", "Scoring verified"),
        ],
        [
            [
                f"`{key}`",
                entry.name,
                "not known" if entry.minimum is None else f"{entry.minimum:g} to {entry.maximum:g}",
                entry.scored,
                entry.direction.replace("_", " "),
                "yes" if entry.verified else "no",
                entry.source,
                "" if entry.reliability is None else f"{entry.reliability:g}",
                "" if entry.reliable_change is None else f"{entry.reliable_change:g}",
                next((f"{band.lowest:g}" for band in entry.cut_offs if band.clinical), ""),
                ("yes" if entry.scoring_verified else "no") if entry.scoring_source else "",
            ]
            for key, entry in instruments().items()
        ],
    )


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "| " + " | ".join("---" for _ in heads) + " |"
    for row in rows:
        yield "| " + " | ".join(" ".join(cell.split()) for cell in row) + " |"
    yield ""


if __name__ == "__main__":
    write_dictionary(sys.argv[1] if len(sys.argv) > 1 else "data/dictionary.md")
