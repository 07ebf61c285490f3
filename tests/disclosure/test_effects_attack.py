"""An attacker who knows the rounded counts of two groups and runs the package on every table."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from rpcstats.designs import precision_and_power
from rpcstats.disclosure import disclose, disclosure_policy
from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.disclosure.clustering import events_behind, next_step, released_design_effect
from rpcstats.disclosure.effects import protect_effects
from rpcstats.disclosure.summaries import withheld_groups

Z = 1.959963985


def model(tables, scale):
    """Write the effects that a model of each table alone would give."""
    frame, cells = [], []
    for k, (n0, d0, n1, d1) in enumerate(tables):
        if scale == "ratio":
            middle = np.log(d1 / (n1 - d1)) - np.log(d0 / (n0 - d0))
            error = np.sqrt(1 / d0 + 1 / (n0 - d0) + 1 / d1 + 1 / (n1 - d1))
            numbers = np.exp(middle + error * np.array([0.0, -Z, Z]))
        else:
            p0, p1 = d0 / n0, d1 / n1
            error = np.sqrt(p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1)
            numbers = p1 - p0 + error * np.array([0.0, -Z, Z])
        names = ("estimate", "conf_low", "conf_high")
        frame.append({"term": f"t{k}", "scale": scale, **dict(zip(names, numbers, strict=True))})
        cells += [{"term": f"t{k}", "n_obs": n, "n_event": d} for n, d in ((n0, d0), (n1, d1))]
    return pd.DataFrame(frame), pd.DataFrame(cells)


def alike(count, width, rule, fewest):
    low, high = possible_counts(round_counts([count], width, rule), width, rule)
    return range(int(max(low[0], fewest)), int(high[0]) + 1)


@pytest.mark.parametrize("scale", ["ratio", "difference"])
@pytest.mark.parametrize("preset", ["council", "opensafely"])
def test_all_tables_that_round_alike_are_told_alike(preset, scale):
    """Nothing but the rounded counts can be read off the effect of a plain comparison."""
    rules = disclosure_policy(preset)
    fewest = rules.fewest_events
    people = (rules.round_to, rules.rounding, 2 * fewest)
    events = (rules.round_to, rules.rounding, fewest)
    every = list(product(alike(58, *people), alike(21, *events), [34], alike(14, *events)))
    frame, cells = model(every, scale)
    told = protect_effects(frame, cells, rules).frame
    assert (told["status"] == "released").all()
    numbers = told[["estimate", "conf_low", "conf_high"]].fillna(-9.0)
    assert len(numbers.round(9).drop_duplicates()) == 1


def three_groups(left=(13, 13, 1)):
    """Give three levels; the last has few leavers, and the sum would tell how many."""
    people = (40, 38, 14)
    cells = [
        {"term": f"mode: {k} against 0", "variable": "mode", "level": str(j),
         "n_obs": people[j], "n_event": left[j]}
        for k in (1, 2) for j in (0, k)
    ]  # fmt: skip
    frame, _ = model([(40, left[0], people[k], left[k]) for k in (1, 2)], "ratio")
    frame["term"] = [f"mode: {k} against 0" for k in (1, 2)]
    return frame, pd.DataFrame(cells)


def test_an_effect_is_withheld_with_the_count_that_guards_another():
    """The rounded counts of two groups and of all would leave one value for the third."""
    rules = disclosure_policy("council")
    frame, cells = three_groups()
    once = cells.drop_duplicates("level").drop(columns="term")
    assert withheld_groups(once, rules)[:2].any()
    told = protect_effects(frame, cells, rules).frame
    assert (told["status"] == "withheld").all()
    assert len(set(told["note"])) == 1


def test_why_there_is_no_estimate_is_not_told():
    """A third group that nobody left makes a fit fail; zeros are not told under this rule."""
    frame, cells = model([(60, 20, 50, 18)], "ratio")
    frame.loc[0, ["estimate", "conf_low", "conf_high"]] = np.nan
    frame["note"] = "nobody left, or everybody did, in one of the groups"
    told = protect_effects(frame, cells, disclosure_policy("opensafely")).frame
    assert told["status"].tolist() == ["withheld"]
    assert "nobody" not in told["note"].iloc[0]


def reachable(clusters, size, most):
    """Give every sum and sum of squares of leavers that so many clusters can have."""
    found = {(0, 0)}
    for _ in range(clusters):
        found = {(t + x, s + x * x) for t, s in found for x in range(size + 1) if t + x <= most}
    return found


def ratio_of_variances(clusters, size, total, squares):
    share = total / (clusters * size)
    between = squares - 2 * share * size * total + clusters * (share * size) ** 2
    return clusters / (clusters - 1) * between / (clusters * size * share * (1 - share))


@pytest.mark.parametrize(("clusters", "size", "left"), [(6, 6, 10), (10, 6, 15), (30, 4, 15)])
def test_a_design_effect_tells_no_small_count_of_a_cluster(clusters, size, left):
    """Whatever is told, a cluster may have lost any number under the threshold."""
    rules = disclosure_policy("council")
    others = reachable(clusters - 1, size, left + 2)
    told = {}
    for mine in range(1, rules.threshold):
        for total, squares in others:
            n = total + mine
            if left - 2 <= n <= left + 2:
                found = ratio_of_variances(clusters, size, n, squares + mine**2)
                if found < 3:  # beyond, most people of some cluster leave together
                    told.setdefault(released_design_effect(found, n, rules)[0], set()).add(mine)
    assert told
    assert all(values == {1, 2, 3, 4} for values in told.values())


def test_few_leavers_have_an_assumed_design_effect():
    rules = disclosure_policy("council")
    assert {released_design_effect(x, 7, rules)[0] for x in (0.5, 1.2, 2.4, 6.0)} == {1.5}
    assert [released_design_effect(x, 40, rules)[0] for x in (0.5, 1.6, 2.4, 6.0)] == [1.5, 2, 3, 6]
    assert released_design_effect(1.0, 40, rules) == (1.0, ())
    assert released_design_effect(2.4, 40, disclosure_policy("internal")) == (1.0, ())
    assert next_step(9.0) == 16
    assert next_step(70.0) == 128


def test_events_behind_a_result():
    frame = pd.DataFrame({"n_event": [3, 4]})
    assert events_behind(frame, None) == 7
    assert events_behind(frame, pd.DataFrame({"n_event": [5, 5]})) == 5
    assert events_behind(pd.DataFrame({"n": [8, 2]}), None) == 8
    assert events_behind(pd.DataFrame({"estimate": [0.1]}), None) == 0


class Compared:
    """A test of two groups."""

    release_kind = "test"

    def __init__(self, groups, p):
        self.groups, self.p = groups, p

    def tidy(self):
        return pd.DataFrame(self.groups, columns=["n_obs", "n_event"]).assign(
            variable="mode", level=["a", "b"]
        )

    def glance(self):
        total = np.sum(self.groups, axis=0)
        return pd.DataFrame(
            {"variable": ["mode"], "n_obs": total[:1], "n_event": total[1:], "n_group": [2],
             "p_value": [self.p], "note": ["not compared: too few"]}
        )  # fmt: skip


def test_the_side_of_p_does_not_narrow_a_small_count():
    """Of eleven leavers among sixty, and of six people, p is small only if four or more left."""
    for p in (0.02, 0.4, np.nan):
        told = disclose(Compared([(60, 11), (6, 4)], p), "council").glance
        assert told["result"].tolist() == ["withheld"]
        assert "too few" not in told["note"].iloc[0]
    assert (
        "0.05" in disclose(Compared([(60, 11), (30, 9)], 0.4), "council").glance["result"].iloc[0]
    )


def test_a_mean_does_not_tell_whether_a_base_is_ten():
    """Eight to twelve all look like ten; a remark on ten or more alone would part them."""
    notes = {
        n: disclose(Compared([(60, 11), (n, 5)], 0.4), "council").frame["note"].iloc[1]
        for n in (10, 11, 12)
    }
    assert len(set(notes.values())) == 1


def test_what_is_public_is_not_widened():
    plan = precision_and_power()
    assert plan.design_effect > 1
    assert not any("Variances" in action for action in disclose(plan, "council").actions)
