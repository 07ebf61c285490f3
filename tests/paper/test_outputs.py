"""The output protocol, with real disclosure, figures and tables behind it."""

from datetime import date

import pandas as pd
import pytest

from rpcstats import paper
from rpcstats.data.council_file import CouncilFile
from rpcstats.disclosure import disclose, disclosure_policy
from rpcstats.errors import DisclosureError, PaperError, ParameterError
from rpcstats.paper import emit
from rpcstats.paper.emit import mime

COUNCIL = CouncilFile(
    slug="ashby",
    name="Ashby",
    gss_code=None,
    programmes=("arguing_better",),
    period_start=date(2021, 10, 1),
    period_end=date(2024, 2, 27),
    data_cut=date(2024, 2, 27),
    synthetic="Synthetic data: no row is a real person.",
)
TEXTS = {
    "title": "Three in five referred parents started",
    "subtitle": "Parents at each stage, {council_name}, {period}",
    "source": "Records of {council_name} to {data_cut}",
    "alt": "Bars that fall from {referred} referred parents to {started} who started.",
}


@pytest.fixture
def shown(monkeypatch):
    """What was displayed: kind to records, and the bundles as they were."""
    bundles = []

    def keep(data, metadata=None):
        bundles.append((data, metadata or {}))

    monkeypatch.setattr(emit, "publish", keep)
    monkeypatch.setattr("rpcstats.paper.opening.publish", keep)
    return bundles


def records(shown, kind):
    return [data[mime(kind)] for data, _ in shown if mime(kind) in data]


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "stage": ["referred", "started", "completed"],
            "n": [310, 190, 120],
            "base": [310, 310, 190],
            "base_label": ["referred", "referred", "started"],
            "estimate": [1.0, 190 / 310, 120 / 190],
            "conf_low": [0.98, 0.56, 0.56],
            "conf_high": [1.0, 0.67, 0.70],
            "definition": ["All", "Attended session 1", "Enough sessions"],
        }
    )


@pytest.fixture
def safe(frame):
    return disclose(frame, disclosure_policy("council"))


@pytest.fixture
def out(shown):
    return paper.open("retention", council=COUNCIL, policy="council")


@pytest.fixture
def counted(out, safe):
    for stage in ("referred", "started"):
        out.value(stage, safe, column="n", where={"stage": stage}, format="count")
    return out


def test_opening_says_whom_and_when_the_paper_is_about(out, shown):
    (record,) = records(shown, "paper")
    assert record["subtitle"] == "Ashby, 1 October 2021 to 27 February 2024"
    assert record["council"] == {"slug": "ashby", "name": "Ashby", "gss_code": None}
    assert record["programmes"] == ["Arguing Better"]
    assert record["data_cut"] == "2024-02-27"
    assert record["policy"] == "council"
    assert record["synthetic"] == "Synthetic data: no row is a real person."


def test_a_paper_may_be_about_no_council(shown):
    paper.open("published_figures", subtitle="England, 2021 to 2024")
    (record,) = records(shown, "paper")
    assert record["council"] is None
    assert record["data_cut"] is None
    assert record["subtitle"] == "England, 2021 to 2024"


def test_a_data_cut_is_a_date(shown):
    with pytest.raises(ParameterError, match="year-month-day"):
        paper.open("retention", council=COUNCIL, data_cut="27/02/2024")


def test_built_in_texts_fill_prose(out, shown):
    out.say("{council_name}; {programmes}; {period}; {data_cut}; {policy_name}; {synthetic_note}")
    assert records(shown, "prose")[0]["markdown"] == (
        "Ashby; Arguing Better; 1 October 2021 to 27 February 2024; 27 February 2024; council; "
        "Synthetic data: no row is a real person."
    )


def test_own_texts_may_be_added(shown):
    out = paper.open("retention", council=COUNCIL, tau=6, seen=date(2024, 1, 2))
    out.say("{tau} sessions by {seen}")
    assert records(shown, "prose")[0]["markdown"] == "6 sessions by 2 January 2024"


def test_a_figure_holds_its_data_and_its_words(counted, safe, shown):
    assert counted.figure("fig-funnel", safe, **TEXTS) is None
    (record,) = records(shown, "figure")
    data, metadata = next((d, m) for d, m in shown if mime("figure") in d)
    assert record["subtitle"] == (
        "Parents at each stage, Ashby, 1 October 2021 to 27 February 2024"
    )
    assert record["alt"] == "Bars that fall from 310 referred parents to 190 who started."
    assert record["data"].splitlines()[0].startswith("stage,n,base")
    assert record["sha256"] == emit.sha256(record["data"])
    assert metadata["image/svg+xml"].lstrip().startswith("<?xml")
    assert "image/svg+xml" not in data
    assert set(data) == {"image/png", "text/plain", mime("figure")}


