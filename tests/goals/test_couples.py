import numpy as np
import pandas as pd
import pytest

from rpcstats.disclosure import disclose
from rpcstats.errors import DataError, DisclosureError, ParameterError
from rpcstats.goals import actor_partner, completers_change, couple_change

NAN = float("nan")


@pytest.fixture
def pairs(parent, frame):
    """Changes (2, 2), (2, 0), (0, 0), (3, not rated); a single; one whose partner is open."""
    ends = {"c1": (5, 5), "c2": (5, 3), "c3": (3, 3), "c4": (6, NAN), "c5": (5, None), "c6": (5, 5)}
    rows, couples, sexes = [], [], []
    for couple, both in ends.items():
        for k, end in enumerate(both):
            if end is None:
                continue
            status = "open" if couple == "c6" and k else "completed"
            scores = [[3, NAN, NAN, NAN if status == "open" else end]]
            rows.append(parent(f"{couple}{k}", scores, status=status))
            couples += [couple] * 4
            sexes += ["male" if k == 0 else "female"] * 4
    return frame(*rows).assign(couple_id=couples, sex=sexes)


def test_couples_by_hand(pairs):
    pairs.attrs.setdefault("direction", "up")
    found = couple_change(pairs)
    rows = found.tidy().set_index("couple_id")
    assert rows.loc["c2"].tolist() == [0.0, 2.0]  # women first
    assert found.classes().tidy()["n"].tolist() == [1, 1, 1, 1]
    assert found.glance()[["n_obs", "n_both_rated", "n_single"]].iloc[0].tolist() == [4, 3, 2]


def test_couples_are_released_as_counts_only(pairs):
    found = couple_change(pairs)
    with pytest.raises(DisclosureError, match="a row a couple and stays in the office"):
        disclose(found, "internal")
    assert disclose(found.classes(), "council").status == "withheld"
    assert "2 parents without a partner" in str(found.summary())


def test_couples_of_three_and_single_parents_are_said(pairs, eight):
    three = pairs.assign(couple_id="c1")
    with pytest.raises(DataError, match="more than two parents"):
        couple_change(three)
    with pytest.raises(DataError, match="no couple"):
        couple_change(eight)
    with pytest.raises(DataError, match="column sex is missing"):
        couple_change(pairs.drop(columns="sex"))
    with pytest.raises(ParameterError, match="threshold"):
        couple_change(pairs, threshold=0)


def test_too_few_couples_for_a_model(pairs):
    with pytest.raises(DataError, match="needs 5 couples"):
        actor_partner(pairs)
    with pytest.raises(ParameterError, match="distinguish"):
        actor_partner(pairs, distinguish="age")


@pytest.fixture
def forty(parent, frame):
    rng = np.random.default_rng(4)
    start = rng.integers(1, 6, (40, 2)).astype(float)
    gain = np.clip(
        np.round(2 - 0.3 * start + 0.4 * start[:, ::-1] + rng.normal(0, 1, (40, 2))), -1, 4
    )
    rows = [
        parent(f"e{i:02d}{k}", [[start[i, k], NAN, NAN, start[i, k] + gain[i, k]]])
        for i in range(40)
        for k in range(2)
    ]
    out = frame(*rows)
    names = out["episode_id"].str
    return out.assign(couple_id=names[:3], sex=np.where(names[3] == "0", "female", "male"))


def test_names_and_order_of_partners_do_not_matter(forty):
    here = actor_partner(forty)
    turned = forty.iloc[::-1].assign(couple_id=forty["couple_id"].iloc[::-1] + "x")
    turned.attrs = forty.attrs
    there = actor_partner(turned)
    pd.testing.assert_frame_equal(here.tidy(), there.tidy(), rtol=1e-6)


def test_actor_and_partner_are_found_and_told(forty):
    rows = actor_partner(forty).tidy().set_index("term")
    assert rows.loc["partner", "estimate"] > 0 > rows.loc["own", "estimate"]
    finish = actor_partner(forty, outcome="finish").tidy().set_index("term")
    assert finish.loc["own", "estimate"] == pytest.approx(rows.loc["own", "estimate"] + 1, abs=1e-6)
    assert "no effects of treatment" in str(actor_partner(forty).summary())


