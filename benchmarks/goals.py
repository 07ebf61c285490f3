"""Missing goal ratings: multiple imputation against R's jomo.

Run with `make bench`, or `python benchmarks/goals.py --quick`, `--markdown`. Tasks and data:
goals_tasks.py. Engines: goals_engines.py. R's side: goals.R.
"""

from harness import Suite, run

SUITE = Suite("goals", r_packages=("jomo",), distributions={})

if __name__ == "__main__":
    run(SUITE, __doc__)
