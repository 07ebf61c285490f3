"""Survival estimators against R and every Python engine that can be installed.

Run with `make bench`, or `python benchmarks/survival.py --quick`, `--task cox --engine rpcstats R`,
`--markdown`. Tasks and data: survival_tasks.py. Engines: survival_engines.py. R's side: survival.R.
"""

from harness import Suite, run

SUITE = Suite(
    "survival",
    r_packages=("survival", "cmprsk"),
    distributions={
        "sksurv": "scikit-survival",
        "edi_kernels": "edi-kernels",
        "surpyval": "SurPyval",
    },
)

if __name__ == "__main__":
    run(SUITE, __doc__)
