"""An audit as one page of HTML that needs nothing else."""

from html import escape
from typing import Final

import pandas as pd

from rpcstats.published.audit_result import Audit
from rpcstats.published.checks.finding import VERDICTS
from rpcstats.tables.summary import counted

STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; color: #0b0c0c; margin: 2rem auto; max-width: 60rem;
  padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid
  #b1b4b6; }
caption { text-align: left; font-weight: bold; padding: .5rem 0; }
.verdict { font-weight: bold; white-space: nowrap; border-left: .4rem solid; padding-left: .5rem; }
.possible { border-color: #00703c; } .ambiguous { border-color: #f47738; }
.impossible { border-color: #d4351c; } .unverifiable { border-color: #505a5f; }
.repair { font-style: italic; }
@media (max-width: 44rem) {
  thead { display: none; }
  tr { display: block; padding: .6rem 0; border-bottom: 1px solid #b1b4b6; }
  th, td { display: block; border: 0; padding: .1rem 0; }
}
"""
MEANINGS: Final = {
    "possible": "it can be a share of what it is, or may be, a share of",
    "ambiguous": "bases it fits and bases it does not fit stand beside each other, or it can be"
    " read in several ways",
    "impossible": "it can't be a share of the base printed with it, or of any printed count",
    "unverifiable": "nothing is printed that it could be checked against",
}


def audit_page(found: Audit, name: str) -> str:
    """Write an audit as HTML.

    Parameters
    ----------
    found : Audit
        What was found.
    name : str
        Name of what was audited.

    Returns
    -------
    str
        A whole page, without scripts or links.
    """
    title = f"Audit of the figures in {escape(name)}"
    legend = "".join(f"<li><b>{v}</b>: {MEANINGS[v]}</li>" for v in reversed(VERDICTS))
    unread = "".join(f"<li>{escape(fault)}</li>" for fault in found.faults)
    parts = [
        f"<h1>{title}</h1>",
        f"<p>{escape(found.summary().remark)} That a figure is possible does not mean that it is"
        " right.</p>",
        f"<ul>{legend}</ul>",
        f"<h2>Figures that could not be read</h2><ul>{unread}</ul>" if unread else "",
        _verdicts(found),
        _findings(found),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _verdicts(found: Audit) -> str:
    rows = [
        [
            row["fact_id"],
            row["printed"],
            row["measure"],
            _badge(row["verdict"]),
            escape(row["message"]),
        ]
        for row in _records(found.checked())
    ]
    head = ["Figure", "Printed", "What it is of", "Verdict", "Why"]
    rest = len(found.verdicts()) - len(rows)
    alone = f"Nothing is printed that {counted(rest, 'other figure')} could be checked against."
    return _table("One verdict a figure", head, rows, marked=(3, 4)) + (
        f"<p>{alone}</p>" if rest else ""
    )


def _findings(found: Audit) -> str:
    rows = [
        [
            row["fact_id"],
            row["check"],
            row["base_label"],
            _badge(row["verdict"]),
            f'{escape(row["message"])} <span class="repair">{escape(row["repair"])}</span>',
        ]
        for row in _records(found.tidy())
    ]
    return _table("Every finding", ["Figure", "Check", "Base", "Verdict", "Finding and mend"], rows,
                  marked=(3, 4))  # fmt: skip


def _records(frame: pd.DataFrame) -> list[dict[str, str]]:
    texts = frame.astype("str")
    return [{str(k): str(v) for k, v in row.items()} for row in texts.to_dict("records")]


def _badge(verdict: str) -> str:
    return f'<span class="verdict {verdict}">{verdict}</span>'


def _table(caption: str, head: list[str], rows: list[list[str]], marked: tuple[int, ...]) -> str:
    """Write a table; cells of the columns in `marked` are HTML already."""
    heads = "".join(f'<th scope="col">{text}</th>' for text in head)
    body = []
    for row in rows:
        cells = [text if i in marked else escape(str(text)) for i, text in enumerate(row)]
        first = f'<th scope="row">{cells[0]}</th>'
        body.append(f"<tr>{first}{''.join(f'<td>{cell}</td>' for cell in cells[1:])}</tr>")
    top = f"<caption>{caption}</caption><thead><tr>{heads}</tr></thead>"
    return f"<table>{top}<tbody>{''.join(body)}</tbody></table>"
