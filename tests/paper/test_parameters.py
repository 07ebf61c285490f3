import json
from datetime import date
from pathlib import Path

import pytest

from rpcstats.errors import ParameterError
from rpcstats.paper.parameters import read_parameters, resolve

TOY = Path(__file__).parent / "notebooks" / "toy.ipynb"
DECLARED = """
# grouped by theme: this comment belongs to no parameter
council: str = "northumberland"  # folder of the extract
conf_level: float = 0.95  # level of every interval
tau: int = 6
compare: list = ["mode"]
data_cut: str = ""  # ISO date
policy: str = "council"
labels: dict = {"a": 1}
adjusted: bool = False
n_boot: int = 200  # resamples # of the bootstrap
note: str = "a # b"
"""


def notebook(folder: Path, source: str, *, tags: tuple[str, ...] = ("parameters",), n=1) -> Path:
    code = {"cell_type": "code", "source": source.splitlines(keepends=True), "outputs": []}
    cells = [{**code, "metadata": {"tags": list(tags)}, "execution_count": None}] * n
    path = folder / "paper.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture
def declared(tmp_path):
    return read_parameters(notebook(tmp_path, DECLARED))


def faults_of(call) -> str:
    with pytest.raises(ParameterError) as caught:
        call()
    return "\n".join(caught.value.faults)


def test_names_types_defaults_and_help_are_read_from_the_cell():
    toy = read_parameters(TOY)
    assert toy.paper == "toy"
    assert toy.title == "How many parents stay?"
    assert toy.question == "What share of parents stays to the end?"
    assert toy.names == ("council", "policy", "conf_level", "seed", "compare")
    assert toy.types["conf_level"] == "float"
    assert toy.defaults["compare"] == ["mode"]
    assert toy.help["policy"] == "disclosure policy"


def test_help_is_the_comment_of_its_own_line_only(declared):
    assert declared.help["council"] == "folder of the extract"
    assert declared.help["tau"] == ""
    assert declared.help["n_boot"] == "resamples # of the bootstrap"
    assert declared.help["note"] == ""
    assert declared.defaults["note"] == "a # b"


def test_the_cell_is_never_executed(tmp_path):
    trap = tmp_path / "trap"
    source = f"seed: int = __import__('pathlib').Path({str(trap)!r}).touch() or 1"
    with pytest.raises(ParameterError, match="must be written out"):
        read_parameters(notebook(tmp_path, source))
    assert not trap.exists()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("tau = 6", "line 1: not a declaration; write 'name: type = default"),
        ("seed: int = 1\nimport os", "line 2: not a declaration"),
        ("tau: int", "'tau' has no default"),
        ("tau: Path = 1", "the type of 'tau' must be one of str, int"),
        ("tau: list[int] = []", "the type of 'tau' must be one of"),
        ("tau: str = '6'", "'tau' is of type int or float in every paper, not str"),
        ("tau: int = 1\ntau: int = 2", "line 2: 'tau' is declared twice"),
        ("tau: int = (", "line 1: not Python"),
        ("tau: int = 0", "tau: write a whole number from 1 to 120, such as 6, not 0"),
        ("n: int = 1.5", "n: write a whole number such as 6, not 1.5"),
    ],
)
def test_a_bad_declaration_says_what_to_write(tmp_path, source, says):
    assert says in faults_of(lambda: read_parameters(notebook(tmp_path, source)))


@pytest.mark.parametrize(("tags", "n"), [((), 1), (("parameters",), 2)])
def test_exactly_one_cell_is_tagged(tmp_path, tags, n):
    with pytest.raises(ParameterError, match=f"has {n if tags else 0} cells tagged 'parameters'"):
        read_parameters(notebook(tmp_path, "a: int = 1", tags=tags, n=n))


def test_a_file_that_is_no_notebook_is_named(tmp_path):
    (tmp_path / "x.ipynb").write_text("{}")
    with pytest.raises(ParameterError, match=r"x\.ipynb can't be read as a notebook"):
        read_parameters(tmp_path / "x.ipynb")


