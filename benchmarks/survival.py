"""Kaplan-Meier and log-rank against R survival, lifelines and scikit-survival.

Run with `make bench`, or `python benchmarks/survival.py --sizes 1000 10000`. An engine that is
not installed is skipped with the reason. Times are CPU seconds, medians of three calls after a
warm-up, of the whole public call: formula or arrays in, curve with limits or test out. Set
OMP_NUM_THREADS=1, so that they are also the wall time of one idle core.
"""

import argparse
import importlib.metadata
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from rpcstats.survival import kaplan_meier, logrank

REPEATS = 3
SEED = 20_261_121
WEEKS = 52
TASKS = ("Kaplan-Meier", "log-rank")
SHAPES = ("continuous times", "whole weeks")
OURS = "rpcstats"
GROWTH_FROM = 10_000

Seconds = dict[str, float]
Runner = Callable[[pd.DataFrame], Seconds]

R_SCRIPT = """
suppressPackageStartupMessages(library(survival))
folder <- commandArgs(TRUE)[1]; n <- as.integer(commandArgs(TRUE)[2])
repeats <- as.integer(commandArgs(TRUE)[3])
read <- function(name) readBin(file.path(folder, name), "double", n)
d <- data.frame(time = read("time"), event = read("event"), g = factor(read("g")))
seconds <- function(call) {
  call()
  median(replicate(repeats, { gc(FALSE); sum(system.time(call(), gcFirst = FALSE)[1:2]) }))
}
km <- seconds(function() survfit(Surv(time, event) ~ 1, d, conf.type = "log-log"))
lr <- seconds(function() survdiff(Surv(time, event) ~ g, d))
cat(sprintf("%.6f %.6f\\n", km, lr))
"""


def make_frame(n: int, shape: str) -> pd.DataFrame:
    """Draw exponential dropout with a third censored, in two groups."""
    rng = np.random.default_rng(SEED)
    dropout, leaving = rng.exponential(size=n), rng.exponential(2.0, size=n)
    seen = np.minimum(dropout, leaving)
    if shape == "whole weeks":
        seen = np.clip(np.ceil(seen * 20), 1, WEEKS)
    return pd.DataFrame(
        {
            "time": seen,
            "event": (dropout <= leaving).astype(np.int64),
            "g": rng.integers(0, 2, n),
        }
    )


def median_seconds(call: Callable[[], object]) -> float:
    """Time a call, once to warm up and then three times."""
    call()
    taken = []
    for _ in range(REPEATS):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return float(np.median(taken))


def run_ours(frame: pd.DataFrame) -> Seconds:
    """Time this package, frame and formula included."""
    return {
        "Kaplan-Meier": median_seconds(lambda: kaplan_meier("Surv(time, event) ~ 1", frame)),
        "log-rank": median_seconds(lambda: logrank("Surv(time, event) ~ g", frame)),
    }


def run_lifelines(frame: pd.DataFrame) -> Seconds:
    """Time lifelines on arrays."""
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import logrank_test

    t, e, first = frame["time"].to_numpy(), frame["event"].to_numpy(), frame["g"].to_numpy() == 0
    return {
        "Kaplan-Meier": median_seconds(lambda: KaplanMeierFitter().fit(t, e)),
        "log-rank": median_seconds(lambda: logrank_test(t[first], t[~first], e[first], e[~first])),
    }


def run_scikit_survival(frame: pd.DataFrame) -> Seconds:
    """Time scikit-survival on arrays."""
    from sksurv.compare import compare_survival
    from sksurv.nonparametric import kaplan_meier_estimator
    from sksurv.util import Surv

    t, e, g = frame["time"].to_numpy(), frame["event"].to_numpy() == 1, frame["g"].to_numpy()
    y = Surv.from_arrays(e, t)
    return {
        "Kaplan-Meier": median_seconds(lambda: kaplan_meier_estimator(e, t, conf_type="log-log")),
        "log-rank": median_seconds(lambda: compare_survival(y, g)),
    }


