"""Linear, generalised and ordinal mixed models against glmm, mixedlm, statsmodels, lme4, ordinal.

Run with `make bench`, or `python benchmarks/mixed.py --quick`, `--task a --engine rpcstats R`,
`--markdown`. Tasks and data: mixed_tasks.py. Engines: mixed_engines.py. R's side: mixed.R.
"""

from harness import Suite, run

SUITE = Suite("mixed", r_packages=("lme4", "ordinal"), distributions={})

if __name__ == "__main__":
    run(SUITE, __doc__)
