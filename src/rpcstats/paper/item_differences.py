"""Compare one item of two runs of a paper, and say in a line where they differ."""

import csv
import io
import math
from collections.abc import Mapping
from typing import Any, Final, Literal

Result = Literal["reproduced", "differs"]
# Below this size a difference is measured as it stands, not as a ratio.
SMALLEST: Final = 1e-12
_DESCRIBED: Final = ("kind", "title", "columns", "rows", "tolerance")


def compare_items(
    old: Mapping[str, Any], new: Mapping[str, Any], old_data: str | None, new_data: str | None
) -> tuple[Result, str]:
    """Compare an item of the manifest with the same item of a second run.

    Parameters
    ----------
    old, new : mapping of str to object
        Entries of the two manifests.
    old_data, new_data : str or None
        CSV text behind them; None where there is none, or where the first
        one's file no longer fits its hash.

    Returns
    -------
    result : {"reproduced", "differs"}
        Whether the second run shows the same.
    detail : str
        ``identical``, ``within tolerance``, or what differs.

    Notes
    -----
    A printed text that changed is a difference even where its number stays
    within the tolerance.
    """
    if dict(old) == dict(new):
        return "reproduced", "identical"
    printed = _compare_text(old.get("text"), new.get("text"))
    if printed:
        return "differs", printed
    found = _compare_value(old, new) or _compare_data(old, new, old_data, new_data)
    if found:
        return "differs", found
    for field in _DESCRIBED:
        if old.get(field) != new.get(field):
            return "differs", f"{field}: {old.get(field)!r} -> {new.get(field)!r}"
    return "reproduced", "within tolerance"


def compare_frames(old: str, new: str, tolerance: float) -> str:
    """Compare two tables of CSV text, cell by cell.

    Parameters
    ----------
    old, new : str
        CSV with a header.
    tolerance : float
        Largest relative difference of a number that counts as the same.

    Returns
    -------
    str
        The first cell that differs, and the worst if it is another one, as
        ``row 3, estimate 0.84 -> 0.81``; empty if none does.
    """
    (head, *before), (now_head, *now) = _rows(old), _rows(new)
    if head != now_head:
        return f"columns {', '.join(head)} -> {', '.join(now_head)}"
    if len(before) != len(now):
        return f"{len(before)} rows -> {len(now)} rows"
    changes = []
    for row, (cells, now_cells) in enumerate(zip(before, now, strict=True), start=1):
        for column, cell, now_cell in zip(head, cells, now_cells, strict=False):
            size = _difference(cell, now_cell)
            if size > tolerance:
                changes.append((size, f"row {row}, {column} {cell or '-'} -> {now_cell or '-'}"))
    if not changes:
        return ""
    first, worst = changes[0], max(changes, key=lambda change: change[0])
    if worst[0] <= first[0]:
        return first[1]
    return f"{first[1]}; worst: {worst[1]}"


def _rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text))) or [[]]


def _difference(old: str, new: str) -> float:
    """Relative difference of two cells; infinite where a text or a gap differs."""
    if old == new:
        return 0.0
    try:
        return relative_difference(float(old), float(new))
    except ValueError:
        return math.inf


def relative_difference(old: float, new: float) -> float:
    """Measure how far two numbers are apart.

    Parameters
    ----------
    old, new : float
        The numbers.

    Returns
    -------
    float
        Their distance as a share of the larger one; infinite if only one is a
        finite number.
    """
    if old == new or (math.isnan(old) and math.isnan(new)):
        return 0.0
    if not (math.isfinite(old) and math.isfinite(new)):
        return math.inf
    return abs(old - new) / max(abs(old), abs(new), SMALLEST)


def _compare_text(old: str | None, new: str | None) -> str:
    if old == new:
        return ""
    before, now = (old or "").splitlines() or [""], (new or "").splitlines() or [""]
    for number, (line, now_line) in enumerate(zip(before, now, strict=False), start=1):
        if line != now_line:
            place = "" if len(before) == len(now) == 1 else f" in line {number}"
            return f"printed{place}: {_around(line, now_line)}"
    return f"printed: {len(before)} lines -> {len(now)} lines"


def _around(old: str, new: str, width: int = 40) -> str:
    """Cut two lines down to where they begin to differ."""
    same = next(
        (place for place, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]),
        min(len(old), len(new)),
    )
    begin = old.rfind(" ", 0, max(same, 0)) + 1 if max(len(old), len(new)) > width else 0
    return f"{old[begin : begin + width]} -> {new[begin : begin + width]}"


def _compare_value(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    before, now = old.get("value"), new.get("value")
    if before == now:
        return ""
    if not (isinstance(before, (int, float)) and isinstance(now, (int, float))):
        return f"value {before} -> {now}"
    tolerance = float(old.get("tolerance") or 0.0)
    if abs(before - now) <= tolerance * max(1.0, abs(before)):
        return ""
    return f"value {before:.10g} -> {now:.10g}"


def _compare_data(
    old: Mapping[str, Any], new: Mapping[str, Any], old_data: str | None, new_data: str | None
) -> str:
    if old.get("sha256") == new.get("sha256"):
        return ""
    if new_data is None:
        return "not the same content as before"
    if old_data is None:
        return "not the same data; the earlier data are no longer there to say where"
    return compare_frames(old_data, new_data, float(old.get("tolerance") or 0.0))
