"""Tables of a benchmark, as Markdown."""

import math
from typing import Any

OURS = "rpcstats"
REFERENCE = "R"
# A deviance this much above the lowest is not the optimum.
SAME = 1e-4


def print_table(task: Any, result: dict[str, Any]) -> None:
    """Print seconds, ratios, memory and the answer of one task."""
    sizes = [str(size) for size in result["sizes"]]
    print(f"\n**{result['task']}. {task.title}**: `{task.formula}`\n")
    heads = [f"{int(size):,} {task.unit}" for size in sizes]
    if len(sizes) > 1:
        heads.append("growth")
    print("| engine | " + " | ".join(heads) + " |")
    print("| --- |" + " ---: |" * len(heads))
    rows = result["rows"]
    for engine, cells in rows.items():
        if all("cannot" in str(cells[s].get("reason", "")) for s in sizes):
            continue
        shown = [describe(task.check, engine, size, rows) for size in sizes]
        if len(sizes) > 1:
            shown.append(growth(cells, sizes))
        print(f"| {engine} | " + " | ".join(shown) + " |")
    for size in sizes:
        print_standing(size, rows)


def describe(check: str, engine: str, size: str, rows: dict[str, Any]) -> str:
    """Write seconds, how many times ours, extra memory, and a deviance that is too high."""
    cell = rows[engine][size]
    if "seconds" not in cell:
        return str(cell["reason"])
    text = f"{cell['seconds']:.2g} s"
    ours = rows.get(OURS, {}).get(size, {})
    if engine != OURS and "seconds" in ours:
        text += f" ({cell['seconds'] / ours['seconds']:.1f})"
    if cell["memory"] > 0:
        text += f", {cell['memory']:.0f} MB"
    return text + amiss(check, cell, size, rows)


def amiss(check: str, cell: dict[str, Any], size: str, rows: dict[str, Any]) -> str:
    """Say how an answer is wrong: a deviance too high, or a number that is not ours."""
    if cell.get("check") is None:
        return ""
    if check == "deviance":
        known = [c[size]["check"] for c in rows.values() if "seconds" in c[size]]
        excess = cell["check"] - min(known)
        return f", deviance +{excess:.2g}" if excess > SAME else ""
    ours = rows.get(OURS, {}).get(size, {}).get("check")
    if ours is None or abs(cell["check"] - ours) <= SAME * abs(ours):
        return ""
    return f", {check} {cell['check']:.4g} for {ours:.4g}"


def growth(cells: dict[str, Any], sizes: list[str]) -> str:
    """Give the slope of log seconds on log size between the last two sizes done."""
    done = [size for size in sizes if "seconds" in cells[size]]
    if len(done) < 2:
        return ""
    one, two = done[-2:]
    ratio = cells[two]["seconds"] / cells[one]["seconds"]
    return f"{math.log(ratio) / math.log(int(two) / int(one)):.2f}"


def print_standing(size: str, rows: dict[str, Any]) -> None:
    """Say how we stand against the fastest peer and against R."""
    done = {e: c[size]["seconds"] for e, c in rows.items() if "seconds" in c[size]}
    if OURS not in done or len(done) < 2:
        return
    peers = {e: s for e, s in done.items() if e != OURS}
    fastest = min(peers, key=lambda e: peers[e])
    text = f"at {int(size):,}: {peers[fastest] / done[OURS]:.1f} times as fast as {fastest}"
    if REFERENCE in peers and fastest != REFERENCE:
        text += f", {peers[REFERENCE] / done[OURS]:.1f} times as fast as R"
    print(f"\n{text}")
