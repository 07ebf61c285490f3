import numpy as np
import pandas as pd
import pytest

import rpcstats as rp
from rpcstats.disclosure import disclose
from rpcstats.disclosure.summaries import pass_published
from rpcstats.errors import DisclosureError


class Result:
    """The least a result has to offer."""

    is_weighted = False

    def __init__(self, kind, frame, glance=None):
        self.release_kind, self._frame, self._glance = kind, frame, glance

    def tidy(self):
        return self._frame.copy()

    def glance(self):
        return self._glance


def means(n_obs, n_event):
    frame = pd.DataFrame({"strata": ["a", "b"], "n_obs": n_obs, "n_event": n_event})
    return frame.assign(estimate=[5.1234, 4.5678], std_error=0.123, conf_low=4.0444, conf_high=6.06)


def test_counts_of_means_by_hand():
    out = disclose(Result("mean", means([52, 33], [17, 8])), "council").frame
    assert out["n_obs"].tolist() == [50, 35]
    assert out["n_event"].tolist() == [15, 10]
    assert "std_error" not in out


def test_a_mean_without_a_curve_behind_it_is_withheld():
    out = disclose(Result("mean", means([52, 33], [17, 8])), "council").frame
    assert out[["estimate", "conf_low", "conf_high"]].isna().all(axis=None)
    assert (out["status"] == "withheld").all()


@pytest.mark.parametrize(("n_obs", "n_event"), [(33, 3), (33, 30), (4, 2), (9, 0)])
def test_a_mean_resting_on_a_small_group_is_withheld(n_obs, n_event):
    out = disclose(Result("mean", means([52, n_obs], [17, n_event])), "council").frame
    assert np.isnan(out.loc[1, "estimate"])
    assert np.isnan(out.loc[1, "conf_low"])


def test_means_without_counts_are_refused():
    frame = means([52, 33], [17, 8]).drop(columns="n_event")
    with pytest.raises(DisclosureError, match="n_event"):
        disclose(Result("mean", frame), "council")


def comparison(n_obs, observed, p=0.012345, statistic=6.2567):
    frame = pd.DataFrame({"strata": ["a", "b"], "n_obs": n_obs, "observed": observed})
    glance = pd.DataFrame(
        {
            "statistic": [statistic],
            "df": [1],
            "p_value": [p],
            "n_obs": [sum(n_obs)],
            "n_event": [int(sum(observed))],
            "n_group": [2],
            "n_missing": [2],
        }
    )
    return Result("test", frame.assign(expected=[12.3, 4.5]), glance)


def test_a_test_by_hand():
    safe = disclose(comparison([52, 33], [17.0, 8.0]), "council")
    glance = safe.glance.iloc[0]
    assert safe.frame["n_event"].tolist() == [15, 10]
    assert "expected" not in safe.frame
    assert glance["result"] == "p under 0.05"
    assert (glance["n_obs"], glance["n_event"], glance["n_group"]) == (85, 25, 2)
    assert np.isnan(glance["n_missing"])


@pytest.mark.parametrize("policy", ["council", "tre", "opensafely"])
def test_no_statistic_and_no_p_value_leave(policy):
    glance = disclose(comparison([152, 133], [57.0, 48.0]), policy).glance
    assert not {"statistic", "p_value", "p_adjusted"} & set(glance.columns)


def test_the_result_uses_the_adjusted_p_value():
    result = comparison([52, 33], [17.0, 8.0], p=0.04)
    result._glance["p_adjusted"] = 0.08
    assert disclose(result, "council").glance.loc[0, "result"] == "p 0.05 or more, adjusted"


def test_internal_rules_tell_the_p_value_itself():
    glance = disclose(comparison([52, 33], [17.0, 8.0]), "internal").glance
    assert glance.loc[0, "result"] == "p = 0.012"
    assert glance.loc[0, "statistic"] == 6.2567


@pytest.mark.parametrize(
    ("n_obs", "observed"), [([52, 4], [17.0, 2.0]), ([52, 33], [2.0, 2.0]), ([52, 33], [4.0, 0.0])]
)
def test_a_test_of_too_few_is_withheld(n_obs, observed):
    glance = disclose(comparison(n_obs, observed), "council").glance.iloc[0]
    assert glance["result"] == "withheld"
    assert glance["status"] == "withheld"


def test_residual_degrees_of_freedom_of_a_trusted_research_environment():
    few = comparison([11, 9], [10.0, 5.0])
    assert disclose(few, "tre").glance.loc[0, "result"] == "withheld"


def test_weighted_events_are_refused():
    with pytest.raises(DisclosureError, match="whole counts"):
        disclose(comparison([52, 33], [16.7, 8.2]), "council")


def test_only_the_packages_own_figures_may_say_that_they_are_public():
    frame = pd.DataFrame({"figure": ["a", "b"], "value": [3, 36], "source": "LGA 2016"})
    with pytest.raises(DisclosureError, match="bare frame"):
        disclose(frame, "council", kind="published")
    with pytest.raises(DisclosureError, match="can't say that it is public"):
        disclose(Result("published", frame), "council")
    safe = disclose(rp.published_figures("hertfordshire"), "tre")
    assert safe.status == "released"
    assert "36" in set(safe.frame["printed"])


def test_published_figures_need_a_source_in_every_row():
    frame = pd.DataFrame({"value": [3, 36], "source": ["LGA 2016", " "]})
    with pytest.raises(DisclosureError, match="source"):
        pass_published(frame)
    with pytest.raises(DisclosureError, match="source"):
        pass_published(frame.drop(columns="source"))


@pytest.fixture(scope="module")
def retention():
    rng = np.random.default_rng(11)
    time = np.minimum(rng.geometric(0.08, 140), 6)
    return pd.DataFrame(
        {
            "time": time,
            "event": (time < 6).astype(int),
            "mode": rng.choice(["online", "in_person"], 140, p=[0.93, 0.07]),
            "sex": rng.choice(["female", "male"], 140),
        }
    )


def test_real_comparisons_of_groups(retention):
    result = rp.compare_groups("Surv(time, event)", retention, by=["mode", "sex"], tau=6)
    safe = disclose(result, "council")
    told = safe.glance.set_index("variable")["result"]
    true = result.glance().set_index("variable").loc["sex", "p_adjusted"]
    assert told["sex"].startswith("p under 0.05" if true < 0.05 else "p 0.05 or more")
    assert (safe.frame["n_obs"].dropna() % 5 == 0).all()


def test_real_curve_and_mean(retention):
    curve = disclose(
        rp.kaplan_meier("Surv(time, event) ~ sex", retention), "council", grid=[1, 3, 6]
    )
    assert curve.kind == "curve"
    assert curve.frame["strata"].nunique() == 2
    mean = disclose(rp.rmst("Surv(time, event) ~ sex", retention, tau=6), "council")
    assert mean.glance.loc[0, "tau"] == 6
    assert mean.frame["estimate"].between(3, 6).all()


def test_real_weighted_curve_is_refused(retention):
    weighted = retention.assign(w=2.0)
    with pytest.raises(DisclosureError, match="unweighted"):
        disclose(rp.kaplan_meier("Surv(time, event) ~ 1", weighted, weights="w"), "council")


def test_groups_of_single_people_or_of_the_outcome_are_refused(retention):
    frame = retention.assign(
        episode_id=[f"E{i}" for i in range(len(retention))], cause=retention["event"].map(str)
    )
    for column in ("episode_id", "cause"):
        result = rp.compare_groups("Surv(time, event)", frame, by=[column], tau=6)
        with pytest.raises(DisclosureError, match=column):
            disclose(result, "council")
