"""Seconds the audit of printed figures takes, and how they grow with the number of figures.

Every size is audited from a CSV file, reading and base search included: a warm-up, then the median
of three calls, in processor seconds of one thread, so that other work on the machine counts little.
"""

import argparse
import json
import statistics
import tempfile
import time
from math import log
from pathlib import Path

import numpy as np
import pandas as pd

from rpcstats.published import audit

SIZES = (1_000, 10_000, 100_000)
RUNS = 3
SEED = 20261122
STAGES = ("referrals", "enrolled", "started", "retained", "completed")
PASSING = (0.8, 0.85, 0.85, 0.8)
PER_DOCUMENT = 25
Row = dict[str, str]


def programme(rng: np.random.Generator, name: str) -> list[Row]:
    """Draw 12 or 13 true figures: stages, sexes, and percentages with and without a base."""
    counts = [int(rng.integers(30, 200))]
    for chance in PASSING:
        counts.append(max(1, int(rng.binomial(counts[-1], chance))))
    rows = [_count(stage, k) for stage, k in zip(STAGES, counts, strict=True)]
    women = int(rng.binomial(counts[0], 0.6))
    rows += [_count("referrals", women, "sex=female")]
    rows += [_count("referrals", counts[0] - women, "sex=male")]
    for i, base in enumerate((*counts, counts[-1])):
        k = int(rng.binomial(base, 0.7))
        row = {"measure": f"share {i}", "value": f"{(200 * k + base) // (2 * base)}%"}
        row |= {"denominator": str(base)} if i < 2 else {}
        rows.append(row | ({"numerator": str(k)} if i == 2 else {}))
    return [row | {"programme": name} for row in rows]


def documents(n: int) -> pd.DataFrame:
    """Draw documents of 25 figures, two programmes each."""
    rng = np.random.default_rng(SEED)
    rows: list[Row] = []
    while len(rows) < n:
        name = f"document {len(rows) // PER_DOCUMENT}"
        both = [*programme(rng, "first course"), *programme(rng, "second course")]
        rows += [row | {"source": name} for row in both[:PER_DOCUMENT]]
    return _frame(rows[:n])


def one_document(n: int) -> pd.DataFrame:
    """Draw one document of many programmes."""
    rng = np.random.default_rng(SEED)
    rows: list[Row] = []
    while len(rows) < n:
        rows += programme(rng, f"course {len(rows)}")
    return _frame(rows[:n])


def one_table(n: int) -> pd.DataFrame:
    """Draw one table, half counts and half percentages without a base: all against all."""
    rng = np.random.default_rng(SEED)
    counts = [_count(f"count {i}", 10 + i) for i in range(n // 2)]
    shares = [
        {"measure": f"share {i}", "value": f"{int(rng.integers(1, 100))}%"}
        for i in range(n - n // 2)
    ]
    return _frame([*counts, *shares])


def seconds(frame: pd.DataFrame, folder: Path) -> tuple[float, int]:
    """Give the median of some calls, and how many findings there were."""
    path = folder / "draft.csv"
    frame.to_csv(path, index=False)
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        found = audit(path)
        times.append(time.process_time() - start)
        assert not found.faults
    return statistics.median(times), len(found.tidy())


KINDS = {"documents of 25": documents, "one document": one_document, "one table": one_table}
LARGEST = {"one table": 10_000}
"""Every percentage is tried on every count: such a table of more figures is none to read."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the seconds to a file")
    chosen = parser.parse_args()
    results: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as name:
        seconds(documents(PER_DOCUMENT), Path(name))
        print(f"{'figures in':<18}" + "".join(f"{n:>16,}" for n in SIZES) + f"{'growth':>9}")
        for kind, draw in KINDS.items():
            sizes = [n for n in SIZES if n <= LARGEST.get(kind, max(SIZES))]
            found = [seconds(draw(n), Path(name)) for n in sizes]
            cells = "".join(f"{f'{s:.2f} s':>16}" for s, _ in found).ljust(16 * len(SIZES))
            growth = log(found[-1][0] / found[-2][0]) / log(sizes[-1] / sizes[-2])
            print(f"{kind:<18}{cells}{growth:>9.2f}", flush=True)
            for n, (s, findings) in zip(sizes, found, strict=True):
                results.append({"kind": kind, "n": n, "seconds": s, "findings": findings})
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=1), "utf-8")


def _count(measure: str, count: int, breakdown: str = "") -> Row:
    row = {"measure": measure, "value": str(count), "population": "parents"}
    return row | ({"breakdown": breakdown} if breakdown else {})


def _frame(rows: list[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, dtype="str").fillna("")


if __name__ == "__main__":
    main()
