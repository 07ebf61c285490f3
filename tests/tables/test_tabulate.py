import pandas as pd
import pytest

from rpcstats.errors import ParameterError
from rpcstats.tables import tabulate

NAN = float("nan")
DASH = "\N{EN DASH}"


@pytest.fixture
def funnel():
    return pd.DataFrame(
        {
            "stage": ["referred", "started", "goal_reached"],
            "n": [1200.0, 58, NAN],
            "base": [NAN, 77, 42],
            "base_label": ["", "enrolled", "completed"],
            "estimate": [NAN, 58 / 77, NAN],
            "conf_low": [NAN, 0.646, NAN],
            "conf_high": [NAN, 0.836, NAN],
            "status": ["released", "released", "withheld"],
            "note": ["", "", "withheld: fewer than 5"],
        }
    )


def test_a_funnel_reads_as_a_table(funnel):
    table = tabulate(funnel)
    assert table.columns == ("Stage", "Number", "Out of", "Base", "Percentage (95% interval)")
    assert table.align == ("left", "right", "right", "left", "right")
    assert table.rows == (
        ("Referred", "1,200", DASH, DASH, DASH),
        ("Started", "58", "77", "Enrolled", "75% (65% to 84%)"),
        ("Goal reached", "withheld", "42", "Completed", "withheld"),
    )


def test_the_reason_of_a_withheld_cell_is_noted_once(funnel):
    assert tabulate(funnel).note == "Withheld: fewer than 5."
    marked = tabulate(funnel, withheld="symbol")
    assert marked.rows[2][1] == "[c]"
    assert marked.note == "[c] = withheld to protect people's privacy: fewer than 5."
    assert tabulate(funnel.iloc[:2], withheld="symbol").note == ""


def test_the_data_keep_what_the_text_merges(funnel):
    data = tabulate(funnel).data
    assert list(data.columns) == list(funnel.columns[:7])
    pd.testing.assert_series_equal(data["estimate"], funnel["estimate"])


def test_columns_and_labels_are_the_callers_choice(funnel):
    table = tabulate(
        funnel, columns=["n", "stage"], labels={"n": "Parents"}, caption="How many parents"
    )
    assert table.columns == ("Parents", "Stage")
    assert table.rows[1] == ("58", "Started")
    assert table.caption == "How many parents"


def test_an_estimate_without_bounds_is_no_interval(funnel):
    table = tabulate(funnel, columns=["stage", "base", "estimate"])
    assert table.columns[-1] == "Percentage"
    assert table.rows[1][-1] == "75%"


def test_a_mean_is_no_percentage():
    frame = pd.DataFrame(
        {
            "strata": ["mode=in_person"],
            "n_obs": [58],
            "estimate": [5.314],
            "std_error": [0.1],
            "conf_low": [5.02],
            "conf_high": [5.6],
        }
    )
    table = tabulate(frame, conf_level=0.9)
    assert table.columns == ("Group", "Number of people", "Estimate (90% interval)")
    assert table.rows == (("In person", "58", "5.31 (5.02 to 5.60)"),)
    assert tabulate(frame.assign(estimate=0.5), kind="published").rows[0][-1].startswith("50%")


def test_a_curve_is_in_percent_with_whole_times():
    frame = pd.DataFrame(
        {
            "strata": ["all"],
            "time": [3.0],
            "n_risk": [52],
            "n_event": [3],
            "estimate": [0.8448],
            "std_error": [0.0475],
        }
    )
    assert tabulate(frame).rows == (("All", "3", "52", "3", "84%", "4.8%"),)


def test_a_test_prints_its_p_value():
    frame = pd.DataFrame(
        {"statistic": [7.812], "df": [1], "p_value": [0.00002], "n_obs": [99], "n_event": [31]}
    )
    table = tabulate(frame)
    assert table.columns[:3] == ("Statistic", "Degrees of freedom", "p-value")
    assert table.rows == (("7.81", "1", "<0.001", "99", "31"),)


