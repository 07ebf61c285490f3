"""The readable account of a result."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from rpcstats.tables import Summary
from rpcstats.tables.summary import Summarised, counted


def test_text_has_heading_tables_and_remark():
    summary = Summary("What", (pd.DataFrame({"a": [1.5, None]}),), "Mind <this>.")
    lines = str(summary).splitlines()
    assert lines[0] == "What"
    assert lines[-1] == "Mind <this>."
    assert lines[4].strip() == "-"
    assert repr(summary) == str(summary)


def test_html_is_escaped():
    html = Summary("a < b", (pd.DataFrame({"a": [1]}),), "c > d")._repr_html_()
    assert "a &lt; b" in html
    assert "c &gt; d" in html
    assert "<table" in html


def test_an_empty_remark_leaves_no_trace():
    assert str(Summary("What", ())) == "What"
    assert Summary("What", ())._repr_html_().count("<p>") == 1


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1200, "1,200 rows")]
)
def test_counts_have_their_plural(n, text):
    assert counted(n, "row") == text


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Found(Summarised):
    values: np.ndarray
    label: str

    def summary(self):
        return Summary(f"Found {self.label}", (pd.DataFrame({"mean": [self.values.mean()]}),))


def test_a_result_shows_its_summary_and_fixes_its_arrays():
    found = Found(np.array([1.0, 3.0]), "<b>")
    assert repr(found) == str(found.summary())
    assert "array(" not in repr(found)
    assert found._repr_html_().startswith("<p><strong>Found &lt;b&gt;")
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 2.0


def test_a_result_without_a_summary_says_so():
    @dataclass(frozen=True, repr=False)
    class Silent(Summarised):
        n: int

    with pytest.raises(NotImplementedError, match="Silent has no summary"):
        repr(Silent(1))
