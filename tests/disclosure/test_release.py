import dataclasses
import json

import pandas as pd
import pytest

from rpcstats.disclosure import Disclosed, disclose, disclosure_policy, is_disclosed
from rpcstats.errors import DisclosureError, ParameterError


def test_disclosing_twice_is_disclosing_once(northumberland):
    policy = disclosure_policy("council")
    safe = disclose(northumberland, policy)
    assert disclose(safe, policy) is safe


@pytest.mark.parametrize("other", ["internal", "tre"])
def test_other_rules_need_the_result_itself(northumberland, other):
    with pytest.raises(DisclosureError, match="the result itself"):
        disclose(disclose(northumberland, "council"), other)


def test_nothing_makes_a_disclosed_by_hand(northumberland):
    safe = disclose(northumberland, "council")
    fields = {f.name: getattr(safe, f.name) for f in dataclasses.fields(safe)}
    with pytest.raises(DisclosureError, match="by hand"):
        Disclosed(**{**fields, "_frame": northumberland})
    with pytest.raises(DisclosureError, match="by hand"):
        dataclasses.replace(safe, _frame=northumberland)
    with pytest.raises(dataclasses.FrozenInstanceError):
        safe._frame = northumberland


def test_frames_are_copies(northumberland):
    safe = disclose(northumberland, "council")
    mine = safe.frame
    mine.loc[0, "n"] = 34
    assert safe.frame.loc[0, "n"] == 35


def test_is_disclosed(northumberland):
    assert is_disclosed(disclose(northumberland, "council"))
    assert not is_disclosed(northumberland)


def test_input_is_left_alone(northumberland):
    before = northumberland.copy()
    disclose(northumberland, "council")
    pd.testing.assert_frame_equal(northumberland, before)


@pytest.mark.parametrize("thing", [12, "n=3", pd.DataFrame({"a": [1]}), None, {"n": 3}])
def test_anything_else_is_refused_and_told_what_can_be_disclosed(thing):
    with pytest.raises(DisclosureError, match="release_kind"):
        disclose(thing, "council")


def test_rows_about_people_are_refused_even_inside(northumberland):
    rows = northumberland.assign(episode_id=[f"E{i}" for i in range(len(northumberland))])
    for policy in ("council", "internal"):
        with pytest.raises(DisclosureError, match="episode_id"):
            disclose(rows, policy)


def test_empty_frames_are_refused(northumberland):
    with pytest.raises(DisclosureError, match="no rows"):
        disclose(northumberland.iloc[:0], "council")


def test_unknown_policy(northumberland):
    with pytest.raises(ParameterError, match="council"):
        disclose(northumberland, "councl")


def test_kind_can_not_be_talked_round(northumberland):
    class Curve:
        release_kind = "curve"

        def tidy(self):
            return northumberland

    with pytest.raises(DisclosureError, match="leave out kind"):
        disclose(Curve(), "council", kind="published")
    with pytest.raises(DisclosureError, match="column"):
        disclose(Curve(), "council")


def test_status(northumberland):
    assert disclose(northumberland, "council").status == "partly"
    assert disclose(northumberland.iloc[:2], "council").status == "released"
    assert disclose(northumberland.iloc[:2], "tre").status == "withheld"


def test_ledger_entry_tells_what_was_done_and_no_number(northumberland):
    safe = disclose(northumberland, "council")
    record = json.loads(json.dumps(safe.entry.to_record()))
    assert record["kind"] == "counts"
    assert record["policy"] == "council"
    assert record["n_cells"] == 18
    assert record["n_withheld"] + record["n_rounded"] == 18
    assert record["n_withheld"] == int(safe.frame[["n", "base"]].isna().to_numpy().sum())
    assert record["actions"] == list(safe.actions)
    assert record["rule_version"]
    assert safe.watermark is None
