"""What the commands say and answer, short of running a paper."""

import re

import pytest
from typer.testing import CliRunner

from rpcstats.cli import app
from rpcstats.cli.failures import EXIT_CODES
from rpcstats.paper import build

SECRET = "Zquibblethwaite"


def test_help_names_the_commands_and_the_exit_codes(rpcstats):
    answer = rpcstats("--help")
    assert answer.code == 0
    for name in ("papers", "paper", "check", "simulate", "reproduce"):
        assert re.search(rf"^  {name}  ", answer.out, flags=re.MULTILINE)
    assert " ".join(answer.out.split()).endswith(EXIT_CODES)


@pytest.mark.parametrize("name", ["papers", "paper", "check", "simulate", "reproduce"])
def test_every_command_has_help(rpcstats, name):
    answer = rpcstats(name, "-h")
    assert answer.code == 0
    assert f"Usage: rpcstats {name}" in answer.out or f" {name} " in answer.out.splitlines()[0]


def test_no_command_shows_the_help(rpcstats):
    answer = rpcstats()
    assert answer.code == 2
    assert "Commands:" in answer.text


def test_version(rpcstats):
    answer = rpcstats("--version")
    assert answer.code == 0
    assert re.fullmatch(r"rpcstats \d+\.\d+\.\d+\S*\n", answer.out)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["papr"], "No such command 'papr'"),
        (["check"], "Missing argument 'COUNCIL'"),
        (["paper", "retention", "--polcy", "tre"], "No such option"),
        (["paper", "retention", "--format", "odt"], "'odt' is not one of"),
        (["simulate", "herts_pws"], "Missing option '--to'"),
        (["simulate", "herts_pws", "--to", "x", "--seed", "many"], "Invalid value for '--seed'"),
    ],
)
def test_a_wrong_call(rpcstats, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    answer = rpcstats(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert told in answer.err
    assert "Traceback" not in answer.err
    assert list(tmp_path.iterdir()) == []


def test_papers_lists_names_types_defaults_and_help(rpcstats):
    answer = rpcstats("papers")
    assert answer.code == 0
    assert re.search(r"^retention: \S", answer.out, flags=re.MULTILINE)
    settings = re.findall(
        r"^  --set (\w+) +(str|int|float|bool|list|dict) += (.+?)  (\S.+)$",
        answer.out,
        flags=re.MULTILINE,
    )
    told = {name: (kind, default) for name, kind, default, _ in settings}
    assert told["council"] == ("str", "northumberland")
    assert told["policy"] == ("str", "council")
    assert told["data_cut"] == ("str", '""')
    assert told["conf_level"] == ("float", "0.95")
    assert told["tau"] == ("int", "6")
    assert told["compare"][0] == "list"
    assert all(text for *_, text in settings)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("rpcstats rep", "reproduce"),
        ("rpcstats paper ret", "retention"),
        ("rpcstats check hert", "hertfordshire"),
        ("rpcstats simulate herts", "herts_pws"),
    ],
)
def test_completion(words, offered):
    request = {
        "_RPCSTATS_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    made = CliRunner().invoke(app, [], env=request, prog_name="rpcstats")
    assert (made.exit_code, made.stdout.split(), made.stderr) == (0, [offered], "")


def test_completion_of_the_program(rpcstats_process):
    request = {"COMP_WORDS": "rpcstats simu", "COMP_CWORD": "1"}
    answer = rpcstats_process(_RPCSTATS_COMPLETE="complete_bash", **request)
    assert (answer.code, answer.out.split(), answer.err) == (0, ["simulate"], "")


def test_simulate_then_check(rpcstats, tmp_path):
    folder = tmp_path / "mine"
    answer = rpcstats("simulate", "northumberland_digital", "--to", folder, "--seed", 3)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("Synthetic extract of northumberland_digital (seed 3, exact)")
    assert "No row is a real person." in answer.out
    checked = rpcstats("check", folder)
    assert (checked.code, checked.err) == (0, "")
    assert checked.out == f"mine: no error. Next: rpcstats paper retention --council {folder}\n"


def test_simulate_does_not_overwrite_unless_told_to(rpcstats, council, files_of):
    (council.folder / "sessions.csv").write_text("the work of a week")
    before = files_of(council.folder)
    answer = rpcstats("simulate", "herts_pws", "--to", council.folder)
    assert (answer.code, answer.out) == (2, "")
    assert "northmere is there already\n  - add --overwrite, or name another" in answer.err
    assert files_of(council.folder) == before
    assert rpcstats("simulate", "herts_pws", "--to", council.folder, "--overwrite").code == 0
    assert files_of(council.folder)["sessions.csv"].startswith(b"episode_id,")


def test_simulate_knows_its_presets(rpcstats, tmp_path):
    answer = rpcstats("simulate", "herts_pwz", "--to", tmp_path / "x")
    assert (answer.code, answer.out) == (2, "")
    assert "herts_pws" in answer.err
    assert not (tmp_path / "x").exists()


def test_simulate_into_a_place_that_is_no_folder(rpcstats, tmp_path):
    (tmp_path / "file").write_text("something else")
    answer = rpcstats("simulate", "herts_pws", "--to", tmp_path / "file" / "x")
    assert (answer.code, answer.out) == (1, "")
    assert "can't be written to; name another folder with --to" in answer.err
    assert (tmp_path / "file").read_text() == "something else"


def test_reproduce_of_what_is_no_paper(rpcstats, tmp_path):
    answer = rpcstats("reproduce", tmp_path / "nothing")
    assert (answer.code, answer.out) == (1, "")
    assert "has no manifest.json; name the folder of a paper" in answer.err


def test_an_unforeseen_error_shows_its_type_only(rpcstats, council, monkeypatch, tmp_path):
    def fail(*_: object, **__: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr("rpcstats.data.check_extract", fail)
    answer = rpcstats("check", "northmere")
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("Unexpected error (ValueError). Set RPCSTATS_DEBUG=1")
    assert SECRET not in answer.err

    monkeypatch.setenv("RPCSTATS_DEBUG", "1")
    with pytest.raises(ValueError, match=SECRET):
        rpcstats("check", "northmere")


def test_an_unforeseen_error_in_a_paper_shows_its_type_only(
    rpcstats, council, monkeypatch, tmp_path, files_of
):
    def fail(*_: object, **__: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr(build, "_read_data", fail)
    answer = rpcstats("paper", "retention", "--council", "northmere")
    assert (answer.code, answer.out) == (1, "")
    assert "check failed: ValueError; this is a fault of the package, report it" in answer.err
    left = files_of(tmp_path / "build")
    assert list(left) == ["retention/northmere/error.txt"]
    assert SECRET not in answer.err + left["retention/northmere/error.txt"].decode()


def test_check_writes_the_next_command_so_that_it_can_be_pasted(rpcstats, council):
    council.folder.rename("our council")
    answer = rpcstats("check", "our council")
    assert answer.code == 0
    assert answer.out.endswith("Next: rpcstats paper retention --council 'our council'\n")