def run_r(frame: pd.DataFrame) -> Seconds:
    """Time R's survfit and survdiff inside one R process, reading and start-up left out."""
    with tempfile.TemporaryDirectory() as folder:
        for name in frame:
            frame[name].to_numpy(np.float64).tofile(Path(folder, str(name)))
        script = Path(folder, "bench.R")
        script.write_text(R_SCRIPT, encoding="utf-8")
        command = ["Rscript", "--vanilla", str(script), folder, str(len(frame)), str(REPEATS)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(zip(TASKS, map(float, done.stdout.split()), strict=True))


def why_not(package: str) -> str | None:
    """Say why an engine can't run here; None if it can."""
    if package == "R":
        if shutil.which("Rscript") is None:
            return "Rscript is not on the path"
        asked = ["Rscript", "--vanilla", "-e", "stopifnot(requireNamespace('survival'))"]
        found = subprocess.run(asked, capture_output=True, check=False).returncode == 0
        return None if found else "R has no package survival"
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return f"{package} is not installed"
    return None


PEERS: dict[str, tuple[str, Runner]] = {
    "R survival": ("R", run_r),
    "lifelines": ("lifelines", run_lifelines),
    "scikit-survival": ("scikit-survival", run_scikit_survival),
}


def version_of(package: str) -> str:
    """Name a version for the heading of the tables."""
    if package != "R":
        return f"{package} {importlib.metadata.version(package)}"
    asked = 'cat(R.version$major, R.version$minor, as.character(packageVersion("survival")))'
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", asked], capture_output=True, text=True, check=True
    )
    major, minor, survival = done.stdout.split()
    return f"R {major}.{minor} with survival {survival}"


def growth(seconds: Seconds, sizes: list[int]) -> float:
    """Give the slope of log seconds on log n, from the size at which overhead has faded."""
    used = [n for n in sizes if n >= GROWTH_FROM]
    if len(used) < 2:
        return float("nan")
    slope, _ = np.polyfit(np.log(used), np.log([seconds[str(n)] for n in used]), 1)
    return float(slope)


def print_table(task: str, shape: str, rows: dict[str, Seconds], sizes: list[int]) -> None:
    """Print one task as Markdown: seconds, and how many times ours they are."""
    print(f"\n**{task}, {shape}**: seconds (times ours)\n")
    print("| | " + " | ".join(f"{n:,}" for n in sizes) + " | growth |")
    print("| --- |" + " ---: |" * (len(sizes) + 1))
    for engine, seconds in rows.items():
        cells = [
            f"{seconds[str(n)]:.2g}"
            + ("" if engine == OURS else f" ({seconds[str(n)] / rows[OURS][str(n)]:.1f})")
            for n in sizes
        ]
        print(f"| {engine} | " + " | ".join(cells) + f" | {growth(seconds, sizes):.2f} |")


def measure(engines: dict[str, Runner], sizes: list[int]) -> None:
    """Run every engine at every size and shape, and print a table per task and shape."""
    for shape in SHAPES:
        found: dict[str, dict[str, Seconds]] = {task: {e: {} for e in engines} for task in TASKS}
        for n in sizes:
            frame = make_frame(n, shape)
            for engine, runner in engines.items():
                for task, seconds in runner(frame).items():
                    found[task][engine][str(n)] = seconds
        for task in TASKS:
            print_table(task, shape, found[task], sizes)


def main() -> None:
    """Read the sizes, say who is here, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10**k for k in range(3, 7)])
    sizes = sorted(parser.parse_args().sizes)
    engines: dict[str, Runner] = {OURS: run_ours}
    here = [f"Python {platform.python_version()}", version_of("numpy"), version_of("pandas")]
    for name, (package, runner) in PEERS.items():
        reason = why_not(package)
        if reason is None:
            engines[name] = runner
            here.append(version_of(package))
        else:
            print(f"{name} left out: {reason}")
    print(", ".join(here))
    measure(engines, sizes)


if __name__ == "__main__":
    main()
