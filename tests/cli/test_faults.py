"""Every fault of an extract, through `check` and through `paper`."""

import re
from dataclasses import dataclass

import pytest

SECRET = "Zquibblethwaite"
NAME = f"Persephone {SECRET}"


@dataclass(frozen=True, slots=True)
class Case:
    """A fault, and what must be told of it."""

    spoil: object
    told: str


def missing_file(council):
    council.describe(tables="{sessions: {file: register.csv}}")


def without(council, table, column):
    rows = council.rows(table)
    place = rows[0].index(column)
    council.write(table, [row[:place] + row[place + 1 :] for row in rows])


def no_id_column(council):
    without(council, "groups", "group_id")


def blank_ids(council):
    rows = council.rows("episodes")
    council.write("episodes", [rows[0], *(["", *row[1:]] for row in rows[1:])])


def missing_column(council):
    rows = council.rows("referrals")
    rows[0][rows[0].index("sex")] = "Gender"
    rows[1][rows[0].index("Gender")] = SECRET
    council.write("referrals", rows)


def end_before_start(council):
    rows = council.rows("episodes")
    place = rows[0].index("started_on")
    row = next(number for number, line in enumerate(rows, start=1) if number > 1 and line[place])
    council.put("episodes", "ended_on", row, "2023-04-01")


def duplicate_id(council):
    rows = council.rows("referrals")
    rows[1][0] = rows[2][0] = f"r-{SECRET}"
    council.write("referrals", rows)


def unknown_code(council):
    council.put("referrals", "source", 4, SECRET)


def name_in_cells(council):
    council.put("referrals", "source", 4, NAME)


def name_in_header(council):
    rows = council.rows("referrals")
    rows = [[*rows[0], "Parent name"], *([*row, NAME] for row in rows[1:])]
    council.write("referrals", rows)


def wrong_dates(council):
    rows = council.rows("referrals")
    place = rows[0].index("referred_on")
    for row in rows[1:]:
        year, month, day = row[place].split("-")
        row[place] = f"{day}/{month}/{year}"
    council.write("referrals", rows)


def no_date(council):
    council.put("sessions", "held_on", 5, SECRET)


def no_number(council):
    council.put("sessions", "session_no", 5, SECRET)


def empty_file(council):
    council.path("episodes").write_bytes(b"")


def header_only(council):
    council.write("sessions", council.rows("sessions")[:1])


def not_utf8(council):
    council.put("practitioners", "agency", 2, f"Jugendhilfe {SECRET} é")
    path = council.path("practitioners")
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))


def corrupt_workbook(council):
    council.path("sessions").unlink()
    content = b"PK\x03\x04" + f"{SECRET} is no workbook".encode() * 40
    (council.folder / "sessions.xlsx").write_bytes(content)


def broken_council_file(council):
    path = council.folder / "council.yml"
    path.write_text(f"council: northmere\nname: [{SECRET}\n", encoding="utf-8")


def unknown_programme(council):
    council.describe(programmes="[parenting_when_seperated]")


def no_council_file(council):
    (council.folder / "council.yml").rename(council.folder / "council.yaml")