def test_types_choose_the_format_of_unknown_columns():
    frame = pd.DataFrame(
        {
            "when": pd.to_datetime(["2024-02-27"]),
            "met": [True],
            "rate": [0.1234],
            "visits": pd.array([1500], dtype="Int64"),
            "mode": pd.Categorical(["one_to_one"]),
        }
    )
    assert tabulate(frame).rows == (("27 February 2024", "yes", "0.12", "1,500", "One to one"),)
    assert tabulate(frame, formats={"rate": "percent"}).rows[0][2] == "12%"


def test_missing_values_of_every_type_are_a_dash():
    frame = pd.DataFrame(
        {
            "n": pd.array([None], dtype="Int64"),
            "when": pd.to_datetime([None]),
            "mode": pd.Categorical([None], categories=["online"]),
            "p_value": [None],
            "source": [None],
        }
    )
    assert tabulate(frame).rows == ((DASH,) * 5,)


def test_nullable_estimates_are_merged():
    numbers = pd.array([0.5], dtype="Float64")
    frame = pd.DataFrame(
        {"base": [10], "estimate": numbers, "conf_low": numbers, "conf_high": pd.array([None])}
    )
    assert tabulate(frame).rows == (("10", "50%"),)


def test_a_difference_is_in_points_of_percentage():
    frame = pd.DataFrame({"half_width": [0.128, 0.0124, NAN]})
    table = tabulate(frame, formats={"half_width": "points"})
    assert [row[0] for row in table.rows] == ["13 points", "1 point", DASH]


def test_codes_get_the_words_of_their_own_column():
    frame = pd.DataFrame({"variable": ["mode", "resident"], "level": ["online", "resident"]})
    table = tabulate(frame, names={"variable": {"resident": "Where the child lives"}})
    assert table.rows == (("Mode", "Online"), ("Where the child lives", "Resident"))
    with pytest.raises(ParameterError, match="levl: no such column"):
        tabulate(frame, names={"levl": {}})


def test_a_reason_in_a_column_of_its_own_is_not_told_twice(funnel):
    table = tabulate(funnel, columns=["stage", "n", "note"])
    assert table.note == ""
    assert table.rows[2] == ("Goal reached", "withheld", "Withheld: fewer than 5")


def test_a_remark_begins_with_a_capital_but_a_symbol_stays():
    frame = pd.DataFrame({"note": ["not compared", "p 0.05 or more"]})
    assert tabulate(frame, columns=["note"]).rows == (("Not compared",), ("p 0.05 or more",))


def test_a_column_of_numbers_without_any_stands_to_the_right():
    frame = pd.DataFrame({"measure": ["none"], "p_value": [None], "comment": [None]}, dtype=object)
    assert tabulate(frame).align == ("left", "right", "left")


def test_the_frame_is_left_alone(funnel):
    before = funnel.copy()
    tabulate(funnel)
    pd.testing.assert_frame_equal(funnel, before)


def test_unknown_columns_and_formats_are_named(funnel):
    with pytest.raises(ParameterError, match=r"stages: use one of stage, n"):
        tabulate(funnel, columns=["stages"])
    with pytest.raises(ParameterError, match=r"'pct' of n: use one of count, percent"):
        tabulate(funnel, formats={"n": "pct"})
    with pytest.raises(ParameterError, match="nn: no such column"):
        tabulate(funnel, formats={"nn": "count"})


def test_no_cell_is_empty_or_merged(funnel):
    html = tabulate(funnel, caption="Stages").to_html()
    assert "></td>" not in html
    assert "></th>" not in html
    assert "span=" not in html.replace("</span>", "")


def test_importing_the_room_imports_no_plotting_and_no_scipy():
    import subprocess
    import sys

    code = (
        "import sys, rpcstats.tables; "
        "sys.exit(any(n in sys.modules for n in ('matplotlib', 'scipy', 'statsmodels')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