def test_two_runs_of_a_figure_are_the_same(counted, safe, shown):
    counted.figure("fig-a", safe, **TEXTS)
    counted.figure("fig-b", safe, **TEXTS)
    first, second = (m["image/svg+xml"] for d, m in shown if mime("figure") in d)
    assert first == second


def test_nothing_undisclosed_is_shown(out, frame):
    for call in (
        lambda: out.figure("fig-a", frame, **TEXTS),
        lambda: out.table("tbl-a", frame, title="A"),
        lambda: out.value("a", frame),
    ):
        with pytest.raises(DisclosureError, match=r"not disclosed: pass what disclose\("):
            call()


@pytest.mark.parametrize(
    ("part", "text", "message"),
    [
        ("alt", "", "at least 20 characters"),
        ("alt", "Too short.", "at least 20 characters"),
        ("alt", TEXTS["title"] + ".", "beyond its title"),
        ("title", "word " * 15, "it has 15 words"),
        ("subtitle", "{referrred}", "did you mean 'referred'"),
    ],
)
def test_words_not_fit_for_a_paper_are_refused(counted, safe, part, text, message):
    with pytest.raises(ParameterError, match=message):
        counted.figure("fig-a", safe, **{**TEXTS, part: text})


def test_a_table_holds_headings_cells_and_data(out, safe, shown):
    out.table("tbl-funnel", safe, title="Stages", columns=["stage", "n"], labels={"n": "Parents"})
    (record,) = records(shown, "table")
    assert record["columns"][1] == "Parents"
    assert record["align"] == ["left", "right"]
    assert [row[1] for row in record["rows"]] == ["310", "190", "120"]
    assert record["data"] == "stage,n\nreferred,310\nstarted,190\ncompleted,120\n"


def test_a_value_is_kept_with_its_tolerance(counted, safe, shown):
    counted.value("share", safe, where={"stage": "started"}, format="interval")
    count, _, share = records(shown, "value")
    assert count == {"id": "referred", "value": 310.0, "text": "310", "tolerance": 0.0}
    assert share["text"].startswith("60% to 62% (95% interval ")
    assert share["tolerance"] == 1e-6


def test_a_small_count_is_withheld_and_says_so(out, frame, shown):
    few = frame.assign(n=[310, 190, 3], estimate=[1.0, 190 / 310, 3 / 190])
    safe = disclose(few, disclosure_policy("council"))
    out.value("few", safe, column="n", where={"stage": "completed"}, format="count")
    out.say("{few} completed")
    assert records(shown, "value")[0]["value"] is None
    assert records(shown, "prose")[0]["markdown"] == "withheld completed"


def test_ids_are_used_once_and_well_formed(counted, safe):
    for name, message in (("started", "is taken"), ("period", "is taken"), ("N", "one like")):
        with pytest.raises(ParameterError, match=message):
            counted.value(name, safe, column="n", where={"stage": "started"}, format="count")
    with pytest.raises(ParameterError, match="write one like 'fig-still-attending'"):
        counted.figure("funnel", safe, **TEXTS)


def test_an_equation_needs_words(out, shown):
    out.equation("eq-a", r"S(t)", alt="the survival function of t")
    assert records(shown, "equation")[0]["tex"] == "S(t)"
    with pytest.raises(ParameterError, match="in words"):
        out.equation("eq-b", "x", alt="x")


def test_only_known_works_are_cited(out, shown):
    out.cite("kaplan1958", "wilson1927")
    assert records(shown, "cite") == [{"keys": ["kaplan1958", "wilson1927"]}]
    with pytest.raises(ParameterError, match="did you mean 'wilson1927'"):
        out.cite("wilson1972")


def test_closing_shows_the_ledger_and_ends_the_paper(counted, safe, shown):
    counted.figure("fig-funnel", safe, **TEXTS)
    counted.close()
    (record,) = records(shown, "close")
    assert [entry["output"] for entry in record["ledger"]] == ["referred", "started", "fig-funnel"]
    assert record["ledger"][0]["policy"] == "council"
    for call in (counted.close, lambda: counted.say("more")):
        with pytest.raises(PaperError, match=r"nothing may follow out\.close"):
            call()


def test_a_cell_run_again_may_repeat_its_output(monkeypatch, out, safe):
    where = {"column": "n", "where": {"stage": "started"}, "format": "count"}
    monkeypatch.setattr("rpcstats.paper.claims.current_cell", lambda: ("cell-1", 7))
    out.value("started", safe, **where)
    with pytest.raises(ParameterError, match="is taken"):
        out.value("started", safe, **where)
    out.close()
    monkeypatch.setattr("rpcstats.paper.claims.current_cell", lambda: ("cell-1", 8))
    out.value("started", safe, **where)
    monkeypatch.setattr("rpcstats.paper.claims.current_cell", lambda: ("cell-2", 9))
    with pytest.raises(PaperError, match="closed"):
        out.say("more")
