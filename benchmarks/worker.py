"""One engine, one task, one size, in a process of its own: `python worker.py suite ...`.

Prints one line of JSON: seconds of each timed call, peak memory above what the data and the
imports take (they are loaded by a small fit before), a number that shows whether the answer is
right. One core, one thread.
"""

import importlib
import json
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

LONG = 20.0
REPEATS = 3
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_mb() -> float:
    """Give the high-water mark of resident memory."""
    line = next(t for t in STATUS.read_text().splitlines() if t.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def read_columns(folder: str) -> pd.DataFrame:
    """Read the columns the parent wrote."""
    return pd.DataFrame({p.stem: np.load(p) for p in sorted(Path(folder).glob("*.npy"))})


def main(suite: str, engine: str, name: str, folder: str) -> dict[str, object]:
    """Warm up, clear the high-water mark, time."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    warnings.simplefilter("ignore")
    engines, tasks = (importlib.import_module(f"{suite}_{part}") for part in ("engines", "tasks"))
    task = tasks.TASKS[name]
    frame = engines.as_frame(read_columns(folder), task)
    start = time.perf_counter()
    try:
        call = engines.ENGINES[engine](frame, task)
    except (engines.CannotError, ImportError, AttributeError) as reason:
        return {"reason": f"cannot: {reason}"}
    if task.kind == "first":
        check = call()
        return {"seconds": [time.perf_counter() - start], "memory": 0.0, "check": check}
    if task.kind != "boot":
        engines.ENGINES[engine](engines.as_frame(tasks.make_warm_up(name), task), task)()
    CLEAR.write_text("5")
    before = peak_mb()
    seconds: list[float] = []
    for _ in range(1 + REPEATS):
        start = time.perf_counter()
        check = call()
        seconds.append(time.perf_counter() - start)
        if seconds[-1] > LONG:
            break
    timed = seconds[1:] or seconds
    return {"seconds": timed, "memory": peak_mb() - before, "check": check}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:5])))
