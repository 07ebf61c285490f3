import json

import pytest

from rpcstats.paper.earlier import warn_of_earlier

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
