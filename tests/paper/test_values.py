import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.errors import ParameterError
from rpcstats.paper.pandoc import parse_markdown, plain_text
from rpcstats.paper.prose import escape, fill
from rpcstats.paper.values import Value, read_value, select_row

FRAME = pd.DataFrame(
    {
        "stage": ["referred", "started", "left"],
        "n": [310.0, 1234.0, np.nan],
        "estimate": [1.0, 0.615, np.nan],
        "conf_low": [np.nan, 0.49, np.nan],
        "conf_high": [np.nan, 0.744, np.nan],
        "p_value": [0.2, 0.0004, np.nan],
        "status": ["released", "released", "withheld"],
    }
)


def read(stage, column="estimate", form="percent", *, frame=FRAME, **more):
    options = {"name": "x", "partly": False, "scale": "percent", "conf_level": 0.95} | more
    return read_value(select_row(frame, {"stage": stage}, name="x"), column, form, **options)


@pytest.mark.parametrize(
    ("column", "form", "text"),
    [
        ("estimate", "percent", "62%"),
        ("n", "count", "1,234"),
        ("estimate", "number", "0.62"),
        ("p_value", "p_value", "<0.001"),
        ("estimate", "interval", "62% (95% interval 49% to 74%)"),
        ("stage", "text", "started"),
    ],
)
def test_a_cell_is_printed_in_the_chosen_format(column, form, text):
    assert read("started", column, form).text == text


def test_the_number_is_kept_beside_its_text():
    assert read("started").number == 0.615
    assert read("started", "stage", "text").number is None


ROUNDED = FRAME.assign(told_low=[1.0, 0.58, np.nan], told_high=[1.0, 0.66, np.nan])


@pytest.mark.parametrize(
    ("stage", "form", "text"),
    [
        ("started", "percent", "58% to 66%"),
        ("started", "interval", "58% to 66% (95% interval 49% to 74%)"),
        ("started", "number", "0.62"),
        ("referred", "percent", "100%"),
        ("left", "percent", "withheld"),
    ],
)
def test_a_share_of_rounded_counts_is_printed_as_the_range_they_leave_open(stage, form, text):
    assert read(stage, form=form, frame=ROUNDED).text == text


def test_an_estimate_that_was_rounded_to_a_step_is_printed_as_its_range():
    text = read("started", form="interval", scale="number", frame=ROUNDED).text
    assert text == "0.58 to 0.66 (95% interval 0.49 to 0.74)"


def test_an_interval_on_the_scale_of_the_number():
    assert read("started", form="interval", scale="number", conf_level=0.9).text == (
        "0.62 (90% interval 0.49 to 0.74)"
    )


def test_an_interval_whose_bounds_are_missing_says_so():
    assert read("referred", form="interval").text == "100% (interval not estimable)"


def test_a_withheld_cell_has_no_number():
    assert read("left") == Value(None, "withheld")
    assert read("left", "n", "count") == Value(None, "withheld")


def test_a_missing_cell_of_a_released_row_is_not_called_withheld():
    assert read("referred", "conf_low").text == "not estimable"


@pytest.mark.parametrize(("partly", "text"), [(True, "withheld"), (False, "not estimable")])
def test_without_a_status_column_the_result_tells(partly, text):
    assert read("left", frame=FRAME.drop(columns="status"), partly=partly).text == text


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({}, "it picks 3"),
        ({"stage": "ended"}, "it picks 0"),
        ({"stag": "started"}, r"no column 'stag'; did you mean 'stage'\?"),
    ],
)
def test_exactly_one_row_is_meant(where, message):
    with pytest.raises(ParameterError, match=message) as caught:
        select_row(FRAME, where, name="x")
    assert "referred" not in str(caught.value)


def test_an_unknown_column_is_named():
    with pytest.raises(ParameterError, match=r"no column 'estimat'; did you mean 'estimate'\?"):
        read("started", "estimat")


def test_filling_names_an_unknown_value_and_a_near_one():
    with pytest.raises(ParameterError, match=r"no value 'n_start'; did you mean 'n_started'\?"):
        fill("{n_start} parents", {"n_started": "5"}, where="the passage")


def test_braces_are_doubled_to_print_and_attributes_are_left_alone():
    text = fill("::: {.summary}\n{n} of {{n}} {#sec-a} $x_{12}$", {"n": "5"}, where="it")
    assert text == "::: {.summary}\n5 of {n} {#sec-a} $x_{12}$"


def test_only_the_filled_text_is_escaped_in_markdown():
    assert fill("**{n}**", {"n": "a*b"}, where="it", markdown=True) == "**a\\*b**"


# Every example starts pandoc, which takes tens of milliseconds.
@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=[chr(code) for code in range(32, 127)], min_size=1, max_size=40))
def test_escaped_text_is_literal_inside_a_sentence(text):
    blocks = parse_markdown(f"x{escape(text)}x")["blocks"]
    assert plain_text(blocks) == f"x{' '.join(text.split())}x", json.dumps(blocks)
