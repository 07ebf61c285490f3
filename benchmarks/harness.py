"""Run engines on tasks, each cell a process of its own on one core with one thread.

A suite is two modules: `<suite>_tasks` (TASKS, make_frame, make_warm_up) and `<suite>_engines`
(ENGINES, as_frame), and R's side in `<suite>.R`. A cell is a warm-up, then the median of three
calls (one call, the first, if it takes over 20 s); peak memory above what data and imports take;
a number that shows whether the answer is right. What takes longer than the limit is stopped, and
the larger sizes are then left out. R is timed inside R.
"""

import argparse
import importlib
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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tables import print_table

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
R_ENGINE = "R"
Cell = dict[str, object]


@dataclass(frozen=True)
class Suite:
    """Tasks and engines that are timed together.

    Attributes
    ----------
    name : str
        What its modules and its R script begin with.
    r_packages : tuple of str
        Packages R needs.
    distributions : dict
        The distribution of an engine where it has another name than the engine.
    """

    name: str
    r_packages: tuple[str, ...]
    distributions: dict[str, str]

    @property
    def tasks(self) -> dict[str, Any]:
        """Tasks by name."""
        return dict(importlib.import_module(f"{self.name}_tasks").TASKS)

    @property
    def engines(self) -> list[str]:
        """Names of the engines, R last."""
        return [*importlib.import_module(f"{self.name}_engines").ENGINES, R_ENGINE]

    def frame(self, task: str, size: int) -> pd.DataFrame:
        """Draw the data of one task at one size."""
        made: pd.DataFrame = importlib.import_module(f"{self.name}_tasks").make_frame(task, size)
        return made


def write_columns(frame: pd.DataFrame, folder: Path) -> None:
    """Leave the columns where Python and R both can read them."""
    for name in frame:
        values = frame[name].to_numpy()
        np.save(folder / f"{name}.npy", values)
        values.astype(np.float64).tofile(folder / f"{name}.bin")


def command_of(suite: Suite, engine: str, name: str, folder: Path) -> list[str]:
    """Say how one cell is run."""
    if engine != R_ENGINE:
        return [sys.executable, str(HERE / "worker.py"), suite.name, engine, name, str(folder)]
    values = [str(folder), *suite.tasks[name].for_r]
    core = str(min(os.sched_getaffinity(0)))
    pinned = ["taskset", "-c", core] if shutil.which("taskset") else []
    return [*pinned, "Rscript", "--vanilla", str(HERE / f"{suite.name}.R"), *values]


def run_cell(suite: Suite, engine: str, name: str, folder: Path, limit: float) -> Cell:
    """Run one engine on data written before."""
    try:
        done = subprocess.run(
            command_of(suite, engine, name, folder),
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


def measure_task(
    suite: Suite, name: str, engines: Sequence[str], quick: bool, limit: float
) -> dict[str, object]:
    """Run every engine at every size of one task."""
    task = suite.tasks[name]
    sizes = task.quick if quick else task.sizes
    rows: dict[str, dict[str, Cell]] = {engine: {} for engine in engines}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            write_columns(suite.frame(name, size), Path(folder))
            for engine in engines:
                rows[engine][str(size)] = one_size(suite, rows[engine], engine, name, folder, limit)
                report(name, size, engine, rows[engine][str(size)])
    return {"task": name, "sizes": list(sizes), "rows": rows}


def one_size(
    suite: Suite, done: dict[str, Cell], engine: str, name: str, folder: str, limit: float
) -> Cell:
    """Run one cell, unless a smaller size was not finished."""
    stopped = next((str(c["reason"]) for c in done.values() if "reason" in c), None)
    if stopped is not None:
        return {"reason": "left out: " + stopped.removeprefix("left out: ")}
    runs = FRESH if suite.tasks[name].kind == "first" else 1
    cells = [run_cell(suite, engine, name, Path(folder), limit) for _ in range(runs)]
    cell = cells[-1]
    if "seconds" in cell:
        seconds = [s for c in cells for s in c["seconds"]]
        cell["seconds"] = statistics.median(seconds)
    return cell


def report(name: str, size: int, engine: str, cell: Cell) -> None:
    """Tell of a cell as soon as it is known."""
    told = cell.get("reason")
    if told is None:
        told = f"{cell['seconds']:.4g} s, {cell['memory']:.0f} MB, {cell['check']}"
    print(f"{name} {size:>9,} {engine:<12} {told}", file=sys.stderr, flush=True)


def engines_here(suite: Suite, asked: Sequence[str]) -> tuple[list[str], list[str]]:
    """Give the engines that can run and their versions; say which can't."""
    found, versions = [], []
    for engine in asked:
        version = (
            version_of_r(suite.r_packages)
            if engine == R_ENGINE
            else version_of(engine, suite.distributions.get(engine, engine))
        )
        if version is None:
            print(f"{engine} left out: not installed")
        else:
            found.append(engine)
            versions.append(version)
    return found, versions


def version_of(module: str, distribution: str) -> str | None:
    """Name a version, None if the package is not here."""
    if importlib.util.find_spec(module) is None:
        return None
    try:
        return f"{distribution} {importlib.metadata.version(distribution)}"
    except importlib.metadata.PackageNotFoundError:
        return distribution


def version_of_r(packages: Sequence[str]) -> str | None:
    """Name the versions of R and its packages, None if one is not here."""
    if shutil.which("Rscript") is None:
        return None
    asked = "; ".join(
        ["cat(paste0('R ', getRversion()))"]
        + [f"cat(paste0(', {name} ', packageVersion('{name}')))" for name in packages]
    )
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", asked], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def run(suite: Suite, description: str | None) -> None:
    """Read what is asked, measure, print the tables.

    Parameters
    ----------
    suite : Suite
        Tasks and engines.
    description : str
        Help of the command.
    """
    parser = argparse.ArgumentParser(description=description)
    tasks, everyone = list(suite.tasks), suite.engines
    parser.add_argument("--task", nargs="+", choices=tasks, default=tasks)
    parser.add_argument("--engine", nargs="+", choices=everyone, default=everyone)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds a process may take")
    parser.add_argument("--quick", action="store_true", help="the smallest sizes only")
    parser.add_argument("--json", type=Path, help="read results from, or write them to, a file")
    parser.add_argument("--markdown", action="store_true", help="only print tables of --json")
    asked = parser.parse_args()
    if asked.markdown:
        results = json.loads(asked.json.read_text(encoding="utf-8"))
    else:
        results = measured(suite, asked)
    print(results["versions"])
    for task in results["tasks"]:
        print_table(suite.tasks[task["task"]], task)


def measured(suite: Suite, asked: argparse.Namespace) -> dict[str, Any]:
    """Measure what is asked; written down after every task, so that a stop loses little."""
    engines, versions = engines_here(suite, asked.engine)
    here = [f"Python {platform.python_version()}", str(version_of("numpy", "numpy")), *versions]
    results: dict[str, Any] = {"versions": ", ".join(here), "tasks": []}
    for name in asked.task:
        if asked.quick and not suite.tasks[name].quick:
            continue
        results["tasks"].append(measure_task(suite, name, engines, asked.quick, asked.limit))
        if asked.json:
            asked.json.parent.mkdir(parents=True, exist_ok=True)
            asked.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return results