def test_actor_and_partner_effects_are_released_in_steps(forty):
    found = actor_partner(forty)
    rows = found.tidy().set_index("term")
    safe = disclose(found, "council")
    told = safe.frame.set_index("term")
    assert rows.loc["own", "most_moved"] == pytest.approx(
        10 * found._moves()[found.fit.names.index("own")]
    )
    for term in ("own", "partner"):
        step = next(s for s in (0.05, 0.1, 0.2, 0.5) if s >= rows.loc[term, "most_moved"])
        assert abs(told.loc[term, "estimate"] - rows.loc[term, "estimate"]) <= step / 2 + 1e-9
        assert told.loc[term, "conf_low"] <= rows.loc[term, "conf_low"]
        assert told.loc[term, "conf_high"] >= rows.loc[term, "conf_high"]
    assert "std_error" not in told.columns
    assert safe.glance["n_couple"].iloc[0] == 40
    assert "log_lik" not in safe.glance.columns


def test_one_couples_ratings_move_the_fit_by_little_more_than_is_said(forty):
    """The variances move too, which the bound leaves out."""
    found = actor_partner(forty)
    other = forty.copy()
    last = (other["couple_id"] == "e00") & (other["occasion"] == "end")
    other.loc[last, "score"] = [0.0, 10.0]
    other.attrs = forty.attrs
    moved = (actor_partner(other).fit.beta - found.fit.beta)[1:]
    assert (np.abs(moved) < 1.5 * found.tidy()["most_moved"].to_numpy()[1:]).all()


def test_partners_told_apart_leave_couples_of_one_sex_out(forty):
    same = forty.assign(sex=forty["sex"].where(forty["couple_id"] != "e00", "female"))
    same.attrs = forty.attrs
    found = actor_partner(same, distinguish="sex")
    assert (found.n_couple, found.n_unrated) == (39, 1)
    assert np.isnan(found.glance()["icc"].iloc[0])


def test_adjusting_for_a_column(forty):
    mode = np.where(forty["couple_id"].str[1:].astype(int) % 2, "online", "in_person")
    found = actor_partner(forty.assign(mode=pd.Categorical(mode)), adjust=["mode"])
    assert "mode[T.online]" in found.tidy()["term"].tolist()


def test_completers_by_hand_with_clusters_of_one_size(parent, frame):
    """Of clusters of one size CR2 is the standard error of the mean of their means, on m - 1."""
    changes = {"g1": (1, 3), "g2": (0, 2), "g3": (4, 4)}
    rows = [
        parent(f"{g}{i}", [[2, NAN, NAN, 2 + x]], cluster=g)
        for g, both in changes.items()
        for i, x in enumerate(both)
    ]
    rows.append(parent("left", [[2, 9, NAN, NAN]], status="dropped_out", last=2))
    rows.append(parent("silent", [[2, 9, 9, NAN]]))
    found = completers_change(frame(*rows))
    mean = found.tidy().iloc[0]
    means = np.array([2.0, 1.0, 4.0])
    assert mean["estimate"] == pytest.approx(means.mean())
    assert mean["std_error"] == pytest.approx(means.std(ddof=1) / np.sqrt(3))
    assert mean["df"] == pytest.approx(2.0)
    assert (found.n_obs, found.n_missing, found.n_group, found.span) == (6, 0, 3, 10.0)
    share = found.tidy().iloc[1]
    assert share["estimate"] == pytest.approx(5 / 6)
    assert 0 < share["conf_low"] < 5 / 6 < share["conf_high"] < 1


def test_completers_of_one_cluster_have_no_error(parent, frame):
    with pytest.raises(DataError, match="two clusters or more"):
        completers_change(frame(parent("a", [[1, 2, 3, 4]]), parent("b", [[1, 2, 3, 4]])))
