"""Estimates of change tell no more than one parent can move them, whoever reads them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from rpcstats.disclosure import disclose, disclosure_policy
from rpcstats.disclosure.estimates import protect_estimates
from rpcstats.errors import DisclosureError

COUNCIL = disclosure_policy("council")
SPAN = 10.0
NAN = float("nan")

# Of the councils drawn, in how many a reader may come within two points of a parent's rating.
PINNED_DOWN = 0.05
COUNCILS = 150


@dataclass(frozen=True)
class Estimates:
    """A result with estimates."""

    frame: pd.DataFrame
    span: float = SPAN
    conf_level: float = 0.95
    release_kind: str = "estimates"

    def tidy(self):
        return self.frame.copy()


def row(estimate=1.63, low=1.1, high=2.16, *, n=58, missing=22, **other):
    return {
        "estimand": "E5a", "method": "Linear mixed model", "measure": "mean change",
        "estimate": estimate, "std_error": 0.25, "df": 7.0, "conf_low": low, "conf_high": high,
        "n_obs": n, "n_missing": missing, "assumption": "Missing at random.",
    } | other  # fmt: skip


def released(*rows, policy="council"):
    return disclose(Estimates(pd.DataFrame(rows)), policy)


def test_a_mean_and_a_share_by_hand():
    """58 parents round to 60, which stands for 58 at least: 10 / 58 up to 0.2, 1 / 58 to 0.02."""
    safe = released(row(), row(0.671, 0.52, 0.79, measure="progress"))
    mean, share = safe.frame[["estimate", "conf_low", "conf_high"]].to_numpy()
    assert mean == pytest.approx([1.6, 1.0, 2.2])
    assert share == pytest.approx([0.68, 0.50, 0.82])
    assert safe.frame[["n_obs", "n_missing"]].to_numpy()[0].tolist() == [60, 20]
    assert not {"std_error", "df"} & set(safe.frame.columns)
    assert safe.status == "released"
    assert safe.entry.kind == "estimates"
    assert safe.entry.n_rounded == 2


def test_what_rounds_to_an_estimate_is_told_beside_it():
    """58 parents stand for 58 to 62: steps of 0.2 points and of 2 percentage points."""
    frame = released(row(), row(0.671, 0.52, 0.79, measure="progress")).frame
    ends = frame[["told_low", "told_high"]].to_numpy()
    np.testing.assert_allclose(ends, [[1.5, 1.7], [0.67, 0.69]])
    low, high = frame["conf_low"], frame["conf_high"]
    assert (low <= frame["told_low"]).all()
    assert (frame["told_high"] <= high).all()


@pytest.mark.parametrize("policy", ["council", "tre", "opensafely"])
def test_an_estimate_lies_in_its_range_which_the_released_numbers_tell(policy):
    seen = {}
    for n in range(40, 60, 5):
        for estimate in np.arange(0.05, 2.0, 0.13):
            told = released(row(estimate, -0.5, 2.6, n=n), policy=policy).frame.iloc[0]
            if np.isfinite(told["estimate"]):
                ends = (told["told_low"], told["told_high"])
                assert ends[0] - 1e-9 <= estimate <= ends[1] + 1e-9
                assert seen.setdefault((told["estimate"], told["n_obs"]), ends) == ends


def test_limits_only_ever_move_outward():
    rng = np.random.default_rng(1)
    for _ in range(200):
        estimate, half = rng.uniform(0.15, 0.85), rng.uniform(0.02, 0.3)
        limits = np.clip([estimate - half, estimate + 0.8 * half], 0.0, 1.0)
        n = int(rng.integers(40, 200))
        frame = released(
            row(2 * estimate, 2 * estimate - half, 2 * estimate + half, n=n),
            row(estimate, *limits, n=n, measure="progress"),
        ).frame
        given = np.array([[2 * estimate - half, 2 * estimate + half], limits])
        assert (frame["conf_low"] <= given[:, 0] + 1e-9).all()
        assert (frame["conf_high"] >= given[:, 1] - 1e-9).all()


@pytest.mark.parametrize(
    ("n", "missing", "shown"),
    [(58, 22, True), (58, 4, False), (58, 54, False), (9, 4, False), (58, 0, True), (14, 7, True)],
)
def test_too_few_with_or_without_a_rating_of_the_end_are_withheld(n, missing, shown):
    frame = released(row(n=n, missing=missing)).frame
    assert (frame["status"].item() == "released") is shown
    assert np.isfinite(frame["estimate"].item()) == shown


def test_nobody_missing_is_disclosive_only_where_zeros_are_and_never_by_definition():
    assert released(row(missing=0), policy="tre").status == "withheld"
    assert released(row(missing=0, estimand="E5c"), policy="tre").status == "released"


@pytest.mark.parametrize("policy", ["council", "tre", "opensafely"])
def test_a_share_never_stands_for_a_handful(policy):
    rules = disclosure_policy(policy)
    pairs = [(k, n) for n in (20, 37, 58) for k in range(n + 1)]
    rows = [
        row(k / n, 0.0, 1.0, n=n, missing=n // 2, measure="progress", method=f"{k} of {n}")
        for k, n in pairs
    ]
    shown = released(*rows, policy=policy).frame["status"] == "released"
    enough = [min(k, n - k) >= rules.fewest_events for k, n in pairs]
    assert (shown <= np.array(enough)).all()
    assert shown.any()


def test_the_grid_depends_on_the_rounded_number_only():
    grids = []
    for n in (58, 60, 62):
        frame = released(row(1.6312, n=n), row(1.7, n=n, estimand="E5b")).frame
        grids.append(frame["estimate"].tolist())
    assert grids[0] == grids[1] == grids[2]


def _means_of(*changes):
    """Give what is told of each mean, and the half widths of their steps."""
    rows = [
        row(float(np.mean(x)), -9.0, 9.0, n=len(x), missing=len(x) // 2, method=str(i))
        for i, x in enumerate(changes)
    ]
    n = np.array([len(x) for x in changes])
    step = np.ceil(SPAN / (5 * np.floor(n / 5 + 0.5) - 2) / 0.05 - 1e-9) * 0.05
    return released(*rows).frame["estimate"].to_numpy(), step / 2


def _councils(seed):
    rng = np.random.default_rng(seed)
    for _ in range(COUNCILS):
        n = int(rng.integers(14, 70))
        start = rng.integers(0, 8, n)
        yield start, np.clip(start + np.rint(rng.normal(2.0, 2.0, n)), 0, 10)


def test_two_releases_that_differ_by_one_parent_do_not_tell_the_parents_rating():
    """A reader who knows both numbers of parents and the start subtracts the sums."""
    pinned = 0
    for start, end in _councils(8):
        change, n = end - start, len(end)
        (all_mean, less_mean), (wide, narrow) = _means_of(change, change[1:])
        centre = n * all_mean - (n - 1) * less_mean + start[0]
        reach = n * wide + (n - 1) * narrow
        low, high = max(0.0, centre - reach), min(10.0, centre + reach)
        assert low - 1e-9 <= end[0] <= high + 1e-9
        pinned += high - low <= 2.0
    assert pinned / COUNCILS < PINNED_DOWN


def test_a_reader_who_knows_every_other_parent_learns_at_most_one_side():
    alone = 0
    for start, end in _councils(9):
        others = (end - start)[1:]
        told, _ = _means_of(*(np.append(rating - start[0], others) for rating in range(11)))
        assert len(set(np.round(told, 6))) <= 2
        alone += np.isclose(told, told[int(end[0])]).sum() == 1
    assert alone / COUNCILS < PINNED_DOWN


def course():
    return pd.DataFrame(
        {
            "series": ["model", "model", "stayed", "left", "left"],
            "stage": [0.0, 1.0, 0.0, 0.0, 0.4],
            "n_obs": [58, 58, 42, 16, 4],
            "estimate": [3.02, 4.97, 3.11, 2.71, 3.3],
            "std_error": [0.2, 0.3, NAN, NAN, NAN],
            "conf_low": [2.6, 4.3, NAN, NAN, NAN],
            "conf_high": [3.4, 5.6, NAN, NAN, NAN],
        }
    )


def test_a_mean_course_keeps_its_stages_and_hides_small_dots():
    safe = disclose(Estimates(course()), COUNCIL)
    frame = safe.frame
    assert frame["stage"].tolist() == course()["stage"].tolist()
    assert frame["status"].tolist() == ["released"] * 4 + ["withheld"]
    assert np.isnan(frame["n_obs"].iloc[-1])
    assert frame["estimate"].iloc[0] == pytest.approx(3.0)
    assert safe.status == "partly"


def test_points_of_one_line_tell_no_more_than_its_rounded_ends():
    """Two lines with ends in the same steps are told alike, though their points are not."""
    stage = np.linspace(0.0, 1.0, 6)
    told = []
    for first, last in ((2.91, 4.93), (3.09, 5.08)):
        mean = first + (last - first) * stage
        line = pd.DataFrame(
            {
                "series": "model",
                "stage": stage,
                "n_obs": 58,
                "estimate": mean,
                "conf_low": mean - 0.45,
                "conf_high": mean + 0.45,
            }
        )
        frame = disclose(Estimates(line), COUNCIL).frame
        assert (frame["conf_low"] <= line["conf_low"]).all()
        assert (frame["conf_high"] >= line["conf_high"]).all()
        told.append(frame[["estimate", "conf_low", "conf_high"]].to_numpy())
    np.testing.assert_allclose(told[0][:, 0], 3.0 + 2.0 * stage)
    np.testing.assert_allclose(told[0], told[1])


def test_a_bend_of_whole_steps_is_told():
    frame = course().iloc[[0, 1]]
    middle = frame.iloc[[0]].assign(stage=0.5, estimate=4.61, conf_low=4.2, conf_high=5.0)
    bent = disclose(Estimates(pd.concat([frame, middle])), COUNCIL).frame
    assert bent["estimate"].tolist() == pytest.approx([3.0, 5.0, 4.0 + 0.6])


def test_a_mean_course_goes_with_its_number_without_a_rating_of_the_end():
    few = pd.DataFrame({"n_obs": [58], "n_missing": [3], "log_lik": [-812.7], "conf_level": 0.95})
    done = protect_estimates(course(), COUNCIL, few, span=SPAN)
    assert done.frame.loc[done.frame["series"] == "model", "status"].eq("withheld").all()
    assert "log_lik" not in done.glance
    assert np.isnan(done.glance["n_missing"].item())


def spreads(n=58, groups=8):
    return pd.DataFrame(
        {
            "group": ["parents", "groups", "groups"],
            "term": ["start", "change over the course", "change over the course"],
            "measure": ["std_dev", "std_dev", "share of change between groups"],
            "estimate": [1.13, 0.42, 0.09],
            "conf_low": [NAN, NAN, 0.01],
            "conf_high": [NAN, NAN, 0.55],
            "n_obs": n,
            "n_group": groups,
        }
    )


@pytest.mark.parametrize(
    ("n", "groups", "shown"), [(58, 8, [1, 1, 1]), (58, 4, [1, 0, 0]), (9, 4, [0, 0, 0])]
)
def test_spreads_need_ten_parents_and_five_groups(n, groups, shown):
    frame = disclose(Estimates(spreads(n, groups)), COUNCIL).frame
    assert (frame["status"] == "released").tolist() == [bool(x) for x in shown]
    limits = frame[["conf_low", "conf_high"]].iloc[2]
    assert limits.isna().all() or (limits.between(0.0, 1.0).all() and limits.iloc[0] <= 0.01)


def test_without_the_length_of_the_scale_nothing_leaves():
    with pytest.raises(DisclosureError, match="length of its scale"):
        disclose(Estimates(pd.DataFrame([row()]), span=NAN), COUNCIL)


def test_other_frames_and_columns_are_refused():
    with pytest.raises(DisclosureError, match="to be checked"):
        disclose(Estimates(pd.DataFrame({"estimate": [1.0], "n_obs": [50]})), COUNCIL)
    with pytest.raises(DisclosureError, match="No disclosure rule protects"):
        disclose(Estimates(pd.DataFrame([row(mode_of_e1=0.3)])), COUNCIL)
    modes = spreads().assign(episode_id="e1")
    with pytest.raises(DisclosureError, match="single people"):
        disclose(Estimates(modes), COUNCIL)


def test_inside_the_council_nothing_is_changed():
    safe = disclose(Estimates(pd.DataFrame([row()])), "internal")
    assert safe.frame["std_error"].item() == 0.25
    assert safe.watermark == "NOT FOR RELEASE"
