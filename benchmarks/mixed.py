"""Linear, generalised and ordinal mixed models against glmm, mixedlm, statsmodels, lme4, ordinal.

Run with `make bench`, or `python benchmarks/mixed.py --quick`, `--task a --engine rpcstats R`,
`--markdown`. Every cell is a process of its own on one core with one thread: a warm-up, then the
median of three calls (one call, the first, if it takes over 20 s); peak memory above what data
and imports take; the deviance reached, so that a fast wrong answer shows. What takes longer than
`--limit` seconds is stopped, and the larger sizes are then left out. R is timed inside R. Tasks
and data: mixed_tasks.py. Engines: mixed_engines.py. R's side: mixed.R.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from mixed_engines import ENGINES, R_ENGINE
from mixed_tables import print_table
from mixed_tasks import REPLICATES, TASKS, make_frame

HERE = Path(__file__).parent
ONE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "RAYON_NUM_THREADS",
    )
}
FRESH = 5
Cell = dict[str, object]


def write_columns(frame: pd.DataFrame, folder: Path) -> None:
    """Leave the columns where Python and R both can read them."""
    for name in frame:
        values = frame[name].to_numpy()
        np.save(folder / f"{name}.npy", values)
        values.astype(np.float64).tofile(folder / f"{name}.bin")


def command_of(engine: str, name: str, folder: Path) -> list[str]:
    """Say how one cell is run."""
    if engine != R_ENGINE:
        return [sys.executable, str(HERE / "mixed_worker.py"), engine, name, str(folder)]
    task = TASKS[name]
    values = [str(folder), task.formula, task.kind, str(task.nodes), str(REPLICATES)]
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    return [*pinned, "Rscript", "--vanilla", str(HERE / "mixed.R"), *values]


def run_cell(engine: str, name: str, folder: Path, limit: float) -> Cell:
    """Run one engine on data written before."""
    try:
        done = subprocess.run(
            command_of(engine, name, folder),
            capture_output=True,
            text=True,
            timeout=limit,
            env={**os.environ, **ONE_THREAD},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"reason": f"over {limit:.0f} s"}
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {"reason": f"failed ({done.returncode}): {last[:120]}"}
    cell: Cell = json.loads(done.stdout.strip().splitlines()[-1])
    return cell


def measure_task(name: str, engines: list[str], quick: bool, limit: float) -> dict[str, object]:
    """Run every engine at every size of one task."""
    task = TASKS[name]
    sizes = task.quick if quick else task.sizes
    rows: dict[str, dict[str, Cell]] = {engine: {} for engine in engines}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            write_columns(make_frame(name, size), Path(folder))
            for engine in engines:
                rows[engine][str(size)] = one_size(rows[engine], engine, name, folder, limit)
                report(name, size, engine, rows[engine][str(size)])
    return {"task": name, "sizes": list(sizes), "rows": rows}


def one_size(done: dict[str, Cell], engine: str, name: str, folder: str, limit: float) -> Cell:
    """Run one cell, unless a smaller size was not finished."""
    stopped = next((str(c["reason"]) for c in done.values() if "reason" in c), None)
    if stopped is not None:
        return {"reason": "left out: " + stopped.removeprefix("left out: ")}
    runs = FRESH if TASKS[name].kind == "first" else 1
    cells = [run_cell(engine, name, Path(folder), limit) for _ in range(runs)]
    cell = cells[-1]
    if "seconds" in cell:
        seconds = [s for c in cells for s in c["seconds"]]
        cell["seconds"] = statistics.median(seconds)
    return cell


def report(name: str, size: int, engine: str, cell: Cell) -> None:
    """Tell of a cell as soon as it is known."""
    told = cell.get("reason") or (
        f"{cell['seconds']:.4g} s, {cell['memory']:.0f} MB, deviance {cell['deviance']:.6f}"
    )
    print(f"{name} {size:>9,} {engine:<12} {told}", file=sys.stderr, flush=True)


def engines_here(asked: list[str]) -> tuple[list[str], list[str]]:
    """Give the engines that can run and their versions; say which can't."""
    found, versions = [], []
    for engine in asked:
        version = version_of_r() if engine == R_ENGINE else version_of(engine)
        if version is None:
            print(f"{engine} left out: not installed")
        else:
            found.append(engine)
            versions.append(version)
    return found, versions


def version_of(package: str) -> str | None:
    """Name a version, None if the package is not here."""
    if importlib.util.find_spec(package) is None:
        return None
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return package


def version_of_r() -> str | None:
    """Name the versions of R, lme4 and ordinal, None if one is not here."""
    asked = (
        "cat(paste0('R ', getRversion(), ' with lme4 ', packageVersion('lme4'),"
        " ' and ordinal ', packageVersion('ordinal')))"
    )
    if shutil.which("Rscript") is None:
        return None
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", asked], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def main() -> None:
    """Read what is asked, measure, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", nargs="+", choices=list(TASKS), default=list(TASKS))
    everyone = [*ENGINES, R_ENGINE]
    parser.add_argument("--engine", nargs="+", choices=everyone, default=everyone)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds a process may take")
    parser.add_argument("--quick", action="store_true", help="the smallest sizes only")
    parser.add_argument("--json", type=Path, help="read results from, or write them to, a file")
    parser.add_argument("--markdown", action="store_true", help="only print tables of --json")
    asked = parser.parse_args()
    if asked.markdown:
        results = json.loads(asked.json.read_text(encoding="utf-8"))
    else:
        engines, versions = engines_here(asked.engine)
        here = [f"Python {platform.python_version()}", str(version_of("numpy")), *versions]
        tasks = [name for name in asked.task if not asked.quick or TASKS[name].quick]
        results = {
            "versions": ", ".join(here),
            "tasks": [measure_task(name, engines, asked.quick, asked.limit) for name in tasks],
        }
        if asked.json:
            asked.json.parent.mkdir(parents=True, exist_ok=True)
            asked.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(results["versions"])
    for task in results["tasks"]:
        print_table(task)


if __name__ == "__main__":
    main()
