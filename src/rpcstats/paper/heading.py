"""What stands above a paper and below its outputs, in the same words in every format."""

from datetime import UTC, date, datetime
from typing import Any

from rpcstats.paper.assemble import Assembled, Exhibit
from rpcstats.paper.opening import long_date
from rpcstats.paper.pandoc import Node, words
from rpcstats.paper.references import BIBLIOGRAPHY

LANGUAGE = "en-GB"
# Office files can't hold a time before this one.
_EARLIEST = date(1980, 1, 1)


def notices(paper: Assembled) -> list[str]:
    """List what a reader must know before anything else.

    Parameters
    ----------
    paper : Assembled
        The paper.

    Returns
    -------
    list of str
        The watermark of its policy and the note on synthetic data, where it has them.
    """
    return [str(text) for key in ("watermark", "synthetic") if (text := paper.meta.get(key))]


def byline(paper: Assembled) -> str:
    """Say what made the paper and how far its data reach.

    Parameters
    ----------
    paper : Assembled
        The paper.

    Returns
    -------
    str
        One line.
    """
    made = f"Produced with rpcstats {paper.meta['version']}"
    cut = data_cut(paper)
    return f"{made} · Data to {long_date(cut)}" if cut else made


def data_cut(paper: Assembled) -> date | None:
    """Return the day after which the paper sees nothing.

    Parameters
    ----------
    paper : Assembled
        The paper.

    Returns
    -------
    date or None
        None for a paper without records of its own.
    """
    text = paper.meta.get("data_cut")
    return date.fromisoformat(text) if text else None


def epoch(paper: Assembled) -> int:
    """Return the time written into files in place of the clock.

    Parameters
    ----------
    paper : Assembled
        The paper.

    Returns
    -------
    int
        Seconds since 1970 of the data cut.
    """
    day = max(data_cut(paper) or _EARLIEST, _EARLIEST)
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def footnote(exhibit: Exhibit) -> list[str]:
    """List the sentences below a figure or table.

    Parameters
    ----------
    exhibit : Exhibit
        The figure or table.

    Returns
    -------
    list of str
        Source or note, then what disclosure control did, each measure told once in a paper.
    """
    record = exhibit.record
    source = str(record.get("source", "")).strip()
    lines = [f"Source: {source.rstrip('.')}."] if source else []
    if note := str(record.get("note", "")).strip():
        lines.append(note)
    like = exhibit.like.replace(" ", "\u00a0")
    if exhibit.news:
        also = f"as for {like}; " if like else ""
        lines.append(f"Disclosure control: {also}{' '.join(map(_sentence, exhibit.news))}")
    elif like:
        lines.append(f"Disclosure control as for {like}.")
    return lines


def withheld(exhibit: Exhibit) -> str:
    """Say that a whole figure is not shown.

    Parameters
    ----------
    exhibit : Exhibit
        The figure.

    Returns
    -------
    str
        One sentence.
    """
    return f"{exhibit.label} is not shown: its numbers are too small to publish safely."


def pandoc_meta(paper: Assembled) -> dict[str, Any]:
    """Return the metadata that every format needs.

    Parameters
    ----------
    paper : Assembled
        The paper.

    Returns
    -------
    dict
        Pandoc's ``meta``: language, bibliography and works not cited in the text.
    """
    meta: dict[str, Any] = {
        "lang": _string(LANGUAGE),
        "link-citations": {"t": "MetaBool", "c": True},
        "bibliography": _string(str(BIBLIOGRAPHY)),
    }
    if paper.cited:
        meta["nocite"] = {"t": "MetaInlines", "c": [_nocite(key) for key in paper.cited]}
    return meta


def _string(text: str) -> Node:
    return {"t": "MetaString", "c": text}


def _nocite(key: str) -> Node:
    cite = {
        "citationId": key,
        "citationPrefix": [],
        "citationSuffix": [],
        "citationMode": {"t": "AuthorInText"},
        "citationNoteNum": 0,
        "citationHash": 0,
    }
    return {"t": "Cite", "c": [[cite], words(f"@{key}")]}


def _sentence(text: str) -> str:
    return text.rstrip(".") + "."
