from datetime import date

import pytest

from rpcstats.data.council_file import CouncilFile, programmes_of, read_council_file
from rpcstats.data.registries import programme

FULL = """
council: northumberland
name: Northumberland County Council
gss_code: E06000057
programmes: [arguing_better, our_course]
period: {start: 2021-10-01, end: 2024-02-27}
data_cut: "2024-02-27"
date_format: day/month/year
synthetic: {preset: northumberland_digital, mode: exact, seed: 7, note: Synthetic data.}
tables:
  referrals:
    file: Referrals export.csv
    columns: {referral_id: Ref No, referred_on: Date of referral}
    codes:
      sex: {F: female, M: male, "-": null}
      send_child: {Yes: yes, No: no, 1: yes}
papers: {retention: {tau: 6}}
programme_rules:
  arguing_better: {minimum_attended: 5}
  our_course: {name: Ours, sessions: 3, interval_days: 14, minimum_attended: 2, source: Our plan.}
"""
SMALL = """
council: {council}
programmes: [arguing_better]
period: {{start: 2023-01-01, end: 2023-12-31}}
data_cut: {cut}
"""


@pytest.fixture
def read(tmp_path):
    def read_text(text: str | bytes) -> tuple[CouncilFile | None, list[str]]:
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "council.yml").write_bytes(content)
        council, faults = read_council_file(tmp_path)
        return council, [str(fault) for fault in faults]

    return read_text


def test_everything_it_can_say(read):
    council, faults = read(FULL)
    assert faults == []
    assert (council.slug, council.name) == ("northumberland", "Northumberland County Council")
    assert council.programmes == ("arguing_better", "our_course")
    assert (council.period_start, council.period_end) == (date(2021, 10, 1), date(2024, 2, 27))
    assert council.data_cut == date(2024, 2, 27)
    assert council.date_format == "day/month/year"
    assert council.synthetic == "Synthetic data."
    assert dict(council.synthetic_source) == {
        "preset": "northumberland_digital",
        "mode": "exact",
        "seed": 7,
    }
    assert council.papers["retention"]["tau"] == 6
    mapping = council.mapping("referrals")
    assert mapping.file == "Referrals export.csv"
    assert mapping.columns["referred_on"] == "Date of referral"
    assert dict(mapping.codes["sex"]) == {"F": "female", "M": "male", "-": None}
    assert dict(mapping.codes["send_child"]) == {"Yes": "yes", "No": "no", "1": "yes"}
    assert council.mapping("episodes").file is None


def test_own_rules_and_own_programmes(read):
    council, _ = read(FULL)
    known = programmes_of(council)
    assert list(known) == ["arguing_better", "our_course"]
    assert known["arguing_better"].minimum_attended == 5
    assert known["arguing_better"].sessions == programme("arguing_better").sessions
    assert (known["our_course"].sessions, known["our_course"].unit) == (3, "session")
    assert programme("arguing_better").minimum_attended == 4


@pytest.mark.parametrize(
    ("slug", "cut", "name", "code"),
    [
        ("sheffield", "2024-06-30", "Sheffield", "E08000019"),
        ("sheffield", "2025-06-30", "Sheffield", "E08000039"),
        ("northmere", "2024-06-30", "northmere", None),
    ],
)
def test_name_and_code_come_from_the_registry(read, slug, cut, name, code):
    council, faults = read(SMALL.format(council=slug, cut=cut))
    assert faults == []
    assert (council.name, council.gss_code) == (name, code)
    assert council.synthetic is None
    assert dict(council.synthetic_source) == {}


