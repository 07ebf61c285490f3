"""Parameters given by hand: refused before anything runs, with what to write instead."""

import pytest

CASES = {
    "unknown": (["polcy=tre"], "polcy: this paper has no such parameter; did you mean 'policy'?"),
    "quite unknown": (["zzz=1"], "zzz: this paper has no such parameter; it has council, "),
    "no value": (["policy"], "'policy' has no name or no '='; write name=value"),
    "given twice": (["tau=3", "tau=4"], "tau: given twice; keep one"),
    "text for a number": (["tau=six"], "tau: write a whole number from 1 to 120, such as 6, not "),
    "part of a session": (["tau=2.5"], "tau: write a whole number from 1 to 120, such as 6, not "),
    "text for a list": (["compare=sex"], "compare: write a list of different columns, such as "),
    "no column": (["compare=[]"], "compare: write a list of different columns, such as "),
    "ids": (["compare=[episode_id]"], "compare: write a list of different columns, such as "),
    "percent": (["conf_level=95"], "conf_level: write a number above 0.5 and below 1, such as "),
    "no rule": (["policy=strict"], "policy: write one of council, tre, opensafely, internal, not"),
    "no ISO date": (["data_cut=31/12/2023"], "data_cut: write a date such as 2024-03-31, or "),
    "no day": (["data_cut=2023-02-30"], "data_cut: write a date such as 2024-03-31, or "),
}


@pytest.mark.parametrize(("settings", "told"), CASES.values(), ids=CASES)
def test_a_setting_is_refused_and_the_old_paper_stays(
    council, rpcstats, old_paper, files_of, settings, told
):
    before = files_of(old_paper)
    options = [part for setting in settings for part in ("--set", setting)]
    answer = rpcstats("paper", "retention", "--council", "northmere", *options)
    assert (answer.code, answer.out) == (2, "")
    heading, *faults = [line for line in answer.err.splitlines() if not line.startswith("checking")]
    assert heading.startswith("1 fault in the ")
    assert [fault[: len(told) + 4] for fault in faults] == [f"  - {told}"]
    assert "Traceback" not in answer.err

    after = files_of(old_paper.parent)
    note = after.pop("northmere/error.txt", heading.encode()).decode()
    assert note.splitlines()[0] == heading
    assert after == {f"northmere/{name}": content for name, content in before.items()}
    assert [path.name for path in old_paper.parent.iterdir()] == ["northmere"]


def test_every_wrong_setting_is_told_at_once(council, rpcstats):
    answer = rpcstats("paper", "retention", "-c", "northmere", "-s", "tau=0", "-s", "conf_level=2")
    assert answer.code == 2
    assert "2 faults in the parameters of 'retention'" in answer.err
    assert "  - tau: " in answer.err
    assert "  - conf_level: " in answer.err


def test_a_parameter_of_the_council_file_is_checked_too(council, rpcstats):
    council.describe(papers="{retention: {tau: six}}")
    answer = rpcstats("paper", "retention", "--council", "northmere")
    assert answer.code == 2
    assert "council.yml, papers: retention: tau: write a whole number from 1 to 120" in answer.err


def test_an_unknown_paper(council, rpcstats, tmp_path):
    answer = rpcstats("paper", "retension", "--council", "northmere")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("unknown paper\n  - `retension`")
    assert "retention" in answer.err
    assert not (tmp_path / "build").exists()