CASES = {
    "missing file": Case(
        missing_file,
        r"sessions: missing file: mend tables\.sessions\.file in council\.yml",
    ),
    "missing column": Case(
        missing_column,
        r"referrals\.sex: missing column: name the council's column under "
        r"tables\.referrals\.columns\.sex in council\.yml",
    ),
    "no id column": Case(
        no_id_column, r"groups\.group_id: missing column: name the council's column under "
    ),
    "blank ids": Case(
        blank_ids, r"episodes\.episode_id: empty cell \(77 rows, first 2, 3, 4, 5, 6\): "
    ),
    "end before start": Case(
        end_before_start,
        r"episodes\.ended_on: earlier than the referral, the screening, the enrolment or the "
        r"start \(row \d+\): \w+",
    ),
    "duplicate id": Case(
        duplicate_id,
        r"referrals\.referral_id: the same referral_id as an earlier row \(row 3\): "
        r"leave one row for each",
    ),
    "unknown code": Case(
        unknown_code,
        r"referrals\.source: unknown code \(row 4\): map them under "
        r"tables\.referrals\.codes\.source in council\.yml \(ours: self, school",
    ),
    "name in cells": Case(
        name_in_cells,
        r"referrals\.source: personal data \(row 4\): cells look like names: "
        r"delete the column from the file",
    ),
    "name in header": Case(
        name_in_header,
        r"referrals\.column R: personal data: the header says `name`: delete the column",
    ),
    "date format": Case(
        wrong_dates,
        r"referrals\.referred_on: not a date \(\d+ rows, first 2, 3, 4, 5, 6\): .*"
        r"date_format: day/month/year",
    ),
    "no date": Case(no_date, r"sessions\.held_on: not a date \(row 5\): write dates as "),
    "no number": Case(
        no_number,
        r"sessions\.session_no: not a whole number \(row 5\): write digits only",
    ),
    "empty file": Case(empty_file, r"episodes: empty file: fill it, or delete it"),
    "header only": Case(header_only, r"sessions: no row below the header: fill it, or delete it"),
    "not UTF-8": Case(not_utf8, r"practitioners: not UTF-8: save it as CSV UTF-8"),
    "corrupt workbook": Case(
        corrupt_workbook,
        r"sessions: not a readable workbook: open it in a spreadsheet and save it again as \.xlsx",
    ),
    "broken council file": Case(
        broken_council_file, r"council\.yml: malformed YAML: line \d+: .* mend the line"
    ),
    "unknown programme": Case(
        unknown_programme,
        r"council\.yml\.programmes: wrong entry: unknown programme `parenting_when_seperated`: "
        r"did you mean parenting_when_separated\?",
    ),
    "no council file": Case(
        no_council_file, r"council\.yml: missing file: rename council\.yaml to council\.yml"
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request, council):
    request.param.spoil(council)
    return request.param


def lines_of(text, told):
    return [line for line in text.splitlines() if re.match(f"  - {told}", line)]


def test_check_lists_the_fault_and_the_mend(case, council, rpcstats, files_of):
    before = files_of(council.folder)
    answer = rpcstats("check", "northmere")
    assert answer.code == 1
    assert answer.err == ""
    assert len(lines_of(answer.out, case.told)) == 1, answer.out
    first, *_, last = answer.out.splitlines()
    assert re.fullmatch(r"\d+ errors?:", first)
    assert re.fullmatch(r"northmere: mend the \d+ errors? above, then check again\.", last)
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert files_of(council.folder) == before


def test_a_paper_is_refused_with_the_same_line_and_the_old_one_stays(
    case, rpcstats, old_paper, files_of
):
    before = files_of(old_paper)
    answer = rpcstats("paper", "retention", "--council", "northmere")
    assert answer.code == 1
    assert answer.out == ""
    assert len(lines_of(answer.err, case.told)) == 1, answer.err
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text

    after = files_of(old_paper.parent)
    note = after.pop("northmere/error.txt").decode()
    assert after == {f"northmere/{name}": content for name, content in before.items()}
    assert re.match(r"the extract in northmere has \d+ faults?\n  - ", note)
    assert len(lines_of(note, case.told)) == 1
    assert SECRET not in note
    assert [path.name for path in old_paper.parent.iterdir()] == ["northmere"]


@pytest.mark.parametrize("table", ["referrals", "episodes", "sessions"])
def test_check_misses_a_table_that_papers_need(council, rpcstats, table):
    council.path(table).unlink()
    answer = rpcstats("check", "northmere")
    assert answer.code == 1
    told = rf"{table}: missing table: add {table}\.csv, or name the file under tables\.{table}"
    assert len(lines_of(answer.out, told)) == 1


@pytest.mark.notebook
def test_a_paper_misses_a_table_that_it_needs(council, rpcstats, tmp_path, files_of):
    council.path("episodes").unlink()
    answer = rpcstats("paper", "retention", "--council", "northmere", "--format", "html")
    assert (answer.code, answer.out) == (1, "")
    assert "has no table `episodes`: add episodes.csv, or name the file under" in answer.err
    assert "Traceback" not in answer.err
    assert sorted(files_of(tmp_path / "build")) == ["retention/northmere/error.txt"]


def test_a_sound_extract_is_told_to_be_one(council, rpcstats):
    answer = rpcstats("check", "northmere")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == (
        "northmere: no error. Next: rpcstats paper retention --council northmere\n"
    )


def test_all_faults_are_told_at_once(council, rpcstats):
    for spoil in (unknown_code, no_date, no_number, end_before_start):
        spoil(council)
    answer = rpcstats("check", "northmere")
    for name in ("unknown code", "no date", "no number", "end before start"):
        assert len(lines_of(answer.out, CASES[name].told)) == 1


def test_a_first_failure_leaves_only_a_note(council, rpcstats, tmp_path, files_of):
    name_in_cells(council)
    assert rpcstats("paper", "retention", "--council", "northmere").code == 1
    left = files_of(tmp_path / "build")
    assert list(left) == ["retention/northmere/error.txt"]
    assert SECRET.encode() not in left["retention/northmere/error.txt"]


@pytest.mark.parametrize("command", [("check",), ("paper", "retention", "--council")])
def test_an_unknown_council_is_a_wrong_call(council, rpcstats, tmp_path, command):
    answer = rpcstats(*command, "northumberlnd")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("unknown council\n  - `northumberlnd`")
    assert "northumberland" in answer.err
    assert not (tmp_path / "build").exists()
