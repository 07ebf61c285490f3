"""Groups from columns."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import FormulaError
from rpcstats.formula import group_columns, make_groups, parse_formula


def columns_of(right):
    return group_columns(parse_formula(f"Surv(time, event) ~ {right}"))


def test_columns_joined_by_plus_are_the_groups():
    assert columns_of("1") == ()
    assert columns_of("mode + C(sex) + `age band` + mode") == ("mode", "sex", "age band")


@pytest.mark.parametrize("right", ["a:b", "a * b", "log(a)", "0 + a", "a - 1", "C(a, b)"])
def test_other_terms_are_refused(right):
    with pytest.raises(FormulaError, match="combinations of columns"):
        columns_of(right)


def test_declared_order_is_kept_and_empty_categories_are_dropped():
    mode = pd.Categorical(["b", "a", "b"], categories=["z", "b", "a"])
    groups = make_groups(pd.DataFrame({"mode": mode}), ("mode",))
    assert groups.labels == ("mode=b", "mode=a")
    assert groups.codes.tolist() == [0, 1, 0]


def test_combinations_vary_the_first_column_slowest():
    frame = pd.DataFrame({"a": [2, 1, 2, 1], "b": ["y", "y", "x", "y"]})
    groups = make_groups(frame, ("a", "b"))
    assert groups.labels == ("a=1, b=y", "a=2, b=x", "a=2, b=y")
    assert groups.codes.tolist() == [2, 0, 1, 0]
    assert groups.levels == (("1", "y"), ("2", "x"), ("2", "y"))


def test_numbers_are_written_without_noise():
    frame = pd.DataFrame({"a": [1.0, 0.5], "b": [True, False]})
    assert make_groups(frame, ("a",)).labels == ("a=0.5", "a=1")
    assert make_groups(frame, ("b",)).labels == ("b=False", "b=True")


def test_many_columns_do_not_need_a_cell_for_each_combination():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({f"c{i}": rng.integers(0, 50, 200) for i in range(4)})
    groups = make_groups(frame, tuple(frame.columns))
    key = frame.astype(str).agg("-".join, axis=1)
    assert len(groups.labels) == key.nunique()
    assert pd.Series(groups.codes).groupby(key).nunique().eq(1).all()


def test_one_group_is_called_all():
    groups = make_groups(pd.DataFrame(index=range(3)), ())
    assert groups.labels == ("all",)
    assert groups.codes.tolist() == [0, 0, 0]
