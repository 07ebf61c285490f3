"""The figures, tables, numbers and sentences that an executed notebook holds."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rpcstats.errors import PaperError
from rpcstats.paper.emit import KINDS, SVG, mime, sha256

MIME_PREFIX: Final = "application/vnd.rpcstats."
# An id becomes a file name: nothing but these, so that it can't leave the folder.
ID_PATTERNS: Final = {
    "figure": re.compile(r"fig-[a-z0-9]+(?:-[a-z0-9]+)*"),
    "table": re.compile(r"tbl-[a-z0-9]+(?:-[a-z0-9]+)*"),
    "equation": re.compile(r"eq-[a-z0-9]+(?:-[a-z0-9]+)*"),
    "value": re.compile(r"[a-z][a-z0-9_]*"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One thing a paper shows and a second run must show again.

    Attributes
    ----------
    kind : str
        ``paper``, ``figure``, ``table``, ``value``, ``prose``, ``equation`` or ``ledger``.
    id : str
        Unique in the paper.
    title : str
        Headline of a figure or table, else empty.
    data : str or None
        CSV text behind a figure or table.
    sha256 : str or None
        Hash of `data`; of the canonical text for the paper and its ledger.
    value : float or None
        The number, of a value.
    text : str or None
        What is printed: of a value, a sentence, a formula, or the cells of a table.
    tolerance : float or None
        Largest difference of a number that still counts as the same.
    """

    kind: str
    id: str
    title: str
    data: str | None = None
    sha256: str | None = None
    value: float | None = None
    text: str | None = None
    tolerance: float | None = None


def payloads(nb: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], Mapping[str, Any]]]:
    """Walk through everything a notebook emitted, in its order.

    Parameters
    ----------
    nb : mapping
        An executed notebook.

    Yields
    ------
    tuple of str, dict and mapping
        The kind, its JSON, and the whole output that carries it.

    Raises
    ------
    PaperError
        If an output carries our media type with something else in it.
    """
    known: dict[str, str] = {mime(kind): kind for kind in KINDS}
    for cell in nb["cells"]:
        for output in cell.get("outputs", ()):
            for name, payload in output.get("data", {}).items():
                if not name.startswith(MIME_PREFIX):
                    continue
                if name not in known or not isinstance(payload, dict):
                    raise PaperError(
                        f"an output of the notebook has the type '{name}', which this version "
                        "does not read; emit with the functions of rpcstats.paper.open"
                    )
                yield known[name], payload, output


def collect(nb: Mapping[str, Any]) -> dict[str, Item]:
    """Read the items of an executed notebook.

    Parameters
    ----------
    nb : mapping
        An executed notebook, a `NotebookNode` or its JSON.

    Returns
    -------
    dict of str to Item
        Keyed by id, in the notebook's order. Sentences are numbered
        ``prose-1``, ``prose-2``; the head of the paper is ``paper`` and its
        disclosure ledger is ``ledger``. Citations are no items.

    Raises
    ------
    PaperError
        If two items share an id, an id can't be a file name, or data do not
        fit their hash.
    """
    found: dict[str, Item] = {}
    sentences = 0
    for kind, payload, _ in payloads(nb):
        if kind == "cite":
            continue
        if kind == "prose":
            sentences += 1
        item = _read(kind, payload, sentences)
        if item.id in found:
            raise PaperError(f"two outputs of the notebook have the id '{item.id}'; rename one")
        found[item.id] = item
    return found


def pictures(nb: Mapping[str, Any]) -> dict[str, str]:
    """Read the drawing of every figure.

    Parameters
    ----------
    nb : mapping
        An executed notebook.

    Returns
    -------
    dict of str to str
        SVG text by figure id; a figure without a drawing is left out.
    """
    found = {}
    for kind, payload, output in payloads(nb):
        svg = output.get("metadata", {}).get(SVG)
        if kind == "figure" and isinstance(svg, str):
            found[str(payload["id"])] = svg
    return found


def ledger(nb: Mapping[str, Any]) -> list[Any]:
    """Read the disclosure ledger.

    Parameters
    ----------
    nb : mapping
        An executed notebook.

    Returns
    -------
    list
        One entry for each released object.

    Raises
    ------
    PaperError
        If the notebook was not closed.
    """
    for kind, payload, _ in payloads(nb):
        if kind == "close":
            return list(payload["ledger"])
    raise PaperError("the notebook has no disclosure ledger; end it with out.close()")


def _read(kind: str, payload: Mapping[str, Any], sentences: int) -> Item:
    readers = {"figure": _framed, "table": _framed, "value": _value, "equation": _equation}
    try:
        if kind == "prose":
            return Item("prose", f"prose-{sentences}", "", text=str(payload["markdown"]))
        if kind == "paper":
            return _head(payload)
        if kind == "close":
            return Item("ledger", "ledger", "", sha256=sha256(_canonical(payload["ledger"])))
        _check_id(kind, payload["id"])
        return readers[kind](kind, payload)
    except (KeyError, TypeError) as exc:
        raise PaperError(
            f"an output of the kind '{kind}' lacks a field or has a wrong one; "
            "emit with the functions of rpcstats.paper.open"
        ) from exc


def _framed(kind: str, payload: Mapping[str, Any]) -> Item:
    data = str(payload["data"])
    if payload["sha256"] != sha256(data):
        raise PaperError(
            f"the data of '{payload['id']}' do not fit their hash; run the paper again"
        )
    text = None
    if kind == "table":
        rows = [payload["columns"], *payload["rows"]]
        text = "\n".join(" | ".join(str(cell) for cell in row) for row in rows)
    return Item(
        kind, payload["id"], str(payload["title"]), data=data, sha256=payload["sha256"], text=text
    )


def _value(kind: str, payload: Mapping[str, Any]) -> Item:
    value, tolerance = payload["value"], payload["tolerance"]
    return Item(
        kind,
        payload["id"],
        "",
        value=None if value is None else float(value),
        text=str(payload["text"]),
        tolerance=None if tolerance is None else float(tolerance),
    )


def _equation(kind: str, payload: Mapping[str, Any]) -> Item:
    return Item(kind, payload["id"], "", text=str(payload["tex"]))


def _head(payload: Mapping[str, Any]) -> Item:
    # The version belongs to the environment: another one may show the same paper.
    shown = {key: value for key, value in payload.items() if key != "version"}
    text = _canonical(shown)
    return Item("paper", "paper", str(payload["title"]), sha256=sha256(text), text=text)


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _check_id(kind: str, name: object) -> None:
    if not isinstance(name, str) or not ID_PATTERNS[kind].fullmatch(name):
        shape = {"figure": "fig-…", "table": "tbl-…", "equation": "eq-…"}.get(kind, "snake_case")
        raise PaperError(
            f"the {kind} id {name!r} can't be used; write {shape} in small letters and digits"
        )
    if name in {"paper", "ledger"}:
        raise PaperError(f"the {kind} id '{name}' is taken by the paper itself; rename it")