def test_defaults_are_filled_in_and_values_are_json(declared):
    values = declared.validate({"data_cut": date(2024, 2, 27), "conf_level": 0.9})
    assert list(values) == list(declared.names)
    assert values["data_cut"] == "2024-02-27"
    assert values["conf_level"] == 0.9
    assert values["tau"] == 6
    assert json.loads(json.dumps(values)) == values


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"conf_levle": 0.9}, "no such parameter; did you mean 'conf_level'?"),
        ({"zzz": 1}, "no such parameter; it has council, conf_level"),
        ({"tau": "3"}, "tau: write a whole number from 1 to 120, such as 6, not '3' (a text)"),
        ({"tau": True}, "not True"),
        ({"tau": 3.0}, "not 3.0"),
        ({"tau": 121}, "not 121"),
        ({"n_boot": "3"}, "n_boot: write a whole number such as 6, not '3' (a text)"),
        ({"conf_level": 95}, "a number above 0.5 and below 1, such as 0.95, not 95"),
        ({"conf_level": 0.5}, "not 0.5"),
        ({"conf_level": True}, "not True"),
        ({"conf_level": float("nan")}, "not nan"),
        ({"policy": "councl"}, "one of council, tre, opensafely, internal, not 'councl'"),
        ({"data_cut": "27/02/2024"}, "a date such as 2024-03-31, or '' for the extract's own"),
        ({"data_cut": "2024-02-30"}, "not '2024-02-30'"),
        ({"data_cut": "20240227"}, "not '20240227'"),
        ({"compare": "mode"}, "a list of different columns, such as [mode, sex], out of programme"),
        ({"compare": []}, "age_band, not []"),
        ({"compare": ["mode", "episode_id"]}, "age_band, not ['mode', 'episode_id']"),
        ({"compare": ["cause"]}, "age_band, not ['cause']"),
        ({"compare": ["mode", "mode"]}, "not ['mode', 'mode']"),
        ({"compare": [1]}, "not [1]"),
        ({"council": ""}, "council: write the name of a council's folder, not ''"),
        ({"adjusted": 1}, "adjusted: write true or false, not 1"),
        ({"labels": {1: 2}}, "labels: write names with values"),
    ],
)
def test_a_value_that_does_not_fit_says_what_to_write(declared, given, says):
    assert says in faults_of(lambda: declared.validate(given))


def test_every_fault_is_listed_at_once(declared):
    with pytest.raises(ParameterError) as caught:
        declared.validate({"tau": 0, "polcy": "tre", "conf_level": 2})
    assert len(caught.value.faults) == 3
    assert caught.value.heading == "3 faults in the parameters of 'paper'"


def test_an_int_is_accepted_for_a_float(declared, tmp_path):
    horizon = read_parameters(notebook(tmp_path, "tau: float = 6.5"))
    assert horizon.validate({"tau": 7}) == {"tau": 7.0}


def test_a_name_means_the_same_under_either_type(tmp_path):
    horizon = read_parameters(notebook(tmp_path, "tau: float = 6.5"))
    assert "a number from 1 to 120" in faults_of(lambda: horizon.validate({"tau": 0.5}))


def test_settings_are_read_by_their_declared_type(declared):
    settings = [
        "conf_level=9e-1",
        "tau = 12",
        "compare=[mode, sex]",
        "council=no",
        "adjusted=Yes",
        "labels={b: 2024-01-31}",
        "data_cut=2024-01-31",
        "note=x=y",
    ]
    values = declared.from_strings(settings)
    assert values == {
        "conf_level": 0.9,
        "tau": 12,
        "compare": ["mode", "sex"],
        "council": "no",
        "adjusted": True,
        "labels": {"b": "2024-01-31"},
        "data_cut": "2024-01-31",
        "note": "x=y",
    }
    assert declared.validate(values)["note"] == "x=y"


def test_settings_that_cannot_be_read_are_all_listed(declared):
    settings = ["tau", "conf_level=0,9", "tau=1:30", "tau=5", "tau=6", "adjusted=maybe", "ta=1"]
    found = faults_of(lambda: declared.from_strings(settings)).splitlines()
    assert found[0] == "'tau' has no name or no '='; write name=value"
    assert found[1].startswith("conf_level: write a number above 0.5")
    assert found[2].startswith("tau: write a whole number from 1 to 120")
    assert found[3] == "tau: given twice; keep one"
    assert found[4].startswith("adjusted: write true or false, not 'maybe'")
    assert found[5].startswith("ta: this paper has no such parameter; did you mean 'tau'")
    assert len(found) == 6


def test_later_sources_win(declared):
    values = resolve(declared, {"tau": 4, "conf_level": 0.8}, {"tau": 5})
    assert (values["tau"], values["conf_level"], values["policy"]) == (5, 0.8, "council")


def test_a_fault_names_its_source(declared):
    found = faults_of(lambda: resolve(declared, {"tau": 0}, {"taau": 3})).splitlines()
    assert found[0].startswith("council.yml, papers: paper: tau: write a whole number")
    assert found[1].startswith("taau: this paper has no such parameter; did you mean 'tau'")


def test_a_fault_of_the_council_counts_even_where_the_run_overrides_it(declared):
    assert "council.yml" in faults_of(lambda: resolve(declared, {"tau": 0}, {"tau": 3}))


def test_a_wrong_value_is_listed_beside_an_unknown_name(declared):
    text = faults_of(lambda: declared.from_strings(["polcy=tre", "conf_level=95"]))
    assert "policy" in text
    assert "conf_level: write a number" in text


def test_the_question_is_the_whole_paragraph_below_the_title(tmp_path):
    path = notebook(tmp_path, DECLARED)
    content = json.loads(path.read_text())
    source = ["# Who stays?\n", "\n", "How many\n", "stay?\n", "\n", "More."]
    content["cells"].insert(0, {"cell_type": "markdown", "source": source, "metadata": {}})
    path.write_text(json.dumps(content))
    assert read_parameters(path).question == "How many stay?"
