from pathlib import Path

from rpcstats.data.check import RULES
from rpcstats.data.dictionary import render_dictionary, write_dictionary
from rpcstats.data.registries import instruments, programmes
from rpcstats.data.tables import TABLES

TREE = Path(__file__).resolve().parents[2]


def test_the_committed_dictionary_is_current():
    assert (TREE / "data" / "dictionary.md").read_text("utf-8") == render_dictionary(), (
        "run: python -m rpcstats.data.dictionary data/dictionary.md"
    )


def test_every_column_code_rule_and_entry_is_there():
    text = render_dictionary()
    for name, table in TABLES.items():
        section = text.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]
        for column in table.columns:
            assert f"| `{column.name}`" in section
            assert all(f"`{code}`" in section for code in column.codes)
        for rule in RULES:
            if rule.where.startswith(f"{name}."):
                assert rule.text in section
    for key in (*programmes(), *instruments()):
        assert f"| `{key}` |" in text


def test_write_dictionary(tmp_path):
    path = write_dictionary(tmp_path / "dictionary.md")
    assert path.read_bytes().decode("utf-8") == render_dictionary()
    assert b"\r" not in path.read_bytes()
