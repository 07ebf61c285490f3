"""The README's code runs as printed."""

import re
import warnings
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_notebook_code_of_the_readme_runs(monkeypatch):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(ROOT)
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # small councils: estimators warn, as they should
        found = {}
        exec(compile(code, "README.md", "exec"), found)
    assert {"safe", "reasons", "hazard", "goals", "imputed", "printed"} <= set(found)
