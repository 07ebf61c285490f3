"""The output protocol: what a notebook cell displays, and how a figure's data are written.

Every output is a normal Jupyter bundle with one JSON part of our own beside it, so the
executed notebook alone is enough to render a paper and to compare it with another run.
"""

import hashlib
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

import pandas as pd

Kind = Literal["paper", "figure", "table", "value", "prose", "equation", "cite", "close"]
KINDS: Final[tuple[Kind, ...]] = (
    "paper",
    "figure",
    "table",
    "value",
    "prose",
    "equation",
    "cite",
    "close",
)
SVG: Final = "image/svg+xml"
PNG: Final = "image/png"
MARKDOWN: Final = "text/markdown"
HTML: Final = "text/html"
PLAIN: Final = "text/plain"


def mime(kind: Kind) -> str:
    """Return the MIME type that carries one kind of output.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.

    Returns
    -------
    str
        ``application/vnd.rpcstats.<kind>+json``.
    """
    return f"application/vnd.rpcstats.{kind}+json"


def csv_text(frame: pd.DataFrame) -> str:
    r"""Write a frame as the CSV text that is published and hashed.

    Parameters
    ----------
    frame : DataFrame
        A disclosed frame.

    Returns
    -------
    str
        CSV with ten significant digits, ISO dates and ``\n`` line ends.
    """
    return str(
        frame.to_csv(index=False, float_format="%.10g", lineterminator="\n", date_format="%Y-%m-%d")
    )


def sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, as hexadecimal digits.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def publish(data: Mapping[str, object], metadata: Mapping[str, object] | None = None) -> None:
    """Display one bundle in the running notebook; write its plain text outside one.

    Parameters
    ----------
    data : mapping
        MIME type to content.
    metadata : mapping, optional
        Metadata of the output.
    """
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    if get_ipython() is None:
        sys.stdout.write(f"{data[PLAIN]}\n")
        return
    show: Callable[..., object] = display
    show(dict(data), metadata=dict(metadata or {}), raw=True)


def current_cell() -> tuple[str, int] | None:
    """Name the notebook cell now running, where the front end tells it.

    Returns
    -------
    tuple of str and int, or None
        The cell's id and its execution count; None outside JupyterLab.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    header = getattr(shell, "parent_header", None) or {}
    cell = (header.get("metadata") or {}).get("cellId")
    return (str(cell), int(shell.execution_count)) if shell is not None and cell else None


def publish_figure(record: Mapping[str, object], png: bytes | None, svg: str | None) -> None:
    """Display a figure under its title, with the vector picture in the metadata.

    Parameters
    ----------
    record : mapping
        The JSON part.
    png : bytes or None
        The picture a notebook shows; None where all of it is withheld.
    svg : str or None
        The picture a paper shows.
    """
    caption = f"**{record['title']}**" + (f"  \n{record['subtitle']}" if record["subtitle"] else "")
    publish({MARKDOWN: caption, PLAIN: str(record["title"])})
    data: dict[str, object] = {PLAIN: f"Figure {record['id']}: {record['alt']}"}
    metadata: dict[str, object] = {}
    if png is not None and svg is not None:
        data[PNG] = b64encode(png).decode()
        metadata = {SVG: svg, PNG: {"alt": record["alt"]}}
    publish({**data, mime("figure"): dict(record)}, metadata)


def publish_prose(markdown: str) -> None:
    """Display a passage of prose whose numbers are filled in.

    Parameters
    ----------
    markdown : str
        Pandoc markdown.
    """
    publish({MARKDOWN: markdown, PLAIN: markdown, mime("prose"): {"markdown": markdown}})


def publish_table(record: Mapping[str, object], html: str) -> None:
    """Display a table under its title.

    Parameters
    ----------
    record : mapping
        The JSON part.
    html : str
        The table as a notebook shows it.
    """
    title = str(record["title"])
    publish({MARKDOWN: f"**{title}**", PLAIN: title})
    publish({HTML: html, PLAIN: f"Table {record['id']}: {title}", mime("table"): dict(record)})


def publish_value(record: Mapping[str, object]) -> None:
    """Display a number that the prose may quote.

    Parameters
    ----------
    record : mapping
        The JSON part.
    """
    publish({PLAIN: f"{record['id']} = {record['text']}", mime("value"): dict(record)})


def publish_equation(record: Mapping[str, object]) -> None:
    """Display an equation.

    Parameters
    ----------
    record : mapping
        The JSON part.
    """
    publish(
        {
            "text/latex": f"$$\n{record['tex']}\n$$",
            PLAIN: f"Equation {record['id']}: {record['alt']}",
            mime("equation"): dict(record),
        }
    )


def publish_list(
    kind: Literal["cite", "close"], name: str, items: Sequence[object], line: str
) -> None:
    """Display an output that is a list: works cited, or the ledger of releases.

    Parameters
    ----------
    kind : {"cite", "close"}
        Which output.
    name : str
        Key of the list in the JSON part.
    items : sequence
        What is listed.
    line : str
        What the notebook shows.
    """
    publish({PLAIN: line, mime(kind): {name: list(items)}})