def test_it_can_not_be_changed(read):
    council, _ = read(FULL)
    for mapping in (council.papers, council.papers["retention"], council.synthetic_source):
        with pytest.raises(TypeError):
            mapping["x"] = 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("counsil: x", "unknown key `counsil`: did you mean council"),
        ("tables: {referal: {}}", "unknown table `referal`: did you mean referrals"),
        ("tables: {referrals: {colums: {}}}", "unknown key `colums`: did you mean columns"),
        (
            "tables: {referrals: {columns: {refered_on: D}}}",
            "unknown column `refered_on`: did you mean referred_on",
        ),
        ("tables: {referrals: {columns: {sex: S, resident: S}}}", "the same column is named twice"),
        ("tables: {referrals: {codes: {sx: {F: female}}}}", "unknown column `sx`: did you mean"),
        ("tables: {referrals: {codes: {referred_on: {F: f}}}}", "the column holds no codes"),
        ("tables: {referrals: {file: ../other.csv}}", "must lie in the council's folder"),
        ("tables: {referrals: {file: /etc/x.csv}}", "must lie in the council's folder"),
        ("workbook: ../x.xlsx", "must lie in the council's folder"),
        ("date_format: dd/mm/yy", "must be one of iso, day/month/year, month/day/year"),
        ("gss_code: E10000015", "is not a code of this council"),
        ("synthetic: {preset: x}", "`note` is missing"),
        ("papers: {retention: 6}", "`retention`: write a mapping of parameters"),
        ("programme_rules: {sfsc: {sessions: none}}", "`sfsc`: `sessions` must be a whole number"),
        ("programme_rules: {new_one: {sessions: 3}}", "`new_one`: `name` is missing"),
        ("council: again", "line 6: a key is given twice"),
        ("papers: {retention: [", "the YAML is malformed"),
        ("papers: {retention: {day: 2023-02-30}}", "a date in it is none"),
    ],
)
def test_faults(read, line, told):
    council, faults = read(SMALL.format(council="northumberland", cut="2023-12-31") + line)
    assert council is None
    assert told in "\n".join(faults)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("council: northumberland", "", "`council` is missing: add it"),
        ("[arguing_better]", "[arguing_bettr]", "`arguing_bettr`: did you mean arguing_better"),
        ("[arguing_better]", "[]", "name at least one programme"),
        ("[arguing_better]", "[sfsc, sfsc]", "a programme is named twice"),
        ("2023-12-31}", "2022-12-31}", "`end` lies before `start`"),
        ("data_cut: 2023-12-31", "data_cut: 2022-01-01", "lies before the period starts"),
        ("data_cut: 2023-12-31", "data_cut: 31/12/2023", "must be a date as YYYY-MM-DD"),
        ("data_cut: 2023-12-31", "data_cut: 2023-12-31 12:00:00", "must be a date as YYYY-MM-DD"),
        ("{start: 2023-01-01, end: 2023-12-31}", "2023", "`period` must be a mapping"),
    ],
)
def test_faults_of_needed_entries(read, old, new, told):
    text = SMALL.format(council="northumberland", cut="2023-12-31")
    assert old in text
    council, faults = read(text.replace(old, new))
    assert council is None
    assert told in "\n".join(faults)


def test_all_faults_at_once(read):
    _, faults = read("council: 3\nprogrammes: [nothing]\nperiod: {start: 2023-01-01}\nfoo: 1")
    told = "\n".join(faults)
    for part in ("`council` must be text", "unknown programme", "`end` is missing", "`data_cut`"):
        assert part in told
    assert "unknown key `foo`" in told


def test_codes_turned_round_are_told_without_them(read):
    text = SMALL.format(council="northumberland", cut="2023-12-31")
    _, faults = read(text + "tables: {referrals: {codes: {sex: {female: Zqx, male: Zqy}}}}")
    assert "2 of the right-hand sides is none of female, male, other, unknown" in faults[0]
    assert "Zq" not in faults[0]


def test_no_file(tmp_path):
    council, faults = read_council_file(tmp_path)
    assert council is None
    assert str(faults[0]) == (
        "council.yml: missing file: add it to the council's folder, with `council`, "
        "`programmes`, `period` and `data_cut`"
    )


@pytest.mark.parametrize("name", ["council.yaml", "council.yml.txt"])
def test_a_file_of_nearly_that_name(tmp_path, name):
    (tmp_path / name).touch()
    _, faults = read_council_file(tmp_path)
    assert str(faults[0]) == f"council.yml: missing file: rename {name} to council.yml"


def test_not_a_mapping_and_not_utf8(read):
    assert "write a mapping of council, name" in read("- a")[1][0]
    assert "not UTF-8" in read("council: Zürich".encode("latin-1"))[1][0]
    assert read("\ufeff" + FULL)[1] == []
