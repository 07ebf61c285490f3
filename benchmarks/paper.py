"""Time of an empty notebook, of the retention paper cold, and of each of its stages."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
RUNS = 3


def empty_notebook(folder: Path) -> Path:
    path = folder / "empty.ipynb"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("")])
    nbformat.write(notebook, path)
    return path


def seconds_of(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - start


def time_empty(folder: Path) -> float:
    path = empty_notebook(folder)
    code = (
        "from pathlib import Path; from rpcstats.paper.execute import execute; "
        f"execute(Path({str(path)!r}), {{}}, cwd=Path({str(folder)!r}))"
    )
    return seconds_of([sys.executable, "-c", code])


def time_paper(folder: Path) -> tuple[float, dict[str, float]]:
    command = [sys.executable, "-m", "rpcstats", "paper", "retention", "--to", str(folder)]
    whole = seconds_of(command)
    run = json.loads((folder / "retention" / "northumberland" / "run.json").read_text())
    return whole, run["seconds"]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty = statistics.median(time_empty(folder) for _ in range(RUNS))
        runs = [time_paper(folder) for _ in range(RUNS)]
    whole = statistics.median(run[0] for run in runs)
    stages = {k: statistics.median(run[1][k] for run in runs) for k in runs[0][1]}
    parts = sum(stages.values())
    print(f"{'what':<34}{'seconds':>9}{'share':>8}")
    print(f"{'empty notebook, fresh process':<34}{empty:>9.2f}{empty / whole:>8.0%}")
    print(f"{'retention paper, fresh process':<34}{whole:>9.2f}{1:>8.0%}")
    for stage, seconds in stages.items():
        print(f"{'  ' + stage:<34}{seconds:>9.2f}{seconds / whole:>8.0%}")
    print(f"{'  start of the program':<34}{whole - parts:>9.2f}{(whole - parts) / whole:>8.0%}")
    print(f"whole / sum of its stages: {whole / parts:.2f}")
    print(f"whole / empty notebook:    {whole / empty:.2f}")


if __name__ == "__main__":
    main()
