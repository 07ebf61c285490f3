"""What holds of any audit: true tables never fail, and the order of rows does not matter."""

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpcstats.published import audit

STAGES = ("referrals", "enrolled", "started", "retained", "completed")
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip


@st.composite
def true_tables(draw):
    """A table of nested counts with true percentages of one base in each column, rounded."""
    rows = []
    for programme in range(draw(st.integers(1, 3))):
        counts = [draw(st.integers(1, 300))]
        for _ in STAGES[1:]:
            counts.append(draw(st.integers(0, counts[-1])))
        women = draw(st.integers(0, counts[0]))
        common = {"programme": f"course {programme}", "population": "parents"}
        for measure, count in zip(STAGES, counts, strict=True):
            rows.append(common | {"measure": measure, "value": str(count), "unit": "count"})
        for level, part in (("female", women), ("male", counts[0] - women)):
            rows.append(
                common
                | {"measure": "referrals", "value": str(part), "unit": "count",
                   "breakdown": f"sex={level}"}
            )  # fmt: skip
        for measure, k, n, is_told in (
            ("started", counts[2], counts[0], True),
            ("milestones", counts[4], counts[2], False),
            ("satisfied", counts[3], counts[0], False),
        ):
            if n:
                share = f"{int(100 * k / n + 0.5)}"
                row = {"measure": measure, "value": share, "unit": "percent", "numerator": str(k)}
                rows.append(common | row | ({"denominator": str(n)} if is_told else {}))
    frame = pd.DataFrame(rows, dtype="str").fillna("")
    return frame.assign(fact_id=[f"F{i}" for i in range(len(frame))])


@QUICK
@given(true_tables())
def test_a_true_table_never_fails(frame):
    found = audit(frame)
    assert found.faults == ()
    wrong = found.tidy()
    arithmetic = wrong[wrong["check"] != "disclosure"]
    assert not (arithmetic["severity"] == "error").any(), arithmetic["message"].tolist()
    assert found.of_check("base_search").empty


@QUICK
@given(true_tables(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    shuffled = audit(frame.iloc[order].reset_index(drop=True)).verdicts()
    plain = audit(frame).verdicts()
    assert (
        shuffled.set_index("fact_id")["verdict"].astype("str").to_dict()
        == plain.set_index("fact_id")["verdict"].astype("str").to_dict()
    )


@QUICK
@given(st.integers(1, 200), st.integers(0, 100), st.integers(2, 8))
def test_more_people_never_make_a_possible_share_impossible(base, percent, factor):
    def verdict(n):
        row = {"measure": ["progress"], "value": [str(percent)], "unit": ["percent"],
               "denominator": [str(n)]}  # fmt: skip
        return str(audit(pd.DataFrame(row)).verdicts()["verdict"].iloc[0])

    if verdict(base) == "possible":
        assert verdict(factor * base) == "possible"
