import json

import pytest

from rpcstats.paper.earlier import warn_of_earlier
from rpcstats.paper.items import Item

DATA = {"files": {"extract": "aa"}, "rows": {}}
VALUES = {"policy": "council", "tau": 6, "council": "northmere"}


@pytest.fixture
def earlier(tmp_path):
    manifest = {"data": DATA, "parameters": VALUES}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path


def test_other_settings_on_the_same_data_are_warned_of(earlier):
    text = warn_of_earlier(earlier, DATA, VALUES | {"policy": "tre", "tau": 5})
    assert "policy and tau" in text
    assert "publish only one" in text


@pytest.mark.parametrize(
    ("data", "values"),
    [(DATA, VALUES), (DATA, VALUES | {"council": "elsewhere"}), ({"files": {}}, {"policy": "tre"})],
)
def test_the_same_settings_or_other_data_are_not(earlier, data, values):
    assert warn_of_earlier(earlier, data, values) == ""


def test_no_earlier_paper_and_a_broken_one_are_passed_over(tmp_path):
    assert warn_of_earlier(tmp_path, DATA, VALUES) == ""
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    assert warn_of_earlier(tmp_path, DATA, VALUES) == ""


FUNNEL = "stage,n,base,estimate\nstarted,{},75,0.8\ncompleted,{},50,\n"
LATER = {"files": {"extract": "bb"}, "rows": {}}


def shows(text):
    return {"fig-funnel": Item(kind="figure", id="fig-funnel", title="", data=text)}


@pytest.fixture
def printed(earlier):
    (earlier / "data").mkdir()
    (earlier / "data" / "fig-funnel.csv").write_text(FUNNEL.format(60, 35), encoding="utf-8")
    return earlier


@pytest.mark.parametrize(("started", "completed"), [(60, 35), (65, 35), (65, "")])
def test_two_cuts_a_step_of_rounding_apart_may_differ_by_one_person(printed, started, completed):
    text = warn_of_earlier(printed, LATER, VALUES, shows(FUNNEL.format(started, completed)))
    assert "seen to another day" in text
    assert "as few as one person" in text
    assert "publish only one" in text


def test_two_cuts_far_apart_are_told_but_not_forbidden(printed):
    text = warn_of_earlier(printed, LATER, VALUES, shows(FUNNEL.format(75, 35)))
    assert "who came between" in text
    assert "one person" not in text


def test_another_paper_of_the_same_council_has_to_be_alike(tmp_path):
    beside = tmp_path / "retention" / "northmere"
    beside.mkdir(parents=True)
    manifest = {"data": DATA, "parameters": VALUES}
    (beside / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    target = tmp_path / "goal_progress" / "northmere"
    assert warn_of_earlier(target, DATA, VALUES | {"tau": 4}) == ""
    assert "another policy" in warn_of_earlier(target, DATA, VALUES | {"policy": "tre"})
    text = warn_of_earlier(target, LATER, VALUES | {"data_cut": "2024-02-27"})
    assert "'retention'" in text
    assert "another state of the data and data_cut" in text
    assert warn_of_earlier(target, LATER, VALUES | {"council": "elsewhere"}) == ""
