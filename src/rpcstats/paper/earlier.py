"""What an earlier paper of the same council adds to a new one: both together tell more."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Final

from rpcstats._vocabulary import BASE, N_EVENT, N_RISK, N
from rpcstats.disclosure import disclosure_policy
from rpcstats.errors import ParameterError
from rpcstats.paper.bundle import MANIFEST
from rpcstats.paper.items import Item

MATTERS: Final = ("data_cut", "policy", "conf_level", "tau", "compare")
SHARED: Final = ("data_cut", "policy")
"""What changes the counts of every paper of a council, whatever it is about."""

COUNTS: Final = frozenset({N, BASE, "n_obs", N_EVENT, N_RISK})
LABELLED: Final = 8
"""Cells of a row that may tell two rows of one item apart."""


def warn_of_earlier(
    target: Path,
    data: Mapping[str, object],
    values: Mapping[str, object],
    items: Mapping[str, Item] | None = None,
) -> str:
    """Say that two papers of one council tell more together than either alone.

    Parameters
    ----------
    target : Path
        Folder of the bundle that is about to be replaced, if there is one; papers of the same
        council stand in folders of the same name beside it.
    data : mapping
        The manifest's entry for the data of the new paper.
    values : mapping of str to object
        Parameters of the new paper.
    items : mapping of str to Item, optional
        What the new paper shows.

    Returns
    -------
    str
        A warning; empty if there is no earlier paper, or all were made from the same data with
        the same settings.

    Notes
    -----
    Rounding guards a count in each paper by itself. Between two days last seen that are close
    only a few people have moved; where a rounded count goes from one class to the next, both
    papers may tell it exactly. Papers of other data are therefore compared count by count: if
    none has moved by more than one class, as few as one person may lie between them.
    """
    said = [_of_this_paper(target, data, values, items or {})]
    beside = sorted(target.parent.parent.glob(f"*/{target.name}/{MANIFEST}"))
    for path in beside:
        if path.parent != target:
            said.append(_of_another(path, data, values))
    return "; ".join(text for text in said if text)


def _of_this_paper(
    target: Path,
    data: Mapping[str, object],
    values: Mapping[str, object],
    items: Mapping[str, Item],
) -> str:
    earlier = _read(target / MANIFEST)
    before = earlier.get("parameters")
    if not isinstance(before, dict) or before.get("council") != values.get("council"):
        return ""
    if earlier.get("data") == data:
        changed = [name for name in MATTERS if before.get(name) != values.get(name)]
        if not changed:
            return ""
        return (
            f"the earlier paper of these data had another {' and '.join(changed)}: whoever has "
            "both can work out more than either tells, so publish only one of them"
        )
    return (
        "the earlier paper of this council was made from other data, or seen to another day: "
        f"{_how_far(target, values, items)}"
    )


def _of_another(path: Path, data: Mapping[str, object], values: Mapping[str, object]) -> str:
    earlier = _read(path)
    before = earlier.get("parameters")
    if not isinstance(before, dict) or before.get("council") != values.get("council"):
        return ""
    name = path.parent.parent.name
    changed = [key for key in SHARED if before.get(key) != values.get(key)]
    if earlier.get("data") != data:
        changed = ["state of the data", *changed]
    if not changed:
        return ""
    return (
        f"the paper '{name}' of this council beside it has another {' and '.join(changed)}: make "
        "both again alike before you publish them together"
    )


def _how_far(target: Path, values: Mapping[str, object], items: Mapping[str, Item]) -> str:
    width = _width(values)
    moves = [move for item in items.values() for move in _moves(target, item)]
    if moves and max(moves) > width:
        return (
            "whoever has both sees who came between, so publish it only if no small group can have"
        )
    return (
        f"no count in both has moved by more than {width}, so as few as one person may lie "
        "between them; publish only one of them"
    )


def _width(values: Mapping[str, object]) -> int:
    try:
        return disclosure_policy(str(values.get("policy", ""))).round_to
    except ParameterError:
        return 1


def _moves(target: Path, item: Item) -> Iterator[float]:
    """Give by how much each count that both papers show has moved."""
    if item.data is None:
        return
    try:
        text = (target / "data" / f"{item.id}.csv").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    before, after = _counts(text), _counts(item.data)
    for place in before.keys() & after.keys():
        yield abs(after[place] - before[place])


def _counts(text: str) -> dict[tuple[str, ...], float]:
    """Read the counts of an item, each by the words of its row and its column."""
    found: dict[tuple[str, ...], float] = {}
    for row in csv.DictReader(StringIO(text)):
        words = [value for value in row.values() if value and not _is_number(value)]
        place = (*words[:LABELLED], row.get("time") or "")
        for name in COUNTS & row.keys():
            if _is_number(row[name]):
                found[(*place, name)] = float(row[name])
    return found


def _is_number(text: str | None) -> bool:
    try:
        return not math.isnan(float(text or ""))
    except ValueError:
        return False


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
